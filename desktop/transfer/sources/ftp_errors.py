"""FTP's replies and ftplib's exceptions in our words."""

import ftplib
import re
import ssl

from desktop.core.errors import (
    ConnectionLost,
    HostileName,
    LoginFailed,
    NotAllowed,
    NotFound,
    Overlong,
    ServerBusy,
    ShotDockError,
    TimedOut,
    Truncated,
    Unsupported,
)
from desktop.transfer.tls import tls_error

_MISSING = re.compile(
    r"no such|not found|n[o']t exist|cannot find|can't find|unknown file|not a (?:regular|plain) file", re.I
)
_DENIED = re.compile(r"denied|not allowed|not permitted|no permission|forbidden|privilege|not authori[sz]ed", re.I)
# What servers that refuse a login for lack of room write after 530 or 421.
_CROWDED = re.compile(
    r"too many|maximum (?:number|.*(?:client|session|connection|login))|overload|try (?:again|back) later"
    r"|number of connect|simultaneous|already connected|more connection",
    re.I,
)
_IDLE = re.compile(r"time-?d? ?out|idle|inactiv", re.I)


class OutOfStep(Exception):
    """What was sent ahead went wrong before a byte came: to be done again on a new session, nothing sent ahead."""


class converted:  # noqa: N801  # used like a function, as `disk` is, and for every file
    """Turn ftplib's, TLS's and the socket's exceptions about a conversation with place into our errors."""

    __slots__ = ("_path", "_place")

    def __init__(self, place: str, path: str = "") -> None:
        self._place, self._path = place, path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ftplib.all_errors):
            raise _fault(error, self._place, self._path) from error


def _fault(error: Exception, place: str, path: str) -> ShotDockError:
    if isinstance(error, TimeoutError):
        return TimedOut(
            title=f"{place} stopped answering.",
            cause="No byte came for the time allowed.",
            suggestion="Check the network; it will be tried again from the byte reached.",
            path=path or place,
        )
    if isinstance(error, ssl.SSLError):
        return tls_error(error, place)
    if isinstance(error, ftplib.Error):
        return garbled(place, str(error))
    return lost(place, str(error) or "The server hung up.", path)


def lost(place: str, cause: str, path: str = "") -> ConnectionLost:
    """Return the error for a line that broke."""
    return ConnectionLost(
        title=f"The connection to {place} broke.",
        cause=cause,
        suggestion="It will be tried again from the byte reached.",
        path=path or place,
    )


def no_goodbye(place: str, folder: str) -> ConnectionLost:
    """Return the error for a listing over TLS that ended without TLS's goodbye."""
    return ConnectionLost(
        title=f"The listing of {folder} may have been cut short.",
        cause=f"{place} ended the secure connection without TLS's goodbye (close_notify), as a line that is cut does.",
        suggestion="Try again. If it is always so, ask your administrator for a server that ends TLS as it should.",
        path=folder,
    )


def garbled(place: str, reply: str) -> ConnectionLost:
    """Return the error for a reply that makes no sense here."""
    return lost(place, f"The server said something unexpected: {shown(reply)}")


def shown(reply: str) -> str:
    """Return a server's reply fit for a message: one line, printable, not endless."""
    flat = " ".join(reply.split())
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in flat)[:300]


def closing(reply: str, place: str) -> ShotDockError:
    """Return what a 421, the server's last word on a connection, means."""
    if _IDLE.search(reply) and not _CROWDED.search(reply):
        return lost(place, f"The server closed it: {shown(reply)}")
    return crowded(reply, place)


def crowded(reply: str, place: str) -> ServerBusy:
    """Return the error for a server that has no room for one more connection."""
    return ServerBusy(
        title=f"{place} takes no more connections now.",
        cause=f"It says: {shown(reply)}",
        suggestion="Fewer connections will be used; it will be tried again shortly.",
        path=place,
    )


def login_refused(reply: str, place: str, user: str) -> ShotDockError:
    """Return what the server's answer to USER or PASS means."""
    if _CROWDED.search(reply):
        return crowded(reply, place)
    return LoginFailed(
        title=f"{place} did not let {user} in.",
        cause=f"It says: {shown(reply)}",
        suggestion="Check user name and password.",
        path=place,
    )


def says_missing(reply: str) -> bool:
    """Tell whether a refusal's text says that there is no such file."""
    return _MISSING.search(reply) is not None


def says_denied(reply: str) -> bool:
    """Tell whether a refusal's text says that access is denied."""
    return _DENIED.search(reply) is not None


def not_found(path: str, reply: str) -> NotFound:
    """Return the error for a path that is not there."""
    return NotFound(
        title=f"There is no {path} on the server.",
        cause=f"It says: {shown(reply)}",
        suggestion="It may have been moved or removed; scan again.",
        path=path,
    )


def not_allowed(path: str, reply: str) -> NotAllowed:
    """Return the error for a path that may not be read."""
    return NotAllowed(
        title=f"You may not read {path} on the server.",
        cause=f"It says: {shown(reply)}",
        suggestion="Ask your administrator for access.",
        path=path,
    )


def broken_off(path: str, got: int, wanted: int | None, reply: str) -> Truncated:
    """Return the error for a transfer the server ended with a fault, or short, or with bytes too many."""
    of = f" of {wanted:,}" if wanted is not None else ""
    kind = Overlong if wanted is not None and got > wanted else Truncated
    return kind(
        title=f"{path.rpartition('/')[2]} did not come whole.",
        cause=f"{got:,}{of} bytes came; the server says: {shown(reply)}",
        suggestion="It will be tried again from the byte reached.",
        path=path,
    )


def put_off(path: str, reply: str) -> Truncated:
    """Return the error for a file the server cannot send just now (450, 451, 551, 552)."""
    return Truncated(
        title=f"The server cannot send {path.rpartition('/')[2]} just now.",
        cause=f"It says: {shown(reply)}",
        suggestion="It will be tried again.",
        path=path,
    )


def unsupported(place: str, what: str, reply: str) -> Unsupported:
    """Return the error for something the server does not do."""
    return Unsupported(
        title=f"{place} cannot do what is needed.",
        cause=f"{what} It says: {shown(reply)}",
        suggestion="Ask your administrator, or use another protocol.",
        path=place,
    )


def checked(path: str) -> str:
    """Return path if it may stand in a command; raise HostileName for one that would smuggle in another."""
    if "\n" in path or "\r" in path or "\0" in path:
        raise HostileName(
            title="This name cannot be asked for over FTP.",
            cause=f"It holds a line break or a null character: {path!r}.",
            suggestion="Rename the file on the server.",
            path=path,
        )
    return path
