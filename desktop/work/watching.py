"""Bring one video for the player: through the transfer engine, resumable, but no task of the queue."""

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from desktop.core.errors import ServerBusy, Stopped, Truncated
from desktop.core.gallery import PREFIX, Video
from desktop.core.media import Entry
from desktop.studio.gallery.names import lasting_path
from desktop.transfer.budget import HostBudget
from desktop.transfer.jobs import Job, JobDone
from desktop.transfer.lane import Lane
from desktop.transfer.pace import Pace
from desktop.transfer.ports import CONFLICTS
from desktop.transfer.run import Run
from desktop.work.background import Work
from desktop.work.disk_cache import DiskCache
from desktop.work.sites import Server, Sites

MOST_ON_DISK = 2 << 30
"""Bytes of all videos kept for the player; the newest one stays, however large it is."""
_LOOK = 0.05
"""Seconds between two looks whether another's turn is over."""
PATIENCE = 60.0
"""Seconds to wait for a connection while transfers use all the host allows."""


class Watching:
    """Brings videos into a bounded folder. Used from any thread."""

    def __init__(self, sites: Sites, pace: Pace, folder: Path) -> None:
        """pace: the limit to keep. folder: where the videos are kept."""
        self._sites, self._pace = sites, pace
        self._cache = DiskCache(folder, MOST_ON_DISK, ".mp4")
        self._lock = threading.Lock()
        self._under_way: set[Path] = set()

    def bring(self, work: Work, server: Server, video: Video, began: Callable[[Run], None]) -> Path:
        """Return the video's file, fetched unless it is here; what came of one that was broken off is gone on with.

        began: told the run whose counters tell how far it is. Raises ShotDockError, Stopped.
        """
        path = self._cache.path("\n".join((server.site, server.base, video.id, str(video.created))))
        with self._alone(work, path):
            if path.is_file() and video.bytes in (None, path.stat().st_size):
                self._cache.touch(path)
                return path
            self._cache.make()
            file = Entry(lasting_path(server.base, video.id), size=video.bytes)
            # Another ShotDock may bring the same: a token of our own, and two never write one part.
            run = Run(
                secrets.token_hex(4),
                self._cache.folder,
                [Job(1, PREFIX + server.site, file, path)],
                CONFLICTS["overwrite"],
                self._pace,
                _nobody_else,
                segments=1,
            )
            began(run)
            done = self._carried(work, run, PREFIX + server.site)
        if work.stopped():
            raise Stopped
        if done is None:
            raise Truncated("The video did not come whole.", "The transfer ended early.", "Try again.", file.path)
        if done.error is not None:
            raise done.error
        self._cache.trim(done.transferred + done.reused)
        return path

    def _carried(self, work: Work, run: Run, site: str) -> JobDone | None:
        """Carry the run over one lane, on this thread; return how its one job ended."""
        budget = self._sites.budget(site)
        self._wait_for_place(work, budget, site)
        try:
            lane = Lane(run, site, partial(self._sites.source, site), budget)
            work.on_cancel(run.stop)
            work.on_cancel(lane.close)
            lane.carry()
        finally:
            budget.give_back()
            run.close()
        return next(iter(run.drain()), None)

    @contextmanager
    def _alone(self, work: Work, path: Path) -> Iterator[None]:
        """Wait until nobody here brings the same file: who was broken off a moment ago has its part to put down."""
        while True:
            with self._lock:
                if path not in self._under_way:
                    self._under_way.add(path)
                    break
            if work.wait(_LOOK):
                raise Stopped
        try:
            yield
        finally:
            with self._lock:
                self._under_way.discard(path)

    def _wait_for_place(self, work: Work, budget: HostBudget, site: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not budget.take():
            if work.wait(0.1):
                raise Stopped
            if time.monotonic() > deadline:
                raise ServerBusy(
                    title="Every connection to this server is in use.",
                    cause=f"Transfers held all {budget.limit} of them for {PATIENCE:.0f} s.",
                    suggestion="Try again when a transfer has ended, or raise the connection's limit.",
                    path=site,
                )


def _nobody_else() -> None:
    """Hear that further lanes would find something to do: there is this one."""
