"""HTTP servers that lie: an answer counts only if it fits the question, and secrets stay with their host."""

import base64
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from email.utils import formatdate
from pathlib import Path

import pytest

from desktop.core.connection import Address
from desktop.core.errors import (
    ConnectionLost,
    HostileName,
    HostKeyUnknown,
    LoginFailed,
    NotAllowed,
    NotFound,
    NotTheFile,
    Retry,
    ServerBusy,
    ShotDockError,
    Stopped,
    Unsupported,
)
from desktop.core.media import Entry
from desktop.transfer.pins import remember_pin
from desktop.transfer.ports import Login, Site, Trust
from desktop.transfer.sources.http import HttpSource
from desktop.transfer.sources.http_errors import parse_retry_after
from desktop.transfer.sources.http_wire import MOST_KEPT, Wire
from tests.contracts.pieces import ListFeed, MemoryPiece
from tests.servers.certificates import make_certificates
from tests.servers.content import content
from tests.servers.nginx import NginxServer
from tests.servers.scripted_http import Request, Script, ScriptedHttp, answer, part

DATA = content("a.exr", 5000)
PATH = "/a.exr"
SECRET = "X-Amz-Signature=0123456789abcdef"
OLD = formatdate(1_700_000_000, usegmt=True)


def source_for(server: ScriptedHttp, login: Login | None = None, user: str | None = None) -> HttpSource:
    return HttpSource(Site(Address("http", server.host, server.port, user), login or Login(), timeout=20.0))


@contextmanager
def talking(script: Script, login: Login | None = None, user: str | None = None) -> Iterator[HttpSource]:
    with ScriptedHttp(script) as server:
        source = source_for(server, login, user)
        try:
            source.connect()
            yield source
        finally:
            source.close()


def fetch(
    source: HttpSource,
    start: int = 0,
    end: int | None = None,
    size: int | None = 5000,
    etag: str | None = None,
    path: str = PATH,
) -> MemoryPiece:
    piece = MemoryPiece(Entry(path, size=size, etag=etag), start, end, SECRET)
    source.read(ListFeed([piece]))
    return piece


def once(first: bytes) -> Script:
    """Answer the first request as told, and honestly from then on."""
    answers = [first]
    return lambda request: answers.pop() if answers else part(DATA, request)


# --- ranges


def partial(told: str, body: bytes = DATA[1000:2000], **headers: str) -> bytes:
    return answer("206 Partial Content", body, True, **({"Content_Range": told} if told else {}), **headers)


@pytest.mark.parametrize(
    "lie",
    [
        partial(""),
        partial("bytes 0-999/5000"),
        partial("bytes 1001-2000/5000"),
        partial("bytes 1001-1999/5000", DATA[1001:2000]),
        partial("bytes 1000-2000/5000", DATA[1000:2001]),
        partial("bytes 1000-999/5000", b""),
        partial("bytes 1000-1999/1500"),
        partial("bytes 1000-1999/1999"),
        partial("items 1000-1999/5000"),
        partial("bytes */5000"),
        partial("bytes 1000-1999/5000, bytes 1-2/5000"),
        partial("bytes 1000-1999/5000", DATA[1000:1500]),
        partial("bytes -1000-1999/5000"),
        partial("bytes 1000-1999/99999999999999999999999"),
        partial("bytes 1000-1999/5000", Content_Type="multipart/byteranges; boundary=x"),
        partial("bytes 1000-1999/5000", Content_Length="-1"),
        partial("bytes 1000-1999/5000", Content_Length="1000, 17"),
        answer(body=DATA, Content_Range="bytes 0-4999/5000"),
    ],
)
def test_a_206_that_does_not_fit_is_rejected_before_a_byte_is_written(lie: bytes) -> None:
    with talking(once(lie)) as source:
        piece = fetch(source, 1000, 2000)
        assert isinstance(piece.error, Retry)
        assert piece.data == b""
        # Nothing of the lie is left on the line.
        assert fetch(source, 1000, 2000).data == DATA[1000:2000]


def test_a_206_nobody_asked_for_is_rejected() -> None:
    with talking(once(partial("bytes 0-4999/5000", DATA))) as source:
        assert isinstance(fetch(source).error, Retry)
        assert fetch(source).data == DATA


def test_a_206_of_a_file_of_another_size_is_told() -> None:
    with talking(lambda request: part(DATA[:4000], request)) as source:
        piece = fetch(source, 1000)
        assert (piece.state, piece.told[0].size, piece.data) == ("dropped", 4000, b"")


def test_a_shorter_206_is_continued() -> None:
    with talking(once(partial("bytes 1000-1499/5000", DATA[1000:1500]))) as source:
        piece = fetch(source, 1000, 3000)
        assert (piece.state, piece.data) == ("finished", DATA[1000:3000])


def test_a_206_is_not_the_end_of_a_file_whose_size_nobody_tells() -> None:
    def script(request: Request) -> bytes:
        start = int(request.headers["range"].removeprefix("bytes=").partition("-")[0])
        end = min(start + 1500, len(DATA))
        if start == end:
            return answer("416 Range Not Satisfiable", Content_Range=f"bytes */{end}")
        return partial(f"bytes {start}-{end - 1}/*", DATA[start:end], ETag='"one"')

    with talking(script) as source:
        piece = fetch(source, 1000, size=None, etag='"one"')
        assert (piece.state, piece.data) == ("finished", DATA[1000:])
        assert piece.told[-1].size == len(DATA)


@pytest.mark.parametrize("start, end", [(1000, None), (1000, 2000), (0, 10)])
def test_200_to_a_range_is_read_from_the_beginning(start: int, end: int | None) -> None:
    with talking(lambda request: answer(body=DATA)) as source:
        assert fetch(source, start, end).data == DATA[start:end]
        assert not source.features.ranges
        assert fetch(source).data == DATA


def test_200_to_a_range_of_a_changed_file_is_told() -> None:
    with talking(lambda request: answer(body=DATA, ETag='"new"')) as source:
        piece = fetch(source, 1000, etag='"old"')
        assert (piece.state, piece.told[0].etag) == ("dropped", '"new"')
        assert fetch(source, etag='"new"').data == DATA


def test_if_range_only_with_a_strong_validator() -> None:
    with ScriptedHttp(lambda request: part(DATA, request, ETag='W/"weak"')) as server:
        source = source_for(server)
        file = source.stat(PATH)
        assert file.etag is None
        for etag in (file.etag, '"strong"'):
            source.read(ListFeed([MemoryPiece(Entry(PATH, size=5000, etag=etag), 1000)]))
        source.close()
    sent = [request.headers.get("if-range") for request in server.requests]
    assert sent == [None, None, '"strong"']
    assert {request.headers.get("accept-encoding") for request in server.requests} == {"identity"}


def test_a_date_counts_only_if_the_file_has_rested_or_a_strong_etag_is_there() -> None:
    now = formatdate(usegmt=True)
    with talking(lambda request: part(DATA, request, Last_Modified=OLD)) as source:
        assert source.stat(PATH).mtime == 1_700_000_000
        assert fetch(source, 100).told[0].mtime == 1_700_000_000
    with talking(lambda request: part(DATA, request, Last_Modified=now)) as source:
        assert fetch(source, 100).told[0].mtime is None
    with talking(lambda request: part(DATA, request, Last_Modified=now, ETag='"strong"')) as source:
        assert fetch(source, 100).told[0].mtime is not None


@pytest.mark.parametrize("size, state", [(5000, "finished"), (4000, "dropped"), (0, "dropped")])
def test_416(size: int, state: str) -> None:
    refused = answer("416 Range Not Satisfiable", b"no", Content_Range=f"bytes */{size}")
    with talking(once(refused)) as source:
        piece = fetch(source, 5000)
        assert piece.state == state
        assert piece.told[0].size == size
        assert fetch(source).data == DATA


# --- bodies


def test_an_encoded_answer_is_refused() -> None:
    with talking(once(answer(body=b"\x1f\x8b" + DATA, Content_Encoding="gzip"))) as source:
        assert isinstance(fetch(source).error, Unsupported)
        assert fetch(source).data == DATA


def test_a_body_cut_short_is_not_finished() -> None:
    with talking(once(answer(body=DATA[:3000], Content_Length="5000", Connection="close"))) as source:
        piece = fetch(source)
        assert isinstance(piece.error, Retry)
        assert piece.data == DATA[:3000]
        assert fetch(source, 3000).data == DATA[3000:]


def test_a_body_longer_than_announced_is_an_error() -> None:
    with talking(once(answer(body=DATA + b"surplus", Content_Length="5000"))) as source:
        assert isinstance(fetch(source).error, Retry)
        assert fetch(source).data == DATA


@pytest.mark.parametrize("sent, state", [(DATA, "finished"), (DATA[:-1], "failed"), (DATA + b"x", "failed")])
def test_a_body_without_a_length_is_measured_by_the_plan(sent: bytes, state: str) -> None:
    with talking(lambda request: answer(body=sent, length=False, Connection="close")) as source:
        assert fetch(source).state == state
        assert fetch(source, size=None).data == sent


def chunked(*chunks: bytes, last: bytes = b"0\r\n\r\n") -> bytes:
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + last
    return answer(body=body, length=False, Transfer_Encoding="chunked")


def test_chunks() -> None:
    whole = chunked(DATA[:10], DATA[10:4000], DATA[4000:])
    with talking(once(whole)) as source:
        assert fetch(source).data == DATA
        assert fetch(source).data == DATA


def test_chunks_cut_off_are_an_error() -> None:
    cut = chunked(DATA[:4000], last=b"100\r\nhalf").replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1)
    with talking(once(cut)) as source:
        piece = MemoryPiece(Entry(PATH, size=5000))
        with pytest.raises(ConnectionLost):
            source.read(ListFeed([piece]))
        assert fetch(source).data == DATA


@pytest.mark.parametrize(
    "page",
    [
        answer(body=b"<html>Please log in</html>", Content_Type="text/html; charset=utf-8"),
        answer(body=b"\r\n  <!DOCTYPE html><title>Login", Content_Type="video/mp4"),
        answer(body=b"<html>" + DATA[:4994], Content_Type="application/octet-stream"),
        answer(body=b'<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code></Error>'),
    ],
)
def test_a_page_instead_of_the_file(page: bytes) -> None:
    with talking(once(page)) as source:
        piece = fetch(source, size=None)
        assert isinstance(piece.error, NotTheFile)
        assert piece.data == b""
        assert fetch(source).data == DATA


def test_a_page_that_is_meant() -> None:
    page = b"<html>report</html>"
    with talking(lambda request: answer(body=page, Content_Type="text/html")) as source:
        assert fetch(source, size=None, path="/report.html").data == page


def test_an_empty_body_for_a_file_of_known_size_is_told() -> None:
    with talking(lambda request: answer()) as source:
        assert fetch(source).state == "dropped"


# --- refusals


@pytest.mark.parametrize(
    "status, kind",
    [
        ("401 Unauthorized", LoginFailed),
        ("403 Forbidden", NotAllowed),
        ("404 Not Found", NotFound),
        ("410 Gone", NotFound),
        ("400 Bad Request", NotAllowed),
        ("500 Internal Server Error", Retry),
        ("502 Bad Gateway", Retry),
    ],
)
def test_refusals_concern_the_file_and_never_show_the_query(status: str, kind: type[ShotDockError]) -> None:
    body = b"<Error><Message>Request has expired</Message><Signature>" + SECRET.encode() + b"</Signature></Error>"
    with talking(once(answer(status, body))) as source:
        piece = fetch(source)
        assert isinstance(piece.error, kind)
        assert "Request has expired" in str(piece.error)
        assert SECRET not in f"{piece.error} {piece.error!r} {vars(piece.error)}"
        assert fetch(source).data == DATA


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
def test_busy_is_the_servers_affair(status: str) -> None:
    with talking(once(answer(status, Retry_After="7"))) as source:
        piece = MemoryPiece(Entry(PATH, size=5000))
        with pytest.raises(ServerBusy) as caught:
            source.read(ListFeed([piece]))
        assert caught.value.retry_after == 7
        assert piece.state == ""


@pytest.mark.parametrize(
    "text, seconds",
    [
        (None, None),
        ("0", 0),
        ("7", 7),
        ("99999999999", 600),
        ("-5", None),
        ("soon", None),
        ("Tue, 14 Nov 2023 22:13:50 GMT", 30),
        ("Tue, 14 Nov 2023 22:00:00 GMT", 0),
        ("Tue, 14 Nov 2033 22:00:00 GMT", 600),
    ],
)
def test_retry_after(text: str | None, seconds: float | None) -> None:
    assert parse_retry_after(text, 1_700_000_000.0) == seconds


@pytest.mark.parametrize("status", ["403 Forbidden", "405 Method Not Allowed", "501 Not Implemented"])
def test_head_refused_asks_for_the_first_byte(status: str) -> None:
    def script(request: Request) -> bytes:
        return answer(status) if request.method == "HEAD" else part(DATA, request, ETag='"1"', Last_Modified=OLD)

    with talking(script) as source:
        assert source.stat(f"{PATH}?{SECRET}") == Entry(PATH, size=5000, mtime=1_700_000_000, etag='"1"')
    empty = answer("416 Range Not Satisfiable", Content_Range="bytes */0")
    with talking(lambda request: answer(status) if request.method == "HEAD" else empty) as source:
        assert source.stat(PATH).size == 0
    with talking(lambda request: answer(status) if request.method == "HEAD" else answer(body=DATA)) as source:
        assert source.stat(PATH).size == 5000


# --- redirects and secrets


def test_redirects_are_followed_and_secrets_are_not_taken_along() -> None:
    with ExitStack() as stack:
        storage = stack.enter_context(ScriptedHttp(lambda request: part(DATA, request)))
        there = f"http://localhost:{storage.port}/bucket/a.exr?{SECRET}"
        home = stack.enter_context(ScriptedHttp(lambda request: answer("302 Found", Location=there)))
        for login, user in ((Login(token="t0ken"), None), (Login(password="pw"), "artist")):
            source = source_for(home, login, user)
            assert fetch(source, 1000, 2000).data == DATA[1000:2000]
            source.close()
    assert [request.headers["authorization"] for request in home.requests] == [
        "Bearer t0ken",
        f"Basic {base64.b64encode(b'artist:pw').decode()}",
    ]
    for request in storage.requests:
        assert not {"authorization", "cookie", "referer"} & set(request.headers)
        assert request.target == f"/bucket/a.exr?{SECRET}"
        assert request.headers["host"] == f"localhost:{storage.port}"


def test_a_server_that_leads_every_file_elsewhere_gets_no_connection_for_each() -> None:
    with ExitStack() as stack:
        stores = [stack.enter_context(ScriptedHttp(lambda request: part(DATA, request))) for _ in range(MOST_KEPT + 1)]
        places = iter([f"http://{store.host}:{store.port}{PATH}" for store in stores])
        home = stack.enter_context(ScriptedHttp(lambda request: answer("302 Found", Location=next(places))))
        source = source_for(home)
        for _ in stores:
            assert fetch(source).data == DATA
        connection = stores[0]._threads[1]
        connection.join(20)
        assert not connection.is_alive()
        source.close()


@pytest.mark.parametrize(
    "location",
    [
        "/a.exr",
        "file:///etc/passwd",
        "ftp://127.0.0.1/a.exr",
        "http://169.254.169.254/latest/meta-data/",
        "",
        "http://[bad",
    ],
)
def test_redirects_that_are_not_followed(location: str) -> None:
    with ScriptedHttp(lambda request: answer("302 Found", Location=location)) as server:
        source = source_for(server)
        piece = fetch(source)
        source.close()
    assert isinstance(piece.error, NotTheFile)
    assert SECRET not in str(piece.error)
    assert len(server.requests) <= 11


@pytest.mark.parametrize(
    "host",
    ["2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "[::ffff:169.254.169.254]", "[fe80::1]", "169.254.43518"],
)
def test_no_spelling_leads_to_what_only_this_machine_reaches(host: str) -> None:
    """A cloud's metadata service, which gives keys to whoever asks, has one address and many spellings."""
    with ScriptedHttp(lambda request: answer("302 Found", Location=f"http://{host}/latest/meta-data/")) as server:
        source = source_for(server)
        piece = fetch(source)
        source.close()
    assert isinstance(piece.error, NotTheFile)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "2130706433"])
def test_a_server_elsewhere_leads_to_no_service_of_this_machine(host: str) -> None:
    ear = Ear()
    wire = Wire(Site(Address("http", "192.0.2.1", 80), connect_timeout=1.0), ear.heard)
    with (
        ScriptedHttp(lambda request: part(DATA, request)) as ours,
        pytest.raises(NotTheFile, match="only this machine reaches"),
    ):
        wire.ask("GET", "/a.exr", {}, f"http://{host}:{ours.port}/a.exr")
    assert not ours.requests


class Ear:
    """Hears how far the server is."""

    def heard(self, _seconds: float) -> None:
        """Take no note of it."""


def test_a_query_in_a_name_and_bytes_beyond_ascii_are_spelled_for_the_wire() -> None:
    with ScriptedHttp(lambda request: part(DATA, request)) as server:
        source = source_for(server)
        for path in ("/ü b.exr", "/%C3%BC%20b.exr"):
            assert fetch(source, path=path).data == DATA
        for path in ("/a\r\nX: y", "/a\nb", "/a\0b"):
            assert isinstance(fetch(source, path=path).error, HostileName)
        source.close()
    assert {request.target for request in server.requests} == {f"/%C3%BC%20b.exr?{SECRET}"}


def test_one_connection_for_many_files() -> None:
    with ScriptedHttp(lambda request: part(DATA, request)) as server:
        source = source_for(server)
        source.read(ListFeed([MemoryPiece(Entry(PATH, size=5000)) for _ in range(20)]))
        source.close()
        connections = sum(thread.name.endswith("connection") for thread in server._threads)
    assert (len(server.requests), connections) == (20, 1)


def test_a_kept_connection_the_server_has_closed_is_replaced() -> None:
    with talking(lambda request: part(DATA, request, Keep_Alive="timeout=0", Connection="close")) as source:
        for _ in range(3):
            assert fetch(source).data == DATA


def test_an_answer_that_nobody_asked_for_is_not_the_next_file() -> None:
    """It comes while the connection rests, as from a proxy that answers a question twice, or tires of waiting."""
    with ScriptedHttp(lambda request: part(DATA, request)) as server:
        source = source_for(server)
        assert fetch(source).data == DATA
        server._sockets[-1].sendall(answer(body=b"x" * len(DATA)))
        assert fetch(source).data == DATA
        source.close()
    assert server.connections == 2


def test_a_connection_under_tls_is_kept_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though there is something to read on it that is no answer: the server's tickets."""
    certificates = make_certificates(tmp_path / "tls")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    with ScriptedHttp(lambda request: part(DATA, request), tls=certificates) as server:
        source = HttpSource(Site(Address("https", server.host, server.port)))
        source.connect()
        assert [fetch(source).data for _ in range(3)] == [DATA] * 3
        source.close()
    assert server.connections == 1


@pytest.mark.servers
def test_https_to_http_is_refused_and_an_unknown_certificate_asked_about(
    served: Path, tmp_path: Path, nginx: NginxServer
) -> None:
    (served / "a.exr").write_bytes(DATA)
    down = f"location /down {{ return 302 {nginx.url}a.exr; }}"
    with NginxServer(served, tmp_path / "tls", tls=True, extra=(down,)) as server:
        pins = tmp_path / "pins"
        site = Site(Address("https", server.host, server.port), trust=Trust(certificates=pins))
        source = HttpSource(site)
        with pytest.raises(HostKeyUnknown) as caught:
            source.connect()
        source.close()
        remember_pin(pins, caught.value.host, caught.value.key)
        source = HttpSource(site)
        assert fetch(source).data == DATA
        assert isinstance(fetch(source, path="/down").error, NotTheFile)
        source.close()


def test_a_handshake_that_hangs_can_be_broken_off() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        source = HttpSource(Site(Address("https", "127.0.0.1", listener.getsockname()[1])))
        raised: list[BaseException] = []

        def connect() -> None:
            try:
                source.connect()
            except (ShotDockError, Stopped) as error:
                raised.append(error)

        thread = threading.Thread(target=connect)
        thread.start()
        met, _ = listener.accept()
        with met:
            assert met.recv(1) == b"\x16"  # the client's greeting; there is no answer
            source.close()
            thread.join(5)
            assert not thread.is_alive()
    assert raised
