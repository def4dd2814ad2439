"""What is known to be safely on disk of a large file, kept beside its part file.

A journal is JSON: the file's fingerprint as the server told it when it was opened, the durable ranges with
the CRC-32 of their bytes, and who writes it. It is written to a temporary name, synced and renamed, always
after the data it speaks of was synced: it may lag behind the bytes, and never leads. Then the folder is synced, for
the names of the part and of its journal.
"""

import json
import math
import os
import socket
import stat
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zlib_ng.zlib_ng import crc32

from desktop.core.media import Entry
from desktop.transfer.disk import create, read_at, sync_data, sync_folder
from desktop.transfer.ranges import Ranges
from desktop.transfer.sums import BLOCK, Block

VERSION = 1
MOST_BLOCKS = 4096
"""Known blocks beyond which only the larger ones are kept, so that a journal stays small."""
_READ = 1024 * 1024
_LARGEST = 64 * 1024 * 1024
"""Bytes; a journal of a 1 TiB file has about 1 MB."""


@dataclass(frozen=True, slots=True)
class Journal:
    """A journal as read back. file: the fingerprint; blocks: durable ranges in order; host, pid: the writer.

    user: whose file it is, 0 on systems without such numbers.
    """

    file: Entry
    blocks: tuple[Block, ...]
    host: str = ""
    pid: int = 0
    user: int = 0

    @property
    def bytes(self) -> int:
        """Return how many bytes are durable."""
        return sum(end - start for start, end, _ in self.blocks)


def write_journal(path: str, journal: Journal) -> None:
    """Write a journal so that the old or the new one is there whatever happens; raise OSError."""
    file = journal.file
    text = json.dumps(
        {
            "version": VERSION,
            "source": {
                "path": file.path,
                "size": file.size,
                "mtime": file.mtime,
                "precision": file.precision,
                "etag": file.etag,
            },
            "owner": {"host": journal.host, "pid": journal.pid},
            "ranges": [[start, end, f"{crc:08x}"] for start, end, crc in journal.blocks],
        }
    )
    fresh = f"{path}.new"
    try:
        fd = _fresh(fresh)
        with os.fdopen(fd, "w", encoding="ascii") as file_object:
            file_object.write(text)
            file_object.flush()
            sync_data(file_object.fileno())
        Path(fresh).replace(path)
        sync_folder(os.path.dirname(path))
    except OSError:
        Path(fresh).unlink(missing_ok=True)
        raise


def _fresh(path: str) -> int:
    """Create a file and return its descriptor; whatever is there, a crash's or a stranger's, goes."""
    try:
        return create(path)
    except FileExistsError:
        Path(path).unlink()
        return create(path)


def read_journal(path: str) -> Journal | None:
    """Read a journal; None if there is none, or if anything about it is odd: then nothing is trusted."""
    try:
        # A pipe in its place would be waited for until somebody writes into it.
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(fd, "rb") as file:
            facts = os.fstat(fd)
            text = file.read(_LARGEST) if stat.S_ISREG(facts.st_mode) else b""
        return _parse(json.loads(text), facts.st_uid)
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None


def _parse(data: dict[str, Any], user: int) -> Journal | None:
    source, owner = data["source"], data["owner"]
    size, mtime, etag = source["size"], source["mtime"], source["etag"]
    if data["version"] != VERSION or not isinstance(size, int | None) or not isinstance(etag, str | None):
        return None
    file = Entry(
        path=str(source["path"]),
        size=size,
        mtime=None if mtime is None else _finite(mtime),
        precision=_finite(source["precision"]),
        etag=etag,
    )
    blocks: list[Block] = []
    reached = 0
    for start, end, crc in data["ranges"]:
        if not (isinstance(start, int) and isinstance(end, int) and reached <= start < end):
            return None
        blocks.append((start, end, int(crc, 16)))
        reached = end
    if size is not None and reached > size:
        return None
    return Journal(file, tuple(blocks), str(owner["host"]), int(owner["pid"]), user)


def _finite(value: Any) -> float:
    """Return a number; raise ValueError or OverflowError for one that is compared with nothing."""
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(value)
    return number


class Keeper:
    """Keeps the journal of one part file up to date. Thread-safe; the slow calls belong on a committer's thread."""

    def __init__(self, path: str, file: Entry, blocks: tuple[Block, ...] = ()) -> None:
        self._path = path
        self._file = file
        self._blocks = list(blocks)
        self._lock = threading.Lock()
        self._generation = 0
        self._distrusted = False

    @property
    def hopeless(self) -> bool:
        """Tell whether a sync failed before anything was durable."""
        return self._distrusted and not self._blocks

    @property
    def generation(self) -> int:
        """Return a number that changes with every `forget`."""
        return self._generation

    def save(self, fd: int, ranges: Ranges, sums: Sequence[Block], generation: int) -> None:
        """Sync the file's data, then note the ranges, written before the call, as durable.

        sums: blocks whose checksums are known; what of the ranges they do not cover is read back.
        Does nothing if everything was forgotten since the ranges were copied, or once a sync failed. Raises OSError;
        the journal then still tells the state before.
        """
        with self._lock:
            if generation != self._generation or self._distrusted:
                return
            with self.syncing():
                sync_data(fd)
            self._blocks = _digest(fd, sums, ranges)
            self._write()

    @contextmanager
    def syncing(self) -> Iterator[None]:
        """Sync the part in here: a disk tells once that it could not, and then calls the lost bytes durable.

        What was not noted before is fetched again, never synced again.
        """
        try:
            yield
        except OSError:
            self._distrusted = True
            raise

    def claim(self) -> None:
        """Write the journal as it is, in the name of this process."""
        with self._lock:
            self._write()

    def forget(self, file: Entry | None = None) -> None:
        """Remove the journal, before the bytes it speaks of go; the file's facts may be new ones."""
        with self._lock:
            self._generation += 1
            self._blocks.clear()
            self._file = file or self._file
            Path(self._path).unlink(missing_ok=True)
            Path(f"{self._path}.new").unlink(missing_ok=True)

    def confirm(self, file: Entry) -> None:
        """Take the facts of the file as it was opened, for the next save."""
        with self._lock:
            self._file = file

    def damaged(self, fd: int, blocks: tuple[Block, ...]) -> list[tuple[int, int]]:
        """Read blocks of an earlier run back; return those whose bytes are not what they were, and forget them."""
        bad = [(start, end) for start, end, crc in blocks if checksum(fd, start, end) != crc]
        if bad:
            with self._lock:
                self._blocks = [
                    block for block in self._blocks if not any(a < block[1] and block[0] < b for a, b in bad)
                ]
        return bad

    def _write(self) -> None:
        write_journal(self._path, Journal(self._file, tuple(self._blocks), socket.gethostname(), os.getpid()))


def checksum(fd: int, start: int, end: int, crc: int = 0, feed: Callable[[bytes], None] | None = None) -> int:
    """Return the CRC-32 of a file's bytes, continuing crc; of fewer bytes if the file ends before.

    feed: is given the bytes, too.
    """
    while start < end:
        data = read_at(fd, min(_READ, end - start), start)
        if not data:
            break
        crc = crc32(data, crc)
        if feed is not None:
            feed(data)
        start += len(data)
    return crc


def _digest(fd: int, known_blocks: Sequence[Block], ranges: Ranges) -> list[Block]:
    """Return blocks that cover ranges: the known ones kept, or continued up to BLOCK bytes, the rest read."""
    if len(known_blocks) > MOST_BLOCKS:
        known_blocks = [block for block in known_blocks if block[1] - block[0] >= BLOCK // 8]
    blocks = [block for block in known_blocks if ranges.covers(block[0], block[1])]
    known = Ranges((start, end) for start, end, _ in blocks)
    merged = {end: (start, end, crc) for start, end, crc in blocks}
    for low, high in ranges:
        for gap_start, gap_end in known.missing(low, high):
            start = gap_start
            while start < gap_end:
                first, _, crc = merged.get(start, (start, start, 0))
                if start - first >= BLOCK:
                    first, crc = start, 0
                end = min(gap_end, first + BLOCK)
                if first < start:
                    del merged[start]
                merged[end] = (first, end, checksum(fd, start, end, crc))
                start = end
    return sorted(merged.values())
