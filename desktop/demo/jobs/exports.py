"""Table exports of the demo studio: started with a number of rows and a format, ready after a while."""

import csv
import io
import json
from collections import deque
from dataclasses import dataclass
from http import HTTPStatus
from itertools import count
from urllib.parse import parse_qsl

from desktop.demo.jobs.clock import Clock
from desktop.demo.web import Answer, Request, as_json

FORMATS = {
    "csv": ("excel", "text/csv; charset=utf-8"),
    "tsv": ("excel-tab", "text/tab-separated-values; charset=utf-8"),
}
MOST_ROWS = 1000
USUAL_ROWS = 100
ROWS_A_SECOND = 25
HEADER = ("row", "shot", "department", "version", "frames", "artist", "note")
ARTISTS = ("Zoë Müller", "Ana Núñez", "李雷", "Bo Smith")
NOTES = ("", "approved", "late, but lovely", 'said "fine"')


@dataclass(frozen=True, slots=True)
class Export:
    """A job. failure: what becomes of it half-way, None for a job that comes to its end."""

    rows: int
    format: str
    begun: float
    failure: str | None


class Exports:
    """The exports' routes, and the jobs so far by their ids."""

    def __init__(self, clock: Clock) -> None:
        self.jobs: dict[str, Export] = {}
        self._clock = clock
        self._numbers = count(1)
        self._failures: deque[str] = deque()

    def fail_next(self, message: str = "The database closed the connection.") -> None:
        """Let the next job that is started fail half-way."""
        self._failures.append(message)

    def answer(self, asked: Request, path: str, base: str) -> Answer | None:
        """Answer a request below the base URL; None if it is not about an export."""
        if path == "/start" and asked.method == "POST":
            return self._start(asked)
        if path == "/check_download_status":
            return self._status(asked.query.get("job_id", ""), base)
        if path == "/download_file":
            return self._file(asked.query.get("file", ""))
        return None

    def _start(self, asked: Request) -> Answer:
        given = _fields(asked)
        rows, kind = given.get("rows", USUAL_ROWS), given.get("format", "csv")
        problems = []
        if not isinstance(rows, int) or isinstance(rows, bool):
            problems.append(_problem("rows", "int_type", "Input should be a valid integer", rows))
        elif not 1 <= rows <= MOST_ROWS:
            words = f"Input should be from 1 to {MOST_ROWS}"
            problems.append(_problem("rows", "out_of_range", words, rows))
        if not isinstance(kind, str) or kind not in FORMATS:
            problems.append(_problem("format", "enum", "Input should be 'csv' or 'tsv'", kind))
        if problems or not isinstance(rows, int) or not isinstance(kind, str):
            return as_json({"detail": problems}, HTTPStatus.UNPROCESSABLE_ENTITY)
        name = f"export-{next(self._numbers):04}"
        failure = self._failures.popleft() if self._failures else None
        self.jobs[name] = Export(rows, kind, self._clock.now(), failure)
        return as_json({"job_id": name})

    def _status(self, name: str, base: str) -> Answer:
        job = self.jobs.get(name)
        if job is None:
            return as_json({"detail": "Job not found"}, HTTPStatus.NOT_FOUND)
        done = self._done(job)
        if job.failure and done * 2 >= job.rows:
            return as_json({"status": "ERROR", "message": job.failure})
        if done < job.rows:
            words = f"Row {done} of {job.rows}"
            return as_json({"status": "RUNNING", "progress": 100 * done // job.rows, "message": words})
        url = f"{base}/download_file?file={name}.{job.format}"
        return as_json({"status": "COMPLETED", "download_url": url})

    def _file(self, file: str) -> Answer:
        name, _, kind = file.rpartition(".")
        job = self.jobs.get(name)
        if job is None or kind != job.format or job.failure or self._done(job) < job.rows:
            return as_json({"detail": "File not found"}, HTTPStatus.NOT_FOUND)
        headers = {"Content-Disposition": f'attachment; filename="{file}"'}
        return Answer(content=table(job.rows, kind), type=FORMATS[kind][1], headers=headers, tagged=True)

    def _done(self, job: Export) -> int:
        """Return how many rows there are by now."""
        return min(job.rows, int((self._clock.now() - job.begun) * ROWS_A_SECOND))


def table(rows: int, kind: str) -> bytes:
    """Return a table of a header and so many rows, the same every time."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, FORMATS[kind][0])
    writer.writerow(HEADER)
    for row in range(1, rows + 1):
        shot, department = f"SH{row % 20 * 10 + 10:03}", ("anim", "lighting")[row % 2]
        artist, note = ARTISTS[row % len(ARTISTS)], NOTES[row * 7 // 3 % len(NOTES)]
        writer.writerow((row, shot, department, f"v{row % 9 + 1:03}", 24 + row % 97, artist, note))
    return text.getvalue().encode()


def _fields(asked: Request) -> dict[str, object]:
    """Return a body's fields: JSON, or a form, whose numbers are numbers."""
    if "form" in asked.headers.get("Content-Type", ""):
        form = dict(parse_qsl(asked.body.decode("utf-8", "replace")))
        return {name: int(value) if value.isdecimal() else value for name, value in form.items()}
    try:
        given = json.loads(asked.body or b"{}")
    except ValueError:
        return {"rows": None}
    return given if isinstance(given, dict) else {"rows": None}


def _problem(name: str, kind: str, words: str, given: object) -> dict[str, object]:
    return {"type": kind, "loc": ["body", name], "msg": words, "input": given}
