"""Whatever a server sends, its readers answer or refuse in words: generated input, and a corpus of what once broke.

The corpus holds one input a file; what a search finds is added there, and is an ordinary test from then on.
"""

import socket
import string
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop.core.errors import ShotDockError, UsageError
from desktop.core.media import LARGEST_FILE, EntryKind
from desktop.studio.jobs.archive import unpack
from desktop.studio.shots.layout_file import read_layout
from desktop.transfer.names import fold
from desktop.transfer.sources.ftp_listing import parse_list, parse_mlsd
from desktop.transfer.sources.http_answer import read_answer, unsatisfied_size
from desktop.transfer.sources.http_errors import parse_retry_after
from desktop.transfer.sources.http_message import Garbled, Message, Stream
from tests.studio.jobs.forge import DEFLATED, Entry, forge

CORPUS = Path(__file__).parent / "corpus"
LAYOUTS = Path(__file__).parents[2] / "resources" / "layouts"
NOW = 1_700_000_000.0


def kept(folder: str) -> list[Path]:
    found = sorted((CORPUS / folder).iterdir())
    assert found, "the corpus is gone"
    return found


def name_of(path: Path) -> str:
    return path.name


# --- listings


def check_listing(data: bytes) -> None:
    for entry in (*parse_list(data, "/d", NOW, 0.0), *parse_list(data, "/d", NOW, None), *parse_mlsd(data, "/d")):
        assert entry.path.startswith("/d/")
        assert entry.size is None or 0 <= entry.size <= LARGEST_FILE
        assert entry.kind is EntryKind.FILE or entry.size is None
        # Each name of one line; whether it leads elsewhere is the gate's affair.
        assert "\n" not in entry.path


def words(*some: str) -> st.SearchStrategy[str]:
    return st.sampled_from(some) | st.text(string.printable, max_size=6)


UNIX = st.tuples(
    words("-rw-r--r--", "drwxr-xr-x+", "lrwxrwxrwx", "crw-rw-rw-", "brw-------", "total"),
    words("1", "", "99999"),
    words("artist", "a b", "DOMAIN\\user", "0"),
    words("5", "0", "-1", "8, 1", "8,  12", "9" * 25, "９", "1.5K", "1e9"),
    words("Nov", "févr.", "11月", "13月", "2023-11-14", "0000-00-00", "Foo"),
    words("14", "0", "31", "99", "14日", "-3"),
    words("22:13", "2023", "0000", "24:61", "9999", "99999", "1:1:1"),
    words("a.exr", "..", "a -> b -> c", " lead", "../x", "/d/a", "\\", "é"),
).map(" ".join)
FACTS = st.lists(
    st.tuples(
        words("type", "size", "modify", "UNIX.mode", "SIZE"),
        words(
            "file", "dir", "cdir", "OS.unix=slink:/x", "5", "-1", "9" * 25, "²", "20231114221320.5", "99991231235960"
        ),
    ).map("=".join),
    max_size=4,
).map(";".join)
DOS = st.tuples(
    words("11-14-23", "14-11-2023", "00-00-00", "99-99-9999"),
    words("10:13PM", "22:13", "25:99", "0:0am"),
    words("<DIR>", "<JUNCTION>", "5", "9" * 25, "-1"),
    words("a b.exr", ".."),
).map("  ".join)
LINES = UNIX | DOS | st.tuples(FACTS, words("a", "..", "a b")).map("; ".join)


@settings(max_examples=400)
@given(st.lists(LINES, max_size=4), st.sampled_from(["\r\n", "\n"]))
def test_r12_r49_no_listing_breaks_its_reader(lines: list[str], ending: str) -> None:
    check_listing(ending.join(lines).encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("path", kept("listings"), ids=name_of)
def test_listings_that_once_broke(path: Path) -> None:
    check_listing(path.read_bytes())


# --- answers to a range


def check_answer(head: bytes, start: int, end: int | None) -> None:
    """An answer is to the very question that was asked, or it is refused."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(head)
        theirs.shutdown(socket.SHUT_WR)
        with suppress(Garbled, OSError):
            message = Message(Stream(ours), "GET")
            assert 200 <= message.status <= 999
            size = unsatisfied_size(message)
            assert size is None or 0 <= size <= LARGEST_FILE
            told = parse_retry_after(message.header("retry-after") or None, NOW)
            assert told is None or 0 <= told <= 600
            try:
                answer = read_answer(message, "/a.exr", start, end, True)
            except ShotDockError as error:
                assert error.title and error.cause
                return
            assert answer.start in (0, start), "the whole file, or what was asked for"
            assert message.status == 200 or answer.start == start
            assert answer.end is None or answer.end <= LARGEST_FILE
            assert message.status == 200 or end is None or (answer.end or 0) <= end
            assert answer.facts.size is None or (answer.end or 0) <= answer.facts.size


NUMBERS = st.sampled_from(["0", "1", "99", "100", "199", "200", "-1", "+5", "9" * 18, "9" * 30, "", "*", "١", "0x10"])
RANGES = st.tuples(
    st.sampled_from(["bytes ", "bytes=", "BYTES ", "items ", ""]), NUMBERS, st.sampled_from(["-", "--", "", "–"]),
    NUMBERS, st.sampled_from(["/", "", "//"]), NUMBERS,
).map("".join)  # fmt: skip
HEADERS = st.lists(
    st.tuples(st.just("Content-Range"), RANGES)
    | st.tuples(st.just("Content-Length"), NUMBERS | st.tuples(NUMBERS, NUMBERS).map(", ".join))
    | st.tuples(st.just("Content-Type"), st.sampled_from(["multipart/byteranges", "text/html", "video/mp4", ";"]))
    | st.tuples(st.just("Retry-After"), NUMBERS | st.sampled_from(["soon", "Tue, 14 Nov 99999 22:13:50 GMT"]))
    | st.tuples(st.just("Last-Modified"), st.sampled_from(["Tue, 14 Nov 2023 22:13:50 GMT", "Tue, 99 Foo 1", "0"]))
    | st.tuples(st.just("ETag"), st.sampled_from(['"1"', 'W/"1"', "1", '"'])),
    max_size=5,
)
STATUS = st.sampled_from(["206 Partial Content", "200 OK", "416 Range Not Satisfiable", "299 Odd", "206", "600 x"])


@settings(max_examples=400)
@given(STATUS, HEADERS, st.sampled_from([(100, 200), (100, None), (0, 100)]))
def test_r05_no_answer_to_another_range_is_taken(
    status: str, headers: list[tuple[str, str]], asked: tuple[int, int | None]
) -> None:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    check_answer(f"HTTP/1.1 {status}\r\n{lines}\r\n".encode(), *asked)


@pytest.mark.parametrize("path", kept("answers"), ids=name_of)
@pytest.mark.parametrize("asked", [(100, 200), (100, None), (0, 100)])
def test_answers_that_once_broke(path: Path, asked: tuple[int, int | None]) -> None:
    check_answer(path.read_bytes().replace(b"\n", b"\r\n"), *asked)


# --- archives


def check_archive(data: bytes) -> None:
    """All of it below its folder, or nothing at all."""
    with tempfile.TemporaryDirectory() as home:
        around, archive = Path(home, "around"), Path(home, "any.zip")
        around.mkdir()
        archive.write_bytes(data)
        try:
            unpack(archive, around / "r", "skip")
        except ShotDockError as error:
            assert error.title and list(around.iterdir()) == []
        else:
            assert [path.name for path in around.iterdir()] == ["r"]
            found = [path for path in (around / "r").rglob("*") if path.is_file()]
            assert len({fold(str(path)) for path in found}) == len(found)
        assert sorted(path.name for path in Path(home).iterdir()) == ["any.zip", "around"]


def honest_archive() -> bytes:
    with tempfile.TemporaryDirectory() as home:
        entries = Entry("m/a.obj", b"v 0 0 0\n" * 40, DEFLATED), Entry("m/", b""), Entry("q.json", b"{}")
        return forge(Path(home, "a.zip"), *entries).read_bytes()


HONEST = honest_archive()
CHANGE = st.tuples(st.integers(0, len(HONEST) - 1), st.binary(max_size=4), st.integers(0, 6))
"""Where, what is put there, and how many bytes it takes the place of."""


@settings(max_examples=300)
@given(st.lists(CHANGE, min_size=1, max_size=3))
def test_r53_a_changed_archive_is_whole_or_refused(changes: list[tuple[int, bytes, int]]) -> None:
    data = HONEST
    for at, put, taken in changes:
        data = data[:at] + put + data[at + taken :]
    check_archive(data)


@pytest.mark.parametrize("path", kept("archives"), ids=name_of)
def test_archives_that_once_broke(path: Path) -> None:
    check_archive(bytes.fromhex(path.read_text()))


# --- layout files


def check_layout(text: str) -> None:
    try:
        layout = read_layout(text, "x.toml", "x")
    except UsageError as error:
        assert error.title and error.path == "x.toml"
    else:
        for path in ("V/S/anim/publish/v1/a", "a", "", "/".join("abcdefgh"), "v001"):
            match = layout.match(path)
            assert match is None or match.number >= 0


TEXTS = {path.name: path.read_text("utf-8") for path in LAYOUTS.glob("*.toml")}
PIECES = st.sampled_from(
    ["{shot}", "{version}", "{file?}", "{", "}", "...", "/", "[a-z", "(?P<x>", "v(\\d+)", "(\\d+)(\\d+)", '"', "'", "=",
     "[departments.x]", "name = 1", "\n", "*", "**", "\\", "é", "\0", "{{", "(a+)+$", "1979-05-27", "[[x]]"]
)  # fmt: skip


@settings(max_examples=300)
@given(
    st.sampled_from(sorted(TEXTS)),
    st.lists(st.tuples(st.floats(0, 1), PIECES | st.text(max_size=3), st.integers(0, 12)), min_size=1, max_size=3),
)
def test_no_layout_file_breaks_its_reader(name: str, changes: list[tuple[float, str, int]]) -> None:
    text = TEXTS[name]
    for place, put, taken in changes:
        at = int(place * len(text))
        text = text[:at] + put + text[at + taken :]
    check_layout(text)


@pytest.mark.parametrize("path", kept("layouts"), ids=name_of)
def test_layout_files_that_once_broke(path: Path) -> None:
    check_layout(path.read_text("utf-8"))
