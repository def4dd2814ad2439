"""Hours of the week in local time, such as `22:00-06:00 mon-fri`: when they come, when they end.

A moment is seconds since the epoch, a zone is a tzinfo or None for the computer's own. Hours follow the clock on the
wall: 22:00 stays 22:00 on the days the clocks are changed, whatever that makes of their length.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from desktop.core.errors import UsageError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EVERY_DAY = tuple(range(7))
_GROUPS = {"weekdays": (0, 1, 2, 3, 4), "weekend": (5, 6), "daily": EVERY_DAY, "always": EVERY_DAY}
_SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")
_DAY = 24 * 60

Spell = Callable[[datetime], str]
"""Writes a part of a moment."""

HINT = "Write e.g. 22:00-06:00, 09:00-18:00 mon-fri or 00:00-24:00 sat,sun."


@dataclass(frozen=True, slots=True)
class Hours:
    """A stretch of the day that comes on some days of the week.

    opens, closes: minutes after midnight; hours that close before they open last until the next day. days: the
    weekdays on which they open, 0 for Monday.
    """

    opens: int
    closes: int
    days: tuple[int, ...] = EVERY_DAY

    def __post_init__(self) -> None:
        if not self.days or self.opens == self.closes or not (0 <= self.opens < _DAY and 0 < self.closes <= _DAY):
            raise _bad(str(self), "It never opens.")

    def __str__(self) -> str:
        span = f"{_clock(self.opens)}-{_clock(self.closes)}"
        return span if self.days == EVERY_DAY else f"{span} {days_in_words(self.days)}"


def parse_hours(text: str) -> Hours:
    """Read `22:00-06:00`, with days before or after it (`mon-fri`, `sat,sun`, `weekdays`). Raises UsageError."""
    hours, rest = take_hours(text)
    if rest:
        raise _bad(text, f"{rest!r} is neither a time nor a day.")
    return hours


def take_hours(text: str) -> tuple[Hours, str]:
    """Read hours from the start of a text, their days before or after them; return them and the rest."""
    words = text.strip()
    found = _SPAN.search(words)
    if found is None:
        raise _bad(text, "It has no times such as 22:00-06:00 in it.")
    before, after = words[: found.start()].strip(), words[found.end() :].strip()
    days: tuple[int, ...] | None = None
    if before:
        days = _days(before)
        if days is None:
            raise _bad(text, f"{before!r} is no day of the week.")
    elif after:
        first, _, rest = after.partition(" ")
        days = _days(first)
        after = after if days is None else rest.strip()
    opens, closes = (_minutes(text, *part) for part in ((found[1], found[2]), (found[3], found[4])))
    if opens == closes or (opens, closes) == (_DAY, 0):
        raise _bad(text, "It opens and closes at the same time, so it never opens; the whole day is 00:00-24:00.")
    if opens == _DAY:
        raise _bad(text, "A day ends at 24:00; nothing opens then.")
    return Hours(opens, closes or _DAY, days or EVERY_DAY), after


def days_in_words(days: Iterable[int]) -> str:
    """Return the days as they are written: `mon-fri`, `sat,sun`, `mon,wed-fri`."""
    runs: list[list[int]] = []
    for day in sorted(days):
        if runs and day == runs[-1][-1] + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    words = []
    for run in runs:
        words += [f"{DAYS[run[0]]}-{DAYS[run[-1]]}"] if len(run) > 2 else [DAYS[day] for day in run]
    return ",".join(words)


def stretch(hours: Hours, now: float, zone: tzinfo | None = None) -> tuple[float, float]:
    """Return the moments at which the hours that are now, or else the next ones, open and close."""
    today = datetime.fromtimestamp(now, zone).date()
    # Yesterday's may last into today. Hours that a change of the clocks leaves nothing of are passed over: a week on.
    for ahead in range(-1, 16):
        day = today + timedelta(days=ahead)
        if day.weekday() not in hours.days:
            continue
        last = day if hours.closes > hours.opens else day + timedelta(days=1)
        opens, closes = moment(day, hours.opens, zone), moment(last, hours.closes, zone)
        if closes > max(now, opens):
            return opens, closes
    raise AssertionError(f"{hours} never open")


def opening(hours: Hours, now: float, zone: tzinfo | None = None) -> float:
    """Return the moment from which on the hours are open: now, or the next opening."""
    return max(now, stretch(hours, now, zone)[0])


def moment(day: date, minutes: int, zone: tzinfo | None = None) -> float:
    """Return the moment at which a local day's clock shows so many minutes after midnight.

    A time the clocks skip is the one as long after the change; of a time they show twice it is the first.
    """
    wall = datetime.combine(day, time()) + timedelta(minutes=minutes)
    return wall.replace(tzinfo=zone).timestamp()


def clock(
    when: float,
    now: float,
    zone: tzinfo | None = None,
    hour: Spell = "{:%H:%M}".format,
    day: Spell = "{:%Y-%m-%d}".format,
) -> str:
    """Return a moment as a person says it now: `22:00`, `tomorrow 06:00`, `Mon 06:00`, `2026-12-24 18:00`.

    hour, day: write the time of a day and a date, if not as all the world reads them.
    """
    then, today = datetime.fromtimestamp(when, zone), datetime.fromtimestamp(now, zone).date()
    ahead = (then.date() - today).days
    if ahead == 0:
        return hour(then)
    if ahead == 1:
        return f"tomorrow {hour(then)}"
    return f"{DAYS[then.weekday()].capitalize() if 1 < ahead < 7 else day(then)} {hour(then)}"


def same_day(one: float, other: float) -> bool:
    """Tell whether two moments are of the same local day."""
    return datetime.fromtimestamp(one).date() == datetime.fromtimestamp(other).date()


def _days(text: str) -> tuple[int, ...] | None:
    """Return the days a word names, or None if it names none."""
    found: set[int] = set()
    for part in text.lower().replace(" ", "").split(","):
        if part in _GROUPS:
            found.update(_GROUPS[part])
            continue
        first, dash, last = part.partition("-")
        if (
            first[:3] not in DAYS
            or (dash and last[:3] not in DAYS)
            or not _is_day(first)
            or (dash and not _is_day(last))
        ):
            return None
        start = DAYS.index(first[:3])
        length = (DAYS.index(last[:3]) - start) % 7 if dash else 0
        found.update((start + step) % 7 for step in range(length + 1))
    return tuple(sorted(found))


def _is_day(word: str) -> bool:
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    return any(name.startswith(word) for name in names if len(word) >= 3)


def _minutes(text: str, hours: str, minutes: str) -> int:
    value = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or value > _DAY:
        raise _bad(text, f"{hours}:{minutes} is no time of the day.")
    return value


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _bad(text: str, cause: str) -> UsageError:
    return UsageError(title=f"{text!r} cannot be used as hours.", cause=cause, suggestion=HINT)
