"""Reconstructions of the demo studio: one ZIP of results each, that expires, or a reason why there is none."""

import re
import threading
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from desktop.demo.content import DAY, HOUR, Size
from desktop.demo.jobs.clock import Clock
from desktop.demo.jobs.outputs import GOOD, HALF, POOR, Model, write_outputs
from desktop.demo.jobs.results import packed
from desktop.demo.web import Answer, Request, as_json

FAILURE = "The camera poses could not be solved: too few of the pictures match."
FAILED_AT = 40  # per cent
ROUTE = re.compile(r"/jobs/([^/]+)(/download)?")


@dataclass(frozen=True, slots=True)
class Job:
    """A job. seconds: how long it runs, from when it is first asked for; kept: seconds its result is kept then;
    fails: half-way.
    """

    models: tuple[Model, ...] = GOOD
    seconds: float = 0.0
    kept: float = 7 * DAY
    fails: bool = False


JOBS = {
    "rec-done": Job(),
    "rec-running": Job(seconds=20, kept=HOUR),
    "rec-failed": Job(seconds=0, fails=True),
    "rec-incomplete": Job(HALF),
    "rec-expired": Job(kept=0),
    "rec-low-quality": Job(POOR),
}
"""Every reconstruction there is, by its id."""


class Reconstructions:
    """The reconstructions' routes. unstructured: errors are plain text, as from a server before the server."""

    def __init__(self, clock: Clock, folder: Path, size: Size) -> None:
        self.unstructured = False
        self._clock = clock
        self._folder = folder
        self._size = size
        self._begun: dict[str, float] = {}
        self._lock = threading.Lock()

    def output(self, name: str) -> Path:
        """Return the output folder of a job on this machine, filled."""
        folder = self._folder / name
        with self._lock:
            if not folder.exists():
                write_outputs(folder, JOBS[name].models, self._size)
        return folder

    def answer(self, asked: Request, path: str, base: str) -> Answer | None:
        """Answer a request below the base URL; None if it is not about a reconstruction."""
        found = ROUTE.fullmatch(path)
        if found is None:
            return None
        name, job = found[1], JOBS.get(found[1])
        if job is None:
            return self._error(HTTPStatus.NOT_FOUND, "JOB_NOT_FOUND", f"There is no job {name}.")
        now = self._clock.now()
        ended = self._begun.setdefault(name, now) + job.seconds
        progress = min(100, int(100 * (1 - (ended - now) / job.seconds))) if job.seconds else 100
        return (self._download if found[2] else self._status)(name, job, progress, ended)

    def _status(self, name: str, job: Job, progress: int, ended: float) -> Answer:
        state, words = "done", "The results are ready."
        if job.fails:
            state, words, progress = "failed", FAILURE, FAILED_AT
        elif progress < 100:
            state, words = "running", f"Optimising the mesh: {progress} %."
        elif self._clock.now() >= ended + job.kept:
            state, words = "expired", "The results were removed."
        kept = self._clock.told(ended + job.kept) if state in ("done", "expired") else None
        told = {"job_id": name, "state": state, "progress": progress, "message": words, "expires_at": kept}
        return as_json(told)

    def _download(self, name: str, job: Job, progress: int, ended: float) -> Answer:
        if job.fails:
            return self._error(HTTPStatus.INTERNAL_SERVER_ERROR, "JOB_FAILED", FAILURE)
        if progress < 100:
            words = f"The job is still running: {progress} %."
            return self._error(HTTPStatus.CONFLICT, "JOB_RUNNING", words, state="running", progress=progress)
        if self._clock.now() >= ended + job.kept:
            when = self._clock.told(ended + job.kept)
            return self._error(HTTPStatus.GONE, "JOB_EXPIRED", "The results were removed.", expired_at=when)
        result = packed(self.output(name))
        if isinstance(result, list):
            words = "Some results are missing."
            return self._error(HTTPStatus.INTERNAL_SERVER_ERROR, "INCOMPLETE_RESULTS", words, missing=result)
        headers = {"Content-Disposition": f'attachment; filename="{name}.zip"'}
        return Answer(content=result, type="application/zip", headers=headers, tagged=True)

    def _error(self, status: HTTPStatus, code: str, message: str, **more: object) -> Answer:
        if self.unstructured:
            return Answer(status, status.phrase.encode(), "text/plain; charset=utf-8")
        return as_json({"detail": {"code": code, "message": message, **more}}, status)
