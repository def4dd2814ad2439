"""From the receipt to the next program: what arrived is opened, copied, dragged away; keys know what buttons know."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from desktop.core.task import TaskState
from desktop.ui.main_window import MainWindow
from desktop.ui.tabs.shots import ShotsTab

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

WAIT = 20_000


@pytest.fixture
def fetched(
    window: MainWindow, shots: ShotsTab, scanned: Callable[[], None], tmp_path: Path, qtbot: QtBot
) -> MainWindow:
    """The window after SH010's lighting frames came in."""
    scanned()
    rows = [n for n, row in enumerate(shots.model.rows()) if row.department == "lighting"]
    shots.view.select_rows(rows)
    window.commands.get("download").trigger()

    def over() -> bool:
        task = window.transfers.model.get(1)
        return task is not None and task.state is TaskState.DONE

    qtbot.waitUntil(over, timeout=WAIT)
    return window


def test_what_was_ordered_is_inspected(fetched: MainWindow, qtbot: QtBot) -> None:
    assert [task.id for task in fetched.transfers.chosen()] == [1]
    qtbot.waitUntil(lambda: fetched.inspector.items.rowCount() == 1, timeout=WAIT)


def test_an_item_is_dragged_out_as_its_files(fetched: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    inspector = fetched.inspector
    qtbot.waitUntil(lambda: inspector.items.rowCount() == 1, timeout=WAIT)
    index = inspector.items.index(0)
    inspector.item_list.setCurrentIndex(index)
    qtbot.waitUntil(lambda: bool(index.flags() & Qt.ItemFlag.ItemIsDragEnabled), timeout=WAIT)
    paths = [Path(url.toLocalFile()) for url in inspector.items.mimeData([index]).urls()]
    assert [path.name for path in paths] == [f"SH010_v001.{frame}.exr" for frame in (1001, 1002, 1004)]
    assert all(path.is_file() and path.is_relative_to(tmp_path / "shows") for path in paths)
    fetched.commands.get("copy-item-$F4").trigger()
    assert QGuiApplication.clipboard().text() == str(paths[0].with_name("SH010_v001.$F4.exr"))
    fetched.commands.get("copy-item").trigger()
    assert len(QGuiApplication.clipboard().mimeData().urls()) == 3


def test_files_are_dragged_out_by_row(fetched: MainWindow, qtbot: QtBot) -> None:
    inspector = fetched.inspector
    inspector.tabs.setCurrentIndex(1)
    qtbot.waitUntil(lambda: inspector.file_model.rowCount() == 3, timeout=WAIT)
    cells: list[QModelIndex] = [inspector.file_model.index(row, column) for row in (0, 2) for column in (0, 1)]
    urls = inspector.file_model.mimeData(cells).urls()
    assert [Path(url.toLocalFile()).name for url in urls] == ["SH010_v001.1001.exr", "SH010_v001.1004.exr"]


def test_keys_do_not_run_a_plan_the_button_would_not(
    window: MainWindow, shots: ShotsTab, scanned: Callable[[], None], qtbot: QtBot
) -> None:
    scanned()
    shots.plan()
    qtbot.waitUntil(lambda: shots.pages.currentIndex() == 1, timeout=WAIT)
    shots.plan_page.model.set_all(False)
    assert not shots.plan_page.run_button.isEnabled()
    window.commands.get("run-plan").trigger()
    shots.plan_page.model.set_all(True)
    assert shots.plan_page.run_button.isEnabled(), "nothing was handed in"
