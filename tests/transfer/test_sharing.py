"""Lanes that share a file: in whatever order they write, every byte arrives once or twice, and never anybody else's."""

import threading
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop.core.connection import Address
from desktop.core.errors import Retry, Stopped
from desktop.core.task import FileResult
from desktop.transfer.jobs import Job
from desktop.transfer.pieces import FilePiece, LaneFeed
from desktop.transfer.ports import Features, Login, Site, Trust
from desktop.transfer.retry import Patience
from desktop.transfer.run import Run
from desktop.transfer.sources.ftp import FtpSource
from desktop.transfer.spans import BLOCK, Spans
from tests.servers.scripted_ftp import ScriptedFtp
from tests.transfer.scripted import MIB, ScriptedSource, Shelf, bring, content, make_run, tree

R = FileResult
SHARED = Features(segments=3)


@pytest.fixture(autouse=True)
def smaller_files_are_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("download", "pieces"):
        monkeypatch.setattr(f"desktop.transfer.{module}.SHARE_FROM", 64 * MIB)


class Writer:
    """A lane's source that writes when it is told to: block after block, of whatever piece it has."""

    def __init__(self, run: Run, shelf: Shelf) -> None:
        self.feed = LaneFeed(run, "site")
        self._files = shelf.files
        self._at = 0
        self.piece: FilePiece | None = None

    def step(self, size: int) -> bool:
        """Write up to so many bytes, or take a piece; say what a source says at its end. False: nothing to do."""
        if self.piece is None:
            self.piece = self.feed.next()
            if self.piece is None:
                return False
            self._at = self.piece.start
            self._hand(lambda piece: piece.opened(piece.file))
            return True
        data = self._files[self.piece.file.path]
        end = len(data) if self.piece.end is None else self.piece.end
        at, self._at = self._at, min(end, self._at + size)
        self._hand(lambda piece: piece.write(at, data[at : self._at]))
        if self.piece is not None and self._at == end:
            self.piece.finished()
            self.piece = None
        return True

    def _hand(self, call: Callable[[FilePiece], None]) -> None:
        assert self.piece is not None
        try:
            call(self.piece)
        except Stopped:
            self.piece = None


@settings(max_examples=80)
@given(
    st.integers(1, 60 * 4096),
    st.lists(st.tuples(st.integers(0, 2), st.integers(1, 20_000)), max_size=150),
)
def test_in_whatever_order_lanes_write_and_share_every_byte_comes_once(size: int, steps: list[tuple[int, int]]) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("desktop.transfer.download.SHARE_FROM", 4 * 4096)
        patch.setattr("desktop.transfer.spans.BLOCK", 4096)
        shelf = Shelf()
        run = make_run(Path(folder), [Job(1, "site", shelf.put("/a", size), Path(folder) / "a")])
        run.connected("site", SHARED)
        lanes = [Writer(run, shelf) for _ in range(3)]
        for lane, count in steps:
            lanes[lane].step(count)
        busy = True
        while busy:
            done = [lane.step(9999) for lane in lanes]
            busy = any(done)
        run.close()
        (ended,) = run.drain()
        assert ended.result is R.DOWNLOADED, ended.error
        assert (Path(folder) / "a").read_bytes() == shelf.files["/a"]
        # One byte more, and a lane wrote what it knew to be another's by then.
        assert ended.transferred == size


@given(st.integers(2 * BLOCK, 1 << 40), st.lists(st.tuples(st.integers(0, 9), st.integers(0, 1 << 30)), max_size=9))
def test_halves_lie_side_by_side_whatever_came_before(size: int, turns: list[tuple[int, int]]) -> None:
    spans = Spans()
    live = spans.want([(0, None)])
    for span in live:
        span.carried = True
    for which, came in turns:
        span = live[which % len(live)]
        end = size if span.stop is None else span.stop
        span.received = min(end - span.start, span.received + came)
        longest = spans.longest(size)
        assert longest is not None
        left, span = longest
        if left >= 2 * BLOCK:
            half = spans.halve(span, size)
            half.carried = True
            live.append(half)
            assert span.start + span.received < half.start
            assert half.start % BLOCK == 0
    ordered = sorted(live, key=lambda span: span.start)
    assert ordered[0].start == 0 and ordered[-1].stop is None
    assert all(a.stop == b.start for a, b in pairwise(ordered))
    assert len(spans) == len(live)


def test_a_lane_that_would_idle_shares_the_longest_range(tmp_path: Path) -> None:
    """Two lanes, two files: the one that is done first takes half of what the other has before it, and no third."""
    turn = threading.Event()

    def wait(path: str, offset: int) -> None:
        if path == "/b" and offset == MIB and shelf.opens["/b"] == 1:
            assert turn.wait(20)

    def opened(path: str, count: int) -> None:
        if (path, count) == ("/b", 2):
            turn.set()

    shelf = Shelf(block=MIB, on_block=wait, on_open=opened, features=Features(segments=2))
    results = bring(tmp_path, shelf, [shelf.put("/a", 2 * MIB), shelf.put("/b", 130 * MIB)], lanes=2)
    assert [done.result for done in results] == [R.DOWNLOADED] * 2
    assert tree(tmp_path) == {"a": shelf.files["/a"], "b": shelf.files["/b"]}
    middle = MIB + -(-129 * MIB // 2 // BLOCK) * BLOCK
    assert {start for path, start, _ in shelf.reads if path == "/b"} == {0, middle}


def test_a_small_file_is_never_shared(tmp_path: Path) -> None:
    shelf = Shelf(block=MIB, features=Features(segments=2))
    [done] = bring(tmp_path, shelf, [shelf.put("/a", 63 * MIB)], lanes=4)
    assert done.result is R.DOWNLOADED
    assert (shelf.reads, shelf.connects) == ([["/a", 0, 63 * MIB]], 1)


def test_a_range_that_waits_for_a_busy_server_is_not_shared(tmp_path: Path) -> None:
    """Or an idle lane would ask for half of it at once, and use up the tries of the file without a pause."""

    def busy(path: str, offset: int) -> None:
        if offset == MIB and shelf.opens[path] == 1:
            raise Retry("450 busy, try again")

    shelf = Shelf(block=MIB, on_block=busy, features=Features(segments=2))
    [done] = bring(tmp_path, shelf, [shelf.put("/a", 80 * MIB)])
    assert done.result is R.DOWNLOADED
    assert [start for _, start, _ in shelf.reads] == [0, MIB]


def test_no_file_is_fetched_in_more_ranges_than_pay_off(tmp_path: Path) -> None:
    shelf = Shelf()
    run = make_run(tmp_path, [Job(1, "site", shelf.put("/a", 300 * MIB), tmp_path / "a")])
    run.connected("site", Features(segments=2))
    lanes = [Writer(run, shelf) for _ in range(3)]
    assert [lane.step(MIB) for lane in lanes] == [True, True, False]
    assert run.wants("site") == 0
    run.stop()
    run.close()


def test_nobody_waits_for_a_file_that_waits_for_its_disk(tmp_path: Path) -> None:
    """To pause a run, to read its figures or to look for work is not to take as long as a network drive that hangs."""
    shelf = Shelf()
    run = make_run(tmp_path, [Job(1, "site", shelf.put("/a", 200 * MIB), tmp_path / "a")])
    run.connected("site", SHARED)
    lane = Writer(run, shelf)
    lane.step(MIB)
    lane.step(MIB)
    (download,) = run._active
    done = threading.Event()

    def ask() -> None:
        assert run.wants("site") == 1
        run.stop()
        run.counters()
        done.set()

    with download._part.lock:
        threading.Thread(target=ask, daemon=True).start()
        assert done.wait(20)
    run.close()


@pytest.mark.parametrize(("mtime", "etag", "wanted"), [(None, None, 0), (None, '"e1"', 1), (1.7e9, None, 1)])
def test_a_file_that_cannot_be_proved_the_same_is_not_shared(
    tmp_path: Path, mtime: float | None, etag: str | None, wanted: int
) -> None:
    shelf = Shelf(mtime=mtime, etag=etag)
    run = make_run(tmp_path, [Job(1, "site", shelf.put("/a", 200 * MIB), tmp_path / "a")])
    run.connected("site", SHARED)
    lane = Writer(run, shelf)
    lane.step(MIB)
    lane.step(MIB)
    assert run.wants("site") == wanted
    run.stop()
    run.close()


@pytest.mark.parametrize(("planned", "etag"), [(True, None), (False, None), (False, '"e1"')])
def test_ranges_that_were_asked_for_are_no_way_to_put_two_files_together(
    tmp_path: Path, planned: bool, etag: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asks for several ranges gets one, if neither the plan nor the server can tell the file from another."""
    monkeypatch.setattr("desktop.transfer.spans.SEGMENT_FROM", MIB)

    def swap(path: str, count: int) -> None:
        if count > 1 and etag is None:
            shelf.files[path] = content("other", 4 * MIB)

    shelf = Shelf(mtime=None, etag=etag, on_open=swap)
    entry = shelf.put("/a", 4 * MIB)
    if planned:
        entry = replace(entry, mtime=1.7e9)
    [done] = bring(tmp_path, shelf, [entry], segments=2)
    assert done.result is FileResult.DOWNLOADED
    assert (tmp_path / "a").read_bytes() == shelf.files["/a"]
    assert shelf.opens["/a"] == (2 if etag or not planned else 4)


def test_where_one_lane_finds_that_ranges_are_ignored_none_is_asked_for_any_more(tmp_path: Path) -> None:
    shelf = Shelf(features=SHARED)
    entries = [shelf.put("/a", 200 * MIB), shelf.put("/b", 10)]
    run = make_run(tmp_path, [Job(n, "site", entry, tmp_path / entry.path[1:]) for n, entry in enumerate(entries)])
    run.connected("site", SHARED)
    one, two = Writer(run, shelf), Writer(run, shelf)
    one.step(1)
    one.step(MIB)
    two.step(1)
    two.step(MIB)
    assert run.wants("site") == 1
    two.feed.source = ScriptedSource(Shelf(features=replace(SHARED, ranges=False)))
    two.step(1)
    assert two.piece is None
    assert run.wants("site") == 0
    # Nor does another source bring the matter up again that has not found out.
    run.connected("site", SHARED)
    assert run.wants("site") == 0
    run.stop()
    run.close()


def test_a_lane_that_has_heard_nothing_yet_does_not_make_the_run_forget_how_far_away_the_server_is(
    tmp_path: Path,
) -> None:
    """One that finds nothing to do would keep all others away for good: until it is known, there is only one."""
    run = make_run(tmp_path, [])
    connected = Features(near=0.001, lanes=4, far=24)
    for distance, lanes in ((0.1, 24), (0.002, 4)):
        run.connected("site", connected.at(distance))
        run.connected("site", connected)
        known = run.features("site")
        assert known is not None
        assert (known.distance, known.lanes) == (distance, lanes)
    run.close()


def test_a_file_that_changes_after_its_second_half_came_is_noticed_by_who_brings_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FTP proves that a large file rested by looking again at the end, which is no less due at a shared range's."""
    for module in ("download", "pieces"):
        monkeypatch.setattr(f"desktop.transfer.{module}.SHARE_FROM", 16 * MIB)
    shelf = Shelf(mtime=None)
    planned = shelf.put("/a", 20 * MIB)
    sizes = iter([20 * MIB, 20 * MIB + 1])

    def second_half() -> None:
        other.step(MIB)
        while other.piece is not None:
            other.step(MIB)

    run = make_run(tmp_path, [Job(1, "site", planned, tmp_path / "a")], wake=second_half, patience=Patience())
    run.connected("site", SHARED)
    other = Writer(run, shelf)
    with ScriptedFtp(files=shelf.files, answers={"SIZE": lambda _path: f"213 {next(sizes)}"}) as server:
        address = Address("ftp", server.host, server.port, "artist")
        source = FtpSource(Site(address, Login(password="x"), Trust(in_clear=True)))
        source.connect()
        source.read(LaneFeed(run, "site"))
        source.close()
    run.close()
    assert run.drain() == []
    assert not (tmp_path / "a").exists()
    assert next(sizes, None) is None


def test_ranges_nobody_wants_any_more_are_not_merged_into_one_that_lives() -> None:
    spans = Spans()
    first, second = spans.want([(0, 10), (10, 20)])
    spans.end()
    assert spans.merge([first, second]).ended
    assert len(spans) == 0
