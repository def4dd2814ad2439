"""A folder of files that can be fetched again, kept below a size: the least recently used go."""

import contextlib
import hashlib
import os
import threading
from pathlib import Path

from desktop.core.errors import TargetUnwritable
from desktop.places import private_folder

_ROOM = 0.9
"""Share of the size that is left once files had to go, so that not every further one asks for another look."""


class DiskCache:
    """Files by key, in one folder. Used from any thread; several programs may share the folder."""

    def __init__(self, folder: Path, most: int, suffix: str = "") -> None:
        """most: bytes of all files together. suffix: of every file's name."""
        self.folder = folder
        self._most, self._suffix = most, suffix
        self._lock = threading.Lock()
        self._written = most  # what lies here from before is counted with the first file put in

    def path(self, key: str) -> Path:
        """Return where the file of this key is, if it is here."""
        return self.folder / (hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:40] + self._suffix)

    def get(self, key: str) -> bytes | None:
        """Return a file's bytes, None if it is not here, and note that it was used."""
        path = self.path(key)
        try:
            data = path.read_bytes()
        except OSError:
            return None
        self.touch(path)
        return data

    def put(self, key: str, data: bytes) -> None:
        """Keep a file, whole or not at all; where the disk refuses, it is simply not kept."""
        path = self.path(key)
        fresh = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.new")
        with contextlib.suppress(OSError):
            private_folder(self.folder)
            try:
                fresh.touch(mode=0o600)
                fresh.write_bytes(data)
                fresh.replace(path)
            finally:
                fresh.unlink(missing_ok=True)
        self.trim(len(data))

    def touch(self, path: Path) -> None:
        """Note that a file was used just now."""
        with contextlib.suppress(OSError):
            os.utime(path)

    def make(self) -> None:
        """Make the folder; raise TargetUnwritable."""
        try:
            private_folder(self.folder)
        except OSError as error:
            raise TargetUnwritable(
                title="The cache folder cannot be made.",
                cause=f"{error.strerror}.",
                suggestion="Check its permissions and the space on its disk.",
                path=str(self.folder),
            ) from error

    def trim(self, written: int) -> None:
        """Note bytes that were written here; if all is too much by now, the least recently used files go."""
        with self._lock:
            self._written += written
            if self._written > self._most:
                self._written = self._tidy()

    def _tidy(self) -> int:
        """Remove the oldest files until there is room; return the bytes left. The newest one always stays."""
        files = []
        with contextlib.suppress(OSError), os.scandir(self.folder) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    facts = entry.stat(follow_symlinks=False)
                    files.append((facts.st_mtime, facts.st_size, entry.path))
        files.sort()
        total = sum(size for _, size, _ in files)
        goal = self._most * _ROOM if total > self._most else self._most
        for _, size, path in files[:-1]:
            if total <= goal:
                break
            with contextlib.suppress(OSError):
                Path(path).unlink()
                total -= size
        return total
