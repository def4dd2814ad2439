"""The gallery tab on the demo studio's real gallery: looked at, played, downloaded, refused and offline."""

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QComboBox, QLineEdit
from pytestqt.qtbot import QtBot

from desktop.core.connection import Address, Connection, parse_connection
from desktop.core.gallery import Video
from desktop.demo.gallery.gallery import Gallery
from desktop.ui.dialogs.player import PlayerDialog
from desktop.ui.dialogs.web_server import WebServerDialog
from desktop.ui.main_window import MainWindow
from desktop.ui.models.columns import Index, Role
from desktop.ui.models.gallery import SIZE, GalleryModel
from desktop.ui.models.gallery_session import Phase
from desktop.ui.models.gallery_states import GalleryStates, VideoState
from desktop.ui.models.thumbnails import Thumbnails
from desktop.ui.order_tab import OrderTab
from desktop.ui.tab import Demo
from desktop.ui.tabs.gallery import GalleryTab
from desktop.ui.theme import Theme
from desktop.ui.widgets.gallery_grid import GalleryGrid
from desktop.ui.widgets.video_card import play_rect
from desktop.work.services import Services
from tests.ui.galleries import MOON, NAME, WAIT, Open, select, state, words

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # what the offscreen platform cannot


def test_the_first_sight_teaches(tab: GalleryTab) -> None:
    assert tab.session.phase is Phase.NOTHING
    assert "See what is finished" in words(tab.empty.currentWidget())
    assert not tab.bar.isVisible() and not tab.head.isVisible()


def test_the_newest_come_first_with_their_pictures(
    tab: GalleryTab, opened: Open, gallery: Gallery, qtbot: QtBot
) -> None:
    opened()
    assert [video.id for video in tab.model.rows()] == [str(video.id) for video in gallery.videos()]
    qtbot.waitUntil(lambda: tab.thumbnails.get(tab.model.rows()[0].id) is not None, timeout=WAIT)
    assert tab.head._amount.accessibleName().startswith("32 videos, ")


def test_the_shots_are_not_asked_of_a_web_server(window: MainWindow, opened: Open) -> None:
    opened()
    shots, gallery, *_ = (tab for tab in window.tabs if isinstance(tab, OrderTab))
    assert shots.picker.box.count() == 0
    assert gallery.picker.name() == NAME


def test_a_refresh_keeps_selection_place_and_states(
    tab: GalleryTab, opened: Open, gallery: Gallery, qtbot: QtBot
) -> None:
    opened()
    tab.orders.fetch([tab.model.rows()[3]])
    fetched = tab.model.rows()[3].id
    qtbot.waitUntil(lambda: state(tab, fetched) is VideoState.HERE, timeout=WAIT)
    select(tab, MOON, fetched)
    bar = tab.views.grid.verticalScrollBar()
    bar.setValue(300)
    tab.frame.commands.get("gallery-refresh").trigger()
    qtbot.waitUntil(lambda: not tab.session.asking, timeout=WAIT)
    assert {video.id for video in tab.views.chosen()} == {MOON, fetched}
    assert bar.value() == 300
    assert state(tab, fetched) is VideoState.HERE
    assert sum(seen.path.endswith("/api/downloads") for seen in gallery.api.seen) == 2


def test_the_list_shares_the_selection_and_sorts_by_its_header(tab: GalleryTab, opened: Open) -> None:
    opened()
    select(tab, MOON)
    tab.frame.commands.get("gallery-view").trigger()
    assert tab.views.list.isVisible() and not tab.views.grid.isVisible()
    assert [video.id for video in tab.views.chosen()] == [MOON]
    tab.views.list.sortByColumn(SIZE, Qt.SortOrder.DescendingOrder)
    sizes = [video.bytes or 0 for video in tab.model.rows()]
    assert sizes == sorted(sizes, reverse=True)
    assert tab.head.sorting.currentText() == "Largest first"
    assert [video.id for video in tab.views.chosen()] == [MOON]


def test_the_choice_of_view_and_sorting_is_remembered(
    tab: GalleryTab, opened: Open, services: Services, theme: Theme, qtbot: QtBot
) -> None:
    opened()
    tab.turn()
    tab.head.sorting.setCurrentText("Name")
    tab.head.sorting.activated.emit(tab.head.sorting.currentIndex())
    tab.window().close()
    again = MainWindow(services, theme)
    qtbot.addWidget(again)
    found = again.tabs[1]
    assert isinstance(found, GalleryTab)
    assert not found.views.as_cards and found.head.sorting.currentText() == "Name"
    again.close()


def test_nothing_matches_and_the_way_back(tab: GalleryTab, window: MainWindow, opened: Open) -> None:
    opened()
    window.top_bar.search.setText("nothing is called this")
    assert "Nothing matches" in words(tab.empty.currentWidget()) and tab.empty.isVisible()
    window.show_tab(0)
    assert window.top_bar.search.text() == ""
    window.show_tab(1)
    assert window.top_bar.search.text() == "nothing is called this"
    tab.empty.act.emit("clear")
    assert len(tab.model.rows()) == 32 and tab.views.isVisible()


def test_space_plays_in_the_order_shown(tab: GalleryTab, window: MainWindow, opened: Open, qtbot: QtBot) -> None:
    opened()
    tab.model.sort(SIZE, Qt.SortOrder.AscendingOrder)
    tab.views.grid.setCurrentIndex(tab.model.index(2, 0))
    QTest.keyClick(tab.views.grid, Qt.Key.Key_Space)
    player = window.findChild(PlayerDialog)
    assert player is not None
    assert (player.videos, player.index) == (tuple(tab.model.rows()), 2)
    player.download.emit(player.video)
    third = tab.model.rows()[2].id
    qtbot.waitUntil(lambda: state(tab, third) is VideoState.HERE, timeout=WAIT)
    player.close()


def test_the_play_button_of_a_card_plays_it(tab: GalleryTab, window: MainWindow, opened: Open) -> None:
    opened()
    grid = tab.views.grid
    card = grid.visualRect(tab.model.index(1, 0))
    QTest.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=play_rect(card).center())
    player = window.findChild(PlayerDialog)
    assert player is not None and player.index == 1
    player.close()


def test_a_rubber_band_selects(tab: GalleryTab, opened: Open) -> None:
    opened()
    viewport = tab.views.grid.viewport()
    last = tab.views.grid.visualRect(tab.model.index(2, 0)).center()
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, pos=QPoint(2, 40))
    for x in range(40, last.x(), 60):
        QTest.mouseMove(viewport, QPoint(x, last.y()))
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=last)
    assert len(tab.views.chosen()) == 3


def test_the_same_keys_mean_what_the_open_tab_means(tab: GalleryTab, window: MainWindow) -> None:
    of_shots, of_videos = (window.commands.get(name) for name in ("download", "gallery-download"))
    assert of_shots.shortcut() == of_videos.shortcut()
    assert of_videos.isEnabled() and not of_shots.isEnabled()
    window.show_tab(0)
    assert of_shots.isEnabled() and not of_videos.isEnabled()


def test_names_are_copied(tab: GalleryTab, opened: Open) -> None:
    opened()
    select(tab, MOON)
    tab.frame.commands.get("gallery-copy").trigger()
    assert QGuiApplication.clipboard().text() == "Moon Base 7"


def test_a_wrong_token_asks_for_another(
    tab: GalleryTab, window: MainWindow, opened: Open, gallery: Gallery, qtbot: QtBot
) -> None:
    opened(token="wrong", phase=Phase.BROKEN)
    assert "Enter a token" in words(tab.empty.currentWidget())
    # Only the page tells it, which goes when the server lets us in; the status bar would go on saying so.
    assert not window.status._said.text()
    tab.empty.act.emit("login")
    dialog = window.findChild(WebServerDialog)
    assert dialog is not None and dialog.name.text() == NAME
    dialog.secret.setText(gallery.token)
    dialog.keep.setChecked(False)
    QTest.mouseClick(dialog.save_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: tab.session.phase is Phase.READY, timeout=WAIT)


def test_who_is_not_let_in_is_told_whom_to_ask(tab: GalleryTab, opened: Open, gallery: Gallery) -> None:
    gallery.faults.forbidden = True
    opened(phase=Phase.BROKEN)
    assert "ask whoever runs the server" in words(tab.empty.currentWidget())


def test_offline_the_last_list_stays_with_its_age(
    tab: GalleryTab, opened: Open, gallery: Gallery, qtbot: QtBot
) -> None:
    opened()
    gallery.stop()
    tab.refresh()
    qtbot.waitUntil(lambda: tab.session.error is not None, timeout=WAIT)
    assert tab.session.phase is Phase.READY and len(tab.model.rows()) == 32
    assert "offline, seen just now" in words(tab.picker) and tab.cards.titles()
    gallery.start()
    tab.refresh()
    qtbot.waitUntil(lambda: tab.session.error is None and not tab.session.asking, timeout=WAIT)
    assert not tab.cards.titles()


def test_a_server_without_a_gallery_says_so(
    tab: GalleryTab, services: Services, gallery: Gallery, qtbot: QtBot
) -> None:
    connection, _ = parse_connection("elsewhere", gallery.url.replace("/studio", "/nowhere"))
    services.connections.save(connection, None, lambda: None, lambda error: pytest.fail(str(error)))
    qtbot.waitUntil(lambda: tab.session.phase is Phase.BROKEN, timeout=WAIT)
    assert "There is no gallery at" in words(tab.empty.currentWidget())


def test_the_demo_studio_brings_its_gallery(tab: GalleryTab, gallery: Gallery, tmp_path: Path, qtbot: QtBot) -> None:
    shots = Connection("Demo studio", Address("file"), tmp_path.as_posix())
    jobs, _ = parse_connection("demo-jobs", gallery.url.replace("/studio", ""))
    videos, _ = parse_connection("demo-gallery", gallery.url)
    tab.doors.enter_demo(Demo(shots, None, None, ((videos, gallery.token), (jobs, None))))
    qtbot.waitUntil(lambda: tab.session.phase is Phase.READY, timeout=WAIT)
    assert tab.session.server == "demo-gallery"


def test_every_control_of_the_tab_has_a_name(tab: GalleryTab, opened: Open) -> None:
    opened()
    dialog = WebServerDialog(tab.frame, "Connect to a gallery", None, tab)
    nameless = [
        control.metaObject().className()
        for root in (tab, dialog, tab.picker)
        for kind in (QAbstractButton, QLineEdit, QComboBox, QAbstractItemView)
        for control in root.findChildren(kind)
        if not (control.accessibleName() or (isinstance(control, QAbstractButton) and control.text()))
        and not ((home := control.parent()) and home.metaObject().className() in INSIDE)
    ]
    dialog.close()
    assert not nameless


INSIDE = ("QComboBoxPrivateContainer", "QComboBox", "QLineEdit", "GalleryList", "QTreeView", "QHeaderView")
"""Qt's own widgets, whose inner parts speak through them."""


@pytest.mark.usefixtures("memory_keyring")
def test_a_new_gallery_is_tried_and_saved_with_a_cookie(
    tab: GalleryTab, window: MainWindow, services: Services, gallery: Gallery, qtbot: QtBot
) -> None:
    tab.frame.commands.get("gallery-connect").trigger()
    dialog = window.findChild(WebServerDialog)
    assert dialog is not None
    dialog.test()
    assert dialog.cards.titles() == ("The server needs a name.",)
    dialog.name.setText(NAME)
    dialog.address.setText(gallery.url)
    dialog.kind.choose("cookie")
    dialog.secret.setText(f"session={gallery.token}")
    QTest.mouseClick(dialog.test_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.cards.titles() == ("The server answers.",), timeout=WAIT)
    QTest.mouseClick(dialog.save_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: tab.session.phase is Phase.READY, timeout=WAIT)
    assert services.connections.get(NAME).url.rstrip("/") == gallery.url


def test_without_a_keyring_the_token_serves_for_this_session(
    tab: GalleryTab, window: MainWindow, gallery: Gallery, qtbot: QtBot
) -> None:
    tab.doors.connect_web("gallery")
    dialog = window.findChild(WebServerDialog)
    assert dialog is not None
    dialog.name.setText(NAME)
    dialog.address.setText(gallery.url)
    dialog.kind.choose("token")
    dialog.secret.setText(f"Bearer {gallery.token}")
    QTest.mouseClick(dialog.save_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(dialog.cards.titles()) and tab.session.phase is Phase.READY, timeout=WAIT)
    dialog.close()


def test_of_five_thousand_only_what_is_in_sight_is_looked_at(
    tab: GalleryTab, opened: Open, theme: Theme, services: Services, gallery: Gallery, qtbot: QtBot
) -> None:
    opened()
    asked: list[int] = []

    class Counting(GalleryModel):
        def data(self, index: Index, role: int = Role.DisplayRole) -> object:
            asked.append(index.row())
            return super().data(index, role)

    states = GalleryStates(services.tasks, services.gallery)
    model = Counting(theme, tab.frame.formats, states)
    thumbnails = Thumbnails(services.gallery)
    thumbnails.follow(NAME)
    grid = GalleryGrid(theme, tab.frame.formats, model, thumbnails)
    qtbot.addWidget(grid)
    grid.resize(1000, 700)
    grid.show()
    model.fill(Video(f"x{n}", f"VEGA {n}", "v.mp4", float(n), n, 1.0, thumbnail="/none") for n in range(5_000))
    per_page = len(grid.in_sight())
    assert 8 <= per_page <= 32
    bar = grid.verticalScrollBar()
    for share in (0.0, 0.3, 0.6, 1.0):
        bar.setValue(int(bar.maximum() * share))
        grid.grab()
        qtbot.waitUntil(lambda: not grid._rest.isActive(), timeout=WAIT)
        assert len(thumbnails._works) <= 3 * len(grid.in_sight()) < 100
    # Cards are drawn from the videos themselves, and laying out asks for nothing.
    assert len(asked) < 100
    thumbnails.stop()
