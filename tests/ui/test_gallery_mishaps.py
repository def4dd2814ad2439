"""What an artist does to the gallery in mid-download: other servers, twice the same, a closed window, lost files."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from desktop.core.connection import parse_connection
from desktop.core.task import TaskState
from desktop.demo.content import Size
from desktop.demo.gallery.gallery import Gallery
from desktop.ui.dialogs.player import PlayerDialog
from desktop.ui.main_window import MainWindow
from desktop.ui.models.gallery_session import Phase
from desktop.ui.models.gallery_states import VideoState
from desktop.ui.tabs.gallery import GalleryTab
from desktop.work.services import Services
from tests.ui.galleries import MOON, NAME, WAIT, Open, select, state, words

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # what the offscreen platform cannot

SLOW = 5_000_000


@pytest.fixture
def other(services: Services, tmp_path: Path) -> Iterator[Gallery]:
    """Another server, whose videos have the same ids."""
    made = Gallery(tmp_path / "other", Size.SMALL)
    connection, _ = parse_connection("Other", made.url)
    desk = services.connections
    desk.remember_password("Other", made.token, False, lambda: None, lambda error: pytest.fail(str(error)))
    desk.save(connection, None, lambda: None, lambda error: pytest.fail(str(error)))
    yield made
    made.stop()


def fetched(gallery: Gallery) -> int:
    """Return how many videos' bytes were asked of a gallery's storage."""
    return sum("/bucket/" in seen.path for seen in gallery.storage.seen)


def show(tab: GalleryTab, name: str, qtbot: QtBot) -> None:
    tab.picker.pick(name)
    qtbot.waitUntil(lambda: tab.session.server == name and not tab.session.asking, timeout=WAIT)
    assert tab.session.phase is Phase.READY


def test_what_waits_to_be_planned_comes_from_where_it_was_asked_for(
    tab: GalleryTab, opened: Open, gallery: Gallery, other: Gallery, qtbot: QtBot
) -> None:
    opened()
    show(tab, NAME, qtbot)
    one, two = tab.model.rows()[:2]
    tab.orders.fetch([one])
    tab.orders.fetch([two])
    tab.picker.pick("Other")
    qtbot.waitUntil(lambda: fetched(gallery) + fetched(other) == 2, timeout=WAIT)
    assert not fetched(other)
    show(tab, NAME, qtbot)
    qtbot.waitUntil(lambda: state(tab, one.id) is state(tab, two.id) is VideoState.HERE, timeout=WAIT)


def test_the_player_downloads_from_its_own_gallery_and_says_what_became_of_it(
    tab: GalleryTab, window: MainWindow, opened: Open, gallery: Gallery, other: Gallery, qtbot: QtBot
) -> None:
    opened()
    show(tab, NAME, qtbot)
    tab.hands.play(tab.model.row_of(MOON))
    player = window.findChild(PlayerDialog)
    assert player is not None
    qtbot.waitUntil(lambda: player.reel.shows, timeout=WAIT)
    show(tab, "Other", qtbot)
    QTest.keyClick(player, Qt.Key.Key_D)
    assert player.reel.line == "download asked for"
    show(tab, NAME, qtbot)
    qtbot.waitUntil(lambda: state(tab, MOON) is VideoState.HERE, timeout=WAIT)
    assert not fetched(other)
    path = tab.states.of(MOON).path
    qtbot.waitUntil(lambda: player.reel.line == f"downloaded to {path}", timeout=WAIT)
    player.close()


def test_what_is_on_its_way_is_not_asked_for_twice(
    tab: GalleryTab, opened: Open, services: Services, gallery: Gallery, qtbot: QtBot
) -> None:
    large = str(gallery.add_large())
    opened()
    services.settings.update(limit_rate=SLOW)
    tab.orders.fetch([tab.model.rows()[tab.model.row_of(large)]])
    qtbot.waitUntil(lambda: state(tab, large) is VideoState.RUNNING, timeout=WAIT)
    select(tab, large)
    qtbot.waitUntil(lambda: "on its way already" in words(tab.bar), timeout=WAIT)
    tab.frame.commands.get("gallery-download").trigger()
    tab.orders.fetch(tab.views.chosen())
    select(tab, large, MOON)
    tab.frame.commands.get("gallery-download").trigger()
    qtbot.waitUntil(lambda: state(tab, MOON) is VideoState.HERE, timeout=WAIT)
    assert len(tab.states._tasks) == 2
    services.settings.update(limit_rate=None)
    qtbot.waitUntil(lambda: state(tab, large) is VideoState.HERE, timeout=WAIT)


def test_what_is_paused_says_how_far_it_is_and_is_resumed_from_its_menu(
    tab: GalleryTab, opened: Open, services: Services, gallery: Gallery, qtbot: QtBot
) -> None:
    large = str(gallery.add_large())
    opened()
    services.settings.update(limit_rate=SLOW)
    tab.orders.fetch([tab.model.rows()[tab.model.row_of(large)]])
    qtbot.waitUntil(lambda: tab.states.of(large).done > 1_000_000, timeout=WAIT)
    reached, task = tab.states.of(large).done, tab.states.of(large).task
    assert task is not None
    services.tasks.pause((task,))
    qtbot.waitUntil(lambda: state(tab, large) is VideoState.PAUSED, timeout=WAIT)
    assert tab.states.of(large).done >= reached
    select(tab, large)
    assert "Resume the paused videos" in [action.text() for action in tab.hands.menu().actions()]
    services.settings.update(limit_rate=None)
    tab.hands.resume()
    qtbot.waitUntil(lambda: state(tab, large) is VideoState.HERE, timeout=WAIT)
    assert tab.states._tasks[task].state is TaskState.DONE


def test_a_file_deleted_since_is_played_all_the_same_and_not_called_here(
    tab: GalleryTab, window: MainWindow, opened: Open, qtbot: QtBot
) -> None:
    opened()
    tab.orders.fetch([tab.model.rows()[tab.model.row_of(MOON)]])
    qtbot.waitUntil(lambda: state(tab, MOON) is VideoState.HERE, timeout=WAIT)
    path = tab.states.of(MOON).path
    assert path is not None
    path.unlink()
    tab.hands.play(tab.model.row_of(MOON))
    player = window.findChild(PlayerDialog)
    assert player is not None
    qtbot.waitUntil(lambda: player.reel.shows and state(tab, MOON) is VideoState.REMOTE, timeout=WAIT)
    player.close()
