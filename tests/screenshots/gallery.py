"""Pictures of the gallery tab in every state worth a look, on the demo studio's own gallery."""

from collections.abc import Callable
from pathlib import Path

from desktop.core.connection import parse_connection
from desktop.core.errors import HostKeyUnknown
from desktop.core.gallery import Video
from desktop.demo.gallery.gallery import Gallery
from desktop.demo.gallery.videos import FIRST_ID, GONE, LARGE, PROJECTS
from desktop.ui.dialogs.connections import ConnectionsDialog
from desktop.ui.dialogs.web_server import WebServerDialog
from desktop.ui.main_window import MainWindow
from desktop.ui.models.gallery_session import Phase
from desktop.ui.models.gallery_states import VideoState
from desktop.ui.tabs.gallery import GalleryTab
from desktop.ui.widgets.video_card import Hit
from desktop.work.services import Services

NAME = "VEGA gallery"
Take = Callable[..., None]
Wait = Callable[..., bool]


class GalleryPictures:
    """Walks through the tab."""

    def __init__(self, window: MainWindow, services: Services, gallery: Gallery, tools: tuple[Take, Wait]) -> None:
        """tools: what takes a picture, and what lets the window live."""
        self.window, self.services, self.gallery = window, services, gallery
        self.take, self.wait = tools
        found = window.tabs[1]
        assert isinstance(found, GalleryTab)
        self.tab = found

    def run(self, home: Path) -> None:
        """Take every picture."""
        window = self.window
        window.show_tab(1)
        self.take("gallery")
        self._dialog()
        window.frame.destination.use(home / "videos")
        self._refused()
        self._grid()
        self._under_way()
        self._many()
        self._errors()

    def _dialog(self) -> None:
        dialog = WebServerDialog(self.window.frame, "Connect to a gallery", None, self.window)
        dialog.name.setText(NAME)
        dialog.address.setText("https://gallery.vega.example/studio")
        dialog.kind.choose("token")
        dialog.show()
        self.take("gallery-connect", dialog)
        dialog.close()

    def _refused(self) -> None:
        connection, _ = parse_connection(NAME, self.gallery.url)
        self.services.connections.save(connection, None, lambda: None, _shout)
        self.wait(lambda: self.tab.session.phase is Phase.BROKEN)
        self.take("gallery-login")
        self.services.connections.remember_password(NAME, self.gallery.token, False, lambda: None, _shout)
        self.gallery.faults.forbidden = True
        self._open()
        self.take("gallery-forbidden")
        self.gallery.faults.forbidden = False
        self.tab.session.error = HostKeyUnknown(
            title=f"The certificate of {self.gallery.url.partition('//')[2]} is not known.",
            cause="It is signed by itself.",
            suggestion="Compare its fingerprint with the one your administrator gave you.",
        )
        self.tab.session._go(Phase.BROKEN)
        self.take("gallery-certificate")
        self.tab.session.error = None
        self.tab.session._go(Phase.EMPTY)
        self.take("gallery-empty")
        # The studio makes its videos when they are first asked for: that is long enough for a picture.
        self.tab._open(NAME)
        self.take("gallery-loading")

    def _grid(self) -> None:
        tab = self.tab
        self.wait(lambda: tab.session.phase is Phase.READY)
        self.wait(lambda: len(tab.thumbnails._kept) > 11)
        self.take("gallery-grid")
        tab.views.list.select_rows([1, 2, 6])
        tab.views.grid._hover((2, Hit.FETCH))
        self.take("gallery-selected")
        folders = (Path("/shows/VEGA/dailies"), Path("/mnt/reviews/vega"), Path("/home/ann/desk"))
        tab.shelf.offer("Drop on a folder to download there", tab.bar, folders)
        self.take("gallery-drag")
        tab.shelf.hide()
        menu = tab.hands.menu()
        menu.popup(tab.mapToGlobal(tab.rect().center()))
        self.take("gallery-menu", menu)
        menu.close()
        tab.views.grid._hover(None)
        tab.views.list.clearSelection()
        tab.turn()
        self.take("gallery-list")
        tab.turn()
        self.window.top_bar.search.setText("nothing is called this")
        self.take("gallery-no-match")
        self.window.top_bar.search.clear()
        manager = ConnectionsDialog(self.window.frame, NAME, self.window)
        manager.show()
        self.take("gallery-manager", manager)
        manager.close()

    def _under_way(self) -> None:
        tab = self.tab
        moon = FIRST_ID + PROJECTS.index("Glacier")
        rows = {video.id: video for video in tab.model.everything()}
        tab.orders.fetch([rows[str(moon)], rows[str(moon + 4)]])
        self.wait(lambda: tab.states.of(str(moon)).state is VideoState.HERE)
        tab.orders.fetch([rows[str(GONE)]])
        self.wait(lambda: tab.states.of(str(GONE)).state is VideoState.FAILED)
        self.services.settings.update(limit_rate=20_000_000)
        tab.orders.fetch([rows[str(LARGE)], rows[str(moon + 2)], rows[str(moon + 7)]])
        large = str(LARGE)
        self.wait(lambda: (tab.states.of(large).fraction or 0.0) > 0.3)
        self.services.gallery.renewed.emit(NAME, large)
        self.take("gallery-renewed")
        tab.states._renewed.clear()
        self.wait(lambda: (tab.states.of(large).fraction or 0.0) > 0.4)
        self.take("gallery-running")
        tab.turn()
        self.take("gallery-running-list")
        tab.turn()
        self.services.settings.update(limit_rate=None)
        self.wait(lambda: tab.states.of(large).state is VideoState.HERE)
        tab.head.shelf.setCurrentText("Failed")
        self.take("gallery-failed")
        tab.head.shelf.setCurrentText("All videos")
        tab.plan()
        self.wait(lambda: tab.pages.currentIndex() == 1)
        self.take("gallery-plan")
        tab.show_list()

    def _many(self) -> None:
        tab = self.tab
        real = tab.model.everything()
        crowd = "VEGA crowd simulation, background plate wide angle, alternate take of the {} for the trailer"
        many = [
            Video(
                f"{real[n % len(real)].id}" if n < len(real) else f"x{n}",
                crowd.format(n) if n % 3 == 1 else f"Größe/Ночь – SH{n:04d}",
                f"VEGA_{n}_final.mp4",
                1_790_000_000.0 - n * 977,
                n * 7_000_001 % 9_000_000_000,
                n * 37 % 7300,
                real[n % len(real)].thumbnail,
            )
            for n in range(5_000)
        ]
        tab.model.fill(many)
        self.wait(seconds=1.0)
        self.take("gallery-many")
        bar = tab.views.grid.verticalScrollBar()
        bar.setValue(bar.maximum() // 2)
        self.take("gallery-many-scrolled")
        bar.setValue(0)
        self.window.top_bar.search.setText("crowd")
        self.take("gallery-long-names")
        self.window.top_bar.search.clear()
        tab.model.fill(real)

    def _errors(self) -> None:
        self.gallery.stop()
        self.tab.refresh()
        self.wait(lambda: self.tab.session.error is not None)
        self.take("gallery-offline")
        self.tab.session._lists.clear()
        self._open()
        self.take("gallery-away")
        self.gallery.start()

    def _open(self) -> None:
        self.tab._open(NAME)
        self.wait(lambda: self.tab.session.phase is Phase.BROKEN)


def _shout(error: Exception) -> None:
    raise SystemExit(str(error))
