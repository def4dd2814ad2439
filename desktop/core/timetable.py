"""Which limit holds now: the user's own, a rule of the week's timetable, or none for a while.

A moment is seconds since the epoch, a zone is a tzinfo or None for the computer's own. Nothing here looks at a clock.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from desktop.core.errors import UsageError
from desktop.core.hours import Hours, clock, stretch, take_hours
from desktop.core.units import format_rate, parse_rate


@dataclass(frozen=True, slots=True)
class Rule:
    """A limit that holds at certain hours. rate: bytes/s, or None for no limit then. name: what people call it."""

    hours: Hours
    rate: int | None
    name: str = ""

    def __str__(self) -> str:
        rate = "off" if self.rate is None else str(self.rate)
        return " ".join(part for part in (str(self.hours), rate, self.name) if part)

    @property
    def words(self) -> str:
        """Return the rule for a status bar: `office hours 250 MB/s`, `no limit (weekend)`."""
        name = self.name or str(self.hours)
        return f"no limit ({name})" if self.rate is None else f"{name} {format_rate(self.rate)}"


@dataclass(frozen=True, slots=True)
class Limit:
    """What limits all tasks together now. rate: bytes/s, or None. words: by what, for a status bar.

    until: when another limit may hold, a moment, or None if nothing will change by itself. rule: the rule that
    holds, or None.
    """

    rate: int | None
    words: str
    until: float | None = None
    rule: Rule | None = None


def parse_rule(text: str) -> Rule:
    """Read `mon-fri 09:00-18:00 250M office hours`: hours, a rate (`off` for none), a name. Raises UsageError."""
    hours, rest = take_hours(text)
    rate, _, name = rest.partition(" ")
    if not rate:
        raise UsageError(
            title=f"{text!r} is no rule of a timetable.",
            cause="It does not say how many bytes a second are allowed.",
            suggestion="Write e.g. 09:00-18:00 mon-fri 250M office hours; off means no limit.",
        )
    return Rule(hours, parse_rate(rate), " ".join(name.split()))


def limit_now(
    usual: int | None,
    rules: Sequence[Rule],
    off_until: float,
    now: float,
    zone: tzinfo | None = None,
    spell: Callable[[float, float], str] | None = None,
) -> Limit:
    """Return the limit that holds now: none before `off_until`, else the first rule whose hours it is, else the usual.

    usual: bytes/s, or None. spell: writes a moment to come, given now, if not as all the world reads it.
    """
    stretches = [(rule, *stretch(rule.hours, now, zone)) for rule in rules]
    edges = [opens if opens > now else closes for _, opens, closes in stretches]
    holding = next((rule for rule, opens, _ in stretches if opens <= now), None)
    rate = usual if holding is None else holding.rate
    words = holding.words if holding is not None else "no limit" if usual is None else f"limit {format_rate(usual)}"
    if now < off_until:
        off = "limits off"
        if off_until < FOR_GOOD:
            off += f" until {spell(off_until, now) if spell is not None else clock(off_until, now, zone)}"
        return Limit(None, off if rate is not None else words, min([off_until, *edges]), None)
    return Limit(rate, words, min(edges, default=None), holding)


FOR_GOOD = float(1 << 53)
"""A moment that does not come: limits are off until someone puts them on again."""
