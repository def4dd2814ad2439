"""Who keeps a journal: syncs a part's data, then notes it as durable, and in between what came meanwhile."""

import os
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from desktop.core.media import Entry
from desktop.transfer.disk import reopen, sync_data
from desktop.transfer.journal import Journal, begin_journal, write_journal
from desktop.transfer.notes import lines, proven, strike
from desktop.transfer.ranges import Ranges
from desktop.transfer.sums import BLOCK, Block, Note, checksum

MOST_BLOCKS = 4096
"""Known blocks beyond which only the larger ones are kept, so that a journal stays small."""


class Keeper:
    """Keeps the journal of one part file up to date. Thread-safe; the slow calls belong on a committer's thread."""

    def __init__(self, path: str, file: Entry, blocks: tuple[Block, ...] = (), notes: tuple[Note, ...] = ()) -> None:
        """Go on with what a journal says. notes: of what is not in the blocks."""
        self._path = path
        self._file = file
        self._blocks = list(blocks)
        self._notes = list(notes)
        self._lock = threading.Lock()
        # For the moments in which notes are written or a journal takes another one's place; never while a disk syncs.
        self._noting = threading.Lock()
        self._fd = -1
        self._generation = 0
        self._distrusted = False

    @property
    def hopeless(self) -> bool:
        """Tell whether a sync failed before anything was durable."""
        return self._distrusted and not self._blocks

    @property
    def generation(self) -> int:
        """Return a number that changes with every `forget` and `withdraw`."""
        return self._generation

    def save(self, fd: int, ranges: Ranges, sums: Sequence[Block], generation: int) -> None:
        """Sync the file's data, then note the ranges, written before the call, as durable.

        sums: blocks whose checksums are known; what of the ranges they do not cover is read back.
        Does nothing if anything was taken back since the ranges were copied, or once a sync failed. Raises OSError;
        the journal then still tells the state before.
        """
        with self._lock:
            if generation != self._generation or self._distrusted:
                return
            with self.syncing():
                sync_data(fd)
            self._blocks = _digest(fd, sums, ranges)
            self._write()

    def note(self, notes: Sequence[Note]) -> None:
        """Note what came behind the journal, without waiting for a disk to sync: a kill costs it no more.

        A disk that does not take a note will say so of the bytes themselves.
        """
        with self._noting, suppress(OSError):
            if notes and not self._distrusted:
                self._notes += notes
                self._append(notes, self._path)

    @contextmanager
    def syncing(self) -> Iterator[None]:
        """Sync the part in here: a disk tells once that it could not, and then calls the lost bytes durable.

        What was not noted as durable before is fetched again, never synced again.
        """
        try:
            yield
        except OSError:
            with self._noting:
                self._distrusted = True
                self._notes.clear()
                self._let_go()
                with suppress(OSError):
                    strike(self._path)
            raise

    def prove(self, fd: int) -> tuple[Block, ...]:
        """Return what is durable of an earlier run, and what its notes speak of and the disk gives back.

        Raises OSError.
        """
        with self._lock:
            if self._notes:
                with self.syncing():
                    return tuple(proven(fd, self._blocks, self._notes))
            return tuple(self._blocks)

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
            with self._noting:
                self._notes.clear()
                self._let_go()
                Path(self._path).unlink(missing_ok=True)
                Path(f"{self._path}.new").unlink(missing_ok=True)

    def withdraw(self, start: int, end: int) -> None:
        """Take back what the journal says of bytes that may be wrong, before a kill leaves it to be believed.

        A save that is under way counts no more. Raises OSError.
        """

        def apart(span: Block | Note) -> bool:
            return span[1] <= start or end <= span[0]

        with self._lock:
            self._generation += 1
            blocks = [block for block in self._blocks if apart(block)]
            with self._noting:
                notes = [note for note in self._notes if apart(note)]
                same = (len(blocks), len(notes)) == (len(self._blocks), len(self._notes))
                self._blocks, self._notes = blocks, notes
            if same:
                return
            try:
                self._write()
            except OSError:
                # None at all says nothing wrong, and takes no room.
                with self._noting:
                    self._let_go()
                    Path(self._path).unlink(missing_ok=True)

    def close(self) -> None:
        """Let the journal's descriptor go; the next note opens it again."""
        with self._noting:
            self._let_go()

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
        write_journal(self._path, self._journal(), self._replacing)

    @contextmanager
    def _replacing(self, fresh: str) -> Iterator[None]:
        """Have the next journal bear, before it takes its place in here, the notes of what it does not tell."""
        saved = Ranges((start, end) for start, end, _ in self._blocks)
        with self._noting:
            self._let_go()
            self._notes = [note for note in self._notes if not saved.covers(note[0], note[1])]
            with suppress(OSError):
                self._append(self._notes, fresh)
            self._let_go()  # Windows renames no open file, nor gives another one its name
            yield

    def _append(self, notes: Sequence[Note], path: str) -> None:
        if not notes:
            return
        if self._fd < 0:
            try:
                self._fd = reopen(path)
                os.lseek(self._fd, 0, os.SEEK_END)
            except FileNotFoundError:
                self._fd = begin_journal(path, self._journal())
        os.write(self._fd, lines(notes))

    def _let_go(self) -> None:
        if self._fd >= 0:
            fd, self._fd = self._fd, -1
            os.close(fd)

    def _journal(self) -> Journal:
        return Journal(self._file, tuple(self._blocks), socket.gethostname(), os.getpid())


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
