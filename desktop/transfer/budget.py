"""What a host bears, how many connections and when: shared by every lane and scan that goes there."""

import threading
import time
from collections.abc import Callable

from desktop.transfer.circuit import Circuit
from desktop.transfer.retry import LONGEST_WISH

GROWTH = 60.0
"""Seconds without a refusal after which one more connection is tried again."""


class HostBudget:
    """Counts connections to one host. Whoever takes a place gives it back; all methods are thread-safe.

    A refusal (421, MaxSessions, 503) shrinks the limit below what is in use; it grows back by one whenever
    connections did well for GROWTH seconds, up to the limit it began with. A host that says for how long it
    wants to be left alone is asked nothing until then, by anybody. circuit: whether it answers at all.
    """

    def __init__(self, limit: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = max(1, limit)
        self._limit = self._most
        self._used = 0
        self._clock = clock
        self._changed = clock()
        self._rest_until = self._changed
        self._lock = threading.Lock()
        self.circuit = Circuit(clock=clock)

    @property
    def limit(self) -> int:
        """Return how many connections may be open now, at least 1."""
        return self._limit

    @property
    def used(self) -> int:
        """Return how many are taken."""
        return self._used

    @property
    def resting(self) -> float:
        """Return for how many more seconds the host wants to be left alone, 0 or less if it may be asked."""
        return self._rest_until - self._clock()

    def rest(self, seconds: float) -> None:
        """Note that the host wants to be left alone for so many seconds, LONGEST_WISH at most."""
        with self._lock:
            self._rest_until = max(self._rest_until, self._clock() + min(seconds, LONGEST_WISH))

    def take(self, spare: int = 0) -> bool:
        """Take a place if more than `spare` are free; never waits."""
        with self._lock:
            if self._used + spare >= self._limit:
                return False
            self._used += 1
            return True

    def give_back(self) -> None:
        """Give a taken place back."""
        with self._lock:
            self._used = max(0, self._used - 1)

    def shrink(self) -> None:
        """Note that the host refused one of the connections in use: allow one less than these from now on."""
        with self._lock:
            self._limit = max(1, min(self._limit, self._used) - 1)
            self._changed = self._clock()

    def grow(self) -> None:
        """Note that a connection does well; after GROWTH seconds of that, allow one more."""
        with self._lock:
            if self._limit < self._most and self._clock() - self._changed >= GROWTH:
                self._limit += 1
                self._changed = self._clock()
