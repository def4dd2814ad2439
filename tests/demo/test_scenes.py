"""Scene sessions of the demo studio tell what is there, and give it under the server's name."""

import io
import zipfile

import pytest

from desktop.demo.jobs.jobs import Jobs
from desktop.demo.jobs.scenes import ARTIFACTS, SESSIONS
from tests.demo.working import ask, detail


def status(jobs: Jobs, name: str) -> tuple[str, list[str]]:
    """Return a session's status and what it has; the answer has to agree with itself."""
    said = ask(jobs, f"/api/session/{name}").json()
    assert set(said) == {"status", "download_urls", "download_available"}
    assert set(said["download_urls"]) == set(said["download_available"]) == set(ARTIFACTS)
    there = [kind for kind in ARTIFACTS if said["download_available"][kind]]
    assert [kind for kind in ARTIFACTS if said["download_urls"][kind]] == there
    assert all(said["download_urls"][kind] == f"{jobs.url}/api/download/{name}/{kind}" for kind in there)
    return said["status"], there


def test_each_session_is_what_its_name_says(jobs: Jobs) -> None:
    found = {name: status(jobs, name) for name in SESSIONS if name != "scene-broken"}
    assert found == {
        "scene-finished": ("completed", ["blend", "scripts", "render"]),
        "scene-growing": ("running", []),
        "scene-failed": ("failed", ["blend", "scripts"]),
        "scene-many": ("completed", ["blend", "scripts", "render"]),
        "scene-unsafe": ("completed", ["blend"]),
        "scene-empty": ("completed", []),
    }


def test_everything_that_is_there_can_be_downloaded(jobs: Jobs) -> None:
    begins = {"blend": b"BLENDER-v", "scripts": b'"""Builds', "render": b"\x89PNG\r\n\x1a\n"}
    for name, kind in (("scene-finished", "blend"), ("scene-finished", "scripts"), ("scene-failed", "blend")):
        answer = ask(jobs, f"/api/download/{name}/{kind}")
        assert answer.status_code == 200
        assert answer.content.startswith(begins[kind])
    assert ask(jobs, "/api/download/scene-finished/render").content.startswith(begins["render"])


def test_what_is_finished_is_there_at_the_first_question(jobs: Jobs) -> None:
    jobs.clock.speed = 1
    assert ask(jobs, "/api/download/scene-finished/blend").status_code == 200
    assert status(jobs, "scene-many") == ("completed", list(ARTIFACTS))


def test_files_appear_over_time(jobs: Jobs) -> None:
    seen = []
    for _ in range(5):
        seen.append(status(jobs, "scene-growing"))
        jobs.clock.advance(3)
    assert [len(there) for _, there in seen] == [0, 1, 2, 3, 3]
    assert [state for state, _ in seen] == ["running"] * 4 + ["completed"]


def test_what_is_not_there_is_told_in_the_servers_words(jobs: Jobs) -> None:
    assert detail(ask(jobs, "/api/session/scene-none")) == (404, "Session not found")
    assert detail(ask(jobs, "/api/download/scene-none/blend")) == (404, "Session not found")
    assert detail(ask(jobs, "/api/download/scene-empty/blend")) == (404, "Session files not found")
    assert detail(ask(jobs, "/api/download/scene-growing/blend")) == (404, "Session files not found")


def test_a_session_without_a_status_gives_its_files(jobs: Jobs) -> None:
    assert detail(ask(jobs, "/api/session/scene-broken")) == (500, "Internal Server Error")
    assert {ask(jobs, f"/api/download/scene-broken/{kind}").status_code for kind in ARTIFACTS} == {200}


@pytest.mark.parametrize(("kind", "count"), [("scripts", 3), ("render", 5)])
def test_several_files_come_as_one_archive(jobs: Jobs, kind: str, count: int) -> None:
    answer = ask(jobs, f"/api/download/scene-many/{kind}")
    assert answer.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == count


def test_the_server_names_its_files(jobs: Jobs) -> None:
    told = {
        name: ask(jobs, f"/api/download/{name}/blend").headers["Content-Disposition"]
        for name in ("scene-finished", "scene-many", "scene-unsafe")
    }
    assert told == {
        "scene-finished": 'attachment; filename="robot_walk.blend"',
        "scene-many": "attachment; filename*=UTF-8''Schl%C3%BCsselszene%20%E2%80%93%20final%20%282%29.blend",
        "scene-unsafe": 'attachment; filename="../../x.blend"',
    }
