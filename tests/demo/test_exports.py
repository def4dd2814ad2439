"""Table exports of the demo studio: started, watched, downloaded."""

import csv
import io
from typing import Any

import pytest

from desktop.demo.jobs.jobs import Jobs
from tests.demo.working import ask, detail


def start(jobs: Jobs, **fields: Any) -> str:
    answer = ask(jobs, "/start", "POST", json=fields)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["job_id"])


def check(jobs: Jobs, job: str) -> dict[str, Any]:
    answer = ask(jobs, f"/check_download_status?job_id={job}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.mark.parametrize(("kind", "dialect"), [("csv", "excel"), ("tsv", "excel-tab")])
@pytest.mark.parametrize("rows", [1, 200, 1000])
def test_an_export_runs_ends_and_has_its_rows(jobs: Jobs, kind: str, dialect: str, rows: int) -> None:
    job = start(jobs, rows=rows, format=kind)
    assert check(jobs, job) == {"status": "RUNNING", "progress": 0, "message": f"Row 0 of {rows}"}
    assert detail(ask(jobs, f"/download_file?file={job}.{kind}")) == (404, "File not found")
    jobs.clock.advance(rows / 25 + 0.01)
    url = f"{jobs.url}/download_file?file={job}.{kind}"
    assert check(jobs, job) == {"status": "COMPLETED", "download_url": url}
    answer = ask(jobs, url)
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{job}.{kind}"'
    lines = list(csv.reader(io.StringIO(answer.content.decode(), newline=""), dialect))
    assert len(lines) == rows + 1
    assert {len(line) for line in lines} == {7}
    assert [line[0] for line in lines[1:]] == [str(row) for row in range(1, rows + 1)]


def test_an_export_tells_how_far_it_is(jobs: Jobs) -> None:
    job = start(jobs, rows=1000, format="csv")
    jobs.clock.advance(18.001)
    assert check(jobs, job) == {"status": "RUNNING", "progress": 45, "message": "Row 450 of 1000"}


def test_usual_fields_and_a_form(jobs: Jobs) -> None:
    job = start(jobs)
    assert (jobs.exports.jobs[job].rows, jobs.exports.jobs[job].format) == (100, "csv")
    form = ask(jobs, "/start", "POST", data={"rows": "7", "format": "tsv"}).json()["job_id"]
    assert (jobs.exports.jobs[form].rows, jobs.exports.jobs[form].format) == (7, "tsv")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"rows": 0}, ["rows"]),
        ({"rows": 1001}, ["rows"]),
        ({"rows": -5}, ["rows"]),
        ({"rows": "many"}, ["rows"]),
        ({"rows": True}, ["rows"]),
        ({"format": "xlsx"}, ["format"]),
        ({"format": ["csv"]}, ["format"]),
        ({"rows": 2000, "format": "pdf"}, ["rows", "format"]),
        (["rows"], ["rows"]),
    ],
)
def test_wrong_fields_are_refused(jobs: Jobs, fields: object, wrong: list[str]) -> None:
    status, problems = detail(ask(jobs, "/start", "POST", json=fields))
    assert (status, [problem["loc"] for problem in problems]) == (422, [["body", name] for name in wrong])
    assert all(problem["msg"] for problem in problems)
    assert not jobs.exports.jobs


def test_an_export_can_fail(jobs: Jobs) -> None:
    jobs.exports.fail_next("The disk of the server is full.")
    failing, next_one = start(jobs, rows=100), start(jobs, rows=100)
    assert check(jobs, failing)["status"] == "RUNNING"
    jobs.clock.advance(2.4)
    assert check(jobs, failing) == {"status": "ERROR", "message": "The disk of the server is full."}
    assert check(jobs, next_one)["status"] == "RUNNING"
    assert ask(jobs, f"/download_file?file={failing}.csv").status_code == 404


def test_unknown_jobs_and_files(jobs: Jobs) -> None:
    for query in ("?job_id=export-9999", "?job_id=", ""):
        assert detail(ask(jobs, f"/check_download_status{query}")) == (404, "Job not found")
    for file in ("export-9999.csv", "../../etc/passwd", ""):
        assert detail(ask(jobs, f"/download_file?file={file}")) == (404, "File not found")
