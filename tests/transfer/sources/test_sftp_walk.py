"""Listing and walking over SFTP: names as bytes, links, pruning, stopping, home, hostile names."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from desktop.core.connection import Address
from desktop.core.errors import NotAllowed, NotFound, ShotDockError, Stopped, Unsupported
from desktop.core.media import Entry, EntryKind, Folder
from desktop.transfer.ports import Login, Site, Trust
from desktop.transfer.sources.sftp import SftpSource
from tests.servers.content import write_tree
from tests.servers.pieces import ListFeed, MemoryPiece
from tests.servers.scripted_sftp import READDIR, ScriptedSftp
from tests.servers.sshd import SshServer


def everything(_: Entry) -> bool:
    return True


def never() -> bool:
    return False


@pytest.fixture
def source(sshd: SshServer, tmp_path: Path) -> Iterator[SftpSource]:
    known = tmp_path / "known_hosts"
    known.write_text(sshd.known_hosts)
    address = Address("sftp", "127.0.0.1", sshd.port, sshd.user)
    with closing(SftpSource(Site(address, Login(identity=sshd.identity, agent=False), Trust((known,))))) as source:
        source.connect()
        yield source


def scripted(server: ScriptedSftp, tmp_path: Path) -> SftpSource:
    known = tmp_path / "known_hosts"
    known.write_text(server.known_line)
    address = Address("sftp", "127.0.0.1", server.port, "ann")
    source = SftpSource(Site(address, Login("right", agent=False), Trust((known,))))
    source.connect()
    return source


def test_stat_follows_links_and_tells_size_and_time(source: SftpSource, served: Path) -> None:
    write_tree(served, {"a.exr": 1234})
    (served / "link").symlink_to("a.exr")
    for name in ("a.exr", "link"):
        assert source.stat(f"{served}/{name}") == Entry(f"{served}/{name}", EntryKind.FILE, 1234, 1_700_000_000)
    assert source.stat(str(served)).kind is EntryKind.FOLDER
    with pytest.raises(NotFound) as caught:
        source.stat(f"{served}/none")
    assert caught.value.path == f"{served}/none"


def test_a_listing_tells_each_name_once_without_following_links(source: SftpSource, served: Path) -> None:
    write_tree(served, {"a.exr": 7, "sub/b": 1})
    (served / "link").symlink_to("sub")
    (served / "dangling").symlink_to("none")
    os.mkfifo(served / "pipe")
    found = {entry.name: entry.kind for entry in source.list(str(served))}
    assert found == {
        "a.exr": EntryKind.FILE,
        "sub": EntryKind.FOLDER,
        "link": EntryKind.LINK,
        "dangling": EntryKind.LINK,
        "pipe": EntryKind.OTHER,
    }


def test_a_folder_of_many_pages(source: SftpSource, served: Path) -> None:
    names = {f"f.{n:05}.exr" for n in range(2500)}
    for name in names:
        (served / name).touch()
    entries = source.list(str(served) + "/")
    assert {entry.name for entry in entries} == names
    assert all(entry.path == f"{served}/{entry.name}" for entry in entries)
    assert len(entries) == len(names)


@pytest.mark.parametrize("path", ["none", "file"])
def test_what_cannot_be_listed(source: SftpSource, served: Path, path: str) -> None:
    write_tree(served, {"file": 1})
    with pytest.raises(ShotDockError):
        source.list(f"{served}/{path}")
    with pytest.raises(ShotDockError):
        list(source.walk(f"{served}/{path}", everything, never))


def test_an_empty_folder_and_the_root(source: SftpSource, served: Path) -> None:
    assert source.list(str(served)) == []
    assert "/etc" in {entry.path for entry in source.list("/")}


@pytest.mark.parametrize("name", [b"\xe4\xf6\xfc-latin1", "日本".encode("shift-jis"), b"\xff\xfe", "日本 ü".encode()])
def test_any_bytes_of_a_name_are_sent_back_as_they_came(source: SftpSource, served: Path, name: bytes) -> None:
    path = os.path.join(os.fsencode(served), name)  # noqa: PTH118  # bytes, which pathlib does not take
    with open(path, "wb") as file:  # noqa: PTH123  # as above
        file.write(b"pixels")
    (entry,) = source.list(str(served))
    assert source.stat(entry.path).size == 6
    piece = MemoryPiece(entry.path, 6)
    source.read(ListFeed([piece]))
    assert (piece.outcome, piece.data) == ("finished", b"pixels")


def test_a_walk_finds_every_folder_once(source: SftpSource, served: Path) -> None:
    write_tree(
        served, {f"p{a}/s{b}/v{c}/f{d}": d for a in range(4) for b in range(5) for c in range(6) for d in [1, 2]}
    )
    (served / "p0" / "loop").symlink_to(served)
    (served / "empty").mkdir()
    folders = list(source.walk(str(served), everything, never))
    expected = {folder: {*below, *files} for folder, below, files in os.walk(served)}
    assert {f.path: {e.name for e in f.entries} for f in folders} == expected
    assert len(folders) == len(expected)
    assert {e.size for f in folders for e in f.entries if e.kind is EntryKind.FILE} == {1, 2}


def test_a_walk_enters_only_what_it_may(source: SftpSource, served: Path) -> None:
    write_tree(served, {"in/a/f": 1, "out/b/f": 1})
    folders = source.walk(str(served), lambda entry: not entry.path.endswith("/out"), never)
    assert {folder.path for folder in folders} == {str(served), f"{served}/in", f"{served}/in/a"}


def test_a_walk_stops_and_the_connection_goes_on(source: SftpSource, served: Path) -> None:
    write_tree(served, {f"{a}/{b}/f": 1 for a in range(20) for b in range(20)})
    seen: list[Folder] = []
    with pytest.raises(Stopped):
        for folder in source.walk(str(served), everything, lambda: len(seen) > 5):
            seen.append(folder)
    assert len(seen) < 400
    for _ in range(15):  # an abandoned walk leaves no handle behind: a thousand of them would be too many
        for folder in source.walk(str(served), everything, never):
            seen.append(folder)
            break
    assert len(source.list(str(served))) == 20
    assert len(list(source.walk(str(served), everything, never))) == 421


def test_walks_and_reads_on_one_connection_in_turn(source: SftpSource, served: Path) -> None:
    files = write_tree(served, {f"{n}/f": 10_000 for n in range(30)})
    for folder in source.walk(str(served), everything, never):
        pieces = [MemoryPiece(entry.path, entry.size) for entry in folder.entries if entry.kind is EntryKind.FILE]
        source.read(ListFeed(pieces))
        for piece in pieces:
            assert piece.data == files[piece.file.path.removeprefix(f"{served}/")]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list everything")
def test_a_locked_folder_is_empty_in_a_walk_and_an_error_as_its_root(source: SftpSource, served: Path) -> None:
    write_tree(served, {"locked/f": 1, "open/f": 1})
    (served / "locked").chmod(0)
    found = {folder.path: len(folder.entries) for folder in source.walk(str(served), everything, never)}
    assert found == {str(served): 2, f"{served}/locked": 0, f"{served}/open": 1}
    with pytest.raises(NotAllowed):
        list(source.walk(f"{served}/locked", everything, never))


def test_paths_below_the_login_s_home(source: SftpSource, served: Path, sshd: SshServer) -> None:
    home = Path("~").expanduser()
    below = {entry.name for entry in source.list("/~")}
    assert below == {path.name for path in home.iterdir()}
    assert all(entry.path == f"/~/{entry.name}" for entry in source.list("/~/"))
    up = "/~/" + "../" * len(home.parts) + str(served)[1:]
    files = write_tree(served, {"f": 100})
    assert source.stat(f"{up}/f").size == 100
    assert [folder.path for folder in source.walk(up, everything, never)] == [up]
    piece = MemoryPiece(f"{up}/f", 100)
    source.read(ListFeed([piece]))
    assert piece.data == files["f"]


def test_hostile_names_are_shown_as_they_are_and_never_entered(tmp_path: Path) -> None:
    names = [b"../../etc", b"/etc", b"", b"a/b", b".", b"..", b"nul\0", b"good"]
    with ScriptedSftp(folders={"/r": names}) as server, closing(scripted(server, tmp_path)) as source:
        entries = source.list("/r")
        assert [entry.path for entry in entries] == ["/r/../../etc", "/r//etc", "/r/", "/r/a/b", "/r/nul\0", "/r/good"]


def test_an_endless_listing_is_left_when_the_walk_stops(tmp_path: Path) -> None:
    server = ScriptedSftp(folders={"/r": [b"again"]}, endless=True)
    with server, closing(scripted(server, tmp_path)) as source:
        with pytest.raises(Stopped):
            list(source.walk("/r", everything, lambda: server.asked[READDIR] > 20))
        server.files["/f"] = b""
        source.stat("/f")
        source.stat("/f")
        before = server.asked[READDIR]
        source.stat("/f")
        assert server.asked[READDIR] == before
        assert not server.handles


def test_a_tree_without_end_is_not_walked_for_ever(tmp_path: Path) -> None:
    class Endless(dict[str, list[bytes]]):
        def __missing__(self, path: str) -> list[bytes]:
            return [b"again"]

        def __contains__(self, path: object) -> bool:
            return True

    with ScriptedSftp(folder_attributes=True) as server, closing(scripted(server, tmp_path)) as source:
        server.folders = Endless()
        with pytest.raises(Unsupported, match="too deep"):
            list(source.walk("/r", everything, never))


def test_hostile_folders_are_not_entered(tmp_path: Path) -> None:
    names = [b"../../etc", b"", b"a/b", b".", b"..", b"good"]
    folders = {"/r": names, "/r/good": [], "/r/a/b": [], "/r/": names, "/r/../../etc": []}
    server = ScriptedSftp(folders=folders, folder_attributes=True)
    with server, closing(scripted(server, tmp_path)) as source:
        found = [folder.path for folder in source.walk("/r", everything, never)]
        assert found == ["/r", "/r/good"]
        assert server.opened == ["/r", "/r/good"]
