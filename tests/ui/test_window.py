"""The window from the first sight to the receipt, on a real connection to a folder."""

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QComboBox,
    QDateEdit,
    QLineEdit,
    QSpinBox,
    QWidget,
)
from pytestqt.qtbot import QtBot

from desktop.core.connection import Connection
from desktop.core.media import ShotState
from desktop.core.plan import Options, Order, VersionStrategy
from desktop.core.task import ENDED, TaskState
from desktop.ui.dialogs.connections import ConnectionsDialog
from desktop.ui.dialogs.custom_versions import CustomVersionsDialog
from desktop.ui.dialogs.delete_tasks import DeleteTasksDialog
from desktop.ui.dialogs.history import HistoryDialog
from desktop.ui.dialogs.notifications import NotificationsDialog
from desktop.ui.dialogs.palette import Palette
from desktop.ui.dialogs.receipt import ReceiptDialog
from desktop.ui.dialogs.settings import SettingsDialog
from desktop.ui.dialogs.shortcuts import ShortcutsDialog
from desktop.ui.free_space import Room
from desktop.ui.main_window import MainWindow
from desktop.ui.models.plan_tree import ACTION
from desktop.ui.models.session import Phase
from desktop.ui.models.tasks import Shelf
from desktop.ui.tabs.shots import ShotsTab
from desktop.ui.theme import Theme
from desktop.work.services import Services
from tests.ui.made import task

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # what the offscreen platform cannot

Scan = Callable[[], None]
WAIT = 20_000
Check = Qt.CheckState
CHECK = Qt.ItemDataRole.CheckStateRole


def finish(window: MainWindow, qtbot: QtBot, number: int = 1) -> None:
    def over() -> bool:
        task = window.transfers.model.get(number)
        return task is not None and task.state in ENDED

    qtbot.waitUntil(over, timeout=WAIT)


def test_the_first_sight_teaches(shots: ShotsTab, window: MainWindow) -> None:
    assert shots.session.phase is Phase.NOTHING
    assert shots.empty.isVisible() and not shots.bar.isVisible()
    assert window.status._link.text() == "no connection"


def test_every_control_has_a_name(window: MainWindow, shots: ShotsTab, scanned: Scan, qtbot: QtBot) -> None:
    scanned()
    dialogs: list[QWidget] = [
        ConnectionsDialog(window.frame, "", window),
        SettingsDialog(window.frame, window),
        NotificationsDialog(window.frame, window),
        HistoryDialog(window.frame, window),
        ReceiptDialog(window.frame, task(1), window),
        CustomVersionsDialog(window.frame, shots.model.rows(), {}, window),
        ShortcutsDialog(window.frame.theme, window.commands, window),
    ]
    nameless = []
    for root in (window, *dialogs):
        for kind in (QAbstractButton, QLineEdit, QComboBox, QSpinBox, QDateEdit, QAbstractItemView):
            for control in root.findChildren(kind):
                words = control.accessibleName() or (control.text() if isinstance(control, QAbstractButton) else "")
                home = control.parent()
                place = home.metaObject().className() if home else ""
                if not words and place not in INSIDE:
                    nameless.append(f"{place} > {control.metaObject().className()}")
    for dialog in dialogs:
        dialog.close()
    assert not nameless


INSIDE = (
    "QComboBoxPrivateContainer",
    "QComboBox",
    "QSpinBox",
    "QDateEdit",
    "QDockWidget",
    "QLineEdit",
    "QTabBar",
    "QTableView",
    "Table",
    "LogTable",
    "ComparisonView",
    "GalleryList",
    "QTreeView",
    "QHeaderView",
)
"""Qt's own widgets, whose inner parts speak through them."""


def test_a_connection_is_made_in_the_manager(
    window: MainWindow, shots: ShotsTab, connection: Connection, qtbot: QtBot
) -> None:
    shots.manage()
    dialog = window.findChild(ConnectionsDialog)
    assert dialog is not None
    dialog.form.name.setText(connection.name)
    dialog.form.protocol.setCurrentIndex(dialog.form.protocol.findData("file"))
    assert not dialog.form.host.isVisible()
    dialog.form.root.setText(connection.root)
    QTest.mouseClick(dialog.test_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.cards.titles() == ("The connection works.",), timeout=WAIT)
    QTest.mouseClick(dialog.save_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: shots.session.fresh, timeout=WAIT)
    assert shots.picker.name() == connection.name


def test_what_is_missing_in_the_form_is_said_and_nothing_saved(window: MainWindow, services: Services) -> None:
    dialog = ConnectionsDialog(window.frame, "", window)
    dialog.save()
    assert dialog.cards.titles() == ("The connection needs a name.",)
    dialog.form.name.setText("VEGA")
    dialog.save()
    assert "The connection needs a server." in dialog.cards.titles()
    assert not services.connections.all()
    dialog.close()


def test_a_pasted_url_fills_the_form(window: MainWindow) -> None:
    dialog = ConnectionsDialog(window.frame, "", window)
    dialog.form.name.setText("VEGA")
    dialog.form.host.setText("ftpes://ann:secret@files.vega.example:2121/shows")
    made = dialog.form.connection()
    assert (made.address.protocol, made.address.host, made.address.port) == ("ftpes", "files.vega.example", 2121)
    assert (made.address.user, made.root, dialog.form.secret()) == ("ann", "/shows", "secret")
    dialog.close()


def test_from_scan_to_receipt(
    window: MainWindow, shots: ShotsTab, scanned: Scan, studio: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    scanned()
    assert [row.state for row in shots.model.rows()].count(ShotState.NEW) == 4
    qtbot.waitUntil(lambda: shots.bar.order_button.accessibleName() == "Download 4", timeout=WAIT)
    window.commands.get("plan").trigger()
    qtbot.waitUntil(lambda: shots.pages.currentIndex() == 1, timeout=WAIT)
    page = shots.plan_page
    top = page.model.index(page.model.rowCount() - 1, 0)
    assert top.data() == "VEGA/SQ01/SH030"
    page.model.setData(top, Check.Unchecked, CHECK)
    QTest.mouseClick(page.run_button, Qt.MouseButton.LeftButton)
    finish(window, qtbot)
    below = tmp_path / "shows/VEGA/SQ01"
    assert (below / "SH010/anim/publish/v002/SH010.ma").read_bytes() == b"SH010 2"
    assert not (below / "SH010/anim/publish/v001").exists()
    assert not (below / "SH030").exists()
    qtbot.waitUntil(lambda: top.siblingAtColumn(ACTION).data() == "2 left out", timeout=WAIT)
    first = page.model.index(0, 0, page.model.index(0, 0))
    qtbot.waitUntil(lambda: first.siblingAtColumn(ACTION).data() == "2 downloaded", timeout=WAIT)
    window.commands.get("back").trigger()

    def here() -> bool:
        states = [row.state for row in shots.model.rows()]
        return states.count(ShotState.UP_TO_DATE) + states.count(ShotState.INCOMPLETE) == 3

    qtbot.waitUntil(here, timeout=WAIT)
    assert window.transfers.model.counts()[Shelf.DONE] == 1


def test_a_download_without_a_look_and_its_inspection(
    window: MainWindow, shots: ShotsTab, scanned: Scan, qtbot: QtBot
) -> None:
    scanned()
    shots.select_named("sh020\nSH999")
    assert [row.key.shot for row in shots.view.chosen()] == ["SH020"]
    window.commands.get("download").trigger()
    finish(window, qtbot)
    window.transfers.select_task(1)
    inspector = window.inspector
    qtbot.waitUntil(lambda: inspector.items.rowCount() == 1, timeout=WAIT)
    inspector.tabs.setCurrentIndex(1)
    qtbot.waitUntil(lambda: inspector.file_model.rowCount() == 2, timeout=WAIT)
    inspector.tabs.setCurrentIndex(3)
    qtbot.waitUntil(lambda: inspector.log.model.rowCount() > 0, timeout=WAIT)


def test_failed_files_are_one_card_and_come_with_a_retry(
    window: MainWindow, shots: ShotsTab, scanned: Scan, studio: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    scanned()
    gone = studio / "VEGA/SQ01/SH020/anim/publish/v002"
    aside = tmp_path / "aside"
    shots.plan()
    qtbot.waitUntil(lambda: shots.pages.currentIndex() == 1, timeout=WAIT)
    shutil.move(gone, aside)
    shots.plan_page.run()
    finish(window, qtbot)
    window.transfers.select_task(1)
    qtbot.waitUntil(lambda: len(window.inspector.causes.cards.titles()) == 1, timeout=WAIT)
    assert window.inspector.causes.cards.titles()[0].startswith("2 files: ")
    assert window.transfers.model.counts()[Shelf.FAILED] == 1
    shutil.move(aside, gone)
    window.commands.get("retry").trigger()

    def mended() -> bool:
        task = window.transfers.model.get(1)
        return task is not None and task.state is TaskState.DONE and not task.files.failed

    qtbot.waitUntil(mended, timeout=WAIT)
    qtbot.waitUntil(lambda: not window.inspector.causes.cards.titles(), timeout=WAIT)


def test_a_version_nobody_has_opens_the_plan_instead_of_running(
    window: MainWindow, shots: ShotsTab, scanned: Scan, qtbot: QtBot
) -> None:
    scanned()
    shots.bar.versions.choose(VersionStrategy.SPECIFIC)
    shots.bar.specific.setText("v009")
    shots.view.select_rows([0])
    shots.orders.download()
    qtbot.waitUntil(lambda: shots.pages.currentIndex() == 1, timeout=WAIT)
    assert not shots.plan_page.run_button.isEnabled()
    assert "v009 not available" in shots.plan_page._warning.text()
    assert window.transfers.model.rowCount() == 0


def test_versions_of_the_table_make_the_strategy_custom(
    window: MainWindow, shots: ShotsTab, scanned: Scan, tmp_path: Path, qtbot: QtBot
) -> None:
    scanned()
    shots.custom()
    dialog = window.findChild(CustomVersionsDialog)
    assert dialog is not None
    dialog.version.setText("v001")
    QTest.keyClick(dialog.version, Qt.Key.Key_Return)
    QTest.mouseClick(dialog.take_button, Qt.MouseButton.LeftButton)
    assert shots.bar.strategy is VersionStrategy.CUSTOM
    shots.orders.download()
    finish(window, qtbot)
    assert (tmp_path / "shows/VEGA/SQ01/SH010/anim/publish/v001/SH010.ma").exists()
    assert not (tmp_path / "shows/VEGA/SQ01/SH010/anim/publish/v002").exists()


def test_filters_search_and_their_empty_page(window: MainWindow, shots: ShotsTab, scanned: Scan, qtbot: QtBot) -> None:
    scanned()
    shots.filters.set_department("lighting", False)
    assert {row.department for row in shots.model.rows()} == {"anim"}
    window.top_bar.search.setText("sh03")
    assert [row.key.shot for row in shots.model.rows()] == ["SH030"]
    window.top_bar.search.setText("nothing like this")
    assert shots.empty.isVisible()
    shots.empty.act.emit("clear")
    assert len(shots.model.rows()) == 4
    assert window.top_bar.search.text() == ""
    shots.filters.tree.setCurrentIndex(
        shots.filters.tree_model.index(0, 0, shots.filters.tree_model.index(0, 0, shots.filters.tree_model.index(0, 0)))
    )
    assert {row.key.shot for row in shots.model.rows()} == {"SH010"}


def test_a_selection_outlives_sorting_and_filtering(shots: ShotsTab, scanned: Scan) -> None:
    scanned()
    shots.view.select_rows([0, 2])
    before = {(row.key, row.department) for row in shots.view.chosen()}
    shots.model.sort(1, Qt.SortOrder.DescendingOrder)
    shots.model.sort(6, Qt.SortOrder.AscendingOrder)
    assert {(row.key, row.department) for row in shots.view.chosen()} == before


def test_a_lost_server_leaves_its_last_picture_and_a_card(
    shots: ShotsTab, scanned: Scan, studio: Path, qtbot: QtBot
) -> None:
    scanned()
    shutil.rmtree(studio)
    shots.session.rescan()
    qtbot.waitUntil(lambda: shots.session.offline, timeout=WAIT)
    assert len(shots.cards.titles()) == 1
    assert len(shots.model.rows()) == 4
    assert "offline" in shots.picker._age.text()


def drop(window: MainWindow, path: Path, at: QPoint | None = None) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    where, buttons = at or QPoint(200, 300), Qt.MouseButton.LeftButton
    actions = Qt.DropAction.CopyAction | Qt.DropAction.LinkAction
    window.dragEnterEvent(QDragEnterEvent(where, actions, data, buttons, Qt.KeyboardModifier.NoModifier))
    assert window.drop_zone.isVisible()
    assert path.name in window.drop_zone.accessibleName()
    window.dropEvent(QDropEvent(where.toPointF(), actions, data, buttons, Qt.KeyboardModifier.NoModifier))


def test_a_dropped_folder_is_the_destination(
    window: MainWindow, services: Services, tmp_path: Path, qtbot: QtBot
) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    drop(window, folder)
    assert not window.drop_zone.isVisible()
    assert window.frame.destination.path == folder
    assert services.settings.recent()[0] == folder
    qtbot.waitUntil(lambda: window.frame.destination.room.free is not None, timeout=WAIT)


def test_a_dropped_file_is_no_destination_and_says_so(
    window: MainWindow, shots: ShotsTab, tmp_path: Path, qtbot: QtBot
) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("x")
    with qtbot.waitSignal(window.frame.destination.measured, check_params_cb=lambda room: room.path == file):
        drop(window, file)
    room: Room = window.frame.destination.room
    assert room.is_file
    assert "file" in shots.bar.destination._words.toolTip()


def test_pasted_names_select_rows(shots: ShotsTab, scanned: Scan, qtbot: QtBot) -> None:
    scanned()
    QGuiApplication.clipboard().setText("SH010, VEGA/SQ01/SH030")
    QTest.keyClick(shots.view, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert {row.key.shot for row in shots.view.chosen()} == {"SH010", "SH030"}


def test_enter_opens_the_plan_of_the_selection_and_escape_leaves_it(
    window: MainWindow, shots: ShotsTab, scanned: Scan, qtbot: QtBot
) -> None:
    scanned()
    shots.view.select_rows([1])
    QTest.keyClick(shots.view, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: shots.pages.currentIndex() == 1, timeout=WAIT)
    assert shots.plan_page.model.rowCount() == 1
    QTest.keyClick(shots.plan_page.tree, Qt.Key.Key_Escape)
    assert shots.pages.currentIndex() == 0


def test_keys(window: MainWindow, qtbot: QtBot) -> None:
    keys = {
        action.shortcut().toString(): action.text() for group in window.commands.groups().values() for action in group
    }
    for wanted in ("Ctrl+F", "F5", "Ctrl+D", "Ctrl+Shift+D", "Ctrl+R", "Ctrl+P", "Ctrl+.", "Del", "Ctrl+L", "Ctrl+1"):
        assert wanted in keys
    for wanted in ("Ctrl+2", "Ctrl+3", "Ctrl+,", "F1", "Ctrl+K"):
        assert wanted in keys
    given = [key for key in keys if key]
    assert len(given) == len(set(given))
    window.commands.get("tab-jobs").trigger()
    assert window.pages.currentIndex() == 2
    window.commands.get("find").trigger()
    assert window.commands.get("find").shortcut().toString() == "Ctrl+F"


def test_the_palette_runs_a_command_by_its_name(window: MainWindow, qtbot: QtBot) -> None:
    palette = Palette(window.frame.theme, window.commands, window)
    palette.show()
    palette.search.setText("jobs tab")
    assert palette.list.topLevelItemCount() == 1
    QTest.keyClick(palette.search, Qt.Key.Key_Return)
    assert window.pages.currentIndex() == 2


def test_settings_are_used_and_saved_at_once(
    window: MainWindow, services: Services, theme: Theme, qtbot: QtBot
) -> None:
    dialog = SettingsDialog(window.frame, window)
    dialog.theme_box.setCurrentIndex(dialog.theme_box.findData("light"))
    dialog.limit.setValue(5)
    assert not theme.colours.dark
    assert services.settings.value.limit_rate == 5_000_000
    assert window.status.limit.text() == "limit 5.0 MB/s"
    qtbot.waitUntil(services.places.settings.exists, timeout=WAIT)
    dialog.close()


def test_a_download_follows_the_settings_for_new_tasks(
    window: MainWindow, services: Services, shots: ShotsTab, scanned: Scan, qtbot: QtBot
) -> None:
    dialog = SettingsDialog(window.frame, window)
    dialog.order.choose(Order.FRAMES_FIRST)
    dialog.verify.setChecked(True)
    dialog.close()
    scanned()
    shots.select_named("SH010")
    with qtbot.waitSignal(shots.orders.planned, timeout=WAIT) as heard:
        shots.orders.plan()
    assert heard.args[0].request.options == Options(verify=True, order=Order.FRAMES_FIRST)


def test_tasks_are_removed_after_a_question(
    window: MainWindow, shots: ShotsTab, scanned: Scan, tmp_path: Path, qtbot: QtBot
) -> None:
    scanned()
    shots.select_named("SH020")
    shots.download()
    finish(window, qtbot)
    window.transfers.select_task(1)
    window.transfers.delete()
    dialog = window.findChild(DeleteTasksDialog)
    assert dialog is not None
    dialog.files.setChecked(True)
    QTest.mouseClick(dialog.remove_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.transfers.model.rowCount() == 0, timeout=WAIT)
    qtbot.waitUntil(lambda: not list((tmp_path / "shows").rglob("*.ma")), timeout=WAIT)


def test_interrupted_tasks_ask_once(window: MainWindow, services: Services) -> None:
    services.tasks.interrupted.emit((task(1, TaskState.INTERRUPTED), task(2, TaskState.INTERRUPTED)))
    assert window.notices.titles() == ("2 tasks were interrupted. Resume?",)


def test_the_log_dock_follows_the_program(
    window: MainWindow, shots: ShotsTab, services: Services, scanned: Scan, qtbot: QtBot
) -> None:
    scanned()
    shots.select_named("SH020")
    shots.download()
    finish(window, qtbot)
    window.commands.get("log").trigger()
    qtbot.waitUntil(lambda: window.log.view.model.rowCount() > 0, timeout=WAIT)
    assert services.logs.total >= window.log.view.model.rowCount()
    window.log.view.search.setText("no line says this")
    assert window.log.view.model.rowCount() == 0


def test_the_layout_is_remembered(window: MainWindow, services: Services, theme: Theme, qtbot: QtBot) -> None:
    window.log_dock.hide()
    window.inspector_dock.hide()
    window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, window.transfers_dock)
    window.close()
    again = MainWindow(services, theme)
    qtbot.addWidget(again)
    again.show()
    assert again.inspector_dock.isHidden()
    assert not again.transfers_dock.isHidden()
    assert again.dockWidgetArea(again.transfers_dock) is Qt.DockWidgetArea.LeftDockWidgetArea
    again.close()


@pytest.mark.skipif(os.name == "nt", reason="modes")
def test_what_the_window_remembers_is_its_owner_s_alone(window: MainWindow) -> None:
    """It tells servers, projects and shots; Qt writes it as the umask says."""
    window.close()
    ini = window.frame.services.places.settings.parent / "window.ini"
    assert ini.stat().st_size > 0
    assert stat.S_IMODE(ini.stat().st_mode) == 0o600
