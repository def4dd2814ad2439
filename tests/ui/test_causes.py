"""Failed files in the inspector: one card a cause, and what can be done about what is left."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from desktop.core.task import Task, TaskState
from desktop.ui.docks.causes import NIGHT, TaskCauses
from desktop.ui.main_window import MainWindow
from desktop.ui.tabs.shots import ShotsTab
from tests.ui.made import task
from tests.ui.test_window import drop

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

WAIT = 20_000
GONE = "VEGA/SQ01/SH020/anim/publish/v002"


@pytest.fixture
def causes(
    window: MainWindow, shots: ShotsTab, scanned: Callable[[], None], studio: Path, tmp_path: Path, qtbot: QtBot
) -> TaskCauses:
    """The causes of task 1, two files of which were moved aside on the server before it ran."""
    scanned()
    shots.plan()
    qtbot.waitUntil(lambda: shots.pages.currentIndex() == 1, timeout=WAIT)
    shutil.move(studio / GONE, tmp_path / "aside")
    shots.plan_page.run()
    qtbot.waitUntil(lambda: known(window, 1).state is TaskState.FAILED, timeout=WAIT)
    window.transfers.select_task(1)
    qtbot.waitUntil(lambda: len(window.inspector.causes.cards.titles()) == 1, timeout=WAIT)
    return window.inspector.causes


def known(window: MainWindow, number: int) -> Task:
    """Return a task as the window knows it; before it does, one that has not begun."""
    return window.transfers.model.get(number) or task(number)


def press(button: QPushButton) -> None:
    QTest.keyClick(button, Qt.Key.Key_Space)


def test_a_card_says_what_happened_how_often_and_to_which(causes: TaskCauses) -> None:
    (title,) = causes.cards.titles()
    assert title.startswith("2 files: ")
    words = " ".join(found.text() for found in causes.cards.findChildren(QLabel))
    assert "Tried once: trying again would have changed nothing." in words
    assert "SH020.ma" in words and "cache.abc" in words


def test_what_is_left_comes_with_a_retry(
    causes: TaskCauses, window: MainWindow, studio: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    shutil.move(tmp_path / "aside", studio / GONE)
    press(causes.retry_button)
    qtbot.waitUntil(lambda: known(window, 1).state is TaskState.DONE, timeout=WAIT)
    qtbot.waitUntil(lambda: not causes.isVisible(), timeout=WAIT)


def test_what_is_left_waits_for_the_night(causes: TaskCauses, window: MainWindow, qtbot: QtBot) -> None:
    press(causes.tonight_button)
    qtbot.waitUntil(lambda: known(window, 1).turn.window == NIGHT, timeout=WAIT)


def test_what_is_left_goes_into_another_folder(
    causes: TaskCauses, window: MainWindow, studio: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    shutil.move(tmp_path / "aside", studio / GONE)
    causes.fetch_into(tmp_path / "other")
    qtbot.waitUntil(lambda: known(window, 2).state is TaskState.DONE, timeout=WAIT)
    found = sorted(path.name for path in (tmp_path / "other").rglob("*") if path.is_file())
    assert found == ["SH020.ma", "cache.abc"]
    assert (tmp_path / "other" / GONE / "SH020.ma").read_bytes() == b"SH020 2"
    assert known(window, 1).state is TaskState.FAILED


def test_what_is_left_goes_into_the_folder_that_is_dropped_on_its_task(
    causes: TaskCauses, window: MainWindow, studio: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    shutil.move(tmp_path / "aside", studio / GONE)
    before, table = window.frame.destination.path, window.transfers.table
    row = table.visualRect(window.transfers.model.index(0, 0)).center()
    drop(window, tmp_path / "other", table.viewport().mapTo(window, row))
    assert window.drop_zone.accessibleName().startswith("Drop to fetch what is left of ")
    qtbot.waitUntil(lambda: known(window, 2).state is TaskState.DONE, timeout=WAIT)
    assert (tmp_path / "other" / GONE / "SH020.ma").read_bytes() == b"SH020 2"
    assert window.frame.destination.path == before


def test_a_report_goes_into_the_clipboard(causes: TaskCauses, qtbot: QtBot) -> None:
    QGuiApplication.clipboard().clear()
    press(causes.copy_button)
    qtbot.waitUntil(lambda: QGuiApplication.clipboard().text().startswith("ShotDock report of"), timeout=WAIT)
    assert "2 files: " in QGuiApplication.clipboard().text()
