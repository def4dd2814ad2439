"""Reading from a real OpenSSH server: one large file, many small ones, rekeying, cuts, changing files."""

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desktop.core.connection import Address
from desktop.core.errors import (
    ConnectionLost,
    DiskFull,
    NotAllowed,
    NotFound,
    NotTheFile,
    RemoteChanged,
    Stopped,
    TimedOut,
    Truncated,
)
from desktop.core.media import Entry
from desktop.transfer.ports import Login, Site, Trust
from desktop.transfer.sources.sftp import SftpSource
from tests.conftest import Starter
from tests.servers.content import content, write_tree
from tests.servers.pieces import ListFeed, MemoryPiece
from tests.servers.proxy import Cut, How, Proxy
from tests.servers.sshd import SshServer

pytestmark = pytest.mark.servers
MIB = 1 << 20


def site_of(server: SshServer, folder: Path, port: int | None = None, timeout: float = 20.0) -> Site:
    known = folder / "known_hosts"
    lines = server.known_hosts
    known.write_text(lines.replace(f":{server.port} ", f":{port} ") if port else lines)
    address = Address("sftp", "127.0.0.1", port or server.port, server.user)
    return Site(address, Login(identity=server.identity, agent=False), Trust((known,)), timeout=timeout)


@pytest.fixture
def source(sshd: SshServer, tmp_path: Path) -> Iterator[SftpSource]:
    source = SftpSource(site_of(sshd, tmp_path))
    source.connect()
    yield source
    source.close()


def check(piece: MemoryPiece, expected: bytes) -> None:
    assert piece.outcome == "finished", piece.error
    assert piece.faults == []
    assert piece.data == expected


def kill_sessions(server: SshServer) -> None:
    """Kill the processes that serve the connections, not the one that takes new ones."""
    found = subprocess.run(["pgrep", "-P", str(server.pid)], check=True, capture_output=True, text=True).stdout
    for child in found.split():
        os.kill(int(child), signal.SIGKILL)


@pytest.mark.parametrize("planned", [True, False], ids=["size-planned", "size-unknown"])
@pytest.mark.parametrize("size", [0, 1, 255 * 1024 - 1, 255 * 1024, 255 * 1024 + 1, 5 * MIB + 3])
def test_a_file_arrives_whole(source: SftpSource, served: Path, size: int, planned: bool) -> None:
    files = write_tree(served, {"shot.exr": size})
    piece = MemoryPiece(f"{served}/shot.exr", size if planned else None)
    source.read(ListFeed([piece]))
    check(piece, files["shot.exr"])
    assert piece.now is not None
    assert (piece.now.size, piece.now.mtime) == (size, 1_700_000_000)


@pytest.mark.parametrize(("start", "end"), [(0, 10), (10, 10), (1000, 2 * MIB), (2 * MIB, 3 * MIB), (MIB, None)])
def test_a_range_brings_just_that(source: SftpSource, served: Path, start: int, end: int | None) -> None:
    whole = write_tree(served, {"cache.abc": 3 * MIB})["cache.abc"]
    piece = MemoryPiece(f"{served}/cache.abc", 3 * MIB, start, end)
    source.read(ListFeed([piece]))
    check(piece, whole[start:end])


def test_three_thousand_small_files_on_one_channel(source: SftpSource, served: Path) -> None:
    files = write_tree(served, {f"seq/f.{n:04}.exr": n * 7 for n in range(3000)})
    pieces = [MemoryPiece(f"{served}/{name}", len(data)) for name, data in files.items()]
    source.read(ListFeed(pieces))
    for piece, data in zip(pieces, files.values(), strict=True):
        check(piece, data)


def test_small_and_large_files_mixed_and_a_second_feed_on_the_same_connection(source: SftpSource, served: Path) -> None:
    sizes = {f"f{n}": size for n, size in enumerate([3 * MIB, 10, 0, 700_000, 20 * MIB, 255 * 1024, 5] * 3)}
    files = write_tree(served, sizes)
    for _ in range(2):
        pieces = [MemoryPiece(f"{served}/{name}", len(data)) for name, data in files.items()]
        source.read(ListFeed(pieces))
        for piece, data in zip(pieces, files.values(), strict=True):
            check(piece, data)


def test_faults_of_single_files_are_theirs_alone(source: SftpSource, served: Path) -> None:
    files = write_tree(served, {"good": 1000, "fine": 900_000})
    (served / "folder").mkdir()
    missing = MemoryPiece(f"{served}/missing", 10)
    folder = MemoryPiece(f"{served}/folder", 10)
    below = MemoryPiece(f"{served}/good/below", 10)
    good, fine = MemoryPiece(f"{served}/good", 1000), MemoryPiece(f"{served}/fine")
    source.read(ListFeed([missing, folder, good, below, fine]))
    check(good, files["good"])
    check(fine, files["fine"])
    assert isinstance(missing.error, NotFound)
    assert missing.error.path.endswith("/missing")
    assert isinstance(folder.error, NotTheFile)
    assert below.outcome == "failed"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(source: SftpSource, served: Path) -> None:
    write_tree(served, {"secret": 10})
    (served / "secret").chmod(0)
    piece = MemoryPiece(f"{served}/secret", 10)
    source.read(ListFeed([piece]))
    assert isinstance(piece.error, NotAllowed)


@pytest.mark.parametrize("size", [1000, 3 * MIB])
def test_a_file_shorter_than_planned_is_never_finished(source: SftpSource, served: Path, size: int) -> None:
    write_tree(served, {"short": size})
    piece = MemoryPiece(f"{served}/short", size + 500, 0, size + 500)
    source.read(ListFeed([piece]))
    assert isinstance(piece.error, Truncated)
    assert "short by 500" in piece.error.cause


def test_a_file_longer_than_planned_is_never_cut_to_fit(source: SftpSource, served: Path) -> None:
    whole = write_tree(served, {"long": 3000})["long"]
    piece = MemoryPiece(f"{served}/long", 2000)
    source.read(ListFeed([piece]))
    check(piece, whole)  # no end was given: what the server says at the opening counts, not the plan


@pytest.mark.parametrize("change", ["grows", "shrinks", "touched"])
def test_a_file_that_changes_while_it_is_read_is_noticed(source: SftpSource, served: Path, change: str) -> None:
    write_tree(served, {"render.exr": 40 * MIB})
    path = served / "render.exr"
    once = threading.Lock()

    def meddle(offset: int) -> None:
        if once.acquire(blocking=False):
            if change == "grows":
                with path.open("ab") as file:
                    file.write(b"more")
            elif change == "shrinks":
                os.truncate(path, 30 * MIB)
            else:
                os.utime(path, (1_800_000_000, 1_800_000_000))

    piece = MemoryPiece(str(path), 40 * MIB, 0, 40 * MIB, on_write=meddle)
    source.read(ListFeed([piece]))
    assert isinstance(piece.error, RemoteChanged), piece.outcome
    assert piece.faults == []


@pytest.mark.parametrize("size", [1000, 5 * MIB])
@pytest.mark.parametrize("refusal", [Stopped(), DiskFull("The disk is full."), RemoteChanged("It changed.")])
@pytest.mark.parametrize("where", ["opened", "write"])
def test_a_piece_the_engine_refuses_is_dropped_and_the_others_go_on(
    source: SftpSource, served: Path, size: int, refusal: Exception, where: str
) -> None:
    files = write_tree(served, {"a": size, "b": size, "c": size})

    def refuse(_: object) -> None:
        raise refusal

    refused = (
        MemoryPiece(f"{served}/b", size, on_open=refuse)
        if where == "opened"
        else MemoryPiece(f"{served}/b", size, on_write=refuse)
    )
    a, c = MemoryPiece(f"{served}/a", size), MemoryPiece(f"{served}/c", size)
    source.read(ListFeed([a, refused, c]))
    check(a, files["a"])
    check(c, files["c"])
    assert (refused.outcome, refused.faults, refused.blocks) == ("", [], {})


def test_every_handle_is_closed_again(source: SftpSource, sshd: SshServer, served: Path) -> None:
    """sshd allows about a thousand handles on a connection; forgotten ones would end it here."""
    write_tree(served, {"a": 10})

    def refuse(_: Entry) -> None:
        raise Stopped

    for _ in range(12):
        gone = [MemoryPiece(f"{served}/a", 10, on_open=refuse) for _ in range(100)]
        source.read(ListFeed([*gone, *(MemoryPiece(f"{served}/a", 10) for _ in range(50))]))
    piece = MemoryPiece(f"{served}/a", 10)
    source.read(ListFeed([piece]))
    check(piece, content("a", 10))


def test_a_stop_ends_a_read_that_gets_nothing(sshd: SshServer, served: Path, tmp_path: Path) -> None:
    write_tree(served, {"big": 30 * MIB})
    with Proxy(sshd.port) as proxy:
        source = SftpSource(site_of(sshd, tmp_path, proxy.port))
        source.connect()
        piece = MemoryPiece(f"{served}/big", 30 * MIB)

        def stop(offset: int) -> None:
            if not piece.stopped:
                proxy.cut_all(How.HANG)
                piece.stopped = True

        piece._on_write = stop
        source.read(ListFeed([piece]))
        assert (piece.outcome, piece.faults) == ("", [])
        source.close()


@pytest.mark.parametrize("rekey", ["1M", "16M"])
def test_the_server_may_ask_for_new_keys_again_and_again(
    served: Path, tmp_path: Path, start_server: Starter[SshServer], rekey: str
) -> None:
    size = 300 * MIB if rekey == "16M" else 20 * MIB
    server = start_server(SshServer(served, tmp_path / "sshd", rekey_limit=rekey))
    (served / "big").write_bytes(block := os.urandom(size))
    source = SftpSource(site_of(server, tmp_path))
    source.connect()
    piece = MemoryPiece(f"{served}/big", size)
    small = write_tree(served, {f"s{n}": 9000 for n in range(200)})
    pieces = [piece, *(MemoryPiece(f"{served}/{name}", 9000) for name in small)]
    source.read(ListFeed(pieces))
    source.close()
    check(piece, block)
    assert all(p.outcome == "finished" for p in pieces)


@pytest.mark.parametrize("how", [How.RST, How.FIN])
@pytest.mark.parametrize("after", [30_000, 5 * MIB])
def test_a_cut_line_leaves_the_pieces_to_the_engine(
    sshd: SshServer, served: Path, tmp_path: Path, how: How, after: int
) -> None:
    write_tree(served, {f"f{n}": 2 * MIB for n in range(4)})
    with Proxy(sshd.port, cuts=[Cut(1, after, how)]) as proxy:
        source = SftpSource(site_of(sshd, tmp_path, proxy.port))
        source.connect()
        pieces = [MemoryPiece(f"{served}/f{n}", 2 * MIB) for n in range(4)]
        with pytest.raises(ConnectionLost, match="was lost"):
            source.read(ListFeed(pieces))
        assert pieces[-1].outcome == ""
        assert all(piece.outcome != "failed" and not piece.faults for piece in pieces)
        source.close()


def test_a_killed_server_is_a_lost_connection(sshd: SshServer, served: Path, tmp_path: Path) -> None:
    write_tree(served, {"big": 30 * MIB})
    source = SftpSource(site_of(sshd, tmp_path))
    source.connect()
    killed = threading.Event()

    def kill(offset: int) -> None:
        if not killed.is_set():
            killed.set()
            kill_sessions(sshd)

    piece = MemoryPiece(f"{served}/big", 30 * MIB, on_write=kill)
    with pytest.raises(ConnectionLost):
        source.read(ListFeed([piece]))
    assert piece.outcome == ""
    with pytest.raises(ConnectionLost):
        source.list(str(served))
    source.close()


def test_a_silent_line_times_out_and_the_next_connection_asks_for_less(
    sshd: SshServer, served: Path, tmp_path: Path
) -> None:
    write_tree(served, {"big": 30 * MIB})
    with Proxy(sshd.port) as proxy:
        site = site_of(sshd, tmp_path, proxy.port, timeout=1.0)
        source = SftpSource(site)
        source.connect()
        hung = threading.Event()

        def hang(offset: int) -> None:
            if not hung.is_set():
                hung.set()
                proxy.cut_all(How.HANG)

        piece = MemoryPiece(f"{served}/big", 30 * MIB, on_write=hang)
        with pytest.raises(TimedOut, match="No byte came"):
            source.read(ListFeed([piece]))
        source.close()
        again = SftpSource(site)
        again.connect()
        piece = MemoryPiece(f"{served}/big", 30 * MIB)
        again.read(ListFeed([piece]))
        again.close()
        check(piece, content("big", 30 * MIB))


def test_a_slow_disk_is_no_silent_server(sshd: SshServer, served: Path, tmp_path: Path) -> None:
    """A write that takes longer than the server may be silent: back-pressure, not a fault."""
    write_tree(served, {"big": 2 * MIB})
    source = SftpSource(site_of(sshd, tmp_path, timeout=0.5))
    source.connect()
    waited = threading.Event()

    def slowly(offset: int) -> None:
        if not waited.is_set():
            waited.wait(1.5)
            waited.set()

    piece = MemoryPiece(f"{served}/big", 2 * MIB, on_write=slowly)
    source.read(ListFeed([piece]))
    source.close()
    check(piece, content("big", 2 * MIB))


def in_thread(work: Callable[[], object]) -> tuple[threading.Thread, list[BaseException]]:
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except ConnectionLost as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, raised


def test_close_from_another_thread_breaks_off_a_read_that_hangs(sshd: SshServer, served: Path, tmp_path: Path) -> None:
    write_tree(served, {"big": 30 * MIB})
    with Proxy(sshd.port) as proxy:
        source = SftpSource(site_of(sshd, tmp_path, proxy.port, timeout=100))
        source.connect()
        hung = threading.Event()

        def hang(offset: int) -> None:
            if not hung.is_set():
                proxy.cut_all(How.HANG)
                hung.set()

        piece = MemoryPiece(f"{served}/big", 30 * MIB, on_write=hang)
        thread, raised = in_thread(lambda: source.read(ListFeed([piece])))
        assert hung.wait(10)
        source.close()
        source.close()
        thread.join(10)
        assert not thread.is_alive()
        assert len(raised) == 1
        assert (piece.outcome, piece.faults) == ("", [])


def test_a_bug_on_our_side_is_not_dressed_up_as_a_lost_connection(source: SftpSource, served: Path) -> None:
    write_tree(served, {"big": 5 * MIB})

    def broken(offset: int) -> None:
        raise ZeroDivisionError

    piece = MemoryPiece(f"{served}/big", 5 * MIB, on_write=broken)
    with pytest.raises(ZeroDivisionError):
        source.read(ListFeed([piece]))
