"""Replies read field by field: every optional field, and what is cut short or does not belong."""

import struct

import pytest

from desktop.core.errors import ConnectionLost, NotFound
from desktop.core.media import Entry, EntryKind
from desktop.transfer.sources import sftp_wire as wire
from tests.servers.scripted_sftp import NO_SUCH_FILE, string

SIZE, OWNER, MODE, TIMES, EXTENDED = 0x1, 0x2, 0x4, 0x8, 0x80000000
PARTS = {
    SIZE: struct.pack(">Q", 1234),
    OWNER: struct.pack(">II", 1000, 100),
    MODE: struct.pack(">I", 0o100644),
    TIMES: struct.pack(">II", 5, 1_700_000_000),
    EXTENDED: struct.pack(">I", 2) + string(b"acl@host") + string(b"x") + string(b"more") + string(b""),
}


def attributes(flags: int) -> bytes:
    return struct.pack(">I", flags) + b"".join(part for flag, part in PARTS.items() if flags & flag)


@pytest.mark.parametrize(
    "flags", [sum(PARTS), 0, OWNER, OWNER | EXTENDED, SIZE | EXTENDED, MODE | TIMES, OWNER | TIMES]
)
def test_attributes_are_read_whatever_of_them_is_there(flags: int) -> None:
    reply = wire.Reply(attributes(flags) + b"next")
    entry = reply.entry("/a.exr")
    assert entry == Entry(
        "/a.exr",
        EntryKind.FILE,
        1234 if flags & SIZE else None,
        1_700_000_000.0 if flags & TIMES else None,
    )
    assert reply.left == len(b"next")


@pytest.mark.parametrize("flags", [SIZE, OWNER, MODE, TIMES, EXTENDED])
def test_attributes_cut_short_are_no_attributes(flags: int) -> None:
    whole = attributes(flags)
    for length in range(len(whole)):
        with pytest.raises(ConnectionLost, match="ends in the middle"):
            wire.Reply(whole[:length]).entry("/a.exr")


@pytest.mark.parametrize(
    ("mode", "longname", "kind"),
    [
        (0o040755, b"", EntryKind.FOLDER),
        (0o120777, b"", EntryKind.LINK),
        (0o020600, b"", EntryKind.OTHER),
        (0, b"drwxr-xr-x 2 ann", EntryKind.FOLDER),
        (0, b"lrwxrwxrwx 1 ann", EntryKind.LINK),
        (0, b"prw------- 1 ann", EntryKind.OTHER),
        (0, b"", EntryKind.FILE),
    ],
)
def test_a_kind_is_told_by_the_mode_or_by_the_long_name(mode: int, longname: bytes, kind: EntryKind) -> None:
    assert wire.Reply(struct.pack(">II", MODE, mode)).entry("/x", longname).kind is kind


def test_a_refusal_is_what_its_status_says_or_nonsense() -> None:
    refused = wire.refusal(wire.STATUS, wire.Reply(struct.pack(">I", NO_SUCH_FILE)), "/a.exr")
    assert isinstance(refused, NotFound)
    assert refused.path == "/a.exr"
    stray = wire.refusal(wire.DATA, wire.Reply(b""), "/a.exr")
    assert isinstance(stray, ConnectionLost)
    assert "kind 103" in stray.cause
