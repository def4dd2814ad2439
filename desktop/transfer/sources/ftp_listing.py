"""FTP listings: what MLSD, MLST and the Unix and DOS kinds of LIST say about files.

ftputil's LIST parsers are not used: they drop leading spaces of names, give up on a mode with an ACL mark
(`drwxr-xr-x+`), on a device line and on a name with two arrows, take ` -> ` in a file's name for a link, and
fail the whole folder for one bad line. Its API also has no MLSD.
"""

import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import BytesIO

from desktop.core.media import Entry, EntryKind, told_size

MINUTE = 60.0
DAY = 86400.0
LONGEST = 4096
"""Bytes in the longest line that is still taken for a file's; no system has such names."""

_MONTHS = dict(
    zip(("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), range(1, 13), strict=True)
)
_UNIX = re.compile(
    r"(?P<type>[-dlbcpsD])[-rwxsStTlLFx]{9}[.+@]?\s+"
    # Word by word, none of them looked at twice: character by character a line took six times as long.
    r"(?:\d+\s+)?(?P<owner>(?:\S++\s++)+?)?"
    r"(?P<size>\d+|\d+,\s*\d+)\s+"
    # A month is spelled in whatever tongue and encoding the server speaks: `Nov`, `févr.`, `ноя`, `11月`.
    r"(?:(?P<month>[^\s\d]\S{1,11}|\d{1,2}月)\s+(?P<day>\d{1,2})日?|(?P<day2>\d{1,2})[.日]?\s+(?P<month2>[^\s\d]\S{1,11})"
    r"|(?P<iso>\d{4}-\d\d-\d\d))\s+"
    r"(?P<when>\d{1,2}:\d\d(?::\d\d)?|\d{4}) (?P<name>.+)"
)
_DOS = re.compile(
    r"(?P<a>\d\d)-(?P<b>\d\d)-(?P<year>\d{4}|\d\d)\s+(?P<hour>\d\d):(?P<minute>\d\d)\s*(?P<half>[AaPp][Mm])?\s+"
    r"(?:(?P<dir><DIR>|<JUNCTION>|<SYMLINKD?>)\s{1,10}|(?P<size>\d+) )(?P<name>.+)"
)
_KINDS = {"d": EntryKind.FOLDER, "l": EntryKind.LINK, "-": EntryKind.FILE}


def _nothing() -> None:
    pass


Check = Callable[[], None]


def lines_of(data: bytes, check: Check = _nothing) -> Iterator[str]:
    """Yield a listing's lines. Bytes that are no UTF-8 become surrogates, which go back as the same bytes.

    One at a time: of a million there is to be no second copy. check: called before each; what it raises ends them.
    """
    for raw in BytesIO(data):
        check()
        line = raw.removesuffix(b"\n")
        if len(line) > LONGEST:
            continue
        text = line.removesuffix(b"\r").decode("utf-8", "surrogateescape")
        if text:
            yield text


def parse_time(text: str) -> float | None:
    """Read MDTM's and MLSD's `YYYYMMDDHHMMSS[.fff]` (RFC 3659, UTC) as seconds since the epoch, or None."""
    whole, _, fraction = text.strip().partition(".")
    if len(whole) != 14 or not whole.isascii() or not whole.isdigit():
        return None
    month, day, hour, minute, second = (int(whole[at : at + 2]) for at in range(4, 14, 2))
    try:
        moment = datetime(int(whole[:4]), month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    return moment.timestamp() + (float(f"0.{fraction}") if fraction.isdecimal() else 0.0)


def parse_facts(line: str) -> tuple[dict[str, str], str]:
    """Split an MLSD line into its facts (names in lower case) and the name."""
    facts, _, name = line.partition(" ")
    pairs = (fact.partition("=") for fact in facts.split(";") if fact)
    return {key.lower(): value for key, _, value in pairs}, name


def facts_entry(path: str, facts: dict[str, str]) -> Entry:
    """Return the entry that MLSD or MLST facts describe."""
    told = facts.get("type", "").lower()
    kind = EntryKind.OTHER
    if told == "file":
        kind = EntryKind.FILE
    elif told in ("dir", "cdir", "pdir"):
        kind = EntryKind.FOLDER
    elif told.startswith(("os.unix=slink", "os.unix=symlink")):
        kind = EntryKind.LINK
    length = told_size(facts.get("size", "")) if kind is EntryKind.FILE else None
    return Entry(path, kind, length, parse_time(facts.get("modify", "")))


def parse_mlsd(data: bytes, folder: str, check: Check = _nothing) -> list[Entry]:
    """Return the entries of an MLSD listing of folder, without the folder itself and its parent."""
    prefix = folder.rstrip("/") + "/"
    entries = []
    for line in lines_of(data, check):
        facts, name = parse_facts(line)
        if facts.get("type", "").lower() in ("cdir", "pdir") or name in ("", ".", ".."):
            continue
        entries.append(facts_entry(prefix + _bare(name, prefix), facts))
    return entries


def parse_list(data: bytes, folder: str, now: float, shift: float | None, check: Check = _nothing) -> list[Entry]:
    """Return the entries of a LIST listing of folder, Unix or DOS.

    now: seconds since the epoch, to find the year of a date without one. shift: seconds by which the server's
    listings run ahead of UTC, or None if that is unknown; then times are good to a day only.
    Lines that name no file (totals, remarks) are passed over.
    """
    prefix = folder.rstrip("/") + "/"
    entries = []
    for line in lines_of(data, check):
        entry = _unix_entry(line, prefix, now, shift) or _dos_entry(line, prefix, shift)
        if entry is not None and entry.name not in ("", ".", ".."):
            entries.append(entry)
    return entries


def _unix_entry(line: str, prefix: str, now: float, shift: float | None) -> Entry | None:
    match = _UNIX.fullmatch(line)
    if match is None:
        return None
    kind = _KINDS.get(match["type"], EntryKind.OTHER)
    name = match["name"]
    if kind is EntryKind.LINK:
        # With more than one arrow the first is as good a guess as any: a link is never fetched by its name.
        name = name.partition(" -> ")[0]
    size = told_size(match["size"]) if kind is EntryKind.FILE else None
    if match["iso"]:
        year, month, day = map(int, match["iso"].split("-"))
        moment, precision = _moment(year, month, day, match["when"], now), MINUTE
    else:
        word = match["month"] or match["month2"]
        month = int(word[:-1]) if word[0].isdigit() else _MONTHS.get(word[:3].lower(), 0)
        day = int(match["day"] or match["day2"])
        precision = MINUTE if ":" in match["when"] else DAY
        moment = _moment(None, month, day, match["when"], now + (shift or 0.0))
    return Entry(prefix + _bare(name, prefix), kind, size, *_utc(moment, precision, shift))


def _dos_entry(line: str, prefix: str, shift: float | None) -> Entry | None:
    match = _DOS.fullmatch(line)
    if match is None:
        return None
    year = int(match["year"])
    if year < 100:
        year += 1900 if year >= 70 else 2000
    month, day = int(match["a"]), int(match["b"])
    if month > 12:
        month, day = day, month
    hour = int(match["hour"])
    half = (match["half"] or "").lower()
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    moment = _moment(year, month, day, f"{hour}:{match['minute']}", 0.0)
    kind = EntryKind.FILE
    if match["dir"]:
        kind = EntryKind.FOLDER if match["dir"] == "<DIR>" else EntryKind.LINK
    size = told_size(match["size"]) if match["size"] else None
    return Entry(prefix + match["name"], kind, size, *_utc(moment, MINUTE, shift))


def _moment(year: int | None, month: int, day: int, when: str, now: float) -> float | None:
    """Return the server's wall clock as if it were UTC; a year-less date is the latest that is not ahead of now."""
    hours, _, minutes = when.partition(":")
    if not minutes:
        year, hours, minutes = int(when), "0", "0"
    if year is not None:
        return _stamp(year, month, day, hours, minutes)
    # A file just written by a clock slightly ahead is new, not a year old.
    latest = now + DAY
    this_year = time.gmtime(latest).tm_year
    # Four years back is enough to find a 29th of February.
    for candidate in range(this_year, this_year - 5, -1):
        moment = _stamp(candidate, month, day, hours, minutes)
        if moment is not None and moment <= latest:
            return moment
    return None


def _stamp(year: int, month: int, day: int, hours: str, minutes: str) -> float | None:
    """Return the seconds since the epoch of a moment in UTC, None if no calendar has it."""
    try:
        return datetime(year, month, day, int(hours), int(minutes[:2]), tzinfo=UTC).timestamp()
    except ValueError:
        return None


def _utc(moment: float | None, precision: float, shift: float | None) -> tuple[float | None, float]:
    if moment is None:
        return None, DAY
    return moment - (shift or 0.0), max(precision, DAY if shift is None else 0.0)


def _bare(name: str, prefix: str) -> str:
    """Return the name without the folder, which some servers put before it."""
    return name[len(prefix) :] if len(prefix) > 1 and name.startswith(prefix) else name
