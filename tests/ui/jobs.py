"""What tests of the jobs tab share: made-up jobs, and the tab on the demo studio's job server."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pytestqt.qtbot import QtBot

from desktop.core.connection import parse_connection
from desktop.core.job import Artifact, Content, Download, Job, JobState, Outcome
from desktop.demo.jobs.jobs import Jobs
from desktop.ui.main_window import MainWindow
from desktop.ui.tabs.jobs import JobsTab
from desktop.work.services import Services

WAIT = 20_000
NAME = "VEGA jobs"
NOW = 1_700_000_000.0


def job(number: int = 1, state: JobState = JobState.DONE, **more: Any) -> Job:
    """Return a job the server was asked about a minute ago."""
    given: dict[str, Any] = {"heard": NOW - 60, "added": NOW - 600, **more}
    return Job(number, NAME, str(given.pop("kind", "scene")), f"job-{number}", state, **given)


def artifact(name: str = "blend", available: bool = True, size: int | None = 2_000_000) -> Artifact:
    """Return an artifact of a scene session."""
    return Artifact(name, name.capitalize(), available, size, f"{name}.bin")


def download(outcome: Outcome, name: str = "blend", note: str = "", content: Content = Content.FILE) -> Download:
    """Return a download of an artifact."""
    return Download(1, name, 7, Path("/shows/blend.bin"), content, outcome, note=note)


class Bench:
    """The jobs tab, open, on a demo job server whose clock stands still."""

    def __init__(self, window: MainWindow, services: Services, server: Jobs, qtbot: QtBot) -> None:
        tab = window.tabs[2]
        assert isinstance(tab, JobsTab)
        self.window, self.services, self.server, self.qtbot, self.tab = window, services, server, qtbot, tab
        self.desk = services.jobs
        window.show_tab(2)
        self.desk.load()
        self.until(lambda: tab._listed)

    def until(self, met: Callable[[], bool]) -> None:
        """Wait until something is so."""
        self.qtbot.waitUntil(met, timeout=WAIT)

    def connect(self, token: str = "", url: str = "") -> None:
        """Save the server's connection, with the good token if none is given. url: another way to it."""
        connection, _ = parse_connection(NAME, url or self.server.url)
        desk, errors = self.services.connections, list[object]()
        desk.remember_password(NAME, token or self.server.token, False, lambda: None, errors.append)
        desk.save(connection, None, lambda: None, errors.append)
        self.until(lambda: self.tab.picker.name() == NAME)
        assert not errors

    def add(self, kind: str, *names: str) -> Job:
        """Follow jobs; return the last one as the server tells it."""
        for name in names:
            errors: list[object] = []
            self.desk.add(NAME, kind, name, self.tab.hands.added.emit, errors.append)
            self.until(lambda name=name: self.known(name) and self.job(name).heard is not None)  # type: ignore[misc]  # a default
            assert not errors
        return self.job(names[-1])

    def known(self, name: str) -> bool:
        """Tell whether a job is followed."""
        return any(job.remote_id == name for job in self.desk.all())

    def job(self, name: str) -> Job:
        """Return a job by the server's id."""
        return next(job for job in self.desk.all() if job.remote_id == name)

    def select(self, name: str) -> None:
        """Look at a job."""
        self.tab.view.select((self.job(name).id,))

    def outcome(self, name: str, artifact: str = "results") -> Outcome | None:
        """Return what became of an artifact."""
        found = self.job(name).download(artifact)
        return found.outcome if found is not None else None

    def rest(self) -> None:
        """Let what the window has asked for be answered, before it goes."""
        self.window.inspector.show_task(None)
        answered: list[object] = []
        self.services.tasks.items(0, answered.append)
        self.until(lambda: bool(answered))
