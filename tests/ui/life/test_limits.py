"""Which limit holds, and the hands that change it: the status bar's menu and the timetable."""

from dataclasses import replace
from datetime import datetime

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from desktop.core.timetable import parse_rule
from desktop.ui.commands import Commands
from desktop.ui.dialogs.timetable import TimetableDialog
from desktop.ui.formats import Formats
from desktop.ui.limit_button import LimitButton
from desktop.ui.main_window import MainWindow
from desktop.work.services import Services
from tests.ui.life.evening import HOUR, WAIT
from tests.work.life import Clock

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # what the offscreen platform cannot

NOON = datetime(2026, 11, 27, 12, 0).timestamp()
OFFICE = parse_rule("09:00-18:00 mon-fri 20M office hours")


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON)


@pytest.fixture
def limit(window: MainWindow) -> LimitButton:
    return window.status.limit


@pytest.fixture
def dialog(window: MainWindow) -> TimetableDialog:
    window.commands.get("timetable").trigger()
    found = window.findChild(TimetableDialog)
    assert found is not None
    return found


def entry(menu: QMenu, words: str) -> QAction:
    """Return an entry of the menu or of one below it."""
    for action in (action for one in (menu, *menu.findChildren(QMenu)) for action in one.actions()):
        if action.text() == words:
            return action
    raise AssertionError(f"{words} is not in the menu")


def test_the_rule_that_holds_is_named_and_gives_way_when_its_hours_end(
    limit: LimitButton, services: Services, clock: Clock, qtbot: QtBot
) -> None:
    assert limit.text() == "no limit"
    services.settings.update(limit_rules=(OFFICE,), limit_rate=250_000_000)
    assert limit.text() == "limit: office hours 20 MB/s"
    assert "until 18:00" in limit.toolTip()
    clock.now += 6 * HOUR
    services.tasks.look()
    qtbot.waitUntil(lambda: limit.text() == "limit 250 MB/s", timeout=WAIT)


def test_limits_are_taken_off_for_a_while_and_put_on_again(
    limit: LimitButton, services: Services, clock: Clock, qtbot: QtBot
) -> None:
    services.settings.update(limit_rules=(OFFICE,))
    limit.fill()
    entry(limit.limits, "No limit for 1 hour").trigger()
    assert limit.text() == "limits off until 13:00"
    limit.fill()
    entry(limit.limits, "No limit until tomorrow").trigger()
    assert limit.text() == "limits off until tomorrow 00:00"
    limit.fill()
    entry(limit.limits, "Back to the rules").trigger()
    assert limit.text() == "limit: office hours 20 MB/s"
    limit.fill()
    assert "Back to the rules" not in [action.text() for action in limit.limits.actions()]
    entry(limit.limits, "50 MB/s").trigger()
    assert services.settings.value.limit_rate == 50_000_000


def test_until_when_limits_are_off_is_told_by_the_clock_of_the_users_locale(
    window: MainWindow, services: Services
) -> None:
    services.settings.update(limit_rules=(OFFICE,), limits_off_until=NOON + HOUR)
    english = Formats(QLocale("en_US"))
    frame = replace(window.frame, formats=english, commands=Commands(window, window.frame.theme))
    assert LimitButton(frame).text() == f"limits off until {english.ahead(NOON + HOUR, NOON)}"
    assert "PM" in english.ahead(NOON + HOUR, NOON)


def test_a_timetable_is_made_by_keys_alone(dialog: TimetableDialog, services: Services) -> None:
    QTest.keyClick(dialog.add_button, Qt.Key.Key_Space)
    (rule,) = dialog.rules
    rule.hours.days.setEditText("")
    QTest.keyClicks(rule.hours.named, "sat,sun")
    rule.hours.opens.selectAll()
    QTest.keyClicks(rule.hours.opens, "22:00")
    rule.hours.closes.selectAll()
    QTest.keyClicks(rule.hours.closes, "06:00")
    rule.rate.selectAll()
    QTest.keyClicks(rule.rate, "1.5M")
    rule.name.setFocus()
    rule.name.selectAll()
    QTest.keyClicks(rule.name, "weekend nights")
    QTest.keyClick(rule.name, Qt.Key.Key_Return)
    assert services.settings.value.limit_rules == (parse_rule("22:00-06:00 sat,sun 1.5M weekend nights"),)


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("days", "someday", "no day of the week"),
        ("closes", "09:00", "never opens"),
        ("opens", "25:00", "no time of the day"),
        ("opens", "nine", "no times"),
        ("rate", "quick", "not a number with a unit"),
    ],
)
def test_a_rule_that_cannot_hold_is_refused_at_its_field(
    dialog: TimetableDialog, services: Services, field: str, text: str, words: str
) -> None:
    rule = dialog.add(OFFICE)
    if field == "days":
        rule.hours.days.setEditText(text)
    else:
        (rule.rate if field == "rate" else getattr(rule.hours, field)).setText(text)
    assert words in rule.words.text()
    assert not dialog.save_button.isEnabled()
    dialog.save()
    assert services.settings.value.limit_rules == ()
    QTest.mouseClick(rule.remove_button, Qt.MouseButton.LeftButton)
    assert dialog.save_button.isEnabled()


def test_what_would_hold_now_is_said_before_it_is_saved(dialog: TimetableDialog, services: Services) -> None:
    assert "no limit" in dialog._says.text()
    dialog.add(OFFICE)
    assert "office hours 20 MB/s" in dialog._says.text()
    dialog.reject()
    assert services.settings.value.limit_rules == ()
