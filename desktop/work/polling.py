"""Ask after many jobs, each in its own time, a few at once and no server harder than it bears."""

import math
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer

from desktop.core.errors import HostKeyUnknown, LoginFailed, NotAllowed, ServerBusy, ShotDockError, UsageError
from desktop.transfer.retry import Patience
from desktop.work.background import Background, Work
from desktop.work.job_server import Looked

AT_ONCE = 2
"""Questions to one server at once: one that hangs holds up its own jobs only."""
LONGEST_PAUSE = 60.0
"""Seconds between two questions to a server that does not answer, unless it asks for more."""
_FOR_A_PERSON = (LoginFailed, NotAllowed, HostKeyUnknown, UsageError)
"""What no waiting mends: nobody is asked again before a person says so. Wrong logins lock accounts."""

Question = Callable[[Work], Looked]
Told = Callable[[int, Looked | ShotDockError], None]


class Clock(QObject):
    """What time it is, and one alarm."""

    def __init__(self) -> None:
        super().__init__()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)

    def now(self) -> float:
        """Return seconds of a clock that nobody sets."""
        return time.monotonic()

    def date(self) -> float:
        """Return seconds since the epoch."""
        return time.time()

    def ring(self, called: Callable[[], None]) -> None:
        """Call this whenever the alarm goes off."""
        self._timer.timeout.connect(called)

    def set(self, seconds: float) -> None:
        """Let the alarm go off in so many seconds, and not when it was to before."""
        # A turn in the middle of a millisecond would come a moment too early, find nothing to do and be set again.
        self._timer.start(math.ceil(max(0.0, seconds) * 1000))


@dataclass(slots=True)
class _Turn:
    """A job's next question. at: by the clock's `now`."""

    server: str
    at: float


class Poller(QObject):
    """Asks when a job's turn comes and tells the answer; lives on one thread, asks on a pool.

    question: returns, on this thread, what is to be run on the pool for a job, or None if it is gone. told: gets the
    report or the error; it says when to ask again, by `at`.
    """

    def __init__(
        self,
        question: Callable[[int], Question | None],
        told: Told,
        background: Background,
        clock: Clock,
        vary: Callable[[], float] = random.random,
    ) -> None:
        super().__init__()
        self._question, self._told = question, told
        self._background, self._clock, self._vary = background, clock, vary
        self._turns: dict[int, _Turn] = {}
        self._under_way: dict[int, tuple[str, Work]] = {}
        self._fruitless: Counter[int] = Counter()
        self._resting: dict[str, float] = {}
        clock.ring(self._run)

    def at(self, job_id: int, server: str, seconds: float) -> None:
        """Ask after the job in so many seconds, instead of when it would be asked after; a question under way stays."""
        self._turns[job_id] = _Turn(server, self._clock.now() + seconds)
        self._clock.set(0.0)

    def never(self, job_id: int) -> None:
        """Ask after the job no more; a question under way is broken off."""
        self._turns.pop(job_id, None)
        self._fruitless.pop(job_id, None)
        if job_id in self._under_way:
            self._under_way.pop(job_id)[1].cancel()
            self._clock.set(0.0)

    def asking(self, job_id: int) -> bool:
        """Tell whether the job is being asked after right now."""
        return job_id in self._under_way

    def pause(self, job_id: int, every: float, error: ShotDockError) -> float | None:
        """Return in how many seconds to ask again after an error, or None if a person has to do something first."""
        if isinstance(error, _FOR_A_PERSON):
            return None
        tries = max(1, self._fruitless[job_id])
        return Patience(first=every, cap=LONGEST_PAUSE).pause(tries, error, self._vary)

    def _run(self) -> None:
        """Ask whoever's turn has come, and set the alarm for the next one; those held up come when a question ends."""
        now = self._clock.now()
        for job_id, turn, at in self._by_time():
            if not self._free(job_id, turn.server):
                continue
            if at > now:
                self._clock.set(at - now)
                break
            del self._turns[job_id]
            self._ask(job_id, turn.server)

    def _by_time(self) -> list[tuple[int, _Turn, float]]:
        """Return (job, turn, when it comes) of every turn, the next one first."""
        turns = [
            (job_id, turn, max(turn.at, self._resting.get(turn.server, 0.0))) for job_id, turn in self._turns.items()
        ]
        return sorted(turns, key=lambda entry: entry[2])

    def _free(self, job_id: int, server: str) -> bool:
        busy = sum(server == asked for asked, _ in self._under_way.values())
        return job_id not in self._under_way and busy < AT_ONCE

    def _ask(self, job_id: int, server: str) -> None:
        question = self._question(job_id)
        if question is None:
            return

        def then(looked: Looked) -> None:
            self._fruitless.pop(job_id, None)
            self._answered(job_id, looked)

        def failed(error: ShotDockError) -> None:
            self._fruitless[job_id] += 1
            if isinstance(error, ServerBusy) and error.retry_after is not None:
                # All of the server's jobs wait, not only the one that was turned away.
                rest = Patience().pause(1, error, self._vary)
                self._resting[server] = self._clock.now() + rest
            self._answered(job_id, error)

        self._under_way[job_id] = server, self._background.run(question, then, failed)

    def _answered(self, job_id: int, answer: Looked | ShotDockError) -> None:
        del self._under_way[job_id]
        self._told(job_id, answer)
        self._clock.set(0.0)
