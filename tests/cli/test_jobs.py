"""`shotdock jobs` against the demo studio's real server, by CLI.md."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop.demo.jobs.jobs import Jobs
from desktop.work.sites import password_variable
from tests.cli.console import ROOT, Console, Said

BIG = int(os.environ.get("SHOTDOCK_TEST_RESULT_SIZE", 96 << 20))
"""Bytes of a large result; by hand also 2 GB."""


class JobsCommand:
    """The command line with the server's address and token."""

    def __init__(self, shotdock: Console, job_server: Jobs) -> None:
        self._shotdock, self._server = shotdock, job_server

    def __call__(self, *words: object) -> Said:
        where = ("--server", self._server.url, "--token-stdin", "--json")
        return self._shotdock("jobs", *words, *where, stdin=f"{self._server.token}\n")


@contextmanager
def asked(job_server: Jobs, path: str, then: Callable[[], None]) -> Iterator[None]:
    """Do something once the server has been asked for a path."""
    before, over = len(job_server.api.seen), threading.Event()

    def look() -> None:
        while not over.wait(0.02):
            if any(path in one.path for one in job_server.api.seen[before:]):
                then()
                return

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield
    finally:
        over.set()
        looking.join()


@pytest.fixture
def jobs(shotdock: Console, job_server: Jobs) -> JobsCommand:
    return JobsCommand(shotdock, job_server)


@pytest.mark.parametrize(
    ("kind", "remote_id", "status", "state", "words"),
    [
        ("scene", "scene-finished", 0, "done", ""),
        ("scene", "scene-failed", 1, "failed", ""),
        ("scene", "nobody-made-it", 1, "not-found", "Session not found"),
        ("export", "nobody-made-it", 1, "not-found", "Job not found"),
        ("reconstruction", "rec-done", 0, "done", "The results are ready."),
        ("reconstruction", "rec-failed", 1, "failed", "The camera poses could not be solved"),
        ("reconstruction", "rec-incomplete", 1, "incomplete", "Some results are missing."),
        ("reconstruction", "rec-expired", 1, "expired", "The results were removed."),
        ("reconstruction", "nobody-made-it", 1, "not-found", "There is no job nobody-made-it."),
    ],
)
def test_watch_tells_how_a_job_ended(
    jobs: JobsCommand, kind: str, remote_id: str, status: int, state: str, words: str
) -> None:
    said = jobs("watch", kind, remote_id)
    answer = said.json
    assert said.status == status
    assert (answer["id"], answer["kind"], answer["state"]) == (remote_id, kind, state)
    assert answer["message"].startswith(words)
    assert {"id", "kind", "state", "progress", "message", "artifacts", "missing"} <= set(answer)
    assert answer["missing"] == (["nvdiffrec/mesh.glb or mesh.obj"] if state == "incomplete" else [])
    for artifact in answer["artifacts"]:
        assert {"name", "available", "bytes"} == set(artifact)
        assert (artifact["bytes"] is not None) is artifact["available"]


def test_once_asks_once(jobs: JobsCommand, job_server: Jobs) -> None:
    said = jobs("watch", "reconstruction", "rec-running", "--once")
    assert (said.status, said.json["state"], said.json["progress"]) == (0, "running", 0.0)
    assert len(job_server.api.seen) == 1


def test_an_export_is_started_watched_and_fetched(jobs: JobsCommand, job_server: Jobs, tmp_path: Path) -> None:
    started = jobs("start", "export", "--rows", 50, "--format", "tsv")
    assert (started.status, started.json["state"]) == (0, "running")
    with asked(job_server, "/check_download_status", lambda: job_server.clock.advance(60)):
        watched = jobs("watch", "export", started.json["id"])
    assert (watched.status, watched.json["state"], watched.json["progress"]) == (0, "done", 100.0)
    assert "running" in watched.err
    got = jobs("get", "export", started.json["id"], tmp_path / "here")
    assert (got.status, got.json["status"], got.json["files"]["downloaded"]) == (0, "done", 1)
    (table,) = (tmp_path / "here").iterdir()
    assert table.name == f"{started.json['id']}.tsv"
    assert table.stat().st_size == watched.json["artifacts"][0]["bytes"]


def test_results_wait_for_their_time(jobs: JobsCommand, shotdock: Console, job_server: Jobs, tmp_path: Path) -> None:
    refused = jobs("get", "reconstruction", "rec-done", tmp_path / "here", "--start-at", "+2h")
    assert (refused.status, "forgotten when the command ends" in refused.err) == (2, True)
    token = {password_variable(f"http://127.0.0.1:{job_server.api.port}"): job_server.token}
    words = ("jobs", "get", "reconstruction", "rec-done", tmp_path / "here", "--server", job_server.url, "--json")
    gone = shotdock(*words, "--start-at", "+9d", **token)
    assert (gone.status, "keeps the results of rec-done until" in gone.err) == (2, True)
    said = shotdock(*words, "--start-at", "+2h", "--priority", "high", **token)
    assert (said.status, said.json["status"], said.json["files"]["planned"]) == (0, "scheduled", 1)
    assert not (tmp_path / "here").exists()


def test_one_that_stays_unpacks_what_it_brings(
    shotdock: Console, job_server: Jobs, tmp_path: Path, qtbot: QtBot
) -> None:
    token = {password_variable(f"http://127.0.0.1:{job_server.api.port}"): job_server.token}
    words = ("jobs", "get", "reconstruction", "rec-done", tmp_path / "here", "--server", job_server.url, "--unpack")
    assert shotdock(*words, "--window", "00:00-24:00", "--start-at", "+1h", "--json", **token).status == 0
    assert shotdock("tasks", "schedule", 1, "--window", "00:00-24:00").status == 0
    served = shotdock.start("tasks", "serve", "--json", variables=token)
    try:
        unpacked = tmp_path / "here" / "rec-done" / "nvdiffrec" / "quality.json"
        qtbot.waitUntil(lambda: unpacked.is_file() or served.poll() is not None, timeout=120_000)
    finally:
        served.send_signal(signal.SIGTERM)
        out, err = served.communicate(timeout=120)
    assert (served.returncode, unpacked.is_file()) == (0, True), out + err


@pytest.mark.parametrize("values", [("--rows", 0), ("--rows", 1001), ("--rows", "many"), ("--format", "xls")])
def test_bad_values_are_wrong_usage_and_nothing_is_sent(
    jobs: JobsCommand, job_server: Jobs, values: tuple[object, ...]
) -> None:
    said = jobs("start", "export", *values)
    assert said.status == 2
    assert said.json["errors"][0]["kind"] == "usage"
    assert not job_server.api.seen


@pytest.mark.parametrize(
    "words",
    [
        ("watch", "poem", "p-1"),
        ("watch", "scene", "two words"),
        ("get", "scene", "scene-finished"),
        ("get", "scene", "scene-finished", "http://here"),
        ("start", "scene"),
    ],
)
def test_what_makes_no_sense_is_wrong_usage(jobs: JobsCommand, job_server: Jobs, words: tuple[str, ...]) -> None:
    said = jobs(*words)
    assert said.status == 2, said.err
    assert said.json["status"] == "failed"
    assert not job_server.api.seen


def test_get_brings_what_is_named_or_all_there_is(jobs: JobsCommand, tmp_path: Path) -> None:
    said = jobs("get", "scene", "scene-many", "render", tmp_path / "one")
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["renders.zip"]
    assert said.json["results"][0]["outcome"] == "here"
    said = jobs("get", "scene", "scene-many", tmp_path / "all")
    assert (said.status, said.json["files"]["downloaded"]) == (0, 3)
    again = jobs("get", "scene", "scene-many", tmp_path / "all")
    assert (again.status, again.json["status"], again.json["files"]["skipped"]) == (0, "up-to-date", 3)
    missing = jobs("get", "scene", "scene-many", "poem", tmp_path / "all")
    assert (missing.status, missing.json["errors"][0]["kind"]) == (2, "usage")


def test_a_dry_run_touches_nothing(jobs: JobsCommand, tmp_path: Path) -> None:
    said = jobs("get", "scene", "scene-finished", "blend", tmp_path / "here", "--dry-run")
    (row,) = said.json["plan"]
    assert (row["action"], row["bytes"], row["target"]) == (
        "download",
        200_060,
        str(tmp_path / "here" / "robot_walk.blend"),
    )
    assert not (tmp_path / "here").exists()


def test_results_stay_a_zip_unless_told(jobs: JobsCommand, tmp_path: Path) -> None:
    said = jobs("get", "reconstruction", "rec-done", tmp_path / "here")
    assert (said.status, said.json["results"][0]["complete"]) == (0, True)
    assert [path.name for path in (tmp_path / "here").iterdir()] == ["rec-done.zip"]
    said = jobs("get", "reconstruction", "rec-done", tmp_path / "here", "--unpack")
    assert (said.status, said.json["results"][0]["outcome"]) == (0, "unpacked")
    assert (tmp_path / "here" / "rec-done" / "nvdiffrec" / "quality.json").is_file()


def test_results_of_low_quality_are_not_unpacked(jobs: JobsCommand, tmp_path: Path) -> None:
    said = jobs("get", "reconstruction", "rec-low-quality", tmp_path / "here", "--unpack")
    assert (said.status, said.json["results"][0]["outcome"]) == (1, "held")
    assert "overall_score is 0.34" in said.err
    assert [path.name for path in (tmp_path / "here").iterdir()] == ["rec-low-quality.zip"]


def test_a_zip_that_is_none_is_said(jobs: JobsCommand, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "rec-done.zip").write_bytes(b"<html>")
    said = jobs("get", "reconstruction", "rec-done", tmp_path / "here")
    assert (said.status, said.json["results"][0]["complete"]) == (1, False)
    said = jobs("get", "reconstruction", "rec-done", tmp_path / "here", "--conflict", "overwrite")
    assert (said.status, said.json["results"][0]["complete"]) == (0, True)


@pytest.mark.parametrize(
    ("remote_id", "kind"),
    [
        ("rec-running", "still-uploading"),
        ("rec-failed", "not-found"),
        ("rec-incomplete", "incomplete-results"),
        ("rec-expired", "not-found"),
        ("nobody-made-it", "not-found"),
    ],
)
def test_what_cannot_be_fetched_is_said(jobs: JobsCommand, tmp_path: Path, remote_id: str, kind: str) -> None:
    said = jobs("get", "reconstruction", remote_id, tmp_path / "here")
    assert (said.status, said.json["status"], said.json["errors"][0]["kind"]) == (1, "failed", kind)
    assert not (tmp_path / "here").exists()


def test_a_server_that_lets_nobody_in_is_not_reached(jobs: JobsCommand, shotdock: Console, job_server: Jobs) -> None:
    address = ("--server", job_server.url, "--json")
    denied = shotdock("jobs", "watch", "scene", "scene-finished", *address)
    assert (denied.status, denied.json["errors"][0]["kind"]) == (3, "login-failed")
    job_server.faults.forbidden = True
    forbidden = jobs("watch", "scene", "scene-finished")
    assert (forbidden.status, forbidden.json["errors"][0]["kind"]) == (3, "not-allowed")
    job_server.stop()
    away = jobs("get", "scene", "scene-finished", "/tmp/nowhere")
    assert (away.status, away.json["errors"][0]["kind"]) == (3, "unreachable")
    assert shotdock("jobs", "list", "--json").json == {"jobs": []}, "who was never reached is not remembered"


def test_a_remembered_job_needs_no_server(
    jobs: JobsCommand, shotdock: Console, job_server: Jobs, tmp_path: Path
) -> None:
    url = f"{job_server.url}/api/session/scene-finished"
    assert jobs("watch", "scene", url).status == 0
    (row,) = shotdock("jobs", "list", "--json").json["jobs"]
    assert (row["id"], row["server"], row["state"]) == ("scene-finished", job_server.url, "done")
    token = {password_variable(job_server.url.removesuffix("/work")): job_server.token}
    said = shotdock("jobs", "get", "scene", "scene-finished", "blend", tmp_path / "here", "--json", **token)
    assert (said.status, said.json["files"]["downloaded"]) == (0, 1)
    assert shotdock("jobs", "watch", "scene", "another", "--json").status == 2


def test_a_watch_rides_out_a_server_that_is_started_anew(shotdock: Console, job_server: Jobs) -> None:
    jobs = JobsCommand(shotdock, job_server)
    started = jobs("start", "export", "--rows", 25, "--format", "csv").json["id"]
    asked = len(job_server.api.seen)
    process = subprocess.Popen(
        shotdock.command(("jobs", "watch", "export", started, "--server", job_server.url, "--token-stdin", "--json")),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=shotdock.environment,
    )
    with process:
        assert process.stdin is not None
        process.stdin.write(f"{job_server.token}\n")
        process.stdin.flush()
        assert process.stderr is not None
        assert process.stderr.readline().startswith("running"), "it was heard of once"
        job_server.stop()
        job_server.clock.advance(10)
        job_server.start()
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert '"state": "done"' in out
    assert len(job_server.api.seen) > asked + 1


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_an_interrupted_watch_keeps_the_job(shotdock: Console, job_server: Jobs) -> None:
    jobs = JobsCommand(shotdock, job_server)
    started = jobs("start", "export", "--rows", 25, "--format", "csv").json["id"]
    token = {password_variable(job_server.url.removesuffix("/work")): job_server.token}
    with shotdock.start("jobs", "watch", "export", started, variables=token) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("running")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode == 130
    assert [row["id"] for row in shotdock("jobs", "list", "--json").json["jobs"]] == [started]


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of one process is told by /proc")
def test_memory_stays_flat_however_large_a_result_is(shotdock: Console, job_server: Jobs, tmp_path: Path) -> None:
    """Peak memory of the whole program, fetched and unpacked: a large result costs no more than a small one."""
    small = peak(shotdock, job_server, "rec-done", tmp_path / "small")
    os.truncate(job_server.reconstructions.output("rec-done") / "reconviagen" / "mesh.ply", BIG)
    large = peak(shotdock, job_server, "rec-done", tmp_path / "large")
    assert (tmp_path / "large" / "rec-done" / "reconviagen" / "mesh.ply").stat().st_size == BIG
    print(f"[result of {BIG:,} bytes: {large - small:+,} bytes of memory over {small:,}]", end=" ")
    assert large - small < 48 << 20


def peak(shotdock: Console, job_server: Jobs, remote_id: str, folder: Path) -> int:
    """Return the peak memory of `jobs get --unpack`, in bytes."""
    words = ("jobs", "get", "reconstruction", remote_id, folder, "--unpack", "--server", job_server.url)
    return shotdock.peak(*words, "--token-stdin", stdin=f"{job_server.token}\n")
