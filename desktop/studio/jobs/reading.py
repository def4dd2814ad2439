"""What a job server's answers say, read with patience: servers differ in spelling, proxies answer in their place."""

import json
import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin, urlsplit

from desktop.core.job import JobState
from desktop.core.steady import on_one_line

if TYPE_CHECKING:  # as in `kind.py`
    from desktop.studio.web import Web, WebAnswer

LONGEST = 4 << 20
"""Bytes of an answer about a job that are read: it is asked every few seconds."""
_LONGEST = 300
_LONGEST_LINK = 8192
_DEEPEST = 4
_LAST_MOMENT = 32_503_680_000.0
"""The year 3000: no system shows a later date, and nothing is kept for longer."""
_WORDS = {
    JobState.RUNNING: "running queued pending waiting started starting processing submitted created accepted active"
    " inprogress scheduled new paused retrying",
    JobState.DONE: "done completed complete finished succeeded success successful ready ok available",
    JobState.FAILED: "failed failure error errored cancelled canceled aborted crashed killed timeout timedout rejected",
    JobState.EXPIRED: "expired deleted purged gone removed",
    JobState.NOT_FOUND: "notfound unknownjob",
    JobState.INCOMPLETE: "incomplete incompleteresults partial",
}
_STATES = {word: state for state, words in _WORDS.items() for word in words.split()}


@dataclass(frozen=True, slots=True)
class Said:
    """What an answer says. code: the server's own, in capitals, or "". message: on one line, or "".

    structured: it is the API that speaks, not a proxy or a web page. data: its JSON, or None.
    """

    code: str
    message: str
    structured: bool
    data: Any = None

    @property
    def spoken(self) -> bool:
        """True if the API tells of the job, and not a framework of a route that is not there."""
        return self.structured and self.message.lower().rstrip(".") not in ("", "not found")


def said(answer: "WebAnswer") -> Said:
    """Read an answer: `{"detail": {"code", "message", ...}}`, `{"detail": "..."}`, plain text, a page or nothing."""
    data = answer.data
    if data is None and answer.body[:1] in (b"{", b"["):
        # Some servers send JSON and call it text.
        with suppress(ValueError, RecursionError):
            data = json.loads(answer.body)
    if isinstance(data, dict):
        code = find(data, "code", "error_code")
        message = _message(data)
        return Said(line(code).upper() if isinstance(code, str) else "", message, True, data)
    kind = answer.headers.get("content-type", "").lower()
    text = answer.body[:4096].decode("utf-8", "replace")
    page = "html" in kind or text.lstrip()[:1] == "<"
    return Said("", "" if page or "\0" in text or not kind.startswith("text/") else line(text), False, data)


def find(data: Any, *keys: str) -> Any:
    """Return the first value of one of the keys that is not None, looked for outside in, or None."""
    level = [data]
    for _ in range(_DEEPEST):
        for key in keys:
            for part in level:
                if isinstance(part, dict) and part.get(key) is not None:
                    return part[key]
        level = [value for part in level if isinstance(part, dict) for value in part.values()]
    return None


def line(text: object) -> str:
    """Return a server's text on one bounded line, without anything that steers a terminal."""
    if not isinstance(text, str):
        return ""
    return on_one_line(text[:4096])[:_LONGEST]


def state_of(data: Any, *keys: str) -> JobState | None:
    """Return the state one of the keys tells, or None for a word that nobody knows."""
    word = find(data, *keys)
    if not isinstance(word, str):
        return None
    return _STATES.get("".join(char for char in word.lower() if char.isalnum()))


def progress_of(data: Any) -> float | None:
    """Return 0 to 100, or None. A fraction, which is what a number with a point up to 1 is, counts as such."""
    value = find(data, "progress", "percent", "percentage")
    if isinstance(value, dict):
        value = find(value, "percent", "percentage", "value")
    if isinstance(value, str):
        with suppress(ValueError):
            return _within(_finite(float(value.strip().rstrip("%"))))
    number = _finite(value)
    return _within(number * 100 if number is not None and isinstance(value, float) and 0 <= number <= 1 else number)


def names_of(data: Any, *keys: str) -> tuple[str, ...]:
    """Return a list of texts, or one text as a list of one."""
    value = find(data, *keys)
    if isinstance(value, str):
        value = [value]
    if isinstance(value, dict):
        # A list for each model, as in: nvdiffrec: mesh.glb
        value = [f"{key}/{name}" for key, names in value.items() for name in _texts(names)]
    return tuple(text for part in _texts(value) if (text := line(part)))


def moment_of(data: Any, now: float) -> float | None:
    """Return until when results are kept, seconds since the epoch, told as ISO 8601, epoch or seconds left."""
    value = find(data, "expires_at", "expires", "expiry", "available_until", "kept_until")
    if isinstance(value, str):
        with suppress(ValueError):
            told = datetime.fromisoformat(value)
            return _plausible((told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp())
    if (moment := _finite(value)) is not None:
        return _plausible(moment / 1000 if moment > 1e11 else moment)
    left = _finite(find(data, "expires_in"))
    return None if left is None else _plausible(now + left)


def place_of_link(web: "Web", told: object, *routes: str) -> str:
    """Return where a link leads: a path below the API's base, a whole URL where that is not it, or "" for no link.

    routes: beginnings of the API's own routes. A server behind a prefix often does not know of it and tells
    "/download_file?..." where it means "{base}/download_file?...".
    """
    if not isinstance(told, str) or not told.strip() or len(told) > _LONGEST_LINK:
        return ""
    told = quote(told.strip(), safe="!#$%&'()*+,/:;=?@[]~", errors="replace")
    if any(told.startswith(route) for route in routes):
        return told
    try:
        url = urljoin(web.base + "/", told)
        parts = urlsplit(url)
        whole = bool(parts.scheme in ("http", "https") and parts.hostname and parts.port != 0)
    except ValueError:
        return ""
    if not whole or parts.username:
        return ""
    url = url.partition("#")[0]
    return url.removeprefix(web.base) if url.startswith(web.base + "/") else url


def _finite(value: object) -> float | None:
    """Return a number, None for what is none or has no end: JSON's may have hundreds of digits, or be NaN."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _within(value: float | None) -> float | None:
    return None if value is None else min(100.0, max(0.0, value))


def _plausible(moment: float) -> float | None:
    return moment if 0 <= moment < _LAST_MOMENT else None


def _message(data: dict[str, Any], depth: int = _DEEPEST) -> str:
    if not depth:
        return ""
    for key in ("message", "detail", "error", "reason", "msg", "description"):
        value = data.get(key)
        if isinstance(value, dict):
            if found := _message(value, depth - 1):
                return found
        elif isinstance(value, list):
            # FastAPI's own complaints: a list of {"loc", "msg", "type"}.
            if found := "; ".join(_message(part, depth - 1) for part in value if isinstance(part, dict)):
                return line(found)
        elif found := line(value):
            return found
    return ""


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        yield from (part for part in value if isinstance(part, str))
