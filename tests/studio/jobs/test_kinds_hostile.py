"""What no job server should say, and some do: whatever it is, a look is an answer or an error in words."""

import json
import math
from itertools import product

import pytest

from desktop.cli.answer import stamp
from desktop.core.errors import NotTheFile, ShotDockError
from desktop.core.job import JobState, Report
from desktop.studio.jobs import kinds, open_web
from desktop.studio.jobs.kind import KINDS
from tests.servers.scripted_jobs import BASE, ScriptedJobs

assert kinds

HUGE = "9" * 400
FAR = "9" * 5000
STATUS = {
    "scene": "/api/session/x",
    "export": "/check_download_status?job_id=x",
    "reconstruction": "/jobs/x",
}
ODD = [
    "",
    "null",
    "[]",
    "7",
    '"done"',
    "{",
    "{}",
    "[" * 100_000,
    '{"detail":' * 900 + '"x"' + "}" * 900,
    '{"a":' * 100_000 + "1" + "}" * 100_000,
    "<html>Bad gateway</html>",
    "\ufeff{}",
    '{"detail": {"code": 7, "message": ["x"]}}',
    '{"detail": {"code": "JOB_RUNNING", "message": "\\ud800\\u202e", "progress": -4}}',
    '{"detail": [{"msg": 1}, null, []], "missing": {"a": 1, "b": [2, "c"]}}',
    *(
        f'{{"status": "RUNNING", "progress": {told}}}'
        for told in ("null", '"45%"', "0.45", "1e309", "NaN", "-Infinity", HUGE, FAR, '"NaN"', '"1e400"', "{}", "[1]")
    ),
    *(
        f'{{"state": "done", "status": "completed", "{key}": {told}, "download_url": "/download_file?file=x.csv"}}'
        for key in ("expires_at", "expires_in")
        for told in (
            "null",
            "1e300",
            "1e309",
            "-1e300",
            "NaN",
            HUGE,
            '"0001-01-01"',
            '"9999-12-31T23:59:59-23:59"',
            "{}",
        )
    ),
    *(
        json.dumps({"status": "completed", "download_urls": links, "download_available": there, "download_url": link})
        for links, there, link in (
            (None, None, None),
            ([], {"blend": "yes", "render": 1}, {}),
            ({"blend": 7, "scripts": "file:///etc/passwd", "render": "http://[::1"}, {}, "http://h:99999999/x"),
            ({"blend": "http://a b/x", "scripts": "//", "render": "http://\u2100/x"}, {}, "http://%00/x"),
            ({"blend": "x" * 100_000, "scripts": "\ud800", "render": "?#"}, {}, "\ud800"),
            ({"blend": "ftp://h/x", "scripts": "http://u:p@h/x", "render": "http://h:0/x"}, {}, "http://h:0/x"),
        )
    ),
]


def look(server: ScriptedJobs, kind: str) -> Report:
    with open_web(server.site, BASE) as web:
        return KINDS[kind].look(web, "x", None)


@pytest.mark.parametrize("kind", STATUS)
def test_whatever_a_server_says_it_is_an_answer_or_an_error(scripted: ScriptedJobs, kind: str) -> None:
    scripted.say("*", {"detail": "Not Found"}, 404)
    with open_web(scripted.site, BASE) as web:
        for status, type_, body in product(
            (200, 202, 404, 409, 410, 418, 500, 503), ("application/json", "text/plain"), ODD
        ):
            scripted.say(STATUS[kind], body.encode("utf-8", "surrogatepass"), status, type_)
            case = f"{status} {type_} {body[:90]}"
            try:
                report = KINDS[kind].look(web, "x", None)
            except ShotDockError as error:
                assert error.title, case
                continue
            assert isinstance(report.state, JobState)
            assert report.progress is None or 0 <= report.progress <= 100, case
            assert report.expires is None or math.isfinite(report.expires), case
            assert report.message.isprintable(), case
            stamp(report.expires)


@pytest.mark.parametrize("told", ["1" * 5000, "9" * 30, "-1", "x", "\u0661"])
def test_a_size_that_nothing_has_is_none(scripted: ScriptedJobs, told: str) -> None:
    scripted.say("/jobs/x", {"state": "done"})
    header = told.encode("utf-8").decode("latin-1")
    scripted.say("/jobs/x/download", b"", 206, "application/zip", {"Content-Range": f"bytes 0-0/{header}"})
    (results,) = look(scripted, "reconstruction").artifacts
    assert (results.available, results.bytes) == (True, None)


@pytest.mark.parametrize("charset", ["hex", "undefined", "idna", "x" * 300, "a\0b", ""])
def test_a_name_in_a_charset_that_is_none(scripted: ScriptedJobs, charset: str) -> None:
    scripted.say("/jobs/x", {"state": "done"})
    headers = {"Content-Disposition": f"attachment; filename*={charset}''a%FF.zip; filename=b.zip"}
    scripted.say("/jobs/x/download", b"PK", headers=headers, kind="application/zip")
    (results,) = look(scripted, "reconstruction").artifacts
    assert results.file_name in ("b.zip", "a\xff.zip")


def test_a_web_page_is_no_artifact(scripted: ScriptedJobs) -> None:
    """A page for every address, as of a portal or an application in the browser: nothing of it is a result."""
    scripted.say("*", "<!doctype html><title>Welcome</title>", kind="text/html; charset=utf-8")
    for kind in STATUS:
        with pytest.raises(NotTheFile, match="does not answer as this API should"):
            look(scripted, kind)
    scripted.say("/jobs/x", {"state": "done"})
    with pytest.raises(NotTheFile, match="does not answer as this API should"):
        look(scripted, "reconstruction")


def test_a_link_that_is_null_is_no_offer(scripted: ScriptedJobs) -> None:
    scripted.say(
        "/api/session/x", {"status": "running", "download_urls": {"blend": None, "scripts": "/api/download/x/scripts"}}
    )
    scripted.say("/api/download/x/scripts", b"pass", kind="text/x-python")
    report = look(scripted, "scene")
    assert [one.name for one in report.artifacts if one.available] == ["scripts"]
    assert report.message == ""


@pytest.mark.parametrize("kind", STATUS)
@pytest.mark.parametrize("text", [".", "..", "\udc80", "a\u202eb", "a\x85b", "../..", "a/b", "", " ", "x" * 201])
def test_an_id_that_would_lead_elsewhere_is_none(kind: str, text: str) -> None:
    assert KINDS[kind].parse(text) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://host/base/jobs/x",
        "HTTP://HOST/base/jobs/x/",
        "http://host/base/jobs/x?token=1",
        "http://host/base/jobs/x/?token=1#top",
        "http://host/base/jobs/x/download",
        "http://host/base/jobs/x/download/?a=b",
        " http://host/base/jobs/x\n",
        "http://me:secret@host/base/jobs/%78",
    ],
)
def test_every_spelling_of_a_url(url: str) -> None:
    there = KINDS["reconstruction"].parse(url)
    assert there is not None
    assert (there.remote_id, there.base) == ("x", "http://host/base")


@pytest.mark.parametrize(
    "url",
    [
        "http://host/jobs/..",
        "http://host/jobs/%2e%2e",
        "http://host/jobs/a%2Fb",
        "http://host/jobs/",
        "http://[::1/jobs/x",
    ],
)
def test_a_url_of_no_job(url: str) -> None:
    assert KINDS["reconstruction"].parse(url) is None


def test_an_exports_url_in_every_spelling() -> None:
    for tail in ("?job_id=x", "/?job_id=x", "?a=b&job_id=x&c=d", "?job_id=x#y"):
        there = KINDS["export"].parse(f"http://host/base/check_download_status{tail}")
        assert there is not None, tail
        assert (there.remote_id, there.base) == ("x", "http://host/base"), tail


@pytest.mark.parametrize("kind", STATUS)
def test_of_an_answer_without_an_end_little_is_read(scripted: ScriptedJobs, kind: str) -> None:
    scripted.say("*", b'{"status": "RUNNING", "message": "' + b"x" * (8 << 20))
    with pytest.raises(NotTheFile, match="longer than 4,194,304 bytes"):
        look(scripted, kind)
