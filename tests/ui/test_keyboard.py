"""The window by keyboard: where the focus goes, how it is seen, what Enter opens; and what a mirrored window writes."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from desktop.core.plan import ItemState
from desktop.core.task import Bytes, Counts, TaskItem, TaskState
from desktop.ui.dialogs.connections import ConnectionsDialog
from desktop.ui.dialogs.history import HistoryDialog
from desktop.ui.dialogs.receipt import ReceiptDialog
from desktop.ui.formats import Formats, item_face
from desktop.ui.main_window import MainWindow
from desktop.ui.tabs.jobs import JobsTab
from desktop.ui.tabs.shots import ShotsTab
from tests.ui.made import task

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

WAIT = 20_000


def item(number: int, state: ItemState, files: Counts) -> TaskItem:
    label = f"SH0{number}0 anim"
    return TaskItem(number, 1, "studio", label, None, "anim", "v001", (), None, None, state, "", files, Bytes())


def test_the_tabulator_goes_only_where_something_is_seen(window: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitActive(window):
        window.activateWindow()
    window.top_bar.buttons[0].setFocus()
    first = current = QApplication.focusWidget()
    for _ in range(80):
        assert current is not None and not current.visibleRegion().isEmpty(), current
        QTest.keyClick(current, Qt.Key.Key_Tab)
        current = QApplication.focusWidget()
        if current is first:
            break
    assert current is first


def test_the_focus_begins_at_the_one_next_thing_to_do_and_goes_with_the_tab(window: MainWindow, qtbot: QtBot) -> None:
    jobs = window.tabs[2]
    assert isinstance(jobs, JobsTab)
    window.frame.services.jobs.load()
    qtbot.waitUntil(lambda: jobs._listed, timeout=WAIT)
    with qtbot.waitActive(window):
        window.activateWindow()
    for number in (0, 2, 1):
        window.commands.get(("tab-shots", "tab-gallery", "tab-jobs")[number]).trigger()
        button = window.focusWidget()
        assert button is not None and window.tabs[number].isAncestorOf(button)
        assert button.property("kind") == "primary"
    window.top_bar.search.setFocus()
    window.show_tab(0)
    assert window.focusWidget() is window.top_bar.search, "what is typed goes on where it was"


def test_a_list_shows_that_the_keys_are_its_own(window: MainWindow, qtbot: QtBot) -> None:
    window.transfers.model.put([task(1)])
    with qtbot.waitActive(window):
        window.activateWindow()
    table = window.transfers.table
    table.setFocus(Qt.FocusReason.TabFocusReason)
    assert table.property("ring") is True
    window.top_bar.search.setFocus()
    assert table.property("ring") is False


def test_keys_open_a_task_and_then_the_files_of_an_item(
    window: MainWindow, shots: ShotsTab, scanned: Callable[[], None], qtbot: QtBot
) -> None:
    scanned()
    inspector, dock = window.inspector, window.transfers
    shots.download()
    qtbot.waitUntil(lambda: any(task.state is TaskState.DONE for task in dock.chosen()), timeout=WAIT)
    window.inspector_dock.hide()
    inspector.tabs.setCurrentIndex(3)
    QTest.keyClick(dock.table, Qt.Key.Key_Return)
    assert inspector.isVisible() and inspector.tabs.currentIndex() == 0
    qtbot.waitUntil(lambda: inspector.items.rowCount() == 4, timeout=WAIT)
    inspector.item_list.setCurrentIndex(inspector.items.index(1))
    QTest.keyClick(inspector.item_list, Qt.Key.Key_Right)
    assert inspector.tabs.currentIndex() == 1 and inspector.item_button.text().strip() == inspector.items.item(1).label
    files = inspector.file_model
    qtbot.waitUntil(lambda: files.rowCount() == inspector.items.item(1).files.planned, timeout=WAIT)
    assert {files.file(row).item_id for row in range(files.rowCount())} == {inspector.items.item(1).id}
    inspector.item_button.click()
    assert len({files.file(row).item_id for row in range(files.rowCount())}) == 4


def test_what_stopped_half_way_is_no_warning() -> None:
    assert item_face(item(1, ItemState.PARTIAL, Counts(planned=3, downloaded=1)))[1] == "partly here"
    assert item_face(item(1, ItemState.PARTIAL, Counts(planned=3, failed=1)))[1] == "partial"


def test_amounts_keep_their_places_among_english_words() -> None:
    assert Formats(QLocale("en_US")).size_of(244_600, 55_400_000) == "0.2 of 55.4 MB"
    arabic = Formats(QLocale("ar_EG"))
    for text in (arabic.size(3_000_000), arabic.count(1234), arabic.moment(0.0), arabic.day(0.0)):
        assert (text[0], text[-1]) == ("\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}")


def test_by_keys_alone_from_the_first_sight_to_the_receipt(
    window: MainWindow, shots: ShotsTab, studio: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    with qtbot.waitActive(window):
        window.activateWindow()

    def press(key: Qt.Key, with_: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(QApplication.focusWidget() or window, key, with_)

    def walk_to(wanted: QWidget) -> None:
        for _ in range(60):
            if QApplication.focusWidget() is wanted:
                return
            press(Qt.Key.Key_Tab)
        raise AssertionError(f"the tabulator does not reach {wanted.accessibleName()}")

    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    press(Qt.Key.Key_Space)  # what has the focus at first: connect to a server
    manager = window.findChild(ConnectionsDialog)
    assert manager is not None
    qtbot.waitUntil(manager.form.name.hasFocus, timeout=WAIT)
    QTest.keyClicks(manager.form.name, "Local studio")
    walk_to(manager.form.protocol)
    press(Qt.Key.Key_End)
    assert manager.form.protocol.currentData() == "file"
    walk_to(manager.form.root)
    manager.form.root.selectAll()
    QTest.keyClicks(manager.form.root, studio.as_posix())
    press(Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: shots.session.fresh and len(shots.model.everything()) == 4, timeout=WAIT)
    with qtbot.waitActive(window):
        window.activateWindow()  # as a window manager does once the dialog is closed
    press(Qt.Key.Key_F, control)
    assert window.top_bar.search.hasFocus()
    QTest.keyClicks(window.top_bar.search, "SH020")
    qtbot.waitUntil(lambda: len(shots.model.rows()) == 1, timeout=WAIT)
    press(Qt.Key.Key_D, control | shift)
    qtbot.waitUntil(lambda: not shots.lists(), timeout=WAIT)
    assert shots.plan_page.tree.hasFocus()
    press(Qt.Key.Key_Return, control)
    qtbot.waitUntil(lambda: shots.plan_page._title.text() == "Receipt", timeout=WAIT)
    press(Qt.Key.Key_Escape)
    assert shots.lists() and shots.view.hasFocus()
    assert sorted(path.name for path in (tmp_path / "shows").rglob("*") if path.is_file()) == ["SH020.ma", "cache.abc"]
    press(Qt.Key.Key_H, control)
    history = window.findChild(HistoryDialog)
    assert history is not None
    qtbot.waitUntil(lambda: history.model.rowCount() == 1, timeout=WAIT)
    walk_to(history.table)
    press(Qt.Key.Key_Return)
    receipt = history.findChild(ReceiptDialog)
    assert receipt is not None
    qtbot.waitUntil(lambda: receipt.page.model.rowCount() == 1, timeout=WAIT)
    for dialog in (receipt, history):
        QTest.keyClick(dialog, Qt.Key.Key_Escape)
        qtbot.waitUntil(lambda over=dialog: not isValid(over) or not over.isVisible(), timeout=WAIT)  # type: ignore[misc]  # a default
