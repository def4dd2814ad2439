"""The clock that the demo's jobs run by: as fast as wanted, and it can be put forward."""

import time
from datetime import UTC, datetime


class Clock:
    """Seconds since it was made. speed: of these to a real second; 0 stands still until `advance`."""

    def __init__(self) -> None:
        self._made = time.time()
        self._state = (0.0, time.monotonic(), 1.0)

    @property
    def speed(self) -> float:
        """Return how fast it goes."""
        return self._state[2]

    @speed.setter
    def speed(self, speed: float) -> None:
        self._state = (self.now(), time.monotonic(), speed)

    def now(self) -> float:
        """Return the time."""
        reached, since, speed = self._state
        return reached + (time.monotonic() - since) * speed

    def advance(self, seconds: float) -> None:
        """Put it forward."""
        self._state = (self.now() + seconds, time.monotonic(), self.speed)

    def told(self, moment: float) -> str:
        """Return a time of this clock as people tell it, in ISO 8601."""
        return datetime.fromtimestamp(self._made + moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
