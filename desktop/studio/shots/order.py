"""The order in which a task brings its files."""

from collections.abc import Iterable
from dataclasses import replace

from desktop.core.plan import Order, PlannedFile
from desktop.studio.shots.sequences import frame_files

FIRST, MIDDLE, LAST, ALONE, REST = range(5)
"""Ranks. A file of no sequence waits for the few frames that stand for all, since it may be a cache of many gigabytes;
it comes before the other frames, since it is what one opens: a scene, a movie."""


def ranked(files: Iterable[PlannedFile], order: Order) -> tuple[PlannedFile, ...]:
    """Return an item's files, as listed, with the ranks that the order gives them."""
    if order is Order.LISTED:
        return tuple(files)
    files = tuple(files)
    ranks = frame_ranks(file.source for file in files)
    return tuple(replace(file, rank=ranks.get(file.source, ALONE)) for file in files)


def frame_ranks(paths: Iterable[str]) -> dict[str, int]:
    """Return the rank of each path that is a frame of a sequence among them."""
    ranks: dict[str, int] = {}
    for frames in frame_files(paths):
        ranks |= dict.fromkeys(frames, REST)
        # Of a short sequence one frame is several of these; the first of them counts.
        ranks[frames[-1]] = LAST
        ranks[frames[(len(frames) - 1) // 2]] = MIDDLE
        ranks[frames[0]] = FIRST
    return ranks
