"""Tasks that another living ShotDock runs: what is wanted is done by it, or it is told that it does not answer."""

import json
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from desktop.cli import wishes
from desktop.cli.carry import Transfer, engine
from desktop.cli.output import Output
from desktop.cli.status import FAILED, status_of
from desktop.core.errors import DatabaseBusy, NotAllowed, ShotDockError, UsageError
from desktop.core.wish import Verb, Wish
from desktop.places import Places
from desktop.store import access
from desktop.store.access import Access
from desktop.store.owner import this_process
from desktop.store.wishes import Wishes
from tests.cli.console import Console
from tests.ui.made import item, plan, planned

PATIENCE = 60.0


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source" / "plate.exr"
    path.parent.mkdir()
    path.write_bytes(b"0123456789abcdef" * 250_000)
    return path.parent


def test_a_command_pauses_what_another_one_runs(shotdock: Console, source: Path, tmp_path: Path, qtbot: QtBot) -> None:
    dest = tmp_path / "dest"
    with running(shotdock, source, dest, "50k", qtbot) as other:
        paused = shotdock("tasks", "pause", 1, "--json")
        assert (paused.status, paused.json["task"]["state"]) == (0, "paused"), paused.err
        other.communicate(timeout=PATIENCE)
    assert other.returncode == 130
    assert not list(dest.rglob("plate.exr"))


@contextmanager
def running(shotdock: Console, source: Path, dest: Path, rate: str, qtbot: QtBot) -> Iterator[subprocess.Popen[str]]:
    """Have another process fetch the source as task 1, at this rate, and wait until the first bytes are here."""
    process = shotdock.start("get", source, dest, "--limit-rate", rate, "--json")
    try:
        qtbot.waitUntil(lambda: any(path.stat().st_size for path in dest.rglob(".plate*")), timeout=60_000)
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("options", [(), ("--with-files",)])
def test_a_command_deletes_what_another_one_runs(
    shotdock: Console, source: Path, tmp_path: Path, qtbot: QtBot, options: tuple[str, ...]
) -> None:
    (source / "a.exr").write_bytes(b"a")
    dest = tmp_path / "dest"
    with running(shotdock, source, dest, "50k", qtbot) as other:
        qtbot.waitUntil(lambda: bool(list(dest.rglob("a.exr"))), timeout=60_000)
        deleted = shotdock("tasks", "delete", 1, *options, "--json")
        assert (deleted.status, deleted.json["deleted"]) == (0, [1]), deleted.err
        said, _ = other.communicate(timeout=PATIENCE)
    assert (other.returncode, json.loads(said)["status"]) == (130, "cancelled")
    assert shotdock("tasks", "list", "--json").json["tasks"] == []
    left = [path.name for path in dest.rglob("*") if path.is_file()]
    assert left == ([] if options else ["a.exr"]), "the part files are gone either way"


def test_a_command_ends_when_its_task_is_put_on_the_clock(
    shotdock: Console, source: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    with running(shotdock, source, tmp_path / "dest", "50k", qtbot) as other:
        said = shotdock("tasks", "schedule", 1, "--start-at", "+1h", "--json")
        # It waits once its lanes have ended, which may be a moment later.
        assert (said.status, said.json["tasks"][0]["state"] in {"running", "waiting"}) == (0, True), said.err
        out, err = other.communicate(timeout=PATIENCE)
    assert (other.returncode, json.loads(out)["status"]) == (130, "cancelled")
    assert "Waits until " in err
    (task,) = shotdock("tasks", "list", "--json").json["tasks"]
    assert (task["state"], task["waits"][:12]) == ("waiting", "Waits until ")


def test_a_command_waits_for_the_end_of_what_another_one_runs(
    shotdock: Console, source: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    dest = tmp_path / "dest"
    with running(shotdock, source, dest, "600k", qtbot) as other:
        done = shotdock("tasks", "run", 1, "--json")
        other.communicate(timeout=PATIENCE)
    assert (done.status, done.json["status"], done.json["task"]) == (0, "done", 1), done.err
    assert done.json["files"]["downloaded"] == 1
    assert "is carried by process" in done.err
    assert (other.returncode, len(list(dest.rglob("plate.exr")))) == (0, 1)


@contextmanager
def carried_elsewhere(state: str) -> Iterator[Access]:
    """Make every task somebody's on another host, who may live: nobody here can tell. Returns the open database."""
    host, _, _ = this_process().split(":", 2)
    with closing(Access(Places.find().database)) as opened:
        opened.connect()
        with opened.writing():
            opened.change("UPDATE task SET state = ?, owner = ?", state, f"{host}-elsewhere:{os.getpid()}:1")
        yield opened


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("DELETE FROM task", "was deleted"),
        ("UPDATE task SET state = 'waiting', attempts = 1, not_before = 9e9", "was put off"),
        ("UPDATE task SET owner = 'gone'", "Nobody carries task 1 any more"),
    ],
)
def test_what_comes_to_no_end_is_told(shotdock: Console, source: Path, tmp_path: Path, change: str, words: str) -> None:
    number = shotdock("get", source, tmp_path / "dest", "--start-at", "+2h", "--json").json["task"]
    with engine() as run, carried_elsewhere("running") as opened:
        transfer = Transfer(run, Output(quiet=True), 0.0)

        def happen() -> None:
            with opened.writing():
                opened.change(change)

        before = run.task(number)
        QTimer.singleShot(0, happen)
        with pytest.raises(ShotDockError, match=words) as caught:
            transfer.follow(before, before)
    assert status_of(caught.value) == FAILED


def test_what_the_other_one_cannot_do_is_told(shotdock: Console, source: Path, tmp_path: Path) -> None:
    number = shotdock("get", source, tmp_path / "dest", "--start-at", "+2h", "--json").json["task"]
    with engine() as run, carried_elsewhere("waiting") as opened:

        def answer() -> None:
            (asked,) = opened.every("SELECT id FROM event WHERE level = 'WISH'") or [(None,)]
            Wishes(opened).refuse(asked[0], NotAllowed("The folder is read-only."))

        looking = QTimer()
        looking.timeout.connect(answer)
        looking.start(50)
        with pytest.raises(NotAllowed, match="could not do what was asked") as caught:
            wishes.have(run, (number,), Wish(Verb.DELETE))
        looking.stop()
    assert caught.value.cause == "The folder is read-only."


def test_who_does_not_answer_is_told_of(
    shotdock: Console, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = shotdock("get", source, tmp_path / "dest", "--start-at", "+2h", "--json").json["task"]
    monkeypatch.setattr(wishes, "PATIENCE", 300)
    with engine() as run, carried_elsewhere("waiting"):
        with pytest.raises(NotAllowed, match="told and has not answered"):
            wishes.grant(run, (number,), Wish(Verb.CANCEL))
        with pytest.raises(UsageError, match="no task 99"):
            wishes.grant(run, (number, 99), Wish(Verb.CANCEL))
        assert run.task(number).state.value == "waiting"


def test_a_queue_that_refuses_ends_the_wait(
    shotdock: Console, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = shotdock("get", source, tmp_path / "dest", "--start-at", "+2h", "--json").json["task"]
    monkeypatch.setattr(access, "PATIENCE", 0.2)
    with engine() as run, closing(sqlite3.connect(Places.find().database, isolation_level=None)) as other:
        task = run.task(number)
        transfer = Transfer(run, Output(quiet=True), 0.0)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseBusy):
            transfer.again(task, retry=False)
        transfer.take(plan(item("SH010", "anim", planned("a.exr"))), ())
        with pytest.raises(DatabaseBusy):
            transfer.submit()
        other.execute("ROLLBACK")
