"""HTTP on the wire: what is plainly framed is read, whatever its style; what is not is never guessed at."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from desktop.core.connection import Address
from desktop.core.errors import ConnectionLost, Truncated
from desktop.core.media import Entry
from desktop.transfer.budget import HostBudget
from desktop.transfer.jobs import Job
from desktop.transfer.lane import Lane
from desktop.transfer.ports import Site
from desktop.transfer.sources.http import HttpSource
from desktop.transfer.sources.http_message import request
from tests.contracts.pieces import ListFeed, MemoryPiece
from tests.servers.certificates import make_certificates
from tests.servers.scripted_http import Request, ScriptedHttp, answer, part
from tests.transfer.scripted import make_run
from tests.transfer.sources.test_http_liars import DATA, PATH, chunked, fetch, once, source_for, talking

OK = b"HTTP/1.1 200 OK\r\n"
LENGTH = b"Content-Length: 5000\r\n"
END = b"Connection: close\r\n\r\n"


@pytest.mark.parametrize(
    "lie",
    [
        b"HTTP/2 200 OK\r\n" + LENGTH + END + DATA,
        b"HTTP/1.1 20 OK\r\n" + LENGTH + END + DATA,
        b"ICY 200 OK\r\n" + LENGTH + END + DATA,
        b"connection: close " + DATA,
        b"\r\n\r\n" + OK + LENGTH + END + DATA,
        OK + b"Content-Length : 5000\r\n" + END + DATA,
        OK + b"no header at all\r\n" + LENGTH + END + DATA,
        OK + b": 5000\r\n" + END + DATA,
        OK + b" folded: 5000\r\n" + END + DATA,
        OK + b"X: " + bytes(70_000) + b"\r\n" + LENGTH + END + DATA,
        OK + b"X: y\r\n" * 300 + LENGTH + END + DATA,
        OK + LENGTH + b"Connection: close\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 50 + OK + LENGTH + END + DATA,
        OK + b"Transfer-Encoding: gzip, chunked\r\n" + END + DATA,
        OK + b"Transfer-Encoding: chunked\r\n" + END + b"5000\r\n" + DATA,
        OK + b"Transfer-Encoding: chunked\r\n" + END + b"-5\r\n" + DATA,
        OK + b"Transfer-Encoding: chunked\r\n" + END + b"0x5\r\n" + DATA,
        OK + b"Transfer-Encoding: chunked\r\n" + END + b"5\r\n" + DATA,
        OK + b"Transfer-Encoding: chunked\r\n" + END + b"5;" + b"x" * 70_000 + DATA,
        OK + b"Transfer-Encoding: chunked\r\n" + END + b"1388\r\n" + DATA + b"\r\n",
        OK + b"Transfer-Encoding: chunked\r\n" + END + b"1388\r\n" + DATA + b"\r\n0\r\n" + b"X: y\r\n" * 20_000,
    ],
)
def test_what_is_not_plainly_framed_breaks_the_connection_and_ends_no_file(lie: bytes) -> None:
    with talking(once(lie)) as source:
        piece = MemoryPiece(Entry(PATH, size=5000))
        with pytest.raises(ConnectionLost):
            source.read(ListFeed([piece]))
        assert piece.state == ""
        assert fetch(source).data == DATA


@pytest.mark.parametrize(
    "told",
    [
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + OK + LENGTH + b"\r\n" + DATA,
        b"HTTP/1.1 200 OK\nContent-Length: 5000\n\n" + DATA,
        b"HTTP/1.1 200\r\n" + LENGTH + b"\r\n" + DATA,
        OK + b"X-Folded: one\r\n two\r\ncontent-LENGTH:5000\r\n\r\n" + DATA,
        b"HTTP/1.0 200 OK\r\n" + LENGTH + b"Connection: keep-alive\r\n\r\n" + DATA,
        chunked(DATA, last=b"0;ext=1\r\nX-Trailer: yes\r\n\r\n").replace(b"1388\r\n", b'1388 ;ext="x"\r\n', 1),
    ],
)
def test_every_style_of_an_honest_answer_is_read_and_its_connection_kept(told: bytes) -> None:
    with ScriptedHttp(once(told)) as server:
        source = source_for(server)
        assert fetch(source).data == DATA
        assert fetch(source).data == DATA
        source.close()
        assert server.connections == 1


@pytest.mark.parametrize(
    "told",
    [
        OK + LENGTH + END + DATA,
        b"HTTP/1.0 200 OK\r\n" + LENGTH + b"\r\n" + DATA,
        chunked(DATA).replace(b"\r\n", b"\r\nContent-Length: 17\r\n", 1),
        chunked(DATA) + answer(body=b"x" * 5000),
    ],
)
def test_a_connection_is_not_kept_where_its_end_is_told_or_doubtful(told: bytes) -> None:
    with ScriptedHttp(once(told)) as server:
        source = source_for(server)
        assert fetch(source).data == DATA
        assert fetch(source).data == DATA
        source.close()
        assert server.connections == 2


@pytest.mark.parametrize("length", ["9" * 19, "9" * 5000, f"{'9' * 5000}, {'9' * 5000}", "1_000", "²", "-1"])
def test_a_length_that_no_file_has_is_the_fault_of_that_file_only(length: str) -> None:
    head = OK + f"Content-Length: {length}\r\n".encode("latin-1") + END
    with talking(once(head + DATA)) as source:
        assert isinstance(fetch(source).error, Truncated)
        assert fetch(source).data == DATA
    with talking(once(head)) as source, pytest.raises(Truncated):
        source.stat(PATH)


def test_a_connection_closed_here_while_it_waits_is_not_replaced() -> None:
    """It was used before, so the server might have closed it while it rested; but it was not the server."""
    asked, over, ended = threading.Event(), threading.Event(), threading.Event()
    answers = [part]

    def script(request: Request) -> bytes:
        if not answers:
            asked.set()
            over.wait(60)
            return b""
        return answers.pop()(DATA, request)

    def read() -> None:
        with pytest.raises(ConnectionLost):
            source.read(ListFeed([MemoryPiece(Entry(PATH, size=5000)) for _ in range(2)]))
        ended.set()

    with ScriptedHttp(script) as server:
        source = source_for(server)
        source.connect()
        threading.Thread(target=read, daemon=True).start()
        try:
            assert asked.wait(20)
            source.close()
            assert ended.wait(10)
            assert server.connections == 1
        finally:
            over.set()


@pytest.mark.parametrize("protocol", ["http", "https"])
def test_a_file_without_a_length_that_is_broken_off_here_gets_no_name(
    protocol: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the connection's end tells the file's, and one that was closed here ends in the same way."""
    certificates = make_certificates(tmp_path / "tls")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    tls = certificates if protocol == "https" else None
    with ScriptedHttp(lambda request: answer(body=DATA, length=False), tls=tls) as server:
        site = Site(Address(protocol, server.host, server.port), timeout=20.0)
        run = make_run(tmp_path, [Job(0, "s", Entry(PATH), tmp_path / "a.exr")])
        lane = Lane(run, "s", lambda: HttpSource(site), HostBudget(1))
        with ThreadPoolExecutor(1) as pool:
            carried = pool.submit(lane.carry)
            while run.counters().transferred < len(DATA):
                assert not carried.done()
            run.stop()
            lane.close()
            carried.result(20)
    run.close()
    assert run.drain() == []
    assert not list(tmp_path.glob("*a.exr*"))


def test_a_small_body_without_a_length_that_is_broken_off_here_is_none() -> None:
    with talking(lambda request: answer(body=DATA, length=False)) as source, ThreadPoolExecutor(1) as pool:
        brought = pool.submit(source.body, PATH, 10_000)
        with pytest.raises(TimeoutError):
            brought.result(0.3)  # its bytes are here, its end is not
        source.close()
        with pytest.raises(ConnectionLost):
            brought.result(20)


@pytest.mark.parametrize("goodbye", [True, False])
def test_a_file_without_a_length_ends_under_tls_with_a_goodbye(
    goodbye: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that a server which died, or somebody in between, cut short has none (RFC 9112, 8)."""
    certificates = make_certificates(tmp_path / "tls")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))

    def script(request: Request) -> bytes:
        return answer(body=DATA, length=False, Connection="close")

    with ScriptedHttp(script, tls=certificates, goodbye=goodbye) as server:
        source = HttpSource(Site(Address("https", server.host, server.port), timeout=20.0))
        piece, planned = fetch(source, size=None), fetch(source)
        assert planned.state == "finished"  # its bytes are as many as they should be
        if goodbye:
            assert piece.state == "finished"
            assert source.body(PATH, 10_000) == DATA
        else:
            assert isinstance(piece.error, Truncated)
            with pytest.raises(Truncated, match="without a goodbye"):
                source.body(PATH, 10_000)
        source.close()


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nX: y", "a\rb", "a\0b"])
def test_no_header_is_forged(value: str) -> None:
    with pytest.raises(ValueError):
        request("GET", "/a", "host", {"If-Range": value})
    assert request("GET", "/a", "host", {"A": "b"}) == b"GET /a HTTP/1.1\r\nHost: host\r\nA: b\r\n\r\n"
