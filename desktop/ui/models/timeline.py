"""Frames and seconds of a video: which frame is shown when, and how both are written."""

from dataclasses import dataclass

USUAL_RATE = 24.0
"""Frames per second of a video that tells none."""

SLACK = 0.01
"""Frames by which a told duration may fall short of its last frame: durations are whole milliseconds."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """The frames of one video, counted from 0. rate: frames per second. seconds: how long its picture is."""

    rate: float = USUAL_RATE
    seconds: float = 0.0

    @property
    def last(self) -> int:
        """Return the last frame's number."""
        return max(0, int(self.seconds * self.rate + max(SLACK, self.rate / 1000)) - 1)

    def number(self, start: float) -> int:
        """Return the number of the frame that begins at a time in seconds."""
        return min(self.last, max(0, round(start * self.rate)))

    def middle(self, number: int) -> float:
        """Return a time in seconds at which this frame is shown for certain: its beginning may be rounded away."""
        return (min(self.last, max(0, number)) + 0.5) / self.rate

    def clock(self, number: int) -> str:
        """Return the time a frame begins, e.g. `0:07` or `1:02:03`."""
        return clock(number / self.rate)

    def whole(self) -> str:
        """Return the duration."""
        return clock(self.seconds)


def clock(seconds: float) -> str:
    """Return a time as m:ss, or h:mm:ss from an hour on."""
    minutes, rest = divmod(int(max(0.0, seconds) + 0.001), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
