"""What there is no room for: it is shortened, told or given way to, never cut, and nothing moves for it."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from desktop.core.connection import Address, Connection
from desktop.core.plan import VersionStrategy
from desktop.ui.dialogs.connections import ConnectionsDialog
from desktop.ui.dialogs.routines import RoutinesDialog
from desktop.ui.free_space import Room
from desktop.ui.main_window import MainWindow
from desktop.ui.models.plan_tree import ACTION
from desktop.ui.models.routines import LAST, NEXT
from desktop.ui.tabs.gallery import GalleryTab
from desktop.ui.tabs.jobs import JobsTab
from desktop.ui.tabs.shots import ShotsTab
from desktop.work.services import Services
from tests.ui.galleries import WAIT, words

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

LONG = Connection("VEGA gallery of the second unit", Address("http", "gallery.vega.example", 80), "/studio")


@pytest.fixture
def named(services: Services, qtbot: QtBot) -> Connection:
    """A connection of a long name that is not encrypted."""
    services.connections.save(LONG, None, lambda: None, lambda error: pytest.fail(str(error)))
    qtbot.waitUntil(lambda: services.connections.all() == (LONG,), timeout=WAIT)
    return LONG


@pytest.mark.parametrize("width", [140, 220])
def test_a_long_connection_is_shortened_in_the_picker_not_cut(
    window: MainWindow, named: Connection, width: int, qtbot: QtBot
) -> None:
    tab = window.tabs[1]
    assert isinstance(tab, GalleryTab)
    window.show_tab(1)
    box = tab.picker.box
    box.setFixedWidth(width)
    qtbot.waitUntil(lambda: box.width() == width)
    shown = box.shown()
    assert shown.endswith("\N{HORIZONTAL ELLIPSIS}") and shown.startswith("VEGA")
    assert box.fontMetrics().horizontalAdvance(shown) < width
    assert "not encrypted" in box.currentText()


def test_the_picker_has_room_for_a_longer_name_that_comes_later(
    window: MainWindow, services: Services, named: Connection, qtbot: QtBot
) -> None:
    short = replace(LONG, name="A")
    services.connections.remove(LONG.name, lambda: None, lambda error: pytest.fail(str(error)))
    services.connections.save(short, None, lambda: None, lambda error: pytest.fail(str(error)))
    qtbot.waitUntil(lambda: services.connections.all() == (short,), timeout=WAIT)
    tab = window.tabs[1]
    assert isinstance(tab, GalleryTab)
    window.show_tab(1)
    longer = replace(LONG, name="VEGA")
    services.connections.save(longer, None, lambda: None, lambda error: pytest.fail(str(error)))
    qtbot.waitUntil(lambda: len(tab.picker.names()) == 2, timeout=WAIT)
    tab.picker.pick("VEGA")
    qtbot.waitUntil(lambda: tab.picker.box.shown() == "VEGA  (http, not encrypted)", timeout=WAIT)


def test_a_long_connection_does_not_make_the_manager_scroll_sideways(window: MainWindow, named: Connection) -> None:
    manager = ConnectionsDialog(window.frame, named.name, window)
    manager.show()
    assert manager.list.horizontalScrollBar().maximum() == 0
    manager.close()


def test_another_version_strategy_does_not_widen_a_narrow_window(
    window: MainWindow, shots: ShotsTab, scanned: Callable[[], None], qtbot: QtBot
) -> None:
    scanned()
    window.resize(400, 400)
    qtbot.waitUntil(lambda: window.width() <= 1024)
    for strategy in (VersionStrategy.SPECIFIC, VersionStrategy.CUSTOM):
        shots.bar.versions.choose(strategy.value)
        qtbot.waitUntil(lambda: shots.bar.specific.isVisible() or shots.bar.table_button.isVisible())
        assert window.minimumSizeHint().width() <= 1024


def test_the_log_is_as_tall_as_the_transfers_it_lies_on(window: MainWindow, qtbot: QtBot) -> None:
    window.resize(1024, 640)
    tall = window.pages.height()
    window.log_dock.raise_()
    qtbot.waitUntil(lambda: window.log.isVisible() and not window.log_dock.visibleRegion().isEmpty())
    layout = window.layout()
    assert layout is not None
    layout.activate()
    assert window.pages.height() == tall


def test_a_receipt_has_room_for_what_happened(window: MainWindow, shots: ShotsTab, scanned: Callable[[], None]) -> None:
    tree = shots.plan_page.tree
    assert tree.fontMetrics().horizontalAdvance("18 waiting, 96 downloaded") + 40 <= tree.columnWidth(ACTION)


def test_the_list_of_what_repeats_has_room_for_a_long_moment(window: MainWindow) -> None:
    dialog = RoutinesDialog(window.frame, window)
    dialog.show()
    for number in (NEXT, LAST):
        assert dialog.fontMetrics().horizontalAdvance("tomorrow 10:00 PM") + 16 <= dialog.table.columnWidth(number)
    dialog.close()


def test_too_little_room_is_said_before_a_plan_is_made(
    window: MainWindow, shots: ShotsTab, scanned: Callable[[], None], qtbot: QtBot
) -> None:
    scanned()
    destination = window.frame.destination
    qtbot.waitUntil(lambda: destination.room.free is not None, timeout=WAIT)
    for free, said in ((5, "Only 5 B free"), (10**12, "1.0 TB free")):
        destination._take(Room(destination.path, free, 10**13))
        shots.orders.count()
        assert said in words(shots.bar)
    assert "Only" not in words(shots.bar)


def test_the_buttons_above_the_jobs_have_room_for_their_words(window: MainWindow) -> None:
    tab = window.tabs[2]
    assert isinstance(tab, JobsTab)
    window.show_tab(2)
    tab.body.setCurrentIndex(0)
    tab.splitter.setSizes([1, 2000])
    buttons = [button for button in tab.side.findChildren(QPushButton) if button.isVisible()]
    assert len(buttons) == 2
    for button in buttons:
        assert button.width() >= button.sizeHint().width(), button.text()
