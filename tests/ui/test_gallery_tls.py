"""The gallery tab where nobody vouches for certificates: each is asked about, trusted, and gone on with."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop.core.connection import parse_connection
from desktop.demo.stills import still
from desktop.ui.dialogs.host_key import HostKeyDialog
from desktop.ui.dialogs.player import PlayerDialog
from desktop.ui.main_window import MainWindow
from desktop.ui.models.gallery_session import Phase
from desktop.ui.models.gallery_states import VideoState
from desktop.ui.tabs.gallery import GalleryTab
from desktop.work.services import Services
from tests.servers.certificates import make_certificates
from tests.servers.scripted_gallery import TOKEN, ScriptedGallery
from tests.servers.scripted_http import Request, answer
from tests.ui.films import FILM, write_film
from tests.ui.galleries import NAME, WAIT, state, words

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # what the offscreen platform cannot

PICTURE = still(FILM, 0)


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[ScriptedGallery]:
    """A gallery of two videos, its API and its storage each with a certificate of its own authority."""
    film = write_film(tmp_path / "film.mp4").read_bytes()

    def picture(request: Request) -> bytes | None:
        return answer(body=PICTURE, Content_Type="image/png") if "/still" in request.target else None

    api, storage = (make_certificates(tmp_path / name) for name in ("api", "storage"))
    made = ScriptedGallery({"1": film, "2": film}, of_storage=picture, api_tls=api, storage_tls=storage)
    with made:
        for video in made.videos:
            made.entries[video] = {"thumbnail": made.link(video).replace("/bucket/", "/bucket/still")}
        yield made


@pytest.fixture
def known(tab: GalleryTab, services: Services, secured: ScriptedGallery, qtbot: QtBot) -> Callable[[], None]:
    """Return a function that saves the gallery's connection and waits for the question about its certificate."""

    def save() -> None:
        connection, _ = parse_connection(NAME, secured.url)
        desk = services.connections
        desk.remember_password(NAME, TOKEN, False, lambda: None, lambda error: pytest.fail(str(error)))
        desk.save(connection, None, lambda: None, lambda error: pytest.fail(str(error)))
        qtbot.waitUntil(lambda: tab.session.phase is Phase.BROKEN, timeout=WAIT)

    return save


def press(over: QWidget, said: str) -> None:
    """Press the visible button that says so."""
    button = next(
        one for one in over.findChildren(QPushButton) if one.isVisible() and one.accessibleName().startswith(said)
    )
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def trust(window: MainWindow, host: str, qtbot: QtBot) -> None:
    """Trust what the open dialog asks about."""
    dialog = next(one for one in window.findChildren(HostKeyDialog) if one.isVisible())
    assert host in words(dialog)
    QTest.mouseClick(dialog.yes_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not any(one.isVisible() for one in window.findChildren(HostKeyDialog)), timeout=WAIT)


def test_api_and_storage_are_trusted_one_after_the_other(
    tab: GalleryTab, window: MainWindow, known: Callable[[], None], secured: ScriptedGallery, qtbot: QtBot
) -> None:
    known()
    press(tab, "Check the certificate")
    trust(window, f"127.0.0.1:{secured.api.port}", qtbot)
    qtbot.waitUntil(lambda: tab.session.phase is Phase.READY, timeout=WAIT)
    # The list is here; its pictures lie behind another certificate, which is asked about once.
    qtbot.waitUntil(lambda: bool(tab.cards.titles()), timeout=WAIT)
    assert tab.cards.titles() == (f"The certificate of 127.0.0.2:{secured.storage.port} is not trusted.",)
    press(tab.cards, "Check the certificate")
    trust(window, f"127.0.0.2:{secured.storage.port}", qtbot)
    qtbot.waitUntil(lambda: all(tab.thumbnails.get(video) for video in secured.videos), timeout=WAIT)
    assert not tab.cards.titles()
    tab.orders.fetch(tab.model.rows()[:1])
    first = tab.model.rows()[0].id
    qtbot.waitUntil(lambda: state(tab, first) is VideoState.HERE, timeout=WAIT)


def test_the_player_asks_about_the_storage_and_goes_on(
    tab: GalleryTab, window: MainWindow, known: Callable[[], None], secured: ScriptedGallery, qtbot: QtBot
) -> None:
    secured.entries.clear()
    known()
    press(tab, "Check the certificate")
    trust(window, "127.0.0.1", qtbot)
    qtbot.waitUntil(lambda: tab.session.phase is Phase.READY, timeout=WAIT)
    tab.hands.play(0)
    player = window.findChild(PlayerDialog)
    assert player is not None
    qtbot.waitUntil(lambda: "is not trusted" in player.notice.title.text(), timeout=WAIT)
    press(player, "Check the certificate")
    trust(window, "127.0.0.2", qtbot)
    qtbot.waitUntil(lambda: player.reel.shows, timeout=WAIT)
    player.close()


def test_a_download_from_an_untrusted_storage_asks_and_is_retried(
    tab: GalleryTab, window: MainWindow, known: Callable[[], None], secured: ScriptedGallery, qtbot: QtBot
) -> None:
    secured.entries.clear()
    known()
    press(tab, "Check the certificate")
    trust(window, "127.0.0.1", qtbot)
    qtbot.waitUntil(lambda: tab.session.phase is Phase.READY, timeout=WAIT)
    video = tab.model.rows()[0]
    tab.orders.fetch([video])
    qtbot.waitUntil(lambda: state(tab, video.id) is VideoState.FAILED, timeout=WAIT)
    press(tab.cards, "Check the certificate")
    qtbot.waitUntil(lambda: bool(window.findChildren(HostKeyDialog)), timeout=WAIT)
    trust(window, "127.0.0.2", qtbot)
    qtbot.waitUntil(lambda: state(tab, video.id) is VideoState.HERE, timeout=WAIT)
    assert not tab.cards.titles()
