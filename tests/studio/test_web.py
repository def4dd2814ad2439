"""A conversation with an API: whom it believes, what it sends to whom, what it makes of every odd answer."""

import json
import shutil
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from desktop.core.connection import parse_location
from desktop.core.errors import (
    ConnectionLost,
    HostKeyChanged,
    HostKeyUnknown,
    LoginFailed,
    NotAllowed,
    NotFound,
    NotTheFile,
    ServerBusy,
    ShotDockError,
    Stopped,
    TimedOut,
    Truncated,
    Unreachable,
    Unsupported,
)
from desktop.studio.web import Web
from desktop.transfer.pins import remember_pin
from desktop.transfer.ports import Login, Site, Trust
from tests.conftest import Starter
from tests.servers.certificates import make_certificates
from tests.servers.nginx import NginxServer
from tests.servers.scripted_http import Request, Script, ScriptedHttp, answer

JSON = "application/json"
SIGNED = "X-Amz-Signature=deadbeef"


NOBODY, STRICT = Login(), Trust()


def site_of(url: str, login: Login = NOBODY, trust: Trust = STRICT, timeout: float = 10.0) -> Site:
    return Site(parse_location(url).address, login, trust, timeout=timeout)


def asked(
    script: Script,
    path: str = "/list",
    login: Login = NOBODY,
    timeout: float = 10.0,
) -> tuple[object, list[Request]]:
    """Return the JSON a scripted server gives, or the error it leads to, and what it was asked."""
    with ScriptedHttp(script) as server:
        url = f"http://127.0.0.1:{server.port}"
        with Web(site_of(url, login, timeout=timeout), "/base") as web:
            try:
                return web.json(path), server.requests
            except ShotDockError as error:
                assert SIGNED not in str(error) + error.path
                return error, server.requests


def as_json(value: object, status: str = "200 OK", **headers: str) -> bytes:
    return answer(status, json.dumps(value).encode(), True, Content_Type=JSON, **headers)


# --- what it says and understands


def test_json_below_the_base() -> None:
    data, requests = asked(lambda request: as_json([{"id": 1}]))
    assert data == [{"id": 1}]
    (request,) = requests
    assert (request.method, request.target) == ("GET", "/base/list")
    assert "ShotDock/" in request.headers["user-agent"]
    assert "authorization" not in request.headers
    assert "cookie" not in request.headers


@pytest.mark.parametrize(
    ("url", "login", "header", "value"),
    [
        ("http://127.0.0.1", Login(token="t0k3n"), "authorization", "Bearer t0k3n"),
        ("http://127.0.0.1", Login(token="Cookie: session=abc"), "cookie", "session=abc"),
        ("http://ann@127.0.0.1", Login(password="secret"), "authorization", "Basic YW5uOnNlY3JldA=="),
        ("http://127.0.0.1", Login(kept=lambda: "from-the-keyring"), "authorization", "Bearer from-the-keyring"),
    ],
)
def test_credentials(url: str, login: Login, header: str, value: str) -> None:
    with ScriptedHttp(lambda request: as_json({})) as server:
        with Web(site_of(f"{url}:{server.port}", login), "") as web:
            web.json("/list")
        assert server.requests[0].headers[header] == value


def test_neither_the_environment_nor_a_netrc_is_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ann password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    data, requests = asked(lambda request: as_json({"ok": True}))
    assert data == {"ok": True}
    assert "authorization" not in requests[0].headers


def test_post_and_head_and_query() -> None:
    with ScriptedHttp(_post) as server, Web(site_of(f"http://127.0.0.1:{server.port}"), "") as web:
        assert web.head("/x").headers["x-told"] == "yes"
        assert web.get("/x", {"job_id": "a b&c"}).status == 200
        assert [request.method for request in server.requests] == ["HEAD", "GET"]
        assert server.requests[1].target == "/x?job_id=a+b%26c"


def _post(request: Request) -> bytes:
    return answer(X_Told="yes", Content_Type=JSON)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("401 Unauthorized", LoginFailed),
        ("403 Forbidden", NotAllowed),
        ("404 Not Found", NotFound),
        ("410 Gone", NotFound),
        ("408 Request Timeout", Truncated),
        ("429 Too Many Requests", ServerBusy),
        ("500 Internal Server Error", Truncated),
        ("502 Bad Gateway", Truncated),
        ("503 Service Unavailable", ServerBusy),
        ("418 I'm a teapot", NotAllowed),
        ("204 No Content", NotTheFile),
    ],
)
def test_statuses(status: str, kind: type[ShotDockError]) -> None:
    body = b"" if status.startswith("204") else b'{"detail": {"code": "X", "message": "Session not found"}}'
    error, _ = asked(lambda request: answer(status, body, Content_Type=JSON, Retry_After="7"))
    assert type(error) is kind
    assert body == b"" or "Session not found" in str(error)
    if isinstance(error, ServerBusy):
        assert error.retry_after == 7


@pytest.mark.parametrize(
    "raw",
    [
        answer(body=b"<!DOCTYPE html><html>Please sign in</html>", Content_Type="text/html"),
        answer(body=b"plain words", Content_Type="text/plain"),
        answer(body=b'{"id": 1', Content_Type=JSON),
        answer(body=b"[]"),
    ],
    ids=["page", "text", "broken JSON", "untyped"],
)
def test_what_is_no_json(raw: bytes) -> None:
    error, _ = asked(lambda request: raw)
    assert isinstance(error, NotTheFile)
    assert "API" in error.title


def test_a_deep_nest_is_no_json() -> None:
    error, _ = asked(lambda request: answer(body=b"[" * 200_000, Content_Type=JSON))
    assert isinstance(error, NotTheFile)


def test_the_words_of_an_error_are_one_line_and_bounded() -> None:
    error, _ = asked(lambda request: as_json({"detail": "a\x1b[31m\nb" + "x" * 5000}, "404 Not Found"))
    assert isinstance(error, NotFound)
    assert error.title.isprintable()
    assert len(error.title) <= 300


def test_an_answer_without_end() -> None:
    with (
        ScriptedHttp(lambda request: answer(body=b" " * 100_000, Content_Type=JSON)) as server,
        Web(site_of(f"http://127.0.0.1:{server.port}"), "") as web,
    ):
        with pytest.raises(NotTheFile, match="longer than"):
            web.get("/list", most=10_000)
        assert web.get("/list", most=200_000).status == 200


@pytest.mark.parametrize(
    ("raw", "kinds"),
    [
        (b"", (ConnectionLost,)),
        (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\nConnection: close\r\n\r\n[1",
            (ConnectionLost,),
        ),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\n[1", (ConnectionLost,)),
        (b"SSH-2.0-OpenSSH_9.6\r\nConnection: close\r\n\r\n", (ConnectionLost, Unsupported)),
        (answer(body=b"no gzip", Content_Encoding="gzip", Content_Type=JSON), (ConnectionLost,)),
    ],
    ids=["nothing", "cut", "cut chunk", "no HTTP", "no gzip"],
)
def test_cut_and_garbled(raw: bytes, kinds: tuple[type[ShotDockError], ...]) -> None:
    error, _ = asked(lambda request: raw or b"Connection: close\r\n\r\n")
    assert isinstance(error, kinds)


def test_silence_is_told_after_the_timeout() -> None:
    over = threading.Event()

    def silent(_request: Request) -> bytes:
        over.wait(30)
        return b""

    with ScriptedHttp(silent) as server:
        with Web(site_of(f"http://127.0.0.1:{server.port}", timeout=0.3), "") as web, pytest.raises(TimedOut):
            web.json("/list")
        over.set()


def test_nobody_there() -> None:
    with ScriptedHttp(lambda request: b"") as server:
        port = server.port
    with Web(site_of(f"http://127.0.0.1:{port}"), "") as web, pytest.raises(Unreachable) as refused:
        web.json("/list")
    assert refused.value.path == f"127.0.0.1:{port}"
    with Web(site_of("http://studio.invalid"), "") as web, pytest.raises(Unreachable, match="No such host"):
        web.json("/list")


# --- redirects


def test_a_redirect_on_the_same_server_is_followed_with_credentials() -> None:
    def script(request: Request) -> bytes:
        moved = request.target == "/base/list"
        return answer("307 Temporary Redirect", Location="/base/list/") if moved else as_json([])

    data, requests = asked(script, login=Login(token="t0k3n"))
    assert data == []
    assert [request.headers["authorization"] for request in requests] == ["Bearer t0k3n"] * 2


def test_a_redirect_elsewhere_is_not_followed() -> None:
    with ScriptedHttp(lambda request: as_json([]), host="127.0.0.2") as other:
        there = f"http://127.0.0.2:{other.port}/login?{SIGNED}"
        error, _ = asked(lambda request: answer("302 Found", Location=there), login=Login(token="t0k3n"))
        assert isinstance(error, NotTheFile)
        assert "127.0.0.2" in error.cause
        assert other.connections == 0


@pytest.mark.parametrize("location", ["/base/list", "https://127.0.0.1/x", "ftp://127.0.0.1/x", "http://["])
def test_redirects_that_lead_nowhere(location: str) -> None:
    error, requests = asked(lambda request: answer("302 Found", Location=location))
    assert isinstance(error, NotTheFile)
    assert len(requests) == (4 if location == "/base/list" else 1)


# --- broken off from another thread


@pytest.mark.parametrize("when", ["before", "waiting for the head", "in the body"])
def test_close_from_another_thread(when: str) -> None:
    reached, over = threading.Event(), threading.Event()

    def hang(_request: Request) -> bytes:
        if when == "in the body":
            return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n["
        reached.set()
        over.wait(30)
        return b""

    with ScriptedHttp(hang) as server:
        web = Web(site_of(f"http://127.0.0.1:{server.port}"), "")
        if when == "before":
            web.close()
            with pytest.raises(Stopped):
                web.json("/list")
            return
        raised: list[BaseException] = []

        def ask() -> None:
            try:
                web.json("/list")
            except (Stopped, ShotDockError) as error:
                raised.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        if when == "in the body":
            while not server.requests:
                thread.join(0.01)
            thread.join(0.2)  # by now it reads the body; if not, the head: both have to give up
        else:
            assert reached.wait(10)
        web.close()
        thread.join(5)
        over.set()
        assert not thread.is_alive()
        assert [type(error) for error in raised] == [Stopped]


# --- TLS


@pytest.fixture
def secure(tmp_path: Path, start_server: Starter[NginxServer]) -> Callable[[], NginxServer]:
    root = tmp_path / "served"
    root.mkdir()
    (root / "list.json").write_text("[1, 2]")
    types = "types { application/json json; }"
    return lambda: start_server(NginxServer(root, tmp_path / "nginx", tls=True, extra=(types,)))


def test_a_certificate_the_system_vouches_for(
    secure: Callable[[], NginxServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = secure()
    assert server.certificates is not None
    monkeypatch.setenv("SSL_CERT_FILE", str(server.certificates.authority))
    with Web(site_of(server.url), "") as web:
        assert web.json("/list.json") == [1, 2]


def test_a_certificate_nobody_vouches_for_is_asked_about_then_pinned_then_guarded(
    secure: Callable[[], NginxServer], tmp_path: Path
) -> None:
    server = secure()
    pins = tmp_path / "certificates"
    trust = Trust(certificates=pins)
    token = Login(token="t0k3n")
    with Web(site_of(server.url, token, trust), "") as web, pytest.raises(HostKeyUnknown) as unknown:
        web.json("/list.json")
    assert type(unknown.value) is HostKeyUnknown
    assert unknown.value.host == f"127.0.0.1:{server.port}"
    remember_pin(pins, unknown.value.host, unknown.value.key)
    with Web(site_of(server.url, token, trust), "") as web:
        assert web.json("/list.json") == [1, 2]
        assert web.json("/list.json") == [1, 2]
    remember_pin(pins, unknown.value.host, "0" * 64)
    with Web(site_of(server.url, token, trust), "") as web, pytest.raises(HostKeyChanged):
        web.json("/list.json")
    log = (server.folder / "error.log").read_text()
    assert "list.json" not in log


def test_a_name_the_certificate_does_not_bear(
    tmp_path: Path, start_server: Starter[NginxServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "served"
    root.mkdir()
    made = make_certificates(tmp_path / "other", "studio.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(made.authority))
    server = NginxServer(root, tmp_path / "nginx", tls=True)
    shutil.copytree(tmp_path / "other", tmp_path / "nginx" / "tls", dirs_exist_ok=True)
    server.certificates = made
    start_server(server)
    with Web(site_of(server.url), "") as web, pytest.raises(HostKeyUnknown):
        web.json("/list.json")


@pytest.mark.parametrize(("answers", "kind"), [(False, TimedOut), (True, ConnectionLost)], ids=["silent", "gone"])
@pytest.mark.parametrize("pinned", [False, True])
def test_a_server_that_is_gone_when_its_certificate_is_to_be_looked_at(
    tmp_path: Path, pinned: bool, answers: bool, kind: type[ShotDockError]
) -> None:
    """The question about a certificate takes another connection: what breaks there is told as it is elsewhere."""
    made = make_certificates(tmp_path / "tls")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made.chain, made.key)
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        place = f"127.0.0.1:{listener.getsockname()[1]}"

        def serve() -> None:
            first, _ = listener.accept()
            with suppress(OSError), context.wrap_socket(first, server_side=True) as secured:
                secured.recv(1)  # nobody says more over it
            second, _ = listener.accept()
            with second:
                if not answers:
                    over.wait(30)

        thread = threading.Thread(target=serve)
        thread.start()
        pins = tmp_path / "certificates"
        if pinned:
            remember_pin(pins, place, "0" * 64)
        site = replace(site_of(f"https://{place}", trust=Trust(certificates=pins)), connect_timeout=0.5)
        with Web(site, "") as web, pytest.raises(kind) as told:
            web.json("/list")
        assert (told.type, told.value.path) == (kind, place)
        over.set()
        thread.join()


def test_the_bundle_that_requests_brings_vouches_for_nobody(
    secure: Callable[[], NginxServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A studio that took an authority out of its system's store means it."""
    server = secure()
    assert server.certificates is not None
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(server.certificates.authority))
    with Web(site_of(server.url), "") as web, pytest.raises(HostKeyUnknown):
        web.json("/list.json")


def test_https_where_only_http_is_spoken(nginx: NginxServer) -> None:
    with Web(site_of(nginx.url.replace("http:", "https:")), "") as web:
        with pytest.raises((Unsupported, ConnectionLost)) as refused:
            web.json("/list")
        assert refused.value.path == f"127.0.0.1:{nginx.port}"


def test_a_handshake_that_hangs_can_be_broken_off() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        web = Web(site_of(f"https://127.0.0.1:{listener.getsockname()[1]}"), "")
        raised: list[BaseException] = []

        def ask() -> None:
            try:
                web.json("/list")
            except (Stopped, ShotDockError) as error:
                raised.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        met, _ = listener.accept()
        with met:
            assert met.recv(1) == b"\x16"  # the client's greeting; there is no answer
            web.close()
            thread.join(5)
            assert not thread.is_alive()
    assert isinstance(raised[0], Stopped)
