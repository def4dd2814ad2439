"""A part by itself: bytes that come twice, a file that others cut, saves that come too late."""

import errno
import hashlib
import os
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.core.errors import FileInUse, ShotDockError, TargetUnwritable, Truncated
from desktop.core.media import Entry
from desktop.core.task import FileResult
from desktop.transfer.folders import Folders
from desktop.transfer.journal import Journal, read_journal, write_journal
from desktop.transfer.part import Part
from desktop.transfer.partfile import JOURNAL_FROM, journal_path, part_path
from tests.transfer.scripted import MIB, Shelf, bring, tree

SIZE = JOURNAL_FROM
FILE = Entry("/a", size=SIZE, mtime=1_700_000_000.0)
TOKEN = "tok00001"


@pytest.fixture
def part(tmp_path: Path) -> Iterator[Part]:
    folders = Folders(tmp_path)
    folders.ensure(str(tmp_path))
    part = Part(str(tmp_path / "a"), TOKEN)
    part.open(folders, str(tmp_path), FILE, verify=True)
    yield part
    part.close()


def test_bytes_that_come_twice_are_summed_as_they_are_on_disk(part: Part) -> None:
    first, second = os.urandom(1000), os.urandom(1000)
    part.write(0, first, 1000)
    part.write(500, second, 1000)
    part.save()
    journal = read_journal(journal_path(part.path))
    assert journal is not None
    assert [(start, end) for start, end, _ in journal.blocks] == [(0, 1500)]
    assert journal.blocks[0][2] == zlib.crc32(first[:500] + second)
    part.read_back()
    assert part.heal() == []


def test_the_hash_is_of_all_the_disk_holds_whoever_summed_it(part: Part) -> None:
    """A range that came twice has no block of its own; what is hashed is the file all the same."""
    for offset, count in ((2000, 500), (0, 1000), (1000, 1000), (900, 200), (2500, 700)):
        part.write(offset, os.urandom(count), count)
    assert part.sha256 == ""
    part.read_back()
    assert part.sha256 == hashlib.sha256(Path(part.path).read_bytes()).hexdigest()


def test_a_save_that_comes_after_the_end_writes_nothing(part: Part) -> None:
    part.write(0, b"x" * 1000, 1000)
    part.close()
    part.save()
    assert read_journal(journal_path(part.path)) is None


def test_a_save_beside_the_end_does_not_hear_in_its_place_what_the_disk_lost(
    part: Part, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Linux tells it once for an open file, to whoever syncs it next; after that the lost bytes count as written."""
    lost = [OSError(errno.EIO, os.strerror(errno.EIO))]
    saved: list[ShotDockError] = []

    def sync(_fd: int) -> None:
        if lost:
            raise lost.pop()

    def save() -> None:
        try:
            part.save()
        except ShotDockError as error:
            saved.append(error)

    def utime(*_: object) -> None:
        saving.start()
        saving.join(0.3)  # it may do what it wants

    saving = threading.Thread(target=save)
    monkeypatch.setattr("desktop.transfer.journal.sync_data", sync)
    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "utime", utime)
    monkeypatch.setattr(os, "supports_fd", {utime})
    part.write(0, bytes(SIZE), SIZE)
    with pytest.raises(TargetUnwritable):
        part.seal(SIZE, FILE.mtime)
    saving.join()
    assert not saved
    assert read_journal(journal_path(part.path)) is None, "what it lost is not called durable either"


def test_a_part_that_another_program_cut_is_never_sealed(part: Part) -> None:
    part.write(0, bytes(SIZE), SIZE)
    os.truncate(part.path, SIZE - 1)
    with pytest.raises(Truncated, match=f"{SIZE - 1:,} bytes are there, {SIZE:,}"):
        part.seal(SIZE, None)


def test_a_name_that_is_there_already_is_somebody_s(part: Part, tmp_path: Path) -> None:
    other = Part(str(tmp_path / "a"), TOKEN)
    with pytest.raises(FileInUse, match="being fetched already"):
        other.open(Folders(tmp_path), str(tmp_path), FILE, verify=False)
    assert Path(part.path).exists()


def test_of_a_dead_runs_part_only_the_damaged_block_is_fetched_again(tmp_path: Path) -> None:
    """R09: what its checksum vouches for stays."""
    shelf = Shelf(block=MIB)
    entry = shelf.put("/a", 12 * MIB)
    data = shelf.files["/a"]
    part = Path(part_path(str(tmp_path / "a"), "dead0001"))
    places = [(0, 3 * MIB), (3 * MIB, 5 * MIB), (6 * MIB, 8 * MIB)]
    write_journal(
        journal_path(str(part)),
        Journal(entry, tuple((start, end, zlib.crc32(data[start:end])) for start, end in places)),
    )
    flipped = bytearray(data[: 8 * MIB])
    flipped[4 * MIB] ^= 1
    part.write_bytes(flipped)
    [done] = bring(tmp_path, shelf, [entry])
    assert (done.result, done.error) == (FileResult.DOWNLOADED, None)
    assert (done.reused, done.transferred) == (5 * MIB, 7 * MIB)
    assert tree(tmp_path) == {"a": data}
