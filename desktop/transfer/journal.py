"""What is known to be safely on disk of a large file, kept beside its part file.

A journal is JSON: the file's fingerprint as the server told it when it was opened, the durable ranges with
the CRC-32 of their bytes, and who writes it. It is written to a temporary name, synced and renamed, always
after the data it speaks of was synced: it may lag behind the bytes, and never leads. Then the folder is synced, for
the names of the part and of its journal. What came since is noted in lines behind it, which nobody syncs: see notes.py.
"""

import json
import math
import os
import stat
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from desktop.core.media import Entry
from desktop.transfer import notes
from desktop.transfer.disk import create, sync_data, sync_folder, write_at
from desktop.transfer.sums import Block, Note

VERSION = 1
_PAGE = 4096
"""Bytes; what is synced fills pages of its own, which no later write touches."""
_LARGEST = 64 * 1024 * 1024
"""Bytes; a journal of a 1 TiB file has about 1 MB."""


@dataclass(frozen=True, slots=True)
class Journal:
    """A journal as read back. file: the fingerprint; blocks: durable ranges in order; host, pid: the writer.

    user: whose file it is, 0 on systems without such numbers. notes: of what came since, and has to be proven.
    """

    file: Entry
    blocks: tuple[Block, ...]
    host: str = ""
    pid: int = 0
    user: int = 0
    notes: tuple[Note, ...] = ()

    @property
    def bytes(self) -> int:
        """Return how many bytes are durable or noted."""
        return sum(span[1] - span[0] for span in (*self.blocks, *self.notes))


def write_journal(
    path: str, journal: Journal, replacing: Callable[[str], AbstractContextManager[object]] = nullcontext
) -> None:
    """Write a journal so that the old or the new one is there whatever happens; raise OSError.

    replacing: given the new one's path and entered for the moment in which it takes the old one's place. Notes are
    not written.
    """
    fresh = f"{path}.new"
    try:
        fd = _fresh(fresh)
        with os.fdopen(fd, "w", encoding="ascii") as file_object:
            file_object.write(_text(journal))
            file_object.flush()
            sync_data(file_object.fileno())
        with replacing(fresh):
            Path(fresh).replace(path)
        sync_folder(os.path.dirname(path))
    except OSError:
        Path(fresh).unlink(missing_ok=True)
        raise


def begin_journal(path: str, journal: Journal) -> int:
    """Write a journal for notes to follow where none is, without waiting for the disk; return its descriptor.

    Raises OSError.
    """
    fd = create(path)
    try:
        write_at(fd, _text(journal).encode("ascii"), 0)
        os.lseek(fd, 0, os.SEEK_END)
    except OSError:
        os.close(fd)
        Path(path).unlink(missing_ok=True)
        raise
    return fd


def _text(journal: Journal) -> str:
    """Return a journal as it is written: no prefix of it is one."""
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
    return f"{text[:-1].ljust(-(-len(text) // _PAGE) * _PAGE - 1)}}}"


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
        # Whatever a power loss made of the notes, zeros included: what was saved is whole.
        data, end = json.JSONDecoder().raw_decode(text.decode("latin-1"))
        return _parse(data, facts.st_uid, text[end:])
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None


def _parse(data: dict[str, Any], user: int, since: bytes) -> Journal | None:
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
    return Journal(file, tuple(blocks), str(owner["host"]), int(owner["pid"]), user, notes.parse(since, size))


def _finite(value: Any) -> float:
    """Return a number; raise ValueError or OverflowError for one that is compared with nothing."""
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(value)
    return number
