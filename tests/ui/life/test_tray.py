"""The window goes to the tray, comes back, tells of ended tasks, and closes when it was asked to."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from desktop.core.schedule import After, Turn
from desktop.core.task import TaskState
from desktop.ui.dialogs.keep_working import KeepWorkingDialog
from desktop.ui.tray import COUNTDOWN, Tray
from tests.ui.life.evening import WAIT, Evening

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", "systemTrayWindowChanged")  # offscreen

CLOSES = f"Everything is done: ShotDock closes in {COUNTDOWN} seconds"


@pytest.fixture
def tray(evening: Evening) -> Tray:
    """The tray, its icon shown even where the desktop has no tray to show it in."""
    evening.window.tray.show_icon()
    return evening.window.tray


def asked(evening: Evening) -> KeepWorkingDialog:
    evening.window.close()
    found = evening.window.findChild(KeepWorkingDialog)
    assert found is not None
    return found


def test_without_tasks_the_window_just_closes(evening: Evening, tray: Tray) -> None:
    assert evening.window.close()
    assert evening.window.isHidden()


def test_what_waits_goes_on_in_the_tray_and_the_window_comes_back(evening: Evening, tray: Tray) -> None:
    number = evening.order()
    dialog = asked(evening)
    assert evening.window.isVisible()
    QTest.mouseClick(dialog.keep_button, Qt.MouseButton.LeftButton)
    assert evening.window.isHidden()
    evening.later(3600)
    evening.until(number, TaskState.DONE)
    assert tray.icon is not None
    menu = tray.icon.contextMenu()
    assert [action.text() for action in menu.actions() if action.text()] == ["Open ShotDock", "Pause all", "Quit"]
    menu.actions()[0].trigger()
    assert evening.window.isVisible()


def test_closing_for_good_is_one_click_more(evening: Evening, tray: Tray) -> None:
    evening.order()
    QTest.mouseClick(asked(evening).leave_button, Qt.MouseButton.LeftButton)
    assert evening.window.isHidden()
    assert not tray.holds()


def test_an_ended_task_is_told_where_there_is_no_tray(evening: Evening, qtbot: QtBot) -> None:
    with qtbot.waitSignal(evening.window.tray.said, timeout=WAIT) as heard:
        evening.order(Turn())
    assert heard.args[0].endswith(": done")


def test_the_last_task_closes_shotdock_unless_somebody_stays(evening: Evening, qtbot: QtBot) -> None:
    tray = evening.window.tray
    evening.order(Turn(after=After.QUIT))
    qtbot.waitUntil(lambda: CLOSES in evening.window.notices.titles(), timeout=WAIT)
    tray.stay()
    assert evening.window.notices.titles() == ()
    assert tray.seconds == 0
    tray.count_down()
    with qtbot.waitSignal(tray.left):
        for _ in range(COUNTDOWN):
            tray._count()
    assert evening.window.isHidden()
