"""Jobs as the window and the command line see them: added, started, followed, fetched."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from desktop.core.errors import ShotDockError, UsageError
from desktop.core.job import Job, JobState, KindInfo, ModelResult, Report, Table, check_wait, heard, troubled
from desktop.core.plan import Plan, Request
from desktop.core.schedule import Turn
from desktop.core.task import Task
from desktop.store.database import Store
from desktop.studio.jobs import kinds, open_shelf  # noqa: F401  they register themselves
from desktop.studio.jobs.destination import place_of_job
from desktop.studio.jobs.kind import KINDS, checked, complaints
from desktop.work.background import Background, Desk, Failed, Mailbox, Work, ignore
from desktop.work.job_arrivals import Arrivals
from desktop.work.job_book import JobBook
from desktop.work.job_server import JobServers, Looked
from desktop.work.library import Library
from desktop.work.polling import Clock, Poller, Question
from desktop.work.queue import Queue
from desktop.work.settings_box import SettingsBox
from desktop.work.sites import Sites
from desktop.work.tasks import TaskDesk

AT_REST = 60.0
"""Seconds between two looks at a job that is over, while somebody watches: its results may expire."""
THREADS = 16
"""Questions at once over all servers."""
_LOST = (JobState.NOT_FOUND, JobState.EXPIRED)

log = logging.getLogger(__name__)


class JobDesk(QObject):
    """The remembered jobs, and what is done with them; every call returns at once, answers come on this thread.

    Signals: listed (tuple of every Job, once after `load`), changed (tuple of Job that are new or moved), removed
    (tuple of job ids). Running jobs are asked after by themselves, those that are over only while somebody watches.
    """

    listed = Signal(object)
    changed = Signal(object)
    removed = Signal(object)

    def __init__(
        self,
        parts: tuple[Desk, Mailbox, Store, Queue],
        background: Background,
        sites: Sites,
        library: Library,
        tasks: TaskDesk,
        settings: SettingsBox,
        clock: Clock,
    ) -> None:
        super().__init__()
        self._desk, self._answers, store, _queue = parts
        self._background, self._settings, self._tasks = background, settings, tasks
        self._clock = clock
        self._servers = JobServers(sites, library)
        self._book = JobBook((self._desk, self._answers, store))
        self._book.changed.connect(self.changed)
        self._book.removed.connect(self.removed)
        self._reports: dict[int, Report] = {}
        self._errors: dict[int, ShotDockError] = {}
        self._watchers = 0
        self._closed = False
        self._following: set[int] = set()
        self._fetches = True
        self._asking = Background(self._answers, THREADS)
        self._poller = Poller(self._question, self._told, self._asking, self._clock)
        self._arrivals = Arrivals(parts, background, settings, tasks, self._book)

    # --- what is known

    def load(self, poll: bool = True, stay: bool = False) -> None:
        """Ask for every job; the answer is the signal `listed`.

        poll: go on asking after those that run, and stay. Without, nothing is fetched by itself either: that is the
        window's, and two would fetch the same. stay: check and unpack what tasks of this program bring for whatever
        job, and finish what an earlier run of the program left half done.
        """
        self._fetches = poll
        self._book.load(lambda jobs: self._loaded(jobs, poll, poll or stay))

    def all(self) -> tuple[Job, ...]:
        """Return the jobs as they are known now, the newest first."""
        return tuple(self._book)

    def get(self, job_id: int) -> Job | None:
        """Return one job, or None."""
        return self._book.get(job_id)

    def error(self, job_id: int) -> ShotDockError | None:
        """Return why the server could not be asked lately, e.g. HostKeyUnknown with what to trust, or None."""
        return self._errors.get(job_id)

    @property
    def kinds(self) -> tuple[KindInfo, ...]:
        """Return every kind of job there is."""
        return tuple(KindInfo(part.name, part.title, part.explanation, tuple(part.load().fields)) for part in KINDS)

    def recognise(self, text: str) -> tuple[tuple[str, str], ...]:
        """Return (kind, server or "") of every kind that a pasted URL or id may be of; nobody is asked."""
        found = [(part.name, part.load().parse(text)) for part in KINDS]
        return tuple((name, self._servers.known_for(there.base)) for name, there in found if there is not None)

    # --- what is asked for

    def add(self, server: str, kind: str, text: str, then: Callable[[Job], None], failed: Failed) -> None:
        """Remember a job by its id or its URL, and ask after it at once; one that is known already is the answer.

        server: a connection's name or the URL of the API; "" takes it from the pasted URL. failed: UsageError for
        what is no id of this kind, or no web server.
        """
        try:
            there = KINDS[kind].parse(text)
            if there is None:
                raise _unreadable(text, kind)
            name = self._servers.name(server or self._servers.known_for(there.base))
        except ShotDockError as error:
            reason = error
            self._answers.post(lambda: failed(reason))
            return
        self._remember(Job(0, name, kind, there.remote_id, added=self._clock.date()), then, failed)

    def complaints(self, kind: str, values: Mapping[str, object]) -> dict[str, str]:
        """Return what is wrong with a start form's values, field by field, in words; {} if nothing is."""
        return complaints(KINDS[kind].fields, values)

    def start(
        self, server: str, kind: str, values: Mapping[str, object], then: Callable[[Job], None], failed: Failed
    ) -> Work | None:
        """Start a job on the server and remember it.

        values: by the kind's fields, e.g. {"rows": 100, "format": "csv"} for "export". failed: UsageError for
        values that do not do, before anything is sent; else what the server said.
        """
        try:
            part = KINDS[kind]
            whole = checked(part.fields, values)
            name = self._servers.name(server)
        except ShotDockError as error:
            reason = error
            self._answers.post(lambda: failed(reason))
            return None

        def begin(work: Work) -> str:
            with self._servers.line(work, name) as web:
                return part.start(web, whole)

        def begun(remote_id: str) -> None:
            job = Job(0, name, kind, remote_id, added=self._clock.date(), parameters=whole)
            self._remember(job, then, failed)

        return self._asking.run(begin, begun, failed)

    def refresh(self, ids: Iterable[int]) -> None:
        """Ask after these jobs now, whatever they were waiting for."""
        for job_id in ids:
            if job_id in self._book:
                self._ask_in(job_id, 0.0)

    def remove(self, ids: Iterable[int]) -> None:
        """Forget these jobs; what was fetched stays, on the server nothing happens."""
        gone = tuple(job_id for job_id in ids if job_id in self._book)
        for job_id in gone:
            self._poller.never(job_id)
            self._reports.pop(job_id, None)
            self._errors.pop(job_id, None)
        if gone:
            self._book.remove(gone)

    def watch(self) -> None:
        """Note that somebody looks at the jobs: also those that are over are asked after, once in a while."""
        self._watchers += 1
        if self._watchers == 1:
            for job in self._book:
                if job.next_look is None and not job.looking and job.state not in _LOST:
                    self._ask_in(job.id, 0.0)

    def unwatch(self) -> None:
        """Note that nobody looks any more."""
        self._watchers = max(0, self._watchers - 1)

    def follow(self, job_id: int, folder: Path | None) -> None:
        """Fetch the job's artifacts to the folder by itself once it is done; None takes the wish back."""
        if job_id in self._book:
            self._book.follow(job_id, folder)
            self._fetch_followed(job_id)

    # --- what is fetched

    def folder(self, job_id: int, root: Path, project: str = "", shot: str = "") -> Path:
        """Return where a job's artifacts go below a root, by the settings' template; empty parts are left out.

        Raises HostileName or NameTooLong for a project or shot that no folder can be called.
        """
        job = self._book[job_id]
        values = {"project": project, "shot": shot, "kind": job.kind, "job": job.remote_id}
        return place_of_job(root, self._settings.value.results_folder, values)

    def plan(
        self, job_id: int, artifacts: Sequence[str], request: Request, then: Callable[[Plan], None], failed: Failed
    ) -> Work:
        """Plan to fetch these artifacts, all available ones if none is named; nothing is touched.

        request: destination, conflict and options count. The server is asked anew, so that links are fresh. failed:
        NotFound for what is not there (any more), else what keeps us from the server.
        """
        job, wanted = self._book[job_id], tuple(artifacts)

        def planned(answer: tuple[Looked, Plan | ShotDockError]) -> None:
            looked, plan = answer
            self._told(job_id, looked)
            if isinstance(plan, ShotDockError):
                failed(plan)
            else:
                then(plan)

        return self._asking.run(lambda work: self._servers.plan(work, job, wanted, request), planned, failed)

    def submit(
        self,
        job_id: int,
        plan: Plan,
        then: Callable[[Task], None] | None = None,
        start: bool = True,
        unpack: bool = True,
        turn: Turn = Turn(),
        failed: Failed | None = None,
    ) -> None:
        """Make the plan a task of the queue, remembered with its job; what follows a download is done by itself.

        unpack: whether results are checked and unpacked once they are here. turn: of the queue's; what will not be
        there any more when it comes is refused. failed: hears why it was not done, in place of the tasks' `refused`.
        """
        job, refuse = self._book[job_id], failed or self._tasks.refused.emit
        try:
            now, brought = self._tasks.now(), {file.target for _, file in plan.files()}
            check_wait(job, [one for one in job.artifacts if one.file_name in brought], turn.due(now), now)
        except UsageError as error:
            reason = error
            self._answers.post(lambda: refuse(reason))
            return
        self._arrivals.submit(job, plan, then or ignore, refuse, start, unpack, turn)

    def unpack(self, job_id: int, artifact: str, failed: Failed) -> None:
        """Unpack fetched results whatever their quality; the answer is `changed`, `failed` tells what hindered it.

        A folder that is there already fares as the task's conflict strategy says.
        """
        self._arrivals.unpack(job_id, artifact, failed)

    def results(self, job_id: int, then: Callable[[tuple[ModelResult, ...]], None], failed: Failed) -> Work:
        """Read what fetched results say of each model: previews as files, quality.json as judged numbers."""
        return self._arrivals.results(self._book[job_id], then, failed)

    def preview(self, job_id: int, then: Callable[[Table], None], failed: Failed) -> Work:
        """Read the first rows of a fetched table."""
        return self._arrivals.preview(self._book[job_id], then, failed)

    def pack(
        self,
        folder: Path,
        target: Path,
        then: Callable[[tuple[str, ...]], None],
        failed: Failed,
        progress: Callable[[int, int], None] = lambda done, size: None,
        models: Sequence[str] = (),
    ) -> Work:
        """Pack a local or mounted output folder as a result ZIP; `then` gets what is absent.

        progress: told the bytes written and those there will be, on the pool's thread. models: those alone, if any is
        named. failed: IncompleteResultsError, or what the disk says; the target is then as it was.
        """
        return self._arrivals.pack(folder, target, then, failed, progress, models)

    def whole_models(self, missing: Sequence[str]) -> tuple[str, ...]:
        """Return the models that can be packed alone, when these files are missing in an output folder."""
        return open_shelf(()).whole_models(missing)

    def close(self) -> None:
        """Break off every question and wait for the pool; answers that are still to be told are not."""
        self._closed = True
        self._arrivals.close()
        self._asking.close()
        self._servers.close()

    # --- how it goes on

    def _loaded(self, jobs: tuple[Job, ...], poll: bool, stay: bool) -> None:
        self.listed.emit(self.all())
        if poll:
            for job in jobs:
                if self._watchers or not job.state.over:
                    self._ask_in(job.id, 0.0)
                else:
                    # The program may have ended between the job's end and its download.
                    self._fetch_followed(job.id)
        if stay:
            self._arrivals.take_up(jobs)

    def _remember(self, job: Job, then: Callable[[Job], None], failed: Failed) -> None:
        def remembered(kept: Job) -> None:
            self._ask_in(kept.id, 0.0)
            then(self._book[kept.id])

        self._book.add(job, remembered, failed)

    def _question(self, job_id: int) -> Question | None:
        job = self._book.get(job_id)
        if job is None:
            return None
        self._book.show(replace(job, looking=True, next_look=None))
        before = self._reports.get(job_id) or Report(job.state)
        return lambda work: self._servers.look(work, job, before)

    def _told(self, job_id: int, answer: Looked | ShotDockError) -> None:
        job = self._book.get(job_id)
        if job is None or self._closed:
            return
        job = replace(job, looking=self._poller.asking(job_id))
        if isinstance(answer, ShotDockError):
            pause = self._poller.pause(job_id, KINDS[job.kind].every if job.kind in KINDS else AT_REST, answer)
            if job.trouble is None:
                log.warning("%s %s cannot be asked after: %s", job.kind, job.remote_id, answer)
            self._errors[job_id] = answer
            self._book.show(troubled(job, answer.as_dict()))
        else:
            self._errors.pop(job_id, None)
            self._reports[job_id] = answer.told
            moved = heard(job, answer.report, self._clock.date())
            if moved.state is not job.state:
                log.info("%s %s is %s. %s", job.kind, job.remote_id, moved.state.value, moved.message)
            self._book.put(moved)
            pause = self._rest(moved)
        if pause is not None:
            self._ask_in(job_id, pause)
        self._fetch_followed(job_id)

    def _rest(self, job: Job) -> float | None:
        """Return in how many seconds to look at a job again that was just heard of, or None for never."""
        if not job.state.over:
            return KINDS[job.kind].every
        return AT_REST if self._watchers and job.state not in _LOST else None

    def _ask_in(self, job_id: int, seconds: float) -> None:
        job = self._book[job_id]
        self._book.show(replace(job, next_look=self._clock.date() + seconds))
        self._poller.at(job_id, job.server, seconds)

    def _fetch_followed(self, job_id: int) -> None:
        """Fetch what somebody wants as soon as it is there, once."""
        if not self._fetches:
            return
        job = self._book[job_id]
        wanted = [artifact.name for artifact in job.available if job.download(artifact.name) is None]
        if job.follow is None or job.state is not JobState.DONE or not wanted or job_id in self._following:
            return
        self._following.add(job_id)
        request = Request("", job.follow, conflict=self._settings.value.conflict.replace("-", "_"))

        def failed(error: ShotDockError) -> None:
            self._following.discard(job_id)
            log.warning("%s %s cannot be fetched by itself: %s", job.kind, job.remote_id, error)
            if job_id in self._book:
                self._book.show(troubled(self._book[job_id], error.as_dict()))
                pause = self._poller.pause(job_id, AT_REST, error)
                if pause is not None:
                    self._ask_in(job_id, pause)

        def planned(plan: Plan) -> None:
            if job_id in self._book:
                self.submit(job_id, plan, lambda _task: self._following.discard(job_id), failed=failed)

        self.plan(job_id, wanted, request, planned, failed)


def _unreadable(text: str, kind: str) -> UsageError:
    return UsageError(
        title=f"This is neither an id nor a URL of a job of the kind {kind}.",
        cause=f"{text[:80]!r} is a path, has spaces in it, or is another kind's URL." if text.strip() else "Nothing.",
        suggestion="Paste the job's id, or its URL from the browser.",
    )
