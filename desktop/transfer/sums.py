"""Checksums of what was written, made while it passes by: no journal has to read it back from disk."""

from collections.abc import Callable, Iterable

from zlib_ng.zlib_ng import crc32

from desktop.transfer.disk import read_at
from desktop.transfer.ports import Buffer

Block = tuple[int, int, int]
"""Start and end (exclusive) of a range of bytes, and its CRC-32."""
Note = tuple[int, int, int, int]
"""Start and end (exclusive) of bytes that came, and the CRC-32 of the block they continue, before and after them.

Before is 0 where they begin a block.
"""

BLOCK = 64 * 1024 * 1024
"""Bytes a block covers at most; damage costs as much to fetch again."""
_READ = 1024 * 1024


class Sums:
    """The checksums of one part's bytes, in blocks; not for several threads at once."""

    __slots__ = ("_by_end", "_news")

    def __init__(self, blocks: Iterable[Block] = ()) -> None:
        self._by_end = {block[1]: block for block in blocks}
        # What came since `news` was last asked: its end -> where it begins, and the CRC-32 there.
        self._news: dict[int, tuple[int, int]] = {}

    def add(self, start: int, end: int, data: Buffer) -> None:
        """Take bytes into account that no block covers yet; they continue the block that ends where they begin."""
        before = self._by_end.get(start)
        if before is not None and start - before[0] < BLOCK:
            del self._by_end[start]
            self._by_end[end] = (before[0], end, crc32(data, before[2]))
            self._news[end] = self._news.pop(start, (start, before[2]))
        else:
            self._by_end[end] = (start, end, crc32(data))
            self._news[end] = (start, 0)

    def drop(self, start: int, end: int) -> None:
        """Forget every block that covers any byte from start to end (exclusive)."""
        self._by_end = {key: block for key, block in self._by_end.items() if block[1] <= start or end <= block[0]}
        self._news = {key: since for key, since in self._news.items() if key in self._by_end}

    def clear(self) -> None:
        """Forget everything."""
        self._by_end.clear()
        self._news.clear()

    def blocks(self) -> list[Block]:
        """Return the blocks in order."""
        return sorted(self._by_end.values())

    def news(self) -> list[Note]:
        """Return what came since the last call."""
        news = [(start, end, before, self._by_end[end][2]) for end, (start, before) in self._news.items()]
        self._news.clear()
        return news


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
