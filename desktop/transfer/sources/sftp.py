"""SFTP: one SSH connection, with many files under way on it at once."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from desktop.core.errors import ConnectionLost, NotFound, Retry, TimedOut
from desktop.core.media import Entry, EntryKind, Folder
from desktop.transfer.dial import dial
from desktop.transfer.ports import Features, Feed, Site
from desktop.transfer.sources import sftp_wire as wire
from desktop.transfer.sources.sftp_line import Line
from desktop.transfer.sources.sftp_login import greet, log_in
from desktop.transfer.sources.sftp_read import WIDTHS, Reader
from desktop.transfer.sources.sftp_session import Session
from desktop.transfer.sources.sftp_walk import list_folder, walk_tree

HOME = "/~"
"""Paths that begin with this folder lie below the login's home."""


class SftpSource:
    """One connection to an SFTP server; connected once, and of no use after `close`."""

    # Four: past that, one interpreter's transport threads take time from each other instead of adding any.
    features = Features(pipelined=True, lanes=4, near=0.0005)

    def __init__(self, site: Site) -> None:
        self._site = site
        self._host = site.address.host
        self._closing = threading.Event()
        self._line: Line | None = None
        self._session: Session | None = None
        self._home: bytes | None = None

    def connect(self) -> None:
        """Connect, check the host key, log in and start SFTP; nothing if all that is done already.

        Raises Unreachable, LoginFailed, HostKeyUnknown, HostKeyChanged, ServerBusy, Unsupported.
        """
        if self._session is not None and self._line is not None and self._line.is_active():
            return
        site = self._site
        sock = dial(self._host, site.address.port or 22, site.connect_timeout, self._closing.is_set)
        self._line = Line(sock, site.connect_timeout)
        if self._closing.is_set():
            # `close` came before there was a line it could have broken.
            self._line.hang_up()
        try:
            greet(self._line, site)
            log_in(self._line, site)
            session = Session(self._line, self._host, site.timeout)
            session.start()
            self._line.settled()
        except BaseException:
            self._line.hang_up()
            raise
        self._session = session
        self.features = SftpSource.features.at(self._line.distance)

    def stat(self, path: str) -> Entry:
        """Return what is at path, following links; raise NotFound, NotAllowed."""
        where = self._wire_path(path)
        kind, reply = self._open().ask(lambda number: wire.path_packet(wire.STAT, number, where))
        if kind == wire.ATTRS:
            return reply.entry(path)
        raise wire.refusal(kind, reply, path)

    def list(self, path: str) -> list[Entry]:
        """Return a folder's entries without `.` and `..`; links stay links. Raise NotFound, NotAllowed."""
        with self._no_file(path):
            return list_folder(self._open(), path, self._wire_path(path))

    def walk(self, root: str, enter: Callable[[Entry], bool], stopped: Callable[[], bool]) -> Iterator[Folder]:
        """Yield root and every folder below it that `enter` admits, as soon as each is listed."""
        with self._no_file(root):
            yield from walk_tree(self._open(), root, self._wire_path, enter, stopped)

    def read(self, feed: Feed) -> None:
        """Carry pieces until the feed has none left; raise ConnectionLost or TimedOut when the line fails."""
        width = WIDTHS.of(self._site.address)
        try:
            Reader(self._open(), feed, self._wire_path, width).run()
        except TimedOut:
            WIDTHS.stalled(self._site.address, width)
            raise

    def close(self) -> None:
        """Hang up at once, from any thread; whatever waits for the server raises ConnectionLost."""
        self._closing.set()
        if self._line:
            self._line.hang_up()

    @contextmanager
    def _no_file(self, path: str) -> Iterator[None]:
        """Look again when path cannot be listed: some servers only say "failure" when it is a file."""
        try:
            yield
        except Retry as error:
            if type(error) is Retry and error.path == path and self.stat(path).kind is EntryKind.FILE:
                raise NotFound(
                    title="This is not a folder.",
                    cause="On the server it is a file.",
                    suggestion="Name the folder it lies in.",
                    path=path,
                ) from error
            raise

    def _open(self) -> Session:
        if self._session is None:
            raise ConnectionLost(
                title="There is no connection.",
                cause=f"{self._host} was not connected to, or was hung up on.",
                suggestion="Connect again.",
                path=self._host,
            )
        return self._session

    def _wire_path(self, path: str) -> bytes:
        """Return a path as the server takes it, `/~/...` below the login's home."""
        if path != HOME and not path.startswith(HOME + "/"):
            return wire.encode_path(path)
        if self._home is None:
            kind, reply = self._open().ask(lambda number: wire.path_packet(wire.REALPATH, number, b"."))
            if kind != wire.NAME or not reply.number():
                raise wire.refusal(kind, reply, path)
            self._home = reply.string().rstrip(b"/")
        return self._home + wire.encode_path(path[len(HOME) :]) or b"/"
