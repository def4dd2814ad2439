"""One file being carried over SFTP: opened, looked at, read in blocks, looked at again, closed.

All of it runs on the lane thread except `Block.land`, which writes a block's bytes as they come in.
"""

from typing import Protocol

from desktop.core.errors import ShotDockError, Stopped, Truncated
from desktop.core.media import Entry, EntryKind
from desktop.transfer.ports import Buffer, Piece
from desktop.transfer.sources import sftp_faults as faults
from desktop.transfer.sources import sftp_wire as wire
from desktop.transfer.sources.sftp_session import Request

AHEAD_OF_THE_UNKNOWN = 8
"""Blocks asked ahead in a file whose size the server does not tell."""


class Reader(Protocol):
    """What a carried file needs of whoever carries it."""

    guesses: bool
    """Whether a small file may be read before the server has said what it is."""

    @property
    def longest(self) -> int:
        """Return the bytes to ask for in one read."""

    def look(self, carried: "Carried") -> None:
        """Ask what the open file is now."""

    def ask(self, block: "Block") -> None:
        """Ask for a block."""

    def answered(self, block: "Block") -> None:
        """Note that a block's reply is here."""

    def hungry(self, carried: "Carried") -> None:
        """Note that there are blocks to ask for."""

    def let_go(self, carried: "Carried") -> None:
        """Close the file and forget it."""


class Carried:
    """A piece on its way, and where it stands."""

    __slots__ = (
        "_asked_to",
        "_checked",
        "_early",
        "_error",
        "_flying",
        "_gaps",
        "_goal",
        "_guess",
        "_seen",
        "_short_at",
        "_top",
        "_watch_end",
        "dropped",
        "handle",
        "hungry",
        "piece",
        "reader",
        "refused",
    )

    def __init__(self, reader: Reader, piece: Piece) -> None:
        self.reader = reader
        self.piece = piece
        self.handle = b""
        self.hungry = False
        self.dropped = False
        """True once the piece is no more ours: nothing may be written or told to it."""
        self.refused = False
        """True once the engine has refused a write: it wants no more of this piece."""
        self._seen: Entry | None = None
        self._goal: int | None = piece.end if piece.end is not None else piece.file.size
        self._watch_end = piece.end is None or (piece.file.size is not None and piece.end >= piece.file.size)
        self._asked_to = piece.start
        self._top = piece.start
        self._gaps: list[tuple[int, int]] = []
        self._flying = 0
        self._guess: Block | None = None
        self._early: bytes | None = None
        self._checked = False
        self._error: ShotDockError | None = None
        self._short_at: int | None = None

    def drop(self) -> None:
        """Have nothing more to do with the piece."""
        self.dropped = True
        self._guess = None  # it knows this file: together they would wait for a collector

    @property
    def unasked(self) -> int:
        """Return the bytes not asked for yet, as far as known."""
        return max(0, (self._goal or 0) - self._asked_to)

    @property
    def now(self) -> Entry:
        """Return the name the server's answers are about."""
        return self.piece.file

    # --- opening

    def opening(self) -> None:
        """Note that the server was asked to open the file."""
        self._flying += 1

    def opened(self, handle: bytes) -> None:
        """Go on from the open file: look at it, and read it at once if it is small and its size was planned."""
        self._flying -= 1
        self.handle = handle
        if self.dropped:
            return self.reader.let_go(self)
        self._look()
        length = self.unasked + self._watch_end
        if self.reader.guesses and self._goal is not None and 0 < length <= self.reader.longest:
            self._guess = Block(self, self._asked_to, length, direct=False)
            self._asked_to = self._goal + self._watch_end
            self.reader.ask(self._begin(self._guess))
        return None

    def seen(self, entry: Entry) -> None:
        """Take what the server says the open file is: first to begin, then to be sure it stayed the same."""
        self._flying -= 1
        if self.dropped:
            return None
        if self._seen is not None:
            self._compare(self._seen, entry)
            return self._settle()
        self._seen = entry
        if entry.kind is not EntryKind.FILE:
            self._error = faults.not_a_file(entry)
            return self._settle()
        try:
            self.piece.opened(entry)
        except (Stopped, ShotDockError):
            return self.reader.let_go(self)
        if self.piece.end is None:
            self._goal = entry.size
        self._watch_end = entry.size is None or self._goal is None or self._goal >= entry.size
        needed = max(self.piece.start, self._goal or 0)
        if entry.size is not None and needed > entry.size:
            self._error = faults.too_short(entry, needed, entry.size)
        if self._early is not None and self._guess is not None:
            early, self._early = self._early, None
            self._take(self._guess, early)
        elif self._guess is None:
            self.reader.hungry(self)
        return self._settle()

    def failed(self, error: ShotDockError) -> None:
        """Note that a request of this file failed; the file is told once nothing is under way for it any more."""
        self._flying -= 1
        self._error = self._error or error
        self._settle()

    # --- reading

    def next_block(self) -> "Block | None":
        """Return the next block to ask for, or None if there is none for now."""
        if self.dropped or self._error or self._short_at is not None:
            return None
        while self._gaps:
            offset, length = self._gaps.pop()
            if self._goal is None or offset < self._goal:
                return self._begin(Block(self, offset, length))
        if self._goal is None and self._flying >= AHEAD_OF_THE_UNKNOWN:
            return None
        limit = self._asked_to + self.reader.longest if self._goal is None else self._goal + self._watch_end
        length = min(self.reader.longest, limit - self._asked_to)
        if length <= 0:
            return None
        block = Block(self, self._asked_to, length)
        self._asked_to += length
        return self._begin(block)

    def _begin(self, block: "Block") -> "Block":
        self._flying += 1
        return block

    def write(self, offset: int, data: Buffer) -> None:
        """Write what of a block belongs to the piece; on whichever thread, but one at a time."""
        if self.dropped or self.refused or self._error:
            return
        if self._goal is not None and offset + len(data) > self._goal:
            data = memoryview(data)[: max(0, self._goal - offset)]
        if not len(data):
            return
        try:
            self.piece.write(offset, data)
        except (Stopped, ShotDockError):
            self.refused = True

    def came(self, block: "Block", data: bytes, length: int) -> None:
        """Take a block's reply: `length` bytes written already, or the data of a guess."""
        self._flying -= 1
        if self.dropped:
            return
        if block is self._guess:
            if self._seen is None:
                self._early = data
            else:
                self._take(block, data)
        else:
            self._account(block, length)
        self._settle()

    def _take(self, guess: "Block", data: bytes) -> None:
        """Write a guess's bytes and go on with what it did not bring."""
        self.write(guess.offset, data)
        if data:
            self._account(guess, len(data))
        else:
            self._ended(guess.offset)
        self.reader.hungry(self)

    def _account(self, block: "Block", length: int) -> None:
        """See what a block of `length` bytes leaves to be asked, and whether it brought too much."""
        end = block.offset + length
        self._top = max(self._top, end)
        goal = self._goal
        if length > block.length or (goal is not None and self._watch_end and end > goal):
            self._error = self._error or faults.too_long(self.now, goal if goal is not None else end - 1)
            return
        missing = block.offset + block.length if goal is None else min(block.offset + block.length, goal)
        if end < missing:
            self._gaps.append((end, missing - end))
        if self._gaps or goal is None:
            self.reader.hungry(self)

    def ended(self, block: "Block") -> None:
        """Take the end of the file where a block was asked for."""
        self._flying -= 1
        if self.dropped:
            return
        if block is self._guess and self._seen is None:
            self._early = b""
        else:
            self._ended(block.offset)
        self._settle()

    def _ended(self, offset: int) -> None:
        size = self._seen.size if self._seen else None
        if size is None and self.piece.end is None:
            # The server never told a size: the end is where the first block found none.
            self._goal = offset if self._goal is None else min(self._goal, offset)
        elif self._goal is not None and offset < self._goal:
            self._short_at = offset if self._short_at is None else min(self._short_at, offset)

    # --- ending

    def _settle(self) -> None:
        """End the piece once nothing is under way or left to ask."""
        if self.dropped:
            return None
        if self.refused:
            return self.reader.let_go(self)
        if self._flying:
            return None
        if self._short_at is not None and self._goal is not None:
            # Blocks come in any order: the file ends where the first one of them found nothing or too little.
            ends_at = min([self._short_at, *(offset for offset, _ in self._gaps)])
            self._error = self._error or faults.too_short(self.now, self._goal, ends_at)
            self._short_at = None
        if self._error is None and (self._gaps or self._goal is None or self._asked_to < self._goal + self._watch_end):
            return self.reader.hungry(self)
        if self._error is None and self._goal is not None and self._top > self._goal:
            self._error = faults.too_long(self.now, self._goal)
        if not self._checked and self._wants_check():
            self._checked = True
            return self._look()
        # The close leaves first: the engine may take its time with a whole file.
        self.reader.let_go(self)
        if self._error:
            return self.piece.failed(self._error)
        return self.piece.finished()

    def _wants_check(self) -> bool:
        """Tell whether the file has to be looked at again: not for a fault, nor for one read that got it all."""
        if self._error:
            return isinstance(self._error, Truncated) and bool(self.handle)
        return self._guess is None or self._top < self._guess.offset + self._guess.length - self._watch_end

    def _look(self) -> None:
        self._flying += 1
        self.reader.look(self)

    def _compare(self, before: Entry, after: Entry) -> None:
        if (before.size, before.mtime) != (after.size, after.mtime):
            self._error = faults.changed(before, after)


class Opening(Request):
    """A file being opened."""

    __slots__ = ("_carried",)

    def __init__(self, carried: Carried) -> None:
        self._carried = carried
        carried.opening()

    def answered(self, kind: int, body: bytes) -> None:
        """Take the handle, or the refusal."""
        carried = self._carried
        reply = wire.Reply(body)
        if kind == wire.HANDLE:
            carried.opened(reply.string())
        else:
            carried.failed(wire.refusal(kind, reply, carried.piece.file.path))


class Look(Request):
    """A question what an open file is now."""

    __slots__ = ("_carried",)

    def __init__(self, carried: Carried) -> None:
        self._carried = carried

    def answered(self, kind: int, body: bytes) -> None:
        """Take the attributes, or the refusal."""
        reply = wire.Reply(body)
        if kind == wire.ATTRS:
            self._carried.seen(reply.entry(self._carried.piece.file.path))
        else:
            self._carried.failed(wire.refusal(kind, reply, self._carried.piece.file.path))


class Block(Request):
    """A read of length bytes at offset."""

    __slots__ = ("_length", "carried", "direct", "length", "offset")

    def __init__(self, carried: Carried, offset: int, length: int, *, direct: bool = True) -> None:
        self.carried = carried
        self.offset = offset
        self.length = length
        self.direct = direct
        self._length = 0

    def packet(self, number: int) -> bytes:
        """Return the request under a number."""
        return wire.read_packet(number, self.carried.handle, self.offset, self.length)

    def land(self, data: memoryview) -> None:
        """Write the bytes at their place, on the transport thread; what is more than was asked for is only counted."""
        at, self._length = self._length, self._length + len(data)
        if at < self.length:
            self.carried.write(self.offset + at, data[: self.length - at])

    def answered(self, kind: int, body: bytes) -> None:
        """Take the reply: data, the end of the file, or a failure."""
        carried = self.carried
        carried.reader.answered(self)
        if kind == wire.DATA:
            data = body[4:]
            length = self._length if self.direct else len(data)
            if length:
                carried.came(self, data, length)
            else:
                carried.ended(self)  # nothing is what some servers send instead of the end
            return
        reply = wire.Reply(body)
        if kind == wire.STATUS:
            code, words = reply.status()
            if code == wire.END:
                carried.ended(self)
            else:
                carried.failed(faults.status_error(code, words, carried.piece.file.path))
            return
        raise faults.nonsense(f"reply {kind} to a read")
