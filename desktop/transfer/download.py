"""One file under way, and every turn its fate can take."""

from dataclasses import replace

from desktop.core.errors import (
    Corrupted,
    DiskFull,
    FileInUse,
    Overlong,
    RemoteChanged,
    Retry,
    ServerBusy,
    ShotDockError,
    StillUploading,
    Stopped,
    Wait,
)
from desktop.core.media import Entry
from desktop.core.task import FileResult
from desktop.transfer.commit import check_hash, judge, place
from desktop.transfer.disk import disk
from desktop.transfer.faults import changed, remarks, short, still_uploading, surplus
from desktop.transfer.jobs import Job, JobDone
from desktop.transfer.owner import Owner
from desktop.transfer.part import Part
from desktop.transfer.partfile import split
from desktop.transfer.ports import Buffer, Decision, Facts
from desktop.transfer.sameness import agree, believed, joined, provable, same_file, unlike
from desktop.transfer.spans import SHARE_FROM, Span, Spans, cut

CHANGES = 2
"""The how-manieth change of a file on the server means that it is still being written."""


class Download:
    """A job under way. Every method may be called from any thread.

    facts: the file as best known: as planned, as an earlier run knew it, as it was opened. suspect: a connection broke
    when this file was asked for and before anything of it came. committing: all of it came.
    """

    __slots__ = (
        "_attempts",
        "_changes",
        "_corrupted",
        "_opened",
        "_owner",
        "_part",
        "_promised",
        "_segments",
        "_spans",
        "_target",
        "_told",
        "committing",
        "ended",
        "facts",
        "folder",
        "job",
        "received",
        "suspect",
    )

    def __init__(self, owner: "Owner[Download]", job: Job) -> None:
        self.job = job
        self.facts = job.file
        self._promised = job.file.size  # outlives a start over in which the server tells no size
        self.ended = self.suspect = False
        self.received = 0
        self._owner = owner
        self._target = str(job.target)
        self.folder, _ = split(self._target)
        self._part = Part(self._target, owner.token)
        self._spans = Spans()
        self._opened = False
        self._told = False
        self.committing = False
        self._segments = 1
        self._attempts = self._changes = self._corrupted = 0

    @property
    def size(self) -> int | None:
        """Return the file's size in bytes, None if the server has not told it."""
        return self.facts.size

    @property
    def heavy(self) -> bool:
        """Tell whether to commit the file means to read it back, or to write a lot."""
        return self._part.journaled or self._owner.verify or self.job.hash is not None

    @property
    def on_disk(self) -> int:
        """Return how many bytes of the file are in its part."""
        return self._part.ranges.total

    @property
    def reused(self) -> int:
        """Return how many bytes an earlier run left."""
        return self._part.reused

    @property
    def held(self) -> bool:
        """Tell whether the file's part is open."""
        return self._part.held

    @property
    def waits(self) -> bool:
        """Tell whether the file was begun and waits for a lane."""
        return self._spans.wait

    def begin(self, ranges: bool, segments: int) -> list[Span]:
        """Judge the target, take over an earlier part and return what is missing; nothing if the job ended here.

        ranges: whether the source can start at any byte. segments: in how many ranges a large file is fetched.
        Raises ShotDockError.
        """
        self._segments = segments
        target, folders = self._target, self._owner.folders
        folders.check(self.folder, target)
        fresh = self.folder in folders.fresh
        if not fresh:  # else nothing is there to be judged or taken over; the commit looks again
            with disk(target):
                verdict = judge(target, self._incoming, self._owner.conflict)
            if verdict is not None and verdict.decision is Decision.SKIP:
                folders.confirm(self.folder, target)
                self.report(FileResult.SKIPPED, verdict.reason)
                return []
            folders.ensure(self.folder)
        with self._part.lock:
            if self.ended:
                return []  # its site was given up meanwhile
            if not fresh and (known := self._part.adopt(folders, self.job.file, ranges)) is not None:
                self.facts = joined(known, self.job.file)
            return self._all(ranges)

    def left(self, segments: int) -> int:
        """Return how many bytes of its longest range a further lane could share, 0 if it is not to be shared.

        segments: how many ranges of it may be under way. Only a file that can be told from any other is shared.
        A guess, made without waiting for the part: who holds it may wait for a disk, and who asks holds up the run.
        """
        longest = self._shareable(segments)
        return longest[0] if longest is not None else 0

    def share(self, segments: int) -> Span | None:
        """Give half of the longest range under way to a lane that asks; None if that is not to be any more."""
        with self._part.lock:
            longest = self._shareable(segments)
            return self._spans.halve(longest[1], self.facts.size or 0) if longest is not None else None

    def _shareable(self, segments: int) -> tuple[int, Span] | None:
        size = self.facts.size
        if self.ended or not self._opened or size is None or not provable(self.facts):
            return None
        longest = self._spans.longest(size) if 0 < len(self._spans) < segments else None
        return longest if longest is not None and longest[0] >= SHARE_FROM else None

    def opened(self, span: Span, now: Entry) -> None:
        """Compare what was opened with what is known; raise RemoteChanged if it is another file, or growing.

        A file replaced since the plan by one of the same size is simply that file, as long as nothing of it
        was fetched. Any other difference starts it over once, after a pause and with the new facts; the next
        one means that it is still being written. One that nothing tells from another is fetched in one range.
        """
        with self._part.lock:
            if span.ended:
                raise Stopped
            here = bool(len(self._part.ranges))
            if same_file(self.facts, now, here, begun=here or len(self._spans) > 1 or bool(span.received)):
                self.facts = joined(now, self.facts)
                self._told = self._told or now.size is not None
                self._opened = True
                if len(self._spans) < 2 or provable(self.facts):
                    return self._part.confirm(self.facts)
                # Nothing would tell ranges of two contents apart.
                self._segments = 1
                self._owner.requeue(self, self._reset(self.facts))
                raise Stopped
        raise self._changed(now)

    def put(self, span: Span, offset: int, data: Buffer, count: int) -> None:
        """Write bytes into the part; raise Stopped, Truncated or an error of the disk."""
        part, size = self._part, self._promised if self.facts.size is None else self.facts.size
        try:
            with part.lock:
                if span.ended:
                    raise Stopped
                if size is not None and offset + count > size:
                    raise surplus(self.job.file, offset + count, size)
                part.open(self._owner.folders, self.folder, self.facts, self._owner.verify)
                due = part.write(offset, data, count)
                self.received += count
                span.received += count
        except ShotDockError as error:
            self.failed(span, error)
            raise
        if due:
            self._owner.background(self._save)

    def merged(self, spans: list[Span]) -> Span:
        """Return one range that covers several, none of which is under way, and ends them."""
        with self._part.lock:
            return self._spans.merge(spans)

    def finished(self, span: Span) -> None:
        """Take a range as complete; the last one commits the file. One with bytes missing is tried again."""
        try:
            with self._part.lock:
                if span.ended:
                    return
                if self.facts.size is None and span.stop is None and self._promised in (None, self._part.ranges.end):
                    self.facts = replace(self.facts, size=self._part.ranges.end)
                stop = span.stop if span.stop is not None else self.facts.size or self._promised or 0
                missing = self._part.ranges.missing(span.start, stop)
                if not missing:
                    self._part.open(self._owner.folders, self.folder, self.facts, self._owner.verify)
                    complete = self.committing = self._spans.leave(span)
                    self._part.note()
        except ShotDockError as error:
            self.failed(span, error)
            return
        if missing:
            self.failed(span, short(self.job.file, sum(end - start for start, end in missing), stop))
        elif complete:
            self._owner.commit(self)

    def failed(self, span: Span, error: ShotDockError) -> None:
        """Try a range again, start the file over or give it up, as the error asks."""
        if span.ended:
            return
        if isinstance(error, RemoteChanged | StillUploading):
            self._changed(Entry(self.job.file.path), error)
        elif isinstance(error, Retry | Wait) and not isinstance(error, DiskFull | FileInUse):
            self._retry(span, error, counts=True, heard=True)
        else:
            self.give_up(error)

    def hand_back(self, span: Span, error: ShotDockError, counts: bool) -> None:
        """Have a range of a lost connection continued by the next one. counts: whether it was a try of this file."""
        self._retry(span, error, counts, heard=False)

    def abandon(self, error: ShotDockError) -> None:
        """Give the job up unless all of it is there and on its way to its final name."""
        self.give_up(error, unless_complete=True)

    def give_up(self, error: ShotDockError, unless_complete: bool = False) -> None:
        """End the job with an error; what is durable stays for another run."""
        with self._part.lock:
            if self.ended or (unless_complete and self.committing):
                return
            self.ended = True
            self._spans.end()
        if isinstance(error, DiskFull):
            self._owner.full(error, self)

        def park() -> None:
            try:
                self._part.park(self.facts)
            except ShotDockError as again:
                # The disk that refused the bytes refuses the journal as well: the first refusal says what to do.
                error.__context__ = again
            finally:
                # Whatever else goes wrong here: a job that never ends is waited for without end.
                self._owner.end(self, self._done(FileResult.FAILED, "", error))

        if self._part.journaled:
            self._owner.background(park)
        else:
            park()

    def seal(self) -> int | None:
        """Check the complete part and make it durable; return its descriptor, None if bytes are fetched again.

        Raises ShotDockError. Like `settle`, for a committer's thread: it takes its time.
        """
        part, size = self._part, self.facts.size or 0
        with part.lock:
            spans = self._spans.want(part.heal())
            self.committing = not spans
        if spans:
            self._owner.requeue(self, spans)
            return None
        fd = part.seal(size, self.facts.mtime)
        try:
            if self._owner.verify:
                part.read_back()
            if self.job.hash:
                with disk(part.path):
                    check_hash(fd, size, self.job.hash, self._target)
        except Corrupted as error:
            self._start_over(error)
            return None
        return fd

    def settle(self) -> tuple[FileResult, str]:
        """Give the sealed part its final name; return the result and its reason. The caller syncs the folder."""
        self._part.close()
        self._owner.folders.look(self.folder, self._target)
        placed = place(self._part.path, self._target, self._incoming, self._owner.conflict)
        self._part.placed()
        unsized = self.job.file.size is None and not self._told
        said = remarks(self._changes > 0, unsized) if placed.result.arrived else ()
        return placed.result, "; ".join(filter(None, (placed.reason, *said)))

    def report(self, result: FileResult, reason: str) -> None:
        """Say that the job ended well, everything being durable."""
        self.ended = True
        self._owner.end(self, self._done(result, reason, None))

    def park(self) -> None:
        """Leave the job unended, for another run: close its part with a last journal. Raises ShotDockError."""
        with self._part.lock:
            self.ended = True
            self._spans.end()
            self._part.park(self.facts)

    def _save(self) -> None:
        try:
            self._part.save()
        except ShotDockError as error:
            self.abandon(error)

    def _changed(self, now: Entry, error: ShotDockError | None = None) -> RemoteChanged:
        """Start the file over with new facts; the second time, give it up as still being written."""
        found, now = changed(self.facts, now), believed(now, self.facts)
        with self._part.lock:
            if self.ended:
                return found
            # An earlier run's part of another file is no news; the file on the server may well rest.
            stale = self._part.reused > 0 and not self._opened and agree(self.job.file, now) is not False
            self._changes += not stale
            if error is not None or now.size is not None or agree(self.facts, now) is False:
                self._promised = now.size
            spans = self._reset(replace(now, path=self.job.file.path))
        if self._changes < CHANGES:
            self._owner.requeue(self, spans, None if stale else self._owner.patience.recheck)
        else:
            self.give_up(error if isinstance(error, StillUploading) else still_uploading(found))
        return found

    def _start_over(self, error: ShotDockError) -> None:
        """Fetch the whole file once more, and give it up if that did not help."""
        with self._part.lock:
            if self.ended:
                return
            self._corrupted += 1
            again = self._corrupted < CHANGES
            spans = self._reset(self.facts)
        if again:
            self._owner.requeue(self, spans, self._owner.patience.pause(1))
        else:
            self.give_up(error)

    def _retry(self, span: Span, error: ShotDockError, counts: bool, heard: bool) -> None:
        """Continue a range at its first missing byte. heard: the server said so, the connection lives."""
        part = self._part
        with part.lock:
            if span.ended or self.ended:
                return
            stop = self.facts.size if span.stop is None else span.stop
            sure = provable(self.facts) and not isinstance(error, Overlong)
            whole = part.doubt(span.start, stop, sure, heard)
            moved = bool(span.received) and sure and not whole
            # A host that wants to be left alone says nothing of this file: the lane counts that.
            rest = isinstance(error, ServerBusy) and bool(error.retry_after) and not (heard or span.received)
            self._attempts = 0 if moved else self._attempts + (counts and not rest)
            self.suspect = counts and not (heard or moved)
            complete = self.committing = self._spans.leave(span)
            spans = self._spans.want(part.missing(span.start, stop, self.facts.size))
            spent = self._attempts >= self._owner.patience.attempts
            self.committing = complete and not spans and not spent
        if spent:
            self.give_up(error)
        elif spans:
            # A line that breaks in the middle of a file is not the file's fault: it goes on where it was.
            pause = self._owner.patience.pause(max(1, self._attempts), error) if heard or self.suspect else None
            self._owner.requeue(self, spans, pause)
        elif complete:
            self._owner.commit(self)

    def _all(self, ranges: bool = True) -> list[Span]:
        """Return what is missing of the whole file, in as many ranges as wanted."""
        gaps = self._part.missing(0, self.facts.size, self.facts.size)
        if ranges and self._segments > 1:
            gaps = cut(gaps, self._segments)
        return self._spans.want(gaps)

    def _reset(self, file: Entry) -> list[Span]:
        self._spans.end()
        self._part.reset(file)
        self.facts = file
        self._opened = self._told = self.committing = False
        return self._all()

    @property
    def _incoming(self) -> Facts:
        return Facts(self.facts.size, self.facts.mtime, self.facts.precision)

    def _done(self, result: FileResult, reason: str, error: ShotDockError | None) -> JobDone:
        proof = (self._part.sha256, unlike(self.facts, self.job.file)) if result.arrived else ("", None)
        return JobDone(self.job.id, result, self.reused > 0, self.received, self.reused, reason, error, *proof)
