"""HTTP and HTTPS: files by their URL, in ranges that are believed only if the answer fits the question."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import desktop
from desktop.core.errors import (
    ConnectionLost,
    HostKeyUnknown,
    NotTheFile,
    ServerBusy,
    ShotDockError,
    TimedOut,
    Unreachable,
    Unsupported,
)
from desktop.core.media import Entry, Folder
from desktop.transfer.buffers import pages
from desktop.transfer.handing import Dropped
from desktop.transfer.line import Line
from desktop.transfer.ports import Features, Feed, Site
from desktop.transfer.sources.http_answer import read_answer, unsatisfied_size
from desktop.transfer.sources.http_carry import Carrier, refused, sound
from desktop.transfer.sources.http_doors import Doors
from desktop.transfer.sources.http_errors import converted, cut_short, lost, misfit, not_the_file, torn
from desktop.transfer.sources.http_message import Surplus
from desktop.transfer.sources.http_wire import Wire

_BUFFER = 1 << 20
_OF_THE_CONNECTION = (ConnectionLost, TimedOut, ServerBusy, Unreachable, HostKeyUnknown)
_HEAD_REFUSED = (400, 403, 405, 501)


class HttpSource:
    """Files on a web server. A path is the URL's, percent-encoded as it came, and may carry a query."""

    features = Features(far=24, listing=False, segments=2, near=0.0005)

    def __init__(self, site: Site) -> None:
        self._wire = Wire(site, self._heard)
        self._doors = Doors(self._wire, site.links)
        self._line = Line(site.address.origin, self._doors.sever, self._wire.hang_up)
        self._headers = {
            "User-Agent": f"ShotDock/{desktop.__version__}",
            "Accept": "*/*",
            "Accept-Encoding": "identity",
        }
        self._buffer = pages(_BUFFER)
        self._carrier = Carrier(self._wire, self._doors, self._buffer, self._headers)

    # --- coming and going

    def connect(self) -> None:
        """Connect; raise Unreachable, HostKeyUnknown, HostKeyChanged. HTTP logs in with each question."""
        with self._line.held(), converted(self._wire.place):
            self._wire.connect()

    def close(self) -> None:
        """Hang up; from another thread it breaks off whatever is going on here."""
        self._line.close()

    def _heard(self, distance: float) -> None:
        self.features = self.features.at(distance)

    # --- looking

    def stat(self, path: str) -> Entry:
        """Return what a URL stands for, by HEAD or, where that is refused, by asking for the first byte.

        A link is signed for GET: where there are links, the first byte is asked for at once. Raises NotFound,
        NotAllowed, LoginFailed, NotTheFile for a page where another kind of file was expected.
        """
        shown = path.partition("?")[0]
        with self._line.held(), converted(self._wire.place, shown):
            if self._doors.linked:
                return self._doors.first(shown, lambda at: self._first_byte(path, shown, at))
            reply = self._wire.ask("HEAD", path, self._headers)
            if reply.message.status in _HEAD_REFUSED:
                self._wire.finish(reply)
                return self._first_byte(path, shown)
            if reply.message.status != 200:
                raise refused(self._wire, reply, shown)
            self._wire.finish(reply)
            try:
                return read_answer(reply.message, shown, 0, None, ranged=False).facts
            except NotTheFile:
                # Only the page itself says what it is, and some servers answer HEAD alone with one.
                return self._first_byte(path, shown)

    def body(self, url: str, most: int) -> bytes:
        """Return all of a small file at a URL, of this server or, without credentials, of another.

        most: bytes; a longer one raises NotTheFile. Needs no `connect`. Raises what `stat` does.
        """
        shown = urlsplit(url).path
        with self._line.held(), converted(self._wire.place, shown):
            reply = self._wire.ask("GET", shown or "/", self._headers, url)
            if reply.message.status != 200:
                raise refused(self._wire, reply, shown)
            with sound(self._wire, reply):
                answer = read_answer(reply.message, shown, 0, None, ranged=False)
                data = bytearray()
                try:
                    while len(data) <= most and (got := reply.message.readinto(self._buffer)):
                        data += self._buffer[:got]
                except Surplus:
                    raise misfit(shown, "It announced fewer bytes than it sent.") from None
                if len(data) > most:
                    raise not_the_file(shown, f"more than {most:,} bytes")
                # One that was closed here ends like one whose end is the file's.
                self._line.check()
                if not reply.message.done:
                    raise torn(shown, len(data)) if answer.end is None else cut_short(shown, len(data), answer.end)
            self._wire.settle(reply)
            return bytes(data)

    def list(self, path: str) -> list[Entry]:
        """Raise Unsupported: HTTP has no folders."""
        raise _no_folders(path)

    def walk(self, root: str, enter: Callable[[Entry], bool], stopped: Callable[[], bool]) -> Iterator[Folder]:
        """Raise Unsupported: HTTP has no folders."""
        raise _no_folders(root)

    def _first_byte(self, path: str, shown: str, at: str | None = None) -> Entry:
        reply = self._wire.ask("GET", path, self._headers | {"Range": "bytes=0-0"}, at)
        status = reply.message.status
        if status == 416 and unsatisfied_size(reply.message) == 0:
            self._wire.finish(reply)
            return Entry(shown, size=0)
        if status not in (200, 206):
            raise refused(self._wire, reply, shown)
        with sound(self._wire, reply):
            try:
                facts = read_answer(reply.message, shown, 0, 1, ranged=True).facts
            except NotTheFile as stranger:
                if status == 206:
                    # A page's first byte says nothing.
                    self._wire.drop(reply)
                    reply = self._wire.ask("GET", path, self._headers, at)
                with sound(self._wire, reply):
                    self._wire.note(stranger, reply)
                    raise
        if status == 200:
            self._wire.drop(reply)
        else:
            self._wire.finish(reply)
        return facts

    # --- carrying

    def read(self, feed: Feed) -> None:
        """Carry pieces until the feed has none left; raise what concerns the connection."""
        carrier = self._carrier
        with self._line.held():
            while (piece := feed.next()) is not None:
                try:
                    carrier.carry(piece)
                except Dropped:
                    continue
                except Unreachable as error:
                    # In the middle of a run a server that cannot be reached is a line that broke.
                    raise lost(self._wire.place, error.cause) from error
                except _OF_THE_CONNECTION:
                    raise
                except ShotDockError as error:
                    # A line that was closed here looks like one that was cut: that is not the file's fault.
                    self._line.check()
                    piece.failed(error)
                else:
                    # Nor is it like one whose end is the file's.
                    self._line.check()
                    piece.finished()
                if not carrier.ranges:
                    self.features = replace(self.features, ranges=False)


def _no_folders(path: str) -> Unsupported:
    return Unsupported(
        title="A web server has no folders to look into.",
        cause="HTTP names files one by one.",
        suggestion="Give the files' own URLs, or a list of them.",
        path=path.partition("?")[0],
    )
