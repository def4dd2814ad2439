"""A dead host is called by one, now and then, and never by everybody again and again."""

import threading
from pathlib import Path

import pytest

from desktop.core.errors import ConnectionLost, ServerBusy, Stopped, Unreachable
from desktop.transfer.budget import HostBudget
from desktop.transfer.circuit import PROBE, TRIES, Circuit
from desktop.transfer.jobs import Job
from desktop.transfer.retry import AGAIN, LATER, Patience, later
from tests.transfer.scripted import Shelf, carry, content, make_run
from tests.transfer.test_budget import Clock

GONE = Unreachable("render.example does not answer.", "Connection refused.")
LANES = 8


def pause(tries: int) -> float:
    return 10.0 * tries


def dead(clock: Clock) -> Circuit:
    circuit = Circuit(clock=clock)
    for _ in range(TRIES):
        assert circuit.ask() is None
        circuit.failed(GONE, pause)
    return circuit


def test_a_few_fruitless_calls_open_it_and_one_answer_closes_it() -> None:
    clock = Clock()
    circuit = dead(clock)
    assert circuit.open
    assert circuit.wait == 10.0
    told = circuit.ask()
    assert isinstance(told, Unreachable)
    assert (told.title, told.cause) == (GONE.title, GONE.cause)
    circuit.well()
    assert not circuit.open
    assert circuit.ask() is None


def test_an_answer_in_between_starts_the_count_anew() -> None:
    circuit = Circuit(clock=Clock())
    for _ in range(TRIES * 2):
        circuit.failed(GONE, pause)
        circuit.well()
    assert not circuit.open


def test_after_the_pause_one_may_call_and_the_others_wait_for_what_it_finds() -> None:
    clock = Clock()
    circuit = dead(clock)
    clock.now += 10.0
    assert [circuit.ask() is None for _ in range(3)] == [True, False, False]
    circuit.failed(GONE, pause)
    clock.now += 19.0
    assert circuit.ask() is not None
    clock.now += 1.0
    assert circuit.ask() is None


def test_whoever_wants_to_know_may_call_at_once() -> None:
    circuit = dead(Clock())
    circuit.hurry()
    assert [circuit.ask() is None for _ in range(2)] == [True, False]
    assert circuit.open


def test_one_who_was_to_find_out_and_never_said_is_not_waited_for_for_ever() -> None:
    clock = Clock()
    circuit = dead(clock)
    clock.now += 10.0
    assert circuit.ask() is None
    clock.now += PROBE
    assert circuit.ask() is None


def test_a_crowd_of_lanes_does_not_knock_at_a_dead_host(tmp_path: Path) -> None:
    """Each of eight lanes alone would call every few milliseconds; together they call as one does."""
    calls = []
    all_in = threading.Event()

    def gone(count: int) -> None:
        if count > LANES:
            calls.append(count)
            raise Unreachable("refused")
        if count == LANES:
            all_in.set()

    def cut(path: str, offset: int) -> None:
        all_in.wait(10)
        raise ConnectionLost("cut")

    shelf = Shelf(on_connect=gone, on_block=cut)
    jobs = [Job(n, "s", shelf.put(f"/{n}", 1000), tmp_path / str(n)) for n in range(LANES * 4)]
    patience = Patience(first=0.02, factor=2.0, cap=0.16, outage=1.0)
    results = carry(make_run(tmp_path, jobs, patience=patience), shelf, LANES)
    assert all(isinstance(done.error, Unreachable) for done in results.values())
    # Until it is known to be dead each lane may have called once; from then on 1 s has room for about ten.
    assert TRIES <= len(calls) <= LANES + 20


def test_they_all_go_on_once_it_is_back(tmp_path: Path) -> None:
    all_in = threading.Event()

    def away(count: int) -> None:
        if LANES < count <= LANES + 12:
            raise Unreachable("refused")
        if count == LANES:
            all_in.set()

    cuts: set[str] = set()

    def cut(path: str, offset: int) -> None:
        all_in.wait(10)
        if path not in cuts and len(cuts) < LANES:
            cuts.add(path)
            raise ConnectionLost("cut")

    shelf = Shelf(on_connect=away, on_block=cut)
    jobs = [Job(n, "s", shelf.put(f"/{n}", 1000), tmp_path / str(n)) for n in range(LANES * 4)]
    budget = HostBudget(LANES)
    results = carry(make_run(tmp_path, jobs), shelf, LANES, budget)
    assert all(done.error is None for done in results.values())
    assert not budget.circuit.open
    assert (tmp_path / "3").read_bytes() == content("/3", 1000)


def opened(seconds: float) -> HostBudget:
    """Return a host nobody calls for so many seconds, on a clock that stands still."""
    budget = HostBudget(LANES, clock=Clock())
    for _ in range(TRIES):
        budget.circuit.failed(ConnectionLost("cut"), lambda _tries: seconds)
    return budget


@pytest.mark.parametrize("answer", [ServerBusy("421 full"), Stopped()], ids=["full", "broken off"])
def test_a_first_call_that_found_it_full_or_nothing_out_holds_nobody_up(tmp_path: Path, answer: Exception) -> None:
    def first(count: int) -> None:
        if count == 1:
            raise answer

    shelf = Shelf(on_connect=first)
    job = Job(1, "s", shelf.put("/1", 1000), tmp_path / "1")
    results = carry(make_run(tmp_path, [job]), shelf, 1, opened(0.0))
    assert results[1].error is None


def test_one_who_finds_it_back_frees_the_others_from_their_pauses(tmp_path: Path) -> None:
    """Another task's lane gets in; this one would have slept for an hour."""
    shelf = Shelf()
    budget = opened(3600.0)
    job = Job(1, "s", shelf.put("/1", 1000), tmp_path / "1")
    other = threading.Timer(0.3, budget.circuit.well)
    other.start()
    results = carry(make_run(tmp_path, [job]), shelf, 1, budget)
    other.join()
    assert results[1].error is None


@pytest.mark.parametrize(
    ("attempts", "lasting", "silent", "wait"),
    [
        (0, 0.0, True, LATER[0]),
        (2, 0.0, True, LATER[2]),
        (50, 3600.0, True, LATER[-1]),
        (50, 12 * 3600.0, True, None),
        (AGAIN - 1, 0.0, False, LATER[AGAIN - 1]),
        (AGAIN, 0.0, False, None),
    ],
)
def test_a_whole_task_is_tried_again_within_bounds(
    attempts: int, lasting: float, silent: bool, wait: float | None
) -> None:
    assert later(attempts, lasting, silent, 12 * 3600.0, vary=lambda: 0.5) == wait


def test_no_patience_is_none() -> None:
    assert later(0, 0.0, True, 0.0) is None
