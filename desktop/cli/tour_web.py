"""The tour's second half: the gallery's videos and every kind of job."""

import hashlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from desktop.cli.carry import Transfer
from desktop.cli.output import Output
from desktop.cli.session import Answer, Session
from desktop.cli.tour_notes import Notes, figures
from desktop.core.gallery import Video
from desktop.core.job import Job, JobState, Outcome
from desktop.core.plan import Plan, Request
from desktop.core.task import Task
from desktop.core.units import format_bytes
from desktop.demo.gallery.gallery import Gallery
from desktop.demo.gallery.videos import GONE
from desktop.demo.jobs.jobs import Jobs
from desktop.work.background import Failed

GALLERY, JOBS = "demo-gallery", "demo-jobs"
ROWS = 40
ENDS = {
    "rec-failed": JobState.FAILED,
    "rec-incomplete": JobState.INCOMPLETE,
    "rec-expired": JobState.EXPIRED,
    "rec-nobody-knows": JobState.NOT_FOUND,
}
_SETTLED = (Outcome.HERE, Outcome.UNPACKED, Outcome.HELD, Outcome.MISSED, Outcome.BROKEN)


def tour_gallery(run: Session, output: Output, gallery: Gallery, folder: Path, notes: Notes) -> None:
    """List the gallery, fetch all of it, and fetch by links that have expired meanwhile."""
    listed = Answer[tuple[Video, ...]](run)
    videos = listed.of(run.services.gallery.videos(GALLERY, listed.then, listed.failed))
    size = format_bytes(sum(video.bytes or 0 for video in videos))
    short = [] if len(videos) == len(gallery.videos()) else [f"{len(videos)} of {len(gallery.videos())} were listed."]
    notes.add("gallery", "list", f"{len(videos)} videos, {size}", short)

    plan, task = _fetch(run, output, videos, folder / "all")
    problems = _videos_differ(gallery, plan, folder / "all")
    if task.files.failed != 1:
        problems.append(f"{task.files.failed} failed; one video's file is gone, and no other.")
    notes.add("gallery", "fetch all, one file being gone", figures(task), problems)

    gallery.expire_links()
    few = [video for video in videos if video.available and video.id != str(GONE)][:3]
    refused = len(gallery.storage.seen)
    plan, task = _fetch(run, output, few, folder / "expired")
    problems = _videos_differ(gallery, plan, folder / "expired")
    if not any(asked.status == 403 for asked in gallery.storage.seen[refused:]):
        problems.append("No link was refused, so none was healed.")
    notes.add("gallery", "fetch by links that have expired", figures(task), problems)


def tour_jobs(run: Session, output: Output, studio: Jobs, folder: Path, notes: Notes) -> None:
    """Follow a job of every kind to its end, and fetch what it made."""
    guide = _JobGuide(run, output, folder, notes)
    scene = guide.follow(partial(run.services.jobs.add, JOBS, "scene", "scene-finished"))
    guide.fetch("scene session", scene, len(scene.available))
    values = {"rows": ROWS, "format": "csv"}
    table = guide.follow(partial(run.services.jobs.start, JOBS, "export", values))
    task = guide.fetch("table export", table, 1)
    lines = sum(len(path.read_text("utf-8").splitlines()) for path in task.destination.glob("*.csv"))
    problems = [] if lines == ROWS + 1 else [f"The table has {lines} lines instead of {ROWS} and a head."]
    notes.add("jobs", "table export: its rows", f"{ROWS} asked for, {lines - 1} came", problems)
    made = guide.follow(partial(run.services.jobs.add, JOBS, "reconstruction", "rec-done"))
    guide.fetch("reconstruction", made, 1)
    for name, state in ENDS.items():
        ended = guide.follow(partial(run.services.jobs.add, JOBS, "reconstruction", name))
        problems = [] if ended.state is state else [f"It is {ended.state}, not {state}."]
        notes.add("jobs", f"reconstruction {name}", f"{ended.state}: {ended.message}", problems)


class _JobGuide:
    """Follows jobs and fetches what they made."""

    def __init__(self, run: Session, output: Output, folder: Path, notes: Notes) -> None:
        self._run, self._output, self._folder, self._notes = run, output, folder, notes
        self._desk = run.services.jobs

    def follow(self, begin: Callable[[Callable[[Job], None], Failed], object]) -> Job:
        """Begin to follow a job, and return it once it has ended."""
        begun = Answer[Job](self._run)
        begin(begun.then, begun.failed)
        first = begun.of(None)
        self._run.until(lambda: self._now(first).state.over and self._now(first).heard is not None, self._desk.changed)
        self._run.check()
        return self._now(first)

    def fetch(self, name: str, job: Job, expected: int) -> Task:
        """Fetch all that a job made, wait for what follows of itself, and note it."""
        planned = Answer[Plan](self._run)
        request = Request(connection="", destination=self._folder / job.remote_id)
        plan = planned.of(self._desk.plan(job.id, (), request, planned.then, planned.failed))
        transfer = Transfer(self._run, self._output, 0.0)
        transfer.take(plan, plan.warnings)
        transfer.submit(lambda made, then: self._desk.submit(job.id, made, then))
        self._run.check()
        task = transfer.task
        self._run.until(lambda: self._settled(job, task), self._desk.changed)
        self._run.check()
        downloads = [one for one in self._now(job).downloads if one.task == task.id]
        problems = [f"{one.artifact} is {one.outcome}: {one.note}" for one in downloads if one.outcome not in _GOOD]
        if task.files.downloaded != expected:
            problems.append(f"{task.files.downloaded} of {expected} came.")
        unpacked = [one.folder for one in downloads if one.folder is not None]
        pictures = sum(len(list(folder.rglob("*.png"))) for folder in unpacked)
        more = f", unpacked with {pictures} pictures" if unpacked else ""
        self._notes.add("jobs", name, f"{job.state}: {figures(task)}{more}", problems)
        return task

    def _now(self, job: Job) -> Job:
        current = self._desk.get(job.id)
        assert current is not None, "nobody but us forgets it"
        return current

    def _settled(self, job: Job, task: Task) -> bool:
        mine = [one for one in self._now(job).downloads if one.task == task.id]
        return bool(mine) and all(one.outcome in _SETTLED for one in mine)


_GOOD = (Outcome.HERE, Outcome.UNPACKED)


def _fetch(run: Session, output: Output, videos: Sequence[Video], folder: Path) -> tuple[Plan, Task]:
    planned = Answer[Plan](run)
    request = Request(connection="", destination=folder)
    plan = planned.of(run.services.gallery.plan(GALLERY, videos, request, planned.then, planned.failed))
    transfer = Transfer(run, output, 0.0)
    transfer.take(plan, plan.warnings)
    transfer.submit()
    run.check()
    return plan, transfer.task


def _videos_differ(gallery: Gallery, plan: Plan, folder: Path) -> list[str]:
    """Compare what came with what the gallery has; return one sentence a difference."""
    problems, targets = [], set()
    for _, file in plan.files():
        number = int(file.source.rpartition("/file")[0].rpartition("/")[2])
        here = folder / file.target
        targets.add(file.target)
        if number == GONE:
            problems += [f"{file.target} came from nowhere."] if here.exists() else []
        elif not here.exists():
            problems.append(f"{file.target} did not arrive.")
        elif _digest(here) != _digest(gallery.file(number)):
            problems.append(f"{file.target} has other bytes than were published.")
    if len(targets) != sum(1 for _ in plan.files()):
        problems.append("Two videos share one name.")
    return problems


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
