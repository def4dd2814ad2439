"""What every source promises (`transfer.ports.Source`), on real servers."""

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from desktop.core.errors import (
    ConnectionLost,
    LoginFailed,
    NotAllowed,
    NotFound,
    Retry,
    ShotDockError,
    StillUploading,
    Stopped,
    TimedOut,
    Unreachable,
    Unsupported,
)
from desktop.core.media import Entry, EntryKind, Folder
from desktop.transfer.ports import SOURCES, Source
from tests.contracts.grounds import GROUNDS, Ground, Start
from tests.contracts.pieces import ListFeed, MemoryPiece
from tests.servers.content import content
from tests.servers.process import free_port
from tests.servers.proxy import Cut, How, Proxy

pytestmark = pytest.mark.servers

MTIME = 1_700_000_000.0
ODD_NAMES = (
    "with space.exr",
    "two  spaces .exr",
    " leading",
    "#1?.exr",
    "100%25.exr",
    "-dash.exr",
    "ünï-日本.exr",
    "semi;colon&amp=1.exr",
    "quote'\".exr",
    "a -> b.exr",
    "star*[x]{y}~.exr",
    "back\\slash.exr",
    "+plus@at:colon,.exr",
)


@pytest.fixture(params=GROUNDS, ids=lambda ground: ground.__name__)
def ground(
    request: pytest.FixtureRequest,
    served: Path,
    tmp_path: Path,
    start_server: Start,
    monkeypatch: pytest.MonkeyPatch,
) -> Ground:
    """Return a running server, or the disk, over the folder `served`."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nobody.pem"))
    make: Callable[[Path, Path, Start], Ground] = request.param
    return make(served, tmp_path, start_server)


@contextmanager
def connected(ground: Ground) -> Iterator[Source]:
    source = ground.source()
    try:
        source.connect()
        yield source
    finally:
        source.close()


def put(ground: Ground, name: str, size: int, mtime: float = MTIME) -> bytes:
    """Write a file into the ground's folder; return its bytes."""
    path = ground.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content(os.fsencode(name).hex(), size)
    path.write_bytes(data)
    os.utime(path, (mtime, mtime))
    return data


def read(source: Source, *pieces: MemoryPiece) -> None:
    source.read(ListFeed(pieces))


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def needs_listing(ground: Ground) -> None:
    if not ground.listing:
        pytest.skip("this protocol lists no folders; see test_no_listing_is_said")


# --- looking


def test_every_protocol_has_a_ground() -> None:
    assert set(SOURCES.names()) == {"sftp", "ftp", "ftps", "ftpes", "http", "https", "file"}


def test_features_say_what_the_source_can(ground: Ground) -> None:
    with connected(ground) as source:
        assert source.features.listing == ground.listing
        assert source.features.ranges
        assert source.features.lanes >= 1


def test_stat_of_a_file(ground: Ground) -> None:
    put(ground, "shot/a.exr", 12345)
    with connected(ground) as source:
        entry = source.stat(ground.path("shot/a.exr"))
    assert (entry.path, entry.kind, entry.size) == (ground.path("shot/a.exr"), EntryKind.FILE, 12345)
    assert entry.mtime is not None
    assert abs(entry.mtime - MTIME) <= entry.precision <= 2.0


def test_stat_of_a_folder_and_through_a_link(ground: Ground) -> None:
    needs_listing(ground)
    put(ground, "shot/a.exr", 7)
    (ground.folder / "file_link").symlink_to("shot/a.exr")
    (ground.folder / "folder_link").symlink_to("shot")
    with connected(ground) as source:
        assert source.stat(ground.path("shot")).kind is EntryKind.FOLDER
        assert source.stat(ground.root).kind is EntryKind.FOLDER
        assert source.stat(ground.path("folder_link")).kind is EntryKind.FOLDER
        followed = source.stat(ground.path("file_link"))
        assert (followed.kind, followed.size) == (EntryKind.FILE, 7)


@pytest.mark.parametrize("name", ["missing", "no/such/folder/missing", "a.exr/below"])
def test_stat_of_what_is_not_there(ground: Ground, name: str) -> None:
    put(ground, "a.exr", 1)
    with connected(ground) as source:
        with pytest.raises(NotFound) as caught:
            source.stat(ground.path(name))
        assert caught.value.path == ground.path(name)
        assert source.stat(ground.path("a.exr")).size == 1


def test_list(ground: Ground) -> None:
    needs_listing(ground)
    put(ground, "shot/a.exr", 10)
    put(ground, "shot/empty", 0)
    put(ground, "shot/sub/b.exr", 1)
    (ground.folder / "shot" / "link").symlink_to("a.exr")
    with connected(ground) as source:
        entries = {entry.name: entry for entry in source.list(ground.path("shot"))}
    assert set(entries) == {"a.exr", "empty", "sub", "link"}
    assert all(entry.path == ground.path(f"shot/{name}") for name, entry in entries.items())
    assert (entries["a.exr"].kind, entries["a.exr"].size) == (EntryKind.FILE, 10)
    assert (entries["empty"].kind, entries["empty"].size) == (EntryKind.FILE, 0)
    assert entries["sub"].kind is EntryKind.FOLDER
    assert entries["link"].kind is (EntryKind.LINK if ground.links else EntryKind.FILE)


def test_list_of_an_empty_folder_and_of_the_root(ground: Ground) -> None:
    needs_listing(ground)
    (ground.folder / "empty").mkdir()
    with connected(ground) as source:
        assert source.list(ground.path("empty")) == []
        assert [entry.path for entry in source.list(ground.root)] == [ground.path("empty")]


def test_times_of_a_listing_are_as_precise_as_they_say(ground: Ground) -> None:
    needs_listing(ground)
    recent = float(int((ground.folder.stat()).st_mtime) - 3723)
    put(ground, "old.exr", 1, MTIME)
    put(ground, "recent.exr", 1, recent)
    with connected(ground) as source:
        entries = {entry.name: entry for entry in source.list(ground.root)}
    for name, mtime in (("old.exr", MTIME), ("recent.exr", recent)):
        told = entries[name].mtime
        assert told is not None
        assert abs(told - mtime) <= entries[name].precision
    assert entries["recent.exr"].precision <= ground.clock


def test_list_of_a_missing_folder_and_of_a_file(ground: Ground) -> None:
    needs_listing(ground)
    put(ground, "a.exr", 1)
    with connected(ground) as source:
        for name in ("missing", "no/such/folder", "a.exr"):
            with pytest.raises(NotFound):
                source.list(ground.path(name))
        assert len(source.list(ground.root)) == 1


def test_a_denied_folder(ground: Ground) -> None:
    needs_listing(ground)
    if os.geteuid() == 0:
        pytest.skip("root may look into every folder")
    put(ground, "a.exr", 1)
    locked = ground.folder / "locked"
    locked.mkdir(0o000)
    try:
        with connected(ground) as source:
            with pytest.raises(NotAllowed):
                source.list(ground.path("locked"))
            folders = {f.path: f for f in source.walk(ground.root, lambda entry: True, lambda: False)}
        assert folders[ground.path("locked")].entries == ()
    finally:
        locked.chmod(0o755)


def test_odd_names_come_and_go_unchanged(ground: Ground) -> None:
    files = {name: put(ground, f"odd/{name}", 100 + i) for i, name in enumerate(ODD_NAMES)}
    with connected(ground) as source:
        if ground.listing:
            listed = {entry.name: entry for entry in source.list(ground.path("odd"))}
            assert set(listed) == set(files)
            entries = list(listed.values())
        else:
            entries = [source.stat(ground.path(f"odd/{name}")) for name in files]
        pieces = [MemoryPiece(entry) for entry in entries]
        for entry in entries:
            assert source.stat(entry.path).size == entry.size
        read(source, *pieces)
    assert [piece.error for piece in pieces] == [None] * len(pieces)
    assert sorted(piece.data for piece in pieces) == sorted(files.values())


def test_names_that_are_no_utf8_go_back_as_the_same_bytes(ground: Ground) -> None:
    needs_listing(ground)
    if not ground.raw_names:
        pytest.skip("this server knows UTF-8 only")
    name = os.fsdecode(b"caf\xe9 \xff\xfe.exr")
    data = put(ground, name, 321)
    with connected(ground) as source:
        (entry,) = source.list(ground.root)
        piece = MemoryPiece(entry)
        read(source, piece)
    assert piece.data == data


def test_walk_prunes(ground: Ground) -> None:
    needs_listing(ground)
    for name in ("a/1.exr", "a/deep/2.exr", "skip/3.exr", "skip/deep/4.exr", "5.exr"):
        put(ground, name, 1)
    (ground.folder / "loop").symlink_to(".")
    asked: list[Entry] = []

    def enter(entry: Entry) -> bool:
        asked.append(entry)
        # A server that shows links as folders leaves it to us not to follow this one.
        return entry.name not in ("skip", "loop")

    with connected(ground) as source:
        folders = {folder.path: folder for folder in source.walk(ground.root, enter, lambda: False)}
    root = ground.root.rstrip("/") or "/"
    assert {path.rstrip("/") or "/" for path in folders} == {root, ground.path("a"), ground.path("a/deep")}
    assert {entry.name for entry in folders[ground.path("a")].entries} == {"1.exr", "deep"}
    assert {entry.kind for entry in asked} == {EntryKind.FOLDER}
    if ground.links:
        assert "loop" not in {entry.name for entry in asked}


def test_walk_of_a_wide_tree_finds_everything(ground: Ground) -> None:
    needs_listing(ground)
    names = [f"sq{i:02}/sh{j:02}/anim/f{k}.exr" for i in range(5) for j in range(6) for k in range(3)]
    for name in names:
        put(ground, name, 3)
    with connected(ground) as source:
        found = [
            entry.path
            for folder in source.walk(ground.root, lambda entry: True, lambda: False)
            for entry in folder.entries
            if entry.kind is EntryKind.FILE
        ]
        assert sorted(found) == sorted(ground.path(name) for name in names)
        assert source.stat(ground.path(names[0])).size == 3


def test_walk_stops(ground: Ground) -> None:
    needs_listing(ground)
    for i in range(400):
        put(ground, f"d{i}/a.exr", 1)
    seen: list[Folder] = []
    with connected(ground) as source:
        with pytest.raises(Stopped):
            for folder in source.walk(ground.root, lambda entry: True, lambda: len(seen) >= 3):
                seen.append(folder)  # `stopped` has to see it grow
        assert len(seen) < 401
        assert len(source.list(ground.root)) == 400


def test_walk_of_a_missing_root(ground: Ground) -> None:
    needs_listing(ground)
    with connected(ground) as source, pytest.raises(NotFound):
        list(source.walk(ground.path("missing"), lambda entry: True, lambda: False))


def test_no_listing_is_said(ground: Ground) -> None:
    if ground.listing:
        pytest.skip("this protocol lists folders")
    with connected(ground) as source:
        with pytest.raises(Unsupported):
            source.list(ground.root)
        with pytest.raises(Unsupported):
            list(source.walk(ground.root, lambda entry: True, lambda: False))


# --- reading


@pytest.mark.parametrize("size", [0, 1, 16384, 1_000_003, 20_000_000])
def test_read_whole(ground: Ground, size: int) -> None:
    data = put(ground, "a.exr", size)
    with connected(ground) as source:
        piece = MemoryPiece(source.stat(ground.path("a.exr")))
        read(source, piece)
    assert piece.error is None
    assert piece.state == "finished"
    assert sha256(piece.data) == sha256(data)
    assert piece.told[0].size in (None, size)


def test_read_without_knowing_anything(ground: Ground) -> None:
    data = put(ground, "a.exr", 100_000)
    with connected(ground) as source:
        piece = MemoryPiece(Entry(ground.path("a.exr")))
        read(source, piece)
    assert (piece.state, piece.data) == ("finished", data)


def test_read_ranges(ground: Ground) -> None:
    size = 9_000_001
    data = put(ground, "a.exr", size)
    with connected(ground) as source:
        file = source.stat(ground.path("a.exr"))
        ranges = [(0, 1), (1, 70_000), (0, 4_000_000), (4_000_000, 8_000_000), (8_000_000, None), (size - 1, None)]
        ranges += [(size - 1, size), (3, size)]
        pieces = [MemoryPiece(file, start, end) for start, end in ranges]
        read(source, *pieces)
    for piece in pieces:
        assert piece.error is None
        assert piece.state == "finished"
        assert sha256(piece.data) == sha256(data[piece.start : piece.end])


def test_read_many_small_files(ground: Ground) -> None:
    files = {name: put(ground, name, 1000 + i) for i, name in enumerate(f"sh{i:03}/f.{i:04}.exr" for i in range(300))}
    with connected(ground) as source:
        pieces = [MemoryPiece(Entry(ground.path(name), size=len(data))) for name, data in files.items()]
        read(source, *pieces)
    assert {piece.state for piece in pieces} == {"finished"}
    assert [piece.data for piece in pieces] == list(files.values())


def test_a_missing_file_fails_alone(ground: Ground) -> None:
    data = put(ground, "a.exr", 5000)
    with connected(ground) as source:
        names = ("missing", "a.exr", "no/such/folder/b.exr", "a.exr")
        pieces = [MemoryPiece(Entry(ground.path(name), size=5000)) for name in names]
        read(source, *pieces)
    assert [piece.state for piece in pieces] == ["failed", "finished", "failed", "finished"]
    assert isinstance(pieces[0].error, NotFound)
    assert isinstance(pieces[2].error, NotFound)
    assert pieces[1].data == pieces[3].data == data


def test_a_folder_is_not_read(ground: Ground) -> None:
    data = put(ground, "shot/a.exr", 10)
    with connected(ground) as source:
        pieces = [MemoryPiece(Entry(ground.path(name), size=10)) for name in ("shot", "shot/a.exr")]
        read(source, *pieces)
    assert pieces[0].state in ("failed", "dropped")
    assert pieces[1].data == data


def test_a_denied_file_fails_alone(ground: Ground) -> None:
    if not ground.denies:
        pytest.skip("root may read every file")
    data = put(ground, "a.exr", 5000)
    put(ground, "locked.exr", 5000)
    (ground.folder / "locked.exr").chmod(0)
    with connected(ground) as source:
        pieces = [MemoryPiece(Entry(ground.path(name), size=5000)) for name in ("locked.exr", "a.exr")]
        read(source, *pieces)
    assert isinstance(pieces[0].error, NotAllowed)
    assert pieces[1].data == data


def test_a_file_removed_since_the_plan(ground: Ground) -> None:
    put(ground, "a.exr", 5000)
    with connected(ground) as source:
        piece = MemoryPiece(source.stat(ground.path("a.exr")))
        (ground.folder / "a.exr").unlink()
        read(source, piece)
    assert isinstance(piece.error, NotFound)


@pytest.mark.parametrize("size", [50_000, 12_000_000])
@pytest.mark.parametrize("change", [-1000, 1000])
def test_a_file_of_another_size_than_planned_is_not_finished(ground: Ground, size: int, change: int) -> None:
    put(ground, "a.exr", size)
    with connected(ground) as source:
        file = source.stat(ground.path("a.exr"))
        put(ground, "a.exr", size + change, MTIME + 100)
        good = put(ground, "b.exr", 10)
        piece, after = MemoryPiece(file), MemoryPiece(Entry(ground.path("b.exr"), size=10))
        read(source, piece, after)
        assert piece.state in ("dropped", "failed")
        assert piece.error is None or isinstance(piece.error, Retry)
        assert after.data == good
        # Asked without the stale facts, it comes as it is now.
        again = MemoryPiece(Entry(file.path))
        read(source, again)
    assert sha256(again.data) == sha256((ground.folder / "a.exr").read_bytes())


def test_a_file_that_grows_while_it_is_read_is_not_finished(ground: Ground) -> None:
    if not ground.notices:
        pytest.skip("this protocol sends a file as it was when it was opened")
    size = 24_000_000
    put(ground, "a.exr", size)

    def grow(written: int) -> None:
        if not written:
            with (ground.folder / "a.exr").open("ab") as file:
                file.write(b"more" * 1000)

    with connected(ground) as source:
        piece = MemoryPiece(source.stat(ground.path("a.exr")), on_write=grow)
        read(source, piece)
    assert piece.state in ("failed", "dropped")
    assert piece.error is None or isinstance(piece.error, Retry | StillUploading)


def test_a_stopped_piece_is_dropped_and_the_next_one_comes(ground: Ground) -> None:
    put(ground, "large.exr", 30_000_000)
    data = put(ground, "small.exr", 3000)
    with connected(ground) as source:
        large = MemoryPiece(source.stat(ground.path("large.exr")))
        never = MemoryPiece(large.file)
        never.stopped = True

        def stop(written: int) -> None:
            large.stopped = written > 0

        large = MemoryPiece(large.file, on_write=stop)
        small = MemoryPiece(Entry(ground.path("small.exr"), size=3000))
        read(source, never, large, small)
    assert (never.state, large.state) == ("dropped", "dropped")
    assert small.data == data


# --- the connection


def test_a_login_that_is_not_accepted(ground: Ground) -> None:
    if ground.wrong is None:
        pytest.skip("there is no login here")
    put(ground, "a.exr", 1)
    source = ground.source(ground.wrong)
    try:
        with pytest.raises(LoginFailed) as caught:
            source.connect()
            source.stat(ground.path("a.exr"))
    finally:
        source.close()
    assert "wrong" not in str(caught.value)
    assert caught.value.suggestion


def test_a_host_that_does_not_exist(ground: Ground) -> None:
    if ground.server is None:
        pytest.skip("there is no host here")
    source = ground.source(ground.moved("no-such-host.invalid", 1))
    with pytest.raises(Unreachable) as caught:
        source.connect()
    source.close()
    assert "no-such-host.invalid" in str(caught.value)


def test_a_port_nobody_listens_on(ground: Ground) -> None:
    if ground.server is None:
        pytest.skip("there is no port here")
    source = ground.source(ground.moved("127.0.0.1", free_port()))
    with pytest.raises(Unreachable):
        source.connect()
    source.close()


def test_a_server_that_went_away_and_came_back(ground: Ground) -> None:
    if ground.server is None or ground.name == "pyftpd":
        pytest.skip("there is no server to restart here")
    data = put(ground, "a.exr", 4000)
    source = ground.source()
    source.connect()
    file = source.stat(ground.path("a.exr"))
    ground.server.stop()
    piece = MemoryPiece(file)
    try:
        read(source, piece)
    except ShotDockError as error:
        assert isinstance(error, Retry | Unreachable)  # not raising would be right as well
    ground.server.restart()  # type: ignore[union-attr]  # pyftpd is skipped above
    source.close()
    with connected(ground) as fresh:
        again = MemoryPiece(file)
        read(fresh, again)
    assert again.data == data


def test_close_twice_and_connect_again(ground: Ground) -> None:
    data = put(ground, "a.exr", 4000)
    source = ground.source()
    source.close()
    source.close()
    for _ in range(2):
        with connected(ground) as source:
            piece = MemoryPiece(Entry(ground.path("a.exr"), size=4000))
            read(source, piece)
            assert piece.data == data
        source.close()
        with pytest.raises(ShotDockError):
            read(source, MemoryPiece(piece.file))
        if ground.server is None:
            break


@contextmanager
def bad_line(ground: Ground, how: How, after: int) -> Iterator[Proxy]:
    """Put a proxy before the server that ends the file's line after so many bytes."""
    if ground.server is None:
        pytest.skip("there is no line here")
    if ground.name == "pyftpd":
        pytest.skip("it has no fixed data ports here")
    data = bool(ground.passive_ports)
    number = 1
    with Proxy(ground.server.port, passive_ports=ground.passive_ports) as proxy:
        proxy.cuts.append(Cut(number, after, how, data))
        yield proxy


@pytest.mark.parametrize("how", [How.RST, How.FIN])
def test_a_line_cut_in_the_middle_of_a_file(ground: Ground, how: How) -> None:
    data = put(ground, "a.exr", 12_000_000)
    with bad_line(ground, how, 5_000_000) as proxy:
        site = ground.moved(proxy.host, proxy.port)
        source = ground.source(site)
        source.connect()
        try:
            piece = MemoryPiece(source.stat(ground.path("a.exr")))
            fault: object = None
            try:
                read(source, piece)
            except ShotDockError as error:
                fault = error
            fault = fault or piece.error
            assert isinstance(fault, Retry)
            assert piece.state != "finished"
            # What came may be kept; the rest is fetched from the byte reached.
            rest = MemoryPiece(piece.file, len(piece.data), None)
            source.close()
            source = ground.source(site)
            source.connect()
            read(source, rest)
        finally:
            source.close()
    assert sha256(piece.data + rest.data) == sha256(data)


def test_a_line_that_goes_silent_times_out(ground: Ground) -> None:
    put(ground, "a.exr", 12_000_000)
    with bad_line(ground, How.HANG, 5_000_000) as proxy:
        site = replace(ground.moved(proxy.host, proxy.port), timeout=1.0)
        source = ground.source(site)
        source.connect()
        try:
            piece = MemoryPiece(source.stat(ground.path("a.exr")))
            with pytest.raises(TimedOut):
                read(source, piece)
        finally:
            source.close()
    assert piece.state == ""


def test_close_from_another_thread_breaks_off_a_read_that_hangs(ground: Ground) -> None:
    put(ground, "a.exr", 12_000_000)
    with bad_line(ground, How.HANG, 5_000_000) as proxy:
        source = ground.source(ground.moved(proxy.host, proxy.port))
        source.connect()
        flowing = threading.Event()
        piece = MemoryPiece(source.stat(ground.path("a.exr")), on_write=lambda written: flowing.set())
        raised: list[Exception | None] = []

        def run() -> None:
            try:
                read(source, piece)
            except ShotDockError as error:
                raised.append(error)

        reader = threading.Thread(target=run)
        reader.start()
        assert flowing.wait(20)
        source.close()
        reader.join(20)
        assert not reader.is_alive()
    assert piece.state in ("", "failed")
    assert isinstance((raised or [piece.error])[0], ConnectionLost)
