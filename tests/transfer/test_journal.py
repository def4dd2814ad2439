"""Journals: what is read is what was written, or nothing."""

import json
import os
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desktop.core.media import Entry
from desktop.transfer import keeper as keeper_module
from desktop.transfer.journal import Journal, read_journal, write_journal
from desktop.transfer.keeper import Keeper
from desktop.transfer.ranges import Ranges
from desktop.transfer.sameness import agree, provable
from desktop.transfer.sums import BLOCK, Sums, checksum

quick = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
entries = st.builds(
    Entry,
    path=st.text(st.characters() | st.just("\udcff"), min_size=1),
    size=st.none() | st.just(2**62),
    mtime=st.none() | st.floats(-1e12, 1e12),
    precision=st.floats(0, 1e6),
    etag=st.none() | st.text(),
)


@st.composite
def journals(draw: st.DrawFn) -> Journal:
    marks = sorted(draw(st.sets(st.integers(0, 2**62), max_size=8)))
    blocks = tuple(
        (start, end, draw(st.integers(0, 2**32 - 1))) for start, end in zip(marks[::2], marks[1::2], strict=False)
    )
    return Journal(draw(entries), blocks, draw(st.text()), draw(st.integers(0, 2**31)))


@quick
@given(journals())
def test_it_reads_what_was_written(tmp_path: Path, journal: Journal) -> None:
    path = str(tmp_path / "j")
    write_journal(path, journal)
    assert read_journal(path) == journal
    assert [file.name for file in tmp_path.iterdir()] == ["j"]


def sample(path: Path) -> bytes:
    entry = Entry("/a/b.exr", size=100, mtime=5.0)
    write_journal(str(path), Journal(entry, ((0, 10, 1), (20, 30, 2)), "host", 7))
    return path.read_bytes()


def test_a_torn_journal_is_none(tmp_path: Path) -> None:
    path = tmp_path / "j"
    whole = sample(path)
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert read_journal(str(path)) is None, whole[:length]


@quick
@given(position=st.integers(0, 10**6), byte=st.integers(0, 255))
def test_a_damaged_journal_never_raises(tmp_path: Path, position: int, byte: int) -> None:
    path = tmp_path / "j"
    data = bytearray(sample(path))
    data[position % len(data)] = byte
    path.write_bytes(data)
    read = read_journal(str(path))
    # What passes is as trustworthy as a whole one: ranges in order, none beyond the file's end.
    reached = 0
    for start, end, _ in read.blocks if read is not None else ():
        assert reached <= start < end
        reached = end
    assert read is None or read.file.size is None or reached <= read.file.size


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"version": None},
        {"source": None},
        {"source": []},
        {"owner": {}},
        {"owner": {"host": "h", "pid": "x"}},
        {"ranges": None},
        {"ranges": "abc"},
        {"ranges": [[5, 5, "0"]]},
        {"ranges": [[-1, 5, "0"]]},
        {"ranges": [[9, 5, "0"]]},
        {"ranges": [[0, 5, "0"], [4, 9, "0"]]},
        {"ranges": [[0, 101, "0"]]},
        {"ranges": [[0, 5.5, "0"]]},
        {"ranges": [[0, 5]]},
        {"ranges": [[0, 5, "zz"]]},
        {"ranges": [[0, 5, 3]]},
    ],
    ids=str,
)
def test_a_journal_that_makes_no_sense_is_none(tmp_path: Path, change: dict[str, object]) -> None:
    path = tmp_path / "j"
    path.write_text(json.dumps({**json.loads(sample(path)), **change}))
    assert read_journal(str(path)) is None


def test_no_journal_and_no_file_are_none(tmp_path: Path) -> None:
    assert read_journal(str(tmp_path / "none")) is None
    (tmp_path / "folder").mkdir()
    assert read_journal(str(tmp_path / "folder")) is None
    (tmp_path / "list").write_text("[1]")
    assert read_journal(str(tmp_path / "list")) is None
    sample(tmp_path / "real")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert read_journal(str(tmp_path / "link")) is None, "a link leads to somebody else's file"


A = Entry("/f", size=10, mtime=100.0)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (A, A, True),
        (A, Entry("/f", size=10, mtime=100.9), True),
        (A, Entry("/f", size=10, mtime=101.1), False),
        (A, Entry("/f", size=10, mtime=159.0, precision=60), True),
        (A, Entry("/f", size=11, mtime=100.0), False),
        (A, Entry("/f", size=10), None),
        (A, Entry("/f", mtime=100.0), None),
        (A, Entry("/f", mtime=200.0), False),
        (Entry("/f", size=10), Entry("/f", size=10), None),
        (Entry("/f", etag="a"), Entry("/f", etag="a"), True),
        (Entry("/f", etag="a", size=1, mtime=1.0), Entry("/f", etag="b", size=1, mtime=1.0), False),
        (Entry("/f", etag="a", size=1), Entry("/f", etag="a", size=2), False),
        (Entry("/f", etag="a"), Entry("/f", size=2), None),
    ],
)
def test_what_two_looks_prove(one: Entry, other: Entry, same: bool | None) -> None:
    assert agree(one, other) is same
    assert agree(other, one) is same
    if same:
        assert provable(one) or provable(other)


@pytest.fixture
def part(tmp_path: Path) -> Path:
    path = tmp_path / "part"
    path.write_bytes(os.urandom(1000))
    return path


def keeper_of(part: Path) -> tuple[Keeper, int]:
    return Keeper(f"{part}.journal", A), os.open(part, os.O_RDWR)


def test_a_keeper_notes_durable_ranges_with_their_sums(part: Path) -> None:
    keeper, fd = keeper_of(part)
    keeper.save(fd, Ranges([(0, 3)]), (), keeper.generation)
    keeper.save(fd, Ranges([(0, 5), (7, 9)]), (), keeper.generation)
    keeper.save(fd, Ranges([(0, 10)]), (), keeper.generation)
    journal = read_journal(f"{part}.journal")
    assert (
        journal
        and Ranges((start, end) for start, end, _ in journal.blocks) == Ranges([(0, 10)])
        and journal.bytes == 10
        and journal.pid == os.getpid()
    )
    assert all(checksum(fd, start, end) == crc for start, end, crc in journal.blocks)
    assert not keeper.damaged(fd, journal.blocks)
    os.pwrite(fd, bytes([part.read_bytes()[8] ^ 1]), 8)
    assert [start <= 8 < end for start, end in keeper.damaged(fd, journal.blocks)] == [True]
    os.close(fd)


def test_blocks_stay_small_enough_to_fetch_again(tmp_path: Path) -> None:
    part = tmp_path / "sparse"
    with part.open("wb") as file:
        file.truncate(3 * BLOCK)
    keeper, fd = Keeper(f"{part}.journal", Entry("/f", size=3 * BLOCK, mtime=1.0)), os.open(part, os.O_RDWR)
    keeper.save(fd, Ranges([(0, BLOCK + 5)]), (), keeper.generation)
    keeper.save(fd, Ranges([(0, 3 * BLOCK)]), (), keeper.generation)
    os.close(fd)
    journal = read_journal(f"{part}.journal")
    assert journal and journal.bytes == 3 * BLOCK
    assert all(end - start <= BLOCK for start, end, _ in journal.blocks) and len(journal.blocks) <= 4


def test_what_was_forgotten_is_not_noted_by_a_save_that_was_under_way(part: Path) -> None:
    keeper, fd = keeper_of(part)
    generation = keeper.generation
    keeper.save(fd, Ranges([(0, 3)]), (), generation)
    keeper.forget()
    keeper.save(fd, Ranges([(0, 10)]), (), generation)
    assert not Path(f"{part}.journal").exists()
    os.close(fd)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12)), max_size=30))
def test_checksums_made_in_passing_are_those_of_the_bytes(writes: list[tuple[int, int]]) -> None:
    """Whatever the order of writes: a block's checksum is that of its bytes, and no byte is in two blocks."""
    content = bytearray(64)
    sums, there = Sums(), Ranges()
    for number, (start, count) in enumerate(writes):
        data = bytes([number + 1]) * count
        content[start : start + count] = data
        if there.touches(start, start + count):
            sums.drop(start, start + count)
        else:
            sums.add(start, start + count, data)
        there.add(start, start + count)
    reached = 0
    for start, end, crc in sums.blocks():
        assert reached <= start < end
        assert crc == zlib.crc32(content[start:end])
        reached = end


def test_a_stream_of_writes_is_one_block_and_needs_no_reading_back(tmp_path: Path) -> None:
    sums = Sums()
    for start in range(0, 100, 10):
        sums.add(start, start + 10, bytes(10))
    assert sums.blocks() == [(0, 100, zlib.crc32(bytes(100)))]
    keeper = Keeper(str(tmp_path / "journal"), Entry("/f", size=100, mtime=1.0))
    fd = os.open(tmp_path / "part", os.O_RDWR | os.O_CREAT)
    keeper.save(fd, Ranges([(0, 100)]), sums.blocks(), keeper.generation)  # the part is empty: nothing to read
    os.close(fd)
    journal = read_journal(str(tmp_path / "journal"))
    assert journal is not None
    assert journal.blocks == ((0, 100, zlib.crc32(bytes(100))),)


def test_a_checksum_ends_where_the_file_does(part: Path) -> None:
    _, fd = keeper_of(part)
    assert checksum(fd, 0, 5000) == zlib.crc32(part.read_bytes())
    assert checksum(fd, 2000, 5000) == 0
    os.close(fd)


def test_what_is_read_back_continues_the_block_before_it(part: Path) -> None:
    data = part.read_bytes()
    keeper, fd = keeper_of(part)
    keeper.save(fd, Ranges([(0, 10)]), [(0, 4, zlib.crc32(data[:4]))], keeper.generation)
    os.close(fd)
    journal = read_journal(f"{part}.journal")
    assert journal and journal.blocks == ((0, 10, zlib.crc32(data[:10])),)


def test_a_journal_of_thousands_of_crumbs_keeps_the_large_blocks_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The crumbs are read back as part of larger ones: a journal is written every few seconds."""
    monkeypatch.setattr(keeper_module, "MOST_BLOCKS", 50)
    monkeypatch.setattr(keeper_module, "BLOCK", block := 8000)
    crumbs, size = 51, 3 * block
    part = tmp_path / "part"
    part.write_bytes(os.urandom(size))
    data = part.read_bytes()
    sums = [(2 * n, 2 * n + 1, zlib.crc32(data[2 * n : 2 * n + 1])) for n in range(crumbs)]
    large = (block, 2 * block, zlib.crc32(data[block : 2 * block]))
    keeper, fd = Keeper(f"{part}.journal", Entry("/f", size=size, mtime=1.0)), os.open(part, os.O_RDWR)
    keeper.save(fd, Ranges([(0, size)]), [*sums, large], keeper.generation)
    journal = read_journal(f"{part}.journal")
    assert journal and large in journal.blocks
    assert len(journal.blocks) == 3
    assert [checksum(fd, start, end) for start, end, _ in journal.blocks] == [crc for _, _, crc in journal.blocks]
    os.close(fd)
