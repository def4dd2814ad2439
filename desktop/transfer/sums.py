"""Checksums of what was written, made while it passes by: no journal has to read it back from disk."""

from collections.abc import Iterable

from zlib_ng.zlib_ng import crc32

from desktop.transfer.ports import Buffer

Block = tuple[int, int, int]
"""Start and end (exclusive) of a range of bytes, and its CRC-32."""

BLOCK = 64 * 1024 * 1024
"""Bytes a block covers at most; damage costs as much to fetch again."""


class Sums:
    """The checksums of one part's bytes, in blocks; not for several threads at once."""

    __slots__ = ("_by_end",)

    def __init__(self, blocks: Iterable[Block] = ()) -> None:
        self._by_end = {block[1]: block for block in blocks}

    def add(self, start: int, end: int, data: Buffer) -> None:
        """Take bytes into account that no block covers yet; they continue the block that ends where they begin."""
        before = self._by_end.get(start)
        if before is not None and start - before[0] < BLOCK:
            del self._by_end[start]
            self._by_end[end] = (before[0], end, crc32(data, before[2]))
        else:
            self._by_end[end] = (start, end, crc32(data))

    def drop(self, start: int, end: int) -> None:
        """Forget every block that covers any byte from start to end (exclusive)."""
        self._by_end = {key: block for key, block in self._by_end.items() if block[1] <= start or end <= block[0]}

    def clear(self) -> None:
        """Forget everything."""
        self._by_end.clear()

    def blocks(self) -> list[Block]:
        """Return the blocks in order."""
        return sorted(self._by_end.values())
