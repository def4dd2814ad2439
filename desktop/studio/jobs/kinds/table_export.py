"""Table exports: started with a form, asked after every two seconds, fetched as one table."""

import re
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from desktop.core.errors import NotTheFile, UsageError
from desktop.core.job import Artifact, Content, Field, JobState, Report
from desktop.studio.jobs.artifacts import elsewhere, known_of, peek, safe_name
from desktop.studio.jobs.kind import KINDS, JobKind, Reference, parse_routes
from desktop.studio.jobs.reading import LONGEST, find, line, moment_of, place_of_link, progress_of, said, state_of

if TYPE_CHECKING:
    from desktop.studio.web import Web

STATUS = "/check_download_status"
FILE = "/download_file"
_UNKNOWN = re.compile(r"job\b.*\bnot found|unknown job|no such job", re.IGNORECASE)


class TableExport(JobKind):
    """`POST {base}/start`, `GET {base}/check_download_status?job_id=`, `GET {base}/download_file?file=`."""

    every = 2.0
    fields = (
        Field("rows", "Rows", 100, "How many rows the table has.", 1, 1000),
        Field("format", "Format", "csv", "csv divides by commas, tsv by tabs.", choices=("csv", "tsv")),
    )

    def parse(self, text: str) -> Reference | None:
        """Return which export is meant."""
        return parse_routes(text, r"/check_download_status\?(?:[^#]*&)?job_id=([^&#]+)(?:&[^#]*)?")

    def start(self, web: "Web", values: Mapping[str, object]) -> str:
        """Start an export."""
        answer = web.post("/start", dict(values))
        words = said(answer)
        remote_id = find(words.data, "job_id", "id")
        if answer.status in (400, 422):
            raise UsageError("The server does not accept these values.", words.message, "Correct them.", "/start")
        if not 200 <= answer.status < 300:
            raise web.error(answer, "/start")
        if isinstance(remote_id, int) and not isinstance(remote_id, bool):
            remote_id = str(remote_id)
        if not isinstance(remote_id, str) or self.parse(remote_id) is None:
            raise NotTheFile(
                title=f"{web.place} does not say which job it started.",
                cause=words.message or "Its answer has no job_id.",
                suggestion="Check the server's address.",
                path="/start",
            )
        return remote_id

    def look(self, web: "Web", remote_id: str, before: Report | None) -> Report:
        """Ask for the status."""
        answer = web.get(STATUS, {"job_id": remote_id}, most=LONGEST)
        words = said(answer)
        state = state_of(words.data, "status", "state")
        if _UNKNOWN.search(words.message) or state is JobState.NOT_FOUND:
            return Report(JobState.NOT_FOUND, message=words.message or "Job not found")
        if answer.status == 410:
            return Report(JobState.EXPIRED, message=words.message or "The server has removed the table.")
        if answer.status == 404 and words.spoken:
            return Report(JobState.NOT_FOUND, message=words.message)
        if state is JobState.FAILED:
            return Report(JobState.FAILED, progress_of(words.data), words.message or "The server does not say why.")
        if answer.status != 200 or not isinstance(words.data, dict):
            raise web.error(answer, STATUS)
        return self._told(web, remote_id, words.data, state, words.message, before)

    def _told(
        self, web: "Web", remote_id: str, data: object, state: JobState | None, message: str, before: Report | None
    ) -> Report:
        progress, expires = progress_of(data), moment_of(data, time.time())
        if state is JobState.EXPIRED:
            return Report(state, progress, message or "The server has removed the table.")
        if state is not JobState.DONE:
            word = line(find(data, "status", "state"))
            told = message or (f"The server calls it {word}." if word and state is None else "")
            return Report(JobState.RUNNING, progress, told, (_table(""),), expires=expires)
        place = place_of_link(web, find(data, "download_url", "download_urls"), FILE)
        if not place:
            return Report(state, 100.0, "The server tells no link to the table.", (_table(""),), expires=expires)
        artifact, lost = self._sized(web, remote_id, replace(_table(place), available=True), before)
        if lost:
            return Report(JobState.EXPIRED, 100.0, lost, (artifact,))
        return Report(state, 100.0, message, (artifact,), expires=expires)

    def _sized(self, web: "Web", remote_id: str, artifact: Artifact, before: Report | None) -> tuple[Artifact, str]:
        asked = urlsplit(artifact.path)
        named = safe_name(parse_qs(asked.query).get("file", [""])[0])
        suffix = "tsv" if asked.path.endswith(".tsv") or named.endswith(".tsv") else "csv"
        if "://" in artifact.path:
            return elsewhere(artifact, remote_id, suffix), ""
        if known := known_of(artifact, before):
            return known, ""
        peeked = peek(web, replace(artifact, file_name=named), remote_id, suffix)
        if peeked.status in (404, 410):
            return peeked.artifact, peeked.said.message or "The server has removed the table."
        return replace(peeked.artifact, available=True), ""


def _table(place: str) -> Artifact:
    return Artifact("table", "Table", available=False, content=Content.TABLE, path=place)


KINDS.add("export", "Table export", "A table the server makes: choose rows and format, then fetch it.")(TableExport())
