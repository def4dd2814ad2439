"""The far server of the benchmarks: everything arrives as it was sent, and not before its time."""

import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.benchmarks.lag import LagProxy
from tests.servers.content import content

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux only")
DELAY = 0.05
SIZE = 5_000_000


@pytest.fixture
def echo() -> Iterator[int]:
    """Give the port of a server that says everything back, to its end."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                line, _ = server.accept()
            except OSError:
                return
            with line:
                while chunk := line.recv(65536):
                    line.sendall(chunk)

    thread = threading.Thread(target=serve)
    thread.start()
    yield server.getsockname()[1]
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()


@pytest.fixture
def far(echo: int, tmp_path: Path) -> Iterator[LagProxy]:
    """Give that server from afar."""
    with LagProxy(tmp_path / "lag", echo, delay=DELAY) as proxy:
        yield proxy


def test_bytes_pass_unchanged_both_ways_to_their_end(far: LagProxy) -> None:
    sent = content("far", SIZE)
    got = bytearray()
    with socket.create_connection((far.host, far.port), 20) as line:

        def read() -> None:
            while chunk := line.recv(65536):
                got.extend(chunk)

        reader = threading.Thread(target=read)
        reader.start()
        line.sendall(sent)
        line.shutdown(socket.SHUT_WR)
        reader.join()
    assert bytes(got) == sent


def test_an_answer_takes_both_delays(far: LagProxy) -> None:
    with socket.create_connection((far.host, far.port), 20) as line:
        for _ in range(3):
            began = time.monotonic()
            line.sendall(b"x")
            assert line.recv(1) == b"x"
            assert time.monotonic() - began >= 2 * DELAY


def test_what_is_under_way_together_keeps_its_order(far: LagProxy) -> None:
    words = [f"{number:04}".encode() for number in range(100)]
    with socket.create_connection((far.host, far.port), 20) as line:
        for word in words:
            line.sendall(word)
        got = b""
        while len(got) < 400:
            got += line.recv(400)
    assert got == b"".join(words)


def test_passive_ports_are_forwarded_one_to_one(echo: int, tmp_path: Path) -> None:
    with (
        LagProxy(tmp_path / "lag", echo, range(echo, echo + 1), delay=DELAY) as proxy,
        socket.create_connection((proxy.host, echo), 20) as line,
    ):
        line.sendall(b"data")
        assert line.recv(4) == b"data"


def test_a_server_that_is_gone_hangs_up(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    with LagProxy(tmp_path / "lag", port) as proxy, socket.create_connection((proxy.host, proxy.port), 20) as line:
        assert line.recv(1) == b""
