"""Runs from end to end, against a server that keeps to a script."""

import hashlib
import math
import threading
from pathlib import Path
from typing import Any

import pytest

from desktop.core.errors import (
    ConnectionLost,
    Corrupted,
    HostileName,
    NotAllowed,
    NotFound,
    RemoteChanged,
    ServerBusy,
    StillUploading,
    TargetUnwritable,
    Truncated,
)
from desktop.core.media import Entry
from desktop.core.task import FileResult
from desktop.transfer.jobs import Job
from desktop.transfer.ports import ConflictStrategy, Decision, Facts, Features, Verdict
from desktop.transfer.run import Run
from tests.transfer.scripted import (
    COMPARE,
    KEEP_BOTH,
    MIB,
    OVERWRITE,
    SKIP,
    Shelf,
    bring,
    carry,
    content,
    make_run,
    tree,
)

R = FileResult


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 4 * MIB - 1, 4 * MIB, 5 * MIB + 3])
def test_a_file_arrives_whole_with_its_time(tmp_path: Path, size: int) -> None:
    shelf = Shelf()
    [done] = bring(tmp_path, shelf, [shelf.put("/deep/er/a.bin", size)])
    assert (done.result, done.resumed, done.transferred, done.reused) == (R.DOWNLOADED, False, size, 0)
    assert tree(tmp_path) == {"deep/er/a.bin": content("/deep/er/a.bin", size)}
    assert (tmp_path / "deep/er/a.bin").stat().st_mtime == shelf.mtime


@pytest.mark.parametrize("lanes", [1, 4])
def test_many_files_arrive(tmp_path: Path, lanes: int) -> None:
    shelf = Shelf()
    entries = [shelf.put(f"/d{i % 7}/f{i}.bin", i * 37) for i in range(500)]
    results = bring(tmp_path, shelf, entries, lanes=lanes)
    assert all(done.result is R.DOWNLOADED for done in results)
    assert tree(tmp_path) == {path[1:]: data for path, data in shelf.files.items()}


def test_the_last_few_files_of_many_lanes_are_not_forgotten(tmp_path: Path) -> None:
    """Groups are committed by whoever fills them; what is left over when the lanes end has to be, too."""
    for turn in range(20):
        shelf = Shelf()
        entries = [shelf.put(f"/{turn}/{i}", 10) for i in range(97 + turn)]
        assert all(done.result is R.DOWNLOADED for done in bring(tmp_path, shelf, entries, lanes=4))


def test_the_destination_is_made(tmp_path: Path) -> None:
    shelf = Shelf()
    [done] = bring(tmp_path / "new" / "er", shelf, [shelf.put("/a", 5)])
    assert done.result is R.DOWNLOADED


@pytest.mark.parametrize(
    ("strategy", "result", "fetched"),
    [(SKIP, R.SKIPPED, 0), (COMPARE, R.OVERWRITTEN, 5), (OVERWRITE, R.OVERWRITTEN, 5), (KEEP_BOTH, R.KEPT_BOTH, 5)],
)
def test_a_target_that_exists_is_judged_before_a_byte_is_fetched(
    tmp_path: Path, strategy: ConflictStrategy, result: R, fetched: int
) -> None:
    shelf = Shelf()
    (tmp_path / "a.exr").write_bytes(b"old")
    [done] = bring(tmp_path, shelf, [shelf.put("/a.exr", 5)], strategy)
    assert (done.result, done.transferred) == (result, fetched)
    assert done.reason
    assert shelf.sent("/a.exr") == fetched
    files = tree(tmp_path)
    assert files.pop("a.exr") == (content("/a.exr", 5) if fetched else b"old")
    assert list(files.values()) == ([b"old"] if result is R.KEPT_BOTH else [])


@pytest.mark.parametrize(
    ("strategy", "result"),
    [(SKIP, R.SKIPPED), (COMPARE, R.OVERWRITTEN), (OVERWRITE, R.OVERWRITTEN), (KEEP_BOTH, R.KEPT_BOTH)],
)
@pytest.mark.parametrize("size", [5, 5 * MIB])
def test_a_target_that_appears_during_the_transfer_is_judged_again(
    tmp_path: Path, strategy: ConflictStrategy, result: R, size: int
) -> None:
    shelf = Shelf(on_block=lambda path, offset: (tmp_path / "a.exr").write_bytes(b"mine"))  # type: ignore[arg-type]  # what it returns is nobody's
    [done] = bring(tmp_path, shelf, [shelf.put("/a.exr", size)], strategy)
    assert done.result is result
    files = tree(tmp_path)
    assert files.pop("a.exr") == (b"mine" if result is R.SKIPPED else content("/a.exr", size))
    assert list(files.values()) == ([b"mine"] if result is R.KEPT_BOTH else [])


def test_a_folder_in_the_place_of_a_file_fails_that_file_only(tmp_path: Path) -> None:
    shelf = Shelf()
    (tmp_path / "a").mkdir()
    (tmp_path / "b").write_bytes(b"a file")
    results = bring(tmp_path, shelf, [shelf.put("/a", 5), shelf.put("/b/c", 5), shelf.put("/d", 5)], OVERWRITE)
    assert [done.result for done in results] == [R.FAILED, R.FAILED, R.DOWNLOADED]
    assert all(isinstance(done.error, TargetUnwritable) for done in results[:2])
    assert not shelf.sent("/a")


def test_nothing_is_written_through_a_link_that_leads_out(tmp_path: Path) -> None:
    """R44: a canary outside the destination stays as it is."""
    outside, root = tmp_path / "outside", tmp_path / "root"
    outside.mkdir()
    root.mkdir()
    (root / "link").symlink_to(outside)
    shelf = Shelf()
    entries = [shelf.put("/link/canary", 5), shelf.put("/link/new/deep", 5), shelf.put("/ok", 5)]
    results = bring(root, shelf, entries, OVERWRITE)
    assert [done.result for done in results] == [R.FAILED, R.FAILED, R.DOWNLOADED]
    assert isinstance(results[0].error, HostileName)
    assert tree(outside) == {} and not (outside / "new").exists()


def test_a_target_outside_the_destination_is_refused(tmp_path: Path) -> None:
    shelf = Shelf()
    entry = shelf.put("/a", 5)
    run = make_run(tmp_path / "in", [Job(1, "s", entry, tmp_path / "a"), Job(2, "s", entry, tmp_path / "inn" / "a")])
    results = carry(run, shelf)
    assert all(isinstance(done.error, HostileName) for done in results.values())
    assert tree(tmp_path) == {}


def test_two_jobs_for_one_name_are_brought_one_after_the_other(tmp_path: Path) -> None:
    """R39: one writer, and the second one meets the policy; names some disk takes for one wait likewise."""
    shelf = Shelf()
    one, two, three = shelf.put("/a/x.exr", 5), shelf.put("/b/x.exr", 7), shelf.put("/c/X.EXR", 9)
    target = tmp_path / "x.exr"
    jobs = [Job(1, "s", one, target), Job(2, "t", two, target), Job(3, "s", three, tmp_path / "X.EXR")]
    results = carry(make_run(tmp_path, jobs, KEEP_BOTH), shelf, lanes=2)
    assert results[1].result is R.DOWNLOADED
    assert results[2].result is R.KEPT_BOTH
    assert sorted(map(len, tree(tmp_path).values())) == [5, 7, 9]
    jobs = [Job(1, "s", one, tmp_path / "new"), Job(2, "t", two, tmp_path / "new")]
    results = carry(make_run(tmp_path, jobs), shelf, lanes=2)
    assert (results[1].result, results[2].result) == (R.DOWNLOADED, R.SKIPPED)


@pytest.mark.parametrize("size", [300_000, 6 * MIB])
@pytest.mark.parametrize("cuts", [1, 5, 9])
def test_a_lost_connection_continues_at_the_first_missing_byte(tmp_path: Path, size: int, cuts: int) -> None:
    """R01: every byte crosses the line once, whatever the number of cuts."""
    lost = 0

    def cut(path: str, offset: int) -> None:
        nonlocal lost
        if lost < cuts and offset >= size * (lost + 1) // (cuts + 1):
            lost += 1
            raise ConnectionLost("cut")

    shelf = Shelf(block=10_000, on_block=cut)
    [done] = bring(tmp_path, shelf, [shelf.put("/a", size)])
    assert done.result is R.DOWNLOADED
    assert (lost, shelf.connects) == (cuts, cuts + 1)
    assert shelf.sent("/a") == done.transferred == size
    assert tree(tmp_path) == {"a": shelf.files["/a"]}


def test_a_connection_that_ends_after_the_last_byte_is_good_enough(tmp_path: Path) -> None:
    """R11: every promised byte is there; the missing farewell adds nothing."""
    shelf = Shelf()
    entry = shelf.put("/a", 5)
    run = make_run(tmp_path, [Job(1, "s", entry, tmp_path / "a")])
    feed = run.feed("s")
    piece = feed.next()
    assert piece is not None
    piece.opened(entry)
    piece.write(0, shelf.files["/a"])
    feed.hand_back(ConnectionLost("no farewell"))
    assert feed.next() is None
    run.close()
    assert [done.result for done in run.drain()] == [R.DOWNLOADED]


def test_a_file_that_never_comes_is_given_up_and_the_others_go_on(tmp_path: Path) -> None:
    def poison(path: str, offset: int) -> None:
        if path == "/b":
            raise ConnectionLost("again and again")

    shelf = Shelf(on_block=poison)
    results = bring(tmp_path, shelf, [shelf.put(f"/{name}", 9) for name in "abcdef"])
    assert [done.result for done in results] == [R.DOWNLOADED, R.FAILED, *[R.DOWNLOADED] * 4]
    assert isinstance(results[1].error, ConnectionLost)
    assert shelf.opens["/b"] == 5


@pytest.mark.parametrize("error", [NotFound("gone"), NotAllowed("no")])
def test_what_will_not_help_is_not_tried_again(tmp_path: Path, error: NotFound | NotAllowed) -> None:
    def refuse(path: str, count: int) -> None:
        if path == "/b":
            raise error

    shelf = Shelf(on_open=refuse)
    results = bring(tmp_path, shelf, [shelf.put("/b", 5), shelf.put("/c", 5)])
    assert results[0].error is error
    assert results[1].result is R.DOWNLOADED
    assert (shelf.opens["/b"], shelf.connects) == (1, 1)
    assert tree(tmp_path) == {"c": shelf.files["/c"]}


def test_a_busy_file_is_tried_again_later(tmp_path: Path) -> None:
    def busy(path: str, count: int) -> None:
        if count < 3:
            raise ServerBusy("450 in use")

    shelf = Shelf(on_open=busy)
    [done] = bring(tmp_path, shelf, [shelf.put("/a", 5)])
    assert done.result is R.DOWNLOADED
    assert (shelf.opens["/a"], shelf.connects) == (3, 1)


def test_a_server_that_sends_too_little_fails_with_numbers(tmp_path: Path) -> None:
    shelf = Shelf(mtime=None, tells_size=False)
    shelf.put("/a", 5)
    [done] = bring(tmp_path, shelf, [Entry("/a", size=9)])
    assert done.result is R.FAILED and isinstance(done.error, Truncated)
    assert "4 of the bytes up to 9" in done.error.cause
    assert tree(tmp_path) == {}


def test_a_server_that_sends_too_much_fails(tmp_path: Path) -> None:
    shelf = Shelf(mtime=None, tells_size=False)
    shelf.put("/a", 9)
    [done] = bring(tmp_path, shelf, [Entry("/a", size=5)])
    assert isinstance(done.error, Truncated) and "longer" in done.error.title
    assert tree(tmp_path) == {}


@pytest.mark.parametrize("size", [0, 5, 5 * MIB])
def test_an_unknown_size_ends_where_the_server_ends_and_is_said(tmp_path: Path, size: int) -> None:
    shelf = Shelf(tells_size=False)
    [done] = bring(tmp_path, shelf, [shelf.put("/a", size)])
    assert done.result is R.DOWNLOADED
    assert done.reason == "size not known by the server"
    assert tree(tmp_path) == {"a": shelf.files["/a"]}


def test_a_size_told_at_opening_is_a_size(tmp_path: Path) -> None:
    shelf = Shelf()
    shelf.put("/a", 5)
    [done] = bring(tmp_path, shelf, [Entry("/a")])
    assert (done.result, done.reason) == (R.DOWNLOADED, "")


def test_without_proof_a_cut_file_starts_over(tmp_path: Path) -> None:
    """R03: no time, no etag: nothing shows that the second half belongs to the first."""

    def cut(path: str, offset: int) -> None:
        if offset == 20_000 and shelf.connects == 1:
            raise ConnectionLost("cut")

    shelf = Shelf(mtime=None, block=10_000, on_block=cut)
    [done] = bring(tmp_path, shelf, [shelf.put("/a", 50_000)])
    assert done.result is R.DOWNLOADED
    assert [start for _, start, _ in shelf.reads] == [0, 0]


def test_a_file_replaced_since_the_plan_comes_as_it_is_now(tmp_path: Path) -> None:
    shelf = Shelf()
    planned = shelf.put("/a", 5)
    shelf.put("/a", 50)
    [done] = bring(tmp_path, shelf, [planned])
    assert done.result is R.DOWNLOADED
    assert shelf.opens["/a"] == 2, "it is looked at again after a pause"
    assert tree(tmp_path) == {"a": shelf.files["/a"]}


def test_one_of_the_same_size_needs_no_second_look(tmp_path: Path) -> None:
    shelf = Shelf()
    planned = shelf.put("/a", 5)
    shelf.mtime = 1_800_000_000.0
    [done] = bring(tmp_path, shelf, [planned])
    assert (done.result, shelf.opens["/a"]) == (R.DOWNLOADED, 1)
    assert (tmp_path / "a").stat().st_mtime == 1_800_000_000.0


def test_a_file_that_keeps_growing_is_still_being_written(tmp_path: Path) -> None:
    """R08: a render is under way; nothing of it reaches the final name."""
    shelf = Shelf(on_open=lambda path, count: shelf.files.update({path: shelf.files[path] + b"more"}))
    [done] = bring(tmp_path, shelf, [shelf.put("/a", 5)])
    assert done.result is R.FAILED and isinstance(done.error, StillUploading)
    assert tree(tmp_path) == {}


@pytest.mark.parametrize("same_size", [True, False])
def test_a_file_replaced_between_two_connections_is_never_spliced(tmp_path: Path, same_size: bool) -> None:
    """R02: what came of the old one is thrown away."""
    size = 6 * MIB

    def swap(path: str, offset: int) -> None:
        if offset >= size // 2 and shelf.connects == 1:
            shelf.files[path] = content("other", size if same_size else size + 1)
            shelf.mtime = 1_800_000_000.0
            raise ConnectionLost("cut")

    shelf = Shelf(on_block=swap)
    [done] = bring(tmp_path, shelf, [shelf.put("/a", size)])
    assert (done.result, done.resumed) == (R.DOWNLOADED, False)
    assert tree(tmp_path) == {"a": shelf.files["/a"]}


def test_a_source_that_says_the_file_changed_starts_it_over_once(tmp_path: Path) -> None:
    def changed(path: str, offset: int) -> None:
        if offset and shelf.opens[path] < 2:
            raise RemoteChanged("another etag")

    shelf = Shelf(block=1000, on_block=changed)
    [done] = bring(tmp_path, shelf, [shelf.put("/a", 5000)])
    assert done.result is R.DOWNLOADED
    assert [start for _, start, _ in shelf.reads] == [0, 0]


def test_a_wrong_hash_is_fetched_once_more_and_then_told(tmp_path: Path) -> None:
    """R17: with both digests."""
    shelf = Shelf()
    entry = shelf.put("/a", 5)
    run = make_run(tmp_path, [Job(1, "s", entry, tmp_path / "a", hash="0" * 64)])
    done = carry(run, shelf)[1]
    assert isinstance(done.error, Corrupted) and "0" * 64 in done.error.cause
    assert (shelf.opens["/a"], done.transferred) == (2, 10)
    assert tree(tmp_path) == {}


@pytest.mark.parametrize("size", [5, 5 * MIB])
def test_verify_reads_back_what_came(tmp_path: Path, size: int) -> None:
    """A disk that does not keep what it was given is found out."""

    def spoil(path: str, offset: int) -> None:
        if offset and shelf.opens[path] == 1:
            [part] = tmp_path.glob(".a.*.part")
            with part.open("r+b") as file:
                file.write(b"\0\0\0\0")

    shelf = Shelf(block=max(1, size // 3), on_block=spoil)
    [done] = bring(tmp_path, shelf, [shelf.put("/a", size)], verify=True)
    assert (done.result, shelf.opens["/a"]) == (R.DOWNLOADED, 2)
    assert tree(tmp_path) == {"a": shelf.files["/a"]}
    assert done.sha256 == hashlib.sha256(shelf.files["/a"]).hexdigest()


def test_only_what_arrived_and_was_read_back_has_a_hash(tmp_path: Path) -> None:
    shelf = Shelf()
    files = [shelf.put("/a", 5), shelf.put("/empty", 0), shelf.put("/here", 3)]
    (tmp_path / "here").write_bytes(b"was")
    assert [done.sha256 for done in bring(tmp_path, shelf, files, verify=True)] == [
        hashlib.sha256(shelf.files["/a"]).hexdigest(),
        hashlib.sha256(b"").hexdigest(),
        "",
    ]
    assert bring(tmp_path / "again", shelf, files[:1])[0].sha256 == ""


def test_what_came_otherwise_than_planned_is_told(tmp_path: Path) -> None:
    """A receipt says what is here, not what was expected."""
    shelf = Shelf()
    same, grown = shelf.put("/same", 5), shelf.put("/grown", 5)
    shelf.files["/grown"] = content("/grown", 9)
    first, second, third = bring(tmp_path, shelf, [same, grown, Entry("/same2")])
    assert (first.result, first.facts) == (R.DOWNLOADED, None)
    assert (second.result, second.facts) == (R.DOWNLOADED, shelf.entry("/grown"))
    assert third.facts is None, "it did not come"
    shelf.put("/bare", 7)
    [bare] = bring(tmp_path, shelf, [Entry("/bare")])
    assert (bare.result, bare.facts) == (R.DOWNLOADED, shelf.entry("/bare"))


@pytest.mark.parametrize("segments", [2, 3, 4])
def test_several_lanes_write_one_file(tmp_path: Path, segments: int) -> None:
    size = 64 * MIB + 12345
    gate = threading.Barrier(segments, timeout=20)
    waited = set()

    def together(path: str, offset: int) -> None:
        if (me := threading.get_ident()) not in waited:
            waited.add(me)
            gate.wait()

    shelf = Shelf(block=MIB, on_block=together)
    [done] = bring(tmp_path, shelf, [shelf.put("/a", size)], lanes=segments, segments=segments)
    assert (done.result, done.transferred) == (R.DOWNLOADED, size)
    assert len({start for _, start, _ in shelf.reads}) == segments
    assert (tmp_path / "a").read_bytes() == shelf.files["/a"]


def test_lanes_are_asked_for_once_it_is_known_what_the_server_can_do_and_that_a_file_can_be_shared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("download", "pieces"):
        monkeypatch.setattr(f"desktop.transfer.{module}.SHARE_FROM", MIB)
    shelf = Shelf(block=MIB, features=Features(segments=2))
    entries = [shelf.put("/a", 1000), shelf.put("/b", 1000), shelf.put("/c", MIB)]
    jobs = [Job(i, "site", entry, tmp_path / entry.path.lstrip("/")) for i, entry in enumerate(entries)]
    heard: list[tuple[bool, int]] = []
    run = make_run(tmp_path, jobs, wake=lambda: heard.append((run.reached("site"), run.wants("site"))))
    carry(run, shelf)
    assert heard == [(True, 2), (True, 1)]


def test_the_last_small_files_are_not_kept_waiting_for_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Every disk is a quick one here, and a file left waiting would wait for longer than any test may take.
    monkeypatch.setattr("desktop.transfer.committer.QUICK", math.inf)
    monkeypatch.setattr("desktop.transfer.committer.LINGER", 3600.0)
    shelf = Shelf()
    entries = [shelf.put(f"/{n}", 100) for n in range(40)]
    assert {done.result for done in bring(tmp_path, shelf, entries)} == {R.DOWNLOADED}


def test_a_segment_that_finds_another_file_ends_them_all(tmp_path: Path) -> None:
    size = 64 * MIB
    gate = threading.Barrier(2, timeout=20)

    def swap(path: str, count: int) -> None:
        if count == 2:
            gate.wait()
            shelf.files[path] = content("other", size)
            shelf.mtime = 1_800_000_000.0

    def wait(path: str, offset: int) -> None:
        if offset == 4 * MIB and shelf.opens[path] < 3:
            gate.wait()

    shelf = Shelf(block=MIB, on_open=swap, on_block=wait)
    [done] = bring(tmp_path, shelf, [shelf.put("/a", size)], lanes=2, segments=2)
    assert done.result is R.DOWNLOADED
    assert (tmp_path / "a").read_bytes() == content("other", size)


def test_a_source_without_ranges_is_never_asked_for_one(tmp_path: Path) -> None:
    shelf = Shelf(features=Features(ranges=False), block=MIB)
    entry = shelf.put("/a", 65 * MIB)
    halted = Halt(shelf, 60 * MIB)
    halted.go(tmp_path, [entry])
    [done] = bring(tmp_path, shelf, [entry], segments=4)
    assert (done.result, done.resumed) == (R.DOWNLOADED, False)
    assert {start for _, start, _ in shelf.reads} == {0}


class Halt:
    """Stops a run when a file reaches an offset, as pause does."""

    def __init__(self, shelf: Shelf, offset: int) -> None:
        self._offset = offset
        self._shelf = shelf
        self._run: Run | None = None

    def go(self, root: Path, entries: list[Entry], token: str = "tok00001", **options: Any) -> None:
        jobs = [Job(i, "s", entry, root / entry.path[1:]) for i, entry in enumerate(entries)]
        self._run = make_run(root, jobs, token=token, **options)
        self._shelf.on_block = self._stop
        assert not [done for done in carry(self._run, self._shelf).values() if done.result is R.FAILED]
        self._shelf.on_block = lambda path, offset: None
        assert self._run.stopped and not self._run.finished

    def _stop(self, path: str, offset: int) -> None:
        assert self._run is not None
        if offset >= self._offset:
            self._run.stop()


@pytest.mark.parametrize("token", ["tok00001", "another1"])
def test_what_was_paused_continues_in_the_next_run(tmp_path: Path, token: str) -> None:
    shelf = Shelf(block=MIB)
    entry = shelf.put("/a", 20 * MIB)
    Halt(shelf, 10 * MIB).go(tmp_path, [entry])
    assert len(tree(tmp_path)) == 2 and not (tmp_path / "a").exists()
    shelf.reads.clear()
    [done] = bring(tmp_path, shelf, [entry], token=token)
    assert (done.result, done.resumed) == (R.DOWNLOADED, True)
    assert (done.reused, done.transferred) == (10 * MIB, 10 * MIB)
    assert shelf.reads == [["/a", 10 * MIB, 10 * MIB]]
    assert tree(tmp_path) == {"a": shelf.files["/a"]}


def test_a_small_file_leaves_nothing_behind_when_paused(tmp_path: Path) -> None:
    shelf = Shelf(block=1000)
    Halt(shelf, 5000).go(tmp_path, [shelf.put("/a", 9000)])
    assert tree(tmp_path) == {}


def test_a_file_that_changed_while_paused_starts_over(tmp_path: Path) -> None:
    shelf = Shelf(block=MIB)
    Halt(shelf, 5 * MIB).go(tmp_path, [shelf.put("/a", 9 * MIB)])
    shelf.files["/a"] = content("other", 9 * MIB)
    shelf.mtime = 1_800_000_000.0
    shelf.reads.clear()
    [done] = bring(tmp_path, shelf, [shelf.entry("/a")])
    assert (done.result, done.resumed, done.transferred) == (R.DOWNLOADED, False, 9 * MIB)
    assert tree(tmp_path) == {"a": shelf.files["/a"]}


def test_a_stale_plan_does_not_splice_either(tmp_path: Path) -> None:
    """The plan and the part agree; only opening the file shows that it is another one."""
    shelf = Shelf(block=MIB)
    planned = shelf.put("/a", 9 * MIB)
    Halt(shelf, 5 * MIB).go(tmp_path, [planned])
    shelf.files["/a"] = content("other", 9 * MIB)
    shelf.mtime = 1_800_000_000.0
    [done] = bring(tmp_path, shelf, [planned])
    assert (done.result, done.resumed, done.reused) == (R.DOWNLOADED, False, 0)
    assert tree(tmp_path) == {"a": shelf.files["/a"]}


def damage(part: Path, how: str) -> None:
    data = bytearray(part.read_bytes())
    if how == "flipped":
        data[3 * MIB] ^= 1
    elif how == "cut":
        del data[2 * MIB :]
    elif how == "longer":
        data += bytes(20 * MIB)
    elif how == "swapped":
        data = bytearray(content("something else", len(data)))
    elif how == "empty":
        data.clear()
    part.write_bytes(data)


@pytest.mark.parametrize("how", ["flipped", "cut", "longer", "swapped", "empty", "as it was"])
def test_a_part_that_was_tampered_with_never_gets_the_final_name(tmp_path: Path, how: str) -> None:
    """R09: durable ranges and their checksums decide, never the part's size."""
    shelf = Shelf(block=MIB)
    entry = shelf.put("/a", 12 * MIB)
    Halt(shelf, 8 * MIB).go(tmp_path, [entry])
    [part] = tmp_path.glob("*.part")
    damage(part, how)
    [done] = bring(tmp_path, shelf, [entry])
    assert done.result is R.DOWNLOADED
    assert tree(tmp_path) == {"a": shelf.files["/a"]}
    if how == "as it was":
        assert done.reused == 8 * MIB


def test_a_part_that_is_complete_asks_the_server_for_one_byte(tmp_path: Path) -> None:
    """Such a part waits after its target was held by another program; only the server can say it is still good."""
    shelf = Shelf(block=MIB)
    entry = shelf.put("/a", 8 * MIB)
    Halt(shelf, 7 * MIB).go(tmp_path, [entry])
    [part] = tmp_path.glob("*.part")
    run = make_run(tmp_path, [Job(1, "s", entry, tmp_path / "a")])
    feed = run.feed("s")
    piece = feed.next()
    assert piece is not None and piece.start == 7 * MIB
    piece.opened(entry)
    piece.write(7 * MIB, shelf.files["/a"][7 * MIB :])
    run.stop()
    run.close()
    assert part.stat().st_size == 8 * MIB
    shelf.reads.clear()
    [done] = bring(tmp_path, shelf, [entry])
    assert (done.result, done.transferred, done.reused) == (R.DOWNLOADED, 1, 8 * MIB - 1)


def test_resuming_reads_the_journal_of_several_ranges(tmp_path: Path) -> None:
    size = 66 * MIB
    shelf = Shelf(block=MIB)
    entry = shelf.put("/a", size)
    run = make_run(tmp_path, [Job(1, "s", entry, tmp_path / "a")], segments=3)
    feed = run.feed("s")
    pieces = [feed.next() for _ in range(3)]
    for piece in pieces:
        assert piece is not None
        piece.opened(entry)
        piece.write(piece.start, shelf.files["/a"][piece.start : piece.start + MIB])
    run.stop()
    run.close()
    [done] = bring(tmp_path, shelf, [entry])
    assert (done.result, done.reused, done.transferred) == (R.DOWNLOADED, 3 * MIB, 63 * MIB)
    assert {start for _, start, _ in shelf.reads} == {MIB, 23 * MIB, 45 * MIB}
    assert tree(tmp_path) == {"a": shelf.files["/a"]}


def test_a_living_run_keeps_its_part(tmp_path: Path) -> None:
    """R38: the second run fetches its own; both end, and the policy decides between them."""
    shelf = Shelf(block=MIB)
    entry = shelf.put("/a", 8 * MIB)
    first = make_run(tmp_path, [Job(1, "s", entry, tmp_path / "a")], token="first001")
    feed = first.feed("s")
    piece = feed.next()
    assert piece is not None
    piece.opened(entry)
    piece.write(0, shelf.files["/a"][: 5 * MIB])
    [done] = bring(tmp_path, shelf, [entry], token="second02")
    assert (done.result, done.reused) == (R.DOWNLOADED, 0)
    piece.write(5 * MIB, shelf.files["/a"][5 * MIB :])
    piece.finished()
    first.close()
    assert [one.result for one in first.drain()] == [R.SKIPPED]
    assert tree(tmp_path) == {"a": shelf.files["/a"]}


def test_two_runs_of_one_task_do_not_share_a_part(tmp_path: Path) -> None:
    shelf = Shelf(block=MIB)
    for name, size in (("/a", 8 * MIB), ("/b", 10)):
        entry = shelf.put(name, size)
        first = make_run(tmp_path, [Job(1, "s", entry, tmp_path / name[1:])])
        piece = first.feed("s").next()
        assert piece is not None
        piece.opened(entry)
        piece.write(0, shelf.files[name][: size // 2])
        [done] = bring(tmp_path, shelf, [entry])
        assert done.error is not None and done.error.kind == "file-in-use"
        piece.write(size // 2, shelf.files[name][size // 2 :])
        piece.finished()
        first.close()
        assert (tmp_path / name[1:]).read_bytes() == shelf.files[name]


def test_counters_tell_what_is_under_way(tmp_path: Path) -> None:
    shelf = Shelf()
    entries = [shelf.put("/a", 100), shelf.put("/b", 200)]
    run = make_run(tmp_path, [Job(7 + i, "s", entry, tmp_path / entry.path[1:]) for i, entry in enumerate(entries)])
    assert run.wants("s") and not run.wants("other") and not run.finished
    feed = run.feed("s")
    one, two = feed.next(), feed.next()
    assert one is not None and two is not None and feed.next() is None
    one.opened(entries[0])
    one.write(0, b"x" * 60)
    counters = run.counters()
    assert (counters.transferred, counters.reused, counters.files_done) == (60, 0, 0)
    assert counters.per_job == {7: 60, 8: 0}
    assert counters.current == ("a", "b")
    one.failed(NotFound("gone"))
    counters = run.counters(every=False)
    assert (counters.transferred, counters.files_done, counters.per_job) == (60, 1, None)
    assert counters.current == ("b",)
    assert [done.id for done in run.drain()] == [7]
    assert run.drain() == []
    run.stop()
    assert not run.wants("s")
    run.close()
    assert tree(tmp_path) == {}


def test_a_failed_site_ends_what_waits_and_what_is_under_way(tmp_path: Path) -> None:
    shelf = Shelf()
    jobs = [Job(i, site, shelf.put(f"/{i}", 9), tmp_path / f"{i}") for i, site in enumerate("sstss")]
    jobs.append(Job(9, "s", shelf.put("/9", 9), tmp_path / "0"))
    run = make_run(tmp_path, jobs)
    piece = run.feed("s").next()
    assert piece is not None
    error = NotAllowed("banned")
    run.fail_site("s", error)
    assert piece.stopped
    done = run.drain()
    assert sorted(one.id for one in done) == [0, 1, 3, 4, 9]
    assert all(one.error is error for one in done)
    assert not run.finished
    assert carry(run, shelf)[2].result is R.DOWNLOADED


@pytest.mark.parametrize("decision", [Decision.REPLACE, Decision.SKIP])
def test_a_site_that_fails_while_a_file_is_begun_ends_it_once(tmp_path: Path, decision: Decision) -> None:
    """A connection may be deleted at any moment, or another lane come upon a fault, and disks take their time."""

    def strategy(_existing: Facts, _incoming: Facts) -> Verdict:
        run.fail_site("s", error)
        return Verdict(decision, "because")

    error = NotFound("There is no connection called 's'.")
    (tmp_path / "0").write_bytes(b"old")
    run = make_run(tmp_path, [Job(0, "s", Shelf().put("/0", 9), tmp_path / "0")], strategy)
    assert run.feed("s").next() is None
    assert run.finished
    assert [(done.id, done.error) for done in run.drain()] == [(0, error)]
    run.close()
    assert tree(tmp_path) == {"0": b"old"}


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="descriptors are counted in /proc")
def test_descriptors_do_not_pile_up(tmp_path: Path) -> None:
    shelf = Shelf(block=MIB)
    entries = [shelf.put(f"/{i}", 5 * MIB if i == 50 else i) for i in range(100)]
    before = descriptors()
    Halt(shelf, 3 * MIB).go(tmp_path, entries)
    bring(tmp_path, shelf, entries)
    assert descriptors() == before


def descriptors() -> int:
    """Return how many descriptors this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))
