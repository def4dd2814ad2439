"""A video on its way to the player: who was asked last is heard, earlier answers are not."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from desktop.core.errors import ShotDockError
from desktop.core.gallery import Video
from desktop.ui.formats import Formats
from desktop.ui.videos import Fetch, VideoProvider


class Delivery(QObject):
    """Asks the provider for one video at a time.

    Signals: arrived (Path), lost (ShotDockError), moved (words, and the part fetched, 0 to 1, None if unknown).
    """

    arrived = Signal(object)
    lost = Signal(object)
    moved = Signal(str, object)

    def __init__(self, provider: VideoProvider, formats: Formats, parent: QObject) -> None:
        super().__init__(parent)
        self._provider, self._formats = provider, formats
        self._fetch: Fetch | None = None
        self._turn = 0
        self.under_way = False
        self.source = ""

    def ask(self, video: Video) -> None:
        """Ask for a video, and for no other any more."""
        self.cancel()
        self.under_way, self.source = True, "on disk"
        turn = self._turn
        fetch = self._provider.open(
            video, partial(self._ready, turn), partial(self._progress, turn), partial(self._failed, turn)
        )
        if turn == self._turn and self.under_way:
            self._fetch = fetch

    def cancel(self) -> None:
        """Ask for nothing any more."""
        self._turn += 1
        self.under_way = False
        if self._fetch is not None:
            fetch, self._fetch = self._fetch, None
            fetch.cancel()

    def _progress(self, turn: int, done: int, total: int | None) -> None:
        if turn == self._turn:
            self.source = "fetched"
            size = self._formats.size
            part = min(1.0, done / total) if total else None
            words = (
                f"fetching, {size(done)} so far" if part is None else f"fetching {int(part * 100)} % of {size(total)}"
            )
            self.moved.emit(words, part)

    def _ready(self, turn: int, path: Path) -> None:
        if turn == self._turn:
            self.under_way, self._fetch = False, None
            self.arrived.emit(path)

    def _failed(self, turn: int, error: ShotDockError) -> None:
        if turn == self._turn:
            self.under_way, self._fetch = False, None
            self.lost.emit(error)
