"""The player on a gallery: where its videos come from, and what it is told of the downloads asked for in it."""

from collections.abc import Callable, Collection
from pathlib import Path

from PySide6.QtCore import QObject

from desktop.core.errors import ShotDockError
from desktop.core.gallery import Video
from desktop.ui.dialogs.player import PlayerDialog
from desktop.ui.models.gallery import face
from desktop.ui.models.gallery_session import GallerySession
from desktop.ui.models.gallery_states import GalleryStates, VideoState
from desktop.ui.tab import Frame
from desktop.ui.tabs.gallery_orders import GalleryOrders
from desktop.ui.videos import Fetch
from desktop.work.background import Failed


class Provider:
    """Brings the player its videos from one gallery."""

    def __init__(self, frame: Frame, server: str) -> None:
        self._gallery, self._server = frame.services.gallery, server

    def open(
        self, video: Video, ready: Callable[[Path], None], progress: Callable[[int, int | None], None], failed: Failed
    ) -> Fetch:
        """Bring a video; see GalleryDesk.watch."""
        return self._gallery.watch(self._server, video, ready, progress, failed)


class Account(QObject):
    """Downloads what the player's user wants, and says there what becomes of it: the window behind is not seen.

    The gallery is that of the time the player was opened, whatever the window shows since.
    """

    def __init__(
        self, player: PlayerDialog, session: GallerySession, states: GalleryStates, orders: GalleryOrders
    ) -> None:
        super().__init__(player)
        self._player, self._session, self._states, self._orders = player, session, states, orders
        self._server = session.server
        self._wanted: set[str] = set()
        player.download.connect(self._want)
        states.moved.connect(self._moved)
        orders.planned.connect(self._planned)
        orders.failed.connect(self._failed)

    @property
    def current(self) -> bool:
        """True while the window shows the same gallery."""
        return self._session.server == self._server

    def _want(self, video: Video) -> None:
        self._wanted.add(video.id)
        self._player.say(video, "download asked for")
        self._orders.fetch([video], server=self._server)

    def _moved(self, videos: Collection[str]) -> None:
        video = self._player.video
        if self.current and video.id in self._wanted and video.id in videos:
            standing = self._states.of(video.id)
            if standing.state is VideoState.FAILED:
                self._player.say(video, f"not downloaded: {standing.reason.partition(chr(10))[0]}")
            elif standing.state is VideoState.HERE:
                self._player.say(video, f"downloaded to {standing.path}")
            else:
                self._player.say(video, face(standing)[1])

    def _planned(self, _plan: object) -> None:
        if self._player.video.id in self._wanted:
            self._player.say(self._player.video, "not begun: the window shows the plan, and why")

    def _failed(self, error: ShotDockError) -> None:
        if self._player.video.id in self._wanted:
            self._player.say(self._player.video, error.title)
