"""The part of one file while its run lives: the descriptor, what is in it, and its journal."""

import hashlib
import os
import threading
import time
from contextlib import nullcontext
from pathlib import Path

from desktop.core.errors import Corrupted, FileInUse, ShotDockError, Truncated
from desktop.core.media import Entry
from desktop.transfer.disk import PATH_MAX, create, disk, from_disk, lock, reopen, write_at
from desktop.transfer.folders import Folders
from desktop.transfer.keeper import Keeper
from desktop.transfer.names import shown
from desktop.transfer.partfile import JOURNAL_FROM, journal_path, part_path, split
from desktop.transfer.ports import Buffer
from desktop.transfer.ranges import Ranges
from desktop.transfer.sameness import provable
from desktop.transfer.spans import Gap
from desktop.transfer.sums import Block, Sums, checksum

SAVE_BYTES = 8 * 1024 * 1024
SAVE_SECONDS = 2.0
"""Bytes or seconds after which what came is made durable and noted so: what a power loss costs, at most..."""
SAVE_FIRST = 0.2
SAVE_SHARE = 0.05
"""...and where a disk is quick to sync, less: the first save comes after so many seconds, and all of them may take so
much of the time."""
SAVE_PAUSE = 0.1
"""Seconds from one save to the next at least, or a fast line would spend its time on journals..."""
SAVE_MOST = 64 * 1024 * 1024
"""...until so many bytes have come in that time."""
NOTE_FROM = 8 * 1024 * 1024
NOTE_BYTES = 512 * 1024
"""Bytes of a file from which on what came is noted without making it durable, and bytes from one note to the next: what
a kill costs, at most."""
_DISTRUST = 64 * 1024
"""Bytes at its end that a range gives up if the server calls a transfer failed whose every byte came."""
_ROOM = (0, 64 * 1024, 1024 * 1024)
"""Bytes of a part given up, one after the other, until its journal finds room on a full disk."""


class Part:
    """A part file of one task. Whoever calls holds `lock`, unless a method says that it takes it itself.

    path: where it is. ranges: what is in it. reused: bytes an earlier run left in it. sha256: of the whole part as it
    was read back, as hex digits, or "". Every method raises errors of the disk as ShotDockError.
    """

    __slots__ = (
        "_doubtful",
        "_fault",
        "_fd",
        "_keeper",
        "_made",
        "_saved",
        "_saves_after",
        "_saving",
        "_sums",
        "_syncing",
        "_target",
        "_token",
        "_unnoted",
        "_unsaved",
        "lock",
        "path",
        "ranges",
        "reused",
        "sha256",
    )

    def __init__(self, target: str, token: str) -> None:
        self.path = part_path(target, token)
        self.lock = threading.Lock()
        self.ranges = Ranges()
        self.reused = 0
        self.sha256 = ""
        self._target, self._token = target, token
        self._fd = -1
        self._made = False
        self._keeper: Keeper | None = None
        self._doubtful: tuple[Block, ...] = ()
        self._sums: Sums | None = None
        self._unsaved = 0
        self._unnoted = NOTE_BYTES - NOTE_FROM
        self._saved = 0.0
        self._saves_after = SAVE_FIRST
        self._saving = False
        self._syncing = threading.Lock()
        self._fault: ShotDockError | None = None

    @property
    def journaled(self) -> bool:
        """Tell whether closing the part means to write a journal, which takes its time."""
        return self._keeper is not None

    @property
    def held(self) -> bool:
        """Tell whether the part is open."""
        return self._fd >= 0

    def adopt(self, folders: Folders, file: Entry, ranges: bool) -> Entry | None:
        """Take over what a dead run left of the file, and remove what is of no use; return the file it knew.

        ranges: whether anything can be continued at all.
        """
        with disk(self._target):
            found = folders.adopt(self._target, self._token, file)
            if found is None:
                return None
            self._fd = found.fd
            self._made = True
            known = found.journal.file
            there = os.fstat(self._fd).st_size
            # The journal tells what was durable; of bytes that are gone since it knows nothing.
            self._doubtful = tuple(block for block in found.journal.blocks if block[1] <= there)
            self._keeper = Keeper(journal_path(self.path), known, self._doubtful, found.journal.notes)
            self._sums = Sums()
            self._saved = time.monotonic()
            if not ranges:
                self.reset(file)
                return None
            blocks = self._keeper.prove(self._fd)
            self._sums = Sums(blocks)
            self._unnoted = 0
            for start, end, _ in blocks:
                self.ranges.add(start, end)
            if known.size is not None:
                if there > known.size:
                    os.ftruncate(self._fd, known.size)
                if self.ranges.covers(0, known.size):
                    # One byte is fetched again: opening the file is what proves that it is still the same.
                    self.ranges.remove(known.size - 1, known.size)
                    self._sums.drop(known.size - 1, known.size)
            self.reused = self.ranges.total
        return known

    def open(self, folders: Folders, folder: str, file: Entry, verify: bool) -> None:
        """Create the part, if it is not open yet."""
        if self._fd >= 0:
            return
        with disk(self._target):
            try:
                self._fd = self._create(folders, folder)
            except FileNotFoundError:
                folders.renew(folder)
                self._fd = self._create(folders, folder)
            except FileExistsError as error:
                raise FileInUse(
                    title=f"{shown(Path(self._target).name)} is being fetched already.",
                    cause=f"Another ShotDock holds {shown(self.path)}.",
                    suggestion="Let it finish, or stop it, then resume.",
                    path=shown(self._target),
                ) from error
        lock(self._fd)
        self._made = True
        journaled = file.size is None or file.size >= JOURNAL_FROM
        self._sums = Sums() if verify or journaled else None
        if journaled:
            self._keeper = Keeper(journal_path(self.path), file)
            self._saved = time.monotonic()

    def write(self, offset: int, data: Buffer, count: int) -> bool:
        """Write bytes; return whether it is time to `save`."""
        with disk(self._target):
            write_at(self._fd, data, offset)
        if self._sums is not None:
            if self.ranges.touches(offset, offset + count):
                self._sums.drop(offset, offset + count)
            else:
                self._sums.add(offset, offset + count, data)
        self.ranges.add(offset, offset + count)
        if self._keeper is None:
            return False
        self._unsaved += count
        self._unnoted += count
        if self._unnoted >= NOTE_BYTES:
            self._note()
        since = time.monotonic() - self._saved
        due = self._unsaved >= (SAVE_BYTES if since >= SAVE_PAUSE else SAVE_MOST) or since >= self._saves_after
        if not due or self._saving:
            return False
        self._saving = True
        return True

    def missing(self, start: int, stop: int | None, size: int | None) -> list[Gap]:
        """Return what is missing of a range. stop: None for the end of a file whose size, in bytes, is not known."""
        if size == 0:
            return [(0, 0)]  # nothing to fetch, but the server has to say so
        if stop is None:
            return [(self.ranges.missing(start, self.ranges.end + 1)[0][0], None)]
        return [*self.ranges.missing(start, stop)] if stop > start else []

    def doubt(self, start: int, stop: int | None, sure: bool, heard: bool) -> bool:
        """Give up what may be wrong of a range that failed; return whether all of it had come.

        sure: what came is of this file, and it will be told whether that is still the same. heard: the server said
        that it failed.
        """
        whole = stop is not None and self.ranges.covers(start, stop)
        if not sure:
            self._give_up(start, max(start, self.ranges.end) if stop is None else stop)
        elif whole and heard and stop is not None:
            self._give_up(max(start, stop - _DISTRUST), stop)
        return whole

    def save(self) -> None:
        """Make what is there durable and note it in the journal; takes the lock itself, and only for a moment."""
        with self._syncing:
            with self.lock:
                if self._fd < 0 or self._keeper is None:
                    self._saving = False
                    return
                # The part may be closed meanwhile.
                fd = os.dup(self._fd)
                self._note()
                ranges, keeper, generation = self.ranges.copy(), self._keeper, self._keeper.generation
                sums = self._sums.blocks() if self._sums is not None else []
                self._unsaved = 0
            began = time.monotonic()
            try:
                with disk(self._target):
                    try:
                        keeper.save(fd, ranges, sums, generation)
                    finally:
                        os.close(fd)
            except ShotDockError as error:
                # A disk that failed to sync tells it once; a second call would call the lost bytes durable.
                self._fault = error
                raise
            finally:
                with self.lock:
                    self._saved = time.monotonic()
                    took = self._saved - began
                    self._saves_after = min(SAVE_SECONDS, max(SAVE_PAUSE, took / SAVE_SHARE))
                    self._saving = False

    def note(self) -> None:
        """Note the last of what came, if the file is large enough for that: it may take a while to get its name."""
        if self._keeper is not None and self._unnoted > 0:
            self._note()

    def confirm(self, file: Entry) -> None:
        """Note the facts of the file as it was opened."""
        if self._keeper is not None:
            self._keeper.confirm(file)

    def reset(self, file: Entry) -> None:
        """Forget every byte: the journal goes first, so that it never speaks of what is not there."""
        with disk(self._target):
            if self._keeper is not None:
                self._keeper.forget(file)
            if self._fd >= 0:
                os.ftruncate(self._fd, 0)
        self.ranges.clear()
        self.reused = 0
        self._doubtful = ()
        if self._sums is not None:
            self._sums.clear()

    def heal(self) -> list[tuple[int, int]]:
        """Read what an earlier run left back; drop and return ranges whose bytes changed since."""
        doubtful, self._doubtful = self._doubtful, ()
        if self._keeper is None:
            return []
        with disk(self._target):
            damaged = self._keeper.damaged(self._fd, doubtful)
        for start, end in damaged:
            self.ranges.remove(start, end)
            if self._sums is not None:
                self._sums.drop(start, end)
        self.reused = max(0, self.reused - sum(end - start for start, end in damaged))
        return damaged

    def seal(self, size: int, mtime: float | None) -> int:
        """Set the time and make the part durable; return its descriptor. Takes no lock: nobody writes any more.

        A save that comes late waits: of two who sync at once, only one would hear what the disk lost.
        """
        with self._syncing, disk(self._target):
            if self._fault is not None:
                raise self._fault
            there = os.fstat(self._fd).st_size
            if there != size:
                raise Truncated(
                    title=f"{shown(Path(self._target).name)} has the wrong size on disk.",
                    cause=f"{there:,} bytes are there, {size:,} were expected.",
                    suggestion="Another program may have changed it; fetch it again.",
                    path=shown(self._target),
                )
            if mtime is not None:
                os.utime(self._fd if os.utime in os.supports_fd else self.path, (time.time(), mtime))
            with self._keeper.syncing() if self._keeper is not None else nullcontext():
                os.fsync(self._fd)
        return self._fd

    def read_back(self) -> None:
        """Compare what is on disk with what came, and note its SHA-256; raise Corrupted."""
        whole = hashlib.sha256(usedforsecurity=False)
        with disk(self._target):
            from_disk(self._fd)
            end = 0
            for start, stop, crc in self._sums.blocks() if self._sums is not None else ():
                checksum(self._fd, end, start, feed=whole.update)  # came twice: no block covers it
                end = stop
                if (found := checksum(self._fd, start, end, feed=whole.update)) != crc:
                    raise Corrupted(
                        title=f"{shown(Path(self._target).name)} reads back differently from what came.",
                        cause=f"Bytes {start:,} to {end:,} have the CRC-32 {found:08x}, {crc:08x} came.",
                        suggestion="It is fetched again; if that does not help, check the disk.",
                        path=shown(self._target),
                    )
            checksum(self._fd, end, os.fstat(self._fd).st_size, feed=whole.update)
        self.sha256 = whole.hexdigest()

    def close(self) -> None:
        """Close the descriptor; the lock on the part ends with it."""
        if self._keeper is not None:
            self._keeper.close()
        if self._fd >= 0:
            fd, self._fd = self._fd, -1
            with disk(self._target):
                os.close(fd)

    def placed(self) -> None:
        """Drop the journal: the file has its final name."""
        if self._keeper is not None:
            with disk(self._target):
                self._keeper.forget()

    def park(self, file: Entry) -> None:
        """Close the part for another run: with its journal if that is of any use, else remove it."""
        try:
            with disk(self._target):
                if self._fd < 0:
                    # It was never made, or closed to get its final name, which it was refused.
                    if not self._made or not os.path.lexists(self.path):
                        return
                    self._fd = reopen(self.path)
                if self._keeper is None or self._keeper.hopeless or not len(self.ranges) or not provable(file):
                    self.reset(file)
                    self.close()
                    Path(self.path).unlink(missing_ok=True)
                else:
                    self._save_in_full(self._keeper)
        finally:
            self.close()

    def _create(self, folders: Folders, folder: str) -> int:
        # Made by its name alone, one could be made that no path is long enough for, and nobody could remove it.
        held = folders.hold(folder) if len(os.fsencode(self.path)) < PATH_MAX else None
        if held is None:
            return create(self.path)
        try:
            return create(split(self.path)[1], held)
        finally:
            os.close(held)

    def _give_up(self, start: int, end: int) -> None:
        self.ranges.remove(start, end)
        if self._sums is not None:
            self._sums.drop(start, end)
        if self._keeper is not None:
            with disk(self._target):
                self._keeper.withdraw(start, end)

    def _note(self) -> None:
        self._unnoted = 0
        if self._keeper is not None and self._sums is not None:
            self._keeper.note(self._sums.news())

    def _save_in_full(self, keeper: Keeper) -> None:
        for room in _ROOM:
            kept = max(0, self.ranges.end - room)
            self.ranges.remove(kept, self.ranges.end)
            if room:
                os.ftruncate(self._fd, kept)
            sums = self._sums.blocks() if self._sums is not None else []
            try:
                keeper.save(self._fd, self.ranges, sums, keeper.generation)
            except OSError:
                if room == _ROOM[-1]:
                    raise
            else:
                return
