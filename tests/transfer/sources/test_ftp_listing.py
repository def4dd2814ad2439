"""Listings of FTP servers, line by line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.core.media import Entry, EntryKind
from desktop.transfer.sources.ftp_carry import announced_size
from desktop.transfer.sources.ftp_listing import DAY, MINUTE, parse_list, parse_mlsd, parse_time

NOW = 1_731_672_000.0  # 2024-11-15 12:00 UTC
FILE, FOLDER, LINK, OTHER = EntryKind.FILE, EntryKind.FOLDER, EntryKind.LINK, EntryKind.OTHER


def one(line: str, shift: float | None = 0.0) -> Entry | None:
    entries = parse_list(line.encode("utf-8", "surrogateescape") + b"\r\n", "/d", NOW, shift)
    assert len(entries) <= 1
    return entries[0] if entries else None


@pytest.mark.parametrize(
    "line, kind, name, size, mtime, precision",
    [
        ("-rw-r--r--    1 0        0           12345 Nov 15 11:30 a.exr", FILE, "a.exr", 12345, NOW - 1800, MINUTE),
        ("-rw-r--r-- 1 ann staff 7 Nov 16 11:00 soon.exr", FILE, "soon.exr", 7, NOW + 82800, MINUTE),
        ("-rw-r--r-- 1 ann staff 7 Nov 17 12:00 old.exr", FILE, "old.exr", 7, 1_700_222_400.0, MINUTE),
        ("-rw-r--r-- 1 ann staff 7 Feb 29 12:00 leap.exr", FILE, "leap.exr", 7, 1_709_208_000.0, MINUTE),
        ("-rw-r--r-- 1 ann staff 7 Nov 14  2023 year.exr", FILE, "year.exr", 7, 1_699_920_000.0, DAY),
        ("drwxr-xr-x+  2 ann staff 4096 Nov 15 11:30 acl", FOLDER, "acl", None, NOW - 1800, MINUTE),
        ("drwxr-xr-x.  2 ann staff 4096 Nov 15 11:30 selinux", FOLDER, "selinux", None, NOW - 1800, MINUTE),
        ("drwxr-sr-t   2 ann staff 4096 Nov 15 11:30 sticky", FOLDER, "sticky", None, NOW - 1800, MINUTE),
        ("lrwxrwxrwx 1 a b 3 Nov 15 11:30 link -> target -> x", LINK, "link", None, NOW - 1800, MINUTE),
        ("-rw-r--r-- 1 a b 3 Nov 15 11:30 a -> b", FILE, "a -> b", 3, NOW - 1800, MINUTE),
        ("-rw-r--r-- 1 a b 3 Nov 15 11:30  leading", FILE, " leading", 3, NOW - 1800, MINUTE),
        ("-rw-r--r-- 1 a b 3 Nov 15 11:30 trailing  ", FILE, "trailing  ", 3, NOW - 1800, MINUTE),
        ("-rw-r--r-- 1 Domain Users grp 3 Nov 15 11:30 spaced", FILE, "spaced", 3, NOW - 1800, MINUTE),
        ("-rw-r--r-- 1 ann 3 Nov 15 11:30 no_group", FILE, "no_group", 3, NOW - 1800, MINUTE),
        ("-rw-r--r-- 1 3 Nov 15 11:30 nobody", FILE, "nobody", 3, NOW - 1800, MINUTE),
        ("-rw-r--r-- 1 a b 99 Nov 15 11:30 2023 Jan 01  2022 x", FILE, "2023 Jan 01  2022 x", 99, NOW - 1800, MINUTE),
        ("-rw-r--r-- 1 a b 3 15 Nov 11:30 day_first", FILE, "day_first", 3, NOW - 1800, MINUTE),
        ("-rw-r--r-- 1 a b 3 2024-11-15 11:30 iso", FILE, "iso", 3, NOW - 1800, MINUTE),
        ("-rw-r--r-- 1 a b 3 Foo 15 11:30 other_tongue", FILE, "other_tongue", 3, None, DAY),
        ("-rw-r--r-- 1 a b 9999999999999 Nov 15 11:30 big", FILE, "big", 9999999999999, NOW - 1800, MINUTE),
        ("crw-rw-rw- 1 root root 1,   3 Nov 15 11:30 null", OTHER, "null", None, NOW - 1800, MINUTE),
        ("prw-rw-rw- 1 root root 0 Nov 15 11:30 pipe", OTHER, "pipe", None, NOW - 1800, MINUTE),
        ("-rw-r--r-- 1 a b 3 Nov 15 11:30 caf\udce9", FILE, "caf\udce9", 3, NOW - 1800, MINUTE),
        ("11-15-2024  11:30AM       <DIR>          Some Dir", FOLDER, "Some Dir", None, NOW - 1800, MINUTE),
        ("11-15-24  11:30AM                 12345 some file.txt", FILE, "some file.txt", 12345, NOW - 1800, MINUTE),
        ("11-15-24  12:30AM                 1 midnight", FILE, "midnight", 1, NOW - 41400, MINUTE),
        ("11-15-24  12:30PM                 1 noon", FILE, "noon", 1, NOW + 1800, MINUTE),
        ("11-15-24  11:30                   1 clock24", FILE, "clock24", 1, NOW - 1800, MINUTE),
        ("15-11-2024  11:30                 1 day_first", FILE, "day_first", 1, NOW - 1800, MINUTE),
        ("11-15-24  11:30AM    <JUNCTION>     away", LINK, "away", None, NOW - 1800, MINUTE),
    ],
)
def test_lines(line: str, kind: EntryKind, name: str, size: int | None, mtime: float | None, precision: float) -> None:
    assert one(line) == Entry(f"/d/{name}", kind, size, mtime, precision)


@pytest.mark.parametrize(
    "line",
    [
        "total 12",
        "",
        "drwxr-xr-x 2 a b 4096 Nov 15 11:30 .",
        "drwxr-xr-x 2 a b 4096 Nov 15 11:30 ..",
        "ftpd: /x: Permission denied",
        "-rw-r--r-- 1 a b 3 Nov 15 11:30 " + "x" * 5000,
    ],
)
def test_lines_that_name_no_file(line: str) -> None:
    assert one(line) is None


def test_shift() -> None:
    line = "-rw-r--r-- 1 a b 3 Nov 15 13:30 ahead"
    ahead, unknown = one(line, 7200.0), one(line, None)
    assert ahead is not None
    assert (ahead.mtime, ahead.precision) == (NOW - 1800, MINUTE)
    assert unknown is not None
    assert unknown.precision == DAY


def test_a_folder_before_the_name_is_taken_off() -> None:
    entry = one("-rw-r--r-- 1 a b 3 Nov 15 11:30 /d/a.exr")
    assert entry is not None
    assert entry.path == "/d/a.exr"


def test_mlsd() -> None:
    data = (
        b"type=cdir;modify=20231114221320; .\r\n"
        b"type=pdir;modify=20231114221320; ..\r\n"
        b"Type=File;Size=17;Modify=20231114221320.250;UNIX.mode=0644; a b;c=d.exr\r\n"
        b"type=dir;modify=20231114221320;  leading\r\n"
        b"type=OS.unix=slink:/target;modify=20231114221320; link\r\n"
        b"type=OS.unix=chr-1/3; null\r\n"
        b"size=x;type=file;modify=never; odd\r\n"
    )
    assert parse_mlsd(data, "/") == [
        Entry("/a b;c=d.exr", FILE, 17, 1_700_000_000.25),
        Entry("/ leading", FOLDER, None, 1_700_000_000.0),
        Entry("/link", LINK, None, 1_700_000_000.0),
        Entry("/null", OTHER),
        Entry("/odd", FILE),
    ]


@pytest.mark.parametrize(
    "text", ["", "2023111422132", "20231314221320", "20231114221361x", "１２３４５６７８９０１２３４"]
)
def test_times_that_are_none(text: str) -> None:
    assert parse_time(text) is None


def test_a_listing_of_spaces_is_passed_over_at_once() -> None:
    """Looked at with less care, these lines keep the whole program for half an hour."""
    line = b"-rw-r--r-- 1 a" + b" " * 4000 + b"\r\n"
    assert parse_list(line * 1000, "/d", NOW, 0.0) == []


@given(st.binary(max_size=300))
def test_no_listing_breaks_the_parsers(data: bytes) -> None:
    for entry in (*parse_list(data, "/d", NOW, 0.0), *parse_mlsd(data, "/d")):
        assert entry.path.startswith("/d/")
        assert entry.name not in (".", "..") or "/" in entry.path[3:]


@pytest.mark.parametrize(
    "reply, size",
    [
        ("150 Opening BINARY mode data connection for a (5000 bytes).", 5000),
        ("150 Opening BINARY mode data connection for b (7 bytes) (12 bytes)", 12),
        ("150 File status okay.", None),
        ("150 Opening (x bytes)", None),
        ("125 Data connection already open; 12 bytes", None),
    ],
)
def test_announced_size(reply: str, size: int | None) -> None:
    assert announced_size(reply) == size
