"""The log dock: lines as they come, held still, of one task only, written away."""

import logging
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from desktop.logs import task_logger
from desktop.ui.docks.log import READ_AT_MOST, LogDock
from desktop.ui.main_window import MainWindow

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

WAIT = 20_000
log = logging.getLogger("desktop.test")


@pytest.fixture
def dock(window: MainWindow, qtbot: QtBot) -> LogDock:
    window.log_dock.raise_()
    qtbot.waitUntil(window.log.isVisible, timeout=WAIT)
    window.log.read()
    window.log.clear.click()
    return window.log


def messages(dock: LogDock) -> list[str]:
    return [dock.view.model.line(n).message for n in range(dock.view.model.rowCount())]


def test_more_lines_than_are_read_at_once_all_come(dock: LogDock, qtbot: QtBot) -> None:
    count = READ_AT_MOST * 3 + 1
    for number in range(count):
        log.info("line %d", number)
    qtbot.waitUntil(lambda: len(messages(dock)) >= count, timeout=WAIT)
    assert messages(dock)[-1] == f"line {count - 1}"


def test_a_log_that_is_held_still_catches_up(dock: LogDock, qtbot: QtBot) -> None:
    dock.pause.click()
    log.warning("while nobody looks")
    dock.read()
    assert "while nobody looks" not in messages(dock)
    dock.pause.click()
    assert "while nobody looks" in messages(dock)


def test_levels_texts_and_the_selected_task(dock: LogDock, qtbot: QtBot) -> None:
    log.info("of no task")
    task_logger(7).warning("of task seven")
    task_logger(8).info("of task eight")
    dock.read()
    dock.follow_task(7)
    dock.only_task.click()
    assert messages(dock) == ["of task seven"]
    dock.only_task.click()
    dock.view.level.setCurrentIndex(dock.view.level.findData("WARNING"))
    assert messages(dock) == ["of task seven"]
    dock.view.level.setCurrentIndex(0)
    QTest.keyClicks(dock.view.search, "EIGHT")
    assert messages(dock) == ["of task eight"]
    QTest.keyClick(dock.view.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text().endswith("of task eight")


def test_what_is_shown_is_written_to_a_file(dock: LogDock, tmp_path: Path, qtbot: QtBot) -> None:
    log.info("one for the file")
    dock.read()
    with qtbot.waitSignal(dock.view.said) as said:
        dock.view.write(tmp_path / "log.txt")
    assert said.args == [f"The log is in {tmp_path / 'log.txt'}"]
    assert "one for the file" in (tmp_path / "log.txt").read_text("utf-8")
    with qtbot.waitSignal(dock.view.said) as said:
        dock.view.write(tmp_path / "no" / "log.txt")
    assert said.args[0].startswith("The log could not be written")
