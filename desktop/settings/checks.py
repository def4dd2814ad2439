"""What a setting may be: small judges that return the value in the form Settings keeps, or raise UsageError."""

import math
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path

from desktop.core.errors import UsageError
from desktop.core.paths import at_home
from desktop.core.timetable import Rule, parse_rule
from desktop.core.units import parse_rate

Thresholds = tuple[tuple[str, float, float], ...]


def whole(least: int, most: int, *, optional: bool = False) -> Callable[[str, object], object]:
    """Return the judge of a whole number from least to most, or, if optional, None."""

    def check(key: str, value: object) -> object:
        if value is None and optional:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise bad(key, value, f"a whole number from {least} to {most}{' or nothing' if optional else ''}")
        return value

    return check


def one_of(*choices: str) -> Callable[[str, object], object]:
    """Return the judge of a word out of several."""

    def check(key: str, value: object) -> object:
        if value not in choices:
            raise bad(key, value, f"one of {', '.join(choices)}")
        return value

    return check


def text(key: str, value: object) -> object:
    """Take any text."""
    if not isinstance(value, str):
        raise bad(key, value, "text")
    return value


def name(key: str, value: object) -> object:
    """Take a text that is not empty."""
    if not isinstance(value, str) or not value:
        raise bad(key, value, "a name")
    return value


def switch(key: str, value: object) -> object:
    """Take true or false."""
    if not isinstance(value, bool):
        raise bad(key, value, "true or false")
    return value


def rate(key: str, value: object) -> object:
    """Take bytes a second, as a number or as people write it."""
    if isinstance(value, str):
        try:
            return parse_rate(value)
        except UsageError as error:
            raise bad(key, value, f"bytes a second such as 800k, 1.5M or 2G, 0 for no limit: {error.title}") from None
    return whole(1, 1 << 60, optional=True)(key, value)


def value_of(words: type[StrEnum]) -> Callable[[str, object], object]:
    """Return the judge of an enumeration's word."""

    def check(key: str, value: object) -> object:
        try:
            return words(str(value))
        except ValueError:
            raise bad(key, value, f"one of {', '.join(words)}") from None

    return check


def folders(key: str, value: object) -> object:
    """Take a list of folders; a leading ~ is the home folder."""
    if not isinstance(value, list | tuple) or not all(isinstance(folder, str | Path) for folder in value):
        raise bad(key, value, "a list of folders")
    return tuple(at_home(folder) for folder in value)


def rules(key: str, value: object) -> object:
    """Take a timetable of limits: a list of rules as people write them."""
    if not isinstance(value, list | tuple) or not all(isinstance(rule, str | Rule) for rule in value):
        raise bad(key, value, "a list of rules such as '09:00-18:00 mon-fri 250M office hours'")
    try:
        return tuple(rule if isinstance(rule, Rule) else parse_rule(rule) for rule in value)
    except UsageError as error:
        raise bad(key, value, f"rules such as '09:00-18:00 mon-fri 250M': {error.title} {error.cause}") from None


def names(key: str, value: object) -> object:
    """Take a list of names, each once."""
    if not isinstance(value, list | tuple) or not all(isinstance(part, str) and part for part in value):
        raise bad(key, value, "a list of names")
    return tuple(dict.fromkeys(value))


def names_or_none(key: str, value: object) -> object:
    """Take a list of names, or None."""
    return None if value is None else names(key, value)


def moment(key: str, value: object) -> object:
    """Take seconds since the epoch, 0 for never."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise bad(key, value, "a moment in seconds since 1970, or 0")
    return float(value)


def thresholds(key: str, value: object) -> Thresholds:
    """Take a table of names, each with the last number that is green and the last one that is amber."""
    wanted = "a table such as psnr = [24, 20]: the last number that is good, then the last one that is bearable"
    if isinstance(value, Mapping):
        value = tuple((name, *numbers) if isinstance(numbers, list) else () for name, numbers in value.items())
    if not isinstance(value, tuple | list):
        raise bad(key, value, wanted)
    found = []
    for entry in value:
        if not isinstance(entry, tuple | list) or len(entry) != 3:
            raise bad(key, entry, wanted)
        name, *numbers = entry
        if not isinstance(name, str) or not name or any(not _number(number) for number in numbers):
            raise bad(key, entry, wanted)
        found.append((name, float(numbers[0]), float(numbers[1])))
    return tuple(found)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def plain(value: object) -> object:
    """Return a value as JSON spells it."""
    if isinstance(value, tuple) and value and all(isinstance(entry, tuple) for entry in value):
        return {name: list(numbers) for name, *numbers in value}
    if isinstance(value, tuple):
        return [str(part) for part in value]
    return str(value) if isinstance(value, StrEnum) else value


def bad(key: str, value: object, wanted: str) -> UsageError:
    """Return the complaint about a value. wanted: what it should be, in words."""
    return UsageError(
        title=f"The setting {key} cannot be {plain(value)!r}.",
        cause=f"It takes {wanted}.",
        suggestion="Correct it, or remove it to get the default.",
    )
