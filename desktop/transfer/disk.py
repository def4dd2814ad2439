"""The local disk: its errors in our words, and the few calls that differ from system to system."""

import errno
import os
import shutil
import sys
import threading
from pathlib import Path

from desktop.core.errors import DiskFull, FileInUse, NameTooLong, ShotDockError, TargetUnwritable
from desktop.transfer.names import shown

if sys.platform != "win32":
    import fcntl

_QUOTA: int | None = getattr(errno, "EDQUOT", None)
_NO_ROOM = (errno.ENOSPC,) if _QUOTA is None else (errno.ENOSPC, _QUOTA)
_BINARY: int = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOINHERIT", 0)
_NO_FOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
_SHARED = 32
_LOCKED = 33
_TOO_LONG = 206
"""Windows' ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION and ERROR_FILENAME_EXCED_RANGE."""


class disk:  # noqa: N801  # a context manager is used like a function; as a class it costs a third of one
    """Turn an OSError about the local path into a ShotDockError."""

    __slots__ = ("_path",)

    def __init__(self, path: str | Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            raise disk_error(error, str(self._path)) from error


def disk_error(error: OSError, path: str) -> ShotDockError:
    """Return an OSError of the local disk as one of ours."""
    cause = f"{error.strerror or error} ({errno.errorcode.get(error.errno or 0, error.errno)})."
    name = shown(os.path.basename(path) or path)
    path = shown(path)
    if error.errno in _NO_ROOM:
        return _full(name, cause, path)
    if error.errno == errno.EFBIG:
        return TargetUnwritable(
            f"{name} is too large for the destination.",
            f"Its file system, or a limit of this account, takes no file of this size: {cause}",
            "Choose a destination on another file system (FAT32 ends at 4 GiB).",
            path,
        )
    if error.errno == errno.ENAMETOOLONG or getattr(error, "winerror", None) == _TOO_LONG:
        return NameTooLong(
            f"The path of {name} is too long for the destination.", cause, "Choose a destination nearer the root.", path
        )
    if getattr(error, "winerror", None) in (_SHARED, _LOCKED):
        return FileInUse(f"Another program holds {name}.", cause, "Close it there, then resume.", path)
    return TargetUnwritable(
        f"{name} cannot be written.", cause, "Check the destination and its permissions, or choose another.", path
    )


def _full(name: str, cause: str, path: str) -> DiskFull:
    return DiskFull(
        f"There is no room left for {name}.",
        cause,
        "Free some space or inodes on the destination, or raise its quota, then resume.",
        path,
    )


def has_room(target: str, size: int, full: DiskFull) -> bool | None:
    """Tell whether the target's disk has room for size bytes by now; None if only a try can tell.

    full: what a target on this disk was refused with before.
    """
    cause = full.__cause__
    folder = Path(target).parent
    try:
        while not folder.exists():
            folder = folder.parent
        room = shutil.disk_usage(folder).free > size
        inodes = not hasattr(os, "statvfs") or os.statvfs(folder).f_favail != 0
    except OSError:
        return True  # it is another trouble now, which a try will tell in words
    if room and inodes and isinstance(cause, OSError) and cause.errno == _QUOTA:
        return None
    return room and inodes


def refuse_if_full(target: str, size: int, full: DiskFull) -> None:
    """Raise DiskFull again, without a try, unless the target's disk has room for size bytes by now.

    full: what a target on this disk was refused with before.
    """
    if not has_room(target, size, full):
        # What it is about by now, and the same cause.
        raise _full(shown(os.path.basename(target)), full.cause, target) from full.__cause__


HOLDS = {os.open, os.stat} <= os.supports_dir_fd
"""Whether a folder can be held open, and names be looked up in what is held instead of by its path."""
PATH_MAX = os.pathconf("/", "PC_PATH_MAX") if HOLDS else 0
"""Bytes that no path reaches here; 0 where nobody counts."""
_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | getattr(os, "O_DIRECTORY", 0) | _BINARY


def hold(folder: str) -> int:
    """Open a folder to look names up in; raise OSError."""
    return os.open(folder, _FOLDER)


def reach(real: str) -> tuple[int, int]:
    """Return device and inode of a folder, reached name by name: a link anywhere on the way is an OSError."""
    first, *names = Path(real).parts if hasattr(os, "O_PATH") else (real,)
    fd = hold(first)
    try:
        for name in names:
            above, fd = fd, os.open(name, _FOLDER | _NO_FOLLOW, dir_fd=fd)
            os.close(above)
        return which(fd)
    finally:
        os.close(fd)


def which(fd: int) -> tuple[int, int]:
    """Return device and inode of what is open."""
    facts = os.fstat(fd)
    return facts.st_dev, facts.st_ino


def create(path: str, folder: int | None = None) -> int:
    """Create a file that must not exist yet and return its descriptor; a link in its place counts as existing.

    folder: one that is held, which the file is made in under its name alone.
    """
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _BINARY, 0o666, dir_fd=folder)


def reopen(path: str) -> int:
    """Open an existing file to read and write; never through a link, and without waiting for whoever else does."""
    return os.open(path, os.O_RDWR | _BINARY | _NO_FOLLOW | getattr(os, "O_NONBLOCK", 0))


def from_disk(fd: int) -> None:
    """Take what is known of a file off the memory, where that can be asked for, so that the disk itself answers."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)


if sys.platform != "win32":

    def write_at(fd: int, data: bytes | bytearray | memoryview, offset: int) -> None:
        """Write all of data at offset."""
        written = os.pwrite(fd, data, offset)
        if written < len(data):
            rest = memoryview(data)
            while written < len(rest):
                written += os.pwrite(fd, rest[written:], offset + written)

    def read_at(fd: int, count: int, offset: int) -> bytes:
        """Read up to count bytes at offset."""
        return os.pread(fd, count, offset)

    def lock(fd: int) -> bool | None:
        """Lock the file for this descriptor, until it is closed; False if another has it, None if none can."""
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # ENOLCK, ENOTSUP: a share without locks
            return None
        return True

    def sync_folder(path: str) -> None:
        """Make the folder's names durable."""
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
        try:
            barrier(fd)
            os.fsync(fd)
        except OSError as error:
            # Some network and FUSE file systems cannot sync a folder; they keep names as they see fit.
            if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):
                raise
        finally:
            os.close(fd)

else:  # pragma: no cover  # Windows
    _seeking = threading.Lock()

    def write_at(fd: int, data: bytes | bytearray | memoryview, offset: int) -> None:
        """Write all of data at offset."""
        rest = memoryview(data)
        with _seeking:
            os.lseek(fd, offset, os.SEEK_SET)
            while rest:
                rest = rest[os.write(fd, rest) :]

    def read_at(fd: int, count: int, offset: int) -> bytes:
        """Read up to count bytes at offset."""
        with _seeking:
            os.lseek(fd, offset, os.SEEK_SET)
            return os.read(fd, count)

    def lock(fd: int) -> bool | None:
        """Return None: an open file can neither be renamed nor removed by others here, which is lock enough."""
        return None

    def sync_folder(path: str) -> None:
        """Do nothing: NTFS journals names, and a folder cannot be opened to sync it."""


sync_data = getattr(os, "fdatasync", os.fsync)
"""Make the bytes of a descriptor durable, and as much of its facts as reading them back needs."""

if sys.platform == "darwin":

    def barrier(fd: int) -> None:
        """Empty the drive's cache, where fsync leaves the bytes on macOS; once for a whole group of files."""
        try:
            fcntl.fcntl(fd, fcntl.F_FULLFSYNC)
        except OSError:  # network shares have none
            os.fsync(fd)

else:

    def barrier(fd: int) -> None:
        """Do nothing: fsync empties the drive's cache here."""
