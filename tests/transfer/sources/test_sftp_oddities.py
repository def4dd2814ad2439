"""SFTP servers at their oddest: strange answers to honest questions, ways in that need nothing, dead addresses."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import paramiko
import pytest
from paramiko.common import AUTH_SUCCESSFUL

from desktop.core.connection import Address
from desktop.core.errors import ConnectionLost, LoginFailed, NotAllowed, Retry, ShotDockError, Unreachable, Unsupported
from desktop.core.media import Entry
from desktop.transfer.dial import HEAD_START, dial
from desktop.transfer.ports import Login, Site, Trust
from desktop.transfer.sources import sftp_walk
from desktop.transfer.sources.sftp import SftpSource
from tests.servers.content import content
from tests.servers.pieces import ListFeed, MemoryPiece
from tests.servers.process import free_port
from tests.servers.scripted_sftp import (
    FAILURE,
    FSTAT,
    NO_SUCH_FILE,
    OPENDIR,
    PERMISSION_DENIED,
    READ,
    READDIR,
    REALPATH,
    ScriptedSftp,
    string,
)

WHOLE = content("whole", 600_000)
HANDLE = 102


class Odd(ScriptedSftp):
    """Answers one kind of question in its own way. lets_in: without a password."""

    lets_in = False

    def __init__(self, *files: Mapping[str, bytes], **script: Any) -> None:
        super().__init__(*files, **script)
        self.odd: dict[int, tuple[int, bytes]] = {}

    def get_allowed_auths(self, username: str) -> str:
        return "none" if self.lets_in else super().get_allowed_auths(username)

    def check_auth_none(self, username: str) -> int:
        return AUTH_SUCCESSFUL if self.lets_in else super().check_auth_none(username)

    def _request(self, channel: paramiko.Channel, packet: bytes) -> None:
        if packet[0] in self.odd:
            kind, body = self.odd[packet[0]]
            self.asked[packet[0]] += 1
            return self._answer(kind, packet[1:5], body)
        return super()._request(channel, packet)


def status(code: int) -> tuple[int, bytes]:
    return 101, struct.pack(">I", code) + string(b"said the test") + string(b"")


def source_for(server: ScriptedSftp, folder: Path, login: Login | None = None) -> SftpSource:
    known = folder / "known_hosts"
    known.write_text(server.known_line)
    address = Address("sftp", "127.0.0.1", server.port, "ann")
    return SftpSource(Site(address, login or Login("right", agent=False), Trust((known,)), 20.0))


@contextmanager
def connected(server: ScriptedSftp, folder: Path, login: Login | None = None) -> Iterator[SftpSource]:
    with server:
        source = source_for(server, folder, login)
        try:
            source.connect()
            yield source
        finally:
            source.close()


def odd(kind: int, answer: tuple[int, bytes]) -> Odd:
    server = Odd({"/a": WHOLE}, folders={"/": [b"a"]})
    server.odd = {kind: answer}
    return server


# --- coming in


def test_a_server_that_wants_nothing_is_given_nothing(tmp_path: Path) -> None:
    server = Odd({"/a": WHOLE})
    server.lets_in = True
    with connected(server, tmp_path) as source:
        assert source.stat("/a").size == len(WHOLE)
    assert server.logins == []


def test_keys_are_not_offered_where_only_a_password_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    (tmp_path / ".ssh").mkdir()
    paramiko.ECDSAKey.generate().write_private_key_file(str(tmp_path / ".ssh" / "id_ecdsa"))
    with pytest.raises(LoginFailed) as caught, connected(ScriptedSftp(), tmp_path, Login("wrong")):
        pass
    assert "key" not in caught.value.cause
    assert "password" in caught.value.cause


def test_connecting_twice_is_connecting_once(tmp_path: Path) -> None:
    server = ScriptedSftp({"/a": WHOLE})
    with connected(server, tmp_path) as source:
        source.connect()
        assert source.stat("/a").size == len(WHOLE)
    assert server.logins == ["right"]


def test_a_source_that_was_never_connected_says_so(tmp_path: Path) -> None:
    with ScriptedSftp() as server, pytest.raises(ConnectionLost, match="no connection"):
        source_for(server, tmp_path).stat("/a")


# --- addresses


def resolve(monkeypatch: pytest.MonkeyPatch, *addresses: tuple[str, int]) -> None:
    """Have every name stand for these addresses, in this order."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_named: found)


@contextmanager
def silent() -> Iterator[tuple[str, int]]:
    """Yield an address that answers nobody: its queue is full, and the next one in line is not even refused."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield listener.getsockname()


def test_every_address_that_failed_is_told_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    with silent() as nobody:
        resolve(monkeypatch, nobody, ("127.0.0.1", free_port()), ("255.255.255.255", 22))
        with pytest.raises(Unreachable) as caught:
            dial("studio", 22, 2 * HEAD_START, lambda: False)
    assert "refused" in caught.value.cause.lower()
    assert "unreachable" in caught.value.cause or "denied" in caught.value.cause
    assert "no answer within" in caught.value.cause


def test_an_address_that_does_not_answer_does_not_keep_the_next_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    with silent() as nobody, socket.create_server(("127.0.0.1", 0)) as somebody:
        resolve(monkeypatch, nobody, somebody.getsockname())
        with dial("studio", 22, 60.0, lambda: False) as sock:
            assert sock.getpeername() == somebody.getsockname()


def test_dialling_ends_when_it_is_not_wanted_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    with silent() as nobody:
        resolve(monkeypatch, nobody)
        wanted = threading.Event()
        threading.Timer(0.1, wanted.set).start()
        with pytest.raises(Unreachable, match="stopped"):
            dial("studio", 22, 60.0, wanted.is_set)


# --- strange answers


def fetch(source: SftpSource, size: int | None = len(WHOLE), end: int | None = None) -> MemoryPiece:
    piece = MemoryPiece("/a", size, 0, end)
    source.read(ListFeed([piece]))
    assert piece.faults == []
    return piece


def test_a_home_nobody_tells_is_no_home(tmp_path: Path) -> None:
    with connected(odd(REALPATH, status(FAILURE)), tmp_path) as source, pytest.raises(Retry, match="said the test"):
        source.stat("/~/a")
    nameless = odd(REALPATH, (104, struct.pack(">I", 0)))
    with connected(nameless, tmp_path) as source, pytest.raises(ConnectionLost, match="kind 104"):
        source.stat("/~/a")


def test_a_file_that_may_be_opened_and_not_looked_at_fails_alone(tmp_path: Path) -> None:
    server = odd(FSTAT, status(PERMISSION_DENIED))
    with connected(server, tmp_path) as source:
        piece = fetch(source)
        assert isinstance(piece.error, NotAllowed)
        assert piece.data == b""
        server.odd = {}
        assert fetch(source).data == WHOLE


@pytest.mark.parametrize(
    ("kind", "ask"),
    [
        (READ, lambda source: fetch(source)),
        (OPENDIR, lambda source: source.list("/")),
        (READDIR, lambda source: source.list("/")),
    ],
)
def test_an_answer_of_the_wrong_kind_ends_the_connection(
    tmp_path: Path, kind: int, ask: Callable[[SftpSource], object]
) -> None:
    wrong = (105, struct.pack(">I", 0)) if kind != READ else (HANDLE, string(b"1"))
    with connected(odd(kind, wrong), tmp_path) as source, pytest.raises(ConnectionLost, match="reply 10"):
        ask(source)


@pytest.mark.parametrize("size", [len(WHOLE), None])
def test_an_empty_block_is_the_end_where_no_end_is_told(tmp_path: Path, size: int | None) -> None:
    server = ScriptedSftp({"/a": WHOLE}, read=lambda path, offset, length: WHOLE[offset : offset + length])
    with connected(server, tmp_path) as source:
        piece = fetch(source, size)
    assert (piece.outcome, piece.data) == ("finished", WHOLE)


def everything(_entry: Entry) -> bool:
    return True


@pytest.mark.parametrize("code", [NO_SUCH_FILE, PERMISSION_DENIED])
def test_a_folder_that_closes_before_it_is_listed_counts_as_empty(tmp_path: Path, code: int) -> None:
    class Closing(ScriptedSftp):
        def _by_path(self, kind: int, number: bytes, path: str) -> None:
            if kind == OPENDIR and path == "/show/closed":
                return self._status(number, code)
            return super()._by_path(kind, number, path)

    folders = {"/show": [b"closed", b"open"], "/show/open": [b"x"], "/show/open/x": []}
    with connected(Closing(folders=folders, folder_attributes=True), tmp_path) as source:
        walked = {folder.path: len(folder.entries) for folder in source.walk("/show", everything, lambda: False)}
    assert walked == {"/show": 2, "/show/closed": 0, "/show/open": 1, "/show/open/x": 0}


def test_a_fault_below_the_root_is_no_empty_folder(tmp_path: Path) -> None:
    class Failing(ScriptedSftp):
        def _by_path(self, kind: int, number: bytes, path: str) -> None:
            if kind == OPENDIR and path == "/show/sub":
                return self._status(number, FAILURE)
            return super()._by_path(kind, number, path)

    server = Failing(folders={"/show": [b"sub"]}, folder_attributes=True)
    with connected(server, tmp_path) as source, pytest.raises(ShotDockError, match="said the test"):
        list(source.walk("/show", everything, lambda: False))


def test_a_listing_without_end_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sftp_walk, "LONGEST", 1000)
    server = ScriptedSftp(folders={"/": [b"%d" % number for number in range(100)]}, endless=True)
    with connected(server, tmp_path) as source, pytest.raises(Unsupported, match="no end"):
        source.list("/")
    assert server.asked[READDIR] < 100
