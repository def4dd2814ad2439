"""The history in the window: found, summed, a receipt opened, run again and written to a file."""

import csv
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QDate, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from desktop.core.history import PAGE
from desktop.core.task import TaskState
from desktop.logs import LogRing
from desktop.places import Places
from desktop.ui.dialogs.history import HistoryDialog
from desktop.ui.dialogs.receipt import ReceiptDialog
from desktop.ui.main_window import MainWindow
from desktop.ui.models.plan_tree import ACTION
from desktop.ui.tabs.shots import ShotsTab
from desktop.ui.theme import Theme
from desktop.ui.widgets.past_bar import BETWEEN
from desktop.work.services import start_services
from tests.ui.past import remember
from tests.ui.test_window import finish

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

WAIT = 20_000
Scan = Callable[[], None]


def press(button: QPushButton) -> None:
    QTest.keyClick(button, Qt.Key.Key_Space)


@pytest.fixture
def fetched(window: MainWindow, shots: ShotsTab, scanned: Scan, tmp_path: Path, qtbot: QtBot) -> MainWindow:
    """The window after SH020 (task 1) and SH030 (task 2) have come."""
    scanned()
    for number, shot in enumerate(("SH020", "SH030"), 1):
        shots.select_named(shot)
        shots.orders.download()
        finish(window, qtbot, number)
    return window


def history(window: MainWindow, qtbot: QtBot) -> HistoryDialog:
    window.commands.get("history").trigger()
    dialog = window.findChild(HistoryDialog)
    assert dialog is not None
    qtbot.waitUntil(lambda: bool(dialog.sums.text()), timeout=WAIT)
    return dialog


def numbers(dialog: HistoryDialog) -> list[int]:
    return [dialog.model.task(row).id for row in range(dialog.model.rowCount())]


def test_no_history_says_so(window: MainWindow, qtbot: QtBot) -> None:
    dialog = history(window, qtbot)
    qtbot.waitUntil(dialog.none_yet.isVisible, timeout=WAIT)
    assert dialog.sums.text().startswith("0 tasks") and not dialog.sums.isVisible()
    assert not dialog.receipt_button.isEnabled()


def test_tasks_are_found_by_name_shot_state_and_day(fetched: MainWindow, qtbot: QtBot) -> None:
    dialog = history(fetched, qtbot)
    qtbot.waitUntil(lambda: numbers(dialog) == [2, 1], timeout=WAIT)
    assert dialog.sums.text().startswith("2 tasks: 2 done")
    assert "4 files: 4 downloaded" in dialog.sums.text()
    qtbot.waitUntil(lambda: dialog.items.rowCount() == 1, timeout=WAIT)
    assert "SH030" in dialog.items.index(0, 0).data()
    dialog.bar.shot.setText("SH020")
    qtbot.waitUntil(lambda: numbers(dialog) == [1], timeout=WAIT)
    dialog.bar.shot.clear()
    dialog.bar.text.setText("nothing is called this")
    dialog.bar.days.setCurrentIndex(1)
    qtbot.waitUntil(dialog.no_match.isVisible, timeout=WAIT)
    (clear,) = dialog.no_match.findChildren(QPushButton)
    press(clear)
    qtbot.waitUntil(lambda: numbers(dialog) == [2, 1], timeout=WAIT)
    dialog.bar.state.setCurrentIndex(dialog.bar.state.findData(TaskState.FAILED))
    qtbot.waitUntil(lambda: not numbers(dialog), timeout=WAIT)
    dialog.bar.state.setCurrentIndex(0)
    dialog.bar.days.setCurrentIndex(dialog.bar.days.findData(BETWEEN))
    qtbot.waitUntil(lambda: numbers(dialog) == [2, 1], timeout=WAIT)
    for day in (dialog.bar.last, dialog.bar.first):
        day.setDate(QDate.currentDate().addDays(-1))
    qtbot.waitUntil(lambda: not numbers(dialog), timeout=WAIT)


def test_a_shot_has_a_history_of_its_own(fetched: MainWindow, shots: ShotsTab, qtbot: QtBot) -> None:
    shots.select_named("SH020")
    action = fetched.commands.get("shot-history")
    assert action.text() == "History of SH020"
    assert action in shots.view.actions()
    action.trigger()
    dialog = fetched.findChild(HistoryDialog)
    assert dialog is not None
    qtbot.waitUntil(lambda: numbers(dialog) == [1], timeout=WAIT)
    shots.view.clearSelection()
    assert action.text() == "History of every shot"


def test_a_receipt_is_sifted_run_again_and_written_away(fetched: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    dialog = history(fetched, qtbot)
    qtbot.waitUntil(lambda: numbers(dialog) == [2, 1], timeout=WAIT)
    QTest.keyClick(dialog.table, Qt.Key.Key_Return)
    receipt = dialog.findChild(ReceiptDialog)
    assert receipt is not None
    page = receipt.page
    qtbot.waitUntil(lambda: page.model.rowCount() == 1, timeout=WAIT)
    assert page._title.text() == "Receipt"
    assert page.model.index(0, ACTION).data() == "2 downloaded"
    page.receipt.box.setCurrentIndex(page.receipt.box.findText("Failed  0"))
    assert page.model.rowCount() == 0
    page.receipt.box.setCurrentIndex(page.receipt.box.findText("Downloaded  2"))
    assert page.model.rowCount() == 1
    for name in ("receipt.csv", "receipt.json"):
        page.export(tmp_path / name)
        qtbot.waitUntil((tmp_path / name).exists, timeout=WAIT)
    with (tmp_path / "receipt.csv").open(newline="") as stream:
        assert len(list(csv.DictReader(stream))) == 2
    assert len(json.loads((tmp_path / "receipt.json").read_text())["rows"]) == 2
    page.export(tmp_path / "nowhere" / "receipt.csv")
    qtbot.waitUntil(lambda: page.cards.titles() == ("The receipt cannot be written.",), timeout=WAIT)
    lost = tmp_path / "shows/VEGA/SQ01/SH030/anim/publish/v002/SH030.ma"
    lost.unlink()
    press(page.receipt.again_button)
    qtbot.waitUntil(lambda: page.run_button.isVisible(), timeout=WAIT)
    assert page.model.index(0, ACTION).data() == "1 new, 1 skip"
    page.run()
    finish(fetched, qtbot, 3)
    qtbot.waitUntil(lambda: page.model.index(0, ACTION).data() == "1 downloaded, 1 skipped", timeout=WAIT)
    assert lost.read_bytes() == b"SH030 2"
    qtbot.waitUntil(lambda: numbers(dialog) == [3, 2, 1], timeout=WAIT)


def test_the_page_of_a_plan_becomes_its_receipt_with_the_same_tools(
    window: MainWindow, shots: ShotsTab, scanned: Scan, qtbot: QtBot
) -> None:
    scanned()
    shots.plan()
    page = shots.plan_page
    qtbot.waitUntil(lambda: shots.pages.currentIndex() == 1, timeout=WAIT)
    assert not page.receipt.isVisible()
    page.run()
    qtbot.waitUntil(page.receipt.isVisible, timeout=WAIT)
    press(page.receipt.again_button)
    qtbot.waitUntil(page.run_button.isVisible, timeout=WAIT)
    assert not page.receipt.isVisible()
    assert "every file is here already" in page._note.text() and not page.run_button.isEnabled()
    assert page._title.text() == "All up to date", "that nothing is to be done is no failure"


def test_ten_thousand_tasks_are_looked_through_to_the_oldest(
    shotdock_home: Path, ring: LogRing, theme: Theme, qapp: QApplication, qtbot: QtBot
) -> None:
    remember(Places.find(), 10_000, time.time())
    services = start_services(Places.find(), ring)
    try:
        window = MainWindow(services, theme)
        qtbot.addWidget(window)
        window.show()
        dialog = history(window, qtbot)
        qtbot.waitUntil(lambda: dialog.model.rowCount() == PAGE, timeout=WAIT)
        assert dialog.sums.text().startswith(window.frame.formats.counted(10_000, "task"))
        bar = dialog.table.verticalScrollBar()

        def at_the_end() -> bool:
            bar.setValue(bar.maximum())
            return dialog.model.rowCount() == 10_000

        qtbot.waitUntil(at_the_end, timeout=60_000)
        assert len(set(numbers(dialog))) == 10_000
        dialog.bar.shot.setText("SH420")
        qtbot.waitUntil(lambda: dialog.sums.text().startswith("100 tasks"), timeout=WAIT)
        qtbot.waitUntil(lambda: dialog.model.total == 100 and dialog.model.rowCount() == 100, timeout=WAIT)
        window.close()
    finally:
        services.shutdown()
