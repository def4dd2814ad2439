"""Pictures and videos behind a certificate nobody vouches for: said once, judged by a person, gone on with."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject

from desktop.core.errors import HostKeyUnknown, ShotDockError
from desktop.ui.doors import Doors
from desktop.ui.models.gallery_session import GallerySession
from desktop.ui.models.gallery_states import GalleryStates
from desktop.ui.models.thumbnails import Thumbnails
from desktop.ui.tab import Frame
from desktop.ui.widgets.card import CHECK, Cards
from desktop.work.background import Work


class GalleryDoubts(QObject):
    """Puts up the cards, opens the question, and fetches again what failed once it is answered with yes."""

    def __init__(
        self,
        frame: Frame,
        session: GallerySession,
        states: GalleryStates,
        thumbnails: Thumbnails,
        cards: Cards,
        doors: Doors,
    ) -> None:
        super().__init__(doors)
        self._frame, self._session, self._states = frame, session, states
        self._cards, self._doors = cards, doors
        self._meeting: Work | None = None
        thumbnails.doubted.connect(lambda error: cards.tell(error, (CHECK, partial(doors.ask_trust, error))))
        states.ended.connect(self._look)
        doors.trusted.connect(self._retry)

    def stop(self) -> None:
        """Ask nobody any more."""
        if self._meeting is not None:
            self._meeting.cancel()
            self._meeting = None

    def _look(self) -> None:
        """Put up a card for a download that was stopped by a certificate: its task knows the words alone."""
        for video, standing in self._states.doubted().items():
            title, cause, suggestion = (*standing.reason.split("\n"), "", "", "")[:3]
            if title not in self._cards.titles():
                self._cards.tell(ShotDockError(title, cause, suggestion), (CHECK, partial(self._meet, video)))

    def _meet(self, number: str) -> None:
        """Call where a video lies, to be shown its certificate."""
        video = next((one for one in self._session.videos if one.id == number), None)
        if video is None or self._meeting is not None:
            return

        def known(_path: Path | None = None) -> None:
            self.stop()
            self._doors.trusted.emit()

        def moved(done: int, _total: int | None) -> None:
            if done:
                known()  # somebody else trusted it meanwhile

        def failed(error: ShotDockError) -> None:
            self._meeting = None
            if isinstance(error, HostKeyUnknown):
                self._doors.ask_trust(error)
            else:
                self._cards.tell(error)

        self._meeting = self._frame.services.gallery.watch(self._session.server, video, known, moved, failed)

    def _retry(self) -> None:
        tasks = {one.task for one in self._states.doubted().values() if one.task is not None}
        if tasks:
            self._frame.services.tasks.retry(tasks)
