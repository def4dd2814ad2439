"""How long to wait, and when to give up."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from desktop.core.errors import ServerBusy

LATER = (60.0, 300.0, 900.0, 1800.0, 3600.0)
"""Seconds after which a task that got nowhere is tried again: the first time, the second, and so on."""
AGAIN = 3
"""How often a task is tried again whose server answers but whose files fail for passing reasons."""

LONGEST_WISH = 600.0
"""Seconds: a server's Retry-After is honoured up to here; some ask for years."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds and counts of trying again.

    first, factor, cap: the wait after the first fruitless try, its growth and its limit, each varied by up to
    a quarter so that lanes do not knock in step. outage: how long a site that has answered before, or is busy, may
    stay fruitless, beside the time it asked to be left alone. attempts: fruitless tries of one file. rests: a host that
    asked to be left alone so often in a row, for as long as an outage in all and without a byte in between, counts as
    away. recheck: the pause before a file that changed on the server is looked at again.
    """

    first: float = 0.5
    factor: float = 2.0
    cap: float = 60.0
    outage: float = 300.0
    attempts: int = 5
    rests: int = 4
    recheck: float = 2.0

    def pause(self, tries: int, error: Exception | None = None, vary: Callable[[], float] = random.random) -> float:
        """Return how long to wait after so many fruitless tries in a row (from 1), at least what a busy server asks."""
        wait = min(self.cap, self.first * self.factor ** min(tries - 1, 32)) * (0.75 + vary() / 2)
        if isinstance(error, ServerBusy) and error.retry_after is not None:
            return max(wait, min(error.retry_after, LONGEST_WISH))
        return wait


def later(
    attempts: int, lasting: float, silent: bool, patience: float, vary: Callable[[], float] = random.random
) -> float | None:
    """Return after how many seconds a whole task is tried again, or None if it is to fail now.

    attempts: how often that was done. lasting: seconds since the first of them. silent: its server does not answer,
    or only asks for patience, which may last all night; else its files failed for passing reasons. patience:
    seconds, 0 for none.
    """
    wait = LATER[min(attempts, len(LATER) - 1)] * (0.75 + vary() / 2)
    if lasting + wait > patience or (not silent and attempts >= AGAIN):
        return None
    return wait
