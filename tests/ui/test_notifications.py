"""The page of who is told: services added, tested and removed; their addresses are never seen again."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLabel, QLineEdit
from pytestqt.qtbot import QtBot

from desktop.store import secrets
from desktop.ui.dialogs.notifications import WEBHOOK, NotificationsDialog
from desktop.ui.dialogs.settings import SettingsDialog
from desktop.ui.main_window import MainWindow
from desktop.work.services import Services
from tests.conftest import MemoryKeyring
from tests.work.test_notify import Hook, free_port

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

WAIT = 20_000


@pytest.fixture
def hook() -> Iterator[Hook]:
    hook = Hook()
    yield hook
    hook.close()


@pytest.fixture
def page(window: MainWindow, memory_keyring: MemoryKeyring) -> NotificationsDialog:
    window.commands.get("notifications").trigger()
    found = window.findChild(NotificationsDialog)
    assert found is not None
    return found


def press(button: QAbstractButton) -> None:
    QTest.keyClick(button, Qt.Key.Key_Space)


def write(field: QLineEdit, text: str) -> None:
    field.selectAll()
    QTest.keyClicks(field, text)


def add(page: NotificationsDialog, qtbot: QtBot, name: str, address: str) -> None:
    page.kind.setCurrentIndex(WEBHOOK)
    write(page.name, name)
    write(page.address, address)
    QTest.keyClick(page.address, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: f"{name} is told from now on." in page.cards.titles(), timeout=WAIT)


def rows(page: NotificationsDialog) -> list[str]:
    return [page.list.item(place).text() for place in range(page.list.count())]


def test_a_webhook_is_added_tested_and_removed(
    page: NotificationsDialog, hook: Hook, memory_keyring: MemoryKeyring, qtbot: QtBot
) -> None:
    assert page.empty.isVisible() and not page.test_button.isEnabled()
    add(page, qtbot, "studio", hook.url.replace("json://", "http://"))
    assert memory_keyring.secrets[secrets.SERVICE, "notify:studio"] == hook.url
    qtbot.waitUntil(lambda: rows(page) == ["studio  \N{MIDDLE DOT}  Webhook"], timeout=WAIT)
    shown = [label.text() for label in page.findChildren(QLabel)]
    shown += [line.text() for line in page.findChildren(QLineEdit)]
    assert not [text for text in shown if "s3cr3t" in text]
    press(page.test_button)
    qtbot.waitUntil(lambda: page.cards.titles() == ("studio took the message.",), timeout=WAIT)
    add(page, qtbot, "second", hook.url)
    assert [one["title"] for one in hook.got] == ["ShotDock: a test"], "Enter adds, and sends nothing"
    press(page.remove_button)
    qtbot.waitUntil(lambda: len(rows(page)) == 1, timeout=WAIT)
    press(page.remove_button)
    qtbot.waitUntil(page.empty.isVisible, timeout=WAIT)
    assert not memory_keyring.secrets


def test_a_webhook_to_nowhere_is_told(page: NotificationsDialog, qtbot: QtBot) -> None:
    add(page, qtbot, "nowhere", f"json://127.0.0.1:{free_port()}/s3cr3t-token-4711")
    press(page.test_button)
    qtbot.waitUntil(lambda: page.cards.titles() == ("The service nowhere was not told.",), timeout=WAIT)
    words = " ".join(label.text() for label in page.cards.findChildren(QLabel))
    assert "onnection error" in words and "4711" not in words
    assert page.test_button.isEnabled()


def test_an_address_that_is_none_is_refused_and_stays_to_be_mended(page: NotificationsDialog, qtbot: QtBot) -> None:
    page.kind.setCurrentIndex(WEBHOOK)
    write(page.address, "nonsense")
    QTest.keyClick(page.address, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(page.cards.titles()), timeout=WAIT)
    assert "none that a message can be sent to" in page.cards.titles()[0]
    assert page.address.text() == "nonsense" and page.empty.isVisible()


def test_a_service_whose_address_is_lost_says_so(
    page: NotificationsDialog, hook: Hook, memory_keyring: MemoryKeyring, qtbot: QtBot
) -> None:
    add(page, qtbot, "studio", hook.url)
    memory_keyring.secrets.clear()
    page.refresh()
    qtbot.waitUntil(lambda: "not known on this computer" in rows(page)[0], timeout=WAIT)
    page.kind.setCurrentIndex(0)
    assert page.name.text() == "mail"


def test_a_second_of_a_kind_gets_another_name(page: NotificationsDialog, hook: Hook, qtbot: QtBot) -> None:
    add(page, qtbot, "hook", hook.url)
    assert page.name.text() == "hook-2"


def test_what_failed_only_is_each_services_own_choice(
    page: NotificationsDialog, hook: Hook, services: Services, qtbot: QtBot
) -> None:
    assert not page.service_errors.isEnabled()
    for name in ("lead", "wrangler"):
        add(page, qtbot, name, hook.url)
    page.list.setCurrentRow(0)
    assert not page.service_errors.isChecked()
    press(page.service_errors)
    dot = "  \N{MIDDLE DOT}  "
    wanted = [f"lead{dot}Webhook{dot}what failed only", f"wrangler{dot}Webhook"]
    qtbot.waitUntil(lambda: rows(page) == wanted, timeout=WAIT)
    assert page.chosen() == "lead" and page.service_errors.isChecked()
    page.list.setCurrentRow(1)
    assert not page.service_errors.isChecked()
    page.errors.setChecked(True)
    assert services.notify.errors_only("lead") and not services.notify.errors_only("wrangler")


def test_switches_and_days_are_settings(window: MainWindow, services: Services, page: NotificationsDialog) -> None:
    page.desktop.setChecked(False)
    page.errors.setChecked(True)
    assert not services.settings.value.notify and services.settings.value.notify_errors_only
    page.reject()
    settings = SettingsDialog(window.frame, window)
    settings.history.setValue(90)
    assert services.settings.value.history_days == 90
    press(settings.told_button)
    assert settings.findChild(NotificationsDialog) is not None
    settings.close()
