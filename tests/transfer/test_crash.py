"""Killed processes and full disks: what is left behind, and what the next run makes of it."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from desktop.core.task import FileResult
from desktop.transfer.journal import read_journal
from desktop.transfer.partfile import journal_path, part_path
from tests.transfer.scripted import MIB, Shelf, bring, tree
from tests.transfer.traced import calls_of

ROOT = Path(__file__).parents[2]
R = FileResult
STEPWISE = -1.0
"""A pause that ends with a line on the standard input."""

FETCH = """
import sys, time
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from tests.transfer.scripted import MIB, SKIP, Shelf, bring
root, size, block, pause = Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])
count, folder = int(sys.argv[6]), sys.argv[7]
def slowly(path, offset):
    print(path, offset, flush=True)
    sys.stdin.readline() if pause < 0 else time.sleep(pause)
shelf = Shelf(block=block, on_block=slowly)
for done in bring(root, shelf, [shelf.put(f"/{folder}{i}.bin", size) for i in range(count)]):
    print("done", done.result, done.error and done.error.kind, flush=True)
"""


def fetch(root: Path, size: int, block: int, pause: float, count: int = 1, folder: str = "") -> list[str]:
    return [sys.executable, "-c", FETCH, *map(str, (ROOT, root, size, block, pause, count, folder))]


def shelf_of(size: int, count: int = 1) -> Shelf:
    shelf = Shelf(block=MIB)
    for i in range(count):
        shelf.put(f"/{i}.bin", size)
    return shelf


def killed_once(command: list[str], ready: str) -> None:
    """Run the command and kill it once it has printed a line that begins so."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith(ready):
                break
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL


def test_after_a_kill_only_what_was_not_durable_is_fetched_again(tmp_path: Path) -> None:
    """R01, R36: the journal lags a little and never leads; 64 MiB at a time are made durable.

    It is written beside the network. Here the line waits for it twice, or a busy disk would be left behind.
    """
    size = 200 * MIB
    journal = journal_path(part_path(str(tmp_path / "0.bin"), "tok00001"))

    def noted(least: int = 0) -> int:
        """Return how many bytes are noted, at least so many if that can be waited for."""
        deadline = time.monotonic() + 60
        while True:
            kept = read_journal(journal)
            found = kept.bytes if kept is not None else 0
            if found >= least or time.monotonic() > deadline:
                return found
            time.sleep(0.01)

    command = fetch(tmp_path, size, MIB, STEPWISE)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        for line in process.stdout:
            if line == f"/0.bin {66 * MIB}\n":
                noted(1)
            elif line == f"/0.bin {190 * MIB}\n":
                noted(64 * MIB)
                break
            process.stdin.write("\n")
            process.stdin.flush()
        process.kill()
    durable = noted()
    assert durable >= 64 * MIB
    shelf = shelf_of(size)
    [done] = bring(tmp_path, shelf, [shelf.entry("/0.bin")], token="second02")
    assert done.result is R.DOWNLOADED
    assert (done.reused, done.transferred) == (durable, size - durable)
    assert (tmp_path / "0.bin").read_bytes() == shelf.files["/0.bin"]
    assert len(tree(tmp_path)) == 1


def test_a_kill_in_mid_file_costs_nothing_that_was_written(tmp_path: Path) -> None:
    """R37: what was not synced is proven by its checksum; no sync is as young as the last block."""
    size, came = 48 * MIB, 40 * MIB
    with subprocess.Popen(
        fetch(tmp_path, size, MIB, STEPWISE), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        for line in process.stdout:
            if line == f"/0.bin {came}\n":
                break
            process.stdin.write("\n")
            process.stdin.flush()
        process.kill()
    shelf = shelf_of(size)
    [done] = bring(tmp_path, shelf, [shelf.entry("/0.bin")], token="second02")
    assert (done.result, done.reused, done.transferred) == (R.DOWNLOADED, came, size - came)
    assert tree(tmp_path) == {"0.bin": shelf.files["/0.bin"]}


@pytest.mark.parametrize("flipped", [39, 20])
def test_what_was_written_and_is_lost_all_the_same_comes_again(tmp_path: Path, flipped: int) -> None:
    """R36, R37: of a block that reads back otherwise nothing is believed, whoever lost it."""
    size, came = 48 * MIB, 40 * MIB
    killed_once(fetch(tmp_path, size, MIB, 0.0), f"/0.bin {came}")
    [part] = tmp_path.glob("*.part")
    with part.open("r+b") as file:
        file.seek(flipped * MIB)
        byte = file.read(1)
        file.seek(flipped * MIB)
        file.write(bytes([byte[0] ^ 1]))
    shelf = shelf_of(size)
    [done] = bring(tmp_path, shelf, [shelf.entry("/0.bin")], token="second02")
    assert done.result is R.DOWNLOADED
    assert tree(tmp_path) == {"0.bin": shelf.files["/0.bin"]}


def test_a_slow_file_is_made_durable_by_the_clock(tmp_path: Path) -> None:
    size = 6 * MIB
    command = fetch(tmp_path, size, MIB // 8, 0.1)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in process.stdout:
            if any((kept := read_journal(str(path))) and kept.bytes for path in tmp_path.glob("*.journal")):
                break
        process.kill()
    shelf = shelf_of(size)
    [done] = bring(tmp_path, shelf, [shelf.entry("/0.bin")])
    assert done.result is R.DOWNLOADED and done.resumed
    assert tree(tmp_path) == {"0.bin": shelf.files["/0.bin"]}


def test_killed_among_small_files_leaves_whole_ones_only(tmp_path: Path) -> None:
    """R37: a name is there with all its bytes or not at all; the next run clears the rest away."""
    count, size = 400, 3000
    for moment in (5, 90, 250):
        killed_once(fetch(tmp_path, size, 1000, 0.0, count), f"/{moment}.bin 1000")
        shelf = shelf_of(size, count)
        for name, data in tree(tmp_path).items():
            if not name.endswith(".part"):
                assert data == shelf.files[f"/{name}"]
    shelf = shelf_of(size, count)
    results = bring(tmp_path, shelf, [shelf.entry(f"/{i}.bin") for i in range(count)])
    assert {done.result for done in results} == {R.DOWNLOADED, R.SKIPPED}
    assert tree(tmp_path) == {path[1:]: data for path, data in shelf.files.items()}


def may_mount() -> bool:
    """Tell whether this machine lets the tests have a small disk of their own; in a chroot even root may not."""
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("unshare") is None:
        return False
    probe = ["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


needs_root = pytest.mark.skipif(not may_mount(), reason="a small disk of one's own takes root, unshare and mount")


def on_small_disk(mount: Path, options: str, command: list[str], then: str = "true") -> list[str]:
    """Run the command on a tmpfs that nobody else sees; copy what is left to the folder `left` beside it."""
    mount.mkdir()
    left = mount.parent / "left"
    script = f'mount -t tmpfs -o {options} tmpfs "$0" && {then} && "$@"; cp -a "$0" "{left}"'
    ended = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, str(mount), *command],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return [line for line in ended.stdout.splitlines() if line.startswith("done")]


@needs_root
@pytest.mark.parametrize("room", [8, 11])
def test_a_full_disk_is_told_and_what_came_is_kept(tmp_path: Path, room: int) -> None:
    """R27: later files fail at once, and another run goes on from the part. Two pages are for the notes on it."""
    size = 12 * MIB
    lines = on_small_disk(tmp_path / "disk", f"size={room * 1024 + 8}k", fetch(tmp_path / "disk", size, MIB, 0.0, 3))
    assert lines == ["done failed disk-full"] * 3
    left = tmp_path / "left"
    assert sorted(path.name for path in left.iterdir())[:1] == [".0.bin.tok00001.part"]
    shelf = shelf_of(size, 3)
    [done] = bring(left, shelf, [shelf.entry("/0.bin")])
    assert done.result is R.DOWNLOADED and done.resumed
    assert done.reused > (room - 1) * MIB
    assert (left / "0.bin").read_bytes() == shelf.files["/0.bin"]


@needs_root
def test_a_disk_without_inodes_is_full(tmp_path: Path) -> None:
    """R29."""
    lines = on_small_disk(tmp_path / "disk", "size=64m,nr_inodes=6", fetch(tmp_path / "disk", 1000, 1000, 0.0, 9))
    assert set(lines) == {"done downloaded None", "done failed disk-full"}
    assert len([path for path in (tmp_path / "left").iterdir() if path.name.startswith(".")]) == 0


@needs_root
def test_a_read_only_disk_is_told_before_anything_is_fetched(tmp_path: Path) -> None:
    lines = on_small_disk(
        tmp_path / "disk", "size=8m", fetch(tmp_path / "disk", 1000, 1000, 0.0, 2), 'mount -o remount,ro "$0"'
    )
    assert lines == ["done failed target-unwritable"] * 2


@pytest.mark.skipif(shutil.which("prlimit") is None, reason="prlimit is not installed")
def test_a_file_larger_than_the_disk_allows_is_told(tmp_path: Path) -> None:
    """R29: 4 GiB on FAT32, here a limit of the account; trying again would not help."""
    ended = subprocess.run(
        ["prlimit", "--fsize=3000000", *fetch(tmp_path, 5 * MIB, MIB, 0.0)], capture_output=True, text=True, check=True
    )
    assert ended.stdout.splitlines()[-1] == "done failed target-unwritable"


needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


def with_fault(root: Path, path: Path, inject: str, size: int) -> str:
    ended = subprocess.run(
        ["strace", "-f", "-o", "/dev/null", "-P", str(path), "-e", f"trace={inject.split(':')[0]}", "-e",
         f"inject={inject}", *fetch(root, size, MIB, 0.0)],
        capture_output=True, text=True, check=True, timeout=100,
    )  # fmt: skip
    return ended.stdout.splitlines()[-1]


@needs_strace
@pytest.mark.parametrize(
    ("size", "inject"),
    [
        (1000, "pwrite64:error=EIO:when=1"),
        (1000, "fsync:error=EIO:when=1"),
        (5 * MIB, "pwrite64:error=EIO:when=1"),
        (5 * MIB, "pwrite64:error=EIO:when=4"),
        (5 * MIB, "fsync:error=EIO:when=1"),
    ],
)
def test_a_disk_that_fails_gives_nothing_a_final_name(tmp_path: Path, size: int, inject: str) -> None:
    """R30."""
    part = tmp_path / ".0.bin.tok00001.part"
    assert with_fault(tmp_path, part, inject, size) == "done failed target-unwritable"
    assert not (tmp_path / "0.bin").exists()
    shelf = shelf_of(size)
    [done] = bring(tmp_path, shelf, [shelf.entry("/0.bin")])
    assert done.result is R.DOWNLOADED
    assert tree(tmp_path) == {"0.bin": shelf.files["/0.bin"]}


@needs_strace
def test_a_target_held_for_good_costs_one_byte_the_next_time(tmp_path: Path) -> None:
    """R32: the complete part waits with its journal."""
    calls = "link,linkat,rename,renameat,renameat2"
    assert (
        with_fault(tmp_path, tmp_path / ".0.bin.tok00001.part", f"{calls}:error=EACCES", 5 * MIB)
        == "done failed file-in-use"
    )
    assert not (tmp_path / "0.bin").exists()
    shelf = shelf_of(5 * MIB)
    [done] = bring(tmp_path, shelf, [shelf.entry("/0.bin")])
    assert (done.result, done.transferred) == (R.DOWNLOADED, 1)
    assert tree(tmp_path) == {"0.bin": shelf.files["/0.bin"]}


@needs_strace
def test_a_small_file_that_is_refused_its_name_leaves_nothing(tmp_path: Path) -> None:
    calls = "link,linkat,rename,renameat,renameat2"
    assert (
        with_fault(tmp_path, tmp_path / ".0.bin.tok00001.part", f"{calls}:error=EACCES", 500)
        == "done failed file-in-use"
    )
    assert tree(tmp_path) == {}


@needs_strace
@pytest.mark.slow
@pytest.mark.parametrize("size", [1000, 5 * MIB])
def test_killed_at_any_call_a_file_is_whole_or_absent(tmp_path: Path, size: int) -> None:
    """R35: from opening the part to syncing the folder; the next run always ends with that one file."""

    def traced(root: Path, *inject: str) -> list[str]:
        root.mkdir()
        part = root / ".0.bin.tok00001.part"
        paths = [part, root / "0.bin", Path(f"{part}.journal"), Path(f"{part}.journal.new"), root]
        words = [word for path in paths for word in ("-P", str(path))]
        return ["strace", "-f", *words, *inject, *fetch(root, size, MIB * 2, 0.0)]

    log = tmp_path / "log"
    subprocess.run(traced(tmp_path / "whole", "-o", str(log)), check=True, capture_output=True, timeout=60)
    calls = calls_of(log)
    assert {"flock", "fsync", "link", "unlink", "utimensat"} <= {call for call, _ in calls}
    shelf = shelf_of(size)
    for moment, (call, when) in enumerate(calls):
        root = tmp_path / str(moment)
        ended = subprocess.run(
            traced(root, "-o", "/dev/null", "-e", f"inject={call}:signal=KILL:when={when}"),
            check=False,
            capture_output=True,
            timeout=60,
        )
        assert ended.returncode != 0, "nothing was injected"
        left = tree(root)
        assert left.get("0.bin") in (None, shelf.files["/0.bin"])
        [done] = bring(root, shelf, [shelf.entry("/0.bin")], token="second02")
        assert done.result is (R.SKIPPED if "0.bin" in left else R.DOWNLOADED), call
        assert (root / "0.bin").read_bytes() == shelf.files["/0.bin"]
        assert list(tree(root)) == ["0.bin"], call


@needs_strace
@pytest.mark.parametrize("call", ["fdatasync", "rename"])
@pytest.mark.parametrize("save", [1, 2])
def test_killed_while_a_journal_is_written_leaves_no_journal_behind(tmp_path: Path, call: str, save: int) -> None:
    """R35: the next run, under another task's token, clears the half-written journal away, too.

    What came is kept: by the notes on it, and the second time by the journal before it.
    """
    size = 24 * MIB
    half = tmp_path / ".0.bin.tok00001.part.journal.new"
    command = ["strace", "-f", "-o", "/dev/null", "-P", str(half), "-e", f"trace={call}", "-e",
               f"inject={call}:signal=KILL:when={save}", *fetch(tmp_path, size, MIB, 0.02)]  # fmt: skip
    subprocess.run(command, check=False, capture_output=True, timeout=60)
    assert half.exists() and not (tmp_path / "0.bin").exists()
    shelf = shelf_of(size)
    [done] = bring(tmp_path, shelf, [shelf.entry("/0.bin")], token="second02")
    assert done.result is R.DOWNLOADED
    assert done.reused >= save * MIB
    assert tree(tmp_path) == {"0.bin": shelf.files["/0.bin"]}


def test_a_destination_that_vanishes_is_not_made_again(tmp_path: Path) -> None:
    """R31: below a mount point, an empty folder of the local disk would swallow the files."""
    destination = tmp_path / "share"

    def unmount(path: str, offset: int) -> None:
        if path == "/d1/f":
            shutil.rmtree(destination)

    shelf = Shelf(on_block=unmount)
    results = bring(destination, shelf, [shelf.put(f"/d{i}/f", 9) for i in range(4)])
    assert [done.error.kind for done in results[1:] if done.error] == ["target-unwritable"] * 3
    assert not destination.exists()


def test_a_folder_that_vanishes_is_made_again(tmp_path: Path) -> None:
    def remove(path: str, offset: int) -> None:
        if path == "/d/1":
            shutil.rmtree(tmp_path / "d")

    shelf = Shelf(on_block=remove)
    results = bring(tmp_path, shelf, [shelf.put(f"/d/{i}", 9) for i in range(4)])
    assert all(done.result is R.DOWNLOADED for done in results[1:])


def test_the_clock_may_be_wrong(tmp_path: Path) -> None:
    """R20: nothing depends on what time it is; a file from the future is a file."""
    shelf = Shelf(mtime=time.time() + 10 * 365 * 86400)
    [done] = bring(tmp_path, shelf, [shelf.put("/a", 5)])
    assert done.result is R.DOWNLOADED
    assert (tmp_path / "a").stat().st_mtime == pytest.approx(shelf.mtime, abs=0.001)
