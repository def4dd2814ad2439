"""Folders below a destination: a file is not called done before the names on the way to it are durable."""

import os
import shutil
import threading
from pathlib import Path

import pytest

from desktop.core.errors import TargetUnwritable
from desktop.transfer.folders import Folders

needs_proc = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="what is synced is looked up in /proc")


class Syncs:
    """Notes the folders that are synced. slow: what the first sync waits for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, slow: threading.Event | None = None) -> None:
        self.done: set[str] = set()
        self.begun = threading.Event()
        self._slow, self._fsync = slow, os.fsync
        monkeypatch.setattr(os, "fsync", self._sync)

    def _sync(self, fd: int) -> None:
        name = str(Path(f"/proc/self/fd/{fd}").readlink())
        slow, self._slow = self._slow, None
        self.begun.set()
        if slow is not None:
            assert slow.wait(20)
        self._fsync(fd)
        self.done.add(name)


def made(root: Path) -> tuple[Folders, set[str]]:
    """Return folders that were made, and those that got names by it."""
    folders = Folders(root / "to")
    for place in "abcdefgh":
        folders.ensure(str(root / "to" / place / "0"))
    return folders, {str(root), str(root / "to"), *(str(root / "to" / place) for place in "abcdefgh")}


@needs_proc
def test_a_folder_that_cannot_be_synced_keeps_no_other_from_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders, above = made(tmp_path)
    shutil.rmtree(tmp_path / "to" / "a")
    (tmp_path / "to" / "a").write_bytes(b"no folder")
    syncs = Syncs(monkeypatch)
    with pytest.raises(TargetUnwritable):
        folders.sync({str(tmp_path / "to" / "b" / "0")})
    folders.sync({str(tmp_path / "to" / "c" / "0")})
    assert syncs.done >= above - {str(tmp_path / "to" / "a")}


@needs_proc
def test_who_needs_what_another_is_syncing_waits_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders, above = made(tmp_path)
    slow = threading.Event()
    syncs = Syncs(monkeypatch, slow)
    durable: list[set[str]] = []

    def sync(place: str) -> None:
        folders.sync({str(tmp_path / "to" / place / "0")})
        durable.append(set(syncs.done))

    first, second = (threading.Thread(target=sync, args=(place,)) for place in "ab")
    first.start()
    assert syncs.begun.wait(20)
    second.start()
    second.join(0.3)
    slow.set()
    first.join()
    second.join()
    assert all(done >= above for done in durable)
