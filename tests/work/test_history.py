"""What was brought can be looked up, summed, exported and, when it is old, forgotten."""

import csv
import json
from functools import partial
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop.core.errors import NotFound, TargetUnwritable, UsageError
from desktop.core.history import Query
from desktop.core.plan import Action
from desktop.core.receipt import COLUMNS
from desktop.core.task import TaskState
from tests.work.conftest import Bench
from tests.work.life import Clock, serving


def test_a_receipt_has_a_row_for_every_file(bench: Bench, tmp_path: Path) -> None:
    task = bench.run()
    desk = bench.services.history
    rows = bench.answer(lambda then, failed: desk.receipt(task.id, then, failed))
    assert len(rows) == 4
    assert {row["result"] for row in rows} == {"downloaded"}
    assert all(Path(row["target"]).stat().st_size == row["bytes"] for row in rows)
    table, text = tmp_path / "receipt.csv", tmp_path / "receipt.JSON"
    for path in (table, text):
        bench.answer(partial(desk.export, task.id, path))
    with table.open(newline="", encoding="utf-8") as stream:
        head, *lines = csv.reader(stream)
    assert tuple(head) == COLUMNS
    assert [line[head.index("target")] for line in lines] == [row["target"] for row in rows]
    whole = json.loads(text.read_text("utf-8"))
    assert (whole["outcome"], whole["rows"]) == ("done", [dict(row) for row in rows])
    assert sorted(path.name for path in tmp_path.glob("*receipt*")) == ["receipt.JSON", "receipt.csv"]


def test_a_link_in_place_of_a_receipt_is_not_written_through(bench: Bench, tmp_path: Path) -> None:
    task = bench.run()
    (tmp_path / "bashrc").write_text("mine")
    (tmp_path / ".receipt.csv.new").symlink_to("bashrc")
    bench.answer(lambda then, failed: bench.services.history.export(task.id, tmp_path / "receipt.csv", then, failed))
    assert (tmp_path / "bashrc").read_text() == "mine"
    assert (tmp_path / "receipt.csv").read_text("utf-8").startswith("project,")


def test_a_receipt_that_cannot_be_written_is_told_in_words(bench: Bench, tmp_path: Path) -> None:
    task = bench.run()
    desk = bench.services.history
    with pytest.raises(UsageError, match="csv or"):
        bench.answer(lambda then, failed: desk.export(task.id, tmp_path / "receipt.txt", then, failed))
    with pytest.raises(TargetUnwritable, match="cannot be written"):
        bench.answer(lambda then, failed: desk.export(task.id, tmp_path / "no" / "receipt.csv", then, failed))


def test_the_desk_finds_tasks_files_lines_and_sums(bench: Bench) -> None:
    task = bench.run()
    desk = bench.services.history
    page = bench.answer(lambda then, failed: desk.tasks(Query(shot="SH020"), then, failed))
    assert ([found.id for found in page.tasks], page.total) == ([task.id], 1)
    files = bench.answer(lambda then, failed: desk.files(Query(text="SH010_v002"), then, failed))
    assert [found.file.target.rpartition("/")[2] for found in files] == ["SH010_v002.ma"]
    lines = bench.answer(lambda then, failed: desk.lines(Query(text="finished (done)"), then, failed))
    assert [line.task_id for line in lines] == [task.id]
    sums = bench.answer(lambda then, failed: desk.statistics(Query(), then, failed))
    assert (sums.tasks, sums.files.downloaded) == (1, 4)


def test_old_tasks_are_forgotten_their_files_stay(qtbot: QtBot, studio: Path, tmp_path: Path) -> None:
    clock = Clock()
    with serving(qtbot, studio, tmp_path / "shows", clock) as bench:
        bench.connect("VEGA", studio)
        bench.services.settings.update(history_days=30)
        done = bench.run()
        paused = bench.submit(bench.plan(), start=False)
        bench.until(paused.id, TaskState.PAUSED)
    clock.now += 29 * 86_400
    with serving(qtbot, studio, tmp_path / "shows", clock) as again:
        assert len(again.tasks()) == 2
    clock.now += 2 * 86_400
    with serving(qtbot, studio, tmp_path / "shows", clock, stays=False) as command:
        assert len(command.tasks()) == 2, "a command forgets nothing"
    with serving(qtbot, studio, tmp_path / "shows", clock) as last:
        qtbot.waitUntil(lambda: [task.id for task in last.tasks()] == [paused.id], timeout=10_000)
        assert done.files.downloaded == len([path for path in last.destination.rglob("*") if path.is_file()])


def test_a_task_is_planned_again_against_what_is_here(bench: Bench, tmp_path: Path) -> None:
    task = bench.run()
    desk = bench.services.history
    plan, files = bench.answer(lambda then, failed: desk.remembered(task.id, lambda *found: then(found), failed))
    assert [file.target for _, file in plan.files()] == [file.target for file in files]
    lost = task.destination / files[2].target
    lost.unlink()
    again = bench.answer(lambda then, failed: desk.again(task.id, then, failed))
    assert [file.target for _, file in again.files() if file.action is Action.DOWNLOAD] == [files[2].target]
    assert again.totals().files[Action.SKIP] == 3
    second = bench.until(bench.submit(again).id)
    assert (second.state, second.files.downloaded, lost.exists()) == (TaskState.DONE, 1, True)
    left = bench.answer(lambda then, failed: desk.again(task.id, then, failed, tmp_path / "other", left=True))
    assert not left.items


def test_a_task_that_is_gone_is_not_planned_again(bench: Bench) -> None:
    with pytest.raises(NotFound, match="no task 7"):
        bench.answer(lambda then, failed: bench.services.history.again(7, then, failed))
