"""Jobs over several runs of the program, with servers that come and go, and what is never written down."""

import logging
import os
import socket
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop.core.connection import parse_connection
from desktop.core.job import Job, JobState, Outcome
from desktop.demo.jobs.jobs import Jobs
from desktop.places import Places
from desktop.store.database import Store
from desktop.store.owner import this_process
from desktop.work.jobs import JobDesk
from tests.contracts import fourth_kind
from tests.servers.scripted_jobs import ScriptedJobs
from tests.work.farm import only, run_of_the_program

assert fourth_kind


def _listed(desk: JobDesk, then: Callable[[object], None], _failed: object) -> None:
    desk.listed.connect(then)
    desk.load(poll=False)


SIGNATURE = "5ignatureOfTheLink"


@pytest.fixture
def elsewhere() -> Iterator[ScriptedJobs]:
    opened = ScriptedJobs()
    yield opened
    opened.stop()


def test_a_job_finishes_though_program_and_server_are_started_anew(
    qtbot: QtBot, job_server: Jobs, tmp_path: Path
) -> None:
    with run_of_the_program(qtbot, job_server) as farm:
        started = farm.start(rows=100, format="csv")
        farm.desk.follow(started.id, tmp_path / "tables")
    job_server.stop()
    with run_of_the_program(qtbot, job_server) as farm:
        (job,) = farm.load()
        assert (job.state, job.parameters) == (JobState.RUNNING, {"rows": 100, "format": "csv"})
        job = farm.until(job.id, lambda one: one.trouble is not None and not one.looking)
        assert job.state is JobState.RUNNING
        job_server.start()
        job_server.clock.advance(2)
        job = farm.look_again(job.id, 5.0)
        assert (job.progress, job.trouble) == (50.0, None)
    job_server.clock.advance(2)
    with run_of_the_program(qtbot, job_server) as farm:
        farm.load()
        download = only(farm.landed(started.id))
        assert (download.outcome, download.path) == (Outcome.HERE, tmp_path / "tables" / f"{started.remote_id}.csv")
    with run_of_the_program(qtbot, job_server) as farm:
        asked = farm.asked()
        (job,) = farm.load()
        assert (job.state, only(job)) == (JobState.DONE, download)
        qtbot.wait(50)
        assert farm.asked() == asked, "what is over is not asked after, and not fetched twice"


def test_results_that_arrived_in_another_run_are_unpacked(qtbot: QtBot, job_server: Jobs, tmp_path: Path) -> None:
    with run_of_the_program(qtbot, job_server) as farm:
        job = farm.add("reconstruction", "rec-done")
        plan = farm.plan(job.id, tmp_path / "here")
        task = farm.answer(lambda then, _failed: farm.desk.submit(job.id, plan, then, start=False))
    with run_of_the_program(qtbot, job_server) as farm:
        # A run that knows nothing of jobs, such as the command line's.
        farm.services.tasks.resume([task.id])
        farm.task_over(task.id)
    assert not (tmp_path / "here" / "rec-done").exists()
    with run_of_the_program(qtbot, job_server) as farm:
        farm.load()
        assert only(farm.landed(job.id)).outcome is Outcome.UNPACKED
    assert (tmp_path / "here" / "rec-done" / "reconviagen" / "mesh.glb").is_file()


def test_a_check_that_was_cut_short_is_done_again(qtbot: QtBot, job_server: Jobs, tmp_path: Path) -> None:
    download = fetched(qtbot, job_server, tmp_path)
    host, _pid, _start = this_process().split(":", 2)
    with Store.open(Places.find().database) as store:
        assert store.jobs.claim(store.jobs.all()[0].downloads[0], f"{host}:{os.getpid()}:long ago")
    with run_of_the_program(qtbot, job_server) as farm:
        farm.load()
        assert only(farm.landed(download.id)).outcome is Outcome.UNPACKED


def test_a_check_by_another_program_is_left_to_it(qtbot: QtBot, job_server: Jobs, tmp_path: Path) -> None:
    job = fetched(qtbot, job_server, tmp_path)
    with Store.open(Places.find().database) as store:
        assert store.jobs.claim(store.jobs.all()[0].downloads[0], "another-host:17:long ago")
    with run_of_the_program(qtbot, job_server) as farm:
        farm.load()
        farm.add("scene", "scene-finished")  # long enough for anything to have happened
        assert only(farm.job(job.id)).outcome is Outcome.CHECKING
    with Store.open(Places.find().database) as store:
        assert store.jobs.claim(store.jobs.all()[1].downloads[0], "another-host:17:long ago")


def test_a_deleted_task_is_no_download_any_more(qtbot: QtBot, job_server: Jobs, tmp_path: Path) -> None:
    with run_of_the_program(qtbot, job_server) as farm:
        job = farm.add("scene", "scene-finished")
        plan = farm.plan(job.id, tmp_path / "here", "blend")
        task = farm.answer(lambda then, _failed: farm.desk.submit(job.id, plan, then, start=False))
        farm.until(job.id, lambda one: bool(one.downloads))
        farm.services.tasks.delete([task.id])
        farm.until(job.id, lambda one: only(one).outcome is Outcome.MISSED)


def test_a_failed_transfer_that_is_tried_again_counts(qtbot: QtBot, job_server: Jobs, tmp_path: Path) -> None:
    here = tmp_path / "here"
    with run_of_the_program(qtbot, job_server) as farm:
        job = farm.add("scene", "scene-finished")
        plan = farm.plan(job.id, here, "blend")
        here.write_bytes(b"in the way")
        task = farm.answer(lambda then, _failed: farm.desk.submit(job.id, plan, then))
        assert only(farm.landed(job.id)).outcome is Outcome.MISSED
        here.unlink()
        farm.services.tasks.retry([task.id])
        farm.until(job.id, lambda one: only(one).outcome is Outcome.HERE)
        assert (here / "robot_walk.blend").stat().st_size == 200_060


@pytest.mark.timeout(20)
def test_the_program_ends_though_a_server_hangs(qtbot: QtBot, job_server: Jobs) -> None:
    """Half a minute of silence is allowed to a server, but not by who wants to go home."""
    with socket.create_server(("127.0.0.1", 0)) as silent, run_of_the_program(qtbot, job_server) as farm:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        for number in range(4):
            farm.answer(partial(farm.desk.add, address, "reconstruction", f"r-{number}"))
        silent.settimeout(10)
        line, _ = silent.accept()
        assert line.recv(3) == b"GET"
        line.close()


def test_a_table_whose_fetching_was_not_begun_is_fetched_in_the_next_run(
    qtbot: QtBot, job_server: Jobs, tmp_path: Path
) -> None:
    with run_of_the_program(qtbot, job_server) as farm:
        job = farm.start(rows=25)
        job_server.clock.advance(2)
        job = farm.look_again(job.id, 2.0)
        assert (job.state, job.downloads) == (JobState.DONE, ())
    with Store.open(Places.find().database) as store:
        store.jobs.follow(job.id, tmp_path / "tables")
    with run_of_the_program(qtbot, job_server) as farm:
        farm.load()
        assert only(farm.landed(job.id)).outcome is Outcome.HERE


def test_another_program_leaves_what_is_followed_to_the_window(qtbot: QtBot, job_server: Jobs, tmp_path: Path) -> None:
    """A window and a command line on one database: the one that watches neither fetches nor forgets the wish."""
    with run_of_the_program(qtbot, job_server) as window, run_of_the_program(qtbot, job_server) as console:
        job = window.start(rows=25)
        before = console.answer(partial(_listed, console.desk))
        assert [one.follow for one in before] == [None]
        window.desk.follow(job.id, tmp_path / "tables")
        window.task_over(0)  # the desk has kept it
        job_server.clock.advance(5)
        console.desk.refresh([job.id])
        console.until(job.id, lambda one: one.state is JobState.DONE and not one.looking)
        with Store.open(Places.find().database) as store:
            assert [one.follow for one in store.jobs.all()] == [tmp_path / "tables"]
    with run_of_the_program(qtbot, job_server) as console:
        console.answer(partial(_listed, console.desk))
        console.clock.advance(60)
        console.desk.refresh([job.id])
        console.until(job.id, lambda one: one.heard == console.clock.date() and not one.looking)
        assert console.tasks() == ()
    assert not (tmp_path / "tables").exists()


def test_no_secret_is_written_down(
    qtbot: QtBot,
    job_server: Jobs,
    scripted: ScriptedJobs,
    elsewhere: ScriptedJobs,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A link to another host carries a signature and gets no login; neither is in the database or the log."""
    caplog.set_level(logging.DEBUG)
    link = f"{elsewhere.url}/bucket/table.csv?X-Amz-Signature={SIGNATURE}&file=table.csv"
    scripted.say("/check_download_status?job_id=e", {"status": "COMPLETED", "download_url": link})
    elsewhere.say(f"/bucket/table.csv?X-Amz-Signature={SIGNATURE}&file=table.csv", b"a,b\n1,2\n", kind="text/csv")
    with run_of_the_program(qtbot, job_server) as farm:
        site = farm.services.sites.server(scripted.url).site
        farm.services.sites.remember_password(site, "letmein-0123456789")
        job: Job = farm.answer(lambda then, failed: farm.desk.add(scripted.url, "export", "e", then, failed))
        farm.heard(job.id)
        download = only(farm.fetch(job.id, tmp_path / "here"))
        assert (download.outcome, download.path.read_bytes()) == (Outcome.HERE, b"a,b\n1,2\n")
        assert farm.job(job.id).artifacts[0].site != site
        told = repr(farm.job(job.id)) + repr(farm.tasks()) + repr(farm.services.logs.read(0))
    assert all("Authorization" not in asked.headers for asked in elsewhere.asked)
    assert all(asked.headers["Authorization"] == "Bearer letmein-0123456789" for asked in scripted.asked)
    written = b"".join(path.read_bytes() for path in Places.find().database.parent.rglob("*") if path.is_file())
    for secret in (SIGNATURE, "letmein-0123456789"):
        assert secret not in told
        assert secret not in caplog.text
        assert secret.encode() not in written


def test_a_password_in_the_address_is_used_and_not_kept(qtbot: QtBot, job_server: Jobs, scripted: ScriptedJobs) -> None:
    scripted.say("/jobs/r", {"state": "running"})
    address = scripted.url.replace("http://", "http://ann:s3cretOfAnn@")
    with run_of_the_program(qtbot, job_server) as farm:
        job: Job = farm.answer(lambda then, failed: farm.desk.add(address, "reconstruction", "r", then, failed))
        job = farm.heard(job.id)
        assert job.server == scripted.url.replace("http://", "http://ann@")
        farm.desk.refresh([job.id])
        farm.qtbot.waitUntil(lambda: len(scripted.asked) >= 2)
    assert {asked.headers["Authorization"] for asked in scripted.asked} == {"Basic YW5uOnMzY3JldE9mQW5u"}
    assert b"s3cretOfAnn" not in Places.find().database.read_bytes()


def test_a_pasted_url_finds_the_connection_that_knows_how_to_log_in(
    qtbot: QtBot, job_server: Jobs, scripted: ScriptedJobs, tmp_path: Path
) -> None:
    """The link has a token in its query, which a saved connection's files are asked for with, and nobody else sees."""
    query = f"file=t.csv&token={SIGNATURE}"
    scripted.say("/check_download_status?job_id=e", {"status": "COMPLETED", "download_url": f"/download_file?{query}"})
    scripted.say(f"/download_file?{query}", b"a,b\n", kind="text/csv")
    pasted = f"{scripted.url}/check_download_status?job_id=e"
    with run_of_the_program(qtbot, job_server) as farm:
        connection, _ = parse_connection("farm", f"{scripted.url}/")
        connections = farm.services.connections
        farm.answer(lambda then, failed: connections.save(connection, None, then, failed))
        farm.services.sites.remember_password("farm", "letmein-0123456789")
        assert farm.desk.recognise(pasted) == (("export", "farm"),)
        job: Job = farm.answer(lambda then, failed: farm.desk.add("", "export", pasted, then, failed))
        assert farm.heard(job.id).server == "farm"
        assert only(farm.fetch(job.id, tmp_path / "here")).path.read_bytes() == b"a,b\n"
        assert {asked.headers["Authorization"] for asked in scripted.asked} == {"Bearer letmein-0123456789"}
        farm.answer(lambda then, failed: connections.remove("farm", then, failed))
        farm.desk.refresh([job.id])
        job = farm.until(job.id, lambda one: one.trouble is not None)
        assert job.trouble is not None
        assert job.trouble["kind"] == "not-found"
        assert farm.desk.error(job.id) is not None
    written = b"".join(path.read_bytes() for path in Places.find().database.parent.rglob("*") if path.is_file())
    assert SIGNATURE.encode() not in written


def test_a_fourth_kind_is_followed_and_fetched_like_any_other(
    qtbot: QtBot, job_server: Jobs, scripted: ScriptedJobs, tmp_path: Path
) -> None:
    scripted.say("/sims/s-1", {"phase": "running"})
    with run_of_the_program(qtbot, job_server) as farm:
        assert ("simulation", scripted.url) in farm.desk.recognise(f"{scripted.url}/sims/s-1")
        assert "simulation" in [kind.name for kind in farm.desk.kinds]
        job: Job = farm.answer(
            lambda then, failed: farm.desk.add("", "simulation", f"{scripted.url}/sims/s-1", then, failed)
        )
        assert farm.heard(job.id).state is JobState.RUNNING
        scripted.say("/sims/s-1", {"phase": "finished"})
        scripted.say("/sims/s-1/cache", b"Ogawa", headers={"Content-Disposition": "attachment; filename=fx.abc"})
        assert farm.look_again(job.id, 5.0).state is JobState.DONE
        assert only(farm.fetch(job.id, tmp_path / "here")).path.read_bytes() == b"Ogawa"
    assert (tmp_path / "here" / "fx.abc").is_file()


def fetched(qtbot: QtBot, job_server: Jobs, tmp_path: Path) -> Job:
    """Return a job whose results are unpacked."""
    with run_of_the_program(qtbot, job_server) as farm:
        job = farm.add("reconstruction", "rec-done")
        return farm.fetch(job.id, tmp_path / "here")
