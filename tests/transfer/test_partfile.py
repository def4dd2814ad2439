"""Part files: whose they are, and which of a dead run's are worth anything."""

import errno
import fcntl
import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.core.media import Entry
from desktop.transfer.journal import Journal, read_journal, write_journal
from desktop.transfer.partfile import PartIndex, discard, journal_path, part_path, split, stem

FILE = Entry("/show/sh010.exr", size=1000, mtime=5000.0)


def find_reusable(target: Path, file: Entry) -> int:
    return PartIndex().reusable(target, file)


DEAD = 2**22 + 1
"""A process id Linux never gives."""


def dead_part(
    folder: Path, token: str = "dead0001", file: Entry = FILE, bytes_: int = 600, name: str = "sh010.exr"
) -> Path:
    part = Path(part_path(str(folder / name), token))
    part.write_bytes(os.urandom(bytes_))
    write_journal(journal_path(str(part)), Journal(file, ((0, bytes_, 0),), os.uname().nodename, DEAD))
    return part


@pytest.mark.parametrize(
    ("known", "planned", "useful"),
    [
        (FILE, FILE, True),
        (FILE, replace(FILE, mtime=5000.5), True),
        (FILE, replace(FILE, mtime=5030.0, precision=60), True),
        (FILE, replace(FILE, size=None, mtime=None), True),
        (FILE, replace(FILE, mtime=5002.0), False),
        (FILE, replace(FILE, size=1001), False),
        (FILE, replace(FILE, path="/other/sh010.exr"), False),
        (replace(FILE, etag="x"), replace(FILE, etag="y"), False),
        (replace(FILE, etag="x", mtime=None), replace(FILE, etag="x", mtime=None), True),
        (replace(FILE, mtime=None), replace(FILE, mtime=None), False),
    ],
)
def test_a_part_is_worth_something_if_it_is_of_the_same_file(
    tmp_path: Path, known: Entry, planned: Entry, useful: bool
) -> None:
    dead_part(tmp_path, file=known)
    assert find_reusable(tmp_path / "sh010.exr", planned) == (600 if useful else 0)


def test_looking_changes_nothing(tmp_path: Path) -> None:
    dead_part(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    index = PartIndex()
    assert [index.reusable(tmp_path / "sh010.exr", FILE) for _ in range(3)] == [600] * 3
    assert index.reusable(tmp_path / "other.exr", FILE) == 0
    assert index.reusable(tmp_path / "no such folder" / "x", FILE) == 0
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_best_part_is_adopted_and_the_other_dead_ones_go(tmp_path: Path) -> None:
    dead_part(tmp_path, "dead0001", bytes_=300)
    best = dead_part(tmp_path, "dead0002", bytes_=700).read_bytes()
    dead_part(tmp_path, "dead0003", file=replace(FILE, size=999))
    (tmp_path / ".sh010.exr.dead0004.part").write_bytes(b"no journal")
    write_journal(str(tmp_path / ".sh010.exr.dead0005.part.journal"), Journal(FILE, ((0, 9, 0),)))
    dead_part(tmp_path, "dead0006", file=replace(FILE, path="/elsewhere/sh010.exr"))
    dead_part(tmp_path, "dead0001", name="other.exr")
    adopted = PartIndex().adopt(str(tmp_path / "sh010.exr"), "mine0001", FILE)
    assert adopted is not None
    assert adopted.journal.bytes == 700
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        ".other.exr.dead0001.part",
        ".other.exr.dead0001.part.journal",
        ".sh010.exr.dead0006.part",
        ".sh010.exr.dead0006.part.journal",
        ".sh010.exr.mine0001.part",
        ".sh010.exr.mine0001.part.journal",
    ]
    assert os.pread(adopted.fd, 2000, 0) == best
    journal = read_journal(str(tmp_path / ".sh010.exr.mine0001.part.journal"))
    assert journal is not None and (journal.pid, journal.host) == (os.getpid(), os.uname().nodename)
    os.close(adopted.fd)


@pytest.mark.parametrize("token", ["dead0001", "mine0001"])
def test_a_locked_part_has_a_living_owner(tmp_path: Path, token: str) -> None:
    part = dead_part(tmp_path)
    fd = os.open(part, os.O_RDWR)
    fcntl.flock(fd, fcntl.LOCK_EX)
    assert find_reusable(tmp_path / "sh010.exr", FILE) == 0
    assert PartIndex().adopt(str(tmp_path / "sh010.exr"), token, FILE) is None
    assert part.exists() and Path(journal_path(str(part))).exists()
    os.close(fd)
    assert find_reusable(tmp_path / "sh010.exr", FILE) == 600


@pytest.mark.parametrize("token", ["dead0001", "mine0001"])
def test_a_part_that_could_not_be_taken_over_is_let_go_of(tmp_path: Path, token: str) -> None:
    """A full disk takes no journal; once it has room the part must not look like a living owner's."""
    dead_part(tmp_path)
    target = str(tmp_path / "sh010.exr")
    obstacle = Path(f"{journal_path(part_path(target, token))}.new")
    obstacle.mkdir()
    with pytest.raises(OSError):
        PartIndex().adopt(target, token, FILE)
    obstacle.rmdir()
    adopted = PartIndex().adopt(target, token, FILE)
    assert adopted is not None
    os.close(adopted.fd)


def test_a_second_name_of_a_committed_file_is_never_written(tmp_path: Path) -> None:
    """A crash between link and unlink leaves the part as a second name of the finished file."""
    part = dead_part(tmp_path)
    target = tmp_path / "sh010.exr"
    os.link(part, target)
    assert find_reusable(target, FILE) == 0
    assert PartIndex().adopt(str(target), "mine0001", FILE) is None
    assert not part.exists()
    assert len(target.read_bytes()) == 600


def test_a_link_planted_as_a_part_is_not_followed(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    canary.write_bytes(b"precious")
    part = dead_part(tmp_path)
    part.unlink()
    part.symlink_to(canary)
    assert find_reusable(tmp_path / "sh010.exr", FILE) == 0
    assert PartIndex().adopt(str(tmp_path / "sh010.exr"), "dead0001", FILE) is None
    assert canary.read_bytes() == b"precious"


def test_a_journal_from_the_future_is_not_trusted(tmp_path: Path) -> None:
    part = dead_part(tmp_path)
    journal = Path(journal_path(str(part)))
    journal.write_text(json.dumps({**json.loads(journal.read_text()), "version": 99}))
    assert find_reusable(tmp_path / "sh010.exr", FILE) == 0


def test_discard_removes_what_one_task_left_of_one_target(tmp_path: Path) -> None:
    dead_part(tmp_path, "dead0001")
    other = dead_part(tmp_path, "dead0002")
    discard(tmp_path / "sh010.exr", "dead0001")
    discard(tmp_path / "sh010.exr", "dead0001")
    assert {path.name for path in tmp_path.iterdir()} == {other.name, f"{other.name}.journal"}


@given(st.text(st.characters(exclude_characters="/\0", codec="utf-8"), min_size=1, max_size=255), st.integers(1, 32))
def test_every_name_of_a_part_fits(name: str, length: int) -> None:
    """R34: the longest temporary name is that of a journal being written."""
    path = f"{journal_path(part_path(f'/folder/{name}', 't' * length))}.new"
    assert split(path)[0] == "/folder"
    assert len(split(path)[1].encode()) <= 255


def test_shortened_names_stay_different() -> None:
    long = "shot_" + "x" * 240
    assert stem(long + "1") != stem(long + "2")
    assert stem(long + "1").startswith("shot_xxx")
    assert stem("short.exr") == "short.exr"


def test_split_is_what_the_library_says() -> None:
    for path in ("/a/b", "/a", "/a/b/c.d", "a/b"):
        assert split(path) == os.path.split(path)


@pytest.mark.parametrize("length", [45, 46, 180])
def test_a_name_that_fits_is_not_shortened(length: int) -> None:
    assert stem("a" * length) == "a" * length


def test_a_file_that_only_looks_like_a_part_is_left_alone(tmp_path: Path) -> None:
    for name in (".sh010.exr.dead0001.part.backup", ".part", ".sh010.exr..part"):
        (tmp_path / name).write_bytes(b"theirs")
    assert find_reusable(tmp_path / "sh010.exr", FILE) == 0
    assert PartIndex().adopt(str(tmp_path / "sh010.exr"), "tok00001", FILE) is None
    assert len(list(tmp_path.iterdir())) == 3


# --- file systems without locks: the journal tells whose a part is


@pytest.fixture
def no_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(_fd: int, _operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", flock)


def owned_part(folder: Path, host: str, pid: int, age: float = 0.0) -> Path:
    part = dead_part(folder)
    journal = journal_path(str(part))
    write_journal(journal, Journal(FILE, ((0, 600, 0),), host, pid))
    then = time.time() - age
    os.utime(journal, (then, then))
    return part


HERE, ELSEWHERE = os.uname().nodename, "another-machine"


@pytest.mark.usefixtures("no_locks")
@pytest.mark.parametrize(
    ("host", "pid", "age", "gone"),
    [
        (HERE, lambda: DEAD, 0.0, True),
        (HERE, os.getppid, 0.0, False),
        (HERE, os.getpid, 0.0, False),
        (ELSEWHERE, lambda: DEAD, 0.0, False),
        (ELSEWHERE, os.getpid, 800.0, False),
        (ELSEWHERE, os.getpid, 1000.0, True),
    ],
    ids=["dead", "living", "ours", "elsewhere", "elsewhere and quiet", "elsewhere and silent"],
)
def test_without_locks_the_journal_s_owner_decides(
    tmp_path: Path, host: str, pid: Callable[[], int], age: float, gone: bool
) -> None:
    part = owned_part(tmp_path, host, pid(), age)
    assert find_reusable(tmp_path / "sh010.exr", FILE) == (600 if gone else 0)
    adopted = PartIndex().adopt(str(tmp_path / "sh010.exr"), "tok00001", FILE)
    assert (adopted is not None) == gone
    assert part.exists() != gone
    if adopted is not None:
        os.close(adopted.fd)


@pytest.mark.usefixtures("no_locks")
def test_without_locks_our_own_part_of_this_process_is_ours(tmp_path: Path) -> None:
    """A run that was paused and goes on in the same program finds its own name in the journal."""
    owned_part(tmp_path, HERE, os.getpid())
    adopted = PartIndex().adopt(str(tmp_path / "sh010.exr"), "dead0001", FILE)
    assert adopted is not None
    assert adopted.journal.bytes == 600
    os.close(adopted.fd)


@pytest.mark.usefixtures("no_locks")
def test_without_locks_an_owner_that_may_not_be_asked_counts_as_alive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owned_part(tmp_path, HERE, DEAD)

    def kill(_pid: int, _signal: int) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "kill", kill)
    assert find_reusable(tmp_path / "sh010.exr", FILE) == 0


@pytest.mark.usefixtures("no_locks")
@pytest.mark.parametrize(("age", "gone"), [(0.0, False), (3500.0, False), (3700.0, True)])
def test_without_locks_a_part_without_a_journal_is_given_an_hour(tmp_path: Path, age: float, gone: bool) -> None:
    part = dead_part(tmp_path)
    Path(journal_path(str(part))).unlink()
    then = time.time() - age
    os.utime(part, (then, then))
    assert PartIndex().adopt(str(tmp_path / "sh010.exr"), "tok00001", FILE) is None
    assert part.exists() != gone
