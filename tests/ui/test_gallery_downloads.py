"""Downloads from the gallery tab: what a card says on the way, retries, drags, the plan."""

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFrame
from pytestqt.qtbot import QtBot

from desktop.core.routine import Routine
from desktop.demo.gallery.gallery import Gallery
from desktop.demo.gallery.videos import DIRECT, FIRST_ID, GONE, PROJECTS, UNLINKED
from desktop.ui.dialogs.later import LaterDialog
from desktop.ui.main_window import MainWindow
from desktop.ui.models.columns import Role
from desktop.ui.models.gallery_states import VideoState
from desktop.ui.tabs.gallery import GalleryTab
from desktop.ui.theme import Theme
from desktop.ui.widgets.drop_shelf import VIDEOS_MIME
from desktop.ui.widgets.video_card import fetch_rect
from desktop.work.services import Services
from tests.ui.galleries import MOON, NAME, TWIN, WAIT, Open, select, state

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # what the offscreen platform cannot


def test_two_of_one_name_are_downloaded_and_found_again_after_a_restart(
    tab: GalleryTab, opened: Open, gallery: Gallery, services: Services, theme: Theme, tmp_path: Path, qtbot: QtBot
) -> None:
    opened()
    select(tab, MOON, TWIN)
    tab.frame.commands.get("gallery-download").trigger()
    qtbot.waitUntil(lambda: state(tab, MOON) is state(tab, TWIN) is VideoState.HERE, timeout=WAIT)
    files = {tab.states.of(one).path for one in (MOON, TWIN)}
    assert files == set((tmp_path / "shows").glob("*.mp4")) and len(files) == 2
    path = tab.states.of(MOON).path
    assert path is not None and path.read_bytes() == gallery.file(int(MOON)).read_bytes()
    tab.window().close()
    again = MainWindow(services, theme)
    qtbot.addWidget(again)
    again.show()
    again.show_tab(1)
    found = again.tabs[1]
    assert isinstance(found, GalleryTab)
    qtbot.waitUntil(lambda: state(found, MOON) is VideoState.HERE, timeout=WAIT)
    again.close()


@pytest.mark.parametrize("number", [UNLINKED, DIRECT, PROJECTS.index("東京ナイト") + FIRST_ID])
def test_a_click_on_a_card_brings_what_is_not_linked_given_directly_or_named_in_kanji(
    tab: GalleryTab, opened: Open, gallery: Gallery, qtbot: QtBot, number: int
) -> None:
    opened()
    grid = tab.views.grid
    index = tab.model.index(tab.model.row_of(str(number)), 0)
    grid.scrollTo(index)
    QTest.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=fetch_rect(grid.visualRect(index)).center())
    qtbot.waitUntil(lambda: state(tab, str(number)) is VideoState.HERE, timeout=WAIT)
    path = tab.states.of(str(number)).path
    assert path is not None and path.read_bytes() == gallery.file(number).read_bytes()


def test_what_failed_says_why_and_can_be_retried(tab: GalleryTab, opened: Open, gallery: Gallery, qtbot: QtBot) -> None:
    opened()
    lost = str(GONE)
    tab.views.fetched.emit(tab.model.row_of(lost))
    qtbot.waitUntil(lambda: state(tab, lost) is VideoState.FAILED, timeout=WAIT)
    assert "gone from the server" in tab.states.of(lost).reason
    assert "gone from the server" in str(tab.model.index(tab.model.row_of(lost), 0).data(Role.ToolTipRole))
    select(tab, lost)
    offered = [action.text() for action in tab.hands.menu().actions()]
    assert "Retry the failed videos" in offered and "Open the folder" not in offered
    gallery._lost.clear()
    tab.hands.retry()
    qtbot.waitUntil(lambda: state(tab, lost) is VideoState.HERE, timeout=WAIT)
    assert "Open the folder" in [action.text() for action in tab.hands.menu().actions()]


def test_two_cards_pressed_in_a_row_are_both_fetched(tab: GalleryTab, opened: Open, qtbot: QtBot) -> None:
    opened()
    grid = tab.views.grid
    for row in (0, 1):
        card = grid.visualRect(tab.model.index(row, 0))
        QTest.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=fetch_rect(card).center())
    ids = [video.id for video in tab.model.rows()[:2]]
    qtbot.waitUntil(lambda: all(state(tab, one) is VideoState.HERE for one in ids), timeout=WAIT)
    assert not tab.views.chosen()


def test_a_link_that_expires_on_the_way_is_renewed_and_told(
    tab: GalleryTab, opened: Open, services: Services, gallery: Gallery, qtbot: QtBot
) -> None:
    opened()
    told: list[str] = []
    services.gallery.renewed.connect(lambda server, video: told.append(video))
    gallery.expire_links()
    tab.orders.fetch([tab.model.rows()[tab.model.row_of(MOON)]])
    qtbot.waitUntil(lambda: state(tab, MOON) is VideoState.HERE, timeout=WAIT)
    assert set(told) == {MOON}
    assert not tab.states.of(MOON).renewed


def test_the_plan_is_looked_at_and_run(tab: GalleryTab, opened: Open, qtbot: QtBot) -> None:
    opened()
    select(tab, MOON, TWIN)
    tab.frame.commands.get("gallery-plan").trigger()
    qtbot.waitUntil(lambda: tab.pages.currentIndex() == 1, timeout=WAIT)
    assert tab.plan_page._where.accessibleName().startswith(NAME)
    tab.frame.commands.get("gallery-run-plan").trigger()
    qtbot.waitUntil(lambda: state(tab, MOON) is state(tab, TWIN) is VideoState.HERE, timeout=WAIT)
    qtbot.waitUntil(lambda: tab.plan_page._title.text() == "Receipt", timeout=WAIT)
    window = tab.window()
    assert isinstance(window, MainWindow)
    qtbot.waitUntil(lambda: window.inspector._where.accessibleName().startswith(f"{NAME} \N{RIGHTWARDS ARROW} "))


def later(tab: GalleryTab, qtbot: QtBot) -> LaterDialog:
    qtbot.waitUntil(tab.bar.later_button.isEnabled, timeout=WAIT)
    QTest.mouseClick(tab.bar.later_button, Qt.MouseButton.LeftButton)
    dialogs = tab.window().findChildren(LaterDialog)
    return dialogs[-1]


def test_a_gallery_repeats_whole_or_as_selected(
    tab: GalleryTab, opened: Open, services: Services, qtbot: QtBot
) -> None:
    kept: list[Routine] = []
    services.routines.changed.connect(lambda routines: kept.__setitem__(slice(None), routines))
    opened()
    for chosen in ((), (MOON, TWIN)):
        select(tab, *chosen)
        dialog = later(tab, qtbot)
        dialog.often.setCurrentIndex(1)
        dialog.start.setText("+2h")
        QTest.mouseClick(dialog.take_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(kept) == 2, timeout=WAIT)
    assert [(one.request.connection, set(one.videos or ())) for one in kept] == [(NAME, set()), (NAME, {MOON, TWIN})]
    assert kept[0].videos == ()
    assert not tab.views.chosen()


def test_what_is_all_here_can_still_repeat(tab: GalleryTab, opened: Open, gallery: Gallery, qtbot: QtBot) -> None:
    for number in set(gallery._videos) - {int(MOON)}:
        del gallery._videos[number]
    opened()
    tab.orders.fetch(tab.model.rows())
    qtbot.waitUntil(lambda: state(tab, MOON) is VideoState.HERE, timeout=WAIT)
    qtbot.waitUntil(lambda: not tab.bar.order_button.isEnabled(), timeout=WAIT)
    said: list[str] = []
    tab.orders.said.connect(said.append)
    later(tab, qtbot).take()
    assert said == ["There is nothing to download"]


def test_what_is_here_can_be_dragged_out_and_all_of_it_within(
    tab: GalleryTab, opened: Open, tmp_path: Path, qtbot: QtBot
) -> None:
    opened()
    tab.orders.fetch([tab.model.rows()[tab.model.row_of(MOON)]])
    qtbot.waitUntil(lambda: state(tab, MOON) is VideoState.HERE, timeout=WAIT)
    select(tab, MOON, TWIN)
    data = tab.hands.carry().mimeData()
    assert [Path(url.toLocalFile()) for url in data.urls()] == [tab.states.of(MOON).path]
    assert set(bytes(data.data(VIDEOS_MIME).data()).decode().split()) == {MOON, TWIN}
    select(tab, TWIN)
    assert not tab.hands.carry().mimeData().hasUrls()
    tab.shelf.dropped.emit(tmp_path / "elsewhere")
    qtbot.waitUntil(lambda: state(tab, TWIN) is VideoState.HERE, timeout=WAIT)
    assert tab.states.of(TWIN).path is not None
    assert list((tmp_path / "elsewhere").glob("*.mp4")) == [tab.states.of(TWIN).path]


def test_the_end_is_told_at_once_however_slow_the_answers_were(tab: GalleryTab, opened: Open, qtbot: QtBot) -> None:
    """A stall of the disk made one answer slow; the question after it then waited for many times as long."""
    opened()
    tab.states._renewal._least = tab.states._renewal._wait = 600_000
    tab.orders.fetch([tab.model.rows()[tab.model.row_of(MOON)]])
    qtbot.waitUntil(lambda: state(tab, MOON) is VideoState.HERE, timeout=WAIT)


def test_cards_dropped_on_a_folder_of_the_shelf_are_downloaded_there(
    tab: GalleryTab, opened: Open, tmp_path: Path, qtbot: QtBot
) -> None:
    opened()
    select(tab, MOON)
    folders = (tmp_path / "shows", tmp_path / "reviews")
    tab.shelf.offer("Drop on a folder to download there", tab.bar, folders)
    tile = next(one for one in tab.shelf.findChildren(QFrame, "card") if one.accessibleName().endswith("reviews"))
    copy, button, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    stranger, data = QMimeData(), tab.hands.carry().mimeData()
    stranger.setText("no cards")
    refused = QDragEnterEvent(QPoint(5, 5), copy, stranger, button, keys)
    refused.ignore()
    QApplication.sendEvent(tile, refused)
    assert not refused.isAccepted()
    entering = QDragEnterEvent(QPoint(5, 5), copy, data, button, keys)
    QApplication.sendEvent(tile, entering)
    assert entering.isAccepted() and tile.property("tone") == "accent"
    QApplication.sendEvent(tile, QDropEvent(QPoint(5, 5).toPointF(), copy, data, button, keys))
    qtbot.waitUntil(lambda: state(tab, MOON) is VideoState.HERE, timeout=WAIT)
    assert list((tmp_path / "reviews").glob("*.mp4")) == [tab.states.of(MOON).path]
