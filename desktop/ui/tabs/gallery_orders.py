"""From selected videos to a task: what is meant, how much that is, the plan of it."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from desktop.core.gallery import Video
from desktop.core.plan import Plan, Request
from desktop.ui.models.gallery import GalleryModel, name_of
from desktop.ui.models.gallery_session import GallerySession
from desktop.ui.models.gallery_states import GalleryStates
from desktop.ui.orders import Again, Orders
from desktop.ui.tab import Frame
from desktop.ui.widgets.gallery_views import GalleryViews
from desktop.ui.widgets.order_bar import OrderBar
from desktop.ui.widgets.video_card import can_fetch
from desktop.work.background import Failed, Work


class GalleryOrders(Orders):
    """Orders of videos."""

    def __init__(
        self,
        frame: Frame,
        session: GallerySession,
        states: GalleryStates,
        model: GalleryModel,
        views: GalleryViews,
        bar: OrderBar,
    ) -> None:
        super().__init__(frame, bar)
        self._session, self._states, self._model, self._views, self._bar = session, states, model, views, bar

    def meant(self) -> tuple[Video, ...]:
        """Return the selected videos not on their way, or of those shown whatever is neither here nor on its way."""
        chosen = self._views.chosen()
        if chosen:
            return self._still(chosen, self.frame.destination.path)
        return tuple(v for row, v in enumerate(self._model.rows()) if can_fetch(self._model.standing(row)))

    def fetch(self, videos: Sequence[Video], into: Path | None = None, server: str = "") -> None:
        """Download these videos, whatever is selected. into: another folder than the destination.

        server: another gallery than the one that is shown. What is on its way there is not asked for twice.
        """
        # Both are those of now: the plan may have to wait for others, and the window shows another gallery by then.
        server, into = server or self._session.server, into or self.frame.destination.path
        wanted = self._still(videos, into) if server == self._session.server else tuple(videos)
        self.download_by(partial(self._ask, server, wanted, into))

    def _still(self, videos: Sequence[Video], into: Path) -> tuple[Video, ...]:
        return tuple(video for video in videos if self._states.bound_for(video.id) != into)

    def tell(self) -> None:
        """Say in the bar how much is meant."""
        formats, videos = self.frame.formats, self.meant()
        size = sum(video.bytes or 0 for video in videos)
        parts = [formats.counted(len(videos), "video"), formats.size(size)]
        left = self.left(size)
        if left is not None:
            parts.append(f"about {formats.left(left)}")
        self._bar.say(parts, self._which(len(videos)), len(videos), size, bool(self._model.rows()))

    def ask(self, then: Callable[[Plan], None], failed: Failed) -> Work | None:
        """Ask for a plan of what is meant."""
        return self._ask(self._session.server, self.meant(), self.frame.destination.path, then, failed)

    def _ask(
        self, server: str, videos: tuple[Video, ...], into: Path, then: Callable[[Plan], None], failed: Failed
    ) -> Work | None:
        if not server or not videos:
            return None
        return self.frame.services.gallery.plan(server, videos, self._request(server, videos, into), then, failed)

    def _request(self, server: str, videos: Sequence[Video], into: Path) -> Request:
        """Return the wish for these videos, or for whatever the server has."""
        count = f"{len(videos)} videos" if videos else "all videos"
        return Request(
            connection=server,
            destination=into,
            conflict=self._bar.conflicts.name(),
            options=self.frame.services.settings.value.options,
            name=name_of(videos[0]) if len(videos) == 1 else f"{server} ({count})",
        )

    def routine(self) -> Again | None:
        """Return the selected videos as a wish; without a selection, everything the gallery will have."""
        chosen, server = self._views.chosen(), self._session.server
        if not server:
            return None
        request = self._request(server, chosen, self.frame.destination.path)
        return Again(request, tuple(video.id for video in chosen))

    def taken(self) -> None:
        """Let the selection go."""
        self._views.list.clearSelection()

    def meaning(self) -> str:
        """Say what is meant."""
        chosen = self._views.chosen()
        what = "those of them that are" if chosen else f"what {self._session.server} has by then and is"
        return f"{self._which(len(self.meant()))}. What repeats brings {what} missing in the folder."

    def _which(self, count: int) -> str:
        formats = self.frame.formats
        selected, shown = len(self._views.chosen()), len(self._model.rows())
        if selected and not count:
            return "What is selected is on its way already"
        if selected:
            return f"{formats.counted(selected, 'video')} selected of {formats.count(shown)} shown"
        if not shown:
            return "No video is shown"
        if not count:
            return f"Everything of {formats.counted(shown, 'video')} shown is on this machine or on its way"
        return f"Nothing selected: of {formats.counted(shown, 'video')} shown all that are not here or on their way"
