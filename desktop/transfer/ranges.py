"""Sets of byte ranges: what of a file is there, and what is missing."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator


class Ranges:
    """Disjoint, sorted, non-touching half-open ranges of bytes."""

    __slots__ = ("_ends", "_starts")

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in ranges:
            self.add(start, end)

    def add(self, start: int, end: int) -> None:
        """Add the bytes start to end (exclusive); ranges that touch or overlap become one."""
        if start >= end:
            return
        starts, ends = self._starts, self._ends
        # Nearly every write continues the last one.
        if ends and start == ends[-1]:
            ends[-1] = end
            return
        first = bisect_left(ends, start)
        last = bisect_right(starts, end)
        if first < last:
            start = min(start, starts[first])
            end = max(end, ends[last - 1])
        starts[first:last] = [start]
        ends[first:last] = [end]

    def remove(self, start: int, end: int) -> None:
        """Take the bytes start to end (exclusive) out."""
        if start >= end:
            return
        kept = [part for a, b in self for part in ((a, min(b, start)), (max(a, end), b)) if part[0] < part[1]]
        self._starts = [a for a, _ in kept]
        self._ends = [b for _, b in kept]

    def missing(self, start: int, end: int) -> list[tuple[int, int]]:
        """Return the gaps between start and end (exclusive), in order."""
        if start < end and not self._starts:
            return [(start, end)]
        gaps = []
        index = bisect_right(self._ends, start)
        for a, b in zip(self._starts[index:], self._ends[index:], strict=True):
            if a >= end:
                break
            if a > start:
                gaps.append((start, a))
            start = max(start, b)
        if start < end:
            gaps.append((start, end))
        return gaps

    def touches(self, start: int, end: int) -> bool:
        """Tell whether any byte from start to end (exclusive) is in."""
        index = bisect_right(self._ends, start)
        return index < len(self._starts) and self._starts[index] < end

    def covers(self, start: int, end: int) -> bool:
        """Tell whether every byte from start to end (exclusive) is in."""
        if start >= end:
            return True
        index = bisect_right(self._starts, start) - 1
        return index >= 0 and self._ends[index] >= end

    def copy(self) -> "Ranges":
        """Return an independent set of the same bytes."""
        twin = Ranges()
        twin._starts, twin._ends = self._starts.copy(), self._ends.copy()
        return twin

    def clear(self) -> None:
        """Forget every byte."""
        self._starts.clear()
        self._ends.clear()

    @property
    def total(self) -> int:
        """Return how many bytes are in."""
        return sum(self._ends) - sum(self._starts)

    @property
    def end(self) -> int:
        """Return the end of the last range, 0 for an empty set."""
        return self._ends[-1] if self._ends else 0

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(list(zip(self._starts, self._ends, strict=True)))

    def __len__(self) -> int:
        return len(self._starts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ranges) and self._starts == other._starts and self._ends == other._ends

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __repr__(self) -> str:
        return f"Ranges({list(self)})"
