"""A piece that lands in memory and a feed over a list: what a source's own tests carry."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from desktop.core.media import Entry
from desktop.transfer.ports import Buffer


class MemoryPiece:
    """A piece that keeps its bytes, and whether it was treated as the engine expects.

    on_open, on_write: called before the piece takes the entry or the bytes; they may raise. outcome: "finished",
    "failed" or "" while neither was said. faults: calls that came at the wrong time or two at once.
    """

    def __init__(
        self,
        path: str,
        size: int | None = None,
        start: int = 0,
        end: int | None = None,
        *,
        on_open: Callable[[Entry], None] = lambda now: None,
        on_write: Callable[[int], None] = lambda offset: None,
    ) -> None:
        self.file = Entry(path, size=size)
        self.query = ""
        self.start = start
        self.end = end
        self.stopped = False
        self.now: Entry | None = None
        self.blocks: dict[int, bytes] = {}
        self.outcome = ""
        self.error: Exception | None = None
        self.faults: list[str] = []
        self._on_open = on_open
        self._on_write = on_write
        self._one_at_a_time = threading.Lock()

    @property
    def data(self) -> bytes:
        """Return the bytes from start on, up to the first gap."""
        data, at = bytearray(), self.start
        while at in self.blocks:
            data += self.blocks[at]
            at += len(self.blocks[at])
        return bytes(data)

    def portion(self, most: int) -> int:
        return most

    def opened(self, now: Entry) -> None:
        with self._call("opened"):
            self._on_open(now)
            self.now = now

    def write(self, offset: int, data: Buffer) -> None:
        with self._call("write"):
            if self.now is None:
                self.faults.append("write before opened")
            self._on_write(offset)
            self.blocks[offset] = bytes(data)

    def finished(self) -> None:
        with self._call("finished"):
            self.outcome = "finished"

    def failed(self, error: Exception) -> None:
        with self._call("failed"):
            self.outcome = "failed"
            self.error = error

    @contextmanager
    def _call(self, name: str) -> Iterator[None]:
        if self.outcome:
            self.faults.append(f"{name} after {self.outcome}")
        if not self._one_at_a_time.acquire(blocking=False):
            self.faults.append(f"{name} during another call")
            yield
            return
        try:
            yield
        finally:
            self._one_at_a_time.release()


class ListFeed:
    """A feed over a list of pieces."""

    def __init__(self, pieces: Sequence[MemoryPiece]) -> None:
        self.left = list(reversed(pieces))

    def next(self) -> MemoryPiece | None:
        return self.left.pop() if self.left else None
