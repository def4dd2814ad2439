"""What came of a file since its journal was saved: lines at the journal's end, not synced, each with a checksum.

A killed process loses nothing that it wrote, a lost power may lose any of it, and nobody can tell afterwards which of
the two it was. So a note is believed only once the disk has given the bytes back and their checksum is the noted one.
"""

import json
import os
from collections.abc import Iterable

from desktop.transfer.disk import from_disk, reopen, sync_data
from desktop.transfer.ranges import Ranges
from desktop.transfer.sums import Block, Note, checksum


def lines(notes: Iterable[Note]) -> bytes:
    """Return notes as they are written; each begins with the end of the line before, so that a torn one is none."""
    return "".join(f"\n{json.dumps(note)}" for note in notes).encode("ascii")


def parse(text: bytes, size: int | None) -> tuple[Note, ...]:
    """Return the notes up to the first one that makes no sense. size: bytes of the file, None if unknown."""
    notes: list[Note] = []
    before_them, *rest = text.split(b"\n")
    for line in rest if not before_them else ():
        try:
            start, end, before, after = json.loads(line)
            if not all(isinstance(number, int) for number in (start, end, before, after)):
                break
            if not 0 <= start < end or (size is not None and end > size):
                break
        except (ValueError, TypeError, RecursionError):
            break
        notes.append((start, end, before, after))
    return tuple(notes)


def strike(path: str) -> None:
    """Remove the notes from a journal; raise OSError."""
    with os.fdopen(reopen(path), "r+b") as file:
        at = file.read().find(b"\n")
        if at >= 0:
            file.truncate(at)


def proven(fd: int, blocks: Iterable[Block], notes: Iterable[Note]) -> list[Block]:
    """Return blocks, in order, continued by what notes speak of and the disk gives back; raise OSError.

    What memory still holds proves nothing: a disk tells a process once that it could not write, and that process may
    be the dead one. So what is not written yet is, and then the disk is asked.
    """
    by_end = {block[1]: block for block in blocks}
    known = Ranges((start, end) for start, end, _ in by_end.values())
    sync_data(fd)
    from_disk(fd)
    for start, end, before, after in notes:
        first, _, crc = by_end.get(start, (start, start, 0)) if before else (start, start, 0)
        # What it continues may be gone since, or not be proven itself.
        if crc == before and not known.touches(start, end) and checksum(fd, start, end, before) == after:
            if first < start:
                del by_end[start]
            by_end[end] = (first, end, after)
            known.add(start, end)
    return sorted(by_end.values())
