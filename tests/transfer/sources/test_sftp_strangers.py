"""SFTP servers that are not OpenSSH: no extensions, other status codes, a stricter reading of the standard."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from desktop.core.connection import Address
from desktop.core.errors import LoginFailed, NotFound
from desktop.core.media import EntryKind
from desktop.transfer.ports import Login, Site, Trust
from desktop.transfer.sources.sftp import SftpSource
from tests.conftest import Starter
from tests.servers.content import write_tree
from tests.servers.pieces import ListFeed, MemoryPiece
from tests.servers.rclone import RcloneSftp

pytestmark = pytest.mark.servers


@pytest.fixture
def rclone(served: Path, tmp_path: Path, start_server: Starter[RcloneSftp]) -> RcloneSftp:
    return start_server(RcloneSftp(served, tmp_path / "rclone"))


def site_of(server: RcloneSftp, tmp_path: Path, login: Login) -> Site:
    address = Address("sftp", server.host, server.port, server.user)
    return Site(address, login, Trust((tmp_path / "known_hosts",), accept_new=True))


@pytest.fixture
def source(rclone: RcloneSftp, tmp_path: Path) -> Iterator[SftpSource]:
    with closing(SftpSource(site_of(rclone, tmp_path, Login(rclone.password, agent=False)))) as source:
        source.connect()
        yield source


def test_files_of_every_size(source: SftpSource, served: Path) -> None:
    files = write_tree(served, {f"d{n % 7}/f{n}": n * 1500 for n in range(200)} | {"big": 5_000_001})
    pieces = []
    for folder in source.walk("/", lambda entry: True, lambda: False):
        found = (entry for entry in folder.entries if entry.kind is EntryKind.FILE)
        pieces += [MemoryPiece(entry.path, entry.size) for entry in found]
    source.read(ListFeed(pieces))
    assert {piece.outcome for piece in pieces} == {"finished"}
    assert {piece.file.path[1:]: piece.data for piece in pieces} == files


def test_what_is_no_folder(source: SftpSource, served: Path) -> None:
    write_tree(served, {"file": 1})
    for path in ("/file", "/none"):
        with pytest.raises(NotFound):
            source.list(path)
        with pytest.raises(NotFound):
            list(source.walk(path, lambda entry: True, lambda: False))


def test_a_second_attempt_to_log_in_is_no_second_request_for_the_service(rclone: RcloneSftp, tmp_path: Path) -> None:
    """Servers written in Go hang up on it; a wrong password must be told as one."""
    source = SftpSource(site_of(rclone, tmp_path, Login("wrong", agent=False)))
    with closing(source), pytest.raises(LoginFailed, match="did not accept") as caught:
        source.connect()
    assert "tried password" in caught.value.cause
