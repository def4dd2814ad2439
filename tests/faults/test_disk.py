"""R27, R28, R30, R31, R33: the disk of files or database is full, fails, turns read-only in mid-file; or is two."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from desktop.core.task import FileResult
from tests.faults.small_disk import DISK, SIZE
from tests.transfer.scripted import MIB, bring, tree
from tests.transfer.test_crash import fetch, may_mount, needs_root, needs_strace, shelf_of

TMPFS = f"-t tmpfs -o size={DISK} tmpfs"


def make_ext4(image: Path) -> None:
    """Make a file an empty ext4."""
    with image.open("wb") as file:
        file.truncate(64 * MIB)
    subprocess.run(["mkfs.ext4", "-q", "-m0", str(image)], check=True, capture_output=True)


def may_loop() -> bool:
    """Tell whether this machine mounts a file as a disk."""
    if not may_mount() or shutil.which("mkfs.ext4") is None:
        return False
    with tempfile.TemporaryDirectory() as folder:
        make_ext4(Path(folder, "image"))
        probe = ["unshare", "-m", "mount", "-o", "loop", f"{folder}/image", "/mnt"]
        return subprocess.run(probe, capture_output=True, check=False).returncode == 0


needs_ext4 = pytest.mark.skipif(not may_loop(), reason="an ext4 of one's own takes root, mkfs.ext4 and a loop device")


def on_disk(tmp_path: Path, mount: str, scene: str, *more: object, under: tuple[str, ...] = ()) -> None:
    """Play a scene on a disk that only its process sees.

    mount: what goes before `mount`'s last argument. under: a command that is to run the scene.
    """
    disk = tmp_path / "disk"
    disk.mkdir()
    play = [*under, sys.executable, "-m", "tests.faults.small_disk", scene, str(disk), *map(str, more)]
    ended = subprocess.run(
        ["unshare", "-m", "sh", "-c", f'mount {mount} "$0" && exec "$@"', str(disk), *play],
        capture_output=True, text=True, timeout=120, check=False, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr


@needs_root
@pytest.mark.parametrize("room", [SIZE // 2, SIZE - 4096], ids=["half", "the last byte"])
def test_r27_a_full_disk_is_waited_for_and_the_task_goes_on_by_itself(
    shotdock_home: Path, tmp_path: Path, room: int
) -> None:
    on_disk(tmp_path, TMPFS, "target", room)


@needs_root
@pytest.mark.parametrize("end", ["freed", "killed"])
def test_r28_a_full_disk_of_database_and_log_loses_no_file(shotdock_home: Path, tmp_path: Path, end: str) -> None:
    on_disk(tmp_path, TMPFS, "home", end)


@needs_root
def test_r28_a_command_whose_database_is_full_ends_in_words(tmp_path: Path) -> None:
    on_disk(tmp_path, TMPFS, "command")


@needs_ext4
def test_r31_a_disk_that_turns_read_only_in_mid_file_is_told_and_gone_on_from(tmp_path: Path) -> None:
    image = tmp_path / "image"
    make_ext4(image)
    on_disk(tmp_path, f"-o loop {image}", "read_only", image)


@needs_root
@needs_strace
def test_r33_nothing_is_moved_from_disk_to_disk_and_nothing_allocated_ahead(tmp_path: Path) -> None:
    """A part, a backup, an unpacked folder: each lies beside its target, so neither has ever to be done without."""
    log = tmp_path / "log"
    calls = "fallocate,rename,renameat,renameat2,link,linkat"
    on_disk(tmp_path, TMPFS, "across", under=("strace", "-f", "-o", str(log), "-e", f"trace={calls}"))
    said = log.read_text(errors="replace")
    moves = [pair for line in said.splitlines() if len(pair := re.findall(r'"([^"]+)"', line)) == 2]
    assert any("/season/" in target for _, target in moves)
    assert all(Path(source).parent == Path(target).parent for source, target in moves), moves
    assert "EXDEV" not in said and "fallocate(" not in said


def with_fault(
    folder: Path, inject: str, size: int, block: int = MIB, pause: float = 0.0, log: Path = Path(os.devnull)
) -> str:
    """Bring one file, with a fault in a call on its part; return how it ended.

    pause: seconds between two blocks. log: gets the part's writes and the faulty calls.
    """
    part, call = folder / ".0.bin.tok00001.part", inject.split(":")[0]
    ended = subprocess.run(
        ["strace", "-f", "-o", str(log), "-P", str(part), "-e", f"trace=pwrite64,{call}", "-e", f"inject={inject}",
         *fetch(folder, size, block, pause)],
        capture_output=True, text=True, check=True, timeout=100,
    )  # fmt: skip
    return ended.stdout.splitlines()[-1]


def goes_on(folder: Path, size: int) -> None:
    """Bring the file once more, without a fault; it is whole, and alone."""
    shelf = shelf_of(size)
    [done] = bring(folder, shelf, [shelf.entry("/0.bin")], token="second02")
    assert done.result is FileResult.DOWNLOADED
    assert tree(folder) == {"0.bin": shelf.files["/0.bin"]}


@needs_strace
@pytest.mark.parametrize(("size", "pause"), [(1000, 0.0), (5 * MIB, 0.0), (12 * MIB, 0.05)])
def test_r30_an_error_of_close_gives_nothing_a_final_name(tmp_path: Path, size: int, pause: float) -> None:
    """A file system that writes late, such as NFS, tells only then; the slow file meets it while it is noted."""
    assert with_fault(tmp_path, "close:error=EIO:when=1", size, pause=pause) == "done failed target-unwritable"
    assert not (tmp_path / "0.bin").exists()
    goes_on(tmp_path, size)


@needs_strace
@pytest.mark.parametrize(
    ("inject", "pause"),
    [("fsync:error=EIO:when=1", 0.0), ("fdatasync:error=EIO:when=1", 0.1), ("fdatasync:error=EIO:when=2", 0.1)],
    ids=["the last one", "the first one for the journal", "the second"],
)
def test_r30_what_a_failed_sync_spoke_of_is_fetched_again_and_not_synced_again(
    tmp_path: Path, inject: str, pause: float
) -> None:
    """A disk tells it once and takes the lost bytes for written: the next sync would do well, and mean nothing."""
    to, log, size = tmp_path / "to", tmp_path / "log", 5 * MIB
    to.mkdir()
    assert with_fault(to, inject, size, MIB // 4, pause, log) == "done failed target-unwritable"
    written = synced = 0
    for line in log.read_text(errors="replace").splitlines():
        if count := re.search(r" pwrite64.* = (\d+)$", line):
            written += int(count[1])
        elif re.search(r" fdatasync.* = 0$", line):
            synced = written
    assert written > synced, "something was lost"
    assert bool(synced) == inject.endswith("when=2") == bool(tree(to))
    shelf = shelf_of(size)
    [done] = bring(to, shelf, [shelf.entry("/0.bin")], token="second02")
    assert (done.result, done.error) == (FileResult.DOWNLOADED, None)
    assert done.reused <= synced and bool(done.reused) == bool(synced)
    assert tree(to) == {"0.bin": shelf.files["/0.bin"]}


@needs_strace
@pytest.mark.parametrize("folder", ["", "a/b/"], ids=["the destination", "folders made for it"])
@pytest.mark.parametrize("fault", ["error=EIO:when=1", "signal=KILL:when=1"], ids=["refused", "killed"])
def test_r30_a_name_whose_folder_was_not_synced_is_vouched_for_by_the_next_run(
    tmp_path: Path, folder: str, fault: str
) -> None:
    """The whole file bears its name and was not called done: it is only once its folders were synced after all."""
    root, log = tmp_path / "to", tmp_path / "log"
    last = root / folder
    way = [path for path in (last, *last.parents) if path.is_relative_to(tmp_path)]

    def run(*inject: str) -> str:
        watched = [word for path in ([last] if inject else way) for word in ("-P", str(path))]
        ended = subprocess.run(
            ["strace", "-f", "-y", "-o", str(log), *watched, "-e", "trace=fsync", *inject,
             *fetch(root, 1000, 1000, 0.0, folder=folder)],
            capture_output=True, text=True, check=False, timeout=100,
        )  # fmt: skip
        return (ended.stdout.splitlines() or [""])[-1]

    refused = "done failed target-unwritable"
    first = run("-e", f"inject=fsync:{fault}")
    assert first == refused if "EIO" in fault else not first.startswith("done")
    assert list(tree(root)) == [f"{folder}0.bin"]
    assert run("-e", "inject=fsync:error=EIO:when=1") == refused, "it is here, and may be gone after a power loss"
    assert run().startswith("done skipped")
    synced = re.findall(r" fsync\(\d+<(.*?)>\) += 0$", log.read_text(errors="replace"), re.MULTILINE)
    assert sorted(synced) == sorted(map(str, way))
    assert list(tree(root)) == [f"{folder}0.bin"]


@needs_strace
@pytest.mark.parametrize(("size", "block"), [(1000, 1000), (5 * MIB, MIB)])
def test_r30_a_short_write_is_gone_on_with_where_it_ended(tmp_path: Path, size: int, block: int) -> None:
    """A write that says it took 100 bytes is followed by one for the rest, from there on."""
    assert with_fault(tmp_path, "pwrite64:retval=100:when=1", size, block) == "done downloaded None"
    data = (tmp_path / "0.bin").read_bytes()
    # strace tells the lie without the write: what counts is that nothing else is missing or moved.
    assert data[100:] == shelf_of(size).files["/0.bin"][100:] and len(data) == size


@needs_strace
@pytest.mark.parametrize(("size", "inject"), [(1000, "when=1"), (5 * MIB, "when=3+")])
def test_a_quota_that_is_used_up_is_told_like_a_full_disk(tmp_path: Path, size: int, inject: str) -> None:
    """R27, R29: and what came is kept, as far as a file keeps anything."""
    assert with_fault(tmp_path, f"pwrite64:error=EDQUOT:{inject}", size) == "done failed disk-full"
    assert not (tmp_path / "0.bin").exists()
    goes_on(tmp_path, size)
