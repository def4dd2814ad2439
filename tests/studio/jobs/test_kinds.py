"""Each state of each kind of job: the demo studio's real server, and a scripted one for what that never says."""

from dataclasses import replace

import pytest

from desktop.core.connection import Address
from desktop.core.errors import (
    NotFound,
    NotTheFile,
    ServerBusy,
    ShotDockError,
    Truncated,
    UsageError,
)
from desktop.core.job import JobState, Report
from desktop.demo.content import DAY
from desktop.demo.jobs.jobs import BASE as DEMO_BASE
from desktop.demo.jobs.jobs import Jobs
from desktop.demo.listener import HOST
from desktop.studio.jobs import kinds, open_web
from desktop.studio.jobs.kind import KINDS
from desktop.transfer.ports import Login, Site
from tests.servers.scripted_jobs import BASE, ScriptedJobs

assert kinds

S = JobState
HALF: dict[str, object] = {"code": "INCOMPLETE_RESULTS", "message": "Half"}


def look(server: Jobs | ScriptedJobs, kind: str, remote_id: str, before: Report | None = None) -> Report:
    if isinstance(server, ScriptedJobs):
        site, base = server.site, BASE
    else:
        site, base = Site(Address("http", HOST, server.api.port), Login(token=server.token)), DEMO_BASE
    with open_web(site, base) as web:
        return KINDS[kind].look(web, remote_id, before)


def offered(report: Report) -> dict[str, tuple[str, int | None]]:
    """Return the artifacts that can be fetched: name -> (file name, bytes)."""
    return {one.name: (one.file_name, one.bytes) for one in report.artifacts if one.available}


# --- scene sessions


def test_a_session_offers_what_is_there_whatever_its_status(job_server: Jobs) -> None:
    assert look(job_server, "scene", "scene-finished").state is S.DONE
    growing = look(job_server, "scene", "scene-growing")
    assert (growing.state, offered(growing)) == (S.RUNNING, {})
    job_server.clock.advance(7)
    growing = look(job_server, "scene", "scene-growing", growing)
    assert growing.state is S.RUNNING
    assert list(offered(growing)) == ["blend", "scripts"]
    failed = look(job_server, "scene", "scene-failed")
    assert failed.state is S.FAILED
    assert list(offered(failed)) == ["blend", "scripts"]
    assert [one.name for one in failed.artifacts] == ["blend", "scripts", "render"]


def test_the_files_keep_the_servers_names_where_these_are_safe(job_server: Jobs) -> None:
    names = {name: told for name, (told, _) in offered(look(job_server, "scene", "scene-many")).items()}
    assert names == {
        "blend": "Schlüsselszene – final (2).blend",
        "scripts": "scripts.zip",
        "render": "renders.zip",
    }
    assert offered(look(job_server, "scene", "scene-unsafe")) == {"blend": ("scene-unsafe_blend.blend", 200_060)}


def test_known_urls_serve_when_the_status_fails(job_server: Jobs) -> None:
    report = look(job_server, "scene", "scene-broken")
    assert report.state is S.DONE, "all of it is there"
    assert len(offered(report)) == 3
    assert "status cannot be had" in report.message


def test_both_kinds_of_nothing_are_told_apart(job_server: Jobs) -> None:
    unknown = look(job_server, "scene", "scene-nobody-made")
    assert (unknown.state, unknown.message) == (S.NOT_FOUND, "Session not found")
    empty = look(job_server, "scene", "scene-empty")
    assert (empty.state, empty.message, offered(empty)) == (S.DONE, "Session files not found", {})


def test_files_that_are_gone_in_spite_of_the_status(scripted: ScriptedJobs) -> None:
    scripted.say("/api/session/s", {"status": "completed", "download_available": {"blend": True}})
    scripted.say("/api/download/s/blend", {"detail": "Session files not found"}, 404)
    report = look(scripted, "scene", "s")
    assert (report.state, report.message, offered(report)) == (S.DONE, "Session files not found", {})


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (500, "Internal Server Error", "text/plain"),
        (502, "<html><h1>Bad gateway</h1></html>", "text/html"),
        (200, "<html>Sign in</html>", "text/html"),
        (404, {"detail": "Not Found"}, "application/json"),
        (503, "", "text/plain"),
    ],
)
def test_however_the_status_fails_the_known_urls_are_tried(
    scripted: ScriptedJobs, status: int, body: object, kind: str
) -> None:
    scripted.say("/api/session/s", body, status, kind)
    scripted.say("/api/download/s/render", b"PNG", headers={"Content-Disposition": "attachment"}, kind="image/png")
    report = look(scripted, "scene", "s", Report(S.RUNNING))
    assert (report.state, offered(report)) == (S.RUNNING, {"render": ("s_render.png", 3)})


def test_a_status_that_fails_with_nothing_behind_it_is_trouble(scripted: ScriptedJobs) -> None:
    scripted.say("*", "oops", 500, "text/plain")
    with pytest.raises(Truncated, match="fault of its own"):
        look(scripted, "scene", "s")
    scripted.say("*", "gone", 404, "text/plain")
    assert look(scripted, "scene", "s").state is S.NOT_FOUND


@pytest.mark.parametrize(
    ("told", "where"),
    [
        ("/api/download/s/blend", "/api/download/s/blend"),
        (f"{BASE}/api/download/s/blend", "/api/download/s/blend"),
        ("files/s.blend", "/files/s.blend"),
        ("/elsewhere/s.blend", "http://{origin}/elsewhere/s.blend"),
        ("https://cdn.example/a%20b/s.blend?sig=1", "https://cdn.example/a%20b/s.blend?sig=1"),
        ("https://cdn.example/a b/s.blend", "https://cdn.example/a%20b/s.blend"),
        ("//cdn.example/s.blend", "http://cdn.example/s.blend"),
        ("javascript:alert(1)", "/api/download/s/blend"),
        ("https://ann:pw@cdn.example/s.blend", "/api/download/s/blend"),
        ("file:///etc/passwd", "/api/download/s/blend"),
        (17, "/api/download/s/blend"),
    ],
)
def test_where_links_lead(scripted: ScriptedJobs, told: object, where: str) -> None:
    available = {"download_urls": {"blend": told}, "download_available": {"blend": True}}
    scripted.say("/api/session/s", {"status": "done", **available})
    blend = look(scripted, "scene", "s").artifacts[0]
    assert blend.path == where.format(origin=f"{HOST}:{scripted.api.port}")
    if "cdn.example" in where:
        assert (blend.available, blend.file_name) == (True, "s.blend")


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('attachment; filename="shot.blend"', "shot.blend"),
        ("attachment; filename=shot.blend", "shot.blend"),
        ("inline; FileName = 'shot'.blend", "'shot'.blend"),
        ('attachment; filename="a \\"b\\".blend"', "s_blend.blend"),
        ("attachment; filename=x.blend; filename*=UTF-8''m%C3%BCll.blend", "müll.blend"),
        ("attachment; filename*=no-such'en'%41.blend; filename=x.blend", "x.blend"),
        ('attachment; filename="..\\\\..\\\\x.blend"', "s_blend.blend"),
        ('attachment; filename="/etc/passwd"', "s_blend.blend"),
        ('attachment; filename=".bashrc"', "s_blend.blend"),
        ('attachment; filename="con.blend"', "s_blend.blend"),
        ('attachment; filename="a:b.blend"', "s_blend.blend"),
        (f'attachment; filename="{"x" * 300}.blend"', "s_blend.blend"),
        ("attachment", "s_blend.blend"),
        ("", "s_blend.blend"),
    ],
)
def test_what_a_file_is_called(scripted: ScriptedJobs, header: str, name: str) -> None:
    scripted.say("/api/session/s", {"status": "done", "download_available": {"blend": True}})
    scripted.say("/api/download/s/blend", b"BLENDER", headers={"Content-Disposition": header})
    assert look(scripted, "scene", "s").artifacts[0].file_name == name


def test_two_artifacts_called_alike_are_told_apart(scripted: ScriptedJobs) -> None:
    scripted.say("/api/session/s", {"status": "done", "download_available": {"scripts": True, "render": True}})
    for name in ("scripts", "render"):
        scripted.say(f"/api/download/s/{name}", b"PK", headers={"Content-Disposition": "attachment; filename=Out.zip"})
    names = [one.file_name for one in look(scripted, "scene", "s").artifacts if one.available]
    assert names == ["Out.zip", "s_render.zip"]


def test_sizes_are_asked_for_once(scripted: ScriptedJobs) -> None:
    scripted.say("/api/session/s", {"status": "running", "download_available": {"blend": True}})
    scripted.say("/api/download/s/blend", b"BLENDER")
    first = look(scripted, "scene", "s")
    asked = len(scripted.asked)
    assert look(scripted, "scene", "s", first) == first
    assert len(scripted.asked) == asked + 1


def test_of_a_file_no_more_than_its_head_is_read(scripted: ScriptedJobs) -> None:
    """A server without ranges begins to send everything; nobody waits for that."""
    scripted.say("/api/session/s", {"status": "done", "download_available": {"blend": True}})
    scripted.say("/api/download/s/blend", bytes(50_000_000))
    scripted.answers["/api/download/s/blend"] = replace(scripted.answers["/api/download/s/blend"], ranges=False)
    assert offered(look(scripted, "scene", "s")) == {"blend": ("s_blend.blend", 50_000_000)}


# --- table exports


def test_an_export_runs_and_ends(job_server: Jobs) -> None:
    kind = KINDS["export"]
    with open_web(Site(Address("http", HOST, job_server.api.port), Login(token=job_server.token)), DEMO_BASE) as web:
        name = kind.start(web, {"rows": 50, "format": "tsv"})
        with pytest.raises(UsageError, match="does not accept"):
            kind.start(web, {"rows": 5000, "format": "tsv"})
    running = look(job_server, "export", name)
    assert (running.state, running.progress, running.message) == (S.RUNNING, 0.0, "Row 0 of 50")
    job_server.clock.advance(2)
    done = look(job_server, "export", name)
    assert (done.state, done.progress) == (S.DONE, 100.0)
    assert offered(done) == {"table": (f"{name}.tsv", done.artifacts[0].bytes)}


def test_an_export_that_fails_says_why(job_server: Jobs) -> None:
    job_server.exports.fail_next("The database is asleep.")
    with open_web(Site(Address("http", HOST, job_server.api.port), Login(token=job_server.token)), DEMO_BASE) as web:
        name = KINDS["export"].start(web, {"rows": 50, "format": "csv"})
    job_server.clock.advance(2)
    report = look(job_server, "export", name)
    assert (report.state, report.message) == (S.FAILED, "The database is asleep.")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, {"detail": "Job not found"}),
        (200, {"status": "ERROR", "message": "Job not found"}),
        (200, {"error": "Job not found"}),
        (200, {"status": "NOT_FOUND"}),
        (404, {"detail": {"code": "UNKNOWN", "message": "Job not found"}}),
    ],
)
def test_however_it_is_said_an_unknown_export_is_not_found(scripted: ScriptedJobs, status: int, body: object) -> None:
    scripted.say("/check_download_status?job_id=e", body, status)
    report = look(scripted, "export", "e")
    assert (report.state, report.message) == (S.NOT_FOUND, "Job not found")


def test_a_wrong_address_is_no_unknown_export(scripted: ScriptedJobs) -> None:
    with pytest.raises(NotFound):
        look(scripted, "export", "e")


def test_a_table_that_was_removed_has_expired(scripted: ScriptedJobs) -> None:
    scripted.say(
        "/check_download_status?job_id=e", {"status": "COMPLETED", "download_url": "/download_file?file=e.csv"}
    )
    scripted.say("/download_file?file=e.csv", {"detail": "File not found"}, 404)
    report = look(scripted, "export", "e")
    assert (report.state, report.message, offered(report)) == (S.EXPIRED, "File not found", {})


def test_an_export_without_a_link_has_nothing_to_fetch(scripted: ScriptedJobs) -> None:
    scripted.say("/check_download_status?job_id=e", {"status": "COMPLETED", "download_url": None})
    report = look(scripted, "export", "e")
    assert (report.state, offered(report)) == (S.DONE, {})
    assert "no link" in report.message


def test_the_name_in_the_link_serves_where_the_server_tells_none(scripted: ScriptedJobs) -> None:
    scripted.say(
        "/check_download_status?job_id=e", {"status": "COMPLETED", "download_url": "/download_file?file=shots.tsv"}
    )
    scripted.say("/download_file?file=shots.tsv", b"a\tb\n")
    assert offered(look(scripted, "export", "e")) == {"table": ("shots.tsv", 4)}


def test_a_start_that_tells_no_id_is_no_start(scripted: ScriptedJobs) -> None:
    with open_web(scripted.site, BASE) as web:
        scripted.say("/start", {"ok": True})
        with pytest.raises(NotTheFile, match="which job"):
            KINDS["export"].start(web, {"rows": 1, "format": "csv"})
        scripted.say("/start", {"job_id": 17})
        assert KINDS["export"].start(web, {"rows": 1, "format": "csv"}) == "17"


# --- reconstructions


@pytest.mark.parametrize(
    ("remote_id", "state", "words"),
    [
        ("rec-done", S.DONE, "ready"),
        ("rec-running", S.RUNNING, "Optimising"),
        ("rec-failed", S.FAILED, "too few of the pictures match"),
        ("rec-incomplete", S.INCOMPLETE, "Some results are missing."),
        ("rec-expired", S.EXPIRED, "removed"),
        ("rec-nobody-made", S.NOT_FOUND, "There is no job"),
    ],
)
def test_every_state_of_a_reconstruction(job_server: Jobs, remote_id: str, state: JobState, words: str) -> None:
    report = look(job_server, "reconstruction", remote_id)
    assert report.state is state
    assert words in report.message
    assert bool(offered(report)) is (state is S.DONE)
    assert bool(report.missing) is (state is S.INCOMPLETE)


def test_results_expire(job_server: Jobs) -> None:
    report = look(job_server, "reconstruction", "rec-done")
    assert offered(report)["results"][0] == "rec-done.zip"
    assert report.expires is not None
    job_server.clock.advance(8 * DAY)
    assert look(job_server, "reconstruction", "rec-done", report).state is S.EXPIRED


def test_without_words_the_status_alone_counts(job_server: Jobs) -> None:
    job_server.reconstructions.unstructured = True
    assert look(job_server, "reconstruction", "rec-done").state is S.DONE
    assert look(job_server, "reconstruction", "rec-failed").state is S.FAILED
    unknown = look(job_server, "reconstruction", "rec-nobody-made")
    assert (unknown.state, unknown.message) == (S.NOT_FOUND, "The server never had a job of this id.")


@pytest.mark.parametrize(
    ("status", "detail", "state", "progress", "missing"),
    [
        (404, {"code": "JOB_NOT_FOUND", "message": "No such job"}, S.NOT_FOUND, None, ()),
        (409, {"code": "JOB_RUNNING", "message": "Still at it", "progress": 42}, S.RUNNING, 42.0, ()),
        (409, {"code": "JOB_RUNNING", "message": "Still at it", "progress": 0.42}, S.RUNNING, 42.0, ()),
        (409, "Still at it", S.RUNNING, None, ()),
        (410, {"code": "EXPIRED", "message": "Removed"}, S.EXPIRED, None, ()),
        (500, {"code": "JOB_FAILED", "message": "Out of memory"}, S.FAILED, None, ()),
        (500, HALF | {"missing": ["a/mesh.glb"]}, S.INCOMPLETE, None, ("a/mesh.glb",)),
        (500, HALF | {"missing_items": {"a": ["m.glb", "q"]}}, S.INCOMPLETE, None, ("a/m.glb", "a/q")),
        (500, HALF | {"details": {"missing": "x"}}, S.INCOMPLETE, None, ("x",)),
    ],
)
def test_the_download_route_says_why_there_is_nothing(
    scripted: ScriptedJobs,
    status: int,
    detail: object,
    state: JobState,
    progress: float | None,
    missing: tuple[str, ...],
) -> None:
    """Both routes give the same answer, and so does the download route where there is no other."""
    scripted.say("/jobs/r/download", {"detail": detail}, status)
    alone = look(scripted, "reconstruction", "r")
    scripted.say("/jobs/r", {"detail": detail}, status)
    both = look(scripted, "reconstruction", "r")
    for report in (alone, both):
        assert (report.state, report.progress, report.missing) == (state, progress, missing)
        assert report.message
    scripted.say("/jobs/r", {"state": "done", "progress": 100})
    assert look(scripted, "reconstruction", "r").state is state, "what can be fetched counts, not what is said of it"


def test_a_result_lying_with_another_server_can_be_fetched(scripted: ScriptedJobs) -> None:
    scripted.say("/jobs/r", {"state": "SUCCEEDED"})
    scripted.say("/jobs/r/download", b"", 302, headers={"Location": "https://cdn.example/r.zip?X-Amz-Signature=abc"})
    report = look(scripted, "reconstruction", "r")
    assert (report.state, offered(report)) == (S.DONE, {"results": ("r_results.zip", None)})


@pytest.mark.parametrize(("status", "error"), [(503, ServerBusy), (500, Truncated), (418, ShotDockError)])
def test_a_passing_fault_of_the_download_route_is_no_end(
    scripted: ScriptedJobs, status: int, error: type[ShotDockError]
) -> None:
    scripted.say("/jobs/r", {"state": "done"})
    scripted.say("/jobs/r/download", "oops", status, "text/plain")
    with pytest.raises(error):
        look(scripted, "reconstruction", "r")


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("queued", S.RUNNING),
        ("In-Progress", S.RUNNING),
        ("warming_up", S.RUNNING),
        ("CANCELLED", S.FAILED),
        ("expired", S.EXPIRED),
    ],
)
def test_servers_have_many_words(scripted: ScriptedJobs, word: str, state: JobState) -> None:
    scripted.say("/jobs/r", {"state": word})
    scripted.say("/jobs/r/download", {"detail": {"code": "JOB_FAILED", "message": "no"}}, 500)
    report = look(scripted, "reconstruction", "r")
    assert report.state is state
    assert report.message or word != "warming_up"
