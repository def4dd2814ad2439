"""What waits for the lanes of one site, in the order in which they take it."""

import heapq
import time
from collections import deque
from itertools import count, islice

from desktop.transfer.download import Download
from desktop.transfer.jobs import Job
from desktop.transfer.spans import Span

LARGE = 8 * 1024 * 1024
"""Bytes from which on a file is a load of its own for a lane that carries many small ones at once."""
MANY = 64
"""Files that are looked at to see how many are large; nobody opens more lanes."""

Item = Job | tuple[Download, Span]
"""What waits for a lane: a job nobody has begun, or a range of one under way."""


class Waiting:
    """Jobs and ranges that are due, and those that are to be tried again later. Its owner's lock guards it."""

    def __init__(self) -> None:
        self._queue: deque[Item] = deque()
        self._delayed: list[tuple[float, int, tuple[Download, Span]]] = []
        self._numbers = count()

    @property
    def due(self) -> bool:
        """Tell whether something waits for a lane now, delayed files whose time has come included."""
        while self._delayed and self._delayed[0][0] <= time.monotonic():
            # Files begun hold descriptors: were a great many of them to wait for the end, none would be left.
            begun = (not isinstance(item, Job) and item[0].held for item in islice(reversed(self._queue), MANY))
            put = self._queue.appendleft if sum(begun) == MANY else self._queue.append
            put(heapq.heappop(self._delayed)[2])
        return bool(self._queue)

    @property
    def due_in(self) -> float | None:
        """Return the seconds until the next delayed file is due; None if none is delayed."""
        return max(0.0, self._delayed[0][0] - time.monotonic()) if self._delayed else None

    def loads(self) -> tuple[int, int]:
        """Return how many of what waits are a load of their own for a lane, and how many others wait."""
        large = sum(not isinstance(item, Job) or (item.file.size or 0) >= LARGE for item in islice(self._queue, MANY))
        return large, len(self._queue) - large

    def add(self, job: Job, first: bool = False) -> None:
        """Have a job wait, behind everything else or before it."""
        (self._queue.appendleft if first else self._queue.append)(job)

    def put_back(self, download: Download, spans: list[Span], delay: float | None) -> None:
        """Have ranges of a file wait before everything else; delay: seconds after which they go behind it instead."""
        if delay is None:
            self._queue.extendleft((download, span) for span in reversed(spans))
        else:
            due = time.monotonic() + delay
            for span in spans:
                heapq.heappush(self._delayed, (due, next(self._numbers), (download, span)))

    def take(self, alone: bool) -> Item | None:
        """Return what is next and due; None if it is to be carried alone, and the lane has other pieces out."""
        item = self._queue[0]
        if not alone and not isinstance(item, Job) and item[0].suspect:
            return None
        return self._queue.popleft()

    def withdraw(self, download: Download) -> list[Span]:
        """Take out the ranges of a file that are due."""
        mine = [item for item in self._queue if not isinstance(item, Job) and item[0] is download]
        for item in mine:
            self._queue.remove(item)
        return [span for _, span in mine]

    def clear(self) -> list[Job]:
        """Have nothing wait any more; return the jobs nobody has begun."""
        jobs = [item for item in self._queue if isinstance(item, Job)]
        self._queue.clear()
        self._delayed.clear()
        return jobs
