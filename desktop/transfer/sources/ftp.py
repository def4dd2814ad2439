"""FTP and FTP over TLS: one control connection, absolute paths, one data connection after the other."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

from desktop.core.errors import Ask, ConnectionLost, ServerBusy, ShotDockError, TimedOut, Unreachable
from desktop.core.media import Entry, Folder
from desktop.transfer.buffers import pages
from desktop.transfer.handing import Dropped
from desktop.transfer.line import Line
from desktop.transfer.ports import Features, Feed, Piece, Site
from desktop.transfer.sources.ftp_carry import Carrier
from desktop.transfer.sources.ftp_errors import OutOfStep, checked, lost
from desktop.transfer.sources.ftp_lookout import Lookout
from desktop.transfer.sources.ftp_wire import Wire
from desktop.transfer.walk import walk_folders

T = TypeVar("T")

_BUFFER = 1 << 20
_OF_THE_CONNECTION = (ConnectionLost, TimedOut, ServerBusy, Ask)


class FtpSource:
    """A session on an FTP server (`ftp`, `ftps`, `ftpes`); it logs in again by itself where a transfer confused it."""

    features = Features(far=16, segments=2, listers=16)

    def __init__(self, site: Site) -> None:
        self._site = site
        self._carrier: Carrier | None = None
        self._buffer = pages(_BUFFER)
        self._line = Line(site.address.origin, self._sever, self._hang_up)
        self._lookout = Lookout()
        self._ahead = True

    # --- coming and going

    def connect(self) -> None:
        """Connect and log in; raise Unreachable, LoginFailed, HostKeyUnknown, HostKeyChanged, ServerBusy."""
        with self._line.held():
            self._ready()

    def close(self) -> None:
        """Hang up; from another thread it breaks off whatever is going on here."""
        self._line.close()

    def _sever(self) -> None:
        if self._carrier is not None:
            self._carrier.wire.sever()

    def _hang_up(self) -> None:
        if self._carrier is not None:
            # A server that did not bear commands sent ahead gets them one at a time from then on.
            self._ahead = self._ahead and not self._carrier.wire.astray
            self._carrier.wire.hang_up()
            self._carrier = None

    def _ready(self) -> Carrier:
        """Return a carrier on a session that is logged in, a new one if the last one was confused or lost."""
        if self._carrier is not None and self._carrier.wire.alive:
            return self._carrier
        self._hang_up()
        self._carrier = carrier = Carrier(Wire(self._site, self._ahead), self._buffer)
        self._line.check()
        try:
            carrier.wire.open()
        except BaseException:
            carrier.wire.hang_up()
            raise
        self.features = replace(FtpSource.features.at(carrier.wire.distance), ranges=carrier.wire.can.rest)
        return carrier

    def _again(self) -> Carrier:
        """Return a carrier in the middle of a run, when a server that cannot be reached is a line that broke."""
        try:
            return self._ready()
        except Unreachable as error:
            raise lost(self._site.address.origin, error.cause) from error

    def _asked(self, path: str, question: Callable[[Wire], T]) -> T:
        """Ask something about path; after a fault of the connection the wire is not used again."""
        with self._line.held():
            wire = self._ready().wire
            try:
                with wire.talking(path):
                    answer = question(wire)
                # A listing that was broken off here looks like one that is over.
                self._line.check()
                return answer
            except OutOfStep:
                pass
            except _OF_THE_CONNECTION:
                wire.alive = False
                raise
        return self._asked(path, question)

    # --- looking

    def stat(self, path: str) -> Entry:
        """Return what is at path, following links; raise NotFound, NotAllowed."""
        return self._asked(checked(path), lambda wire: self._lookout.stat(wire, path))

    def list(self, path: str) -> list[Entry]:
        """Return the folder's entries; links stay links, where the server shows them. Raise NotFound, NotAllowed."""
        return self._asked(checked(path), lambda wire: self._lookout.entries(wire, path))

    def walk(self, root: str, enter: Callable[[Entry], bool], stopped: Callable[[], bool]) -> Iterator[Folder]:
        """Yield root and the folders below it that `enter` admits; see `Source.walk`."""
        return walk_folders(self.list, root, enter, stopped)

    # --- carrying

    def read(self, feed: Feed) -> None:
        """Carry pieces until the feed has none left; raise what concerns the connection."""
        with self._line.held():
            while (piece := feed.next()) is not None:
                while not self._carried(piece):
                    pass

    def _carried(self, piece: Piece) -> bool:
        """Carry one piece; False if that has to be done again, with nothing sent ahead."""
        carrier = self._again()
        try:
            carrier.carry(piece)
        except Dropped:
            pass
        except OutOfStep:
            return False
        except _OF_THE_CONNECTION:
            carrier.wire.alive = False
            raise
        except ShotDockError as error:
            # A line that was closed here looks like one that was cut: that is not the file's fault.
            self._line.check()
            piece.failed(error)
        if not carrier.wire.can.rest:
            # It said it could, and refused: what is asked for from the middle comes from the beginning.
            self.features = replace(self.features, ranges=False)
        return True
