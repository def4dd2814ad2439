"""Files on this machine as a source: what ends early, what is no file, and the system's refusals in our words."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop.core.connection import Address
from desktop.core.errors import (
    ConnectionLost,
    HostileName,
    NotAllowed,
    NotFound,
    ShotDockError,
    StillUploading,
    Truncated,
)
from desktop.core.media import Entry, EntryKind
from desktop.transfer.ports import Site
from desktop.transfer.sources.local import LocalSource, converted
from tests.contracts.pieces import ListFeed, MemoryPiece

MIB = 1 << 20


@pytest.fixture
def source() -> LocalSource:
    return LocalSource(Site(Address("file", "")))


def carry(source: LocalSource, piece: MemoryPiece) -> MemoryPiece:
    source.read(ListFeed([piece]))
    return piece


def test_a_range_that_ends_behind_the_file_is_refused_before_a_byte(source: LocalSource, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"short")
    piece = carry(source, MemoryPiece(Entry(f"{tmp_path}/a", size=5), 0, 9))
    assert isinstance(piece.error, Truncated)
    assert "byte 5, 9 were expected" in piece.error.cause
    assert piece.data == b""


def cut_short(path: Path) -> None:
    os.truncate(path, MIB)


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


@pytest.mark.parametrize(("change", "kind"), [(cut_short, Truncated), (grow, StillUploading)])
def test_a_file_that_changes_while_it_is_read_is_not_finished(
    source: LocalSource, tmp_path: Path, change: Callable[[Path], None], kind: type[ShotDockError]
) -> None:
    path = tmp_path / "a"
    path.write_bytes(bytes(3 * MIB))
    changes = [change]

    def meddle(_written: int) -> None:
        if changes:
            changes.pop()(path)

    piece = carry(source, MemoryPiece(Entry(str(path), size=3 * MIB), on_write=meddle))
    assert type(piece.error) is kind
    assert piece.state == "failed"


@pytest.mark.parametrize("kind", ["pipe", "folder"])
def test_what_is_no_file_is_listed_as_that_and_never_opened(source: LocalSource, tmp_path: Path, kind: str) -> None:
    path = tmp_path / kind
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    [entry] = source.list(str(tmp_path))
    assert (entry.kind, entry.size) == (EntryKind.OTHER if kind == "pipe" else EntryKind.FOLDER, None)
    piece = carry(source, MemoryPiece(Entry(str(path))))
    assert isinstance(piece.error, NotFound)
    assert "not a file" in piece.error.title


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (FileNotFoundError(errno.ENOENT, "No such file"), NotFound),
        (OSError(errno.ELOOP, "Too many links"), NotFound),
        (PermissionError(errno.EACCES, "Permission denied"), NotAllowed),
        (OSError(errno.EIO, "Input/output error"), ConnectionLost),
        (OSError(errno.ESTALE, "Stale file handle"), ConnectionLost),
        (ValueError("embedded null byte"), HostileName),
    ],
)
def test_the_system_s_refusals_in_our_words(error: Exception, kind: type[ShotDockError]) -> None:
    with pytest.raises(ShotDockError) as caught, converted("/mnt/a"):
        raise error
    assert type(caught.value) is kind
    assert caught.value.path == "/mnt/a"
    assert (getattr(error, "strerror", None) or str(error)) in caught.value.cause
