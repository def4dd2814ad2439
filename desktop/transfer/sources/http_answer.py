"""What an HTTP answer says about a file, read with distrust: range, length, validators, kind."""

import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import lru_cache

from desktop.core.media import LARGEST_FILE, Entry, told_size
from desktop.transfer.sources.http_errors import encoded, misfit, not_the_file
from desktop.transfer.sources.http_message import Message

_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", re.I)
_UNSATISFIED = re.compile(r"bytes \*/(\d{1,18})", re.I)
_STRONG = re.compile(r'"[\x21\x23-\x7e\x80-\xff]*"')
_PAGE_NAMES = (".html", ".htm", ".xhtml", ".shtml")
_PAGE_TYPES = ("text/html", "application/xhtml+xml")
_PAGE_STARTS = (b"<!doctype html", b"<html")
_SETTLED = 60.0
"""Seconds a file must have rested before its date tells two contents apart (RFC 9110 8.8.2.2)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A usable answer. start: the file's byte its body begins with. end: the byte after its last, None if untold.

    facts: the file as the answer describes it. Its etag is a strong one, or None; without one its mtime counts
    only if it tells two contents apart, so that nothing is spliced together that merely looks alike.
    """

    start: int
    end: int | None
    facts: Entry


def read_answer(message: Message, path: str, start: int, end: int | None, ranged: bool) -> Answer:
    """Read the head of a 200 or 206 to a request for [start, end), or for all there is if not ranged.

    Raises Truncated for an answer to another question, NotTheFile for a page, Unsupported for an encoded body.
    """
    coding = message.header("content-encoding", "identity").strip().lower()
    if coding not in ("", "identity"):
        raise encoded(path, coding)
    kind = message.header("content-type").partition(";")[0].strip().lower()
    if kind in _PAGE_TYPES and not path.lower().endswith(_PAGE_NAMES):
        raise not_the_file(path, f"a page of the type {kind}")
    length = _length(message, path)
    if message.status == 200:
        if told := message.header("content-range"):
            raise misfit(path, f"It says 200, the whole file, and Content-Range: {told[:80]}.")
        return Answer(0, length, _facts(message, path, length))
    if not ranged:
        raise misfit(path, "It sent a part (206) where the whole was asked for.")
    return _partial(message, path, start, end, length)


def unsatisfied_size(message: Message) -> int | None:
    """Return the file's size as a 416 tells it, or None."""
    match = _UNSATISFIED.fullmatch(message.header("content-range").strip())
    return told_size(match[1]) if match else None


def check_start(path: str, first: bytes) -> None:
    """Raise NotTheFile if a file's first bytes are a web page's or an error document's."""
    if path.lower().endswith((*_PAGE_NAMES, ".xml", ".txt", ".svg")):
        return
    head = first[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith(_PAGE_STARTS):
        raise not_the_file(path, "a web page")
    if head.startswith(b"<?xml") and b"<error>" in head:
        raise not_the_file(path, "an error document")


@lru_cache(maxsize=256)
def parse_date(text: str) -> float | None:
    """Read an HTTP date as seconds since the epoch, or None. Thousands of answers in a row bear the same few."""
    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except (ValueError, OverflowError):
        return None


def _partial(message: Message, path: str, start: int, end: int | None, length: int | None) -> Answer:
    told = message.header("content-range").strip()
    asked = f"Bytes {start}-{'' if end is None else end - 1} were asked for"
    if message.header("content-type").lower().startswith("multipart/"):
        raise misfit(path, f"{asked}, several parts at once came.")
    match = _RANGE.fullmatch(told)
    if match is None:
        raise misfit(path, f"{asked}, it says Content-Range: {told[:80] or 'nothing'}.")
    first, last = int(match[1]), int(match[2])
    total = None if match[3] == "*" else int(match[3])
    beyond = (end is not None and last >= end) or (total is not None and last >= total)
    beyond = beyond or last >= LARGEST_FILE or (total or 0) > LARGEST_FILE
    if first != start or last < first or beyond or length not in (None, last - first + 1):
        raise misfit(path, f"{asked}, it says Content-Range: {told} and Content-Length: {length}.")
    return Answer(first, last + 1, _facts(message, path, total))


def _length(message: Message, path: str) -> int | None:
    told = message.header("content-length")
    if not told or message.chunked:
        return None
    lengths = {part.strip() for part in told.split(",")}
    if len(lengths) != 1 or (length := told_size(lengths.pop())) is None:
        raise misfit(path, f"It says Content-Length: {told[:80]}.")
    return length


def _facts(message: Message, path: str, size: int | None) -> Entry:
    etag = message.header("etag").strip()
    mtime = parse_date(message.header("last-modified"))
    now = parse_date(message.header("date"))
    strong = etag if _STRONG.fullmatch(etag) else None
    settled = mtime is not None and now is not None and now - mtime >= _SETTLED
    return Entry(path, size=size, mtime=mtime if settled or strong else None, etag=strong)
