"""Tasks that another living ShotDock runs: paused through it, or it is told that it does not answer."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop.cli import wishes
from desktop.cli.carry import Transfer, engine
from desktop.cli.output import Output
from desktop.core.errors import DatabaseBusy, NotAllowed, UsageError
from desktop.core.wish import Verb, Wish
from desktop.places import Places
from desktop.store import access
from desktop.store.access import Access
from desktop.store.owner import this_process
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
    running = shotdock.start("get", source, dest, "--limit-rate", "50k", "--json")
    try:
        qtbot.waitUntil(lambda: any(path.stat().st_size for path in dest.rglob(".plate*")), timeout=60_000)
        paused = shotdock("tasks", "pause", 1, "--json")
        assert (paused.status, paused.json["task"]["state"]) == (0, "paused"), paused.err
        running.communicate(timeout=PATIENCE)
    finally:
        running.kill()
        running.communicate()
    assert running.returncode == 130
    assert not list(dest.rglob("plate.exr"))


def test_who_does_not_answer_is_told_of(
    shotdock: Console, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = shotdock("get", source, tmp_path / "dest", "--start-at", "+2h", "--json").json["task"]
    monkeypatch.setattr(wishes, "PATIENCE", 300)
    host, _, _ = this_process().split(":", 2)
    with engine() as run:
        with closing(Access(Places.find().database)) as opened:
            opened.connect()
            with opened.writing():
                # Somebody on another host, who may live: nobody here can tell.
                opened.change("UPDATE task SET owner = ? WHERE id = ?", f"{host}-elsewhere:{os.getpid()}:1", number)
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
