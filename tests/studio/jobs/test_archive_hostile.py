"""R51 to R53: archives made to do harm; nothing of them is unpacked, and what is said names the reason."""

import os
import re
import struct
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop.core.errors import BadArchive, HostileName, NameTooLong, NotTheFile, ShotDockError
from desktop.studio.jobs.archive import unpack, validate_result_zip
from desktop.studio.jobs.archive_ends import Limits
from desktop.studio.jobs.archive_listing import list_archive
from desktop.transfer.names import fold
from tests.studio.jobs.forge import DEFLATED, Entry, end64, forge

LINK, DEVICE, FIFO, SETUID = 0o120777, 0o060666, 0o010666, 0o104777
FAR = struct.pack("<2HQ", 1, 8, 2**64 - 1)
Forger = Callable[[Path], Path]


def of(*entries: Entry, count: int | None = None, tail: bytes = b"", prefix: bytes = b"") -> Forger:
    return lambda path: forge(path, *entries, count=count, tail=tail, prefix=prefix)


def quine_of_headers(path: Path) -> Path:
    """One stream of 100 KiB under fifty names: what is quoted once is unpacked fifty times (CVE-2024-0450)."""
    kernel = Entry("0", bytes(100 << 10), DEFLATED)
    return forge(path, kernel, *(Entry(f"{n}", b"", at=0, size=100 << 10) for n in range(1, 50)))


def nested_headers(path: Path) -> Path:
    """Each entry's data is the next one's header and data, as in Fifield's bomb."""
    inner = Entry("inner", b"x" * 100)
    outer = Entry("outer", inner.local() + inner.stored)
    return forge(path, outer, Entry("inner", b"", at=len(outer.local()), size=100))


def two_ends(*told: int) -> Forger:
    def make(path: Path) -> Path:
        forge(path, Entry("a"), Entry("b"))
        end = path.read_bytes()[-22:]
        count, length, start = struct.unpack("<8x2xH2L2x", end)
        end64(path, told[:3], *(told[3:] or (count, length, start)))  # type: ignore[arg-type]  # three numbers or six
        return path

    return make


def lying_count(path: Path) -> Path:
    return forge(path, Entry("a"), count=2)


def many(path: Path) -> Path:
    """Two million entries in an archive of their directory alone: it is not even read."""
    row = Entry("x", b"").central(0)
    directory = row * 2_000_000
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, len(directory), 40, 0)
    path.write_bytes(b"PK\x03\x04" + bytes(36) + directory + end)
    end64(path, (0xFFFF, len(directory), 40), 2_000_000, len(directory), 40)
    return path


def longer_than_told(path: Path) -> Path:
    """Deflated data that goes on behind the size that both headers tell."""
    return forge(path, Entry("a", b"x" * 1000, DEFLATED, size=10))


HOSTILE: list[tuple[str, type[ShotDockError], str, Forger]] = [
    *(
        (f"name {name!r}", HostileName, "a name that is refused", of(Entry("good"), Entry(name, b"")))
        for name in (
            "../x",
            "a/../../x",
            "d/../../y",
            "/abs",
            "//srv/s",
            "a//b",
            "a/./b",
            ".",
            "..",
            "",
            "..\\x",
            "C:\\x",
            "\\\\srv\\s",
            "C:x",
            "C:/x",
            "a\0b",
            "../",
        )
    ),
    ("480 bytes", NameTooLong, "480 bytes", of(Entry("n" * 480))),
    ("a path too long", NameTooLong, "too long|4,?000", of(Entry("/".join(["d" * 200] * 25)))),
    ("broken Unicode", BadArchive, "damaged", of(Entry(b"\xff\xfe", flags=1 << 11))),
    ("a link", BadArchive, "link is a link", of(Entry("link", b"/etc", mode=LINK), Entry("link/passwd"))),
    ("a device", BadArchive, "neither a file nor a folder", of(Entry("sda", b"", mode=DEVICE))),
    ("a pipe", BadArchive, "neither a file nor a folder", of(Entry("p", b"", mode=FIFO))),
    ("a folder with bytes", BadArchive, "neither a file nor a folder", of(Entry("a/", b"data"))),
    ("a folder that is a link", BadArchive, "a/ is a link", of(Entry("a/", b"", mode=LINK))),
    ("encrypted", BadArchive, "a is encrypted", of(Entry("a", flags=1))),
    ("strongly encrypted", BadArchive, "a is encrypted", of(Entry("a", flags=1 | 1 << 6))),
    ("a method unknown", BadArchive, "cannot read", of(Entry("a", method=97))),
    ("the same name twice", BadArchive, "a is in it twice", of(Entry("a"), Entry("a"))),
    ("letters' case", BadArchive, "Case and case would be one", of(Entry("Case"), Entry("case"))),
    ("folders' case", BadArchive, "would be one", of(Entry("D/x"), Entry("d/y"))),
    ("Unicode forms", BadArchive, "would be one", of(Entry("\u00e9"), Entry("e\u0301"))),
    ("ligature", BadArchive, "would be one", of(Entry("\ufb01"), Entry("fi"))),
    ("ignored letters", BadArchive, "would be one", of(Entry("a\u200cb"), Entry("ab"))),
    ("file and folder", BadArchive, "would be one", of(Entry("a"), Entry("a/b"))),
    ("folder and file", BadArchive, "would be one", of(Entry("a/b"), Entry("a"))),
    ("33 folders deep", BadArchive, "33 folders deep", of(Entry("d/" * 33 + "x"))),
    ("ratio", BadArchive, "would grow from", of(Entry("a", bytes(40 << 20), DEFLATED))),
    ("ratio of all", BadArchive, "It would grow", of(*(Entry(f"{n}", bytes(4 << 20), DEFLATED) for n in range(5)))),
    ("size", BadArchive, "plausible", of(*(Entry(f"{n}", size=(1 << 32) - 2) for n in range(20)))),
    ("entries", BadArchive, "10,001 entries", of(*(Entry(f"{n}", b"") for n in range(10_001)))),
    ("two million entries", BadArchive, "2,000,000 entries", many),
    ("one stream, fifty names", BadArchive, "shares bytes", quine_of_headers),
    ("nested headers", BadArchive, "shares bytes", nested_headers),
    ("an entry in the directory", BadArchive, "damaged", of(Entry("a", b"", at=35, size=100))),
    ("an entry behind the end", BadArchive, "damaged", of(Entry("a", at=1 << 20))),
    (
        "an entry where nothing can be",
        BadArchive,
        "not where the directory says",
        of(Entry("a", at=0xFFFFFFFF, extra=FAR)),
    ),
    ("an entry of another name", BadArchive, "differ", of(Entry("a", local_name=b"b"))),
    ("an entry of another size", BadArchive, "in two ways", of(Entry("a", local_size=3))),
    ("an entry of another method", BadArchive, "in two ways", of(Entry("a", local_method=DEFLATED))),
    ("less than told", BadArchive, "damaged", of(Entry("a", b"x" * 10, DEFLATED, size=20))),
    ("less than told, stored", BadArchive, "damaged|in two ways", of(Entry("a", b"x" * 10, size=20))),
    ("more than told", BadArchive, "damaged", longer_than_told),
    ("no deflate", BadArchive, "damaged", of(Entry("a", b"\xff" * 9, flags=0, method=DEFLATED, crc=3))),
    ("a wrong count", BadArchive, "Its end tells of 2", lying_count),
    ("something before", BadArchive, "not where its end says", lambda path: prefixed(path)),
    ("something behind", BadArchive, "behind its end", of(Entry("a"), tail=b"more")),
    ("two ends, other count", BadArchive, "contradict", two_ends(1, 0xFFFFFFFF, 0xFFFFFFFF)),
    ("two ends, other place", BadArchive, "contradict", two_ends(0xFFFF, 0xFFFFFFFF, 7)),
    ("two ends, nothing there", BadArchive, "not where", two_ends(0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 2, 1, 1)),
    ("a page", NotTheFile, "is no ZIP", lambda path: page(path)),
    ("nothing", NotTheFile, "is no ZIP", lambda path: page(path, b"")),
]


def prefixed(path: Path) -> Path:
    forge(path, Entry("a"))
    path.write_bytes(b"PK\x03\x04 a program " + path.read_bytes())
    return path


def page(path: Path, data: bytes = b"<html>log in</html>") -> Path:
    path.write_bytes(data)
    return path


def listed(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def around(tmp_path: Path) -> Path:
    """Return a folder with a canary beside and above the folder that is unpacked to."""
    (tmp_path / "x").write_bytes(b"canary")
    (tmp_path / "around").mkdir()
    (tmp_path / "around" / "x").write_bytes(b"canary")
    return tmp_path / "around"


@pytest.mark.parametrize(
    ("kind", "words", "make"),
    [row[1:] for row in HOSTILE],
    ids=[row[0].encode("unicode_escape").decode() for row in HOSTILE],
)
def test_hostile(around: Path, kind: type[ShotDockError], words: str, make: Forger) -> None:
    archive = make(around.parent / "hostile.zip")
    with pytest.raises(kind) as caught:
        unpack(archive, around / "r", "overwrite")
    error = caught.value
    assert type(error) is kind
    assert re.search(words, str(error)), str(error)
    assert "hostile.zip" in error.title
    assert error.suggestion
    assert str(error).isprintable()
    assert listed(around) == ["x"]
    assert listed(around.parent) == ["around", "hostile.zip", "x"]
    assert (around / "x").read_bytes() == (around.parent / "x").read_bytes() == b"canary"


class Counted(FileIO):
    """A file that counts the bytes read from it."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(-1 if size is None else size)
        self.taken += len(data or b"")
        return data or b""


@contextmanager
def frugal(most: int) -> Iterator[None]:
    """Fail if more bytes than this are taken from memory at any moment."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < most
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("make", "entries"),
    [
        (of(Entry("a", bytes(40 << 20), DEFLATED)), 1),
        (of(*(Entry(f"{n}", bytes(4 << 20), DEFLATED) for n in range(5))), 5),
        (of(*(Entry(f"{n}", size=(1 << 32) - 2) for n in range(20))), 20),
        (quine_of_headers, 50),
        (nested_headers, 2),
        (many, 0),
        (of(*(Entry(f"{n:05}", b"") for n in range(10_001))), 0),
    ],
    ids=["ratio", "ratio of all", "size", "one stream, fifty names", "nested headers", "two million", "10,001 entries"],
)
def test_r52_a_bomb_is_known_by_its_directory_alone(tmp_path: Path, make: Forger, entries: int) -> None:
    """Read are its end, its directory and a header an entry, of too many the end alone; nothing is inflated."""
    archive = make(tmp_path / "a.zip")
    with Counted(archive) as stream, frugal(1 << 20):
        with pytest.raises(BadArchive):
            list_archive(stream, "a.zip", Limits())
        # Two looks for the end, ours and zipfile's, of 64 KiB and a little; 54 bytes and more of an entry in a
        # directory, 30 in a header.
        assert stream.taken <= 2 * (66 << 10) + entries * 100


def test_r52_what_goes_on_behind_its_promise_is_left_there(around: Path) -> None:
    """A header of 100 bytes for 20 MiB: what is inflated and written ends with the chunk, and so does the archive."""
    honest, liar = Entry("a", bytes(1000)), Entry("b", bytes(20 << 20), DEFLATED, size=100)
    archive = forge(around.parent / "a.zip", honest, liar, Entry("c", bytes(1000)))
    told = []
    with frugal(4 << 20), pytest.raises(BadArchive, match="damaged"):
        unpack(archive, around / "r", "skip", progress=lambda done, size: told.append(done))
    assert told[-1] <= 1000 + 100
    assert listed(around) == ["x"]


def test_a_mode_stays_behind(around: Path) -> None:
    """R51: neither setuid nor an archive's own rights come along."""
    unpack(forge(around.parent / "a.zip", Entry("tool", mode=SETUID)), around / "r", "skip")
    mask = os.umask(0)
    os.umask(mask)
    assert (around / "r" / "tool").stat().st_mode & 0o7777 == 0o666 & ~mask


def test_devices_and_what_windows_cannot_bear_get_other_names(around: Path) -> None:
    """R45: as every download's."""
    unpack(forge(around.parent / "a.zip", Entry("CON"), Entry("sub:x/what?.png")), around / "r", "skip")
    found = sorted(path.relative_to(around / "r").as_posix() for path in (around / "r").rglob("*") if path.is_file())
    assert found == ["%43ON", "sub%3Ax/what%3F.png"]


def test_an_archive_in_an_archive_stays_one(around: Path) -> None:
    """R52."""
    inner = forge(around.parent / "inner.zip", Entry("a", bytes(40 << 20), DEFLATED)).read_bytes()
    unpack(forge(around.parent / "a.zip", Entry("inner.zip", inner)), around / "r", "skip")
    assert (around / "r" / "inner.zip").read_bytes() == inner


def test_limits_are_the_callers(around: Path) -> None:
    archive = forge(around.parent / "a.zip", Entry("a", bytes(40 << 20), DEFLATED))
    unpack(archive, around / "r", "skip", limits=Limits(ratio=1032))
    assert (around / "r" / "a").stat().st_size == 40 << 20


def test_validation_is_as_strict(around: Path) -> None:
    with pytest.raises(HostileName):
        validate_result_zip(forge(around.parent / "a.zip", Entry("nvdiffrec/mesh.obj"), Entry("../mesh.obj")))


NAMES = st.text(
    st.sampled_from("ab/\\.:~ A\u00e9\u0301\0\u202e\u200c%CON1") | st.characters(codec="utf-8"), min_size=1, max_size=12
)


@settings(max_examples=300)
@given(st.lists(NAMES, min_size=1, max_size=4))
def test_any_names_at_all(names: list[str]) -> None:
    """Whatever the names: everything is below the folder, all files are there or none is."""
    with tempfile.TemporaryDirectory() as home:
        around = Path(home, "around")
        around.mkdir()
        archive = forge(Path(home, "any.zip"), *(Entry(name, name.encode()) for name in names))
        try:
            unpack(archive, around / "r", "skip")
        except (BadArchive, HostileName, NameTooLong):
            assert listed(around) == []
        else:
            assert listed(around) == ["r"]
            found = [path for path in (around / "r").rglob("*") if path.is_file()]
            contents = sorted(path.read_bytes().decode() for path in found)
            assert contents == sorted(name for name in names if not name.endswith("/"))
            assert len({fold(str(path)) for path in found}) == len(found)
        assert listed(Path(home)) == ["any.zip", "around"]
