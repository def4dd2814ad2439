"""Servers that lie, stall or answer in their own order: what arrives is right, or it is not called finished."""

import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from desktop.core.connection import Address
from desktop.core.errors import ConnectionLost, RemoteChanged, Retry, TimedOut, Truncated, Unsupported
from desktop.transfer.ports import Login, Site, Trust
from desktop.transfer.sources.sftp import SftpSource
from desktop.transfer.sources.sftp_read import READS
from tests.servers.content import content
from tests.servers.pieces import ListFeed, MemoryPiece
from tests.servers.scripted_sftp import EOF, FAILURE, OPEN, READ, Answer, ScriptedSftp, attributes

SIZE = 3_000_017
WHOLE = content("whole", SIZE)
SMALL = content("small", 20_000)


def site_of(server: ScriptedSftp, folder: Path, timeout: float = 20.0, password: str = "right") -> Site:
    known = folder / "known_hosts"
    known.write_text(server.known_line)
    login = Login(password=password, agent=False)
    return Site(Address("sftp", "127.0.0.1", server.port, "ann"), login, Trust((known,)), timeout)


@contextmanager
def connected(server: ScriptedSftp, folder: Path, timeout: float = 20.0) -> Iterator[SftpSource]:
    source = SftpSource(site_of(server, folder, timeout))
    source.connect()
    try:
        yield source
    finally:
        source.close()


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.005)


def carry(server: ScriptedSftp, folder: Path, *pieces: MemoryPiece, timeout: float = 20.0) -> None:
    with server, connected(server, folder, timeout) as source:
        source.read(ListFeed(pieces))
        wait_for(lambda: not server.handles)
    for piece in pieces:
        assert piece.faults == []


@pytest.mark.parametrize("whole", [WHOLE, SMALL], ids=["large", "small"])
@pytest.mark.parametrize("planned", [True, False], ids=["planned", "unplanned"])
def test_an_end_at_half_is_never_a_whole_file(tmp_path: Path, whole: bytes, planned: bool) -> None:
    half = len(whole) // 2
    server = ScriptedSftp({"/f": whole}, read=lambda path, at, n: whole[at : min(at + n, half)] or EOF)
    piece = MemoryPiece("/f", len(whole) if planned else None)
    carry(server, tmp_path, piece)
    assert isinstance(piece.error, Truncated)
    assert f"short by {len(whole) - half:,}" in piece.error.cause


@pytest.mark.parametrize("whole", [WHOLE, SMALL, b""], ids=["large", "small", "empty"])
def test_more_than_was_promised_is_no_whole_file(tmp_path: Path, whole: bytes) -> None:
    longer = whole + b"more"
    server = ScriptedSftp({"/f": whole}, read=lambda path, at, n: longer[at : at + n] or EOF)
    piece = MemoryPiece("/f", len(whole))
    carry(server, tmp_path, piece)
    assert isinstance(piece.error, Truncated)
    assert "longer" in piece.error.title


@pytest.mark.parametrize("whole", [WHOLE, SMALL], ids=["large", "small"])
def test_a_block_longer_than_asked_for_is_refused(tmp_path: Path, whole: bytes) -> None:
    server = ScriptedSftp({"/f": whole}, read=lambda path, at, n: (whole + b"more")[at : at + n + 3] or EOF)
    piece = MemoryPiece("/f", len(whole))
    carry(server, tmp_path, piece)
    assert isinstance(piece.error, Truncated)


@pytest.mark.parametrize("whole", [WHOLE, SMALL], ids=["large", "small"])
def test_a_failure_for_one_block_fails_the_file_and_only_that(tmp_path: Path, whole: bytes) -> None:
    def read(path: str, at: int, n: int) -> Answer:
        bad = len(whole) // 2
        return FAILURE if path == "/f" and at <= bad < at + n else server.honest(path, at, n)

    server = ScriptedSftp({"/f": whole, "/g": whole}, read=read)
    bad, good = MemoryPiece("/f", len(whole)), MemoryPiece("/g", len(whole))
    carry(server, tmp_path, bad, good)
    assert isinstance(bad.error, Retry)
    assert "said the test" in bad.error.cause
    assert (good.outcome, good.data) == ("finished", whole)


@pytest.mark.parametrize("shuffle", [1, 5, 30])
@pytest.mark.parametrize("limits", [None, 255 * 1024])
def test_short_reads_and_answers_out_of_order(tmp_path: Path, shuffle: int, limits: int | None) -> None:
    files = {f"/s{n}": content(f"s{n}", n * 911) for n in range(40)}
    server = ScriptedSftp({"/f": WHOLE, **files}, shuffle=shuffle, limits=limits)
    lengths = random.Random(7)

    def read(path: str, at: int, n: int) -> Answer:
        return server.files[path][at : at + lengths.randint(1, n)] or EOF

    server.read = read
    pieces = [MemoryPiece(path, len(data)) for path, data in server.files.items()]
    carry(server, tmp_path, *pieces)
    for piece in pieces:
        assert piece.outcome == "finished", piece.error
        assert piece.data == server.files[piece.file.path]
    assert server.longest_read <= (limits or 32 * 1024)


def test_the_read_length_is_the_server_s_own_limit(tmp_path: Path) -> None:
    server = ScriptedSftp({"/f": WHOLE}, limits=100_000)
    piece = MemoryPiece("/f", SIZE)
    carry(server, tmp_path, piece)
    assert (piece.data, server.longest_read) == (WHOLE, 100_000)


@pytest.mark.parametrize("whole", [WHOLE, SMALL, b""], ids=["large", "small", "empty"])
def test_a_server_that_tells_no_size(tmp_path: Path, whole: bytes) -> None:
    server = ScriptedSftp({"/f": whole}, stat=lambda path: bytes(4), shuffle=3)
    piece = MemoryPiece("/f")
    carry(server, tmp_path, piece)
    assert (piece.outcome, piece.data) == ("finished", whole)
    assert piece.now is not None
    assert piece.now.size is None


def test_a_change_seen_only_in_the_attributes(tmp_path: Path) -> None:
    clock = itertools.count(1_700_000_000)
    server = ScriptedSftp({"/f": WHOLE}, stat=lambda path: attributes(SIZE, next(clock)))
    piece = MemoryPiece("/f", SIZE)
    carry(server, tmp_path, piece)
    assert isinstance(piece.error, RemoteChanged)


def test_a_server_that_stalls_when_asked_too_much_is_asked_less(tmp_path: Path) -> None:
    """paramiko's issue 1788: after so many outstanding requests some servers never answer again."""
    asked = itertools.count()

    def read(path: str, at: int, n: int) -> Answer:
        return server.honest(path, at, n) if next(asked) < 5 or gentle else None

    server = ScriptedSftp({"/f": WHOLE}, read=read)
    gentle = False
    with server:
        outstanding = []
        for _ in range(3):
            before = server.reads
            with connected(server, tmp_path, timeout=0.6) as source, pytest.raises(TimedOut):
                source.read(ListFeed([piece := MemoryPiece("/f", SIZE)]))
            assert (piece.outcome, piece.faults) == ("", [])
            outstanding.append(server.reads - before)
        gentle = True
        with connected(server, tmp_path, timeout=5) as source:
            source.read(ListFeed([piece := MemoryPiece("/f", SIZE)]))
    assert (piece.outcome, piece.data) == ("finished", WHOLE)
    assert outstanding[0] > 4 * outstanding[2] > 0


def test_a_server_far_away_is_asked_for_more_at_once(tmp_path: Path) -> None:
    def read(path: str, at: int, n: int) -> Answer:
        if server.reads <= 200:
            return server.honest(path, at, n)
        if server.reads > 200 + READS:
            server.hang_up()  # it has seen more under way than a server nearby ever does
        return None

    far = threading.Event()
    server = ScriptedSftp(
        {"/f": WHOLE}, read=read, limits=SIZE // 600, before=lambda kind: kind == OPEN and far.wait(1.0)
    )
    with server, connected(server, tmp_path) as source, pytest.raises(ConnectionLost):
        source.read(ListFeed([MemoryPiece("/f", SIZE)]))


def test_a_line_that_is_full_is_not_asked_for_more(tmp_path: Path) -> None:
    def read(path: str, at: int, n: int) -> Answer:
        if server.reads > 200:
            return None
        slow.wait(0.005)
        return server.honest(path, at, n)

    slow = threading.Event()
    server = ScriptedSftp({"/f": WHOLE}, read=read, limits=SIZE // 600)
    with server, connected(server, tmp_path, timeout=1.0) as source, pytest.raises(TimedOut):
        source.read(ListFeed([MemoryPiece("/f", SIZE)]))
    assert server.reads == 200 + READS


def test_what_comes_after_the_read_was_given_up_is_not_written(tmp_path: Path) -> None:
    answer = threading.Event()
    server = ScriptedSftp({"/f": WHOLE}, before=lambda kind: kind == READ and answer.wait(10))
    with server, connected(server, tmp_path, timeout=0.5) as source:
        piece = MemoryPiece("/f", SIZE)
        with pytest.raises(TimedOut):
            source.read(ListFeed([piece]))
        answer.set()
        source.stat("/f")  # answered after the reads
        assert server.reads > 1
        assert piece.blocks == {}


def test_a_file_that_opens_after_its_stop_is_closed_again(tmp_path: Path) -> None:
    answer = threading.Event()
    server = ScriptedSftp({"/f": SMALL}, before=lambda kind: kind == OPEN and answer.wait(10))
    with server, connected(server, tmp_path) as source:
        piece = MemoryPiece("/f", len(SMALL))
        piece.stopped = True
        source.read(ListFeed([piece]))
        assert (piece.outcome, piece.now) == ("", None)
        answer.set()
        source.stat("/f")
        source.stat("/f")
        assert server.opened == ["/f"]
        assert not server.handles


def test_a_server_that_goes_away_in_the_middle(tmp_path: Path) -> None:
    def read(path: str, at: int, n: int) -> Answer:
        if at > SIZE // 2:
            server.hang_up()
        return server.honest(path, at, n)

    server = ScriptedSftp({"/f": WHOLE}, read=read)
    with server, connected(server, tmp_path) as source:
        piece = MemoryPiece("/f", SIZE)
        with pytest.raises(ConnectionLost):
            source.read(ListFeed([piece]))
    assert (piece.outcome, piece.faults) == ("", [])


@pytest.mark.parametrize("greeting", [b"Welcome to the farm!\n", b"\0\0\0\1\2", b"\xff\xff\xff\xff"])
def test_a_login_script_that_talks_is_named(tmp_path: Path, greeting: bytes) -> None:
    server = ScriptedSftp(greeting=greeting)
    with server, pytest.raises(Unsupported, match="offers no SFTP"):
        SftpSource(site_of(server, tmp_path)).connect()


def test_no_sftp_at_all(tmp_path: Path) -> None:
    with ScriptedSftp(subsystem=False) as server, pytest.raises(Unsupported, match="offers no SFTP"):
        SftpSource(site_of(server, tmp_path)).connect()
