"""Pieces and feeds in memory: what the engine is to a source, with nothing behind it."""

from collections.abc import Callable, Iterable

from desktop.core.errors import RemoteChanged, ShotDockError, Stopped
from desktop.core.media import Entry
from desktop.transfer.ports import Buffer


class MemoryPiece:
    """A piece that keeps its bytes and writes down what the source told it.

    state: "" while under way, then "finished", "failed", or "dropped" after one of our own refusals.
    on_write: called before each write with the bytes written so far.
    """

    def __init__(
        self,
        file: Entry,
        start: int = 0,
        end: int | None = None,
        query: str = "",
        on_write: Callable[[int], None] = lambda written: None,
    ) -> None:
        self.file = file
        self.query = query
        self.start = start
        self.end = end
        self.stopped = False
        self.told: list[Entry] = []
        self.state = ""
        self.error: Exception | None = None
        self._on_write = on_write
        self._blocks: dict[int, bytes] = {}
        self._written = 0

    @property
    def data(self) -> bytes:
        """Return the bytes from `start` on; they may have come in any order, but each of them once."""
        data = bytearray()
        for offset, block in sorted(self._blocks.items()):
            assert offset == self.start + len(data), f"a gap or a repetition at byte {offset}"
            data += block
        return bytes(data)

    def portion(self, most: int) -> int:
        return most

    def opened(self, now: Entry) -> None:
        assert self.state == ""
        self.told.append(now)
        if self.stopped:
            self.state = "dropped"
            raise Stopped
        known = (self.file.size, now.size)
        etags = (self.file.etag, now.etag)
        if (None not in known and known[0] != known[1]) or (all(etags) and etags[0] != etags[1]):
            self.state = "dropped"
            raise RemoteChanged(f"{self.file.path} changed: {self.file} is now {now}")

    def write(self, offset: int, data: Buffer) -> None:
        assert self.state == ""
        assert self.told, "bytes before the file was opened"
        assert offset >= self.start
        assert self.end is None or offset + len(data) <= self.end, "bytes nobody asked for"
        self._on_write(self._written)
        if self.stopped:
            self.state = "dropped"
            raise Stopped
        self._blocks[offset] = bytes(data)
        self._written += len(data)

    def finished(self) -> None:
        assert self.state == ""
        assert self.told
        self.state = "finished"

    def failed(self, error: Exception) -> None:
        assert self.state == ""
        assert isinstance(error, ShotDockError)
        self.state = "failed"
        self.error = error


class ListFeed:
    """Hands out the given pieces, one after the other."""

    def __init__(self, pieces: Iterable[MemoryPiece]) -> None:
        self._pieces = iter(pieces)

    def next(self) -> MemoryPiece | None:
        return next(self._pieces, None)
