"""What a server sent is opened with a program, and is never the program."""

from pathlib import Path

import pytest
from PySide6.QtCore import QObject, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from pytestqt.qtbot import QtBot

from desktop.ui.opening import show, to_show


@pytest.mark.parametrize(
    "name",
    ["a.desktop", "a.EXE", "a.exr.lnk", "a.hta", "a.html", "a.jar", "a.url", "a.AppImage", "a.svg", "a.scf", "-a.sh"],
)
def test_what_a_system_would_run_is_shown_in_its_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"")
    assert to_show(tmp_path / name) == tmp_path


@pytest.mark.parametrize(
    "content", [b"#!/bin/sh\nrm -r /\n", b"[Desktop Entry]\nExec=rm -r /\n", b"\x7fELF\x02\x01\x01"]
)
def test_so_is_what_is_known_by_how_it_begins(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "plate").write_bytes(content.ljust(64, b"\0") if content[:1] == b"\x7f" else content)
    assert to_show(tmp_path / "plate") == tmp_path


def test_a_folder_that_is_a_program_of_macos_is_not_started(tmp_path: Path) -> None:
    (tmp_path / "results.app").mkdir()
    assert to_show(tmp_path / "results.app") == tmp_path


@pytest.mark.parametrize("name", ["a.exr", "a.mov", "-a.png", "a.nk", "a.txt", "a.pdf", "a", "a.blend"])
def test_everything_else_is_opened(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"frame")
    assert to_show(tmp_path / name) == tmp_path / name
    assert to_show(tmp_path) == tmp_path


class Opener(QObject):
    """Takes what the system is asked to open."""

    asked: QUrl | None = None

    @Slot(QUrl)
    def take(self, url: QUrl) -> None:
        self.asked = url


def test_the_system_is_given_a_local_address(tmp_path: Path, qtbot: QtBot) -> None:
    opener = Opener()
    (tmp_path / "a.desktop").write_bytes(b"")
    QDesktopServices.setUrlHandler("file", opener, "take")  # type: ignore[arg-type]  # the stub errs, it takes text
    try:
        show(tmp_path / "a.desktop")
    finally:
        QDesktopServices.unsetUrlHandler("file")
    assert opener.asked == QUrl.fromLocalFile(str(tmp_path))
