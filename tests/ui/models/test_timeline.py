"""Frames and seconds: numbers, middles, ends, and how they are written."""

import pytest

from desktop.ui.models.timeline import Timeline, clock


@pytest.mark.parametrize(
    ("rate", "seconds", "frames"),
    [
        (24.0, 3.0, 72),
        (24.0, 3.021, 72),  # sound that is half a frame longer than the picture
        (24.0, 0.958, 23),  # whole milliseconds: 23 frames are 958.33 ms
        (24000 / 1001, 10.01, 240),
        (24000 / 1001, 10.010, 240),
        (30.0, 0.999, 30),  # cut off rather than rounded
        (60.0, 1.0, 60),
        (24.0, 0.0, 1),
    ],
)
def test_the_last_frame(rate: float, seconds: float, frames: int) -> None:
    assert Timeline(rate, seconds).last + 1 == frames


@pytest.mark.parametrize("rate", [12.0, 24000 / 1001, 24.0, 25.0, 29.97, 60.0, 120.0])
def test_every_frame_is_found_again_by_its_beginning_and_its_middle_in_milliseconds(rate: float) -> None:
    timeline = Timeline(rate, 3600.0)
    for number in (*range(500), *range(timeline.last - 500, timeline.last + 1)):
        assert timeline.number(number / rate) == number
        assert int(round(timeline.middle(number) * 1000) / 1000 * rate) == number


def test_no_frame_lies_outside() -> None:
    timeline = Timeline(24.0, 1.0)
    assert timeline.number(-1.0) == 0
    assert timeline.number(99.0) == timeline.last == 23
    assert timeline.middle(99) == timeline.middle(23) < 1.0
    assert timeline.middle(-5) == timeline.middle(0)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0:00"),
        (7.99, "0:07"),
        (60, "1:00"),
        (59.9999, "1:00"),
        (3600, "1:00:00"),
        (3723.5, "1:02:03"),
        (-1, "0:00"),
    ],
)
def test_a_time_is_written_in_minutes_and_seconds(seconds: float, words: str) -> None:
    assert clock(seconds) == words
