"""How long to wait, and when to give up."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from desktop.core.errors import ServerBusy

LONGEST_WISH = 600.0
"""Seconds: a server's Retry-After is honoured up to here; some ask for years."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds and counts of trying again.

    first, factor, cap: the wait after the first fruitless try, its growth and its limit, each varied by up to
    a quarter so that lanes do not knock in step. outage: how long a site that has answered before, or is busy, may
    stay fruitless, beside the time it asked to be left alone. attempts: fruitless tries of one file. recheck: the
    pause before a file that changed on the server is looked at again.
    """

    first: float = 0.5
    factor: float = 2.0
    cap: float = 60.0
    outage: float = 300.0
    attempts: int = 5
    recheck: float = 2.0

    def pause(self, tries: int, error: Exception | None = None, vary: Callable[[], float] = random.random) -> float:
        """Return how long to wait after so many fruitless tries in a row (from 1), at least what a busy server asks."""
        wait = min(self.cap, self.first * self.factor ** min(tries - 1, 32)) * (0.75 + vary() / 2)
        if isinstance(error, ServerBusy) and error.retry_after is not None:
            return max(wait, min(error.retry_after, LONGEST_WISH))
        return wait
