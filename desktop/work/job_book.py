"""The jobs as they are known now, shown as they move, and kept of them what is to outlive the program."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from desktop.core.errors import ShotDockError
from desktop.core.job import Job
from desktop.store.database import Store
from desktop.work.background import Desk, Failed, Mailbox

log = logging.getLogger(__name__)


class JobBook(QObject):
    """Jobs by their ids; lives on the window's thread, and so do all its methods.

    Signals: changed (tuple of Job that are new or moved), removed (tuple of job ids).
    """

    changed = Signal(object)
    removed = Signal(object)

    def __init__(self, parts: tuple[Desk, Mailbox, Store]) -> None:
        super().__init__()
        self._desk, self._answers, self._store = parts
        self._jobs: dict[int, Job] = {}

    def __contains__(self, job_id: int) -> bool:
        return job_id in self._jobs

    def __getitem__(self, job_id: int) -> Job:
        return self._jobs[job_id]

    def __iter__(self) -> Iterator[Job]:
        """Return the jobs, the newest first."""
        return iter([self._jobs[job_id] for job_id in sorted(self._jobs, reverse=True)])

    def get(self, job_id: int) -> Job | None:
        """Return one job, or None."""
        return self._jobs.get(job_id)

    def load(self, then: Callable[[tuple[Job, ...]], None]) -> None:
        """Read the jobs that are kept; of one that is known here already, this is the newer news."""

        def read() -> None:
            try:
                jobs = self._store.jobs.all()
            except ShotDockError as error:
                log.warning("the jobs cannot be read: %s", error)
                return
            self._answers.post(lambda: then(tuple(self._jobs.setdefault(job.id, job) for job in jobs)))

        self._desk.mailbox.post(read)

    def add(self, job: Job, then: Callable[[Job], None], failed: Failed) -> None:
        """Keep a new job; `then` gets it with its id, or the one that is known already."""

        def keep() -> None:
            try:
                kept = self._store.jobs.add(job)
            except ShotDockError as error:
                reason = error
                self._answers.post(lambda: failed(reason))
                return
            self._answers.post(lambda: then(self._jobs.setdefault(kept.id, kept)))

        self._desk.mailbox.post(keep)

    def remove(self, ids: Sequence[int]) -> None:
        """Forget these jobs."""
        for job_id in ids:
            del self._jobs[job_id]
        self._tell(lambda: self._store.jobs.remove(ids))
        self.removed.emit(tuple(ids))

    def put(self, job: Job) -> None:
        """Show a job as it is now, and keep of it what is to be kept; one that was forgotten stays so."""
        before = self._jobs.get(job.id)
        if before is None:
            return
        self.show(job)
        if _kept(job) != _kept(before):
            self._tell(lambda: self._store.jobs.save((job,)))

    def follow(self, job_id: int, folder: Path | None) -> None:
        """Keep where a job's artifacts are to go by themselves."""
        self.show(replace(self._jobs[job_id], follow=folder))
        self._tell(lambda: self._store.jobs.follow(job_id, folder))

    def show(self, job: Job) -> None:
        """Show a job as it is now, also one that is kept and was not known here; nothing of it is to be kept."""
        if self._jobs.get(job.id) != job:
            self._jobs[job.id] = job
            self.changed.emit((job,))

    def _tell(self, call: Callable[[], None]) -> None:
        def run() -> None:
            try:
                call()
            except ShotDockError as error:
                log.warning("the jobs cannot be kept: %s", error)

        self._desk.mailbox.post(run)


def _kept(job: Job) -> Job:
    """Return of a job what the database keeps of every look; when it was heard is kept along with what moved."""
    return replace(job, heard=None, trouble=None, looking=False, next_look=None, follow=None, downloads=())
