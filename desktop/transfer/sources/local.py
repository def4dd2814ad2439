"""Files on this machine or on a mounted share, read as if they came from a server."""

import errno
import io
import os
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from desktop.core.errors import (
    ConnectionLost,
    HostileName,
    NotAllowed,
    NotFound,
    ShotDockError,
    StillUploading,
    Truncated,
)
from desktop.core.media import Entry, EntryKind, Folder
from desktop.transfer.buffers import pages
from desktop.transfer.handing import Dropped, handing
from desktop.transfer.ports import Features, Feed, Piece, Site
from desktop.transfer.walk import walk_folders

_BLOCK = 1 << 20
_MISSING = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP)
_DENIED = (errno.EACCES, errno.EPERM)


class LocalSource:
    """The file system as a source; nothing is ever written through it."""

    features = Features(lanes=2)

    def __init__(self, site: Site) -> None:
        self._site = site
        self._closed = threading.Event()
        self._block = pages(_BLOCK)

    def connect(self) -> None:
        """Do nothing: the file system is always there."""
        self._closed.clear()

    def close(self) -> None:
        """Make a read that is under way end with ConnectionLost at its next block."""
        self._closed.set()

    def stat(self, path: str) -> Entry:
        """Return what is at path, following links; raise NotFound, NotAllowed."""
        with converted(path):
            return _entry(path, Path(path).stat())

    def list(self, path: str) -> list[Entry]:
        """Return the folder's entries; links stay links. Raise NotFound, NotAllowed."""
        with converted(path):
            prefix = Path(path).as_posix().rstrip("/") + "/"
            with os.scandir(path) as names:
                return [_entry(prefix + name.name, name.stat(follow_symlinks=False)) for name in names]

    def walk(self, root: str, enter: Callable[[Entry], bool], stopped: Callable[[], bool]) -> Iterator[Folder]:
        """Yield root and the folders below it that `enter` admits; see `Source.walk`."""
        return walk_folders(self.list, root, enter, stopped)

    def read(self, feed: Feed) -> None:
        """Carry pieces until the feed has none left; raise ConnectionLost after `close`."""
        while (piece := feed.next()) is not None:
            try:
                self._bring(piece)
            except Dropped:
                continue
            except ConnectionLost:
                raise
            except ShotDockError as error:
                piece.failed(error)
            else:
                piece.finished()

    def _bring(self, piece: Piece) -> None:
        path = piece.file.path
        with converted(path):
            # A pipe or a device would hang the lane as soon as it is opened.
            if not stat.S_ISREG(Path(path).stat().st_mode):
                raise _no_file(path)
            file = io.FileIO(path)
        with file:
            before = _entry(path, os.fstat(file.fileno()))
            with handing():
                piece.opened(before)
            size = before.size or 0
            end = size if piece.end is None else piece.end
            if end > size:
                raise _short(path, size, end)
            with converted(path):
                file.seek(piece.start)
            offset = piece.start
            while offset < end:
                if self._closed.is_set():
                    raise ConnectionLost("Reading was broken off.", path=path)
                with converted(path):
                    got = file.readinto(self._block[: min(piece.portion(_BLOCK), end - offset)]) or 0
                if not got:
                    raise _short(path, offset, end)
                with handing():
                    piece.write(offset, self._block[:got])
                offset += got
            after = _entry(path, os.fstat(file.fileno()))
        if (after.size, after.mtime) != (before.size, before.mtime):
            raise StillUploading(
                title=f"{before.name} is still being written.",
                cause=f"It had {size:,} bytes when reading began and has {after.size:,} now.",
                suggestion="It will be fetched again once it rests.",
                path=path,
            )


@contextmanager
def converted(path: str) -> Iterator[None]:
    """Turn the file system's exceptions about path into our errors."""
    try:
        yield
    except ValueError as error:
        raise HostileName(
            title="No file can have this name.", cause=f"{error}: {path!r}.", suggestion="Rename it.", path=path
        ) from None
    except OSError as error:
        raise _fault(error, path) from error


def _fault(error: OSError, path: str) -> ShotDockError:
    cause = error.strerror or str(error)
    if error.errno in _MISSING:
        return NotFound(f"There is no {path}.", f"{cause}.", "Check the path.", path)
    if error.errno in _DENIED:
        return NotAllowed(f"You may not read {path}.", f"{cause}.", "Ask its owner for access.", path)
    suggestion = "Check the disk or share; it will be tried again."
    return ConnectionLost(f"Reading {path} failed.", f"{cause}.", suggestion, path)


def _entry(path: str, facts: os.stat_result) -> Entry:
    if stat.S_ISREG(facts.st_mode):
        return Entry(path, EntryKind.FILE, facts.st_size, facts.st_mtime_ns / 1e9, precision=1e-6)
    kind = EntryKind.OTHER
    if stat.S_ISDIR(facts.st_mode):
        kind = EntryKind.FOLDER
    elif stat.S_ISLNK(facts.st_mode):
        kind = EntryKind.LINK
    return Entry(path, kind, None, facts.st_mtime_ns / 1e9, precision=1e-6)


def _no_file(path: str) -> NotFound:
    return NotFound(f"{path} is not a file.", "It is a folder or a device.", "Choose a file.", path)


def _short(path: str, got: int, wanted: int) -> Truncated:
    return Truncated(
        title=f"{path} ended early.",
        cause=f"It ends at byte {got:,}, {wanted:,} were expected.",
        suggestion="It may have been replaced meanwhile; it will be read again.",
        path=path,
    )
