"""When a task's turn comes: start at, only within a window, again and again; pure policy over facts.

A moment is seconds since the epoch, a zone is a tzinfo or None for the computer's own. Nothing here looks at a clock.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from enum import IntEnum, StrEnum

from desktop.core.errors import UsageError
from desktop.core.hours import Hours, clock, opening

LATE = 120.0
"""Seconds after which a start that nobody made is missed, and offered instead of made up for unasked."""
LONGEST = 366
"""Days between two runs at most."""
FARTHEST = 10 * LONGEST
"""Days ahead a start lies at most; what is farther is a slip of the hand, and soon past what calendars can tell."""

_REPEAT = re.compile(r"(?:every\s+)?(?:(\d+)\s*)?(h|hours?|d|days?|weeks?)", re.I)
_AHEAD = re.compile(r"(?:\+|in\s+)(\d+)\s*(m|min|minutes?|h|hours?|d|days?)", re.I)
_CLOCK = re.compile(r"(?:(today|tomorrow)\s+)?(\d{1,2}):(\d{2})", re.I)


class Priority(IntEnum):
    """How soon a task's turn comes: of two that wait, the higher one first; of equals, who came first."""

    LOWEST = -2
    LOW = -1
    NORMAL = 0
    HIGH = 1
    HIGHEST = 2

    @property
    def word(self) -> str:
        """Return the level in words, e.g. `high`."""
        return self.name.lower()


class After(StrEnum):
    """What follows the end of a task."""

    NOTHING = "nothing"
    NOTIFY = "notify"
    QUIT = "quit"


@dataclass(frozen=True, slots=True)
class Repeat:
    """Again every so many hours, or every so many days at the same time of the day; one of the two is 0."""

    hours: int = 0
    days: int = 0

    def __post_init__(self) -> None:
        if (self.hours > 0) == (self.days > 0) or self.hours > LONGEST * 24 or self.days > LONGEST:
            raise _bad_repeat(str(self), f"Runs are from 1 hour to {LONGEST} days apart.")

    def __str__(self) -> str:
        if self.days:
            return "every day" if self.days == 1 else f"every {self.days} days"
        return "every hour" if self.hours == 1 else f"every {self.hours} hours"


@dataclass(frozen=True, slots=True)
class Schedule:
    """When something is to be done. start_at: a moment, or None for as soon as may be. window: the hours in which
    it may run, or None for any; it pauses when they end and goes on when they come again.
    """

    start_at: float | None = None
    window: Hours | None = None
    repeat: Repeat | None = None
    after: After = After.NOTHING

    def __bool__(self) -> bool:
        return self.start_at is not None or self.window is not None or self.repeat is not None


@dataclass(frozen=True, slots=True)
class Turn:
    """A task's place in the queue.

    position: of two tasks of one priority, the lower goes first. not_before: the moment before which it is not
    started, or None. waits_for: why it was put off, in words, or ""; without attempts it waits for room on a disk.
    attempts: how often it was put off because its server did not answer or its files failed for passing reasons, since
    `first_failed`, a moment or None. routine: the number of the routine that made the task, or None.
    """

    priority: Priority = Priority.NORMAL
    position: float = 0.0
    not_before: float | None = None
    window: Hours | None = None
    after: After = After.NOTHING
    waits_for: str = ""
    attempts: int = 0
    first_failed: float | None = None
    routine: int | None = None

    @property
    def scheduled(self) -> bool:
        """True if the task starts by the clock: it waits for that across restarts, and nobody is asked about it."""
        return self.not_before is not None or self.window is not None

    @property
    def untried(self) -> "Turn":
        """Return the turn without what was tried so far."""
        return replace(self, waits_for="", attempts=0, first_failed=None)

    def due(self, now: float, zone: tzinfo | None = None) -> float:
        """Return from when on the task may start: now, or a later moment."""
        start = max(now, self.not_before or now)
        return start if self.window is None else opening(self.window, start, zone)


def parse_repeat(text: str) -> Repeat:
    """Read `daily`, `weekly`, `hourly`, `6h`, `every 12 hours`, `2d`. Raises UsageError."""
    word = text.strip().lower()
    known = {"hourly": Repeat(hours=1), "daily": Repeat(days=1), "nightly": Repeat(days=1), "weekly": Repeat(days=7)}
    if word in known:
        return known[word]
    found = _REPEAT.fullmatch(word)
    if found is None:
        raise _bad_repeat(text, "It is no number of hours or days.")
    count = _count(found[1] or "1")
    if not count:
        raise _bad_repeat(text, "That would be again and again at once, without end.")
    unit = found[2][0]
    if count * {"h": 1, "d": 24, "w": 168}[unit] > LONGEST * 24:
        raise _bad_repeat(text, f"Runs are {LONGEST} days apart at most.")
    return Repeat(hours=count) if unit == "h" else Repeat(days=count * (7 if unit == "w" else 1))


def parse_moment(text: str, now: float, zone: tzinfo | None = None) -> float:
    """Read `22:00` (the next time the clock shows it), `tomorrow 02:00`, `2026-12-24 18:00`, `+90m`, `in 2 hours`.

    Raises UsageError, also for a moment that has passed.
    """
    words = " ".join(text.split())
    if ahead := _AHEAD.fullmatch(words):
        return _near(text, now + _count(ahead[1]) * {"m": 60, "h": 3600, "d": 86400}[ahead[2][0].lower()], now)
    today = datetime.fromtimestamp(now, zone).date()
    if (at := _CLOCK.fullmatch(words)) and int(at[2]) < 24 and int(at[3]) < 60:
        wall = datetime(today.year, today.month, today.day, int(at[2]), int(at[3]), tzinfo=zone)
        if (at[1] or "").lower() == "tomorrow" or (not at[1] and wall.timestamp() < now):
            wall += timedelta(days=1)
    else:
        try:
            wall = datetime.fromisoformat(words)
        except ValueError:
            raise _bad_moment(text, "It is neither a time nor a date and time.") from None
        wall = wall if wall.tzinfo else wall.replace(tzinfo=zone)
    try:
        when = wall.timestamp()
    except (OverflowError, OSError, ValueError):
        raise _bad_moment(text, "No calendar reaches that far.") from None
    if when < now:
        raise _bad_moment(text, f"That has passed; it is {datetime.fromtimestamp(now, zone):%Y-%m-%d %H:%M} now.")
    return _near(text, when, now)


def first_run(schedule: Schedule, now: float, zone: tzinfo | None = None) -> float:
    """Return when a schedule made now starts for the first time."""
    start = max(now, schedule.start_at or now)
    return start if schedule.window is None else opening(schedule.window, start, zone)


def next_run(
    repeat: Repeat, due: float, now: float, zone: tzinfo | None = None, first: float | None = None
) -> tuple[float, int]:
    """Return the first run after now of those that are so far apart from `due`, and how many lie between.

    Days are the calendar's: a run at 02:00 stays at 02:00 when the clocks change. due: a run's moment; now is
    not before it. first: a run's moment at the time of the day that all of them have, if `due` may be one that the
    clocks skipped and that came later for it.
    """
    if repeat.hours:
        step = repeat.hours * 3600.0
        passed = int((now - due) // step)
        return due + (passed + 1) * step, passed
    passed, when = -1, due
    at = datetime.fromtimestamp(due if first is None else first, zone).replace(fold=0).timetz()
    wall = datetime.combine(datetime.fromtimestamp(due, zone), at)
    while when <= now:
        passed += 1
        when = (wall + timedelta(days=repeat.days * (passed + 1))).timestamp()
    return when, max(0, passed)


def in_words(schedule: Schedule, now: float, zone: tzinfo | None = None) -> str:
    """Return a schedule as a sentence: `starts at 22:00, only 22:00-06:00 mon-fri, every day, then quits`."""
    words = []
    if schedule.start_at is not None:
        words.append(f"starts at {clock(schedule.start_at, now, zone)}")
    if schedule.window is not None:
        words.append(f"only {schedule.window}")
    if schedule.repeat is not None:
        words.append(str(schedule.repeat))
    if schedule.after is not After.NOTHING:
        words.append({After.NOTIFY: "then tells you", After.QUIT: "then quits"}[schedule.after])
    return ", ".join(words) or "as soon as there is room"


def waiting_words(turn: Turn, now: float, zone: tzinfo | None = None) -> str:
    """Return why a task that waits for the clock waits, or "" if it does not."""
    due = turn.due(now, zone)
    if due <= now:
        return ""
    when = clock(due, now, zone)
    if turn.attempts:
        return f"{turn.waits_for} Next try at {when}.".strip()
    if turn.waits_for:
        return f"{turn.waits_for} Next look at {when}."
    if turn.window is not None and turn.not_before is None:
        return f"Waits for its hours ({turn.window}), which begin at {when}."
    return f"Waits until {when}."


def _count(digits: str) -> int:
    """Return a number; for a longer one than anybody means, one that is too large for any use here."""
    return int(digits) if len(digits) < 10 else 10**10


def _near(text: str, when: float, now: float) -> float:
    if when - now > FARTHEST * 86400:
        raise _bad_moment(text, "That is more than ten years ahead.")
    return when


def _bad_repeat(text: str, cause: str) -> UsageError:
    return UsageError(
        title=f"{text!r} is no way to repeat.", cause=cause, suggestion="Write daily, weekly, 6h, 2d or every 12 hours."
    )


def _bad_moment(text: str, cause: str) -> UsageError:
    return UsageError(
        title=f"{text!r} is no moment to start at.",
        cause=cause,
        suggestion="Write 22:00, tomorrow 02:00, 2026-12-24 18:00 or +90m.",
    )
