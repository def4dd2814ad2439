"""FTP and FTP over TLS: one control connection, absolute paths, one data connection after the other."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from desktop.core.errors import Ask, ConnectionLost, ServerBusy, ShotDockError, TimedOut
from desktop.core.media import Entry, Folder
from desktop.transfer.handing import Dropped
from desktop.transfer.ports import Features, Feed, Site
from desktop.transfer.sources.ftp_carry import Carrier
from desktop.transfer.sources.ftp_errors import checked, converted, lost
from desktop.transfer.sources.ftp_lookout import Lookout
from desktop.transfer.sources.ftp_wire import Wire
from desktop.transfer.walk import walk_folders

_BUFFER = 1 << 20
_OF_THE_CONNECTION = (ConnectionLost, TimedOut, ServerBusy, Ask)


class FtpSource:
    """A session on an FTP server (`ftp`, `ftps`, `ftpes`); it logs in again by itself where a transfer confused it."""

    features = Features()

    def __init__(self, site: Site) -> None:
        self._site = site
        self._wire: Wire | None = None
        self._carrier: Carrier | None = None
        self._buffer = memoryview(bytearray(_BUFFER))
        self._in_use = threading.Lock()
        self._closed = threading.Event()
        self._lookout = Lookout()

    # --- coming and going

    def connect(self) -> None:
        """Connect and log in; raise Unreachable, LoginFailed, HostKeyUnknown, HostKeyChanged, ServerBusy."""
        self._closed.clear()
        with self._using():
            pass

    def close(self) -> None:
        """Hang up; from another thread it breaks off whatever is going on here."""
        self._closed.set()
        wire = self._wire
        if wire is not None:
            wire.sever()
        self._tidy()

    def _tidy(self) -> None:
        # Only who holds the lock may close the sockets: another thread may still be reading from them, and their
        # numbers could be given to other files meanwhile.
        if self._in_use.acquire(blocking=False):
            try:
                if self._wire is not None:
                    self._wire.hang_up()
                self._wire = None
            finally:
                self._in_use.release()

    @contextmanager
    def _using(self) -> Iterator[Wire]:
        """Lend the wire, logged in anew if need be; close it behind `close`."""
        try:
            with self._in_use:
                yield self._ready()
        except ShotDockError:
            if self._closed.is_set():
                raise self._hung_up() from None
            raise
        finally:
            if self._closed.is_set():
                self._tidy()

    def _hung_up(self) -> ConnectionLost:
        return lost(self._site.address.origin, "It was closed here.")

    def _ready(self) -> Wire:
        if self._closed.is_set():
            raise self._hung_up()
        if self._wire is not None and self._wire.alive:
            return self._wire
        if self._wire is not None:
            self._wire.hang_up()
        self._wire = wire = Wire(self._site)
        try:
            wire.open()
        except BaseException:
            wire.hang_up()
            raise
        self._carrier = Carrier(wire, self._buffer)
        self.features = replace(self.features, ranges=wire.can.rest)
        return wire

    @contextmanager
    def _talking(self, path: str) -> Iterator[Wire]:
        """Lend the wire for questions about path; after a fault of the connection it is not used again."""
        with self._using() as wire:
            try:
                with converted(wire.place, path):
                    yield wire
            except _OF_THE_CONNECTION:
                wire.alive = False
                raise

    # --- looking

    def stat(self, path: str) -> Entry:
        """Return what is at path, following links; raise NotFound, NotAllowed."""
        with self._talking(checked(path)) as wire:
            return self._lookout.stat(wire, path)

    def list(self, path: str) -> list[Entry]:
        """Return the folder's entries; links stay links, where the server shows them. Raise NotFound, NotAllowed."""
        with self._talking(checked(path)) as wire:
            return self._lookout.entries(wire, path)

    def walk(self, root: str, enter: Callable[[Entry], bool], stopped: Callable[[], bool]) -> Iterator[Folder]:
        """Yield root and the folders below it that `enter` admits; see `Source.walk`."""
        return walk_folders(self.list, root, enter, stopped)

    # --- carrying

    def read(self, feed: Feed) -> None:
        """Carry pieces until the feed has none left; raise what concerns the connection."""
        with self._using() as wire:
            while (piece := feed.next()) is not None:
                wire = self._ready()
                try:
                    if self._carrier is not None:
                        self._carrier.carry(piece)
                except Dropped:
                    continue
                except _OF_THE_CONNECTION:
                    wire.alive = False
                    raise
                except ShotDockError as error:
                    piece.failed(error)
