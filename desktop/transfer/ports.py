"""The engine's sockets: what a source and a conflict strategy have to be."""

import base64
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from desktop.core.connection import Address
from desktop.core.errors import LoginFailed
from desktop.core.media import Entry, Folder
from desktop.core.registry import Registry

FAR = 0.005
"""Seconds there and back from which on connections wait for the line rather than for the machine."""

Buffer = bytes | bytearray | memoryview
"""What a source may hand to `Piece.write`."""


@dataclass(frozen=True, slots=True)
class Login:
    """How to log in. password and passphrase never show in a repr.

    token: what a web server wants with each request: a bearer token, or a whole line `Cookie: name=value`.

    identity: a private key file. agent: whether the SSH agent and the user's own default keys may be tried.
    kept: asks the system's keyring for a password (of a web server without a user: the token), which may take its
    time, or is None. kept_passphrase: the same for the key file's passphrase, which is never sent to anybody.
    """

    password: str | None = field(default=None, repr=False)
    identity: Path | None = None
    passphrase: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    agent: bool = True
    kept: Callable[[], str | None] | None = field(default=None, repr=False, compare=False)
    kept_passphrase: Callable[[], str | None] | None = field(default=None, repr=False, compare=False)

    def secret(self) -> str | None:
        """Return the password, the kept one if none was given; to be called once it is really needed."""
        return self.kept() if self.password is None and self.kept is not None else self.password

    def headers(self, user: str | None) -> dict[str, str]:
        """Return the headers that log in to a web server, as this user or, without one, by token.

        Raises LoginFailed for a token that no header can carry.
        """
        token = self.token or (self.kept() if user is None and self.password is None and self.kept else None)
        if token:
            if not (token.isascii() and token.isprintable()):
                raise LoginFailed(
                    title="The token cannot be sent.",
                    cause="It holds a line break or another character that no token has.",
                    suggestion="Copy it once more, all of it and nothing else.",
                )
            name, colon, value = token.partition(":")
            cookie = colon and name.strip().lower() == "cookie"
            return {"Cookie": value.strip()} if cookie else {"Authorization": f"Bearer {token}"}
        if user is None and self.password is None:
            return {}
        pair = f"{user or ''}:{self.secret() or ''}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom to believe. known_hosts: files of SSH host keys to read, the first is also written.

    certificates: a file of TLS certificate pins, `host:port sha256` a line. accept_new: remember a server
    never seen before without asking; a changed one is refused all the same. in_clear: a person agreed that the
    password goes over plain FTP.
    """

    known_hosts: tuple[Path, ...] = ()
    certificates: Path | None = None
    accept_new: bool = False
    in_clear: bool = False


class Links(Protocol):
    """Tells where the bytes behind a path of a web server lie, if it hands out links to them that expire.

    Each source has its own, used by the source's thread.
    """

    def link(self, path: str, refused: str | None) -> str | None:
        """Return the URL to ask for the path, signature and all, or None to ask the server for the path itself.

        refused: the URL this returned before, if it did not do: another one is wanted, or None. May ask the server;
        raises what hinders that, Stopped after `close`.
        """

    def did(self, path: str, url: str) -> None:
        """Note that a URL which this returned opened."""

    def vain(self, path: str) -> None:
        """Note that the URL which came in a refused one's place did not do either: further ones would not help now."""

    def close(self) -> None:
        """Break off a question to the server, from any thread, and ask no other."""


@dataclass(frozen=True, slots=True)
class Site:
    """Everything needed to open a source: where, as whom, trusting whom. timeout: seconds without a byte.

    links: of a web server whose files lie elsewhere.
    """

    address: Address
    login: Login = Login()
    trust: Trust = Trust()
    timeout: float = 30.0
    connect_timeout: float = 15.0
    links: Links | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Features:
    """What a source can do, declared and never probed; once it is connected, as far as it knows better.

    ranges: it can start at any byte. pipelined: many pieces are in flight on one connection. lanes: how many
    connections pay off. far: how many do to a server far away, if that is another number. segments: how many ranges
    of one large file pay off side by side. listing: it can list folders. listers: over how many connections a tree is
    best listed. stable: mtime or etag tell a changed file. near: seconds there and back up to which small files come
    no faster over several connections. distance: those seconds, once they are known.
    """

    ranges: bool = True
    pipelined: bool = False
    lanes: int = 4
    far: int | None = None
    segments: int = 1
    listing: bool = True
    listers: int = 1
    stable: bool = True
    near: float = 0.0
    distance: float = math.inf

    @property
    def alone(self) -> bool:
        """Tell whether one connection is as good as several, as long as files are small."""
        return self.distance < self.near

    @property
    def unknown(self) -> bool:
        """Tell whether it depends on the distance how many connections pay off, and that is not known yet."""
        return bool(self.near) and math.isinf(self.distance)

    def at(self, distance: float) -> "Features":
        """Return the features towards a server so far away: seconds for the way there and back."""
        lanes = self.far if self.far is not None and distance >= FAR else self.lanes
        return replace(self, lanes=lanes, distance=distance)


class Piece(Protocol):
    """A byte range of one file on its way to disk, as a source sees it.

    file: what the plan saw (path, size, mtime, etag). query: an HTTP query string, or "". start, end: the
    bytes wanted, end exclusive, None for all there is. The end of a large range comes nearer when another lane
    takes over the rest of it, though never near what is being read: a source looks at it before each read.

    A source opens the file, tells `opened` what it found, writes bytes by position, then says `finished` or
    `failed` exactly once. `opened` and `write` raise Stopped when the task is paused or cancelled, `opened`
    raises RemoteChanged when the file is not the one that was planned, `write` raises an error of the disk.
    After any of these the source drops the piece without calling `failed` (the engine knows already) and
    goes on with the next. Calls may come from any thread, but one at a time for one piece.
    """

    file: Entry
    query: str
    start: int

    @property
    def end(self) -> int | None:
        """The byte to stop before, or None."""

    @property
    def stopped(self) -> bool:
        """True if no more bytes are wanted."""

    def portion(self, most: int) -> int:
        """Return how many bytes to read at once, at most `most`: under a limit fewer, or it would move in jerks."""

    def opened(self, now: Entry) -> None:
        """Tell what the open file is now (size, mtime, etag as far as known)."""

    def write(self, offset: int, data: Buffer) -> None:
        """Put data at offset (bytes from the file's start). The buffer may be reused after the call."""

    def finished(self) -> None:
        """Say that every byte of the range was written and the server reported success."""

    def failed(self, error: Exception) -> None:
        """Say that this piece did not come; the error is a ShotDockError, and the connection may live on."""


class Feed(Protocol):
    """Where a source pulls its pieces from."""

    def next(self) -> Piece | None:
        """Return the next piece, or None if there is nothing (more) to do now; never blocks."""


class Source(Protocol):
    """One connection to one server. Not shared between threads, but `close` may be called from any."""

    features: Features

    def connect(self) -> None:
        """Connect and log in; raise Unreachable, LoginFailed, HostKeyUnknown, HostKeyChanged, ServerBusy."""

    def stat(self, path: str) -> Entry:
        """Return what is at path, following links; raise NotFound, NotAllowed."""

    def list(self, path: str) -> list[Entry]:
        """Return a folder's entries without `.` and `..`; links stay links. Raise NotFound, NotAllowed."""

    def walk(self, root: str, enter: Callable[[Entry], bool], stopped: Callable[[], bool]) -> Iterator[Folder]:
        """Yield root and every folder below it that `enter` admits, in any order.

        A folder that its parent listed, but that denies access or has vanished since, is yielded as an empty one;
        other errors raise. Links are never followed. Raises Stopped soon after `stopped()` turns true.
        """

    def read(self, feed: Feed) -> None:
        """Carry pieces until the feed has none left.

        A fault of one file goes to its piece's `failed`; a fault of the connection is raised, and the pieces
        under way are the lane's to hand out again (they got neither `finished` nor `failed`).
        """

    def close(self) -> None:
        """Hang up for good; safe to call twice and from another thread, to break off a read that hangs."""


class SourceType(Protocol):
    """What makes a source of one protocol: a class that declares its features."""

    @property
    def features(self) -> Features:
        """What every source of this type can do."""

    def __call__(self, site: Site) -> Source:
        """Return an unconnected source."""


SOURCES: Registry[SourceType] = Registry("protocol")


@dataclass(frozen=True, slots=True)
class Facts:
    """A file as conflict strategies see it: size in bytes or None, mtime in seconds or None, its precision."""

    size: int | None
    mtime: float | None
    precision: float = 1.0


class Decision(StrEnum):
    """A conflict strategy's answer about an existing target."""

    SKIP = "skip"
    REPLACE = "replace"
    KEEP_BOTH = "keep-both"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision and the reason for it, in words."""

    decision: Decision
    reason: str


ConflictStrategy = Callable[[Facts, Facts], Verdict]
"""A pure function of (existing, incoming)."""

CONFLICTS: Registry[ConflictStrategy] = Registry("conflict strategy")
