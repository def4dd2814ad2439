"""Jobs followed and fetched, against the demo studio's real server."""

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop.core.errors import IncompleteResultsError, NotFound, StillUploading, UsageError
from desktop.core.job import JobState, Light, Outcome
from desktop.core.plan import Action
from desktop.demo.jobs.jobs import Jobs
from tests.work.farm import Farm, only, run_of_the_program


@pytest.fixture(params=[True, False], ids=["own thread", "calling thread"])
def farm(request: pytest.FixtureRequest, qtbot: QtBot, job_server: Jobs) -> Iterator[Farm]:
    with run_of_the_program(qtbot, job_server, request.param) as running:
        yield running


# --- followed


def test_an_export_is_started_and_followed_to_its_end(farm: Farm) -> None:
    job = farm.start(rows=100, format="tsv")
    assert (job.state, job.progress, job.message) == (JobState.RUNNING, 0.0, "Row 0 of 100")
    assert job.parameters == {"rows": 100, "format": "tsv"}
    farm.server.clock.advance(2)
    assert farm.look_again(job.id, 2.0).progress == 50.0
    farm.server.clock.advance(2)
    job = farm.look_again(job.id, 2.0)
    assert (job.state, job.progress) == (JobState.DONE, 100.0)
    (table,) = job.artifacts
    assert (table.available, table.file_name, table.site) == (True, f"{job.remote_id}.tsv", _origin(farm))
    assert job.next_look is None


def test_an_export_is_asked_after_every_two_seconds(farm: Farm) -> None:
    job = farm.start(rows=100)
    assert job.next_look == pytest.approx(farm.clock.date() + 2.0)
    before = farm.asked()
    farm.clock.advance(1.9)
    farm.qtbot.wait(0)
    assert farm.asked() == before
    farm.look_again(job.id, 0.2)
    assert farm.asked() == before + 1


def test_values_that_do_not_do_are_refused_before_anything_is_sent(farm: Farm) -> None:
    for values in ({"rows": 0}, {"rows": 1001}, {"rows": "many"}, {"rows": True}, {"format": "xls"}, {"depth": 3}):
        assert farm.desk.complaints("export", {"rows": 100, "format": "csv", **values})
        with pytest.raises(UsageError, match="cannot be started"):
            farm.start(**values)
    assert farm.asked() == 0
    assert farm.desk.complaints("export", {"rows": 1000, "format": "tsv"}) == {}
    assert farm.desk.complaints("export", {"rows": 0, "format": "csv"}) == {
        "rows": "Rows is a whole number from 1 to 1000, not 0."
    }


def test_a_job_is_added_once_by_its_id_or_its_url(farm: Farm) -> None:
    first = farm.add("scene", "scene-finished")
    again = farm.answer(
        lambda then, failed: farm.desk.add("", "scene", f"{farm.server.url}/api/session/scene-finished", then, failed)
    )
    assert again.id == first.id
    assert [job.id for job in farm.desk.all()] == [first.id]
    assert farm.desk.recognise(f"{farm.server.url}/jobs/rec-done/download") == (("reconstruction", farm.server.url),)
    assert len(farm.desk.recognise("some-id")) >= 3


@pytest.mark.parametrize(
    ("address", "kind", "text"),
    [
        ("", "scene", "a-bare-id"),
        ("http://127.0.0.1:1/work", "scene", "two words"),
        ("http://127.0.0.1:1/work", "export", "http://127.0.0.1:1/work/jobs/rec-done"),
        ("ftp://127.0.0.1/work", "scene", "scene-finished"),
        ("http://127.0.0.1:1/work", "poem", "p-1"),
    ],
)
def test_what_is_no_job_is_not_added(farm: Farm, address: str, kind: str, text: str) -> None:
    with pytest.raises(UsageError):
        farm.answer(lambda then, failed: farm.desk.add(address, kind, text, then, failed))
    assert farm.desk.all() == ()


def test_many_jobs_are_followed_at_once(farm: Farm) -> None:
    jobs = [farm.start(rows=100) for _ in range(12)]
    farm.server.clock.advance(10)
    farm.clock.advance(2.0)
    for job in jobs:
        farm.until(job.id, lambda one: one.state is JobState.DONE)


def test_a_removed_job_is_asked_after_no_more(farm: Farm) -> None:
    job = farm.start(rows=100)
    with farm.qtbot.waitSignal(farm.desk.removed) as heard:
        farm.desk.remove([job.id])
    assert heard.args == [(job.id,)]
    before = farm.asked()
    farm.clock.advance(60.0)
    other = farm.add("scene", "scene-finished")
    assert all(not seen.path.startswith("/work/check") for seen in farm.server.api.seen[before:])
    assert farm.desk.all() == (other,)


# --- when things go wrong


def test_a_server_that_is_away_is_waited_for(farm: Farm) -> None:
    job = farm.start(rows=100)
    farm.server.stop()
    job = farm.look_again(job.id, 2.0)
    assert (job.state, job.trouble is not None) == (JobState.RUNNING, True)
    pauses = []
    for _ in range(8):
        assert job.next_look is not None
        pauses.append(job.next_look - farm.clock.date())
        job = farm.look_again(job.id, pauses[-1] + 0.01)
    assert pauses[1] > pauses[0]
    assert max(pauses) <= 75.0, "a minute, and a quarter more so that not all knock at once"
    farm.server.start()
    farm.server.clock.advance(10)
    job = farm.look_again(job.id, 75.0)
    assert (job.state, job.trouble) == (JobState.DONE, None)


def test_a_busy_server_is_left_alone_for_as_long_as_it_asks(farm: Farm) -> None:
    jobs = [farm.start(rows=100), farm.start(rows=100)]
    farm.server.faults.fail_api(1, 503, retry_after=40)
    farm.clock.advance(2.0)
    for job in jobs:
        farm.until(job.id, lambda one: not one.looking and (one.next_look or 0) > farm.clock.date())
    asked = farm.asked()
    farm.clock.advance(39.0)
    farm.qtbot.wait(50)
    assert farm.asked() == asked, "the other job waits too"
    farm.clock.advance(2.0)
    farm.qtbot.waitUntil(lambda: farm.asked() >= asked + 2)


def test_a_wrong_token_is_not_tried_again_until_somebody_says_so(farm: Farm) -> None:
    site = farm.services.sites.server(farm.server.url).site
    farm.services.sites.remember_password(site, "wrong")
    job = farm.add("scene", "scene-growing")
    assert job.trouble is not None
    assert (job.trouble["kind"], job.next_look) == ("login-failed", None)
    asked = farm.asked()
    farm.clock.advance(3600.0)
    farm.qtbot.wait(50)
    assert farm.asked() == asked
    farm.services.sites.remember_password(site, farm.server.token)
    farm.desk.refresh([job.id])
    farm.until(job.id, lambda one: one.trouble is None and one.heard is not None)


# --- while somebody watches


def test_what_is_over_is_looked_at_only_while_somebody_watches(farm: Farm) -> None:
    job = farm.add("reconstruction", "rec-done")
    assert job.next_look is None
    farm.desk.watch()
    farm.until(job.id, lambda one: one.next_look is not None and not one.looking)
    farm.server.clock.advance(8 * 24 * 3600)
    job = farm.look_again(job.id, 60.0)
    assert (job.state, job.next_look) == (JobState.EXPIRED, None)
    other = farm.add("reconstruction", "rec-low-quality")
    assert other.next_look is not None
    farm.desk.unwatch()
    assert farm.look_again(other.id, 60.0).next_look is None


# --- fetched


def test_artifacts_are_fetched_by_name_and_keep_the_servers_names(farm: Farm, tmp_path: Path) -> None:
    job = farm.add("scene", "scene-many")
    plan = farm.plan(job.id, tmp_path / "here", "scripts", "blend")
    assert [file.target for _, file in plan.files()] == ["scripts.zip", "Schlüsselszene – final (2).blend"]
    assert [item.label for item in plan.items] == ["scene-many Scripts", "scene-many Scene"]
    assert not (tmp_path / "here").exists()
    job = farm.fetch(job.id, tmp_path / "here")
    assert {one.artifact: one.outcome for one in job.downloads} == dict.fromkeys(
        ("blend", "scripts", "render"), Outcome.HERE
    )
    for artifact in job.artifacts:
        assert (tmp_path / "here" / artifact.file_name).stat().st_size == artifact.bytes


def test_an_unsafe_name_is_replaced(farm: Farm, tmp_path: Path) -> None:
    job = farm.add("scene", "scene-unsafe")
    farm.fetch(job.id, tmp_path / "here")
    assert [path.name for path in (tmp_path / "here").iterdir()] == ["scene-unsafe_blend.blend"]


def test_what_is_not_there_is_said(farm: Farm, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="cannot be fetched"):
        farm.plan(farm.add("scene", "scene-failed").id, tmp_path, "render")
    with pytest.raises(UsageError, match="no artifact called 'poem'"):
        farm.plan(farm.add("scene", "scene-finished").id, tmp_path, "poem")
    with pytest.raises(NotFound, match="Session files not found"):
        farm.plan(farm.add("scene", "scene-empty").id, tmp_path)
    with pytest.raises(StillUploading, match="still runs"):
        farm.plan(farm.add("reconstruction", "rec-running").id, tmp_path)
    with pytest.raises(IncompleteResultsError) as told:
        farm.plan(farm.add("reconstruction", "rec-incomplete").id, tmp_path, "results")
    assert told.value.missing == ("nvdiffrec/mesh.glb or mesh.obj",)
    with pytest.raises(NotFound, match="removed"):
        farm.plan(farm.add("reconstruction", "rec-expired").id, tmp_path)


def test_the_conflict_strategy_of_the_request_counts(farm: Farm, tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    (here / "robot_walk.blend").write_bytes(b"mine")
    job = farm.add("scene", "scene-finished")
    plan = farm.plan(job.id, here, "blend")
    assert [file.action for _, file in plan.files()] == [Action.SKIP]
    job = farm.fetch(job.id, here, "blend")
    assert only(job).outcome is Outcome.HERE
    assert (here / "robot_walk.blend").read_bytes() == b"mine"


def test_a_transfer_that_fails_is_told_at_the_job(farm: Farm, tmp_path: Path) -> None:
    job = farm.add("scene", "scene-finished")
    plan = farm.plan(job.id, tmp_path / "here", "blend")
    (tmp_path / "here").write_bytes(b"a file where the folder should be")
    farm.answer(lambda then, _failed: farm.desk.submit(job.id, plan, then))
    download = only(farm.landed(job.id))
    assert download.outcome is Outcome.MISSED
    assert download.note


def test_a_followed_export_is_fetched_by_itself(farm: Farm, tmp_path: Path) -> None:
    job = farm.start(rows=120, format="csv")
    farm.desk.follow(job.id, tmp_path / "tables")
    farm.server.clock.advance(10)
    farm.look_again(job.id, 2.0)
    download = only(farm.landed(job.id))
    assert (download.outcome, download.path) == (Outcome.HERE, tmp_path / "tables" / f"{job.remote_id}.csv")
    table = farm.answer(lambda then, failed: farm.desk.preview(job.id, then, failed))
    rows = list(csv.reader(download.path.read_text("utf-8").splitlines()))
    assert (list(table.header), [list(row) for row in table.rows]) == (rows[0], rows[1:])
    assert not table.cut


def test_results_are_checked_unpacked_and_shown(farm: Farm, tmp_path: Path) -> None:
    job = farm.add("reconstruction", "rec-done")
    download = only(farm.fetch(job.id, tmp_path / "here"))
    assert (download.outcome, download.folder) == (Outcome.UNPACKED, tmp_path / "here" / "rec-done")
    models = farm.answer(lambda then, failed: farm.desk.results(job.id, then, failed))
    assert [(model.name, model.complete, len(model.previews)) for model in models] == [
        ("reconviagen", True, 12),
        ("nvdiffrec", True, 12),
    ]
    assert all(path.is_file() for model in models for path in model.files)
    scores = {measure.name: measure.light for measure in models[0].measures}
    assert (scores["metrics.overall_score"], scores["metrics.vertices"]) == (Light.GREEN, None)


def test_results_of_low_quality_are_held_until_somebody_wants_them(farm: Farm, tmp_path: Path) -> None:
    job = farm.add("reconstruction", "rec-low-quality")
    download = only(farm.fetch(job.id, tmp_path / "here"))
    assert (download.outcome, download.folder) == (Outcome.HELD, None)
    assert "overall_score is 0.34" in download.note
    assert [path.name for path in (tmp_path / "here").iterdir()] == ["rec-low-quality.zip"]
    models = farm.answer(lambda then, failed: farm.desk.results(job.id, then, failed))
    assert Light.RED in {measure.light for measure in models[0].measures}
    assert models[0].previews == ()
    farm.desk.unpack(job.id, "results", lambda error: pytest.fail(str(error)))
    job = farm.until(job.id, lambda one: only(one).outcome is Outcome.UNPACKED)
    assert (tmp_path / "here" / "rec-low-quality" / "nvdiffrec" / "mesh.glb").is_file()


def test_what_is_unpacked_anyway_keeps_the_folder_that_is_there(farm: Farm, tmp_path: Path) -> None:
    job = farm.add("reconstruction", "rec-low-quality")
    farm.fetch(job.id, tmp_path / "here")
    edited = tmp_path / "here" / "rec-low-quality" / "notes.txt"
    edited.parent.mkdir()
    edited.write_text("a day's work", "utf-8")
    farm.desk.unpack(job.id, "results", lambda error: pytest.fail(str(error)))
    download = only(farm.until(job.id, lambda one: only(one).outcome is Outcome.UNPACKED))
    assert edited.read_text("utf-8") == "a day's work"
    assert "already here" in download.note


def test_another_jobs_results_of_the_same_name_are_not_taken_for_this_ones(farm: Farm, tmp_path: Path) -> None:
    other, here = farm.add("reconstruction", "rec-low-quality"), tmp_path / "here"
    theirs = only(farm.fetch(other.id, here)).path.rename(here / "rec-done.zip")
    before = theirs.read_bytes()
    job = farm.add("reconstruction", "rec-done")
    download = only(farm.fetch(job.id, here))
    assert (download.outcome, download.folder) == (Outcome.MISSED, None)
    assert "is there already" in download.note
    assert "not the server's" in download.note
    assert [path.name for path in here.iterdir()] == ["rec-done.zip"]
    assert theirs.read_bytes() == before
    with pytest.raises(NotFound):
        farm.answer(lambda then, failed: farm.desk.results(job.id, then, failed))


def test_results_that_are_there_already_are_this_jobs(farm: Farm, tmp_path: Path) -> None:
    job = farm.add("reconstruction", "rec-done")
    first = only(farm.fetch(job.id, tmp_path / "here"))
    shutil.rmtree(tmp_path / "here" / "rec-done")
    again = farm.fetch(job.id, tmp_path / "here").downloads[-1]
    assert again.id != first.id
    assert (again.outcome, again.folder) == (Outcome.UNPACKED, tmp_path / "here" / "rec-done")
    assert (tmp_path / "here" / "rec-done").is_dir()


def test_the_quality_gate_follows_the_settings(farm: Farm, tmp_path: Path) -> None:
    farm.services.settings.update(quality=())
    job = farm.add("reconstruction", "rec-low-quality")
    assert only(farm.fetch(job.id, tmp_path / "here")).outcome is Outcome.UNPACKED


def test_what_is_no_zip_is_said_to_be_broken(farm: Farm, tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    job = farm.add("reconstruction", "rec-done")
    (here / "rec-done.zip").write_bytes(bytes(job.artifacts[0].bytes or 0))
    download = only(farm.fetch(job.id, here))
    assert download.outcome is Outcome.BROKEN
    assert download.note
    assert [path.name for path in here.iterdir()] == ["rec-done.zip"]


def test_where_a_jobs_artifacts_go(farm: Farm, tmp_path: Path) -> None:
    job = farm.add("scene", "scene-finished")
    folder = farm.desk.folder
    assert folder(job.id, tmp_path, "VEGA", "SH010") == tmp_path / "VEGA" / "SH010" / "results" / "scene-finished"
    assert folder(job.id, tmp_path) == tmp_path / "results" / "scene-finished"
    assert folder(job.id, tmp_path, "../..", "a/b") == tmp_path / ".._.%2E" / "a_b" / "results" / "scene-finished"
    farm.services.settings.update(results_folder="{kind}s/{job}_{shot}")
    assert folder(job.id, tmp_path) == tmp_path / "scenes" / "scene-finished_"
    for bad in ("../{job}", "/abs", "{nothing}", "{job", "~/x", "a\\b"):
        with pytest.raises(UsageError):
            farm.services.settings.update(results_folder=bad)


def test_an_output_folder_is_packed(farm: Farm, tmp_path: Path) -> None:
    output = farm.server.reconstructions.output("rec-done")
    target = tmp_path / "packed.zip"
    absent = farm.answer(lambda then, failed: farm.desk.pack(output, target, then, failed))
    assert absent == ()
    half = farm.server.reconstructions.output("rec-incomplete")
    with pytest.raises(IncompleteResultsError):
        farm.answer(lambda then, failed: farm.desk.pack(half, tmp_path / "half.zip", then, failed))
    assert not (tmp_path / "half.zip").exists()


def _origin(farm: Farm) -> str:
    return farm.services.sites.server(farm.server.url).site
