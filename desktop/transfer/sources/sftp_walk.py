"""Listing folders over SFTP: one at a time, or a whole tree with many folders under way at once."""

from collections.abc import Callable, Iterator

from desktop.core.errors import NotAllowed, NotFound, ShotDockError, Stopped
from desktop.core.media import Entry, EntryKind, Folder
from desktop.transfer.sources import sftp_faults as faults
from desktop.transfer.sources import sftp_wire as wire
from desktop.transfer.sources.sftp_session import Request, Session, close_quietly
from desktop.transfer.walk import DEEPEST, LONGEST, endless, too_deep

AT_ONCE = 128
"""Folders under way at once; every one holds a handle on the server."""
AHEAD = 2
"""READDIRs under way per folder: the second one usually brings the end of the listing without another round trip."""


class Listing(Request):
    """One folder being listed: opened, read until the server says it is at the end, closed."""

    __slots__ = ("_asked", "_ended", "_handle", "_session", "depth", "done", "entries", "error", "path")

    def __init__(self, session: Session, path: str, wire_path: bytes, depth: int = 0) -> None:
        self._session = session
        self._handle = b""
        self._asked = 0
        self._ended = False
        self.path = path
        self.depth = depth
        self.entries: list[Entry] = []
        self.error: ShotDockError | None = None
        self.done = False
        session.post(self, lambda number: wire.path_packet(wire.OPENDIR, number, wire_path))

    def answered(self, kind: int, body: bytes) -> None:
        """Take the handle, a part of the listing, or its end."""
        reply = wire.Reply(body)
        if kind == wire.HANDLE:
            self._handle = reply.string()
        else:
            self._asked -= bool(self._handle)
            if kind == wire.NAME:
                self.entries.extend(reply.names(self.path))
                if len(self.entries) > LONGEST:
                    self._end(endless(self.path))
            elif kind == wire.STATUS:
                code, words = reply.status()
                self._end(None if code == wire.END and self._handle else faults.status_error(code, words, self.path))
            else:
                raise faults.nonsense(f"reply {kind} to a listing")
        while not self._ended and self._asked < AHEAD:
            self._asked += 1
            self._session.post(self, lambda number: wire.handle_packet(wire.READDIR, number, self._handle))
        if self._ended and not self._asked and not self.done:
            self.done = True
            if self._handle:
                close_quietly(self._session, self._handle)

    def cancel(self) -> None:
        """Ask for no more; the handle is closed when what was asked has been answered."""
        self._ended = True

    def _end(self, error: ShotDockError | None) -> None:
        # A READDIR sent ahead may fail only because the listing had ended: the first word counts.
        if not self._ended:
            self._ended = True
            self.error = error


def list_folder(session: Session, path: str, wire_path: bytes) -> list[Entry]:
    """Return the folder's entries; raise NotFound, NotAllowed and whatever else the server says."""
    listing = Listing(session, path, wire_path)
    while not listing.done:
        session.step()
    if listing.error:
        raise listing.error
    return listing.entries


def walk_tree(
    session: Session,
    root: str,
    wire_path: Callable[[str], bytes],
    enter: Callable[[Entry], bool],
    stopped: Callable[[], bool],
) -> Iterator[Folder]:
    """Yield root and every folder below it that `enter` admits, as soon as each is listed.

    Raises NotFound or NotAllowed for root itself, Stopped once `stopped()` is true, Unsupported for a tree
    deeper than any real one.
    """
    waiting = [(root, 0)]
    under_way: set[Listing] = set()
    try:
        while waiting or under_way:
            if stopped():
                raise Stopped
            # The deepest folders first: that keeps the list of folders still to come short.
            while waiting and len(under_way) < min(AT_ONCE, (session.limits.handles or AT_ONCE * 2) // 2):
                path, depth = waiting.pop()
                under_way.add(Listing(session, path, wire_path(path), depth))
            session.step()
            for listing in [listing for listing in under_way if listing.done]:
                under_way.remove(listing)
                if listing.error:
                    if not (listing.depth and isinstance(listing.error, NotAllowed | NotFound)):
                        raise listing.error
                    # Its parent listed it: it keeps its contents to itself, or was removed meanwhile.
                    listing.entries.clear()
                yield Folder(listing.path, tuple(listing.entries))
                waiting.extend(_below(listing, enter))
    finally:
        for listing in under_way:
            listing.cancel()


def _below(listing: Listing, enter: Callable[[Entry], bool]) -> list[tuple[str, int]]:
    """Return the folders to list next; never one whose name leads elsewhere."""
    prefix = len(listing.path if listing.path.endswith("/") else listing.path + "/")
    folders = [
        (entry.path, listing.depth + 1)
        for entry in reversed(listing.entries)
        if entry.kind is EntryKind.FOLDER and enter(entry) and _is_name(entry.path[prefix:])
    ]
    if folders and listing.depth >= DEEPEST:
        raise too_deep(listing.path)
    return folders


def _is_name(name: str) -> bool:
    return bool(name) and name not in (".", "..") and "/" not in name and "\0" not in name
