"""What another ShotDock asks through the database: obeyed at the next look at the clock, by whom it is addressed to."""

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop.core.errors import NotAllowed
from desktop.core.history import Query
from desktop.core.hours import parse_hours
from desktop.core.plan import Filters
from desktop.core.schedule import After, Schedule, Turn
from desktop.core.task import Task, TaskEvent, TaskState, advance
from desktop.core.wish import Verb, Wish
from desktop.places import Places
from desktop.store.access import Access
from desktop.store.database import Store
from desktop.store.owner import SILENCE, this_process
from tests.work.conftest import Bench
from tests.work.life import NIGHT, Clock, big, later, serving


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


@contextmanager
def database() -> Iterator[Access]:
    """Open the database past the store, for what another process has written."""
    with closing(Access(Places.find().database)) as access:
        access.connect()
        yield access


def hold(access: Access, task: Task, state: str, owner: str) -> None:
    """Let a task be its owner's, in this state."""
    with access.writing():
        access.change("UPDATE task SET state = ?, owner = ?, touched = touched + 1 WHERE id = ?", state, owner, task.id)


def ask(bench: Bench, task: Task, wish: Wish) -> None:
    with other() as store:
        number = store.wishes.leave(store.tasks.get(task.id), wish)
        bench.services.tasks.look()
        bench.qtbot.waitUntil(lambda: store.wishes.answer(number) is not None, timeout=10_000)
        assert store.wishes.answer(number) == ""


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
    (noted,) = (line for line in told(task) if line.startswith("Its schedule now: starts "))
    assert noted.endswith(f", only {NIGHT}, then tells you.")


def test_a_wish_is_no_line_of_a_log_and_binds_only_whom_it_is_addressed_to(bench: Bench) -> None:
    task = bench.submit(big(bench, rate=100_000))
    running = bench.until(task.id, TaskState.RUNNING)
    with other() as store, database() as access:
        hold(access, running, "running", "gone:7:1")
        number = store.wishes.leave(store.tasks.get(running.id), Wish(Verb.CANCEL))
        shown = [line.level for line in (*store.events.of(task.id), *store.history.lines(Query()))]
        assert shown and "WISH" not in shown
        hold(access, running, "running", this_process())
        assert store.wishes.answer(number) is None and store.wishes.mine() == ()
        with pytest.raises(NotAllowed, match="let go"):
            store.wishes.leave(replace(running, owner="gone:7:1"), Wish(Verb.CANCEL))


def test_what_another_one_does_is_seen_and_what_is_wanted_of_it_is_asked(bench: Bench) -> None:
    task = bench.submit(big(bench), start=False)
    with database() as access:
        hold(access, task, "running", "farm:7:1")
        bench.services.tasks.look()
        assert bench.until(task.id, TaskState.RUNNING).owner == "farm:7:1"
        bench.services.tasks.cancel((task.id,))
        bench.tasks()  # by then it was done
        assert json.loads(access.value("SELECT message FROM event WHERE level = 'WISH'"))["verb"] == "cancel"
        hold(access, task, "cancelled", "")
    bench.services.tasks.look()
    bench.until(task.id, TaskState.CANCELLED)


@pytest.mark.parametrize("message", ["{", json.dumps({"by": "process 7", "verb": "dance"})])
def test_a_wish_nobody_understands_is_put_aside(bench: Bench, message: str) -> None:
    task = bench.submit(big(bench, rate=100_000))
    bench.until(task.id, TaskState.RUNNING)
    with database() as access, access.writing():
        access.change(
            "INSERT INTO event (task_id, time, level, item, message) VALUES (?, 0, 'WISH', ?, ?)",
            task.id,
            this_process(),
            message,
        )
    bench.services.tasks.look()
    bench.qtbot.waitUntil(lambda: any("something unknown" in line for line in told(task)), timeout=10_000)
    assert bench.seen[task.id].state is TaskState.RUNNING


@pytest.mark.parametrize("wish", [Wish(Verb.CANCEL), Wish(Verb.DELETE, files=True)], ids=lambda wish: wish.verb)
def test_a_wish_nobody_heard_in_time_binds_no_later_run(bench: Bench, wish: Wish) -> None:
    """Whoever asked was told that it was not done; hours later, somebody wants the task again."""
    task = bench.submit(big(bench, rate=100_000))
    running = bench.until(task.id, TaskState.RUNNING)
    with other() as store:
        number = store.wishes.leave(running, wish)
        bench.services.tasks.pause((task.id,))
        bench.until(task.id, TaskState.PAUSED)
        bench.services.tasks.resume((task.id,))
        bench.until(task.id, TaskState.RUNNING)
        bench.services.tasks.look()
        bench.services.tasks.set_limit((task.id,), None)
        assert bench.until(task.id).state is TaskState.DONE
        assert "let go" in str(store.wishes.answer(number))
    assert brought(bench)


def brought(bench: Bench) -> list[Path]:
    return [path for path in bench.destination.rglob("*") if path.is_file()]


def test_a_running_task_is_deleted_for_another(bench: Bench) -> None:
    gone: list[tuple[int, ...]] = []
    bench.services.tasks.removed.connect(gone.append)
    task = bench.submit(big(bench, rate=100_000))
    bench.until(task.id, TaskState.RUNNING)
    ask(bench, task, Wish(Verb.DELETE))
    assert bench.tasks() == ()
    assert gone == [(task.id,)]
    assert not brought(bench), "its part files go with it"


@pytest.mark.parametrize("files", [True, False])
def test_what_a_task_brought_goes_with_it_only_if_that_is_asked(bench: Bench, files: bool) -> None:
    task = bench.run()
    with other() as store, database() as access:
        hold(access, task, "waiting", this_process())
        number = store.wishes.leave(store.tasks.get(task.id), Wish(Verb.DELETE, files=files))
        bench.services.tasks.look()
        bench.qtbot.waitUntil(lambda: store.wishes.answer(number) is not None, timeout=10_000)
    assert bench.tasks() == ()
    assert len(brought(bench)) == (0 if files else task.files.downloaded)


def test_a_task_that_waits_for_the_clock_is_started_for_another(bench: Bench) -> None:
    plan, turn = big(bench), Turn(not_before=bench.services.tasks.now() + 3600)
    task = bench.answer(lambda then, _: bench.services.tasks.submit(plan, then, turn=turn))
    ask(bench, task, Wish(Verb.RUN))
    assert bench.until(task.id, TaskState.DONE).files.downloaded == 1


def test_what_cannot_be_done_is_told_to_who_asked_and_not_tried_at_every_look(bench: Bench) -> None:
    task = bench.submit(big(bench))
    bench.until(task.id, TaskState.DONE)
    (path,) = brought(bench)
    path.unlink()
    path.mkdir()  # which is no file to be removed
    with other() as store, database() as access:
        hold(access, task, "waiting", this_process())
        number = store.wishes.leave(store.tasks.get(task.id), Wish(Verb.DELETE, files=True))
        bench.services.tasks.look()
        bench.qtbot.waitUntil(lambda: bool(store.wishes.answer(number)), timeout=10_000)
        assert "big.abc cannot be" in str(store.wishes.answer(number))
        assert store.wishes.mine() == ()
    assert [known.id for known in bench.tasks()] == [task.id]
    failed = [line for line in told(task) if line.startswith("It was not done: ")]
    assert len(failed) == 1 and "big.abc cannot be" in failed[0]
    assert all("cannot be" not in line for line in told(task) if line not in failed), "a wish is no line of a log"


def test_what_another_one_deleted_is_gone_here_too(bench: Bench) -> None:
    gone: list[tuple[int, ...]] = []
    bench.services.tasks.removed.connect(gone.append)
    first, second, third = (bench.submit(big(bench), start=False) for _ in range(3))
    with other() as store:
        store.tasks.delete((first.id, third.id))
        bench.services.tasks.look()
        bench.qtbot.waitUntil(lambda: bool(gone), timeout=10_000)
        store.tasks.delete((second.id,))
        bench.services.tasks.look()
        bench.qtbot.waitUntil(lambda: len(gone) == 2, timeout=10_000)
    assert gone == [(first.id, third.id), (second.id,)]


def test_what_was_listed_and_deleted_before_the_next_look_is_gone_too(bench: Bench) -> None:
    gone: list[tuple[int, ...]] = []
    bench.services.tasks.removed.connect(gone.append)
    bench.services.tasks.look()
    with other() as store:
        plan = big(bench)
        made = store.tasks.create(plan, "0123abcd", "theirs", 1.0)
        store.tasks.save(advance(made, TaskEvent.PAUSE, 2.0))
        assert [task.id for task in bench.tasks()] == [made.id]
        store.tasks.delete((made.id,))
    bench.services.tasks.look()
    bench.qtbot.waitUntil(lambda: gone == [(made.id,)], timeout=10_000)


@pytest.mark.parametrize("taken", [False, True])
def test_a_task_that_is_another_ones_when_it_ends_holds_up_nobody(bench: Bench, taken: bool) -> None:
    task = bench.submit(big(bench, 1_000_000, rate=1_000_000))
    bench.until(task.id, TaskState.RUNNING)
    with other() as store, database() as access:
        if taken:
            hold(access, task, "running", "farm:7:1")
        else:
            hold(access, task, "paused", "")
            store.tasks.delete((task.id,))
        later = bench.submit(bench.plan(filters=Filters(shot=("SH010",))))
        assert bench.until(later.id).state is TaskState.DONE
        bench.qtbot.waitUntil(lambda: bench.services._queue.idle, timeout=10_000)
        assert [known.owner for known in store.tasks.all()] == (["farm:7:1", ""] if taken else [""])


def test_a_task_that_is_gone_when_the_program_ends_keeps_no_other_from_being_interrupted(
    qtbot: QtBot, studio: Path, tmp_path: Path
) -> None:
    with serving(qtbot, studio, tmp_path / "to", Clock()) as bench:
        bench.connect("VEGA", studio)
        first, second = (bench.submit(big(bench, rate=100_000)) for _ in range(2))
        bench.until(first.id, TaskState.RUNNING)
        bench.until(second.id, TaskState.RUNNING)
        with other() as store, database() as access:
            hold(access, first, "paused", "")
            store.tasks.delete((first.id,))
    with other() as store:
        assert [(known.id, known.state) for known in store.tasks.all()] == [(second.id, TaskState.INTERRUPTED)]


def test_what_another_one_resumes_while_it_is_being_deleted_keeps_its_files(bench: Bench) -> None:
    task = bench.submit(big(bench, 12_000_000))
    bench.qtbot.waitUntil(lambda: bool(list(bench.destination.rglob(".big*.part"))), timeout=30_000)
    bench.services.tasks.pause((task.id,))
    bench.until(task.id, TaskState.PAUSED)
    bench.qtbot.waitUntil(lambda: bench.services._queue.idle, timeout=30_000)
    before = brought(bench)
    services, theirs = bench.services, sqlite3.connect(Places.find().database, check_same_thread=False)
    resumed = "UPDATE task SET state = 'waiting', owner = 'farm:7:1', touched = touched + 1 WHERE state = 'cancelled'"

    def resume(statement: str) -> None:
        # Once it is cancelled, which is the first step, and before the next one.
        if statement == "BEGIN IMMEDIATE":
            with theirs:
                theirs.execute(resumed)

    def watch(by: Callable[[str], None] | None) -> None:
        services._desk.wait_for(lambda: services._store._access.db.connection().set_trace_callback(by))

    with closing(theirs):
        watch(resume)
        with bench.qtbot.waitSignal(bench.services.tasks.refused, timeout=10_000) as heard:
            bench.services.tasks.delete((task.id,), with_files=True)
        watch(None)
    assert isinstance(heard.args[0], NotAllowed)
    assert [known.owner for known in bench.tasks()] == ["farm:7:1"]
    assert before and brought(bench) == before


def test_one_s_own_deletion_is_told_once(bench: Bench) -> None:
    gone: list[tuple[int, ...]] = []
    bench.services.tasks.removed.connect(gone.append)
    first, second = (bench.submit(big(bench), start=False) for _ in range(2))
    bench.services.tasks.delete((first.id,))
    with other() as store:
        store.tasks.delete((second.id,))
    bench.services.tasks.look()
    bench.qtbot.waitUntil(lambda: len(gone) == 2, timeout=10_000)
    assert gone == [(first.id,), (second.id,)]


def test_a_task_that_has_nothing_to_tell_for_a_day_is_no_dead_ones(qtbot: QtBot, studio: Path, tmp_path: Path) -> None:
    """One large file, or a long line before it: another host, which cannot ask, would take it for abandoned."""
    clock = Clock()
    with serving(qtbot, studio, tmp_path / "to", clock) as bench, closing(Access(Places.find().database)) as access:
        bench.connect("VEGA", studio)
        task = bench.submit(big(bench, rate=100_000))
        bench.until(task.id, TaskState.RUNNING)
        access.connect()
        with access.writing():
            access.change("UPDATE task SET touched = touched - ?", SILENCE - 60)
        later(bench, clock, SILENCE / 4)
        bench.tasks()  # by then it has looked
        assert time.time() - access.value("SELECT touched FROM task") < SILENCE / 2


@pytest.mark.parametrize("verb", [Verb.DELETE, Verb.RUN])
def test_what_the_window_wants_of_a_task_another_runs_is_asked(bench: Bench, verb: Verb) -> None:
    task = bench.submit(big(bench), start=False)
    with database() as access:
        hold(access, task, "waiting", "farm:7:1")
        if verb is Verb.DELETE:
            bench.services.tasks.delete((task.id,), with_files=True)
        else:
            bench.services.tasks.run_now((task.id,))
        assert [known.id for known in bench.tasks()] == [task.id]  # by then it was done
        asked = json.loads(access.value("SELECT message FROM event WHERE level = 'WISH'"))
        assert (asked["verb"], asked["files"]) == (verb.value, verb is Verb.DELETE)
