"""Placing a part: whatever appeared at the target since the plan, nothing is lost (policy per strategy)."""

import errno
import os
import re
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from desktop.core.errors import Corrupted, FileInUse, TargetUnwritable, UsageError
from desktop.core.task import FileResult
from desktop.transfer import commit
from desktop.transfer.commit import check_hash, look, place
from desktop.transfer.ports import CONFLICTS, ConflictStrategy, Decision, Facts, Verdict
from tests.transfer.scripted import COMPARE, KEEP_BOTH, OVERWRITE, SKIP, tree

NEW, OLD = b"new bytes", b"old"
T = 1_700_000_000.0
INCOMING = Facts(len(NEW), T)
ROOT = Path(__file__).parents[2]


@pytest.fixture
def part(tmp_path: Path) -> Path:
    path = tmp_path / ".shot.exr.tok.part"
    path.write_bytes(NEW)
    return path


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "shot.exr"


@pytest.mark.parametrize("name", CONFLICTS.names())
def test_a_free_name_is_taken(part: Path, target: Path, name: str) -> None:
    placed = place(str(part), str(target), INCOMING, CONFLICTS[name])
    assert placed.result is FileResult.DOWNLOADED
    assert tree(target.parent) == {"shot.exr": NEW}


@pytest.mark.parametrize(
    ("strategy", "result", "left"),
    [
        (SKIP, FileResult.SKIPPED, [OLD]),
        (COMPARE, FileResult.OVERWRITTEN, [NEW]),
        (OVERWRITE, FileResult.OVERWRITTEN, [NEW]),
        (KEEP_BOTH, FileResult.KEPT_BOTH, [NEW, OLD]),
    ],
)
def test_a_target_that_appeared_meets_the_strategy(
    part: Path, target: Path, strategy: ConflictStrategy, result: FileResult, left: list[bytes]
) -> None:
    target.write_bytes(OLD)
    placed = place(str(part), str(target), INCOMING, strategy)
    assert placed.result is result
    assert placed.reason
    files = tree(target.parent)
    assert sorted(files.values()) == sorted(left)
    assert files["shot.exr"] == left[0]
    for name in files.keys() - {"shot.exr"}:
        assert name.startswith("shot_backup_") and name.endswith(".exr") and name in placed.reason


def test_compare_asks_about_what_is_there_now(part: Path, target: Path) -> None:
    target.write_bytes(NEW)
    os.utime(target, (T, T + 60))
    assert place(str(part), str(target), INCOMING, COMPARE).result is FileResult.SKIPPED
    assert not part.exists()


def test_a_target_that_comes_and_goes_is_judged_each_time(part: Path, target: Path) -> None:
    """The file that was in the way is removed while the strategy thinks; then another one takes its place."""
    asked = []

    def fickle(existing: Facts, incoming: Facts) -> Verdict:
        asked.append(existing.size)
        if len(asked) == 1:
            target.unlink()
            target.write_bytes(b"a third one")
            return Verdict(Decision.KEEP_BOTH, "kept")
        raise AssertionError("asked again")

    target.write_bytes(OLD)
    placed = place(str(part), str(target), INCOMING, fickle)
    assert placed.result is FileResult.KEPT_BOTH
    assert sorted(tree(target.parent).values()) == sorted([b"a third one", NEW])


def test_a_target_that_vanishes_before_it_is_backed_up_leaves_a_free_name(part: Path, target: Path) -> None:
    def late(existing: Facts, incoming: Facts) -> Verdict:
        target.unlink()
        return Verdict(Decision.KEEP_BOTH, "kept")

    target.write_bytes(OLD)
    assert place(str(part), str(target), INCOMING, late).result is FileResult.DOWNLOADED


def test_backups_of_one_second_get_numbers(part: Path, target: Path) -> None:
    kept = set()
    for count in range(5):
        part.write_bytes(NEW)
        target.write_bytes(b"old %d" % count)
        place(str(part), str(target), INCOMING, KEEP_BOTH)
        kept.add(b"old %d" % count)
    files = tree(target.parent)
    assert files.pop("shot.exr") == NEW
    assert set(files.values()) == kept


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_what_is_no_file_is_left_alone(part: Path, target: Path, kind: str) -> None:
    if kind == "folder":
        target.mkdir()
    else:
        os.mkfifo(target)
    for strategy in (SKIP, OVERWRITE, KEEP_BOTH):
        with pytest.raises(TargetUnwritable, match="cannot be written"):
            place(str(part), str(target), INCOMING, strategy)
    assert part.read_bytes() == NEW
    assert not stat.S_ISREG(target.lstat().st_mode)


def test_a_link_is_replaced_and_what_it_leads_to_stays(part: Path, target: Path, tmp_path: Path) -> None:
    outside = tmp_path / "elsewhere"
    outside.write_bytes(OLD)
    target.symlink_to(outside)
    assert look(str(target)) == Facts(3, outside.stat().st_mtime_ns / 1e9, 1e-6)
    assert place(str(part), str(target), INCOMING, OVERWRITE).result is FileResult.OVERWRITTEN
    assert outside.read_bytes() == OLD
    assert not target.is_symlink() and target.read_bytes() == NEW


def test_a_dangling_link_counts_as_taken(part: Path, target: Path) -> None:
    target.symlink_to("/nowhere/at/all")
    assert place(str(part), str(target), INCOMING, SKIP).result is FileResult.SKIPPED
    assert target.is_symlink()


def test_hashes_are_checked(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"abc")
    right = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    fd = os.open(path, os.O_RDONLY)
    check_hash(fd, 3, right, "f")
    check_hash(fd, 3, f"SHA256:{right.upper()}", "f")
    check_hash(fd, 3, "900150983cd24fb0d6963f7d28e17f72", "f")
    with pytest.raises(Corrupted, match=right) as caught:
        check_hash(fd, 3, "0" * 64, "f")
    assert "0" * 64 in caught.value.cause
    for nonsense in ("", "xyz", "crc7:00"):
        with pytest.raises(UsageError):
            check_hash(fd, 3, nonsense, "f")
    os.close(fd)


needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
ACT = """
import sys
import time
sys.path.insert(0, sys.argv[1])
from desktop.transfer.commit import place
from desktop.transfer.ports import Facts
from tests.transfer.scripted import KEEP_BOTH, OVERWRITE
try:
    print(place(sys.argv[2], sys.argv[3], Facts(9, 1.7e9), {"keep": KEEP_BOTH, "over": OVERWRITE}[sys.argv[4]]).result)
except Exception as error:
    print(type(error).__name__, error)
"""


def act(part: Path, target: Path, what: str, *inject: str, log: str = "/dev/null") -> subprocess.CompletedProcess[str]:
    """Place the part in a process of its own, with faults injected into its system calls."""
    # Only calls that name one of our files are counted; the interpreter makes many of its own.
    paths = [word for path in (part, target) for word in ("-P", str(path))]
    return subprocess.run(
        ["strace", "-f", "-o", log, *paths, *inject, sys.executable, "-c", ACT, ROOT, part, target, what],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def prepared(folder: Path) -> tuple[Path, Path]:
    folder.mkdir()
    part, target = folder / ".shot.exr.tok.part", folder / "shot.exr"
    part.write_bytes(NEW)
    target.write_bytes(OLD)
    return part, target


@needs_strace
@pytest.mark.parametrize("what", ["keep", "over"])
def test_killed_at_any_call_a_whole_file_bears_the_name(tmp_path: Path, what: str) -> None:
    """R35: before every single system call on these files the process dies; the old or the new one is there."""
    log = tmp_path / "log"
    act(*prepared(tmp_path / "whole"), what, log=str(log))
    calls = re.findall(r"^\d+ +(\w+)\(", log.read_text(), re.MULTILINE)
    assert {"rename"} <= {call.rstrip("2").removesuffix("at") for call in calls}
    for moment, call in enumerate(calls):
        when = calls[: moment + 1].count(call)
        part, target = prepared(tmp_path / str(moment))
        ended = act(part, target, what, "-e", f"inject={call}:signal=KILL:when={when}")
        files = tree(target.parent)
        assert ended.returncode != 0, "nothing was injected"
        assert files["shot.exr"] in (OLD, NEW)
        if what == "keep":
            assert OLD in files.values()
        assert NEW in files.values()


@needs_strace
def test_a_rename_refused_for_a_moment_is_tried_again(part: Path, target: Path) -> None:
    target.write_bytes(OLD)
    calls = "rename,renameat,renameat2"
    ended = act(part, target, "over", "-e", f"trace={calls}", "-e", f"inject={calls}:error=EACCES:when=1..3")
    assert ended.stdout.strip() == "overwritten"
    assert tree(target.parent) == {"shot.exr": NEW}


@needs_strace
def test_a_rename_refused_for_good_leaves_both_files_whole(part: Path, target: Path) -> None:
    target.write_bytes(OLD)
    calls = "rename,renameat,renameat2"
    ended = act(part, target, "over", "-e", f"trace={calls}", "-e", f"inject={calls}:error=EACCES")
    assert FileInUse.__name__ in ended.stdout
    assert tree(target.parent) == {part.name: NEW, "shot.exr": OLD}


@needs_strace
@pytest.mark.parametrize("there", [True, False])
def test_without_links_names_are_still_not_taken_from_anyone(part: Path, target: Path, there: bool) -> None:
    if there:
        target.write_bytes(OLD)
    ended = act(part, target, "keep", "-e", "trace=link,linkat", "-e", "inject=link,linkat:error=EPERM")
    files = tree(target.parent)
    assert files.pop("shot.exr") == NEW
    assert list(files.values()) == ([OLD] if there else [])
    assert ended.stdout.strip() == ("kept-both" if there else "downloaded")


def test_patience_lasts_a_second_at_least() -> None:
    assert commit.PATIENCE >= 1.0


def backups(target: Path, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Stop the clock, and take so many of the names a backup of this second may get."""
    monkeypatch.setattr(time, "time", lambda: T)
    for number in range(1, count + 1):
        (target.parent / commit.backup_name(target.name, T, number)).write_bytes(b"kept before")


def test_a_second_with_no_backup_name_left_changes_nothing(
    part: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target.write_bytes(OLD)
    backups(target, monkeypatch, 999)
    before = sorted(target.parent.iterdir())
    with pytest.raises(FileInUse, match="too many backups"):
        place(str(part), str(target), INCOMING, KEEP_BOTH)
    assert sorted(target.parent.iterdir()) == before
    assert (target.read_bytes(), part.read_bytes()) == (OLD, NEW)


def refuse(monkeypatch: pytest.MonkeyPatch, call: str, *errors: int) -> None:
    """Have a system call fail with these errors, one after the other, then do its work."""
    left, done = list(errors), getattr(os, call)

    def made(*args: str) -> None:
        if left:
            code = left.pop(0)
            raise OSError(code, os.strerror(code))
        done(*args)

    monkeypatch.setattr(os, call, made)


def test_without_links_a_backup_never_takes_a_name_that_is_taken(
    part: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target.write_bytes(OLD)
    backups(target, monkeypatch, 2)
    refuse(monkeypatch, "link", *[errno.EPERM] * 4)
    placed = place(str(part), str(target), INCOMING, KEEP_BOTH)
    assert placed.result is FileResult.KEPT_BOTH
    files = tree(target.parent)
    assert files.pop("shot.exr") == NEW
    assert files.pop(commit.backup_name("shot.exr", T, 3)) == OLD
    assert set(files.values()) == {b"kept before"}


def test_a_backup_that_cannot_be_made_leaves_both_files_whole(
    part: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target.write_bytes(OLD)
    refuse(monkeypatch, "link", errno.EEXIST, errno.EIO)
    with pytest.raises(TargetUnwritable, match="Input/output"):
        place(str(part), str(target), INCOMING, KEEP_BOTH)
    assert tree(target.parent) == {part.name: NEW, "shot.exr": OLD}


def test_a_file_that_was_there_for_a_moment_only_is_no_conflict(
    part: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch, "link", errno.EEXIST)
    assert place(str(part), str(target), INCOMING, SKIP).result is FileResult.DOWNLOADED
    assert tree(target.parent) == {"shot.exr": NEW}


def test_a_name_that_is_never_free_and_never_there_is_given_up(
    part: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch, "link", *[errno.EEXIST] * 100)
    with pytest.raises(FileInUse, match="keeps changing"):
        place(str(part), str(target), INCOMING, OVERWRITE)
    assert tree(target.parent) == {part.name: NEW}


def test_a_folder_nobody_may_write_to_is_not_taken_for_a_file_in_use(
    part: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target.write_bytes(OLD)
    asked: list[str] = []

    def refused(source: str, _target: str) -> None:
        asked.append(source)
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "replace", refused)
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(TargetUnwritable, match="Permission denied"):
        place(str(part), str(target), INCOMING, OVERWRITE)
    assert len(asked) == 1
    assert tree(target.parent) == {part.name: NEW, "shot.exr": OLD}
