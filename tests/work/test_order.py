"""One queue: its order, who goes first, what limits it while it runs."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from pytestqt.qtbot import QtBot

from desktop.core.plan import Filters
from desktop.core.schedule import Priority, Turn
from desktop.core.task import Progress, Task, TaskState
from desktop.core.timetable import parse_rule
from desktop.work.turns import Turns, Waiting, lined_up
from tests.cli.console import Console
from tests.core.test_task import task as made
from tests.work.conftest import Bench
from tests.work.life import Clock, big, serving

MORNING = datetime(2026, 11, 27, 8, 59, 59).timestamp()


def line(*wanted: tuple[int, Priority]) -> Turns:
    turns = Turns()
    for place, (number, priority) in enumerate(wanted):
        turns.put(Waiting(numbered(number, Turn(priority, float(place))), frozenset()))
    return turns


def numbered(number: int, turn: Turn) -> Task:
    return replace(made(), id=number, turn=turn)


def numbers(turns: Turns) -> list[int]:
    return [waiting.task.id for waiting in turns.in_line()]


def move(turns: Turns, ids: list[int], before: int | None) -> list[int]:
    for task in turns.moved(ids, before):
        turns.update(task)
    return numbers(turns)


N, HIGH, LOW = Priority.NORMAL, Priority.HIGH, Priority.LOW


def test_higher_ones_go_first_and_of_equals_who_came_first() -> None:
    turns = line((1, N), (2, LOW), (3, HIGH), (4, N))
    assert numbers(turns) == [3, 1, 4, 2]
    assert [task.id for task in lined_up(waiting.task for waiting in turns.in_line())] == [3, 1, 4, 2]


def test_a_drag_puts_them_where_they_were_dropped() -> None:
    turns = line((1, N), (2, N), (3, N), (4, N))
    assert move(turns, [4, 3], 2) == [1, 4, 3, 2]
    assert move(turns, [1], None) == [4, 3, 2, 1]
    assert move(turns, [2], 2) == [4, 3, 2, 1], "before itself is where it is"
    assert move(turns, [99], 4) == [4, 3, 2, 1], "one that does not wait"
    assert turns.moved([4], 3) == [], "nothing moves"


def test_dropped_among_others_they_take_their_priority() -> None:
    turns = line((1, HIGH), (2, N), (3, LOW))
    assert move(turns, [3], 1) == [3, 1, 2]
    assert move(turns, [1], None) == [3, 2, 1]
    assert [waiting.task.turn.priority for waiting in turns.in_line()] == [HIGH, N, N]


def crowd(bench: Bench, rate: int = 2_000_000) -> list[Task]:
    """Occupy the server with a slow task, and line up three more behind it."""
    bench.services.settings.update(tasks_at_once=1)
    slow = bench.submit(big(bench, rate=rate))
    bench.until(slow.id, TaskState.RUNNING)
    plan = bench.plan(filters=Filters(shot=("SH010",)))
    return [slow, *(bench.submit(plan) for _ in range(3))]


def finished(bench: Bench, tasks: list[Task]) -> list[int]:
    """Return the tasks' ids in the order in which they ended."""
    over = [bench.until(task.id, TaskState.DONE) for task in tasks]
    return [task.id for task in sorted(over, key=lambda task: task.finished or 0)]


def test_the_queue_keeps_the_order_it_was_given(bench: Bench) -> None:
    slow, first, second, third = crowd(bench)
    bench.services.tasks.move([third.id], first.id)
    bench.services.tasks.set_priority([second.id], Priority.HIGHEST)
    bench.services.tasks.set_limit([slow.id], None)
    assert finished(bench, [slow, first, second, third]) == [slow.id, second.id, third.id, first.id]


def test_a_command_puts_the_line_of_a_window_that_lives_in_order(
    qtbot: QtBot, studio: Path, tmp_path: Path, shotdock_home: Path
) -> None:
    shotdock = Console(shotdock_home)
    with serving(qtbot, studio, tmp_path / "shows", Clock()) as bench:
        bench.connect("VEGA", studio)
        slow, first, second, third = crowd(bench, rate=50_000)
        moved = shotdock("tasks", "move", third.id, "--before", first.id)
        assert moved.status == 0, moved.err
        assert shotdock("tasks", "priority", "highest", second.id).status == 0
        bench.services.tasks.look()
        qtbot.waitUntil(lambda: bench.seen[second.id].turn.priority is Priority.HIGHEST, timeout=20_000)
        assert [task.id for task in lined_up(bench.seen[n.id] for n in (first, second, third))] == [
            second.id,
            third.id,
            first.id,
        ]
        ended: list[int] = []
        bench.services.tasks.ended.connect(lambda task: ended.append(task.id))
        bench.services.tasks.set_limit([slow.id], None)
        qtbot.waitUntil(lambda: len(ended) == 4, timeout=30_000)
        assert ended == [slow.id, second.id, third.id, first.id]


def test_the_order_outlives_a_restart(bench: Bench) -> None:
    _, first, second, third = crowd(bench)
    bench.services.tasks.move([third.id], first.id)
    known = {task.id: task for task in bench.tasks()}
    line = lined_up([known[task.id] for task in (first, second, third)])
    assert [task.id for task in line] == [third.id, first.id, second.id]


def test_run_now_goes_past_whoever_waits(bench: Bench) -> None:
    slow, first, _, third = crowd(bench)
    bench.services.tasks.run_now([third.id])
    bench.until(third.id, TaskState.DONE)
    states = {task.id: task.state for task in bench.tasks()}
    assert (states[slow.id], states[first.id]) == (TaskState.RUNNING, TaskState.WAITING)


def test_a_tasks_own_limit_changes_while_it_runs(bench: Bench) -> None:
    """At its first limit the file would take ten minutes."""
    figures: list[Progress] = []
    bench.services.tasks.progressed.connect(figures.extend)
    task = bench.submit(big(bench, rate=10_000))
    bench.qtbot.waitUntil(lambda: any(one.done for one in figures), timeout=20_000)
    bench.services.tasks.set_limit([task.id], 20_000_000)
    done = bench.until(task.id, TaskState.DONE)
    assert done.options.limit_rate == 20_000_000


def test_many_at_once_and_one_refusal_holds_up_nobody(bench: Bench) -> None:
    _, first, second, third = crowd(bench)
    with bench.qtbot.waitSignal(bench.services.tasks.refused):
        bench.services.tasks.cancel([first.id, 4711, second.id, third.id])
    for task in (first, second, third):
        bench.until(task.id, TaskState.CANCELLED)


def test_many_are_deleted_at_once_and_one_refusal_holds_up_nobody(bench: Bench) -> None:
    slow, first, second, third = crowd(bench)
    with bench.qtbot.waitSignal(bench.services.tasks.refused):
        bench.services.tasks.delete([first.id, 4711, second.id, third.id])
    assert [task.id for task in bench.tasks()] == [slow.id]


def test_the_timetable_limits_by_the_hour_and_says_so(qtbot: QtBot, studio: Path, tmp_path: Path) -> None:
    clock = Clock(MORNING)
    with serving(qtbot, studio, tmp_path / "shows", clock) as bench:
        tasks = bench.services.tasks
        assert tasks.limit.words == "no limit"
        bench.services.settings.update(limit_rules=(parse_rule("mon-fri 09:00-18:00 250M office hours"),))
        clock.now += 1
        with qtbot.waitSignal(tasks.limited) as told:
            tasks.look()
        assert (told.args[0].words, told.args[0].rate) == ("office hours 250 MB/s", 250_000_000)
        assert tasks.limit == told.args[0]
        with qtbot.waitSignal(tasks.limited):
            bench.services.settings.update(limits_off_until=clock.now + 60)
        assert tasks.limit.words == "limits off until 09:01"
        clock.now += 60
        with qtbot.waitSignal(tasks.limited):
            tasks.look()
        assert tasks.limit.words == "office hours 250 MB/s"


def test_the_limit_that_holds_is_the_one_that_limits(qtbot: QtBot, studio: Path, tmp_path: Path) -> None:
    """Under the rule the file would take ten minutes; once limits are off it arrives."""
    clock = Clock(MORNING)
    with serving(qtbot, studio, tmp_path / "shows", clock) as bench:
        bench.connect("VEGA", studio)
        bench.services.settings.update(limit_rules=(parse_rule("00:00-24:00 10k"),))
        figures: list[Progress] = []
        bench.services.tasks.progressed.connect(figures.extend)
        task = bench.submit(big(bench, rate=None))
        qtbot.waitUntil(lambda: any(0 < one.done < one.total for one in figures), timeout=20_000)
        bench.services.settings.update(limits_off_until=clock.now + 3600)
        bench.until(task.id, TaskState.DONE)
