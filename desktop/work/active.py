"""A task while it runs: its lanes, its figures and the results on their way to the database."""

import time
from collections import deque
from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import SignalInstance

from desktop.core.connection import Address
from desktop.core.errors import ShotDockError
from desktop.core.media import Entry
from desktop.core.task import Progress, Task, TaskEvent, TaskFile
from desktop.settings import Settings
from desktop.store.tasks import FileOutcome
from desktop.transfer.lane import Lane
from desktop.transfer.names import Below
from desktop.transfer.pace import Pace
from desktop.transfer.ports import CONFLICTS
from desktop.transfer.retry import Patience
from desktop.transfer.run import Job, Run
from desktop.work.lane_worker import LaneWorker
from desktop.work.pool import Pool
from desktop.work.sites import Sites
from desktop.work.stalls import Stalls

PATIENCE = Patience()
AT_ONCE = 16
ONE_AFTER_ANOTHER = 10_000
"""Small files that are worth one more connection: where each carries many of them at once, and where the server is so
near that a second one would only take the interpreter from the first."""
SPEED_WINDOW = 3.0
"""Seconds over which the speed is averaged."""
STEADY_WINDOW = 30.0
ENOUGH = 64 * 1024
"""Seconds looked back at most until so many bytes have come; of less nothing is foretold."""


class Meter:
    """Bytes per second over the last few seconds."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()

    def mark(self, now: float, transferred: int) -> float:
        """Take a reading (now: monotonic seconds) and return the speed in bytes/s."""
        self._marks.append((now, transferred))
        while len(self._marks) > 2 and now - self._marks[0][0] > STEADY_WINDOW:
            self._marks.popleft()
        return self._since(SPEED_WINDOW)[0]

    @property
    def steady(self) -> float:
        """Return the speed in bytes/s at the last reading over the shortest time in which enough came, 0 if it did not.

        A line that dribbles, or that just broke, says nothing about how long all the rest will take.
        """
        seconds = SPEED_WINDOW
        while (found := self._since(seconds))[1] < ENOUGH and seconds < STEADY_WINDOW:
            seconds = min(2 * seconds, STEADY_WINDOW)
        return found[0] if found[1] >= ENOUGH else 0.0

    def _since(self, seconds: float) -> tuple[float, int]:
        """Return bytes/s, and bytes, over so many seconds up to the last reading, or since the one before it."""
        *earlier, (now, transferred) = self._marks
        recent = (mark for mark in earlier if now - mark[0] <= seconds)
        then, before = next(recent, earlier[-1] if earlier else (now, transferred))
        return (transferred - before) / (now - then) if now > then else 0.0, transferred - before


class Active:
    """One running task."""

    def __init__(
        self,
        task: Task,
        files: Sequence[TaskFile],
        sites: dict[int, str],
        known: Sites,
        pace: Pace,
        wanted: SignalInstance,
    ) -> None:
        """Prepare the task's run. sites: item id -> site name. wanted: told when `fill` may have something to open."""
        self.task = task
        # Files that were here when it began.
        self.arrived = task.files.downloaded
        self.leaving: TaskEvent | None = None
        # Kinds of errors its log told of once for all files they stop.
        self.told: set[str] = set()
        self.workers: set[LaneWorker] = set()
        self._known = known
        self._items = {file.id: file.item_id for file in files}
        below = Below(task.destination)
        jobs = [self._job(file, sites[file.item_id], below) for file in files]
        self.pace = Pace(task.options.limit_rate, parent=pace)
        self.run = Run(
            task.token,
            task.destination,
            jobs,
            CONFLICTS[task.conflict_strategy],
            self.pace,
            wanted.emit,
            # One lane gains nothing from a file in several ranges.
            segments=1 if task.options.parallel == 1 else task.options.segments,
            verify=task.options.verify,
            patience=PATIENCE,
        )
        self._outcomes: list[FileOutcome] = []
        self._meter = Meter()
        self._stalls = Stalls()
        # What earlier runs of it brought, of files that ended; the run finds the others' part files itself.
        self._ended_before = task.files.wanted - len(jobs)
        self._here_before = task.bytes.transferred + task.bytes.reused
        self._total_files = task.files.wanted

    def _job(self, file: TaskFile, site: str, below: Below) -> Job:
        path, query = self._known.request(site, file.source)
        entry = Entry(path, size=file.size, mtime=file.mtime, precision=file.precision, etag=file.etag)
        return Job(file.id, site, entry, below.path(file.target), query)

    def fill(self, pool: Pool, settings: Settings, ended: SignalInstance) -> None:
        """Open as many lanes as there is work, leave and connections for."""
        if self.leaving or self.run.stopped:
            return
        for site in self.run.sites:
            try:
                self._open_lanes(site, pool, settings, ended)
            except ShotDockError as error:
                self.run.fail_site(site, error)

    def _open_lanes(self, site: str, pool: Pool, settings: Settings, ended: SignalInstance) -> None:
        features = self.run.features(site) or self._known.features(site)
        most = self.task.options.parallel or settings.parallel or self._known.usual_lanes(site, features)
        budget = self._known.budget(site)
        mine = [worker.lane for worker in self.workers if worker.site == site]
        # Lanes that are still on their way to the server will have their share of what waits.
        load = ONE_AFTER_ANOTHER if features.alone else AT_ONCE if features.pipelined else 1
        wanted = self.run.wants(site, load, len(mine)) - sum(not lane.begun for lane in mine)
        if features.unknown or budget.circuit.open:
            # The first lane finds out how far away the server is; the others are opened once that is known;
            # and it finds out whether a server that has not answered is back.
            most = 1
        for _ in range(min(most - len(mine), wanted)):
            if not budget.take():
                return
            lane = Lane(self.run, site, partial(self._known.source, site), budget)
            worker = LaneWorker(lane, self.run, site, budget, ended)
            self.workers.add(worker)
            pool.start(worker.run)

    def stop(self, event: TaskEvent) -> None:
        """Break off: no byte is written after the lanes have ended, which they soon do."""
        self.leaving = event
        self.run.stop()
        for worker in tuple(self.workers):
            worker.lane.close()

    def settle(self) -> None:
        """Wait until the lanes of a stopped run have ended, which they soon do."""
        for worker in self.workers:
            worker.over.wait()
        self.workers.clear()

    @property
    def servers(self) -> frozenset[Address]:
        """Return the servers that still have something to bring."""
        return self._known.servers(self.run.sites)

    @property
    def over(self) -> bool:
        """True once nothing of the task runs any more."""
        return not self.workers and (self.run.finished or self.run.stopped)

    def outcomes(self) -> list[FileOutcome]:
        """Return the files that ended and were not said to be `recorded` yet, as the database takes them."""
        self._outcomes += [
            FileOutcome(
                file_id=done.id,
                result=done.result,
                resumed=done.resumed,
                transferred=done.transferred,
                reused=done.reused,
                reason=done.reason,
                error=done.error.as_dict() if done.error else None,
                sha256=done.sha256,
                facts=done.facts,
            )
            for done in self.run.drain()
        ]
        return self._outcomes

    def recorded(self) -> None:
        """Note that the database knows of every outcome given so far."""
        self._outcomes = []

    def progress(self) -> Progress:
        """Read the counters."""
        counters = self.run.counters()
        now, on_disk = time.monotonic(), counters.per_job or {}
        speed = self._meter.mark(now, counters.transferred)
        short = {number: on_disk[number] for number in counters.short}
        stalled = self._stalls.look(now, short, self.pace.owing)
        planned = self.task.bytes.planned
        here = self._here_before + counters.transferred + counters.reused
        done = min(here, planned) if planned else counters.transferred
        steady = self._meter.steady
        left = (planned - done) / steady if steady and planned else None
        items: dict[int, int] = {}
        for file_id, size in on_disk.items():
            item = self._items[file_id]
            items[item] = items.get(item, 0) + size
        return Progress(
            task_id=self.task.id,
            done=done,
            total=planned,
            files_done=self._ended_before + counters.files_done,
            files_total=self._total_files,
            speed=speed,
            left=left,
            lanes=counters.lanes,
            phase=self._phase(counters.lanes, counters.transferred, 0 < len(short) == len(stalled)),
            current=counters.current,
            items=items,
            stalled=stalled,
            steady=steady,
        )

    def _phase(self, lanes: int, transferred: int, stalled: bool) -> str:
        if self.leaving:
            return "stopping"
        if not lanes:
            return "waiting" if transferred else "connecting"
        return "stalled" if stalled else "downloading"
