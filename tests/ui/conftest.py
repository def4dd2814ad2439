"""What tests of the window need: a theme, a tree of shots in a local folder, services, the window on them."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.core.connection import Address, Connection, parse_connection
from desktop.demo.content import Size
from desktop.demo.gallery.gallery import Gallery
from desktop.demo.jobs.jobs import Jobs
from desktop.logs import LogRing, set_up, take_down
from desktop.places import Places
from desktop.ui import tabs  # noqa: F401  the tabs register themselves
from desktop.ui.formats import Formats
from desktop.ui.main_window import MainWindow
from desktop.ui.models.gallery_session import Phase
from desktop.ui.tabs.gallery import GalleryTab
from desktop.ui.tabs.shots import ShotsTab
from desktop.ui.theme import Theme
from desktop.work.services import Services, start_services
from tests.ui.galleries import NAME, WAIT, Open
from tests.ui.jobs import Bench

OLD = 1_700_000_000.0


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    made = Theme(qapp)
    made.use("dark")
    yield made
    made.deleteLater()


@pytest.fixture
def formats() -> Formats:
    return Formats()


def publish(root: Path, path: str, data: bytes) -> None:
    """Put a file into the studio, old enough to be whole."""
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    os.utime(file, (OLD, OLD))


@pytest.fixture
def studio(tmp_path: Path) -> Path:
    """A small studio in a folder: three shots, two departments, several versions."""
    root = tmp_path / "studio"
    for shot in ("SH010", "SH020", "SH030"):
        for number in (1, 2):
            folder = f"VEGA/SQ01/{shot}/anim/publish/v{number:03d}"
            publish(root, f"{folder}/{shot}.ma", f"{shot} {number}".encode())
            publish(root, f"{folder}/cache.abc", b"c" * 1000 * number)
    for frame in (1001, 1002, 1004):
        publish(root, f"VEGA/SQ01/SH010/lighting/version/SH010_v001.{frame}.exr", b"e" * 500)
    return root


@pytest.fixture
def connection(studio: Path) -> Connection:
    return Connection("Local studio", Address("file"), studio.as_posix())


@pytest.fixture
def ring(shotdock_home: Path) -> Iterator[LogRing]:
    yield set_up(Places.find(), None)
    take_down()


@pytest.fixture
def services(qapp: QApplication, ring: LogRing) -> Iterator[Services]:
    made = start_services(Places.find(), ring)
    yield made
    made.shutdown()


@pytest.fixture
def window(services: Services, theme: Theme, tmp_path: Path, qtbot: QtBot) -> MainWindow:
    """The window without any connection, its destination set."""
    made = MainWindow(services, theme)
    made.frame.destination.use(tmp_path / "shows")
    qtbot.addWidget(made)
    made.resize(1280, 800)
    made.show()
    return made


@pytest.fixture
def shots(window: MainWindow) -> ShotsTab:
    tab = window.tabs[0]
    assert isinstance(tab, ShotsTab)
    return tab


@pytest.fixture
def scanned(services: Services, shots: ShotsTab, connection: Connection, qtbot: QtBot) -> Callable[[], None]:
    """Return a function that saves the connection, opens it and waits for the comparison of a fresh scan."""

    def scan() -> None:
        saved: list[bool] = []
        services.connections.save(connection, None, lambda: saved.append(True), lambda error: pytest.fail(str(error)))
        qtbot.waitUntil(lambda: shots.session.fresh and len(shots.model.everything()) == 4, timeout=20_000)
        assert saved

    return scan


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[Gallery]:
    """The demo studio's gallery, small."""
    opened = Gallery(tmp_path / "gallery", Size.SMALL)
    yield opened
    opened.stop()


@pytest.fixture
def tab(window: MainWindow) -> GalleryTab:
    """The gallery tab, open."""
    found = window.tabs[1]
    assert isinstance(found, GalleryTab)
    window.show_tab(1)
    return found


@pytest.fixture
def opened(tab: GalleryTab, services: Services, gallery: Gallery, qtbot: QtBot) -> Open:
    """Return a function that saves the gallery's connection and waits for what comes of it."""

    def open_gallery(token: str = "", phase: Phase = Phase.READY) -> None:
        connection, _ = parse_connection(NAME, gallery.url)
        desk = services.connections
        desk.remember_password(NAME, token or gallery.token, False, lambda: None, lambda error: pytest.fail(str(error)))
        desk.save(connection, None, lambda: None, lambda error: pytest.fail(str(error)))
        qtbot.waitUntil(lambda: tab.session.phase is phase and not tab.session.asking, timeout=WAIT)

    return open_gallery


@pytest.fixture
def bench(window: MainWindow, services: Services, job_server: Jobs, qtbot: QtBot) -> Iterator[Bench]:
    """The jobs tab, open."""
    made = Bench(window, services, job_server, qtbot)
    yield made
    made.rest()
