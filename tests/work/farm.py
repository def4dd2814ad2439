"""The job desk against the demo studio's job server, by a clock that tests put forward."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pytestqt.qtbot import QtBot

from desktop.core.errors import ShotDockError
from desktop.core.job import Download, Job, Outcome
from desktop.core.plan import Plan, Request
from desktop.core.task import Task, TaskState
from desktop.demo.jobs.jobs import Jobs
from desktop.logs import LogRing
from desktop.places import Places
from desktop.work.polling import Clock
from desktop.work.services import Services, start_services

PATIENCE = 20_000
"""Milliseconds until a test gives up waiting."""


class HandClock(Clock):
    """Stands still until it is put forward; what is due at once happens at once."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 0.0
        self.alarm: float | None = None

    def now(self) -> float:
        return self.time

    def date(self) -> float:
        return 1_700_000_000.0 + self.time

    def set(self, seconds: float) -> None:
        self.alarm = self.time + seconds
        if seconds <= 0:
            super().set(0.0)

    def advance(self, seconds: float) -> None:
        self.time += seconds
        super().set(0.0)


class Farm:
    """One run of the program, and ways to wait for what it does."""

    def __init__(self, qtbot: QtBot, services: Services, clock: HandClock, server: Jobs) -> None:
        self.qtbot, self.services, self.clock, self.server = qtbot, services, clock, server
        self.desk = services.jobs
        self.seen: list[Job] = []
        self.desk.changed.connect(self.seen.extend)

    def answer(self, ask: Callable[[Callable[..., None], Callable[[ShotDockError], None]], object]) -> Any:
        """Ask, and wait for the answer; raise the error it may be."""
        answers: list[Any] = []
        errors: list[ShotDockError] = []
        ask(lambda *given: answers.append(*given or (None,)), errors.append)
        self.qtbot.waitUntil(lambda: bool(answers or errors), timeout=PATIENCE)
        if errors:
            raise errors[0]
        return answers[0]

    def add(self, kind: str, text: str) -> Job:
        job: Job = self.answer(lambda then, failed: self.desk.add(self.server.url, kind, text, then, failed))
        return self.heard(job.id)

    def start(self, **values: object) -> Job:
        job: Job = self.answer(lambda then, failed: self.desk.start(self.server.url, "export", values, then, failed))
        return self.heard(job.id)

    def job(self, job_id: int) -> Job:
        job = self.desk.get(job_id)
        assert job is not None
        return job

    def until(self, job_id: int, met: Callable[[Job], bool]) -> Job:
        self.qtbot.waitUntil(lambda: met(self.job(job_id)), timeout=PATIENCE)
        return self.job(job_id)

    def heard(self, job_id: int) -> Job:
        """Wait until nobody is being asked about the job and it was asked at least once."""
        return self.until(job_id, lambda job: not job.looking and (job.heard is not None or job.trouble is not None))

    def asked(self) -> int:
        return len(self.server.api.seen)

    def look_again(self, job_id: int, seconds: float) -> Job:
        """Let time pass, and wait for one more look."""
        before = len(self.seen)
        self.clock.advance(seconds)
        self.qtbot.waitUntil(lambda: any(job.looking for job in self.seen[before:]), timeout=PATIENCE)
        return self.until(job_id, lambda job: not job.looking)

    def plan(self, job_id: int, destination: Path, *artifacts: str) -> Plan:
        plan: Plan = self.answer(
            lambda then, failed: self.desk.plan(job_id, artifacts, Request("", destination), then, failed)
        )
        return plan

    def fetch(self, job_id: int, destination: Path, *artifacts: str) -> Job:
        """Plan, submit, and wait until nothing more becomes of any download."""
        plan = self.plan(job_id, destination, *artifacts)
        self.answer(lambda then, _failed: self.desk.submit(job_id, plan, then))
        return self.landed(job_id)

    def landed(self, job_id: int) -> Job:
        busy = (Outcome.UNDER_WAY, Outcome.CHECKING)
        return self.until(
            job_id, lambda job: bool(job.downloads) and all(one.outcome not in busy for one in job.downloads)
        )

    def tasks(self) -> tuple[Task, ...]:
        with self.qtbot.waitSignal(self.services.tasks.listed, timeout=PATIENCE) as heard:
            self.services.tasks.load()
        listed: tuple[Task, ...] = heard.args[0]
        return listed

    def task_over(self, task_id: int) -> None:
        over = (TaskState.DONE, TaskState.FAILED)
        self.qtbot.waitUntil(lambda: all(t.state in over for t in self.tasks() if t.id == task_id), timeout=PATIENCE)

    def load(self) -> tuple[Job, ...]:
        with self.qtbot.waitSignal(self.desk.listed, timeout=PATIENCE) as heard:
            self.desk.load()
        jobs: tuple[Job, ...] = heard.args[0]
        return jobs


def only(job: Job) -> Download:
    """Return the job's one download."""
    (download,) = job.downloads
    return download


@contextmanager
def run_of_the_program(qtbot: QtBot, server: Jobs, threaded: bool = True) -> Iterator[Farm]:
    """Start the services, and shut them down."""
    clock = HandClock()
    services = start_services(Places.find(), LogRing(), threaded=threaded, clock=clock)
    try:
        place = services.sites.server(server.url)
        services.sites.remember_password(place.site, server.token)
        yield Farm(qtbot, services, clock, server)
    finally:
        services.shutdown()
