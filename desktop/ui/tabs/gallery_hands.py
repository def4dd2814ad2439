"""What can be done with the videos at hand: play, open, copy, retry, carry off - and the menu that offers it."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, QPoint, QSettings, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QDrag, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from desktop.core.errors import HostKeyUnknown
from desktop.core.gallery import Video
from desktop.ui.dialogs.host_key import HostKeyDialog
from desktop.ui.dialogs.player import PlayerDialog
from desktop.ui.models.gallery import GalleryModel, name_of
from desktop.ui.models.gallery_session import GallerySession
from desktop.ui.models.gallery_states import GalleryStates, VideoState
from desktop.ui.models.local_files import as_mime
from desktop.ui.tab import Frame
from desktop.ui.tabs.gallery_orders import GalleryOrders
from desktop.ui.tabs.gallery_playing import Account, Provider
from desktop.ui.widgets.drop_shelf import VIDEOS_MIME
from desktop.ui.widgets.gallery_views import GalleryViews

RECENT = 5
"""Folders used lately that the menu offers."""


class GalleryHands(QObject):
    """`said`: a sentence for the status bar. memory: where the player remembers its loudness and place."""

    said = Signal(str)

    def __init__(
        self,
        frame: Frame,
        session: GallerySession,
        states: GalleryStates,
        model: GalleryModel,
        views: GalleryViews,
        orders: GalleryOrders,
        ask_trust: Callable[[HostKeyUnknown, QWidget | None], HostKeyDialog],
    ) -> None:
        """ask_trust: opens the question about a certificate over a window."""
        super().__init__(views)
        self._ask_trust = ask_trust
        self._frame, self._session, self._states = frame, session, states
        self._model, self._views, self._orders = model, views, orders
        self.memory = QSettings()

    def play(self, row: int) -> None:
        """Open the player on a row; its list is what is shown, in the order it is shown."""
        videos = tuple(self._model.rows())
        if not 0 <= row < len(videos):
            return
        provider = Provider(self._frame, self._session.server)
        theme, formats = self._frame.theme, self._frame.formats
        dialog = PlayerDialog(theme, formats, videos, row, provider, self.memory, self._views.window())
        account = Account(dialog, self._session, self._states, self._orders)
        dialog.turned.connect(lambda video: self._follow(video) if account.current else None)
        dialog.doubted.connect(partial(self._judge, dialog))
        dialog.show()
        self._session.look()  # what was deleted meanwhile is fetched to be played, and should not be called here

    def play_current(self) -> None:
        """Open the player on the current row."""
        self.play(max(0, self._views.current()))

    def download_to(self) -> None:
        """Ask for a folder and download the selection there."""
        videos = self._views.chosen()
        if not videos:
            return
        dialog = QFileDialog(self._views, "Download into", str(self._frame.destination.path))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: self._orders.fetch(videos, Path(path)))
        dialog.open()

    def open_folder(self) -> None:
        """Open the folder the first selected video on disk lies in."""
        for path in self._here()[:1]:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))

    def copy_names(self) -> None:
        """Copy the names of the selected videos."""
        videos = self._views.chosen()
        if videos:
            QGuiApplication.clipboard().setText("\n".join(name_of(video) for video in videos))
            self.said.emit(f"{self._frame.formats.counted(len(videos), 'name')} copied")

    def retry(self) -> None:
        """Fetch again what failed of the selection: the failed files of its tasks."""
        if tasks := self._tasks_of(VideoState.FAILED):
            self._frame.services.tasks.retry(tasks)

    def resume(self) -> None:
        """Go on with the tasks of what is paused or was interrupted of the selection."""
        if tasks := self._tasks_of(VideoState.PAUSED):
            self._frame.services.tasks.resume(tasks)

    def _tasks_of(self, state: VideoState) -> set[int]:
        standings = (self._states.of(video.id) for video in self._views.chosen())
        return {one.task for one in standings if one.state is state and one.task is not None}

    def carry(self) -> QDrag:
        """Return the selection as something to drag: file URLs of what is here, and for this window all of it.

        A file manager does not tell where it lets go, so only what is on this machine can be carried out of the window.
        """
        videos = self._views.chosen()
        data = as_mime(self._here()) or QMimeData()
        data.setData(VIDEOS_MIME, "\n".join(video.id for video in videos).encode())
        drag = QDrag(self._views)
        drag.setMimeData(data)
        drag.setPixmap(self._frame.theme.icon("film").pixmap(32, 32))
        return drag

    def menu(self) -> QMenu:
        """Return the menu of the selection."""
        get, videos = self._frame.commands.get, self._views.chosen()
        menu = QMenu(self._views)
        menu.addAction(get("gallery-play"))
        menu.addSeparator()
        menu.addAction(get("gallery-download"))
        elsewhere = menu.addMenu("Download to")
        elsewhere.setIcon(self._frame.theme.icon("folder"))
        for path in self._frame.services.settings.recent()[:RECENT]:
            elsewhere.addAction(str(path), partial(self._orders.fetch, videos, path))
        elsewhere.addAction(get("gallery-download-to"))
        menu.addSeparator()
        # What cannot be done with these is not offered; by its keys it does nothing.
        if self._here():
            menu.addAction(get("gallery-folder"))
        menu.addAction(get("gallery-copy"))
        stand = {self._states.of(video.id).state for video in videos}
        for state, command in ((VideoState.PAUSED, "gallery-resume"), (VideoState.FAILED, "gallery-retry")):
            if state in stand:
                menu.addAction(get(command))
        return menu

    def open_menu(self, at: QPoint) -> None:
        """Open the menu at a point of the screen."""
        if self._views.chosen():
            menu = self.menu()
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(at)

    def _judge(self, player: PlayerDialog, error: HostKeyUnknown) -> None:
        """Ask about the certificate of where the player's video lies; go on with the video if it is trusted."""
        self._ask_trust(error, player).answered.connect(player.try_again)

    def _here(self) -> list[Path]:
        paths = (self._states.of(video.id).path for video in self._views.chosen())
        return [path for path in paths if path is not None]

    def _follow(self, video: Video) -> None:
        """Make the video the player has turned to the current one: it is where the eye comes back to."""
        row = self._model.row_of(video.id)
        if row >= 0:
            self._views.look_at(row)
