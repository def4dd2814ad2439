"""What becomes of a job's artifacts: fetched by a task, then checked, held back or unpacked, and looked at."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, Slot

from desktop.core.errors import NotFound, ShotDockError
from desktop.core.job import Content, Download, Job, ModelResult, Outcome, Table
from desktop.core.plan import Plan
from desktop.core.schedule import Turn
from desktop.core.task import ENDED, FileResult, Task, TaskFile
from desktop.core.verify import Noted, Verdict
from desktop.store.database import Store
from desktop.store.owner import this_process
from desktop.studio.jobs import open_shelf
from desktop.studio.verify import compare
from desktop.work.background import Background, Desk, Failed, Mailbox, Work
from desktop.work.job_book import JobBook
from desktop.work.queue import Queue
from desktop.work.settings_box import SettingsBox
from desktop.work.tasks import TaskDesk

_OPEN = (Outcome.UNDER_WAY, Outcome.MISSED)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Landed:
    """A download whose task tells something new."""

    job_id: int
    download: Download


class Arrivals(QObject):
    """Follows the tasks that fetch artifacts; lives on the window's thread, and so do the jobs it changes."""

    def __init__(
        self,
        parts: tuple[Desk, Mailbox, Store, Queue],
        background: Background,
        settings: SettingsBox,
        tasks: TaskDesk,
        book: JobBook,
    ) -> None:
        super().__init__()
        self._desk, self._answers, self._store, self._queue = parts
        self._background, self._settings, self._tasks = background, settings, tasks
        self._job, self._put, self._introduce = book.get, book.put, book.show
        # Task -> the job it fetches for; only those whose downloads may still move.
        self._jobs_of: dict[int, int] = {}
        self._working: set[int] = set()
        self._closed = self._stays = False
        tasks.changed.connect(self._on_changed)
        tasks.removed.connect(self._on_removed)
        tasks.ended.connect(self._on_ended)

    def submit(
        self,
        job: Job,
        plan: Plan,
        then: Callable[[Task], None],
        failed: Failed,
        start: bool,
        unpacked: bool,
        turn: Turn,
    ) -> None:
        """Make the plan a task, and note which artifacts it brings."""
        artifacts = {artifact.file_name: artifact for artifact in job.artifacts}
        wanted = [(artifacts[file.target], file) for _, file in plan.files() if file.target in artifacts]

        def save() -> None:
            try:
                task = self._queue.submit(plan, start, turn)
                made = [
                    Download(
                        0,
                        artifact.name,
                        task.id,
                        task.destination / file.target,
                        artifact.content if unpacked or artifact.content is not Content.RESULTS else Content.FILE,
                    )
                    for artifact, file in wanted
                ]
                kept = self._store.jobs.add_downloads(job.id, made)
            except ShotDockError as error:
                reason = error
                self._answers.post(lambda: failed(reason))
                return
            self._answers.post(lambda: self._added(job.id, kept))
            self._answers.post(lambda: then(task))

        self._desk.mailbox.post(save)

    def close(self) -> None:
        """Note nothing more: the database is about to be closed. What was not noted is done again in the next run."""
        self._closed = True

    def take_up(self, jobs: Iterable[Job]) -> None:
        """Go on with what an earlier run of the program left: tasks that ended, checks that were cut short.

        From now on that holds for what another program leaves, too.
        """
        self._stays = True
        for job in jobs:
            for download in job.downloads:
                if download.outcome in _OPEN:
                    self._jobs_of[download.task] = job.id
            waiting = [one for one in job.downloads if one.outcome in (*_OPEN, Outcome.CHECKING)]
            if waiting:
                self._look(job.id, waiting)

    def unpack(self, job_id: int, artifact: str, failed: Failed) -> None:
        """Unpack fetched results whatever their quality; what is there already fares as its task's strategy says."""
        job = self._job(job_id)
        download = job.download(artifact) if job else None
        if download is None or download.outcome in _OPEN:
            error = NotFound("There is nothing here to unpack.", "It was not fetched yet.", "Fetch it first.")
            self._answers.post(lambda: failed(error))
            return
        self._claim(_Landed(job_id, download), anyway=True, failed=failed)

    def results(self, job: Job, then: Callable[[tuple[ModelResult, ...]], None], failed: Failed) -> Work:
        """Read what fetched results say of each model."""
        rules = self._settings.value.quality
        return self._background.run(
            lambda _work: open_shelf(rules).results(_latest(job, Content.RESULTS)), then, failed
        )

    def preview(self, job: Job, then: Callable[[Table], None], failed: Failed) -> Work:
        """Read the first rows of a fetched table."""
        return self._background.run(lambda _work: open_shelf(()).table(_latest(job, Content.TABLE)), then, failed)

    def pack(
        self,
        folder: Path,
        target: Path,
        then: Callable[[tuple[str, ...]], None],
        failed: Failed,
        progress: Callable[[int, int], None],
        models: Sequence[str],
    ) -> Work:
        """Pack an output folder; tell what optional files are absent."""
        return self._background.run(
            lambda work: open_shelf(()).pack(folder, target, models, progress, work.stopped), then, failed
        )

    # --- on their way

    def _added(self, job_id: int, downloads: Sequence[Download]) -> None:
        job = self._job(job_id)
        if job is None or not downloads:
            return
        self._jobs_of[downloads[0].task] = job_id
        self._put(replace(job, downloads=(*job.downloads, *downloads)))
        # Its task may have ended before this was told.
        self._look(job_id, downloads)

    @Slot(object)
    def _on_changed(self, tasks: tuple[Task, ...]) -> None:
        for task in tasks:
            job = self._job(self._jobs_of.get(task.id, 0))
            if job is not None:
                # While it runs there is news only of what had been given up.
                known = _OPEN if task.state in ENDED else (Outcome.MISSED,)
                self._look(job.id, [one for one in job.downloads if one.task == task.id and one.outcome in known])

    @Slot(object)
    def _on_removed(self, ids: tuple[int, ...]) -> None:
        for task_id in ids:
            job = self._job(self._jobs_of.pop(task_id, 0))
            if job is not None:
                self._look(job.id, [one for one in job.downloads if one.task == task_id and one.outcome in _OPEN])

    @Slot(object)
    def _on_ended(self, task: Task) -> None:
        """Take up what a command asked for and this program has carried: nobody else does."""
        if not self._stays or task.connection or task.id in self._jobs_of:
            return

        def look() -> None:
            try:
                jobs = self._store.jobs.all()
            except ShotDockError as error:
                log.warning("whose results task %d brought cannot be told: %s", task.id, error)
                return
            found = [job for job in jobs if any(one.task == task.id for one in job.downloads)]
            self._answers.post(lambda: self._adopt(found))

        self._desk.mailbox.post(look)

    def _adopt(self, jobs: Iterable[Job]) -> None:
        for job in jobs:
            known = self._job(job.id)
            if known is not None:
                ids = {one.id for one in known.downloads}
                fresh = tuple(one for one in job.downloads if one.id not in ids)
                job = replace(known, downloads=known.downloads + fresh)
            self._introduce(job)
            self.take_up((job,))

    def _look(self, job_id: int, downloads: Sequence[Download]) -> None:
        """Ask the database how the tasks of these downloads stand."""
        if not downloads:
            return

        def look() -> None:
            try:
                landed = [_Landed(job_id, self._landed(download)) for download in downloads]
                for one, before in zip(landed, downloads, strict=True):
                    if one.download != before and one.download.outcome is not Outcome.CHECKING:
                        self._store.jobs.save_download(one.download)
            except ShotDockError as error:
                log.warning("what became of a download cannot be told: %s", error)
                return
            self._answers.post(lambda: self._told(landed))

        self._desk.mailbox.post(look)

    def _landed(self, download: Download) -> Download:
        """Return what became of a download; on the desk's thread."""
        try:
            task = self._store.tasks.get(download.task)
        except NotFound:
            return _missed(download, "Its task was deleted.") if download.outcome in _OPEN else download
        if download.outcome is Outcome.CHECKING:
            return download
        if task.state not in ENDED:
            return replace(download, outcome=Outcome.UNDER_WAY, note="")
        for file in self._store.tasks.files(task.id):
            if task.destination / file.target != download.path:
                continue
            if file.result.arrived or (file.result is FileResult.SKIPPED and download.path.is_file()):
                # What is read as the job's own has to be it; a mere file was skipped as it was wished.
                if not file.result.arrived and download.content is not Content.FILE and not _same(download.path, file):
                    return _missed(download, f"Another file of this name is there already. {file.reason}".strip())
                here = Outcome.CHECKING if download.content is Content.RESULTS else Outcome.HERE
                return replace(download, outcome=here, note="")
            return _missed(download, str((file.error or {}).get("title", "")) or task.error)
        return _missed(download, task.error)

    def _conflict(self, download: Download) -> str:
        """Return the conflict strategy of the task that fetched, which holds for what is unpacked as well."""
        try:
            return self._store.tasks.get(download.task).conflict_strategy
        except NotFound:
            return "skip"

    def _told(self, landed: Sequence[_Landed]) -> None:
        for one in landed:
            job = self._job(one.job_id)
            known = next((known for known in job.downloads if known.id == one.download.id), None) if job else None
            if known is None or known.outcome not in (*_OPEN, Outcome.CHECKING) or known.id in self._working:
                continue
            self._show(one.job_id, one.download)
            if one.download.outcome is Outcome.CHECKING:
                self._claim(one, anyway=False, failed=_note_only)

    # --- on disk

    def _claim(self, landed: _Landed, anyway: bool, failed: Failed) -> None:
        """Check and unpack, unless another process is at it."""
        self._working.add(landed.download.id)

        def claim() -> None:
            conflict = "skip"
            try:
                conflict = self._conflict(landed.download)
                mine = self._store.jobs.claim(landed.download, this_process())
            except ShotDockError as error:
                log.warning("a download cannot be checked: %s", error)
                mine = False
            self._answers.post(lambda: self._work(landed, conflict, anyway, failed) if mine else self._leave(landed))

        self._desk.mailbox.post(claim)

    def _leave(self, landed: _Landed) -> None:
        self._working.discard(landed.download.id)

    def _work(self, landed: _Landed, conflict: str, anyway: bool, failed: Failed) -> None:
        download = replace(landed.download, outcome=Outcome.CHECKING, note="")
        self._show(landed.job_id, download)
        rules = self._settings.value.quality

        def broke(error: ShotDockError) -> None:
            log.warning("%s: %s", download.path.name, error)
            note = " ".join(part for part in (error.title, error.cause) if part)
            self._done(landed.job_id, replace(download, outcome=Outcome.BROKEN, note=note))
            failed(error)

        self._background.run(
            lambda work: open_shelf(rules).put_up(download, conflict, anyway, work.stopped),
            lambda done: self._done(landed.job_id, done),
            broke,
        )

    def _done(self, job_id: int, download: Download) -> None:
        if self._closed:
            return
        self._working.discard(download.id)
        log.info("%s: %s. %s", download.path.name, download.outcome.value, download.note)
        self._show(job_id, download)

        def keep() -> None:
            try:
                self._store.jobs.save_download(download)
            except ShotDockError as error:
                log.warning("what became of %s cannot be kept: %s", download.path.name, error)

        self._desk.mailbox.post(keep)

    def _show(self, job_id: int, download: Download) -> None:
        job = self._job(job_id)
        if job is not None:
            downloads = tuple(download if one.id == download.id else one for one in job.downloads)
            self._put(replace(job, downloads=downloads))


def _same(path: Path, file: TaskFile) -> bool:
    """Return whether a file that was skipped is what the task would have brought, as far as the server tells of it."""
    note = Noted(file.target, file.size, file.mtime, file.precision, file.sha256, 0)
    try:
        return file.size is not None and compare(str(path), note)[0] is Verdict.WHOLE
    except OSError:
        return False


def _missed(download: Download, why: str) -> Download:
    return replace(download, outcome=Outcome.MISSED, note=why or "The transfer did not bring it.")


def _latest(job: Job, content: Content) -> Download:
    """Return the newest download of an artifact with such content that is on disk; raise NotFound."""
    names = {artifact.name for artifact in job.artifacts if artifact.content is content}
    for one in reversed(job.downloads):
        if one.outcome not in _OPEN and (one.content is content or one.artifact in names):
            return one
    raise NotFound("There is nothing to show yet.", "It was not fetched.", "Fetch it first.")


def _note_only(_error: ShotDockError) -> None:
    """Leave an error to the download's note, where it stands already."""
