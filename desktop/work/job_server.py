"""Job servers: how a job is asked after, where its artifacts lie, and the plan that brings them."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from desktop.core.connection import parse_location
from desktop.core.errors import IncompleteResultsError, NotFound, ShotDockError, StillUploading, UsageError
from desktop.core.job import Artifact, Job, JobState, Report
from desktop.core.plan import Plan, Request
from desktop.studio.jobs.kind import KINDS
from desktop.work.background import Work
from desktop.work.job_lines import Lines
from desktop.work.library import Library, Located
from desktop.work.sites import WEB, Door, Server, Sites

if TYPE_CHECKING:
    from desktop.studio.web import Web


@dataclass(frozen=True, slots=True)
class Looked:
    """One look at a job. told: as its kind read it. report: the same, but its artifacts tell their site, and a path
    without secrets.
    """

    told: Report
    report: Report


class JobServers:
    """The servers jobs run on, by name: a saved connection's, or the URL of the API without a password.

    `line`, `look` and `plan` are called on pool threads, the rest on any.
    """

    def __init__(self, sites: Sites, library: Library) -> None:
        self._sites, self._library = sites, library
        self._lines = Lines(sites)
        # A URL is made known once: its password would be forgotten by being told without.
        self._urls: dict[str, Server] = {}

    def name(self, text: str) -> str:
        """Return a server's name as jobs keep it; raise UsageError for what is no web server, NotFound."""
        if not text:
            raise UsageError(
                title="Which server is the job on?",
                cause="A bare id does not tell.",
                suggestion="Name a connection or the URL of the API, or paste the job's whole URL.",
            )
        if "://" not in text:
            self._sites.server(text)
            return text
        location = parse_location(text)
        name = f"{location.address.origin}{location.path.rstrip('/')}"
        if name not in self._urls or location.password:
            self._urls[name] = self._sites.server(text)
        return name

    def known_for(self, base: str) -> str:
        """Return the connection whose API lies under a URL, which knows how to log in, else the URL itself."""
        if not base:
            return ""
        asked = parse_location(base)
        place = replace(asked.address, user=None)
        for name in self._sites.names():
            connection = self._sites.connection(name)
            same = replace(connection.address, user=None) == place
            if same and connection.address.protocol in WEB and connection.root.rstrip("/") == asked.path.rstrip("/"):
                return name
        return base

    def line(self, work: Work, name: str) -> AbstractContextManager["Web"]:
        """Return a conversation with the server."""
        return self._lines.line(work, self._server(name))

    def look(self, work: Work, job: Job, before: Report) -> Looked:
        """Ask after a job; raises what `JobKind.look` does, UsageError for a kind that is not known here."""
        kind, server = KINDS[job.kind], self._server(job.server)
        with self._lines.line(work, server) as web:
            told = kind.look(web, job.remote_id, before)
        return Looked(told, replace(told, artifacts=tuple(self._located(server, one) for one in told.artifacts)))

    def plan(
        self, work: Work, job: Job, wanted: Sequence[str], request: Request
    ) -> tuple[Looked, Plan | ShotDockError]:
        """Return what the server says of the job now, and the plan of the artifacts or why there is none."""
        looked = self.look(work, job, Report(job.state))
        report, artifacts = looked.report, looked.report.artifacts
        chosen, missing = _chosen(artifacts, wanted)
        if missing:
            return looked, _no_such(missing[0], artifacts)
        shut = next((artifact for artifact in chosen if not artifact.available), None)
        if shut is not None or not chosen:
            return looked, _unavailable(report, shut)
        wishes = [Located(one.site, *self._sites.request(one.site, one.path), one.file_name) for one in chosen]
        name = request.name or f"{job.kind} {job.remote_id}"
        plan = self._library.plan_located(work, wishes, replace(request, connection="", name=name))
        items = (
            replace(item, label=f"{job.remote_id} {artifact.title}")
            for item, artifact in zip(plan.items, chosen, strict=True)
        )
        return looked, replace(plan, items=tuple(items))

    def close(self) -> None:
        """Hang up."""
        self._lines.close()

    def _server(self, name: str) -> Server:
        if "://" not in name:
            return self._sites.server(name)
        if name not in self._urls:
            self._urls[name] = self._sites.server(name)
        return self._urls[name]

    def _located(self, server: Server, artifact: Artifact) -> Artifact:
        if not artifact.path:
            return artifact
        if "://" not in artifact.path:
            return replace(
                artifact, site=server.site, path=self._sites.shelter(server.site, server.base + artifact.path)
            )
        location = parse_location(artifact.path)
        site = self._sites.welcome(location, Door())
        path = f"{location.path}?{location.query}" if location.query else location.path
        return replace(artifact, site=site, path=self._sites.shelter(site, path))


def _chosen(artifacts: Sequence[Artifact], wanted: Sequence[str]) -> tuple[list[Artifact], list[str]]:
    """Return the artifacts wanted, all available ones if none is named, and the names that none has."""
    by_name = {artifact.name: artifact for artifact in artifacts}
    if not wanted:
        return [artifact for artifact in artifacts if artifact.available], []
    return [by_name[name] for name in wanted if name in by_name], [name for name in wanted if name not in by_name]


def _no_such(name: str, artifacts: Sequence[Artifact]) -> ShotDockError:
    return UsageError(
        title=f"The job has no artifact called {name!r}.",
        cause=f"It has: {', '.join(artifact.name for artifact in artifacts) or 'none'}.",
        suggestion="Choose one of these.",
    )


def _unavailable(report: Report, artifact: Artifact | None) -> ShotDockError:
    what = artifact.title if artifact else "Nothing"
    title = f"{what} cannot be fetched." if artifact else "There is nothing to fetch."
    if report.state is JobState.RUNNING:
        progress = "" if report.progress is None else f"It is at {report.progress:.0f} %. "
        return StillUploading(title, f"The job still runs. {progress}{report.message}".strip(), "Try again later.")
    if report.state is JobState.INCOMPLETE:
        return IncompleteResultsError(
            title, report.message, "Run the job again; its log tells why.", missing=report.missing
        )
    return NotFound(title, report.message or f"The server calls the job {report.state.value}.", "Refresh the job.")
