"""Reading many files at once over one SFTP channel: opens, reads, checks and closes all under way together.

A lane's latency is paid once, not per file: up to 64 files are open, up to 64 reads are asked, across all of
them, the oldest file first; of a server far away, up to 256. What is asked for is lost with a killed process: of large
files no more is than keeps the line full. The lane thread runs this; only a block's bytes are written on the transport
thread.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from desktop.core.connection import Address
from desktop.transfer.ports import Feed
from desktop.transfer.sources import sftp_wire as wire
from desktop.transfer.sources.sftp_carry import Block, Carried, Look, Opening
from desktop.transfer.sources.sftp_session import Session, close_quietly

FILES = 64
READS = 64
BYTES = 4 * 1024 * 1024
"""The most files, read requests, and bytes asked for at once, of a server nearby."""
NEAR = 0.01
"""Seconds there and back to such a server, as the login finds them..."""
BUSY = 0.1
"""...and seconds for the first file's opening, which one may take that is only busy."""
FAR = 4
MOST = 16
"""How many times the bytes are asked for at once of any other server, to begin with, and at most of one so far away
that the line is not full: then the reads grow, too."""
OPEN_BYTES = FAR * BYTES
"""Bytes of open files not asked for yet from which on no further file is opened."""
LOOK_EVERY = 0.1
"""Seconds between two looks whether pieces were stopped."""
NARROW_FOR = 600.0
"""Seconds a server that stalled is asked for less at once."""


@dataclass(frozen=True, slots=True)
class Width:
    """How much may be under way at once."""

    files: int = FILES
    reads: int = READS


class Widths:
    """What each server has shown it can take, for all lanes of this process.

    Some servers stall for good when too much is asked at once. A stall narrows what the next connection asks,
    to a quarter each time and at last to one request after the other; a while later all of it is tried again.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._narrow: dict[Address, tuple[Width, float]] = {}

    def of(self, address: Address) -> Width:
        """Return how much to ask this server at once."""
        with self._lock:
            width, since = self._narrow.get(address, (Width(), 0.0))
            if time.monotonic() - since > NARROW_FOR:
                self._narrow.pop(address, None)
                return Width()
            return width

    def stalled(self, address: Address, at: Width) -> None:
        """Note that the server went silent with this much under way."""
        with self._lock:
            self._narrow[address] = (Width(max(at.files // 4, 1), max(at.reads // 4, 1)), time.monotonic())


WIDTHS = Widths()


class Reader:
    """Carries the pieces of one feed over one session. wire_path: a path as the bytes the server takes."""

    def __init__(self, session: Session, feed: Feed, wire_path: Callable[[str], bytes], width: Width) -> None:
        self._session = session
        self._feed = feed
        self._wire_path = wire_path
        self._width = width
        self._carried: dict[Carried, None] = {}
        self._hungry: deque[Carried] = deque()
        self._blocks = 0
        self._bytes = 0
        self._began = self._looked = time.monotonic()
        self._distance = 0.0
        self._stretch = FAR
        self._most = MOST if width.reads == READS else FAR
        self._probe: Block | None = None
        self._probed = 0.0
        self.guesses = width.reads > 1

    def run(self) -> None:
        """Carry pieces until the feed has none and all are done; raise what broke the line."""
        session = self._session
        try:
            while True:
                self._admit()
                self._feed_the_hungry()
                if not self._carried:
                    return session.send()  # the last closes
                # Nearby a line stays full with a quarter of that.
                session.patience = session.under_way * (1 if self._stretch == 1 else 3) // 4
                session.step()
                self._stop_the_stopped()
        finally:
            session.patience = 0
            # From here on the pieces are the engine's again: a block that comes late must not be written.
            with session.gate:
                for carried in self._carried:
                    carried.drop()

    def _admit(self) -> None:
        """Take pieces from the feed while there is room for their files and their bytes."""
        backlog = sum(carried.unasked for carried in self._carried)
        files = min(self._width.files, max(1, (self._session.limits.handles or 2 * FILES) // 2))
        while len(self._carried) < files and backlog < OPEN_BYTES:
            piece = self._feed.next()
            if piece is None:
                return
            carried = Carried(self, piece)
            self._carried[carried] = None
            backlog += carried.unasked
            path = self._wire_path(piece.file.path)
            self._session.post(Opening(carried), partial(wire.open_packet, path=path))

    def _feed_the_hungry(self) -> None:
        """Ask for blocks of the open files, oldest file first, within the width."""
        block = None
        reads, room = max(1, self._stretch // FAR) * self._width.reads, self._stretch * BYTES
        while self._hungry and self._blocks < reads and self._bytes < room:
            block = self._hungry[0].next_block()
            if block:
                self.ask(block)
            else:
                self._hungry.popleft().hungry = False
        if block and self._hungry and self._probe is None:
            self._probe, self._probed = block, time.monotonic()

    def _stop_the_stopped(self) -> None:
        now = time.monotonic()
        if now - self._looked > LOOK_EVERY:
            self._looked = now
            for carried in [carried for carried in self._carried if carried.piece.stopped]:
                self.let_go(carried)

    # --- what a carried file asks of us

    @property
    def longest(self) -> int:
        """Return the bytes to ask for in one read."""
        return self._session.limits.read

    def look(self, carried: Carried) -> None:
        """Ask what the open file is now."""
        if not self._distance:
            # The very first question, for a handle, is answered, with nothing of ours before it in the queue.
            self._distance = time.monotonic() - self._began
            if self._session.distance < NEAR and self._distance < BUSY:
                self._distance = min(self._distance, self._session.distance)
                self._stretch = 1
        handle = carried.handle
        self._session.post(Look(carried), lambda number: wire.handle_packet(wire.FSTAT, number, handle))

    def ask(self, block: Block) -> None:
        """Ask for a block."""
        self._blocks += 1
        self._bytes += block.length
        self._session.post(block, block.packet)

    def answered(self, block: Block) -> None:
        """Note that a block's reply is here."""
        self._blocks -= 1
        self._bytes -= block.length
        if block is self._probe:
            # The last block of a full width: it waited for all others before it. If that took less than the way
            # there and back, the line was idle meanwhile. A slow line says the opposite and is asked ahead for less.
            self._probe = None
            took = time.monotonic() - self._probed
            if took < 2 * self._distance:
                self._stretch = min(2 * self._stretch, self._most)
            elif took > 8 * self._distance:
                self._stretch = max(self._stretch // 2, 1)

    def hungry(self, carried: Carried) -> None:
        """Note that there are blocks to ask for."""
        if not carried.hungry:
            carried.hungry = True
            self._hungry.append(carried)

    def let_go(self, carried: Carried) -> None:
        """Close the file, if it is open yet, and forget it."""
        carried.drop()
        self._carried.pop(carried, None)
        if carried.handle:
            close_quietly(self._session, carried.handle)
            carried.handle = b""
