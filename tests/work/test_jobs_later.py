"""A job's results wait for their time, whoever asked for them; what will be gone by then is refused in words."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pytestqt.qtbot import QtBot

from desktop.core.errors import ShotDockError
from desktop.core.job import Outcome
from desktop.core.schedule import After, Priority, Turn
from desktop.core.task import Task, TaskState
from desktop.demo.jobs.jobs import Jobs
from desktop.logs import LogRing
from desktop.places import Places
from desktop.work.services import start_services
from tests.servers.scripted_jobs import ScriptedJobs
from tests.work.farm import Farm, HandClock, only
from tests.work.life import Clock

HOUR = 3600.0


@contextmanager
def evening(qtbot: QtBot, job_server: Jobs, clock: Clock, stays: bool = True) -> Iterator[Farm]:
    """Start the services as the window does, or as a command does, under a clock that stands still."""
    asked = HandClock()
    services = start_services(Places.find(), LogRing(), serving=stays, now=clock, clock=asked)
    try:
        services.sites.remember_password(services.sites.server(job_server.url).site, job_server.token)
        yield Farm(qtbot, services, asked, job_server)
    finally:
        services.shutdown()


def postpone(farm: Farm, job_id: int, folder: Path, turn: Turn) -> Task:
    """Plan and submit all that the job has."""
    plan = farm.plan(job_id, folder)
    task: Task = farm.answer(lambda then, _failed: farm.desk.submit(job_id, plan, then, turn=turn))
    return task


def test_results_come_at_their_time_and_are_unpacked(qtbot: QtBot, job_server: Jobs, tmp_path: Path) -> None:
    clock = Clock()
    with evening(qtbot, job_server, clock) as farm:
        job = farm.add("reconstruction", "rec-done")
        turn = Turn(Priority.LOW, not_before=clock.now + HOUR, after=After.NOTIFY)
        task = postpone(farm, job.id, tmp_path / "here", turn)
        assert (task.state, task.turn.due(clock.now)) == (TaskState.WAITING, clock.now + HOUR)
        farm.until(job.id, lambda one: only(one).outcome is Outcome.UNDER_WAY)
        assert not (tmp_path / "here").exists()
        clock.now += HOUR
        farm.services.tasks.look()
        assert only(farm.landed(job.id)).outcome is Outcome.UNPACKED
        (done,) = farm.tasks()
        assert (done.turn.priority, done.turn.after) == (Priority.LOW, After.NOTIFY)


def test_what_a_command_asked_for_is_carried_and_unpacked_by_the_window(
    qtbot: QtBot, job_server: Jobs, tmp_path: Path
) -> None:
    clock = Clock()
    with evening(qtbot, job_server, clock) as window:
        known = window.add("scene", "scene-finished")
        window.load()
        with evening(qtbot, job_server, clock, stays=False) as command:
            for kind, name in (("reconstruction", "rec-done"), ("scene", "scene-finished")):
                job = command.add(kind, name)
                postpone(command, job.id, tmp_path / name, Turn(not_before=clock.now + HOUR))
        clock.now += HOUR
        window.services.tasks.look()
        qtbot.waitUntil(lambda: len(window.desk.all()) == 2, timeout=20_000)
        fresh = next(one for one in window.desk.all() if one.id != known.id)
        assert only(window.landed(fresh.id)).outcome is Outcome.UNPACKED
        scene = window.landed(known.id)
        assert {one.outcome for one in scene.downloads} == {Outcome.HERE}
        assert len(scene.downloads) == 3


def refused(farm: Farm, job_id: int, folder: Path, turn: Turn) -> ShotDockError:
    plan = farm.plan(job_id, folder)
    with farm.qtbot.waitSignal(farm.services.tasks.refused, timeout=20_000) as heard:
        farm.desk.submit(job_id, plan, turn=turn)
    error: ShotDockError = heard.args[0]
    return error


def test_what_the_server_will_have_removed_is_refused(qtbot: QtBot, job_server: Jobs, tmp_path: Path) -> None:
    clock = Clock()
    with evening(qtbot, job_server, clock) as farm:
        job = farm.add("reconstruction", "rec-done")
        assert job.expires is not None
        error = refused(farm, job.id, tmp_path, Turn(not_before=job.expires + HOUR))
        assert error.title.startswith("The server keeps the results of rec-done until")
        assert farm.tasks() == () and farm.job(job.id).downloads == ()


def test_a_signed_link_is_not_kept_for_later(
    qtbot: QtBot, job_server: Jobs, scripted: ScriptedJobs, tmp_path: Path
) -> None:
    link = f"{scripted.url}/bucket/t.csv?X-Amz-Signature=0123456789abcdef"
    scripted.say("/check_download_status?job_id=e", {"status": "COMPLETED", "download_url": link})
    scripted.say("/bucket/t.csv?X-Amz-Signature=0123456789abcdef", b"a,b\n", kind="text/csv")
    clock = Clock()
    with evening(qtbot, job_server, clock) as farm:
        job = farm.answer(lambda then, failed: farm.desk.add(scripted.url, "export", "e", then, failed))
        farm.heard(job.id)
        error = refused(farm, job.id, tmp_path, Turn(not_before=clock.now + HOUR))
        assert (error.title, "0123456789" in str(error)) == ("Table of e cannot wait.", False)
        assert only(farm.fetch(job.id, tmp_path)).outcome is Outcome.HERE, "now it can be had"
