"""FTP servers and lines at their oddest: slow to greet, half encrypted, out of ports, cut in a listing."""

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import pytest

from desktop.core.connection import Address
from desktop.core.errors import (
    ConnectionLost,
    NotAllowed,
    NotFound,
    ServerBusy,
    ShotDockError,
    Truncated,
    Unreachable,
    Unsupported,
)
from desktop.core.media import Entry, EntryKind
from desktop.transfer.pins import digest_of, place_of, remember_pin
from desktop.transfer.ports import Login, Site, Trust
from desktop.transfer.sources import ftp_wire
from desktop.transfer.sources.ftp import FtpSource
from desktop.transfer.sources.ftp_control import Control
from tests.contracts.pieces import ListFeed, MemoryPiece
from tests.servers.certificates import Certificates, make_certificates
from tests.servers.content import content
from tests.servers.process import free_port
from tests.servers.pyftpd import PyftpdServer
from tests.servers.scripted_ftp import ScriptedFtp, Transfer

DATA = content("a.exr", 5000)
LARGE = content("large.exr", 3 << 20)
PATIENT = "220 (vsFTPd 3.0.3)"
KNOWS_MLST = "211-Features:\r\n MLST type*;size*;modify*;\r\n REST STREAM\r\n SIZE\r\n MDTM\r\n211 End"
FILES = {"/a.exr": DATA, "/large.exr": LARGE}


@contextmanager
def talking(
    server: ScriptedFtp, protocol: str = "ftp", timeout: float = 20.0, pins: Path | None = None
) -> Iterator[FtpSource]:
    """Connect; pins: a file to note the server's certificate in before."""
    with server:
        if server.tls is not None and pins is not None:
            certificate = ssl.PEM_cert_to_DER_cert(server.tls.chain.read_text())
            remember_pin(pins, place_of(server.host, server.port), digest_of(certificate))
        address = Address(protocol, server.host, server.port, "artist")
        source = FtpSource(Site(address, Login(password="x"), Trust((), pins, in_clear=True), timeout))
        try:
            source.connect()
            yield source
        finally:
            source.close()


def server(**script: object) -> ScriptedFtp:
    return ScriptedFtp(files=FILES, **script)  # type: ignore[arg-type]  # its fields


def fetch(source: FtpSource, path: str = "/a.exr", size: int | None = 5000, start: int = 0) -> MemoryPiece:
    piece = MemoryPiece(Entry(path, size=size), start)
    source.read(ListFeed([piece]))
    return piece


def logins(server: ScriptedFtp) -> int:
    return sum(command.startswith("USER") for command in server.commands)


# --- coming in


def test_a_server_that_asks_for_a_moment_first_is_waited_for() -> None:
    with talking(server(greeting="120 Ready in a minute\r\n220 Now")) as source:
        assert fetch(source).data == DATA


@pytest.mark.parametrize(
    ("greeting", "kind", "words"),
    [
        ("554 Not for you", Unreachable, "turned the connection away"),
        ("HTTP/1.1 400 Bad Request", ConnectionLost, "unexpected: HTTP/1.1"),
        ("999 Hello", ConnectionLost, "unexpected: 999"),
        ("220 " + "x" * 20_000, ConnectionLost, "a line of more than"),
        ("220-" + 300 * ("x" * 1000 + "\r\n"), ConnectionLost, "a reply of more than"),
    ],
)
def test_whoever_is_no_ftp_server_is_told_apart(greeting: str, kind: type[ShotDockError], words: str) -> None:
    with pytest.raises(kind) as caught, talking(server(greeting=greeting)):
        pass
    assert words in f"{caught.value.title} {caught.value.cause}"


def test_a_server_without_binary_transfers_is_of_no_use() -> None:
    with pytest.raises(Unsupported, match="binary"), talking(server(answers={"TYPE": "504 Text only"})):
        pass


def test_a_connection_broken_off_while_it_is_dialled_says_nothing() -> None:
    with server() as silent:
        control = Control(Site(Address("ftp", silent.host, silent.port)))
        control.sever()
        with pytest.raises(Unreachable, match="stopped"):
            control.open()
        control.hang_up()
        with pytest.raises(EOFError):
            control.ask("NOOP")
    assert silent.commands == []


class SlowToGreet(ScriptedFtp):
    """Says nothing before somebody else does: like a server that looks its caller's name up for too long."""

    def _say(self, sock: socket.socket, reply: str) -> None:
        if reply == self.greeting and not self.commands and len(self._sockets) == 2:
            sock.recv(1, socket.MSG_PEEK)
        super()._say(sock, reply)


def test_a_server_too_slow_to_greet_is_asked_to_encrypt_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desktop.transfer.sources.ftp_control._SILENCE", 0.1)
    slow = SlowToGreet(files=FILES)
    with pytest.raises(Unsupported, match="AUTH TLS"), talking(slow, "ftps"):
        pass
    assert slow.commands[-1] == "AUTH TLS"
    assert logins(slow) == 0


# --- encryption


@pytest.fixture
def certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Certificates:
    # Nobody speaks in clear here, so there is nothing to wait for.
    monkeypatch.setattr("desktop.transfer.sources.ftp_control._SILENCE", 0.1)
    return make_certificates(tmp_path / "tls")


def test_files_in_clear_are_refused_where_encryption_was_asked_for(certificates: Certificates, tmp_path: Path) -> None:
    strict = server(tls=certificates, answers={"PROT": "534 In clear only"})
    with pytest.raises(Unsupported, match="PROT P"), talking(strict, "ftps", pins=tmp_path / "pins"):
        pass
    assert strict.commands[-1] == "PROT P"


def test_data_in_clear_is_not_taken_where_encryption_was_agreed_on(certificates: Certificates, tmp_path: Path) -> None:
    with talking(server(tls=certificates), "ftps", pins=tmp_path / "pins") as source:
        piece = fetch(source)
    assert isinstance(piece.error, Unsupported)
    assert "no common TLS" in piece.error.title
    assert piece.data == b""


class MeetsTheWrongConnection(ScriptedFtp):
    """Encrypts its data, but for the transfer of this number."""

    wrong = 0
    transfer = 0

    def _pour(self, listener: socket.socket | None, data: bytes) -> None:
        self.transfer += 1
        if self.transfer == self.wrong:
            return super()._pour(listener, data)
        assert listener is not None
        raw, _ = listener.accept()
        with raw, self._secured(raw) as stream:
            stream.sendall(data)
        return listener.close()


def test_a_handshake_that_fails_on_a_port_named_ahead_is_done_again_without(
    certificates: Certificates, tmp_path: Path
) -> None:
    """The port may be the one of the transfer before: what went wrong may be nobody's fault but the order's."""
    hasty = MeetsTheWrongConnection(files=FILES, greeting=PATIENT, tls=certificates)
    hasty.wrong = 3
    with talking(hasty, "ftps", pins=tmp_path / "pins") as source:
        pieces = [MemoryPiece(Entry("/a.exr", size=5000)) for _ in range(4)]
        source.read(ListFeed(pieces))
    assert [(piece.state, piece.data) for piece in pieces] == [("finished", DATA)] * 4
    assert logins(hasty) == 2


def test_a_handshake_that_fails_leaves_no_reply_for_the_next_question(
    certificates: Certificates, tmp_path: Path
) -> None:
    odd = MeetsTheWrongConnection(files=FILES, tls=certificates)
    odd.wrong = 2
    with talking(odd, "ftps", pins=tmp_path / "pins") as source:
        pieces = [MemoryPiece(Entry("/a.exr", size=5000)) for _ in range(4)]
        source.read(ListFeed(pieces))
    assert [piece.state for piece in pieces] == ["finished", "failed", "finished", "finished"]
    assert logins(odd) == 2


class NeverShakesHands(ScriptedFtp):
    """Takes a data connection under TLS and says nothing on it."""

    def start(self) -> Self:
        self.greeted = threading.Event()
        return super().start()

    def _pour(self, listener: socket.socket | None, data: bytes) -> None:
        assert listener is not None
        stream, _ = listener.accept()
        with stream, contextlib.suppress(OSError):
            stream.recv(1)
            self.greeted.set()
            while stream.recv(1 << 16):
                pass
        listener.close()


def test_a_handshake_of_a_data_connection_that_hangs_can_be_broken_off(
    certificates: Certificates, tmp_path: Path
) -> None:
    silent = NeverShakesHands(files=FILES, tls=certificates)
    with talking(silent, "ftps", timeout=60.0, pins=tmp_path / "pins") as source, ThreadPoolExecutor(1) as pool:
        carried = pool.submit(fetch, source)
        assert silent.greeted.wait(20)
        source.close()
        with pytest.raises(ConnectionLost, match="closed here"):
            carried.result(20)


def test_a_handshake_at_login_that_hangs_can_be_broken_off() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:
        address = Address("ftps", "127.0.0.1", listener.getsockname()[1])
        source = FtpSource(Site(address, connect_timeout=60.0))
        connected = pool.submit(source.connect)
        met, _ = listener.accept()
        with met:
            assert met.recv(1) == b"\x16"  # the client's greeting; there is no answer
            source.close()
            with pytest.raises(ConnectionLost, match="closed here"):
                connected.result(20)


class DamagedOnItsWay(ScriptedFtp):
    """Sends what nobody can decipher behind the first part of each file."""

    def _pour(self, listener: socket.socket | None, data: bytes) -> None:
        assert listener is not None
        raw, _ = listener.accept()
        with raw.dup() as line, raw, self._secured(raw) as stream:
            stream.sendall(data[:2000])
            line.sendall(b"\x17\x03\x03\x00\x40" + bytes(64))
        listener.close()


def test_bytes_that_were_damaged_on_their_way_are_a_line_that_broke(certificates: Certificates, tmp_path: Path) -> None:
    piece = MemoryPiece(Entry("/a.exr", size=5000))
    damaged = DamagedOnItsWay(files=FILES, tls=certificates)
    with talking(damaged, "ftps", pins=tmp_path / "pins") as source, pytest.raises(ConnectionLost, match="damaged"):
        source.read(ListFeed([piece]))
    assert piece.state == ""


# --- data connections


def test_a_firewall_that_knows_only_pasv_is_found_out_once() -> None:
    walled = server(answers={"EPSV": f"229 Entering (|||{free_port()}|)"})
    with talking(walled) as source:
        assert fetch(source).data == DATA
        assert fetch(source).data == DATA
    assert [command for command in walled.commands if command in ("EPSV", "PASV")] == ["EPSV", "PASV", "PASV"]


def test_no_way_for_data_at_all() -> None:
    port = free_port()
    dead = server(answers={"EPSV": "500 What?", "PASV": f"227 Entering (127,0,0,1,{port // 256},{port % 256})"})
    with talking(dead) as source, pytest.raises(ConnectionLost, match="refused"):
        fetch(source)
    refusing = server(answers={"EPSV": "500 What?", "PASV": "500 What?"})
    with talking(refusing) as source:
        piece = fetch(source)
        assert isinstance(piece.error, Unsupported)
        assert "passive" in piece.error.cause


def test_a_port_nobody_listens_on_and_no_word_about_it_is_a_lost_connection() -> None:
    ports: list[str] = []

    def named(_argument: str) -> str:
        ports.append(f"229 Entering (|||{free_port()}|)")
        return ports[-1]

    forgetful = server(instead={7: ""})
    with talking(forgetful, timeout=0.5) as source:
        assert fetch(source).data == DATA
        # From now on every port is a wrong one, and the next RETR gets no answer.
        forgetful.answers["EPSV"] = named
        piece = MemoryPiece(Entry("/a.exr", size=5000))
        with pytest.raises(ConnectionLost, match="refused"):
            source.read(ListFeed([piece]))
    assert forgetful.commands[-1] == "RETR /a.exr"
    assert len(ports) == 1
    assert piece.state == ""


def test_200_before_150_is_no_answer_to_retr() -> None:
    with talking(server(transfers={"/a.exr": [Transfer(first="200 Fine\r\n150 Here ({size} bytes)")]})) as source:
        assert fetch(source).data == DATA


@pytest.mark.parametrize("start", [0, 1000])
def test_a_second_word_on_a_transfer_is_no_answer_to_the_next_question(start: int) -> None:
    """Whatever is asked next: for a port, or for what the file is now."""
    transfers = [Transfer(last="426 Broken\r\n226 Aborted"), Transfer()]
    with talking(server(transfers={"/a.exr": transfers})) as source:
        assert fetch(source).state == "failed"
        with pytest.raises(ConnectionLost, match="226 Aborted"):
            fetch(source, start=start)
        assert fetch(source, start=start).data == DATA[start:]


class Cutting(ScriptedFtp):
    """Resets this many data connections in the middle, the first ones left alone."""

    spared = 0
    cuts = 1

    def _pour(self, listener: socket.socket | None, data: bytes) -> None:
        if self.spared or not self.cuts:
            self.spared -= bool(self.spared)
            return super()._pour(listener, data)
        self.cuts -= 1
        assert listener is not None
        stream, _ = listener.accept()
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        stream.sendall(data[: len(data) // 2])
        stream.close()
        return listener.close()


def test_a_listing_that_is_cut_is_a_lost_connection_and_no_short_listing() -> None:
    rows = b"".join(b"-rw-r--r-- 1 a b 1 Nov 14 2023 %d.exr\r\n" % number for number in range(9))
    cutting = Cutting(files=FILES, listing=rows)
    with talking(cutting) as source:
        with pytest.raises(ConnectionLost):
            source.list("/")
        assert len(source.list("/")) == 9


def test_a_listing_cut_with_a_command_behind_it_is_asked_for_again() -> None:
    """The command sent ahead may be what the server did not bear: the next session goes without."""
    rows = b"-rw-r--r-- 1 a b 1 Nov 14 2023 1.exr\r\n" * 2
    cutting = Cutting(files=FILES, greeting=PATIENT, listing=rows)
    cutting.spared = 1
    with talking(cutting) as source:
        for _ in range(3):
            assert len(source.list("/")) == 2
    assert logins(cutting) == 2
    assert cutting.cuts == 0


def test_a_file_that_is_cut_is_a_lost_connection() -> None:
    with talking(Cutting(files=FILES)) as source:
        piece = MemoryPiece(Entry("/large.exr", size=len(LARGE)))
        with pytest.raises(ConnectionLost):
            source.read(ListFeed([piece]))
        assert piece.state == ""
        assert fetch(source).data == DATA


def test_a_listing_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ftp_wire, "LONGEST_LISTING", 1000)
    with talking(server(listing=b"x" * 1001)) as source, pytest.raises(Unsupported, match="goes on"):
        source.list("/")


def test_a_file_of_unknown_size_that_ends_before_the_range_does() -> None:
    short = server(answers={"SIZE": "500 What?"}, transfers={"/a.exr": [Transfer(first="150 Here")]})
    with talking(short) as source:
        piece = MemoryPiece(Entry("/a.exr"), 0, 6000)
        source.read(ListFeed([piece]))
    assert isinstance(piece.error, Truncated)
    assert "5,000 of 6,000 bytes" in piece.error.cause
    assert piece.data == DATA


class SaysTooMuch(ScriptedFtp):
    """Reports success together with the beginning, and then sends half, as it looks where buffers are large."""

    def start(self) -> Self:
        self.half_sent = threading.Event()
        return super().start()

    def _say(self, sock: socket.socket, reply: str) -> None:
        if not reply.startswith("226"):
            super()._say(sock, f"{reply}\r\n226 Done" if reply.startswith("150") else reply)

    def _pour(self, listener: socket.socket | None, data: bytes) -> None:
        assert listener is not None
        stream, _ = listener.accept()
        with stream, contextlib.suppress(OSError):
            stream.sendall(data[: len(data) // 2])
            self.half_sent.set()
            stream.recv(1)
        listener.close()


@pytest.mark.parametrize("what", ["a file", "a listing"])
def test_what_is_broken_off_here_after_success_was_reported_is_not_whole(what: str) -> None:
    rows = b"-rw-r--r-- 1 a b 1 Nov 14 2023 1.exr\r\n" * 2
    hasty = SaysTooMuch(files=FILES, listing=rows, answers={"SIZE": "500 What?"})
    hasty.transfers["/a.exr"] = [Transfer(first="150 Here")]
    piece = MemoryPiece(Entry("/a.exr"))
    with talking(hasty) as source, ThreadPoolExecutor(1) as pool:
        brought = pool.submit(lambda: source.read(ListFeed([piece])) if what == "a file" else source.list("/"))
        assert hasty.half_sent.wait(20)
        source.close()
        with pytest.raises(ConnectionLost):
            brought.result(20)
    assert piece.state == ""


class Regretted(MemoryPiece):
    """A piece that is wanted no more as soon as it is open."""

    def opened(self, now: Entry) -> None:
        super().opened(now)
        self.stopped = True


def test_bytes_that_are_only_skipped_are_left_when_the_piece_is_not_wanted() -> None:
    with talking(server(answers={"REST": "502 No"})) as source:
        piece = Regretted(Entry("/large.exr", size=len(LARGE)), len(LARGE) - 1)
        source.read(ListFeed([piece]))
        assert (piece.state, piece.data) == ("", b"")
        assert fetch(source).data == DATA


def test_the_offset_of_a_file_that_was_refused_is_not_the_next_one_s(tmp_path: Path) -> None:
    """pyftpdlib refuses some before it looks at the REST before them, which holds for whatever comes next."""
    root, whole = tmp_path / "root", content("large.exr", 3 << 20)
    root.mkdir()
    (root / "link.exr").symlink_to(tmp_path)
    (root / "large.exr").write_bytes(whole)
    with PyftpdServer(root) as real:
        address = Address("ftp", real.host, real.port, real.user)
        source = FtpSource(Site(address, Login(password=real.password), Trust(in_clear=True)))
        source.connect()
        refused = MemoryPiece(Entry("/link.exr", size=5000), 1000)
        half = MemoryPiece(Entry("/large.exr", size=3 << 20), 0, 1 << 20)
        source.read(ListFeed([refused, half]))
        source.close()
    assert refused.state == "failed"
    assert (half.state, half.data) == ("finished", whole[: 1 << 20])


# --- looking


def test_a_link_is_what_it_leads_to() -> None:
    link = "250-Listing\r\n type=OS.unix=symlink;size=3; /publish\r\n250 End"
    with talking(server(features=KNOWS_MLST, answers={"MLST": link})) as source:
        assert source.stat("/publish").kind is EntryKind.FOLDER
        assert source.stat("/a.exr") == Entry("/a.exr", size=5000, mtime=1_700_000_000)


def test_a_server_that_announces_mlst_and_has_no_mlsd_is_asked_for_list() -> None:
    rows = b"-rw-r--r-- 1 a b 5000 Nov 14 2023 a.exr\r\n"
    half = server(features=KNOWS_MLST, listing=rows, answers={"MLSD": "502 Not implemented"})
    with talking(half) as source:
        assert [entry.path for entry in source.list("/show")] == ["/show/a.exr"]
        assert [entry.path for entry in source.list("/show")] == ["/show/a.exr"]
    assert half.commands.count("MLSD /show") == 1


@pytest.mark.parametrize(
    ("reply", "path", "kind"),
    [
        ("550 No such directory", "/show", NotFound),
        ("550 Permission denied", "/show", NotAllowed),
        ("550 Failed", "/", NotAllowed),
    ],
)
def test_a_folder_that_is_not_listed(reply: str, path: str, kind: type[ShotDockError]) -> None:
    with talking(server(answers={"LIST": reply})) as source, pytest.raises(kind, match=reply[4:]):
        source.list(path)


def test_a_success_that_says_it_failed_is_no_empty_folder() -> None:
    vague = server(listed="226 Transfer done (but failed to open directory).")
    with talking(vague) as source, pytest.raises(NotAllowed, match="failed to open"):
        source.list("/closed")


def test_a_folder_its_parent_lists_and_nobody_may_enter_is_denied_not_missing() -> None:
    rows = b"drwx------ 2 a b 4096 Nov 14 2023 closed\r\n-rw-r--r-- 1 a b 1 Nov 14 2023 z\r\n"
    closed = server(listing=rows, answers={"CWD": "550 Failed to change directory."})
    with talking(closed) as source:
        with pytest.raises(NotAllowed):
            source.stat("/show/closed")
        with pytest.raises(NotFound):
            source.stat("/show/other")


def test_without_mdtm_it_is_asked_for_once() -> None:
    rows = b"-rw-r--r-- 1 a b 5000 2023-11-15 00:13 a.exr\r\n"
    old = server(listing=rows, answers={"MDTM": "500 What?"})
    with talking(old) as source:
        assert [source.list("/")[0].precision for _ in range(3)] == [86400] * 3
    assert sum(command.startswith("MDTM") for command in old.commands) == 1


def test_a_server_with_no_room_left_says_so_when_it_is_asked() -> None:
    with talking(server(answers={"SIZE": "421 Too many connections"})) as source, pytest.raises(ServerBusy):
        source.stat("/a.exr")
