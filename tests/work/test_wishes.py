"""What another ShotDock asks through the database: obeyed at the next look at the clock, by whom it is addressed to."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop.core.errors import NotAllowed
from desktop.core.history import Query
from desktop.core.hours import parse_hours
from desktop.core.schedule import After, Schedule
from desktop.core.task import Task, TaskState
from desktop.core.wish import Verb, Wish
from desktop.places import Places
from desktop.store.access import Access
from desktop.store.database import Store
from desktop.store.owner import this_process
from tests.work.conftest import Bench
from tests.work.life import NIGHT, Clock, big, serving


@pytest.fixture
def bench(qtbot: QtBot, studio: Path, tmp_path: Path) -> Iterator[Bench]:
    with serving(qtbot, studio, tmp_path / "destination", Clock()) as bench:
        bench.connect("VEGA", studio)
        yield bench


@contextmanager
def other() -> Iterator[Store]:
    """Open the database as another process does."""
    with Store.open(Places.find().database) as store:
        yield store


def ask(bench: Bench, task: Task, wish: Wish) -> None:
    with other() as store:
        number = store.wishes.leave(store.tasks.get(task.id), wish)
        bench.services.tasks.look()
        bench.qtbot.waitUntil(lambda: not store.wishes.pending(number), timeout=10_000)


def told(task: Task) -> list[str]:
    with other() as store:
        return [line.message for line in store.events.of(task.id)]


def test_a_running_task_is_limited_paused_and_cancelled_for_another(bench: Bench) -> None:
    task = bench.submit(big(bench, rate=100_000))
    bench.until(task.id, TaskState.RUNNING)
    ask(bench, task, Wish(Verb.LIMIT, rate=150_000))
    bench.qtbot.waitUntil(lambda: bench.seen[task.id].options.limit_rate == 150_000, timeout=10_000)
    assert bench.seen[task.id].state is TaskState.RUNNING
    ask(bench, task, Wish(Verb.PAUSE))
    bench.until(task.id, TaskState.PAUSED)
    bench.services.tasks.resume((task.id,))
    bench.until(task.id, TaskState.RUNNING)
    ask(bench, task, Wish(Verb.CANCEL))
    bench.until(task.id, TaskState.CANCELLED)
    asked = [line.rpartition(" ")[2] for line in told(task) if " asks: " in line]
    assert asked == ["limit.", "pause.", "cancel."]


def test_a_running_task_is_sent_into_its_hours_for_another(bench: Bench) -> None:
    task = bench.submit(big(bench, rate=100_000))
    bench.until(task.id, TaskState.RUNNING)
    start = bench.services.tasks.now() + 3600
    ask(bench, task, Wish(Verb.SCHEDULE, schedule=Schedule(start, parse_hours(NIGHT), after=After.NOTIFY)))
    waiting = bench.until(task.id, TaskState.WAITING)
    turn = waiting.turn
    assert (turn.not_before, str(turn.window), turn.after) == (start, NIGHT, After.NOTIFY)


def test_a_wish_is_no_line_of_a_log_and_binds_only_whom_it_is_addressed_to(bench: Bench) -> None:
    task = bench.submit(big(bench, rate=100_000))
    running = bench.until(task.id, TaskState.RUNNING)
    with other() as store, closing(Access(Places.find().database)) as access:
        access.connect()
        own(access, running, "gone:7:1")
        number = store.wishes.leave(store.tasks.get(running.id), Wish(Verb.CANCEL))
        shown = [line.level for line in (*store.events.of(task.id), *store.history.lines(Query()))]
        assert shown and "WISH" not in shown
        own(access, running, this_process())
        assert store.wishes.pending(number) and store.wishes.mine() == ()
        with pytest.raises(NotAllowed, match="let go"):
            store.wishes.leave(replace(running, owner="gone:7:1"), Wish(Verb.CANCEL))


def own(access: Access, task: Task, owner: str) -> None:
    with access.writing():
        access.change("UPDATE task SET owner = ? WHERE id = ?", owner, task.id)


def test_what_another_one_does_is_seen_and_what_is_wanted_of_it_is_asked(bench: Bench) -> None:
    task = bench.submit(big(bench), start=False)
    with closing(Access(Places.find().database)) as access:
        access.connect()
        with access.writing():
            access.change("UPDATE task SET state = 'running', owner = 'farm:7:1', touched = touched + 1")
        bench.services.tasks.look()
        assert bench.until(task.id, TaskState.RUNNING).owner == "farm:7:1"
        bench.services.tasks.cancel((task.id,))
        bench.tasks()  # by then it was done
        assert json.loads(access.value("SELECT message FROM event WHERE level = 'WISH'"))["verb"] == "cancel"
        with access.writing():
            access.change("UPDATE task SET state = 'cancelled', owner = '', touched = touched + 1")
    bench.services.tasks.look()
    bench.until(task.id, TaskState.CANCELLED)


@pytest.mark.parametrize("message", ["{", json.dumps({"by": "process 7", "verb": "dance"})])
def test_a_wish_nobody_understands_is_put_aside(bench: Bench, message: str) -> None:
    task = bench.submit(big(bench, rate=100_000))
    bench.until(task.id, TaskState.RUNNING)
    with closing(Access(Places.find().database)) as access:
        access.connect()
        with access.writing():
            access.change(
                "INSERT INTO event (task_id, time, level, item, message) VALUES (?, 0, 'WISH', ?, ?)",
                task.id,
                this_process(),
                message,
            )
    bench.services.tasks.look()
    bench.qtbot.waitUntil(lambda: any("something unknown" in line for line in told(task)), timeout=10_000)
    assert bench.seen[task.id].state is TaskState.RUNNING
