"""HTTP's answers and the exceptions on the way to them in our words; never a query in them, it may be a signature."""

import re
import ssl
import time
from email.utils import parsedate_to_datetime

from desktop.core.errors import (
    ConnectionLost,
    LoginFailed,
    NotAllowed,
    NotFound,
    NotTheFile,
    ServerBusy,
    ShotDockError,
    TimedOut,
    Truncated,
    Unsupported,
)
from desktop.core.redaction import HIDDEN, redact
from desktop.core.steady import on_one_line
from desktop.transfer.sources.http_message import Garbled
from desktop.transfer.tls import tls_error

LONGEST_WAIT = 600.0
"""Seconds a server may make us wait by Retry-After."""
BEGINNING = 200
"""Letters of a page that are logged at most."""
_NAMELESS = "the file"
_OPAQUE = re.compile(r"(?=[\w+/=-]*\d)[\w+/=-]{20,}")
"""What may be a token: a login page bears one, and no name says so."""
_WORDS = re.compile(rb"<(?:Message|Code)>([^<]{1,200})</|\"(?:message|detail)\"\s*:\s*\"([^\"]{1,200})\"")


class converted:  # noqa: N801  # used like a function, as `disk` is, and twice for every file
    """Turn TLS's, the socket's and our reader's exceptions about a conversation with place into our errors."""

    __slots__ = ("_path", "_place")

    def __init__(self, place: str, path: str = "") -> None:
        self._place, self._path = place, path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError | Garbled):
            raise _fault(error, self._place, self._path) from error


def _fault(error: OSError | Garbled, place: str, path: str) -> ShotDockError:
    if isinstance(error, TimeoutError):
        return TimedOut(
            title=f"{place} stopped answering.",
            cause="No byte came for the time allowed.",
            suggestion="Check the network; it will be tried again from the byte reached.",
            path=path or place,
        )
    if isinstance(error, ssl.SSLError):
        return tls_error(error, place)
    if isinstance(error, Garbled):
        return lost(place, str(error), path)
    return lost(place, f"{error.strerror or type(error).__name__}.", path)


def lost(place: str, cause: str, path: str = "") -> ConnectionLost:
    """Return the error for a line that broke."""
    return ConnectionLost(
        title=f"The connection to {place} broke.",
        cause=cause,
        suggestion="It will be tried again from the byte reached.",
        path=path or place,
    )


def refusal(status: int, reason: str, retry_after: str, body: bytes, path: str) -> ShotDockError:
    """Return what a status of 400 and above means for path. body: the answer's first bytes, for its words."""
    said = f"The server answered {status} {reason}".rstrip() + _said(body) + "."
    name = _name(path)
    if status in (404, 410):
        gone = "There is no such file on the server." if name == _NAMELESS else f"There is no {name} on the server."
        return NotFound(gone, said, "It may have expired or been removed.", path)
    if status in (401, 407):
        return LoginFailed("The server wants a login.", said, "Check user, password or token.", path)
    if status in (429, 503):
        wait = parse_retry_after(retry_after, time.time())
        return ServerBusy("The server is busy.", said, "It will be tried again shortly.", path, wait)
    if status >= 500 or status == 408:
        return Truncated(f"The server cannot send {name} just now.", said, "It will be tried again.", path)
    return NotAllowed(
        f"The server refuses {name}.", said, "A link may have expired: refresh it, or ask for access.", path
    )


def parse_retry_after(text: str | None, now: float) -> float | None:
    """Read Retry-After, seconds or a date, as seconds from now, LONGEST_WAIT at most; None for anything else."""
    if not text:
        return None
    if text.strip().isdecimal():
        return min(float(text), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None
    return min(max(moment - now, 0.0), LONGEST_WAIT)


def misfit(path: str, cause: str, kind: type[Truncated] = Truncated) -> Truncated:
    """Return the error for an answer that is not an answer to what was asked."""
    return kind(
        title=f"The server's answer about {_name(path)} does not fit the question.",
        cause=cause,
        suggestion="Nothing of it was kept; it will be tried again.",
        path=path,
    )


def cut_short(path: str, got: int, wanted: int) -> Truncated:
    """Return the error for a body that is not as long as promised; got and wanted count from the file's start."""
    return Truncated(
        title=f"{_name(path)} did not come whole.".replace(_NAMELESS, "The file", 1),
        cause=f"The server sent it up to byte {got:,}; {wanted:,} were promised.",
        suggestion="It will be tried again from the byte reached.",
        path=path,
    )


def torn(path: str, got: int) -> Truncated:
    """Return the error for a body of untold length whose end may be where somebody cut it; got: its bytes so far."""
    return Truncated(
        title=f"Nobody can tell whether {_name(path)} came whole.",
        cause=f"After {got:,} bytes the secure connection ended without a goodbye; no length was told.",
        suggestion="It will be tried again.",
        path=path,
    )


def not_the_file(path: str, what: str) -> NotTheFile:
    """Return the error for a page that came instead of the file."""
    return NotTheFile(
        title=f"Something else came instead of {_name(path)}.",
        cause=f"The server sent {what}, as login and error pages are.",
        suggestion="Open the link in a browser to see what it says; a login may be needed.",
        path=path,
    )


def beginning(data: bytes) -> str:
    """Return how a page begins, for the log: BEGINNING letters at most, printable, without secrets.

    data: more than those letters, or a secret that the cut goes through would not be known for one.
    """
    return _OPAQUE.sub(HIDDEN, redact(on_one_line(data.decode("utf-8", "replace"))))[:BEGINNING]


def encoded(path: str, encoding: str) -> Unsupported:
    """Return the error for a file that comes compressed although it was asked for as it is."""
    return Unsupported(
        title=f"The server sends {_name(path)} in another form.",
        cause=f"It was asked for as it is and comes encoded ({encoding[:40]}).",
        suggestion="Ask your administrator to switch off compression for these files.",
        path=path,
    )


def bad_redirect(path: str, why: str) -> NotTheFile:
    """Return the error for a redirect that is not followed."""
    return NotTheFile(
        title="The server sends us somewhere we do not go.",
        cause=why,
        suggestion="Check the address; ask your administrator if it is right.",
        path=path,
    )


def _name(path: str) -> str:
    """Return what a file is called in a sentence: a path may end in what is no name, such as an API's ".../file"."""
    name = path.rpartition("/")[2]
    return name if "." in name else _NAMELESS


def _said(body: bytes) -> str:
    match = _WORDS.search(body)
    if match is None:
        return ""
    words = (match[1] or match[2] or b"").decode("utf-8", "replace")
    return ": " + "".join(char if char.isprintable() else " " for char in words).rstrip(". ")
