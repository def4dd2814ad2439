"""A host that does not answer is asked by one, now and then, not by every lane of every task."""

import copy
import threading
import time
from collections.abc import Callable

from desktop.core.errors import ConnectionLost, ShotDockError, TimedOut, Unreachable

SILENT = (Unreachable, TimedOut, ConnectionLost)
"""What a host does that is not there: as errors of connecting to it."""
TRIES = 3
"""Fruitless calls in a row, whoever made them, after which the host counts as dead."""
PROBE = 30.0
"""Seconds in which whoever asks a dead host again is left to find out, before another one does."""


class Circuit:
    """Counts calls to one host that found nobody. All methods are thread-safe.

    While it is open nobody calls; after the pause that the last caller wanted, one may, and what they find decides
    for all.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failed = 0
        self._since = 0.0
        self._until = self._probed_until = 0.0
        self._error: ShotDockError | None = None

    @property
    def open(self) -> bool:
        """Tell whether the host counts as dead, also while someone finds out anew."""
        return self._failed >= TRIES

    @property
    def wait(self) -> float:
        """Return how many seconds nobody may call yet, 0 or less if somebody may."""
        return max(self._until, self._probed_until) - self._clock() if self.open else 0.0

    @property
    def lasting(self) -> float:
        """Return for how many seconds the host has been dead, whoever found out, 0 if it is not."""
        return self._clock() - self._since if self.open else 0.0

    def ask(self) -> ShotDockError | None:
        """Return None if the host may be called now, else what the last one who called heard."""
        with self._lock:
            if self._failed < TRIES:
                return None
            if self.wait > 0:
                assert self._error is not None, "someone has failed"
                # Each lane raises its own: a shared one would gather everybody's tracebacks.
                return copy.copy(self._error).with_traceback(None)
            self._probed_until = self._clock() + PROBE
            return None

    def failed(self, error: ShotDockError, pause: Callable[[int], float]) -> None:
        """Note a call that found nobody. pause: seconds to wait after so many fruitless tries of a dead host."""
        with self._lock:
            if not self._failed:
                self._since = self._clock()
            self._failed += 1
            self._error = error
            self._until = self._clock() + pause(max(1, self._failed - TRIES + 1))
            self._probed_until = 0.0

    def well(self) -> None:
        """Note that the host answered."""
        with self._lock:
            self._failed = 0
            self._error = None

    def untold(self) -> None:
        """Note that whoever called came back without knowing: somebody else may find out."""
        with self._lock:
            self._probed_until = 0.0

    def hurry(self) -> None:
        """Let the next one call at once: somebody has reason to think that the host is back, or wants to know."""
        with self._lock:
            self._until = self._probed_until = 0.0
