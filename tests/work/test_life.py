"""A task's life by the clock: it starts when it is to, stops with its hours, outlives restarts, is never forgotten."""

import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from desktop.core.hours import parse_hours
from desktop.core.schedule import After, Schedule, Turn, waiting_words
from desktop.core.task import Progress, Task, TaskState
from tests.work.conftest import Bench
from tests.work.life import NIGHT, Clock, big, later, serving

EVENING = datetime(2026, 11, 27, 21, 0).timestamp()
HOUR = 3600.0


@pytest.fixture
def clock() -> Clock:
    return Clock(EVENING)


def heard(bench: Bench, signal: str) -> list[Any]:
    """Return a list that a signal of the tasks fills."""
    found: list[Any] = []
    getattr(bench.services.tasks, signal).connect(lambda *news: found.extend(news or [None]))
    return found


def state(bench: Bench, task: Task) -> TaskState:
    return next(found.state for found in bench.tasks() if found.id == task.id)


def test_a_task_starts_when_it_is_to(qtbot: QtBot, studio: Path, tmp_path: Path, clock: Clock) -> None:
    with serving(qtbot, studio, tmp_path / "shows", clock) as bench:
        bench.connect("VEGA", studio)
        plan, turn = bench.plan(), Turn(not_before=EVENING + HOUR)
        task = bench.answer(lambda then, _: bench.services.tasks.submit(plan, then, turn=turn))
        later(bench, clock, HOUR - 1)
        assert state(bench, task) is TaskState.WAITING
        assert waiting_words(task.turn, clock.now) == "Waits until 22:00."
        later(bench, clock, 1)
        assert bench.until(task.id, TaskState.DONE).files.downloaded == 4


def test_it_stops_when_its_hours_end_and_goes_on_when_they_come_again(
    qtbot: QtBot, studio: Path, tmp_path: Path, clock: Clock
) -> None:
    with serving(qtbot, studio, tmp_path / "shows", clock) as bench:
        bench.connect("VEGA", studio)
        plan, turn = big(bench), Turn(window=parse_hours(NIGHT))
        figures: list[Progress] = []
        bench.services.tasks.progressed.connect(figures.extend)
        task = bench.answer(lambda then, _: bench.services.tasks.submit(plan, then, turn=turn))
        later(bench, clock, HOUR)
        qtbot.waitUntil(lambda: any(one.done > 1_000_000 for one in figures), timeout=20_000)
        later(bench, clock, 8 * HOUR)  # 06:00
        waiting = bench.until(task.id, TaskState.WAITING)
        assert waiting_words(waiting.turn, clock.now).endswith("which begin at 22:00.")
        qtbot.waitUntil(lambda: bool(list(bench.destination.rglob(".big.abc.*.part"))), timeout=10_000)
        later(bench, clock, 15 * HOUR)
        assert state(bench, task) is TaskState.WAITING
        bench.services.tasks.set_limit([task.id], None)
        later(bench, clock, HOUR)
        done = bench.until(task.id, TaskState.DONE)
        assert (done.files.resumed, done.bytes.reused > 0) == (1, True)


def test_what_waits_for_the_clock_outlives_a_restart_and_nobody_is_asked(
    qtbot: QtBot, studio: Path, tmp_path: Path, clock: Clock
) -> None:
    shows = tmp_path / "shows"
    with serving(qtbot, studio, shows, clock) as bench:
        bench.connect("VEGA", studio)
        plan, turn = bench.plan(), Turn(not_before=EVENING + HOUR)
        task = bench.answer(lambda then, _: bench.services.tasks.submit(plan, then, turn=turn))
    with serving(qtbot, studio, shows, clock, stays=False) as command:
        clock.now += 2 * HOUR
        found = command.tasks()
        assert [(one.state, one.owner) for one in found] == [(TaskState.WAITING, "")], "a command leaves it alone"
    clock.now = EVENING + HOUR / 2
    with serving(qtbot, studio, shows, clock) as again:
        interrupted, missed = heard(again, "interrupted"), heard(again, "missed")
        later(again, clock, HOUR / 2)
        again.until(task.id, TaskState.DONE)
        assert (interrupted, missed) == ([], [])


def test_a_start_that_was_missed_is_offered_and_not_made_up_for_unasked(
    qtbot: QtBot, studio: Path, tmp_path: Path, clock: Clock
) -> None:
    shows = tmp_path / "shows"
    with serving(qtbot, studio, shows, clock) as bench:
        bench.connect("VEGA", studio)
        plan = bench.plan()
        at = Turn(not_before=EVENING + HOUR)
        hours = Turn(not_before=EVENING + HOUR, window=parse_hours(NIGHT))
        once = bench.answer(lambda then, _: bench.services.tasks.submit(plan, then, turn=at))
        nightly = bench.answer(lambda then, _: bench.services.tasks.submit(plan, then, turn=hours))
    clock.now += 12 * HOUR
    with serving(qtbot, studio, shows, clock) as again:
        missed = heard(again, "missed")
        qtbot.waitUntil(lambda: bool(missed))
        assert [task.id for tasks in missed for task in tasks] == [once.id]
        assert state(again, once) is TaskState.INTERRUPTED
        assert state(again, nightly) is TaskState.WAITING, "its hours come again tonight"
        again.services.tasks.resume([once.id])
        again.until(once.id, TaskState.DONE)


def test_a_window_takes_over_what_a_command_has_scheduled(
    qtbot: QtBot, studio: Path, tmp_path: Path, clock: Clock
) -> None:
    with serving(qtbot, studio, tmp_path / "shows", clock) as window:
        window.connect("VEGA", studio)
        with serving(qtbot, studio, tmp_path / "shows", clock, stays=False) as command:
            plan, turn = command.plan(), Turn(not_before=EVENING + HOUR)
            task = command.answer(lambda then, _: command.services.tasks.submit(plan, then, turn=turn))
        later(window, clock, 40)
        window.until(task.id, TaskState.WAITING)
        later(window, clock, HOUR)
        window.until(task.id, TaskState.DONE)


def test_a_schedule_can_be_given_changed_and_taken_back(
    qtbot: QtBot, studio: Path, tmp_path: Path, clock: Clock
) -> None:
    with serving(qtbot, studio, tmp_path / "shows", clock) as bench:
        bench.connect("VEGA", studio)
        task = bench.submit(bench.plan(), start=False)
        bench.until(task.id, TaskState.PAUSED)
        bench.services.tasks.schedule([task.id], Schedule(EVENING + HOUR, parse_hours(NIGHT), after=After.NOTIFY))
        waiting = bench.until(task.id, TaskState.WAITING)
        qtbot.waitUntil(lambda: bench.seen[task.id].turn.scheduled)
        assert bench.seen[task.id].turn.after is After.NOTIFY
        assert waiting.state is TaskState.WAITING
        bench.services.tasks.schedule([task.id], Schedule())
        bench.until(task.id, TaskState.DONE)


def test_run_now_does_not_wait_for_the_clock(qtbot: QtBot, studio: Path, tmp_path: Path, clock: Clock) -> None:
    with serving(qtbot, studio, tmp_path / "shows", clock) as bench:
        bench.connect("VEGA", studio)
        plan, turn = bench.plan(), Turn(window=parse_hours(NIGHT))
        task = bench.answer(lambda then, _: bench.services.tasks.submit(plan, then, turn=turn))
        bench.services.tasks.run_now([task.id])
        bench.until(task.id, TaskState.DONE)


def test_the_last_one_asks_to_quit(qtbot: QtBot, studio: Path, tmp_path: Path, clock: Clock) -> None:
    with serving(qtbot, studio, tmp_path / "shows", clock) as bench:
        bench.connect("VEGA", studio)
        ended, wanted = heard(bench, "ended"), heard(bench, "quit_wanted")
        bench.run()
        assert wanted == []
        plan = bench.plan()
        with qtbot.waitSignal(bench.services.tasks.quit_wanted):
            bench.services.tasks.submit(plan, turn=Turn(after=After.QUIT))
        assert [task.outcome for task in ended] == ["done", "up-to-date"]


def test_what_a_killed_command_left_is_offered_by_who_stays(
    qtbot: QtBot, studio: Path, tmp_path: Path, clock: Clock
) -> None:
    (tmp_path / "plate.exr").write_bytes(b"0123456789abcdef" * 50_000)
    command = ["get", tmp_path / "plate.exr", tmp_path / "to", "--limit-rate", "10k"]
    with serving(qtbot, studio, tmp_path / "shows", clock) as bench:
        offered = heard(bench, "interrupted")
        with subprocess.Popen([sys.executable, "-m", "desktop", *map(str, command)]) as other:

            def runs() -> bool:
                bench.services.tasks.look()
                return 1 in bench.seen and bench.seen[1].state is TaskState.RUNNING

            qtbot.waitUntil(runs, timeout=30_000)
            later(bench, clock, 60)
            assert state(bench, bench.seen[1]) is TaskState.RUNNING, "it is well, and not ours"
            other.kill()
        later(bench, clock, 60)
        bench.until(1, TaskState.INTERRUPTED)
        assert offered == [(bench.seen[1],)]
