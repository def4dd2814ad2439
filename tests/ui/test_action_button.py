"""Buttons that show an action."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QToolButton
from pytestqt.qtbot import QtBot

from desktop.ui.main_window import MainWindow
from desktop.ui.theme import Theme
from desktop.ui.widgets.action_button import ActionButton


def test_it_looks_as_its_action_says(theme: Theme, qtbot: QtBot) -> None:
    action = QAction("&Run")
    button = ActionButton(action)
    qtbot.addWidget(button)
    theme.dress(action, "play")
    action.setToolTip("Run it  (F5)")
    assert (button.accessibleName(), button.toolTip()) == ("&Run", "Run it  (F5)")
    assert button.icon().cacheKey() == action.icon().cacheKey()
    action.setEnabled(False)
    assert not button.isEnabled()


def test_a_click_triggers_it_and_both_agree_what_is_on(qtbot: QtBot) -> None:
    action = QAction("Mute")
    action.setCheckable(True)
    seen: list[bool] = []
    action.triggered.connect(lambda on: seen.append(on))
    button = ActionButton(action)
    qtbot.addWidget(button)
    button.show()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert (seen, action.isChecked(), button.isChecked()) == ([True], True, True)
    action.trigger()
    assert (seen, button.isChecked()) == ([True, False], False)


def test_changes_leave_nothing_behind(qtbot: QtBot) -> None:
    """Qt's own way leaves one more connection for each, and every change becomes slower."""
    action = QAction("Run")
    button = ActionButton(action)
    qtbot.addWidget(button)
    before = action.receivers("2changed()")
    for number in range(20):
        action.setEnabled(number % 2 == 0)
    assert action.receivers("2changed()") == before


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_no_button_of_the_window_does_it_qts_way(window: MainWindow) -> None:
    ours = [it for it in window.findChildren(QToolButton) if not isinstance(it.parent(), QLineEdit)]
    assert ours
    assert not [button for button in ours if button.defaultAction() is not None]
