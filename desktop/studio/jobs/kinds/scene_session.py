"""Scene sessions: a `.blend`, its scripts and its renders, each of them fetched when it is there."""

import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from desktop.core.errors import NotFound, Retry, ShotDockError
from desktop.core.job import Artifact, JobState, Report
from desktop.studio.jobs.artifacts import elsewhere, known_of, peek, told_apart
from desktop.studio.jobs.kind import KINDS, JobKind, Reference, parse_routes, quoted
from desktop.studio.jobs.reading import LONGEST, find, line, moment_of, place_of_link, progress_of, said, state_of

if TYPE_CHECKING:
    from desktop.studio.web import Web

_ARTIFACTS = {"blend": ("Scene", "blend"), "scripts": ("Scripts", "zip"), "render": ("Renders", "zip")}
"""name -> (title, the usual suffix). Several scripts or renders come as one archive."""
_MISSING = re.compile(r"session\b.*\bnot found|no such session", re.IGNORECASE)


class SceneSession(JobKind):
    """`GET {base}/api/session/{id}`, `GET {base}/api/download/{id}/{blend|scripts|render}`."""

    def parse(self, text: str) -> Reference | None:
        """Return which session is meant."""
        return parse_routes(text, r"/api/session/([^/?]+)", r"/api/download/([^/?]+)/(?:blend|scripts|render)")

    def look(self, web: "Web", remote_id: str, before: Report | None) -> Report:
        """Ask for the status; where that fails, see what the known URLs give."""
        path = f"/api/session/{quoted(remote_id)}"
        try:
            answer = web.get(path, most=LONGEST)
        except Retry as fault:
            return self._known(web, remote_id, fault, before)
        words = said(answer)
        if answer.status == 404 and (words.spoken or _MISSING.search(words.message)):
            return Report(JobState.NOT_FOUND, message=words.message)
        if answer.status == 410:
            return Report(JobState.EXPIRED, message=words.message or "The server has removed this session.")
        if answer.status == 200 and isinstance(words.data, dict):
            return self._told(web, remote_id, words.data, before)
        if answer.status in (401, 403, 429):
            raise web.error(answer, path)
        return self._known(web, remote_id, web.error(answer, path), before)

    def _told(self, web: "Web", remote_id: str, data: object, before: Report | None) -> Report:
        """Read a status; the availability counts, whatever the session's state."""
        links, there = find(data, "download_urls"), find(data, "download_available")
        links = links if isinstance(links, dict) else {}
        there = there if isinstance(there, dict) else {}
        word = line(find(data, "status", "state"))
        state = state_of(data, "status", "state")
        message = line(find(data, "message", "error")) or (f"The session is {word}." if word and state is None else "")
        artifacts = []
        for artifact in _artifacts(remote_id):
            place = place_of_link(web, links.get(artifact.name), "/api/download/") or artifact.path
            # A link without a word on availability is an offer.
            offered = there.get(artifact.name, bool(links.get(artifact.name)) and not there) is True
            artifacts.append(replace(artifact, path=place, available=offered))
        looked = [self._sized(web, remote_id, artifact, before) for artifact in artifacts]
        lost = next((words for _, words in looked if words), "")
        if state is not None and state.over and not any(artifact.available for artifact in artifacts):
            lost = _lost(web, remote_id, artifacts[0])
        return Report(
            state or JobState.RUNNING,
            progress_of(data),
            lost or message,
            told_apart(tuple(artifact for artifact, _ in looked), remote_id),
            expires=moment_of(data, time.time()),
        )

    def _sized(self, web: "Web", remote_id: str, artifact: Artifact, before: Report | None) -> tuple[Artifact, str]:
        """Return the artifact with size and name, asked for once, and why it is not there after all, or ""."""
        suffix = _ARTIFACTS[artifact.name][1]
        if not artifact.available:
            return artifact, ""
        if "://" in artifact.path:
            return elsewhere(artifact, remote_id, suffix), ""
        if known := known_of(artifact, before):
            return known, ""
        peeked = peek(web, artifact, remote_id, suffix)
        if peeked.status in (404, 410):
            return peeked.artifact, peeked.said.message or "Session files not found"
        # Any other refusal is the moment's: the status said it is there.
        return replace(peeked.artifact, available=True), ""

    def _known(self, web: "Web", remote_id: str, fault: ShotDockError, before: Report | None) -> Report:
        """Look at the known URLs; raise what is wrong with the status if they give nothing either."""
        looked = [peek(web, artifact, remote_id, _ARTIFACTS[artifact.name][1]) for artifact in _artifacts(remote_id)]
        artifacts = told_apart(tuple(peeked.artifact for peeked in looked), remote_id)
        if any(artifact.available for artifact in artifacts):
            message = f"The status cannot be had ({fault.title.rstrip('.')}); what is there can be fetched."
            whole = all(artifact.available for artifact in artifacts)
            state = JobState.DONE if whole else before.state if before else JobState.RUNNING
            return Report(state, None, message, artifacts)
        words = next((peeked.said.message for peeked in looked if peeked.status == 404 and peeked.said.spoken), "")
        if all(peeked.status == 404 for peeked in looked) and (words or isinstance(fault, NotFound)):
            return Report(JobState.NOT_FOUND, message=words or "Session not found")
        raise fault


def _lost(web: "Web", remote_id: str, artifact: Artifact) -> str:
    """Return the server's words for a session that is over and has nothing to fetch."""
    peeked = peek(web, artifact, remote_id, "blend")
    return peeked.said.message if peeked.said.spoken else ""


def _artifacts(remote_id: str) -> tuple[Artifact, ...]:
    return tuple(
        Artifact(name, title, available=False, path=f"/api/download/{quoted(remote_id)}/{name}")
        for name, (title, _) in _ARTIFACTS.items()
    )


KINDS.add("scene", "Scene session", "A Blender session: its scene, scripts and renders.")(SceneSession())
