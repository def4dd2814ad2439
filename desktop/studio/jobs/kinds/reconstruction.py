"""Reconstruction results: one ZIP of models, whose download route also says why there is none."""

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from desktop.core.job import Artifact, Content, JobState, Report
from desktop.studio.jobs.artifacts import peek
from desktop.studio.jobs.kind import KINDS, JobKind, Reference, parse_routes, quoted
from desktop.studio.jobs.reading import LONGEST, Said, find, line, moment_of, names_of, progress_of, said, state_of

if TYPE_CHECKING:
    from desktop.studio.web import Web

_MESSAGES = {
    JobState.NOT_FOUND: "The server never had a job of this id.",
    JobState.EXPIRED: "The server has removed the results.",
    JobState.FAILED: "The job failed; the server does not say why.",
    JobState.INCOMPLETE: "The results are incomplete.",
}
_ENDS = (JobState.DONE, JobState.FAILED)
"""States that say too little: the download route knows what is missing, or that the results have expired."""
_NO_ROUTE = (404, 405, 500, 501)
_MISSING = ("missing", "missing_items", "missing_files", "missing_outputs")


class Reconstruction(JobKind):
    """`GET {base}/jobs/{id}`, `GET {base}/jobs/{id}/download`."""

    def parse(self, text: str) -> Reference | None:
        """Return which job is meant."""
        return parse_routes(text, r"/jobs/([^/?]+)", r"/jobs/([^/?]+)/download")

    def look(self, web: "Web", remote_id: str, before: Report | None) -> Report:
        """Ask for the state, and the download route what that leaves open."""
        path = f"/jobs/{quoted(remote_id)}"
        zipped = Artifact("results", "Results", False, content=Content.RESULTS, path=f"{path}/download")
        answer = web.get(path, most=LONGEST)
        words = said(answer)
        refused = _refusal(answer.status, words, zipped)
        if refused is not None:
            return refused
        if answer.status == 200 and isinstance(words.data, dict):
            told = _told(words, zipped)
            return self._downloadable(web, remote_id, told) if told.state in _ENDS else told
        if answer.status not in _NO_ROUTE:
            raise web.error(answer, path)
        # Whoever serves the results need not serve the state.
        unknown = Report(before.state if before else JobState.RUNNING, artifacts=(zipped,))
        return self._downloadable(web, remote_id, unknown, answer.status == 404)

    def _downloadable(self, web: "Web", remote_id: str, told: Report, lost: bool = False) -> Report:
        """Return what the download route says, which is what counts. lost: the state route knew no such job."""
        (zipped,) = told.artifacts
        peeked = peek(web, zipped, remote_id, "zip")
        if peeked.artifact.available:
            return replace(told, state=JobState.DONE, progress=100.0, artifacts=(peeked.artifact,))
        refused = _refusal(peeked.status, peeked.said, peeked.artifact)
        if refused is not None:
            # The job's own words say more than "failed" does.
            words = told.message if refused.state is told.state else ""
            progress = told.progress if refused.progress is None else refused.progress
            return replace(refused, message=words or refused.message, progress=progress, expires=told.expires)
        if lost and peeked.status == 404:
            return Report(JobState.NOT_FOUND, message=_MESSAGES[JobState.NOT_FOUND])
        if told.state is JobState.FAILED:
            return told
        raise web.error(peeked.answer, zipped.path)


def _told(words: Said, zipped: Artifact) -> Report:
    state = state_of(words.data, "state", "status")
    missing = names_of(words.data, *_MISSING)
    if "INCOMPLETE" in words.code or (state is JobState.FAILED and missing):
        state = JobState.INCOMPLETE
    word = line(find(words.data, "state", "status"))
    message = words.message or (f"The server calls it {word}." if word and state is None else "")
    state = state or JobState.RUNNING
    return Report(
        state,
        progress_of(words.data),
        message or _MESSAGES.get(state, ""),
        (zipped,),
        missing if state is JobState.INCOMPLETE else (),
        moment_of(words.data, time.time()),
    )


def _refusal(status: int, words: Said, zipped: Artifact) -> Report | None:
    """Return what a refusal of either route means for the job, or None if it tells nothing of it."""
    if status < 400:
        return None
    missing = names_of(words.data, *_MISSING)
    if status == 409:
        state = JobState.RUNNING
    elif status == 410:
        state = JobState.EXPIRED
    elif status == 404 and words.spoken:
        state = JobState.NOT_FOUND
    elif status >= 500 and (words.code == "INCOMPLETE_RESULTS" or missing):
        state = JobState.INCOMPLETE
    elif status >= 500 and words.code == "JOB_FAILED":
        state = JobState.FAILED
    else:
        return None
    incomplete = missing if state is JobState.INCOMPLETE else ()
    return Report(state, progress_of(words.data), words.message or _MESSAGES.get(state, ""), (zipped,), incomplete)


KINDS.add("reconstruction", "Reconstruction", "A reconstruction's models, previews and quality, as one ZIP.")(
    Reconstruction()
)
