"""What the gallery tab works on: one server's list of videos, and which of them lie on this machine."""

import time
from collections.abc import Mapping
from enum import Enum, auto
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from desktop.core.errors import ShotDockError
from desktop.core.gallery import Video
from desktop.work.background import Work
from desktop.work.gallery import GalleryDesk


class Phase(Enum):
    """What there is to show. BROKEN: the server gave no list, and there is none from before."""

    NOTHING = auto()
    LOADING = auto()
    EMPTY = auto()
    READY = auto()
    BROKEN = auto()


class GallerySession(QObject):
    """Signals: phased (the phase is another), listed (videos), placed (video id -> file), failed (error).

    A server's last list is kept while the window is open, so that it can be looked at when the server is away.
    """

    phased = Signal()
    listed = Signal(object)
    placed = Signal(object)
    failed = Signal(object)

    def __init__(self, gallery: GalleryDesk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._gallery = gallery
        self._asking: Work | None = None
        self._looking: Work | None = None
        self._lists: dict[str, tuple[tuple[Video, ...], float]] = {}
        self.server = ""
        self.destination: Path | None = None
        self.videos: tuple[Video, ...] = ()
        self.seen: float | None = None
        self.phase = Phase.NOTHING
        self.error: ShotDockError | None = None

    @property
    def asking(self) -> bool:
        """True while the server is being asked for its list."""
        return self._asking is not None

    def open(self, server: str) -> None:
        """Show a server: its last list at once if there is one, a fresh one soon after."""
        self.stop()
        self.server, self.error = server, None
        self.videos, self.seen = self._lists.get(server, ((), None))
        self.listed.emit(self.videos)
        self._go(Phase.READY if self.videos else Phase.LOADING if server else Phase.NOTHING)
        self.refresh()

    def refresh(self) -> None:
        """Ask the server for its list again."""
        if not self.server or self._asking is not None:
            return
        server = self.server

        def listed(videos: tuple[Video, ...]) -> None:
            self._asking, self.error = None, None
            self.videos, self.seen = videos, time.time()
            self._lists[server] = (videos, self.seen)
            self.listed.emit(videos)
            self._go(Phase.READY if videos else Phase.EMPTY)
            self.look()

        def failed(error: ShotDockError) -> None:
            self._asking, self.error = None, error
            self._go(Phase.READY if self.videos else Phase.BROKEN)
            self.failed.emit(error)

        self._asking = self._gallery.videos(server, listed, failed)
        self._go(self.phase if self.videos else Phase.LOADING)

    def look_in(self, destination: Path) -> None:
        """Look for the videos in another destination."""
        self.destination = destination
        self.look()

    def look(self) -> None:
        """Look which videos lie on this machine."""
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
        if self.videos:
            self._looking = self._gallery.whereabouts(self.server, self.videos, self.destination, self._found)

    def stop(self) -> None:
        """Give up what is under way."""
        for work in (self._asking, self._looking):
            if work is not None:
                work.cancel()
        self._asking = self._looking = None

    def _found(self, here: Mapping[str, Path]) -> None:
        self._looking = None
        self.placed.emit(here)

    def _go(self, phase: Phase) -> None:
        self.phase = phase
        self.phased.emit()
