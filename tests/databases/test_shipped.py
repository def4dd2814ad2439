"""Every schema that ever shipped opens, migrates, and still says what it said."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from desktop.core.connection import Address
from desktop.core.job import Content, JobState, Outcome
from desktop.core.plan import ItemState
from desktop.core.schedule import Turn
from desktop.core.task import Bytes, Counts, FileResult, TaskState
from desktop.store.database import Store
from desktop.store.migrations import MIGRATIONS
from tests.databases.make import SHA256, fill, job, routine
from tests.store.samples import structure

FOLDER = Path(__file__).parent
SHIPPED = sorted(FOLDER.glob("schema-*.db"))


@pytest.fixture(params=SHIPPED, ids=lambda path: str(path.stem))
def shipped(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return a copy of a shipped database."""
    fixture: Path = request.param
    return Path(shutil.copy(fixture, tmp_path / "shotdock.db"))


def schema(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
        return {" ".join(sql.split()) for (sql,) in rows}


def test_there_is_one_for_every_schema() -> None:
    assert [path.name for path in SHIPPED] == [f"schema-{n:04d}.db" for n in range(1, len(MIGRATIONS) + 1)]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.stem))
def test_a_fixture_is_of_the_schema_it_is_named_after(path: Path) -> None:
    with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (int(path.stem[-4:]),)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        empty = {name for name in tables if not connection.execute(f"SELECT COUNT(*) FROM {name}").fetchone()[0]}
        assert not empty, "a table without rows proves nothing about its migration"


def test_it_becomes_todays_schema(shipped: Path, tmp_path: Path) -> None:
    Store.open(shipped).close()
    fresh = tmp_path / "fresh" / "shotdock.db"
    Store.open(fresh).close()
    assert schema(shipped) == schema(fresh)


def test_it_still_says_what_it_said(shipped: Path) -> None:
    with Store.open(shipped) as store:
        store.check()
        (connection,) = store.connections.all()
        assert (connection.name, connection.address) == ("vega", Address("sftp", "render.example", 2222, "ann"))
        assert (connection.root, connection.identity, connection.max_connections) == ("/projects", "~/.ssh/id", 8)
        assert store.structures.load("vega") == structure()
        assert [path.as_posix() for path in store.recent.destinations()] == ["/mnt/work/shots"]
        (task,) = store.tasks.all()
        assert (task.name, task.state, task.error) == ("Monday", TaskState.FAILED, "The line broke.")
        assert (task.created, task.started, task.finished) == (1_700_000_000.0, 1_700_000_001.0, 1_700_000_009.0)
        assert task.files == Counts(planned=4, downloaded=1, skipped=1, failed=2)
        assert task.bytes == Bytes(2000, 1400, 0)
        first, second = store.tasks.items(task.id)
        assert (first.state, first.error_message) == (ItemState.PARTIAL, "Its name would leave the folder.")
        assert (second.state, second.error_message) == (
            ItemState.SKIPPED,
            "Version v005 not available, available: v001, v002",
        )
        results = [file.result for file in store.tasks.files(task.id)]
        assert results == [FileResult.DOWNLOADED, FileResult.FAILED, FileResult.SKIPPED, FileResult.FAILED]
        (line,) = store.events.of(task.id)
        assert (line.level, line.message, line.item) == ("ERROR", "The line broke.", "VEGA/SQ01/SH010")
        assert store.tasks.reset_failed(task.id).files.failed == 1


@pytest.mark.parametrize("path", SHIPPED[1:], ids=lambda path: str(path.stem))
def test_it_still_knows_its_jobs(path: Path, tmp_path: Path) -> None:
    with Store.open(Path(shutil.copy(path, tmp_path / "shotdock.db"))) as store:
        (kept,) = store.jobs.all()
        assert replace(kept, downloads=()) == replace(job(), id=1, state=JobState.DONE, progress=100.0)
        (download,) = kept.downloads
        assert (download.task, download.content, download.outcome) == (1, Content.RESULTS, Outcome.HELD)
        assert (download.path.as_posix(), download.note) == ("/mnt/work/VEGA/results/r-7.zip", "psnr is 18.")


@pytest.mark.parametrize("path", SHIPPED[2:], ids=lambda path: str(path.stem))
def test_it_still_knows_its_routines(path: Path, tmp_path: Path) -> None:
    with Store.open(Path(shutil.copy(path, tmp_path / "shotdock.db"))) as store:
        assert store.routines.all() == (replace(routine(), id=1),)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.stem))
def test_it_knows_the_hashes_it_was_told(path: Path, tmp_path: Path) -> None:
    kept = SHA256 if path in SHIPPED[3:] else ""
    with Store.open(Path(shutil.copy(path, tmp_path / "shotdock.db"))) as store:
        assert [file.sha256 for file in store.tasks.files(1)] == [kept, "", "", ""]


def test_tasks_of_before_keep_their_order(shipped: Path) -> None:
    with Store.open(shipped) as store:
        (task,) = store.tasks.all()
        assert task.turn == Turn(position=task.id)


def test_the_maker_fills_every_table(tmp_path: Path) -> None:
    path = tmp_path / "shotdock.db"
    with Store.open(path) as store:
        fill(store)
    with closing(sqlite3.connect(path)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        assert all(connection.execute(f"SELECT COUNT(*) FROM {name}").fetchone()[0] for name in tables)
