"""Limits, in tokens counted by a clock of our own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.core.errors import Stopped
from desktop.transfer.pace import BURST, Pace


class Clock:
    """Time that passes only while someone naps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.naps = 0

    def __call__(self) -> float:
        return self.now

    def nap(self, seconds: float) -> None:
        assert 0 < seconds <= 0.1
        self.now += seconds
        self.naps += 1


def never() -> bool:
    return False


def paced(rate: float | None, parent: Pace | None = None) -> tuple[Pace, Clock]:
    clock = Clock()
    return Pace(rate, parent, clock=clock, nap=clock.nap), clock


@given(st.floats(1e5, 1e9), st.lists(st.integers(1, 100_000), min_size=20, max_size=60))
def test_no_more_passes_than_the_rate_allows_nor_much_less(rate: float, takes: list[int]) -> None:
    pace, clock = paced(rate)
    for count in takes:
        pace.take(count, never)
    seconds = clock.now - 1000.0
    # The last take may be overdrawn; the bucket never holds more than a burst.
    assert sum(takes[:-1]) <= rate * (seconds + BURST) + 1
    assert seconds <= sum(takes[:-1]) / rate + 1e-4 * len(takes) + 0.1


@pytest.mark.parametrize(
    ("rate", "parent", "portion"),
    [
        (None, None, 1 << 20),
        (1e9, None, 1 << 20),
        (1e6, None, 250_000),
        (1e6, 1e5, 25_000),
        (None, 1e5, 25_000),
        (0, None, 4096),
    ],
)
def test_what_is_read_at_once_is_never_worth_more_than_a_burst(
    rate: float | None, parent: float | None, portion: int
) -> None:
    assert Pace(rate, Pace(parent)).portion(1 << 20) == portion


def test_without_a_limit_nobody_waits() -> None:
    pace, clock = paced(None)
    assert not pace.limited
    pace.take(10**12, never)
    assert clock.naps == 0


def test_the_lowest_limit_of_all_holds() -> None:
    clock = Clock()
    whole = Pace(1000.0, clock=clock, nap=clock.nap)
    mine = Pace(None, whole, clock=clock, nap=clock.nap)
    other = Pace(5000.0, whole, clock=clock, nap=clock.nap)
    assert mine.limited and other.limited
    for _ in range(50):
        mine.take(100, never)
        other.take(100, never)
    assert clock.now - 1000.0 == pytest.approx(10_000 / 1000, rel=0.05)


def test_a_pause_saves_up_a_moment_only() -> None:
    pace, clock = paced(1000.0)
    pace.take(1, never)
    clock.now += 3600
    before = clock.now
    for _ in range(100):
        pace.take(100, never)
    assert clock.now - before == pytest.approx(10_000 / 1000 - BURST, abs=0.2)


def test_a_new_limit_holds_at_once_for_those_who_wait() -> None:
    clock = Clock()
    pace = Pace(1.0, clock=clock, nap=lambda seconds: turn(seconds))
    pace.take(1000, never)

    def turn(seconds: float) -> None:
        clock.nap(seconds)
        pace.rate = None

    pace.take(1, never)
    assert clock.naps == 1
    assert pace.rate is None


def test_who_waits_can_be_stopped() -> None:
    pace, clock = paced(1.0)
    pace.take(100, never)
    with pytest.raises(Stopped):
        pace.take(1, lambda: clock.naps >= 3)
    assert clock.naps == 3
