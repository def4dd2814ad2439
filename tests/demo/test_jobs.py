"""The demo studio's job server: its token, its faults, its clock, and that jobs outlive it."""

import pytest
import requests

from desktop.demo.jobs.clock import Clock
from desktop.demo.jobs.jobs import Jobs
from desktop.demo.listener import Seen
from tests.demo.working import ask, detail

FINISHED = "/api/session/scene-finished"
SCENE = "/api/download/scene-finished/blend"


@pytest.mark.parametrize("path", [FINISHED, SCENE, "/check_download_status?job_id=export-0001", "/jobs/rec-done"])
def test_every_route_wants_the_token(jobs: Jobs, path: str) -> None:
    for sent in ({}, {"Authorization": "Bearer wrong"}):
        assert detail(requests.get(jobs.url + path, headers=sent, timeout=10)) == (401, "Not authenticated")


@pytest.mark.parametrize("path", ["", "/", "/start", "/api/session/", "/api/download/scene-finished", "/jobs"])
def test_nothing_else_is_there(jobs: Jobs, path: str) -> None:
    assert detail(ask(jobs, path)) == (404, "Not Found")
    outside = jobs.url.replace("/work", "") + FINISHED
    assert detail(ask(jobs, outside)) == (404, "Not Found")


def test_the_server_fails_and_forbids(jobs: Jobs) -> None:
    jobs.faults.fail_api(1, status=503, retry_after=3)
    answer = ask(jobs, FINISHED)
    assert (detail(answer), answer.headers["Retry-After"]) == ((503, "Service Unavailable"), "3")
    assert ask(jobs, FINISHED).status_code == 200
    jobs.faults.forbidden = True
    assert detail(ask(jobs, FINISHED)) == (403, "Not allowed")


@pytest.mark.parametrize("path", [SCENE, "/jobs/rec-done/download"])
def test_files_have_ranges_and_can_be_cut(jobs: Jobs, path: str) -> None:
    whole = ask(jobs, path)
    etag = whole.headers["ETag"]
    part = ask(jobs, path, headers={"Range": "bytes=1000-", "If-Range": etag})
    assert (part.status_code, part.content) == (206, whole.content[1000:])
    assert part.headers["ETag"] == etag
    other = ask(jobs, path, headers={"Range": "bytes=1000-", "If-Range": '"other"'})
    assert (other.status_code, other.content) == (200, whole.content)
    jobs.faults.cut(500)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        ask(jobs, path)
    jobs.faults.no_ranges = True
    assert ask(jobs, path, headers={"Range": "bytes=1000-"}).content == whole.content


def test_jobs_go_on_while_nobody_listens(jobs: Jobs) -> None:
    job = ask(jobs, "/start", "POST", json={"rows": 100, "format": "csv"}).json()["job_id"]
    assert ask(jobs, "/jobs/rec-running").json()["progress"] == 0
    url = jobs.url
    jobs.stop()
    with pytest.raises(requests.ConnectionError):
        ask(jobs, FINISHED)
    jobs.clock.advance(10)
    jobs.start()
    assert jobs.url == url
    assert ask(jobs, f"/check_download_status?job_id={job}").json()["status"] == "COMPLETED"
    assert ask(jobs, "/jobs/rec-running").json()["progress"] == 50


def test_every_request_is_in_the_log(jobs: Jobs) -> None:
    ask(jobs, FINISHED)
    ask(jobs, SCENE, headers={"Range": "bytes=0-0"})
    requests.head(jobs.url + SCENE, timeout=10)
    assert jobs.api.seen == [
        Seen("GET", f"/work{FINISHED}", 200, None, credentials=True),
        Seen("GET", f"/work{SCENE}", 206, "bytes=0-0", credentials=True),
        Seen("HEAD", f"/work{SCENE}", 401, None, credentials=False),
    ]


def test_the_clock_stands_still_is_put_forward_and_runs() -> None:
    clock = Clock()
    clock.speed = 0
    at = clock.now()
    clock.advance(60)
    assert clock.now() == at + 60
    clock.speed = 1e6
    while clock.now() < at + 3600:
        pass
    assert clock.told(0) < clock.told(3600)
