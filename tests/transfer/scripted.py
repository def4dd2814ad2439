"""A server that keeps to a script: every byte comes from a name, every fault from the test."""

import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from desktop.core.errors import ConnectionLost, NotFound, ShotDockError, Stopped
from desktop.core.media import Entry, Folder
from desktop.transfer.budget import HostBudget
from desktop.transfer.conflicts import compare, keep_both, overwrite, skip
from desktop.transfer.jobs import Job, JobDone
from desktop.transfer.lane import Lane
from desktop.transfer.pace import Pace
from desktop.transfer.ports import ConflictStrategy, Features, Feed, Piece, Source
from desktop.transfer.retry import Patience
from desktop.transfer.run import Run

SKIP, COMPARE, OVERWRITE, KEEP_BOTH = skip.skip, compare.compare, overwrite.overwrite, keep_both.keep_both
HASTY = Patience(first=0.001, cap=0.01, outage=2.0, recheck=0.001)
MIB = 1024 * 1024


def content(name: str, size: int) -> bytes:
    """Return bytes that only this name has."""
    return hashlib.shake_128(name.encode("utf-8", "surrogateescape")).digest(size)


@dataclass
class Shelf:
    """What the server has, what it did, and what it is to do.

    files: path -> bytes. on_connect: called with the how-manieth connection. on_open: called with the path and
    the how-manieth opening of it, may change the shelf or raise. on_block: called before each block of a file
    with path and offset. reads: (path, first byte, bytes sent) of every opening.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    mtime: float | None = 1_700_000_000.0
    etag: str | None = None
    tells_size: bool = True
    block: int = 64 * 1024
    on_connect: Callable[[int], None] = lambda count: None
    on_open: Callable[[str, int], None] = lambda path, count: None
    on_block: Callable[[str, int], None] = lambda path, offset: None
    features: Features = Features()
    reads: list[list[object]] = field(default_factory=list)
    connects: int = 0
    opens: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def entry(self, path: str) -> Entry:
        """Return what the server says of the file now."""
        size = len(self.files[path]) if self.tells_size else None
        return Entry(path, size=size, mtime=self.mtime, etag=self.etag)

    def put(self, path: str, size: int) -> Entry:
        """Add a file and return what a listing says of it."""
        self.files[path] = content(path, size)
        return self.entry(path)

    def sent(self, path: str) -> int:
        """Return how many bytes of the file crossed the line."""
        return sum(int(str(count)) for name, _, count in self.reads if name == path)


class ScriptedSource:
    """A connection to a shelf."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._closed = False
        self.features = shelf.features

    def connect(self) -> None:
        with self._shelf.lock:
            self._shelf.connects += 1
            count = self._shelf.connects
        self._shelf.on_connect(count)

    def stat(self, path: str) -> Entry:
        return self._shelf.entry(path)

    def list(self, path: str) -> list[Entry]:
        return [self._shelf.entry(name) for name in self._shelf.files if name.startswith(path)]

    def walk(self, root: str, enter: Callable[[Entry], bool], stopped: Callable[[], bool]) -> Iterator[Folder]:
        yield Folder(root, tuple(self.list(root)))

    def close(self) -> None:
        self._closed = True

    def read(self, feed: Feed) -> None:
        while (piece := feed.next()) is not None:
            try:
                self._bring(piece)
            except _Refused:
                continue
            except ConnectionLost:
                raise
            except ShotDockError as error:
                piece.failed(error)
            else:
                piece.finished()

    def _bring(self, piece: Piece) -> None:
        path, shelf = piece.file.path, self._shelf
        with shelf.lock:
            shelf.opens[path] = shelf.opens.get(path, 0) + 1
            count = shelf.opens[path]
            record: list[object] = [path, piece.start, 0]
            shelf.reads.append(record)
        shelf.on_open(path, count)
        if path not in shelf.files:
            raise NotFound("No such file.", path=path)
        _hand(lambda: piece.opened(shelf.entry(path)))
        data = shelf.files[path]
        offset = piece.start
        while offset < (end := len(data) if piece.end is None else piece.end):
            shelf.on_block(path, offset)
            if self._closed:
                raise ConnectionLost("The lane was closed.")
            block = data[offset : min(end, offset + shelf.block)]
            _hand(partial(piece.write, offset, block))
            offset += len(block)
            record[2] = offset - piece.start


class _Refused(Exception):
    """The engine wants no more of a piece."""


def _hand(call: Callable[[], None]) -> None:
    try:
        call()
    except (Stopped, ShotDockError) as error:
        raise _Refused from error


def _nothing() -> None:
    """Wake nobody: the test opens its lanes itself."""


def make_run(
    root: Path,
    jobs: Sequence[Job],
    conflict: ConflictStrategy = SKIP,
    *,
    token: str = "tok00001",
    pace: Pace | None = None,
    segments: int | None = None,
    verify: bool = False,
    patience: Patience = HASTY,
    wake: Callable[[], None] | None = None,
) -> Run:
    """Return a run with little patience."""
    return Run(
        token,
        root,
        jobs,
        conflict,
        pace or Pace(),
        wake or _nothing,
        segments=segments,
        verify=verify,
        patience=patience,
    )


def carry(run: Run, shelf: Shelf, lanes: int = 1, budget: HostBudget | None = None) -> dict[int, JobDone]:
    """Carry the run from the shelf, with up to so many lanes to each site; see `drive`."""
    return drive(run, lambda: ScriptedSource(shelf), lanes, budget)


def drive(
    run: Run, open_source: Callable[[], Source], lanes: int = 1, budget: HostBudget | None = None
) -> dict[int, JobDone]:
    """Carry the run with up to so many lanes to each site, close it and return its results by job.

    Like the queue of the program it opens lanes whenever there is work and room for one.
    """
    budgets = {site: budget or HostBudget(lanes) for site in run.sites}
    ended = threading.Event()
    living: set[threading.Thread] = set()

    def work(site: str) -> None:
        try:
            Lane(run, site, open_source, budgets[site]).carry()
        finally:
            budgets[site].give_back()
            living.discard(threading.current_thread())
            ended.set()

    while living or not (run.finished or run.stopped):
        ended.clear()
        for site in run.sites:
            while run.wants(site) and budgets[site].take():
                thread = threading.Thread(target=work, args=(site,))
                living.add(thread)
                thread.start()
        ended.wait(0.02)
    run.close()
    done = run.drain()
    assert len({one.id for one in done}) == len(done), "a job ended twice"
    return {one.id: one for one in done}


def bring(
    root: Path,
    shelf: Shelf,
    entries: Sequence[Entry],
    conflict: ConflictStrategy = SKIP,
    lanes: int = 1,
    **options: Any,
) -> list[JobDone]:
    """Bring the files to root under their own names and return the results in order."""
    jobs = [Job(i, "site", entry, root / entry.path.lstrip("/")) for i, entry in enumerate(entries)]
    results = carry(make_run(root, jobs, conflict, **options), shelf, lanes)
    return [results[job.id] for job in jobs]


def tree(root: Path) -> dict[str, bytes]:
    """Return every file below root, hidden ones included."""
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}
