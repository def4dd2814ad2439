"""Unpacking what a server sent: all of it or nothing, and never anywhere else."""

import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import BinaryIO

import pytest

from desktop.core.errors import (
    BadArchive,
    DiskFull,
    HostileName,
    NotFound,
    NotTheFile,
    Stopped,
    TargetUnwritable,
    UsageError,
)
from desktop.core.task import FileResult
from desktop.studio.jobs.archive import read_members, unpack, validate_result_zip
from desktop.studio.jobs.archive_ends import Limits
from desktop.studio.jobs.packager import create_result_zip
from tests.studio.jobs.forge import DEFLATED, Entry, forge
from tests.studio.jobs.outputs import IN_ZIP, MODELS, full_disk, make_output

ROOT = Path(__file__).parents[3]


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A whole result ZIP."""
    path = tmp_path / "from" / "results.zip"
    create_result_zip(make_output(tmp_path / "output"), path)
    return path


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with nothing but what is unpacked there."""
    folder = tmp_path / "place"
    folder.mkdir()
    return folder


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def holds(archive: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(archive) as opened:
        return {name: opened.read(name) for name in sorted(opened.namelist())}


def test_everything_comes_out_as_it_went_in(results: Path, place: Path) -> None:
    told: list[tuple[int, int]] = []
    done = unpack(results, place / "r", "skip", progress=lambda count, size: told.append((count, size)))
    assert tree(place / "r") == holds(results)
    assert (done.result, done.files, done.size) == (FileResult.DOWNLOADED, len(IN_ZIP), told[-1][0])
    assert told[-1] == (done.size, done.size)
    assert names(place) == ["r"]


def test_zips_of_others(results: Path, place: Path) -> None:
    """Deflated, with folders, times, modes, a comment, sizes behind the data, all of it with ZIP64."""
    made = place.parent / "other.zip"
    sink = made.open("wb")
    with sink, zipfile.ZipFile(Unseekable(sink), "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]  # all that a ZIP asks of a stream
        archive.comment = b"made by hand"
        archive.mkdir("empty/inner")
        for number, (name, data) in enumerate(holds(results).items()):
            with archive.open(name, "w", force_zip64=number % 2 == 0) as stream:
                stream.write(data)
    unpack(made, place / "r", "skip")
    assert tree(place / "r") == holds(results)
    assert (place / "r" / "empty" / "inner").is_dir()


class Unseekable:
    """A stream that only goes forward."""

    def __init__(self, stream: BinaryIO) -> None:
        self.write = stream.write
        self.flush = stream.flush


@pytest.mark.skipif(shutil.which("zip") is None, reason="needs Info-ZIP")
def test_a_zip_of_info_zip(place: Path) -> None:
    make_output(place / "output")
    subprocess.run(["zip", "-qr", "../made.zip", "."], cwd=place / "output", check=True)
    unpack(place / "made.zip", place / "r", "skip")
    assert tree(place / "r") == tree(place / "output")


def test_an_empty_archive_makes_an_empty_folder(place: Path) -> None:
    unpack(forge(place / "empty.zip"), place / "r", "skip")
    assert tree(place / "r") == {}


def test_what_is_missing_is_told_before(results: Path, place: Path) -> None:
    assert validate_result_zip(results) == (True, [])
    half = forge(place / "half.zip", Entry("reconviagen/mesh.obj"), Entry("nvdiffrec/mesh.ply"))
    assert validate_result_zip(half) == (False, ["nvdiffrec/mesh.glb or mesh.obj"])
    assert validate_result_zip(half, MODELS[:1]) == (True, [])


def test_single_files_are_read_without_unpacking(results: Path, place: Path) -> None:
    wanted = ["nvdiffrec/quality.json", "reconviagen/quality.json"]
    contents = holds(results)
    assert read_members(results, [*wanted, "none"], 1 << 20) == {name: contents[name] for name in wanted}
    assert read_members(results, wanted[:1], 9) == {wanted[0]: contents[wanted[0]][:10]}
    with pytest.raises(BadArchive, match="CRC"):
        read_members(forge(place / "bad.zip", Entry("a", crc=1)), ["a"], 100)


OLD = {"mine.txt": b"edited by hand"}


def an_old_one(place: Path) -> Path:
    folder = place / "r"
    folder.mkdir()
    for name, data in OLD.items():
        (folder / name).write_bytes(data)
    return folder


def test_skip_leaves_the_old_folder(results: Path, place: Path) -> None:
    done = unpack(results, an_old_one(place), "skip")
    assert (done.result, done.files) == (FileResult.SKIPPED, 0)
    assert "already here" in done.reason
    assert tree(place) == {"r/mine.txt": OLD["mine.txt"]}


def test_overwrite_takes_its_place(results: Path, place: Path) -> None:
    done = unpack(results, an_old_one(place), "overwrite")
    assert done.result is FileResult.OVERWRITTEN
    assert names(place) == ["r"]
    assert tree(place / "r") == holds(results)


def test_keep_both_keeps_it_under_a_name_with_the_time(results: Path, place: Path) -> None:
    folder = an_old_one(place)
    for count in (1, 2):
        done = unpack(results, folder, "keep_both")
        assert done.result is FileResult.KEPT_BOTH
        kept = sorted(place.glob("r_backup_*"))
        assert len(kept) == count
        assert tree(folder) == holds(results)
        assert any(name.name in done.reason for name in kept)
    assert OLD in [tree(path) for path in kept]


def test_compare_replaces_only_what_differs(results: Path, place: Path) -> None:
    folder = an_old_one(place)
    assert unpack(results, folder, "compare").result is FileResult.OVERWRITTEN
    assert unpack(results, folder, "compare").result is FileResult.SKIPPED


def test_an_unknown_strategy_a_file_in_the_way_and_no_archive(results: Path, place: Path) -> None:
    with pytest.raises(UsageError, match="merge"):
        unpack(results, place / "r", "merge")
    with pytest.raises(NotFound, match=r"none\.zip cannot be read"):
        unpack(place / "none.zip", place / "r", "skip")
    (place / "r").write_bytes(b"a file")
    with pytest.raises(TargetUnwritable, match="a file has this name"):
        unpack(results, place / "r", "overwrite")
    assert tree(place) == {"r": b"a file"}


def test_a_link_to_a_folder_stays_and_leads_to_the_new_one(results: Path, place: Path) -> None:
    an_old_one(place)
    (place / "link").symlink_to(place / "r")
    unpack(results, place / "link", "overwrite")
    assert (place / "link").is_symlink()
    assert tree(place / "r") == holds(results)


@pytest.mark.parametrize("after", [0, 1, 20, len(IN_ZIP)])
def test_cancelled_the_old_folder_stays(results: Path, place: Path, after: int) -> None:
    """R54."""
    folder = an_old_one(place)
    answers = iter([False] * after)
    with pytest.raises(Stopped):
        unpack(results, folder, "overwrite", stopped=lambda: next(answers, True))
    assert names(place) == ["r"]
    assert tree(folder) == OLD


def test_an_archive_cut_anywhere_is_not_unpacked(results: Path, place: Path) -> None:
    """R54: no prefix of a ZIP is a ZIP."""
    folder, data, cut = an_old_one(place), results.read_bytes(), place.parent / "cut.zip"
    for length in [*range(70), *range(70, len(data), 1009), *range(len(data) - 3000, len(data), 7), len(data) - 1]:
        cut.write_bytes(data[:length])
        with pytest.raises(NotTheFile if length < 2 else BadArchive):
            unpack(cut, folder, "overwrite")
    assert names(place) == ["r"]
    assert tree(folder) == OLD


def test_a_flipped_bit_anywhere_is_seen_or_harmless(place: Path) -> None:
    """R54: damage in an entry fails its CRC; damage in a date or a version changes no file."""
    bad, expected = place.parent / "bad.zip", {b"", b"one", b"two" * 99}
    data = forge(bad, Entry("a/1", b"one"), Entry("a/2", b"two" * 99, DEFLATED), Entry("3", b"")).read_bytes()
    for bit in range(0, 8 * len(data), 3):
        at, mask = bit // 8, 1 << bit % 8
        bad.write_bytes(data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :])
        try:
            unpack(bad, place / "r", "overwrite")
        except (BadArchive, NotTheFile, HostileName):
            assert names(place) == []
        else:
            assert set(tree(place / "r").values()) == expected, (at, mask)
            shutil.rmtree(place / "r")


def test_a_bad_sum_in_the_last_entry_leaves_nothing(place: Path) -> None:
    """R54."""
    bad = forge(place.parent / "bad.zip", Entry("a"), Entry("b", crc=1))
    folder = an_old_one(place)
    with pytest.raises(BadArchive, match="CRC") as caught:
        unpack(bad, folder, "overwrite")
    assert "Download it again" in caught.value.suggestion
    assert bad.exists()
    assert names(place) == ["r"]
    assert tree(folder) == OLD


def test_too_little_room_is_said_before_a_byte(place: Path) -> None:
    free = shutil.disk_usage(place).free
    huge = forge(place.parent / "huge.zip", *(Entry(f"{i}", size=(1 << 32) - 2) for i in range(free // (4 << 30) + 1)))
    with pytest.raises(DiskFull, match="are free"):
        unpack(huge, place / "r", "skip", limits=Limits(size=1 << 60, ratio=1 << 60))
    assert names(place) == []


def test_a_disk_that_takes_no_more_leaves_the_old_folder(results: Path, place: Path) -> None:
    """R54: in the middle of a file."""
    folder = an_old_one(place)
    with full_disk(500), pytest.raises(TargetUnwritable, match="EFBIG"):
        unpack(results, folder, "overwrite")
    assert names(place) == ["r"]
    assert tree(folder) == OLD


KILLED = """
import os, signal, sys
from pathlib import Path
from desktop.studio.jobs.archive import unpack
step, archive, target = int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
seen = 0
def note(event, arguments):
    global seen
    if event in ("os.mkdir", "open", "os.rename", "os.rmdir", "os.remove"):
        here = any(str(target.parent) in str(argument) for argument in arguments) or event in ("os.rmdir", "os.remove")
        seen += here
        if here and seen == step:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(note)
print(unpack(archive, target, sys.argv[4]).result)
"""
"""Unpacks, and kills itself before the step-th change below the target's folder."""


@pytest.mark.parametrize("conflict", ["overwrite", "keep_both"])
def test_killed_at_any_step_one_of_the_two_is_whole(place: Path, conflict: str) -> None:
    """R54: and the next run puts everything right."""
    archive = forge(place.parent / "a.zip", Entry("a/x", b"x" * 9), Entry("b", b"y", DEFLATED))
    new, step = {"a/x": b"x" * 9, "b": b"y"}, 0
    while True:
        step += 1
        shutil.rmtree(place)
        place.mkdir()
        folder = an_old_one(place)
        command = [sys.executable, "-c", KILLED, str(step), str(archive), str(folder), conflict]
        ended = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
        assert ended.returncode in (0, -signal.SIGKILL), ended.stderr
        trees = [tree(path) for path in place.iterdir()]
        assert OLD in trees or new in trees
        if folder.exists():
            assert tree(folder) in (OLD, new)
        if ended.returncode == 0:
            break
        unpack(archive, folder, conflict)
        assert tree(folder) == new
        assert all(not path.name.startswith(".") for path in place.iterdir())
        if conflict == "keep_both":
            assert OLD in [tree(path) for path in place.glob("r_backup_*")]
    assert step > 10


def test_two_at_once_do_not_disturb_each_other(results: Path, place: Path) -> None:
    """The second one comes, and is done, while the first one is at work."""
    folder, others = place / "r", iter([FileResult.DOWNLOADED])

    def meanwhile(_done: int, _size: int) -> None:
        for expected in others:
            assert unpack(results, folder, "skip").result is expected

    assert unpack(results, folder, "overwrite", progress=meanwhile).result is FileResult.OVERWRITTEN
    assert tree(folder) == holds(results)
    assert names(place) == ["r"]
