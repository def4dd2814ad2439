"""A database that takes nothing for a while, another program holding it, loses nothing and leaves nobody waiting; one
that is damaged is told of once.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop.core.connection import parse_connection
from desktop.core.errors import DatabaseBusy, DatabaseDamaged, ShotDockError
from desktop.core.hours import parse_hours
from desktop.core.job import Outcome
from desktop.core.plan import Options, Request
from desktop.core.routine import Routine
from desktop.core.schedule import Repeat, Schedule, Turn, waiting_words
from desktop.core.task import TaskState
from desktop.demo.content import Size
from desktop.demo.jobs.jobs import Jobs
from desktop.logs import LogRing
from desktop.places import Places
from desktop.store.database import Store
from desktop.work.background import ignore
from desktop.work.queue import ADOPTING
from desktop.work.services import start_services
from tests.work.conftest import Bench
from tests.work.farm import only, run_of_the_program
from tests.work.life import NIGHT, Clock, big, later, serving


@pytest.fixture(autouse=True)
def soon_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the program wait for another one's write a moment only, and try again soon."""
    monkeypatch.setattr("desktop.store.access.PATIENCE", 0.05)
    monkeypatch.setattr("desktop.work.runner.HELD", 0.2)


@contextmanager
def held(lock: str = "EXCLUSIVE") -> Iterator[None]:
    """Hold the database as a backup does: nobody else reads or writes it; or, IMMEDIATE, nobody else writes it."""
    other = sqlite3.connect(Places.find().database, isolation_level=None)
    try:
        other.execute(f"BEGIN {lock}")
        yield
        other.execute("ROLLBACK")
    finally:
        other.close()


@contextmanager
def held_between(bench: Bench, write: int) -> Iterator[threading.Event]:
    """Have another program begin to write right before the program's so-many-th write from now on, and go on until the
    block ends. The event tells that it has begun.
    """
    services, begun, writes = bench.services, threading.Event(), count(1)
    other = sqlite3.connect(Places.find().database, isolation_level=None, check_same_thread=False)

    def look(statement: str) -> None:
        if statement == "BEGIN IMMEDIATE" and next(writes) == write:
            other.execute("BEGIN IMMEDIATE")
            begun.set()

    def watch(by: Callable[[str], None] | None) -> None:
        services._desk.wait_for(lambda: services._store._access.db.connection().set_trace_callback(by))

    watch(look)
    try:
        yield begun
        watch(None)
        other.execute("ROLLBACK")
    finally:
        other.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bench(qtbot: QtBot, studio: Path, tmp_path: Path, clock: Clock) -> Iterator[Bench]:
    with serving(qtbot, studio, tmp_path / "to", clock) as bench:
        bench.connect("VEGA", studio)
        yield bench


def refusals(bench: Bench) -> list[ShotDockError]:
    said: list[ShotDockError] = []
    bench.services.tasks.refused.connect(said.append)
    return said


def test_results_are_recorded_once_it_is_let_go(bench: Bench) -> None:
    said = refusals(bench)
    # At a rate that still brings files once it is held.
    task = bench.submit(bench.plan(options=Options(limit_rate=4000)))
    bench.until(task.id, TaskState.RUNNING)
    with held():
        bench.qtbot.waitUntil(lambda: bool(said), timeout=20_000)
    done = bench.until(task.id, TaskState.DONE)
    assert done.files.downloaded == done.files.planned
    assert [type(error) for error in said] == [DatabaseBusy]


def test_a_task_that_was_paused_meanwhile_is_paused(bench: Bench) -> None:
    said = refusals(bench)
    task = bench.submit(big(bench))
    bench.until(task.id, TaskState.RUNNING)
    with held("IMMEDIATE"):
        bench.services.tasks.pause([task.id])
        bench.qtbot.waitUntil(lambda: bool(said), timeout=20_000)
    bench.until(task.id, TaskState.PAUSED)
    bench.services.tasks.resume([task.id])
    assert bench.until(task.id, TaskState.DONE).files.downloaded == 1


def test_a_task_whose_hours_ended_meanwhile_waits_for_the_next(bench: Bench, clock: Clock) -> None:
    clock.now = datetime(2026, 6, 1, 23).timestamp()
    task = bench.answer(
        lambda then, _: bench.services.tasks.submit(big(bench), then, turn=Turn(window=parse_hours(NIGHT)))
    )
    bench.until(task.id, TaskState.RUNNING)
    with held("IMMEDIATE"), bench.qtbot.waitSignal(bench.services.tasks.refused, timeout=20_000):
        later(bench, clock, 8 * 3600)
    waiting = bench.until(task.id, TaskState.WAITING)
    assert waiting_words(waiting.turn, clock.now).startswith("Waits for its hours")
    later(bench, clock, 16 * 3600)
    bench.until(task.id, TaskState.DONE)


def test_a_task_that_was_saved_is_carried_out_whatever_cannot_be_written_then(bench: Bench) -> None:
    plan = bench.plan()
    with held_between(bench, 2) as begun:
        task = bench.submit(plan)
        assert begun.is_set()
    assert bench.until(task.id, TaskState.DONE).files.downloaded == 4


def test_what_a_dead_process_left_is_offered_once_it_can_be_written(bench: Bench, clock: Clock) -> None:
    plan = bench.plan()
    with Store.open(Places.find().database) as store:
        task = store.tasks.create(plan, "aaaaaaaa", "x", clock.now)
        store._access.value(f"UPDATE task SET owner = '', state = 'running' WHERE id = {task.id}")
    with held_between(bench, 2) as begun:
        later(bench, clock, ADOPTING + 1)
        bench.qtbot.waitUntil(begun.is_set, timeout=10_000)
    later(bench, clock, ADOPTING + 1)
    bench.until(task.id, TaskState.INTERRUPTED)
    bench.services.tasks.resume([task.id])
    assert bench.until(task.id, TaskState.DONE).files.downloaded == 4


def test_a_connection_that_cannot_be_saved_or_forgotten_is_told(bench: Bench, studio: Path) -> None:
    connection, _ = parse_connection("VEGA", studio.as_uri())
    connections = bench.services.connections
    with held():
        with pytest.raises(DatabaseBusy):
            bench.answer(lambda then, failed: connections.save(connection, None, then, failed))
        with pytest.raises(DatabaseBusy):
            bench.answer(lambda then, failed: connections.remove("VEGA", then, failed))
    assert connections.get("VEGA") == connection


def test_a_scan_that_finds_it_held_ends(bench: Bench) -> None:
    with held(), pytest.raises(DatabaseBusy):
        bench.scan()
    assert bench.scan().shots


def test_what_a_scan_found_and_nobody_kept_is_told(bench: Bench) -> None:
    said: list[ShotDockError] = []
    bench.services.library.refused.connect(said.append)
    with held("IMMEDIATE"):
        assert bench.scan().shots
        bench.qtbot.waitUntil(lambda: bool(said), timeout=20_000)
    assert [type(error) for error in said] == [DatabaseBusy]


def test_what_is_known_of_a_tree_answers_if_it_cannot_be_read(bench: Bench) -> None:
    bench.scan()
    with held(), pytest.raises(DatabaseBusy):
        bench.answer(lambda then, failed: bench.services.library.cached("VEGA", then, failed))


def test_a_routine_whose_run_is_not_taken_has_its_next_one(bench: Bench, clock: Clock) -> None:
    said: list[ShotDockError] = []
    routines = bench.services.routines
    routines.refused.connect(said.append)
    planned: list[Routine] = []
    with ExitStack() as holding:

        def look(found: tuple[Routine, ...]) -> None:
            if found and found[0].owner and not planned:
                holding.enter_context(held("IMMEDIATE"))
                planned.extend(found)

        routines.changed.connect(look)
        request = Request("VEGA", bench.destination)
        bench.answer(lambda then, _: routines.add(request, Schedule(clock.now + 60, repeat=Repeat(days=1)), then))
        clock.now += 60
        routines.look()
        bench.qtbot.waitUntil(lambda: bool(said), timeout=20_000)
    assert [type(error) for error in said] == [DatabaseBusy]
    clock.now += 86_460
    routines.look()
    bench.qtbot.waitUntil(lambda: any(task.files.downloaded for task in bench.seen.values()), timeout=20_000)


def test_what_is_to_be_fetched_by_itself_and_was_not_taken_is_fetched_later(qtbot: QtBot, tmp_path: Path) -> None:
    server = Jobs(tmp_path / "served", Size.SMALL)
    server.clock.speed = 0
    try:
        with run_of_the_program(qtbot, server) as farm:
            job = farm.start(rows=120, format="csv")
            farm.desk.follow(job.id, tmp_path / "tables")
            farm.tasks()  # by then it is kept
            server.clock.advance(10)
            with held("IMMEDIATE"):
                farm.clock.advance(2.0)
                farm.until(job.id, lambda job: job.trouble is not None)
            farm.look_again(job.id, 3600.0)
            assert only(farm.landed(job.id)).outcome is Outcome.HERE
    finally:
        server.stop()


def damage() -> None:
    """Have the database be one no more, as a sync program does that puts an old half of it in its place."""
    path = Places.find().database
    path.write_bytes(b"~" * path.stat().st_size)


def test_a_damaged_database_is_told_once_and_what_is_under_way_arrives(bench: Bench) -> None:
    said = refusals(bench)
    looks: list[object] = []
    bench.services.tasks.progressed.connect(looks.append)
    waits = bench.submit(bench.plan(), start=False)
    task = bench.submit(big(bench))
    bench.until(task.id, TaskState.RUNNING)
    damage()
    bench.qtbot.waitUntil(lambda: bool(said), timeout=20_000)
    bench.qtbot.waitUntil(lambda: bool(list(bench.destination.rglob("big.abc"))), timeout=20_000)
    looks.clear()
    bench.services.tasks.look()
    bench.qtbot.waitUntil(lambda: len(looks) > 5, timeout=20_000)  # time and again it was tried to record it
    assert [type(error) for error in said] == [DatabaseDamaged]
    bench.services.tasks.resume([waits.id])
    bench.qtbot.waitUntil(lambda: len(said) == 2, timeout=20_000)
    assert isinstance(said[1], DatabaseDamaged), "what is asked for is refused with the reason"


def test_a_damaged_database_is_told_once_while_nothing_runs(bench: Bench, clock: Clock) -> None:
    said = refusals(bench)
    damage()
    for _ in range(3):
        later(bench, clock, 60)
    bench.qtbot.waitUntil(lambda: bool(said), timeout=20_000)
    bench.services.tasks.load()
    bench.qtbot.waitUntil(lambda: len(said) == 2, timeout=20_000)
    assert [type(error) for error in said] == [DatabaseDamaged] * 2


def test_nothing_is_begun_on_a_damaged_database_that_can_be_read_again(
    bench: Bench, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop.work.runner.HELD", 0.0)
    said = refusals(bench)
    turn = Turn(not_before=clock.now + 3600)
    task = bench.answer(lambda then, _: bench.services.tasks.submit(bench.plan(), then, turn=turn))
    before = Places.find().database.read_bytes()
    damage()
    later(bench, clock, 60)
    bench.qtbot.waitUntil(lambda: bool(said), timeout=20_000)
    Places.find().database.write_bytes(before)
    for _ in range(5):
        later(bench, clock, 7200)
        assert [known.state for known in bench.tasks()] == [TaskState.WAITING]
    assert bench.seen[task.id].state is TaskState.WAITING


def test_what_was_asked_for_as_the_program_ends_keeps_nobody(qtbot: QtBot, studio: Path, tmp_path: Path) -> None:
    """A command's answers come on the thread that closes it, which cannot give them any more then."""
    services = start_services(Places.find(), LogRing(), threaded=False)
    bench = Bench(qtbot, services, studio, tmp_path / "to")
    bench.connect("VEGA", studio)
    services.library.scan("VEGA", ignore, ignore)
    services.shutdown()
