"""Which files under way get nothing: a speed of 0 may be a moment's, a stall is told."""

from collections.abc import Mapping

STALLED = 3.0
"""Seconds without a byte after which a file is said to be stalled; as many as the speed is averaged over."""


class Stalls:
    """Remembers when each file under way last grew."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[int, float]] = {}

    def look(self, now: float, here: Mapping[int, int], held: bool) -> frozenset[int]:
        """Take a reading and return the files that have not grown for STALLED seconds.

        now: monotonic seconds. here: bytes on disk of every file that misses some, by its number. held: a speed limit
        lets nothing through just now, so that nobody else is to be blamed.
        """
        seen = {}
        for number, on_disk in here.items():
            before = self._seen.get(number)
            same = before is not None and before[0] == on_disk and not held
            seen[number] = before if same and before is not None else (on_disk, now)
        self._seen = seen
        return frozenset(number for number, (_, since) in seen.items() if now - since >= STALLED)
