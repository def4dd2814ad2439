"""What every kind of job promises (`studio.jobs.kind.JobKind`), over the registry."""

import json
from collections.abc import Iterator
from itertools import product
from urllib.parse import unquote

import pytest

from desktop.core.errors import LoginFailed, NotAllowed, ServerBusy, ShotDockError, Unreachable, UsageError
from desktop.core.job import JobState, Report
from desktop.studio.jobs import kinds, open_web
from desktop.studio.jobs.kind import KINDS, JobKind, checked, complaints
from desktop.studio.web import Web
from tests.contracts import fourth_kind
from tests.servers.scripted_jobs import BASE, ScriptedJobs

assert kinds
assert fourth_kind

ID = "job-7"
STATUSES = (200, 202, 400, 404, 409, 410, 418, 422, 500, 502)
ODD = [
    b"",
    b"null",
    b"[]",
    b"[1, 2]",
    b'"done"',
    b"17",
    b"{}",
    b"{",
    b'{"status": null, "state": 3, "progress": "half", "download_url": 5, "download_urls": [1]}',
    b'{"status": "completed", "state": "done", "download_url": "javascript:alert(1)", "download_available": "yes"}',
    b'{"status": "completed", "state": "done", "download_url": "http://[bad", "download_urls": {"blend": {}}}',
    b'{"detail": {"code": 7, "message": {"a": {"b": {"c": {}}}}, "missing": {"x": 1}}}',
    b'{"progress": 1e999, "state": "running", "status": "RUNNING", "expires_at": "never"}',
    b"<html><body>Sign in</body></html>",
    b"\xff\xfe\x00",
    json.dumps({"message": "x" * 100_000 + "\x1b[31m", "status": "ERROR", "state": "failed"}).encode(),
]


@pytest.fixture(params=KINDS.names())
def kind(request: pytest.FixtureRequest) -> JobKind:
    return KINDS[request.param]


@pytest.fixture
def server() -> Iterator[ScriptedJobs]:
    opened = ScriptedJobs()
    yield opened
    opened.stop()


@pytest.fixture
def web(server: ScriptedJobs) -> Iterator[Web]:
    with open_web(server.site, BASE) as opened:
        yield opened


def look(kind: JobKind, server: ScriptedJobs, before: Report | None = None) -> Report:
    with open_web(server.site, BASE) as web:
        return kind.look(web, ID, before)


def test_a_bare_id_is_one_of_any_kind(kind: JobKind) -> None:
    for text in (ID, f"  {ID}\n", "7", "a.b:c@d", "Ünïcode"):
        there = kind.parse(text)
        assert there is not None
        assert (there.remote_id, there.base) == (text.strip(), "")


@pytest.mark.parametrize(
    "text", ["", "  ", "two words", "a/b", "../x", "ftp://host/jobs/1", "http://[::1", "x" * 300, "a\0b"]
)
def test_what_is_no_id_is_of_no_kind(kind: JobKind, text: str) -> None:
    assert kind.parse(text) is None


@pytest.mark.parametrize("body", ODD, ids=range(len(ODD)))
def test_no_answer_is_more_than_a_kind_can_bear(kind: JobKind, server: ScriptedJobs, web: Web, body: bytes) -> None:
    for status, content_type in product(STATUSES, ("application/json", "text/html", "")):
        server.say("*", body, status, content_type)
        try:
            report = kind.look(web, ID, None)
        except ShotDockError as error:
            assert error.title
            continue
        assert report.progress is None or 0 <= report.progress <= 100
        assert report.message.isprintable()
        assert len(report.message) < 500
        for artifact in report.artifacts:
            assert artifact.name
            assert artifact.title
            assert not artifact.site
            assert not artifact.path or artifact.path.startswith(("/", "http://", "https://"))
            if artifact.available:
                assert artifact.path
                assert artifact.file_name


@pytest.mark.parametrize(("status", "error"), [(401, LoginFailed), (403, NotAllowed), (429, ServerBusy)])
def test_a_server_that_lets_nobody_in_says_nothing_of_the_job(
    kind: JobKind, server: ScriptedJobs, status: int, error: type[ShotDockError]
) -> None:
    server.say("*", {"detail": "Who are you?"}, status)
    with pytest.raises(error):
        look(kind, server)


def test_nothing_is_known_of_a_job_while_its_server_is_away(kind: JobKind, server: ScriptedJobs) -> None:
    server.stop()
    with pytest.raises(Unreachable):
        look(kind, server, Report(JobState.DONE))


def test_a_job_that_never_was_is_an_answer(kind: JobKind, server: ScriptedJobs) -> None:
    server.say("*", {"detail": "Job not found"}, 404)
    report = look(kind, server)
    assert report.state is JobState.NOT_FOUND
    assert report.message


def test_an_id_is_quoted_where_it_is_asked_for(kind: JobKind, server: ScriptedJobs) -> None:
    with open_web(server.site, BASE) as web, pytest.raises(ShotDockError):
        server.say("*", b"", 418)
        kind.look(web, "a b&c=ü", None)
    asked = server.asked[0]
    assert "a b&c=ü" in (*asked.query.values(), *map(unquote, asked.path.split("/")))


def test_the_form_has_a_default_that_does(kind: JobKind) -> None:
    values = {field.name: field.default for field in kind.fields}
    assert complaints(kind.fields, values) == {}
    assert checked(kind.fields, {}) == values
    with pytest.raises(UsageError):
        checked(kind.fields, {"no such field": 1})
