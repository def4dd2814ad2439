"""What waits for room on a disk, and what people and restarts do to it meanwhile."""

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop.core.plan import Action, Plan, PlannedFile, PlannedItem, Request
from desktop.core.task import Task, TaskState
from tests.servers.content import content
from tests.transfer.scripted import tree
from tests.work.conftest import Bench, make_room
from tests.work.life import Clock, later, serving

SIZE = 6 * 1024 * 1024


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large.mov"
    path.write_bytes(content(path.name, SIZE))
    return path


def order(bench: Bench, large: Path, *more: PlannedItem) -> Task:
    """Have the file brought, and wait until there was no room for it."""
    file = PlannedFile(str(large), large.name, SIZE, large.stat().st_mtime, Action.DOWNLOAD)
    items = (PlannedItem("file://", "large", (file,)), *more)
    return short(bench, bench.submit(Plan(Request("", bench.destination, name="large"), items)))


def short(bench: Bench, task: Task) -> Task:
    def waits() -> bool:
        turn, now = bench.seen.get(task.id, task).turn, bench.services.tasks.now()
        return task.id in bench.seen and turn.waits_for.startswith("Disk full: ") and turn.due(now) > now

    bench.qtbot.waitUntil(waits, timeout=20_000)
    assert bench.seen[task.id].state is TaskState.WAITING
    return bench.seen[task.id]


def test_it_goes_on_after_a_restart_however_long_that_takes(
    qtbot: QtBot, studio: Path, small_disk: Path, large: Path
) -> None:
    clock = Clock()
    with serving(qtbot, studio, small_disk, clock) as bench:
        task = order(bench, large)
    clock.now += 24 * 3600
    with serving(qtbot, studio, small_disk, clock) as bench:
        waiting = short(bench, task)
        make_room(small_disk)
        later(bench, clock, (waiting.turn.not_before or 0) - clock.now)
        assert bench.until(task.id, TaskState.DONE).files.resumed == 1
    assert tree(small_disk) == {large.name: large.read_bytes()}


def test_who_resumes_it_has_it_tried_at_once(qtbot: QtBot, studio: Path, small_disk: Path, large: Path) -> None:
    with serving(qtbot, studio, small_disk, Clock()) as bench:
        task = order(bench, large)
        bench.services.tasks.pause([task.id])
        bench.until(task.id, TaskState.PAUSED)
        bench.services.tasks.resume([task.id])
        bench.until(task.id, TaskState.RUNNING)
        short(bench, task)


def test_what_was_unreachable_beside_it_is_tried_again_too(
    qtbot: QtBot, studio: Path, small_disk: Path, large: Path
) -> None:
    """Nothing listens on port 1."""
    away = PlannedFile("/away.exr", "away.exr", None, None, Action.DOWNLOAD)
    with serving(qtbot, studio, small_disk, Clock()) as bench:
        task = order(bench, large, PlannedItem("sftp://127.0.0.1:1", "away", (away,)))
        assert task.files.failed == 0
        found = bench.answer(lambda then, _: bench.services.tasks.causes(task.id, then))
        assert {cause.kind for cause in found} == {"disk-full", "unreachable"}


def test_who_cancels_it_while_its_disk_is_looked_at_hears_no_more_of_it(
    qtbot: QtBot, studio: Path, small_disk: Path, large: Path
) -> None:
    clock = Clock()
    with serving(qtbot, studio, small_disk, clock) as bench:
        task = order(bench, large)
        later(bench, clock, 1000)
        bench.services.tasks.cancel([task.id])
        bench.until(task.id, TaskState.CANCELLED)
        later(bench, clock, 1000)
        assert [known.state for known in bench.tasks()] == [TaskState.CANCELLED]
