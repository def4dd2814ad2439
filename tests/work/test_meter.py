"""What a task's figures foretell: nothing by a handful of bytes."""

import pytest

from desktop.work.active import ENOUGH, STEADY_WINDOW, Meter

MB = 1_000_000


def read(*stretches: tuple[float, float]) -> Meter:
    """Return a meter read five times a second while bytes came. stretches: seconds, and bytes/s meanwhile."""
    meter, now, came = Meter(), 0.0, 0.0
    meter.mark(now, 0)
    for seconds, speed in stretches:
        for _ in range(round(seconds * 5)):
            now += 0.2
            came += speed / 5
            meter.mark(now, int(came))
    return meter


def test_a_steady_line_is_believed_from_its_first_reading() -> None:
    assert read((0.2, 5 * MB)).steady == pytest.approx(5 * MB)
    assert read((60, 5 * MB)).steady == pytest.approx(5 * MB)


def test_a_slow_line_is_believed_once_enough_came() -> None:
    assert read((3, 10_000)).steady == 0.0
    assert read((20, 10_000)).steady == pytest.approx(10_000, rel=0.05)


@pytest.mark.parametrize("before", [0.0, 50 * MB], ids=["from the start", "after a good one"])
def test_a_handful_of_bytes_foretells_nothing(before: float) -> None:
    assert read((10, before), (STEADY_WINDOW + 1, 100)).steady == 0.0


def test_a_line_that_just_broke_is_judged_by_what_came_before_it() -> None:
    meter = read((10, 50 * MB), (6, 0))
    assert meter.mark(16.2, 500 * MB) == 0.0
    assert meter.steady >= ENOUGH / STEADY_WINDOW


def test_a_change_of_speed_is_noticed_as_soon_as_before() -> None:
    assert read((20, 50 * MB), (3.2, MB)).steady == pytest.approx(MB, rel=0.05)


def test_readings_far_apart_are_told_apart() -> None:
    """A computer that slept, a thread that was busy."""
    meter = Meter()
    meter.mark(0.0, 0)
    assert meter.mark(100.0, 10 * MB) == pytest.approx(100_000)
