"""The database is opened, or refused in words with not a byte of it changed."""

import errno
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from desktop.core.errors import (
    DatabaseBusy,
    DatabaseDamaged,
    DiskFull,
    NewerDatabase,
    NotFound,
    TargetUnwritable,
    UsageError,
)
from desktop.core.task import FileResult, LogLine
from desktop.store import access as access_module
from desktop.store import database
from desktop.store.access import Access
from desktop.store.database import Store
from desktop.store.migrations import MIGRATIONS
from desktop.store.tasks import FileOutcome
from tests.store.samples import TOKEN, item, plan, structure


def fill(path: Path) -> None:
    with Store.open(path) as store:
        task = store.tasks.create(plan(*(item(f"VEGA/SQ01/SH{n:03d}") for n in range(200))), TOKEN, "Monday", 1.0)
        store.events.add([LogLine(1.0, "INFO", "Planned.", task.id)])


def raw(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(sql)
        connection.commit()


def test_a_sqlite_too_old_is_refused_before_anything_is_made(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 32, 3))
    with pytest.raises(UsageError, match="SQLite is too old") as caught:
        Store.open(path)
    assert "3.33 or newer" in caught.value.suggestion
    assert not path.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")
def test_the_first_start_makes_a_private_database(path: Path) -> None:
    before = os.umask(0o000)
    try:
        fill(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == {"shotdock.db": 0o600, "shotdock.db-journal": 0o600}


def test_the_database_is_durable_and_watches_its_references(store: Store, path: Path) -> None:
    pragmas = {
        name: store._access.value(f"PRAGMA {name}")
        for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    }
    assert pragmas == {"journal_mode": "truncate", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}


def test_what_was_saved_is_there_after_opening_again(path: Path) -> None:
    fill(path)
    with Store.open(path) as store:
        assert [task.name for task in store.tasks.all()] == ["Monday"]
        assert len(store.tasks.files(1)) == 600


def test_closing_twice_is_no_fault(path: Path) -> None:
    store = Store.open(path)
    store.close()
    store.close()
    with Store.open(path) as again:
        assert again.tasks.all() == ()


def test_a_newer_database_is_refused_and_untouched(path: Path) -> None:
    fill(path)
    raw(path, f"PRAGMA user_version = {len(MIGRATIONS) + 3}")
    before = path.read_bytes()
    with pytest.raises(NewerDatabase) as caught:
        Store.open(path)
    assert f"number {len(MIGRATIONS) + 3}" in caught.value.cause
    assert f"up to {len(MIGRATIONS)}" in caught.value.cause
    assert "SHOTDOCK_HOME" in caught.value.suggestion
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["shotdock.db"]


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def cut_the_header(path: Path) -> None:
    os.truncate(path, 50)


def replace_by_text(path: Path) -> None:
    path.write_text("this was a database once\n" * 400)


def overwrite_a_page(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096 * (path.stat().st_size // 4096 // 2))
        file.write(b"\xa5" * 4096)


def overwrite_the_second_half(path: Path) -> None:
    pages = path.stat().st_size // 4096
    with path.open("r+b") as file:
        file.seek(4096 * (pages // 2))
        file.write(b"\xa5" * 4096 * (pages - pages // 2))


def zero_a_page(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096 * (path.stat().st_size // 4096 // 2))
        file.write(bytes(4096))


def belong_to_another_program(path: Path) -> None:
    path.unlink()
    raw(path, "CREATE TABLE bookmarks (url TEXT)")


@pytest.mark.parametrize(
    "harm",
    [truncate, empty, cut_the_header, replace_by_text, overwrite_a_page, zero_a_page, belong_to_another_program],
)
def test_a_damaged_database_is_refused_and_untouched(path: Path, harm: Callable[[Path], None]) -> None:
    fill(path)
    harm(path)
    before = path.read_bytes()
    with pytest.raises(DatabaseDamaged) as caught:
        Store.open(path)
    assert caught.value.path == str(path)
    assert "Move" in caught.value.suggestion
    assert caught.value.cause
    assert path.read_bytes() == before


def test_a_large_damaged_database_is_told_when_it_is_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "CHECKED_SIZE", 0)
    fill(path)
    overwrite_the_second_half(path)
    with Store.open(path) as store:
        with pytest.raises(DatabaseDamaged):
            store.tasks.files(1)
        with pytest.raises(DatabaseDamaged):
            store.check()


def test_a_crash_has_a_large_database_checked(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal holds the page as it was before the write that broke off: SQLite rolls it back, then we look."""
    monkeypatch.setattr(database, "CHECKED_SIZE", 0)
    fill(path)
    overwrite_a_page(path)
    path.with_name("shotdock.db-journal").write_bytes(b"not a journal, but something was going on")
    with pytest.raises(DatabaseDamaged):
        Store.open(path)


def test_the_damage_report_names_the_newest_backup(path: Path) -> None:
    fill(path)
    backup = path.with_name("shotdock.db.before-2")
    backup.write_bytes(path.read_bytes())
    replace_by_text(path)
    with pytest.raises(DatabaseDamaged, match=r"put shotdock\.db\.before-2 in its place"):
        Store.open(path)


def test_a_held_database_is_busy_in_words(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_module, "PATIENCE", 0.05)
    fill(path)
    with Store.open(path) as store, closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DatabaseBusy, match="busy"):
            store.tasks.all()
        with pytest.raises(DatabaseBusy):
            store.tasks.delete([1])
        with pytest.raises(DatabaseBusy):
            Store.open(path)
        other.rollback()
        assert len(store.tasks.all()) == 1


HOLDER = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1])
connection.execute("BEGIN IMMEDIATE")
print(flush=True)
time.sleep(0.3)
connection.rollback()
"""


def test_a_short_wait_for_another_writer_is_no_error(path: Path) -> None:
    fill(path)
    with (
        Store.open(path) as store,
        subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE) as other,
    ):
        assert other.stdout is not None
        other.stdout.readline()
        store.tasks.delete([1])
        assert store.tasks.all() == ()


@contextmanager
def ordinary_user() -> Iterator[None]:
    """Root may write everything: be somebody else for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def common_folder() -> Iterator[Path]:
    """A folder an ordinary user may reach, as pytest's own for root is not."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if os.geteuid() == 0:
            os.chown(folder, 65534, 65534)
        yield folder
        folder.chmod(0o700)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")
def test_a_read_only_database_is_told_at_once(common_folder: Path) -> None:
    path = common_folder / "shotdock.db"
    with ordinary_user():
        fill(path)
        path.chmod(0o400)
        with pytest.raises(TargetUnwritable) as caught:
            Store.open(path)
    assert caught.value.path == str(path)
    assert "SHOTDOCK_HOME" in caught.value.suggestion


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")
def test_a_read_only_folder_is_told(common_folder: Path) -> None:
    path = common_folder / "shotdock.db"
    with ordinary_user():
        common_folder.chmod(0o500)
        with pytest.raises(TargetUnwritable):
            Store.open(path)
        common_folder.chmod(0o700)
        fill(path)
        path.with_name("shotdock.db-journal").unlink()
        common_folder.chmod(0o500)
        with Store.open(path) as store, pytest.raises(TargetUnwritable):
            store.tasks.delete([1])


def test_a_full_disk_leaves_the_database_as_it_was(path: Path) -> None:
    fill(path)
    with Store.open(path) as store:
        pages = store._access.value("PRAGMA page_count")
        store._access.value(f"PRAGMA max_page_count = {pages + 1}")
        with pytest.raises(DiskFull):
            store.structures.save(structure(200, 50))
        assert store.structures.load("vega") is None
        assert len(store.tasks.files(1)) == 600
    with Store.open(path) as store:
        store.check()


WRITER = """
import sys, itertools
from pathlib import Path
from desktop.store.database import Store
from desktop.core.task import FileResult
from desktop.store.tasks import FileOutcome
with Store.open(Path(sys.argv[1])) as store:
    print("open", flush=True)
    for number in itertools.cycle(range(1, 601)):
        result = FileResult.DOWNLOADED if number % 3 else FileResult.FAILED
        store.tasks.record(1, [FileOutcome(number, result, transferred=number)])
        print(number, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_killed_writer_loses_and_doubles_nothing(path: Path) -> None:
    """Rows and the counters above them agree after every kill -9."""
    with Store.open(path) as store:
        store.tasks.create(plan(*(item(f"VEGA/SQ01/SH{n:03d}") for n in range(200))), TOKEN, "Monday", 1.0)
    for moment in range(12):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            for _ in range(2 + moment):  # the next write is under way while this one is being heard of
                writer.stdout.readline()
            writer.send_signal(signal.SIGKILL)
        with Store.open(path) as store:
            store.check()
            (task,) = store.tasks.all()
            files = store.tasks.files(1)
            arrived = [file for file in files if file.result.arrived]
            assert task.files.downloaded == len(arrived)
            assert task.files.failed == sum(file.result is FileResult.FAILED for file in files)
            assert task.bytes.transferred == sum(file.transferred for file in files)
            items = store.tasks.items(1)
            assert sum(each.files.downloaded for each in items) == len(arrived)
            assert len(arrived) >= moment // 2, "what was said to be written is there"


STARTER = """
import sys
from pathlib import Path
from desktop.core.connection import parse_connection
from desktop.store.database import Store
sys.stdin.readline()
with Store.open(Path(sys.argv[1])) as store:
    store.connections.save(parse_connection(sys.argv[2], "sftp://host/p")[0])
"""


def test_processes_that_start_at_once_share_one_new_database(path: Path) -> None:
    starters = [
        subprocess.Popen([sys.executable, "-c", STARTER, str(path), f"c{n}"], stdin=subprocess.PIPE) for n in range(4)
    ]
    for starter in starters:
        assert starter.stdin is not None
        starter.stdin.write(b"go\n")
        starter.stdin.close()
    assert [starter.wait() for starter in starters] == [0] * 4
    with Store.open(path) as store:
        assert [connection.name for connection in store.connections.all()] == ["c0", "c1", "c2", "c3"]
    assert sorted(file.name for file in path.parent.iterdir()) == ["shotdock.db", "shotdock.db-journal"]


def test_a_transaction_is_all_or_nothing(store: Store) -> None:
    task = store.tasks.create(plan(), TOKEN, "Monday", 1.0)
    with pytest.raises(NotFound):
        store.tasks.record(99, [FileOutcome(1, FileResult.DOWNLOADED)])
    assert store.tasks.get(task.id) == task
    access: Access = store._access
    with pytest.raises(ZeroDivisionError), access.writing():
        access.many("DELETE FROM task WHERE id = ?", [(task.id,)])
        raise ZeroDivisionError
    assert store.tasks.get(task.id) == task


@pytest.mark.parametrize("faster", [False, True], ids=["alone", "another was faster"])
def test_without_hard_links_a_new_database_replaces_nobody_s(
    path: Path, monkeypatch: pytest.MonkeyPatch, faster: bool
) -> None:
    link = os.link

    def refused(_source: str, target: str) -> None:
        if faster:
            monkeypatch.setattr(os, "link", link)
            fill(Path(target))
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    with Store.open(path) as store:
        assert [task.name for task in store.tasks.all()] == (["Monday"] if faster else [])
    assert [file.name for file in path.parent.iterdir() if file.suffix == ".new"] == []
