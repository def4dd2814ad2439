"""How many bytes may move a second: token buckets, one per limit, asked together."""

import threading
import time
from collections.abc import Callable

from desktop.core.errors import Stopped

LONGEST_NAP = 0.1
"""Seconds between two looks at whether the task was stopped or the limit changed."""
SHORTEST_NAP = 0.0001
"""Seconds; what is owed for less is not worth a nap."""
SMALLEST = 4096
"""Bytes that are read at once however low the limit is."""
BURST = 0.25
"""Seconds' worth of unused bytes a limit carries over."""


class Pace:
    """A limit in bytes/s, None for none, below the limits of its parents.

    Set `rate` at any time, from any thread: waiting lanes follow at once. A take may overdraw its bucket, the
    next one waits until it is paid back, so that large blocks keep the exact rate in the long run.
    """

    def __init__(
        self,
        rate: float | None = None,
        parent: "Pace | None" = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        nap: Callable[[float], None] = time.sleep,
    ) -> None:
        self._rate = rate
        self._parent = parent
        self._clock, self._nap = clock, nap
        self._lock = threading.Lock()
        self._tokens = 0.0
        self._filled = clock()

    @property
    def rate(self) -> float | None:
        """Return the limit in bytes/s, or None."""
        return self._rate

    @rate.setter
    def rate(self, rate: float | None) -> None:
        with self._lock:
            self._fill()
            # A debt made under a generous limit is not to be paid off under a mean one for minutes.
            self._tokens = 0.0
            self._rate = rate

    @property
    def limited(self) -> bool:
        """Tell whether any limit holds now."""
        return self._rate is not None or (self._parent is not None and self._parent.limited)

    @property
    def owing(self) -> bool:
        """Tell whether more has come already than any of the limits lets through yet: nothing is asked for now."""
        with self._lock:
            self._fill()
            mine = self._rate is not None and self._tokens < 0
        return mine or (self._parent is not None and self._parent.owing)

    def portion(self, most: int) -> int:
        """Return how many bytes to read at once, so that no limit moves in steps of more than BURST seconds.

        most: how many it would be without a limit.
        """
        rate = self._rate
        if rate is not None:
            most = min(most, max(SMALLEST, int(rate * BURST)))
        return most if self._parent is None else self._parent.portion(most)

    def take(self, count: int, stopped: Callable[[], bool]) -> None:
        """Wait until count bytes may pass under every limit; raise Stopped once `stopped()` is true meanwhile."""
        if self._rate is not None:
            while wait := self._ask(count):
                if stopped():
                    raise Stopped
                self._nap(min(wait, LONGEST_NAP))
        if self._parent is not None:
            self._parent.take(count, stopped)

    def _ask(self, count: int) -> float:
        """Take count bytes and return 0, or return how many seconds to wait before asking again."""
        with self._lock:
            rate = self._rate
            if rate is None:
                return 0.0
            self._fill()
            if self._tokens < 0:
                return max(-self._tokens / rate, SHORTEST_NAP) if rate > 0 else LONGEST_NAP
            self._tokens -= count
            return 0.0

    def _fill(self) -> None:
        now = self._clock()
        if self._rate is not None:
            self._tokens = min(self._tokens + (now - self._filled) * self._rate, self._rate * BURST)
        self._filled = now
