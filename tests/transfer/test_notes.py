"""Notes of what came and was not synced: believed as far as the disk gives the bytes back, and never further."""

import os
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from desktop.core.media import Entry
from desktop.transfer.journal import Journal, read_journal, write_journal
from desktop.transfer.keeper import Keeper
from desktop.transfer.notes import lines, proven
from desktop.transfer.ranges import Ranges
from desktop.transfer.sums import BLOCK, Block, Note, Sums

DATA = os.urandom(1000)
FILE = Entry("/a", size=len(DATA), mtime=5.0)
SAVED: Block = (0, 100, zlib.crc32(DATA[:100]))


def note(start: int, end: int, first: int | None = None) -> Note:
    """Return the note of bytes that continue a block, or begin one."""
    first = start if first is None else first
    return start, end, zlib.crc32(DATA[first:start]) if first < start else 0, zlib.crc32(DATA[first:end])


NOTES = (note(100, 250, 0), note(250, 300, 0), note(500, 600), note(600, 700, 500))


@pytest.fixture
def fd(tmp_path: Path) -> int:
    """Return a part that holds all of the data."""
    path = tmp_path / "part"
    path.write_bytes(DATA)
    return os.open(path, os.O_RDWR)


def noted(path: Path) -> bytes:
    write_journal(str(path), Journal(FILE, (SAVED,), "host", 7))
    saved = path.read_bytes()
    path.write_bytes(saved + lines(NOTES))
    return saved


def test_notes_torn_anywhere_leave_what_was_saved_and_the_notes_before(tmp_path: Path) -> None:
    path = tmp_path / "j"
    saved = noted(path)
    whole = path.read_bytes()
    for length in range(len(saved), len(whole) + 1):
        path.write_bytes(whole[:length])
        journal = read_journal(str(path))
        assert journal is not None and journal.blocks == (SAVED,)
        assert journal.notes == NOTES[: len(NOTES) if length == len(whole) else len(journal.notes)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(position=st.integers(0, 10**6), data=st.binary(max_size=40))
@example(position=0, data=bytes(20))
def test_damaged_notes_never_raise_and_never_cost_what_was_saved(tmp_path: Path, position: int, data: bytes) -> None:
    path = tmp_path / "j"
    saved = len(noted(path))
    text = bytearray(path.read_bytes())
    at = saved + position % (len(text) - saved)
    text[at : at + len(data)] = data
    path.write_bytes(text)
    journal = read_journal(str(path))
    assert journal is not None and journal.blocks == (SAVED,)
    assert all(0 <= start < end <= len(DATA) for start, end, _, _ in journal.notes)


def test_what_is_saved_shares_no_page_with_notes(tmp_path: Path) -> None:
    """A page that is being rewritten when the power goes may be lost whole."""
    assert len(noted(tmp_path / "j")) % 4096 == 0


def test_bytes_that_are_there_continue_what_was_saved(fd: int) -> None:
    assert proven(fd, [SAVED], NOTES) == [(0, 300, zlib.crc32(DATA[:300])), (500, 700, zlib.crc32(DATA[500:700]))]
    os.close(fd)


@pytest.mark.parametrize(
    ("flipped", "left"), [(120, [(0, 100), (500, 700)]), (299, [(0, 250), (500, 700)]), (500, [(0, 300)])]
)
def test_bytes_that_are_not_there_are_not_believed_nor_what_continues_them(
    fd: int, flipped: int, left: list[tuple[int, int]]
) -> None:
    os.pwrite(fd, bytes([DATA[flipped] ^ 1]), flipped)
    assert [(start, end) for start, end, _ in proven(fd, [SAVED], NOTES)] == left
    os.close(fd)


def test_a_part_that_is_too_short_proves_what_it_holds(fd: int) -> None:
    os.ftruncate(fd, 299)
    assert [(start, end) for start, end, _ in proven(fd, [SAVED], NOTES)] == [(0, 250)]
    os.close(fd)


def test_a_note_that_continues_nothing_known_or_covers_what_is_known_is_not_believed(fd: int) -> None:
    strange = [note(150, 200, 0), note(50, 120), note(0, 100)]
    assert proven(fd, [SAVED], strange) == [SAVED]
    os.close(fd)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12), st.booleans()), max_size=30), st.integers(0, 2**16))
def test_whatever_is_noted_of_writes_in_any_order_is_proven_or_left_out(
    writes: list[tuple[int, int, bool]], seed: int
) -> None:
    """Overlapping or not, noted often or seldom: each block told is of the bytes that are there."""
    content, sums, there, notes = bytearray(64), Sums(), Ranges(), list[Note]()
    for number, (start, count, ask) in enumerate(writes):
        data = bytes([(number + seed) % 255 + 1]) * count
        content[start : start + count] = data
        if there.touches(start, start + count):
            sums.drop(start, start + count)
        else:
            sums.add(start, start + count, data)
        there.add(start, start + count)
        if ask:
            notes += sums.news()
    fd = os.memfd_create("part")
    os.write(fd, content)
    reached = 0
    for start, end, crc in proven(fd, [], notes + sums.news()):
        assert reached <= start < end <= start + BLOCK
        assert crc == zlib.crc32(content[start:end])
        reached = end
    os.close(fd)


def test_what_came_while_a_journal_was_saved_is_in_the_next_one(tmp_path: Path, fd: int) -> None:
    """And what was saved is told no more: a journal stays as small as it is."""
    path = str(tmp_path / "j")
    keeper = Keeper(path, FILE)
    keeper.note([note(0, 60)])
    keeper.note([note(60, 100, 0), note(100, 250, 0)])
    journal = read_journal(path)
    assert journal is not None and (journal.blocks, len(journal.notes)) == ((), 3)
    keeper.save(fd, Ranges([(0, 100)]), [SAVED], keeper.generation)
    keeper.note([note(250, 300, 0)])
    keeper.close()
    journal = read_journal(path)
    assert journal is not None
    assert (journal.blocks, journal.notes) == ((SAVED,), NOTES[:2])
    again = Keeper(path, FILE, journal.blocks, journal.notes)
    again.claim()
    assert read_journal(path) == journal, "a run that takes it over and is killed at once loses nothing"
    assert again.prove(fd) == ((0, 300, zlib.crc32(DATA[:300])),)
    again.close()
    os.close(fd)


def test_after_a_sync_that_failed_nothing_unsynced_is_told(tmp_path: Path, fd: int) -> None:
    """A disk tells it once: whoever comes next must not find notes, and memory that still holds the bytes."""
    path = str(tmp_path / "j")
    keeper = Keeper(path, FILE, (SAVED,))
    keeper.claim()
    keeper.note(NOTES[:1])
    with pytest.raises(OSError, match="Input/output"), keeper.syncing():
        raise OSError(5, "Input/output error")
    keeper.note(NOTES[1:2])
    journal = read_journal(path)
    assert journal is not None and (journal.blocks, journal.notes) == ((SAVED,), ())
    keeper.close()
    os.close(fd)


def test_what_may_be_wrong_is_taken_back_at_once(tmp_path: Path, fd: int) -> None:
    """A kill right after it must leave nothing that the next run would believe."""
    path = tmp_path / "j"
    keeper = Keeper(str(path), FILE)
    keeper.save(fd, Ranges([(0, 100)]), [SAVED], keeper.generation)
    keeper.note(NOTES)
    under_way = keeper.generation
    keeper.withdraw(550, 800)
    journal = read_journal(str(path))
    assert journal is not None and (journal.blocks, journal.notes) == ((SAVED,), NOTES[:2])
    keeper.save(fd, Ranges([(0, 700)]), [], under_way)
    assert read_journal(str(path)) == journal, "what was copied before speaks of it still"
    keeper.withdraw(50, 60)
    journal = read_journal(str(path))
    assert journal is not None and (journal.blocks, proven(fd, journal.blocks, journal.notes)) == ((), [])
    keeper.close()
    os.close(fd)


def test_what_cannot_be_taken_back_is_told_by_no_journal(tmp_path: Path, fd: int) -> None:
    path = tmp_path / "j"
    keeper = Keeper(str(path), FILE)
    keeper.save(fd, Ranges([(0, 100)]), [SAVED], keeper.generation)
    keeper.note(NOTES)
    (tmp_path / "j.new" / "in the way").mkdir(parents=True)
    keeper.withdraw(550, 800)
    assert read_journal(str(path)) is None
    os.close(fd)


def test_a_name_in_the_journals_place_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    (tmp_path / "j").symlink_to(victim)
    keeper = Keeper(str(tmp_path / "j"), FILE)
    keeper.note(NOTES)
    keeper.close()
    assert victim.read_bytes() == b"mine"
