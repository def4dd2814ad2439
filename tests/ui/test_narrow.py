"""Narrow windows: what gives way, what stays, and how narrow it can be."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.ui.formats import Formats
from desktop.ui.main_window import MainWindow
from desktop.ui.models.tasks import COLUMNS, FILES, LIMIT, PROGRESS, SIZE, SPEED, STATE, TASK, WHEN, TaskModel
from desktop.ui.tabs.shots import ShotsTab
from desktop.ui.theme import Theme
from desktop.ui.widgets.tables import LEAST_REST, Table
from tests.ui.made import task

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def test_the_window_fits_a_small_screen(
    window: MainWindow, shots: ShotsTab, scanned: Callable[[], None], qtbot: QtBot
) -> None:
    scanned()
    window.status.say("a sentence that is much longer than there is room for beside all the figures " * 3)
    window.resize(400, 400)
    qtbot.waitUntil(lambda: window.width() <= 1024)
    state = next(
        n for n in range(shots.model.columnCount()) if shots.model.headerData(n, Qt.Orientation.Horizontal) == "State"
    )
    view = shots.view
    assert view.columnViewportPosition(state) + view.columnWidth(state) <= view.viewport().width()


@pytest.mark.parametrize(
    ("width", "gone"), [(1000, ()), (860, (FILES,)), (760, (FILES, SIZE)), (600, (FILES, SIZE, LIMIT))]
)
def test_columns_give_way_in_turn_and_come_back(
    width: int, gone: tuple[int, ...], theme: Theme, formats: Formats, qtbot: QtBot
) -> None:
    model = TaskModel(theme, formats)
    model.put([task(1)])
    table = Table(theme, model, COLUMNS, "Transfers")
    qtbot.addWidget(table)
    table.resize(300, 200)
    table.show()
    table.resize(width, 200)
    assert {n for n in range(len(COLUMNS)) if table.isColumnHidden(n)} == set(gone)
    assert table.columnWidth(TASK) >= LEAST_REST or LIMIT in gone
    assert not any(table.isColumnHidden(n) for n in (STATE, PROGRESS, SPEED, WHEN))
