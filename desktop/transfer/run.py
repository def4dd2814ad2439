"""One task's transfer: hands pieces to lanes, collects results."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from desktop.core.errors import DiskFull, ShotDockError
from desktop.core.task import FileResult
from desktop.transfer.committer import Committer
from desktop.transfer.disk import refuse_if_full
from desktop.transfer.download import Download
from desktop.transfer.folders import Folders
from desktop.transfer.jobs import Job, JobDone, RunCounters
from desktop.transfer.names import fold
from desktop.transfer.pace import Pace
from desktop.transfer.partfile import split
from desktop.transfer.pieces import FilePiece, LaneFeed
from desktop.transfer.ports import ConflictStrategy, Features
from desktop.transfer.retry import Patience
from desktop.transfer.spans import Span
from desktop.transfer.waiting import Waiting

__all__ = ["Job", "JobDone", "Run", "RunCounters"]


class Run:
    """Everything the lanes of one task share. All methods are thread-safe; `close` ends it.

    token: the task's, borne by its part files. segments: in how many ranges a large file is fetched at once; None
    leaves it to the lanes: one that would idle takes half of what another one has before it.
    verify: read every file back from disk before it is committed. wake: called, from any thread, when further lanes may
    find something to do that were of no use before.
    """

    def __init__(
        self,
        token: str,
        destination: Path,
        jobs: Sequence[Job],
        conflict: ConflictStrategy,
        pace: Pace,
        wake: Callable[[], None],
        *,
        segments: int | None = None,
        verify: bool = False,
        patience: Patience = Patience(),
    ) -> None:
        self.token, self.conflict, self.patience = token, conflict, patience
        self.verify, self.wake = verify, wake
        self._segments = segments
        self.folders = Folders(destination)
        self._pace = pace
        self._committer = Committer(self.folders)
        self._changed = threading.Condition()
        self._waiting: dict[str, Waiting] = {}
        self._left: dict[str, int] = {}
        self._lanes: dict[str, int] = {}
        self._features: dict[str, Features] = {}
        self._held: dict[str, deque[Job]] = {}
        self._active: dict[Download, None] = {}
        self._results: list[JobDone] = []
        self._files_done = self._transferred = self._reused = 0
        # What the disk had no room for first, and what it said.
        self.short: tuple[Download, DiskFull] | None = None
        self._stopped = False
        # Sites that were given up, and why; the seconds for which each asked to be left alone, since its last byte.
        self.lost: dict[str, ShotDockError] = {}
        self.rests: dict[str, list[float]] = {}
        self._put(jobs)

    def _put(self, jobs: Sequence[Job]) -> None:
        seen: set[str] = set()
        for job in jobs:
            self._left[job.site] = self._left.get(job.site, 0) + 1
            waiting = self._waiting.setdefault(job.site, Waiting())
            # Two jobs for one name, or for two that this disk may take for one: the later waits until the
            # earlier has ended, then meets what it left like any other file that is already here.
            key = fold(str(job.target))
            if key in seen:
                self._held.setdefault(key, deque()).append(job)
            else:
                seen.add(key)
                waiting.add(job)

    @property
    def sites(self) -> tuple[str, ...]:
        """Return the names of the sites that have jobs left."""
        return tuple(site for site, left in self._left.items() if left)

    @property
    def stopped(self) -> bool:
        """True once `stop` was called."""
        return self._stopped

    @property
    def finished(self) -> bool:
        """True once every job has ended."""
        return not any(self._left.values())

    def feed(self, site: str) -> LaneFeed:
        """Return a new feed of the site's pieces, for one lane."""
        return LaneFeed(self, site)

    def features(self, site: str) -> Features | None:
        """Return what the site's source can do, once one was connected."""
        return self._features.get(site)

    def wants(self, site: str, load: int = 1, lanes: int = 0) -> int:
        """Return how many further lanes would find something to do now, besides those that are open.

        load: small files that one lane takes care of, beside whatever else it carries if that is more than one.
        """
        with self._changed:
            if self._stopped:
                return 0
            if not self._due(site):
                return 1 if self._shareable(site) else 0
            large, small = self._waiting[site].loads()
            return large + max(0, -(-small // load) - (lanes if load > 1 else 0))

    def stop(self) -> None:
        """Have every lane end soon; what came stays for the next run."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def counters(self, every: bool = True) -> RunCounters:
        """Return the live figures. every: with the bytes of each file under way."""
        with self._changed:
            active = tuple(self._active)
            transferred, reused, done = self._transferred, self._reused, self._files_done
            lanes = sum(self._lanes.values())
        return RunCounters(
            transferred=transferred + sum(download.received for download in active),
            reused=reused + sum(download.reused for download in active),
            files_done=done,
            per_job={download.job.id: download.on_disk for download in active} if every else None,
            current=tuple(split(str(download.job.target))[1] for download in active if not download.waits),
            lanes=lanes,
            short=tuple(download.job.id for download in active if not download.committing) if every else (),
        )

    def drain(self) -> list[JobDone]:
        """Return the results since the last call."""
        with self._changed:
            results, self._results = self._results, []
        return results

    def fail_site(self, site: str, error: ShotDockError) -> None:
        """End every unfinished job of the site with this error."""
        with self._changed:
            self.lost[site] = error
            waiting = self._waiting[site].clear() if site in self._waiting else []
            for jobs in self._held.values():
                waiting += [job for job in jobs if job.site == site]
            self._held = {
                key: left for key, jobs in self._held.items() if (left := deque(j for j in jobs if j.site != site))
            }
            active = [download for download in self._active if download.job.site == site]
            for job in waiting:
                self._note(job, JobDone(job.id, FileResult.FAILED, error=error))
        for download in active:
            download.abandon(error)

    def close(self) -> None:
        """Finish commits under way, leave the other parts with their journals and close every descriptor.

        To be called once every lane has ended; results of the last commits are for one more `drain`.
        """
        self.stop()
        self._committer.close()
        for download in tuple(self._active):
            try:
                download.park()
            except ShotDockError as error:
                self.end(download, JobDone(download.job.id, FileResult.FAILED, error=error))
        self._active.clear()

    # For feeds, downloads and lanes

    def take(self, feed: LaneFeed) -> FilePiece | None:
        """Return the next piece for a lane, or None."""
        if feed.source is not None and not feed.source.features.ranges:
            self.connected(feed.site, feed.source.features)
        while True:
            with self._changed:
                if self._stopped:
                    return None
                if not self._due(feed.site):
                    break
                item = self._waiting[feed.site].take(alone=not feed.out)
                if item is None:
                    return None
                if isinstance(item, Job):
                    download = Download(self, item)
                    self._active[download] = None
            if isinstance(item, Job):
                spans = self._begin(download, feed)
                if not spans:
                    continue
                span = spans[0]
                if len(spans) > 1:
                    self.requeue(download, spans[1:])
            else:
                download, span = item
                known = self._features.get(feed.site)
                if span.start and not span.ended and known is not None and not known.ranges:
                    span = self._whole(download, span)
            if not span.ended:
                return FilePiece(download, feed, span)
        return self._share(feed)

    def _share(self, feed: LaneFeed) -> FilePiece | None:
        """Return half of what another lane has before it, for one that would idle."""
        if feed.out:
            return None
        with self._changed:
            download = self._shareable(feed.site)
        if download is None:
            return None
        span = download.share(self._features[feed.site].segments)
        return FilePiece(download, feed, span) if span is not None else None

    def portion(self, most: int) -> int:
        """Return how many bytes a source reads at once under the limits; most: without any."""
        return self._pace.portion(most)

    def pace(self, count: int) -> None:
        """Wait until count bytes may pass; raise Stopped if the run is stopped meanwhile."""
        if self._pace.limited:
            self._pace.take(count, lambda: self._stopped)

    def requeue(self, download: Download, spans: list[Span], delay: float | None = None) -> None:
        """Hand ranges of a file out (again), before everything else of its site.

        delay: seconds after which they go behind it instead: the file failed, and that may pass.
        """
        site = download.job.site
        with self._changed:
            self._waiting[site].put_back(download, spans, delay)
            self._changed.notify_all()

    def commit(self, download: Download) -> None:
        """Have a complete file committed."""
        self._committer.commit(download)

    def background(self, call: Callable[[], None]) -> None:
        """Have a call that may block made on a committer's thread."""
        self._committer.background(call)

    def full(self, error: DiskFull, download: Download) -> None:
        """Note that the disk is full: other jobs are not begun unless it has room for them."""
        self.short = self.short or (download, error)

    def end(self, download: Download, done: JobDone) -> None:
        """Note how a job ended, unless it had: its site may be given up at any moment."""
        with self._changed:
            if download not in self._active:
                return
            del self._active[download]
            self._transferred += done.transferred
            self._reused += done.reused
            self._note(download.job, done)

    def enter(self, site: str) -> None:
        """Note one more lane to the site."""
        with self._changed:
            self._lanes[site] = self._lanes.get(site, 0) + 1

    def leave(self, site: str) -> None:
        """Note that a lane to the site has ended."""
        with self._changed:
            self._lanes[site] -= 1
            self._changed.notify_all()

    def connected(self, site: str, features: Features) -> None:
        """Note that a lane reached the site, and what its source can do there.

        Where one source found that the server ignores ranges, or how far away it is, others do not have to find out
        too.
        """
        known = self._features.get(site)
        if known is not None and features.unknown and not known.unknown:
            features = features.at(known.distance)
        if known is not None and not known.ranges:
            features = replace(features, ranges=False)
        self._features[site] = features

    def reached(self, site: str) -> bool:
        """Tell whether any lane ever reached the site."""
        return site in self._features

    def excuse(self, site: str) -> bool:
        """Let a lane leave if others live to do its work; False if it is the last one."""
        with self._changed:
            if self._lanes[site] < 2:
                return False
            self._lanes[site] -= 1
            return True

    def stay(self, site: str) -> bool:
        """Wait until there is something to do for a lane; False if it may leave, and then it has left.

        The last lane of a site stays while files may come back to it: to be tried again later, or from a commit
        that found them damaged.
        """
        with self._changed:
            while not self._stopped and self._left[site]:
                if self._due(site) or self._shareable(site):
                    return True
                if self._lanes[site] > 1:
                    break
                self._committer.hasten()
                self._changed.wait(self._waiting[site].due_in)
            self._lanes[site] -= 1
            self._changed.notify_all()
        return False

    def wanted(self, site: str) -> bool:
        """Tell whether a lane to the site is of any use, now or later."""
        return not self._stopped and self._left[site] > 0

    def rest(self, site: str, seconds: float) -> None:
        """Wait so long, or until no lane to the site is wanted."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while self.wanted(site) and (left := deadline - time.monotonic()) > 0:
                self._changed.wait(left)

    def _begin(self, download: Download, feed: LaneFeed) -> list[Span]:
        try:
            if self.short is not None:
                refuse_if_full(str(download.job.target), download.job.file.size or 0, self.short[1])
            return download.begin(feed.ranges, self._segments or 1)
        except ShotDockError as error:
            download.give_up(error)
            return []

    def _note(self, job: Job, done: JobDone) -> None:
        self._results.append(done)
        self._files_done += 1
        self._left[job.site] -= 1
        if self._held and (jobs := self._held.get(key := fold(str(job.target)))):
            twin = jobs.popleft()
            self.folders.fresh.discard(split(str(job.target))[0])
            self._waiting[twin.site].add(twin, first=True)
            if not jobs:
                del self._held[key]
            self._changed.notify_all()
        elif not self._left[job.site]:
            self._changed.notify_all()

    def _whole(self, download: Download, span: Span) -> Span:
        """Return one range for all that waits of a file: a server that ignores ranges sends it whole each time."""
        with self._changed:
            others = self._waiting[download.job.site].withdraw(download)
        return download.merged([span, *others])

    def _shareable(self, site: str) -> Download | None:
        """Return the file with the longest range under way that a further lane may share."""
        features = self._features.get(site)
        if self._segments is not None or features is None or features.segments < 2 or not features.ranges:
            return None
        mine = ((download.left(features.segments), download) for download in self._active if download.job.site == site)
        left, download = max(mine, key=lambda one: one[0], default=(0, None))
        return download if left else None

    def _due(self, site: str) -> bool:
        """Tell whether something waits for a lane now, delayed files whose time has come included."""
        return site in self._waiting and self._waiting[site].due
