"""Lanes: when they try again, when they leave, and when they give a whole site up."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from desktop.core.connection import Address
from desktop.core.errors import (
    ConnectionLost,
    HostKeyChanged,
    LoginFailed,
    ServerBusy,
    ShotDockError,
    TimedOut,
    Unreachable,
    Unsupported,
)
from desktop.core.task import FileResult
from desktop.transfer.budget import HostBudget
from desktop.transfer.circuit import TRIES
from desktop.transfer.jobs import Job
from desktop.transfer.lane import FIRST_TRIES, Lane
from desktop.transfer.ports import Feed, Site, Source
from desktop.transfer.retry import Patience
from desktop.transfer.run import Run
from desktop.transfer.sources.ftp import FtpSource
from tests.servers.scripted_ftp import ScriptedFtp
from tests.transfer.scripted import HASTY, ScriptedSource, Shelf, carry, make_run

R = FileResult
EAGER = replace(HASTY, first=0.0)


def jobs_of(root: Path, shelf: Shelf, count: int, size: int = 100) -> list[Job]:
    return [Job(i, "s", shelf.put(f"/{i}", size), root / f"{i}") for i in range(count)]


@pytest.mark.parametrize(
    "error",
    [
        Unreachable("refused"),
        LoginFailed("wrong password"),
        HostKeyChanged("another key"),
        Unsupported("no such feature"),
    ],
    ids=lambda error: error.kind,
)
def test_a_site_that_cannot_be_entered_is_asked_once(tmp_path: Path, error: ShotDockError) -> None:
    """R22: no account is locked out by us."""

    def refuse(count: int) -> None:
        raise error

    shelf = Shelf(on_connect=refuse)
    results = carry(make_run(tmp_path, jobs_of(tmp_path, shelf, 5)), shelf)
    assert shelf.connects == 1
    assert [done.error for done in results.values()] == [error] * 5
    assert not list(tmp_path.iterdir())


def test_a_first_connection_that_breaks_is_tried_a_few_times(tmp_path: Path) -> None:
    def slow(count: int) -> None:
        raise TimedOut("no greeting")

    shelf = Shelf(on_connect=slow)
    results = carry(make_run(tmp_path, jobs_of(tmp_path, shelf, 2)), shelf)
    assert shelf.connects == FIRST_TRIES
    assert all(isinstance(done.error, TimedOut) for done in results.values())


def test_a_busy_server_is_waited_for(tmp_path: Path) -> None:
    def busy(count: int) -> None:
        if count < 3 * FIRST_TRIES:
            raise ServerBusy("421 too many connections")

    shelf = Shelf(on_connect=busy)
    results = carry(make_run(tmp_path, jobs_of(tmp_path, shelf, 2)), shelf)
    assert all(done.result is R.DOWNLOADED for done in results.values())


@pytest.mark.parametrize("error", [Unreachable("refused"), TimedOut("silence"), ConnectionLost("reset")], ids=type)
def test_an_outage_after_a_good_start_is_sat_out(tmp_path: Path, error: ShotDockError) -> None:
    def outage(count: int) -> None:
        if 1 < count < 12:
            raise error

    def cut(path: str, offset: int) -> None:
        if path == "/1" and shelf.connects == 1:
            raise ConnectionLost("cut")

    shelf = Shelf(on_connect=outage, on_block=cut)
    results = carry(make_run(tmp_path, jobs_of(tmp_path, shelf, 3)), shelf)
    assert all(done.result is R.DOWNLOADED for done in results.values())
    assert shelf.connects == 12


def test_an_outage_ends_in_the_error_that_made_it(tmp_path: Path) -> None:
    def gone(count: int) -> None:
        if count > 1:
            raise Unreachable("refused")

    def cut(path: str, offset: int) -> None:
        if path == "/1":
            raise ConnectionLost("cut")

    shelf = Shelf(on_connect=gone, on_block=cut)
    patience = Patience(first=0.001, cap=0.01, outage=0.1)
    results = carry(make_run(tmp_path, jobs_of(tmp_path, shelf, 3), patience=patience), shelf)
    assert results[0].result is R.DOWNLOADED
    assert all(isinstance(results[i].error, Unreachable) for i in (1, 2))


def test_a_rest_longer_than_an_outage_is_none(tmp_path: Path) -> None:
    """R21: a server may ask to be left alone for longer than one that says nothing is waited for."""

    def busy(count: int) -> None:
        if count < 3:
            raise ServerBusy("come back later", retry_after=1.1)

    shelf = Shelf(on_connect=busy)
    patience = Patience(first=0.001, cap=0.01, outage=1.0)
    results = carry(make_run(tmp_path, jobs_of(tmp_path, shelf, 1), patience=patience), shelf)
    assert (results[0].result, shelf.connects) == (R.DOWNLOADED, 3)


def test_a_login_refused_later_is_not_knocked_at(tmp_path: Path) -> None:
    def changed(count: int) -> None:
        if count > 1:
            raise LoginFailed("the password changed")

    def cut(path: str, offset: int) -> None:
        if path == "/1":
            raise ConnectionLost("cut")

    shelf = Shelf(on_connect=changed, on_block=cut)
    results = carry(make_run(tmp_path, jobs_of(tmp_path, shelf, 3)), shelf)
    assert shelf.connects == 2
    assert isinstance(results[2].error, LoginFailed)


@pytest.mark.parametrize("error", [ServerBusy("421"), LoginFailed("too many logins")], ids=type)
def test_a_refused_second_lane_shrinks_the_budget_and_leaves_the_work_to_the_first(
    tmp_path: Path, error: ShotDockError
) -> None:
    """R23: everything completes with what the server grants."""
    inside, refused = threading.Event(), threading.Event()

    def one_only(count: int) -> None:
        if count > 1:
            assert inside.wait(20)
            refused.set()
            raise error

    def hold(path: str, offset: int) -> None:
        inside.set()
        assert refused.wait(20)

    shelf = Shelf(on_connect=one_only, on_block=hold)
    budget = HostBudget(2)
    results = carry(make_run(tmp_path, jobs_of(tmp_path, shelf, 20)), shelf, budget=budget)
    assert all(done.result is R.DOWNLOADED for done in results.values())
    assert budget.limit == 1


def test_only_the_oldest_file_is_held_responsible_for_a_lost_connection(tmp_path: Path) -> None:
    """A pipelined source has many files open when the line breaks; those at the back had no chance yet.

    Whoever was held responsible goes to the end, and from then on alone: the others are not blamed for it.
    """
    shelf = Shelf()
    run = make_run(tmp_path, jobs_of(tmp_path, shelf, 4), patience=EAGER)
    feed = run.feed("s")

    def out() -> list[str]:
        return [piece.file.path for piece in (feed.next() for _ in range(4)) if piece]

    for waiting in (["/0", "/1", "/2", "/3"], ["/1", "/2", "/3"], ["/2", "/3"], ["/3"]):
        assert out() == waiting
        feed.hand_back(ConnectionLost("reset"))
    for _ in range(3):
        for suspect in ("/0", "/1", "/2", "/3"):
            assert out() == [suspect]
            feed.hand_back(ConnectionLost("reset"))
    assert run.drain() == []
    assert out() == ["/0"]
    feed.hand_back(ConnectionLost("reset"))
    assert [done.id for done in run.drain()] == [0], "after five tries of its own"
    results = carry(run, shelf)
    assert all(results[i].result is R.DOWNLOADED for i in (1, 2, 3))


def test_nothing_is_carried_beside_a_file_that_broke_a_connection(tmp_path: Path) -> None:
    """Not even what waits behind it."""
    shelf = Shelf()
    run = make_run(tmp_path, jobs_of(tmp_path, shelf, 2), patience=EAGER)
    feed = run.feed("s")
    assert feed.next() and feed.next()
    feed.hand_back(ConnectionLost("reset"))
    busy = feed.next()
    assert busy is not None and busy.file.path == "/1"
    busy.failed(ServerBusy("450 in use"))
    suspect = feed.next()
    assert suspect is not None and suspect.file.path == "/0"
    assert run.wants("s") == 1 and feed.next() is None
    feed.hand_back()
    results = carry(run, shelf)
    assert all(done.result is R.DOWNLOADED for done in results.values())


def test_a_file_that_breaks_every_connection_costs_the_others_one_try_at_most(tmp_path: Path) -> None:
    """Many are under way at once over one line; the one that breaks it is not the oldest of them."""
    shelf = Shelf()
    run = make_run(tmp_path, jobs_of(tmp_path, shelf, 40), patience=EAGER)
    feed = run.feed("s")
    tries: Counter[str] = Counter()
    while not run.finished:
        pieces = [piece for piece in (feed.next() for _ in range(8)) if piece]
        tries.update(piece.file.path for piece in pieces[:1])
        if any(piece.file.path == "/5" for piece in pieces):
            feed.hand_back(ConnectionLost("reset"))
            continue
        for piece in pieces:
            piece.opened(shelf.entry(piece.file.path))
            piece.write(0, shelf.files[piece.file.path])
            piece.finished()
    run.close()
    results = {done.id: done for done in run.drain()}
    assert [number for number, done in results.items() if done.result is R.FAILED] == [5]
    assert tries["/5"] == EAGER.attempts
    assert max(count for path, count in tries.items() if path != "/5") <= 2


def test_a_host_that_asks_for_one_rest_after_the_other_is_given_up_with_its_cause(tmp_path: Path) -> None:
    def busy(count: int) -> None:
        raise ServerBusy("It is busy.", "503.", retry_after=0.2)

    shelf = Shelf(on_connect=busy)
    # Longer than a busy machine oversleeps, no longer than the host asks for in all.
    patience = replace(HASTY, outage=0.75)
    results = carry(make_run(tmp_path, jobs_of(tmp_path, shelf, 3), patience=patience), shelf)
    assert shelf.connects == HASTY.rests == 4
    errors = [done.error for done in results.values()]
    assert all(isinstance(error, ServerBusy) for error in errors)
    assert errors[0] is not None and errors[0].cause.startswith(f"503. It asked for {HASTY.rests} rests in a row")


def test_a_host_that_asks_for_short_rests_is_waited_for_as_long_as_one_that_is_away(tmp_path: Path) -> None:
    def busy(count: int) -> None:
        if count <= 10 * HASTY.rests:
            raise ServerBusy("It is busy.", retry_after=0.001)

    shelf = Shelf(on_connect=busy)
    results = carry(make_run(tmp_path, jobs_of(tmp_path, shelf, 3)), shelf)
    assert all(done.result is R.DOWNLOADED for done in results.values())


def test_what_a_host_asks_for_is_no_try_of_the_file_it_was_asked_for(tmp_path: Path) -> None:
    shelf = Shelf()
    run = make_run(tmp_path, jobs_of(tmp_path, shelf, 1), patience=EAGER)
    feed = run.feed("s")
    for _ in range(3 * EAGER.attempts):
        assert feed.next() is not None
        feed.hand_back(ServerBusy("It is busy.", retry_after=1e-9))
    assert carry(run, shelf)[0].result is R.DOWNLOADED


def test_rests_with_a_byte_in_between_are_not_in_a_row(tmp_path: Path) -> None:
    def busy(count: int) -> None:
        if count % 2:
            raise ServerBusy("It is busy.", retry_after=0.001)

    def cut(path: str, offset: int) -> None:
        if offset >= 1000 * (shelf.connects // 2):
            raise ConnectionLost("cut")

    shelf = Shelf(block=1000, on_connect=busy, on_block=cut)
    run = make_run(tmp_path, jobs_of(tmp_path, shelf, 1, size=8000))
    results = carry(run, shelf)
    assert (results[0].result, shelf.connects) == (R.DOWNLOADED, 16)
    assert run.rests == {}, "every byte has them forgotten"


def started(run: Run, source: Callable[[], ScriptedSource]) -> tuple[Lane, threading.Thread]:
    lane = Lane(run, "s", source, HostBudget(1))
    thread = threading.Thread(target=lane.carry)
    thread.start()
    return lane, thread


def test_stop_ends_a_lane_that_rests(tmp_path: Path) -> None:
    tried = threading.Event()

    def slow(count: int) -> None:
        tried.set()
        raise ServerBusy("come back later", retry_after=3600)

    shelf = Shelf(on_connect=slow)
    run = make_run(tmp_path, jobs_of(tmp_path, shelf, 1))
    _, thread = started(run, lambda: ScriptedSource(shelf))
    assert tried.wait(20)
    run.stop()
    thread.join(20)
    assert not thread.is_alive()
    run.close()
    assert run.drain() == []


@pytest.mark.parametrize("crowd", [1, TRIES], ids=["by itself", "with all who call a dead host"])
def test_a_lane_that_rests_ends_once_nothing_is_left_to_bring(tmp_path: Path, crowd: int) -> None:
    """A server may take one connection and reset all others: what that one brings nobody else has to wait for."""
    inside, turned_away = threading.Event(), threading.Semaphore(0)

    def connect(count: int) -> None:
        if count > 1:
            turned_away.release()
            raise ConnectionLost("reset")

    def hold(path: str, _count: int) -> None:
        if path == "/0":
            inside.set()
            assert all(turned_away.acquire(timeout=20) for _ in range(crowd))

    shelf = Shelf(on_connect=connect, on_open=hold)
    run = make_run(tmp_path, jobs_of(tmp_path, shelf, 3), patience=Patience(first=120.0, cap=120.0))
    budget = HostBudget(1 + crowd)
    lanes = [Lane(run, "s", lambda: ScriptedSource(shelf), budget) for _ in range(1 + crowd)]
    threads = [threading.Thread(target=lane.carry) for lane in lanes]
    threads[0].start()
    assert inside.wait(20)
    for thread in threads[1:]:
        thread.start()
    try:
        for thread in threads:
            thread.join(20)
            assert not thread.is_alive()
        assert run.finished
    finally:
        run.stop()
        run.close()


def test_close_breaks_off_a_source_that_hangs(tmp_path: Path) -> None:
    hanging = threading.Event()
    released = threading.Event()

    class Hanging(ScriptedSource):
        def connect(self) -> None:
            hanging.set()
            assert released.wait(20)
            raise ConnectionLost("closed")

        def close(self) -> None:
            released.set()

    shelf = Shelf()
    run = make_run(tmp_path, jobs_of(tmp_path, shelf, 1))
    lane, thread = started(run, lambda: Hanging(shelf))
    assert hanging.wait(20)
    run.stop()
    lane.close()
    thread.join(20)
    assert not thread.is_alive()
    run.close()


def test_a_lane_closed_while_it_takes_over_a_connection_opens_no_other(tmp_path: Path) -> None:
    """A plan left that one. Nobody breaks a lane off twice, and the server may take its time to answer."""

    def now() -> float:
        if taken:  # it asks whether the host may be called
            lane.close()
        return time.monotonic()

    def take() -> Source:
        taken.append(source)
        return source

    taken: list[Source] = []
    run = make_run(tmp_path, jobs_of(tmp_path, Shelf(), 1))
    with ScriptedFtp() as server:
        source = FtpSource(Site(Address("ftp", server.host, server.port)))
        source.connect()
        budget = HostBudget(1, clock=now)
        for _ in range(TRIES):
            budget.circuit.failed(ConnectionLost("reset"), lambda _tries: 0.0)
        lane = Lane(run, "s", take, budget)
        lane.carry()
    run.close()
    assert server.commands.count("USER anonymous") == 1


def test_a_fault_of_the_program_leaves_no_piece_behind(tmp_path: Path) -> None:
    class Broken(ScriptedSource):
        def read(self, feed: Feed) -> None:
            assert feed.next()
            raise ZeroDivisionError

    shelf = Shelf()
    run = make_run(tmp_path, jobs_of(tmp_path, shelf, 2), patience=HASTY)
    lane = Lane(run, "s", lambda: Broken(shelf), HostBudget(1))
    with pytest.raises(ZeroDivisionError):
        lane.carry()
    assert run.counters().lanes == 0
    assert run.wants("s")
    assert len(carry(run, shelf)) == 2


def test_a_lane_closed_while_its_source_is_made_connects_to_nobody(tmp_path: Path) -> None:
    shelf = Shelf()
    run = make_run(tmp_path, jobs_of(tmp_path, shelf, 1))

    def opened() -> ScriptedSource:
        lane.close()
        return ScriptedSource(shelf)

    budget = HostBudget(1)
    assert budget.take()
    lane = Lane(run, "s", opened, budget)
    lane.carry()
    assert shelf.connects == 0
    assert not run.finished
    run.close()
    assert run.drain() == []
