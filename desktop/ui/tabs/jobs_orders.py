"""From a job's artifacts to a task: what is meant, how much that is, the plan of it, the job it belongs to."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from desktop.core.errors import ShotDockError
from desktop.core.job import Artifact, Job, Outcome, check_wait
from desktop.core.plan import Plan, Request
from desktop.core.schedule import Schedule, Turn, first_run
from desktop.core.task import Task
from desktop.ui.orders import Orders
from desktop.ui.tab import Frame
from desktop.ui.widgets.job_list import JobList
from desktop.ui.widgets.job_place import JobPlace
from desktop.ui.widgets.order_bar import OrderBar
from desktop.work.background import Failed, Work

_GONE = (None, Outcome.MISSED, Outcome.BROKEN)


class JobOrders(Orders):
    """Orders of artifacts. asked: what is being planned, as (job, artifact). moved is called when that changes."""

    def __init__(self, frame: Frame, view: JobList, bar: OrderBar, place: JobPlace, moved: Callable[[], None]) -> None:
        super().__init__(frame, bar)
        self._view, self._bar, self.place, self._moved = view, bar, place, moved
        self._desk = frame.services.jobs
        self.asked: set[tuple[int, str]] = set()
        self._job = self._shown = 0
        self.planned.connect(lambda _plan: self._note_shown())
        self.place.changed.connect(self.count_soon)
        bar.later_button.setToolTip("Download at another time, or at certain hours only")
        frame.destination.changed.connect(lambda _path: self.count_soon())
        frame.services.settings.changed.connect(self.count_soon)

    def fetch(self, job: Job, artifacts: Sequence[str] = (), turn: Turn = Turn()) -> None:
        """Download these artifacts, or all that can be had, whatever is selected."""
        names = tuple(artifacts) or tuple(artifact.name for artifact in worth_fetching(job))
        if names:
            self.asked |= {(job.id, name) for name in names}
            self.download_by(partial(self._ask, job.id, names), turn)
            self._moved()

    def bring(self, turn: Turn) -> None:
        """Download what the selected jobs have; what is not theirs alone needs no look."""
        for job in self._view.chosen():
            self.fetch(job, turn=turn)

    def tell(self) -> None:
        """Say in the bar how much is meant, and where it goes."""
        self.place.tell(self.frame.destination.path)
        jobs = self._view.chosen()
        meant = [artifact for job in jobs for artifact in worth_fetching(job)]
        formats = self.frame.formats
        parts = [formats.counted(len(meant), "file")]
        sizes = [artifact.bytes for artifact in meant if artifact.bytes is not None]
        if sizes:
            parts.append(formats.size(sum(sizes)) if len(sizes) == len(meant) else f"over {formats.size(sum(sizes))}")
        left = self.left(sum(sizes))
        if left is not None:
            parts.append(f"about {formats.left(left)}")
        available = any(job.available for job in jobs)
        self._bar.say(parts, self._which(jobs, len(meant)), len(meant), sum(sizes), available)
        self._bar.plan_button.setEnabled(bool(meant) and len(jobs) == 1)

    def ask(self, then: Callable[[Plan], None], failed: Failed) -> Work | None:
        """Ask for a plan of what the selected job has."""
        job = self._view.current()
        names = tuple(artifact.name for artifact in worth_fetching(job)) if job is not None else ()
        return self._ask(job.id, names, then, failed) if job is not None and names else None

    def hand_in(self, plan: Plan, then: Callable[[Task], None], turn: Turn = Turn()) -> None:
        """Make a plan a task that is remembered with its job; the job's own folder is no destination for others."""
        self.frame.services.settings.remember(self.frame.destination.path)
        if self._desk.get(self._job) is not None:
            self._desk.submit(self._job, plan, then, turn=turn)

    def hand_in_shown(self, plan: Plan, then: Callable[[Task], None], turn: Turn = Turn()) -> None:
        """Make the plan that was looked at a task of its own job, whatever was planned since."""
        self._job = self._shown
        self.hand_in(plan, then, turn)

    def meaning(self) -> str:
        """Say what is meant, and how long the server keeps it."""
        jobs, now = self._view.chosen(), self.frame.services.tasks.now()
        words = f"{self._which(jobs, sum(len(worth_fetching(job)) for job in jobs))}."
        ends = [job.expires for job in jobs if job.expires is not None]
        return f"{words} The server keeps it until {self.frame.formats.ahead(min(ends), now)}." if ends else words

    def check(self, schedule: Schedule) -> None:
        """Raise UsageError if what the selected jobs have will be gone by then."""
        for job in self._view.chosen():
            self._check(job, schedule)

    def check_shown(self, schedule: Schedule) -> None:
        """Raise UsageError if what the plan that is looked at brings will be gone by then."""
        job = self._desk.get(self._shown)
        if job is not None:
            self._check(job, schedule)

    def _check(self, job: Job, schedule: Schedule) -> None:
        now = self.frame.services.tasks.now()
        check_wait(job, worth_fetching(job), first_run(schedule, now), now)

    def folder(self, job: Job) -> Path:
        """Return where a job's results go. Raises HostileName or NameTooLong."""
        project, shot = self.place.project.text().strip(), self.place.shot.text().strip()
        return self._desk.folder(job.id, self.frame.destination.path, project, shot)

    def place_for(self, project: str, shot: str) -> Path | None:
        """Return where the current job's results go, None if there is none. Raises HostileName or NameTooLong."""
        job = self._view.current()
        return self._desk.folder(job.id, self.frame.destination.path, project, shot) if job is not None else None

    def _ask(self, job_id: int, names: tuple[str, ...], then: Callable[[Plan], None], failed: Failed) -> Work | None:
        job = self._desk.get(job_id)

        def rest() -> None:
            self.asked -= {(job_id, name) for name in names}
            self._moved()

        def planned(plan: Plan) -> None:
            self._job = job_id
            rest()
            then(plan)

        def broke(error: ShotDockError) -> None:
            rest()
            failed(error)

        if job is None:
            rest()
            return None
        try:
            folder = self.folder(job)
        except ShotDockError as error:
            rest()
            self.failed.emit(error)
            return None
        asked = Request(
            connection="",
            destination=folder,
            conflict=self._bar.conflicts.name(),
            options=self.frame.services.settings.value.options,
        )
        return self._desk.plan(job_id, names, asked, planned, broke)

    def _note_shown(self) -> None:
        self._shown = self._job

    def _which(self, jobs: Sequence[Job], count: int) -> str:
        if not jobs:
            return "Select a job"
        whose = jobs[0].remote_id if len(jobs) == 1 else self.frame.formats.counted(len(jobs), "job")
        if count:
            return f"What {whose} has and this machine has not"
        if any(artifact.available for job in jobs for artifact in job.artifacts):
            return f"Everything {whose} has is on this machine or on its way"
        return f"There is nothing to fetch of {whose} now"


def worth_fetching(job: Job) -> tuple[Artifact, ...]:
    """Return the artifacts that can be had and are neither here nor on their way."""
    outcomes = {download.artifact: download.outcome for download in job.downloads}
    return tuple(artifact for artifact in job.available if outcomes.get(artifact.name) in _GONE)
