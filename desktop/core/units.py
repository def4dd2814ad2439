"""Sizes, rates and durations: read from a person's hand, written for a person's eye."""

import re

from desktop.core.errors import UsageError

_RATE = re.compile(
    r"(?P<number>[0-9]+(?:\.[0-9]+)?|\.[0-9]+)\s*(?P<unit>[kmgtp]?)(?P<binary>i?)(?:b(?:ytes)?)?(?:/s)?", re.I
)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
_NO_LIMIT = ("off", "none", "unlimited")
_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def parse_rate(text: str) -> int | None:
    """Read a transfer rate and return it in bytes/s, or None for no limit.

    `250M`, `1.5m`, `800k`, `2 GB/s` and plain bytes (`500000`) are read; k, M, G, T, P are powers of 1000 and
    Ki, Mi, Gi, Ti powers of 1024. `0` and `off` mean no limit. Raises UsageError for anything else, a rate
    below 1 byte/s included.
    """
    word = text.strip()
    if word.lower() in _NO_LIMIT:
        return None
    match = _RATE.fullmatch(word)
    if match is None or (match["binary"] and not match["unit"]):
        raise _bad_rate(text, "It is not a number with a unit.")
    base = 1024 if match["binary"] else 1000
    number = float(match["number"])
    rate = number * base ** _POWERS[match["unit"].lower()]
    if number and rate < 1:
        raise _bad_rate(text, "It is less than one byte a second.")
    if rate >= 1 << 60:
        raise _bad_rate(text, "It is more than any network carries.")
    return int(rate) or None


def numbered(count: int, word: str, many: str = "") -> str:
    """Return the word as it stands behind a count: `file` or `files`. many: a plural that is not made by an s."""
    return word if count == 1 else many or f"{word}s"


def counted(count: int, word: str) -> str:
    """Return e.g. `1 file` or `412 files`."""
    return f"{count} {numbered(count, word)}"


def format_bytes(size: float) -> str:
    """Return a size in decimal units, three digits at most: `3.1 GB`, `250 MB`, `12 B`."""
    power = 0
    value = float(size)
    while abs(value) >= 999.5 and power < len(_UNITS) - 1:
        value /= 1000
        power += 1
    if power == 0 or abs(value) >= 9.95:
        return f"{value:.0f} {_UNITS[power]}"
    return f"{value:.1f} {_UNITS[power]}"


def format_rate(rate: float | None) -> str:
    """Return a rate in bytes/s as e.g. `48 MB/s`; `no limit` for None."""
    return "no limit" if rate is None else f"{format_bytes(rate)}/s"


def format_duration(seconds: float) -> str:
    """Return a duration in at most two units: `8 s`, `2 min`, `1 h 05 min`, `3 d 4 h`.

    Below two minutes the seconds count (`75 s`), above they are noise.
    """
    whole = max(0, round(seconds))
    if whole < 120:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes:02d} min"
    days, hours = divmod(round(whole / 3600), 24)
    return f"{days} d {hours} h"


def format_left(seconds: float | None) -> str:
    """Return the time left in words, `2 min left`; "" if it is not known."""
    return "" if seconds is None else f"{format_duration(seconds)} left"


def _bad_rate(text: str, cause: str) -> UsageError:
    return UsageError(
        title=f"{text!r} is not a transfer rate.",
        cause=cause,
        suggestion="Write bytes a second, e.g. 800k, 1.5M or 2G; 0 means no limit.",
    )
