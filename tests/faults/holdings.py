"""What this process holds, looked at again and again: memory, descriptors, threads, objects; does it stay flat?"""

import gc
import os
import sys
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

WARM_UP = 6
"""Of so many samples the first is not judged: imports, caches, and pools of threads fill once."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Holdings at one moment. seconds: since the beginning. rss: bytes. blocks: Python's own allocations. objects: what
    the garbage collector knows. ours: objects of the program's classes, by class. none: references to None.
    """

    seconds: float
    rss: int
    blocks: int
    descriptors: int
    threads: int
    objects: int
    ours: Counter[str]
    none: int
    widgets: int = 0
    database: int = 0
    log: int = 0


@dataclass(frozen=True, slots=True)
class Rise:
    """A figure early and late, the least of each third, and what it may have risen by."""

    what: str
    early: float
    late: float
    allowed: float

    @property
    def flat(self) -> bool:
        """True if it rose by no more than it may."""
        return self.late - self.early <= self.allowed


RULES: dict[str, tuple[float, float]] = {
    "rss": (0.05, 0),
    "blocks": (0.02, 0),
    "descriptors": (0, 4),
    "threads": (0, 4),
    "objects": (0.02, 0),
    "widgets": (0, 4),
    "database": (0.02, 262_144),
}
"""By how much a figure may rise from the first third to the last: a share of it, or a number if that is more."""
CLASS_RULE = (0.02, 20)
"""The same for the objects of each single class."""


def descriptors() -> int:
    """Return how many files and connections this process has open."""
    return len(os.listdir("/proc/self/fd")) - 1  # noqa: PTH208  one of them is the listing's own


def threads() -> int:
    """Return how many threads the system counts, Qt's among them."""
    return len(os.listdir("/proc/self/task"))  # noqa: PTH208  as above


def ours() -> Counter[str]:
    """Count the objects of the program's own classes."""
    kinds = Counter(map(type, gc.get_objects()))
    mine = {kind: count for kind, count in kinds.items() if str(kind.__module__).startswith("desktop.")}
    return Counter({f"{kind.__module__}.{kind.__qualname__}": count for kind, count in mine.items()})


def look(seconds: float, widgets: int = 0, database: int = 0, log: int = 0) -> Sample:
    """Look at this process, at a moment when it rests: a tuple that another thread is building just then would fail,
    for all that the garbage collector knows is referred to. Nothing is collected for it.
    """
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return Sample(
        seconds,
        pages * os.sysconf("SC_PAGE_SIZE"),
        sys.getallocatedblocks(),
        descriptors(),
        threads(),
        len(gc.get_objects()),
        ours(),
        sys.getrefcount(None),
        widgets,
        database,
        log,
    )


def rises(samples: Sequence[Sample]) -> list[Rise]:
    """Return how each figure and each class rose from the first to the last third of the samples, warm-up apart.

    The least of each third is compared: between two collections garbage comes and goes, and connections and threads
    are kept for a while for what might follow. What is never let go raises the least as well.
    """
    judged = samples[len(samples) // WARM_UP :]
    third = max(1, len(judged) // 3)
    early, late = judged[:third], judged[-third:]
    found = []
    for what, (share, least) in RULES.items():
        before = min(getattr(sample, what) for sample in early)
        found.append(Rise(what, before, min(getattr(sample, what) for sample in late), max(least, share * before)))
    # References to None: PySide adds some with every connection that goes down with its sender, which costs nothing;
    # to lose them is what once ended the interpreter.
    found.append(Rise("none lost", -early[0].none, -late[-1].none, 0.02 * early[0].none))
    share, least = CLASS_RULE
    for kind in sorted({kind for sample in judged for kind in sample.ours}):
        before = min(sample.ours[kind] for sample in early)
        after = min(sample.ours[kind] for sample in late)
        found.append(Rise(kind, before, after, max(least, share * before)))
    return found


HEAD = "minute   RSS MB   blocks   fds  threads  objects    ours     None  widgets   db kB  log kB"


def row(sample: Sample) -> str:
    """Return the sample as a line below HEAD."""
    return (
        f"{sample.seconds / 60:6.1f} {sample.rss / 1e6:8.1f} {sample.blocks:8,} {sample.descriptors:5}"
        f" {sample.threads:4}/{threading.active_count():<3} {sample.objects:8,} {sample.ours.total():7,}"
        f" {sample.none:8,} {sample.widgets:8,} {sample.database // 1000:7,} {sample.log // 1000:7,}"
    )


def verdict(samples: Sequence[Sample]) -> tuple[bool, list[str]]:
    """Return whether everything stayed flat, and lines that say so."""
    found = rises(samples)
    hours = (samples[-1].seconds - samples[len(samples) // WARM_UP].seconds) * 2 / 3 / 3600 or 1.0
    lines = [
        f"{rise.what:<12} {rise.early:14,.0f} -> {rise.late:14,.0f}   "
        f"{(rise.late - rise.early) / hours:+14,.0f} an hour   {'flat' if rise.flat else 'RISES'}"
        for rise in found
        if "." not in rise.what or not rise.flat
    ]
    return all(rise.flat for rise in found), lines
