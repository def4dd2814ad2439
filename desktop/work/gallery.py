"""Finished videos: a server's list of them, their pictures, what to fetch, what is here, and something to play."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.core.errors import ShotDockError
from desktop.core.gallery import PREFIX, Video
from desktop.core.plan import Plan, Request
from desktop.core.task import Brought
from desktop.places import Places
from desktop.store import secrets
from desktop.store.database import Store
from desktop.studio.gallery.plan import missing, plan_videos, whereabouts
from desktop.transfer.pace import Pace
from desktop.transfer.run import Run
from desktop.work.background import Background, Desk, Failed, Mailbox, Work
from desktop.work.pictures import Pictures
from desktop.work.sites import Server, Sites
from desktop.work.watching import Watching

T = TypeVar("T")

PROGRESS_EVERY = 200
"""Milliseconds between two looks at how far a video for the player is."""

log = logging.getLogger(__name__)


class GalleryDesk(QObject):
    """The galleries of web servers; every call returns at once, answers come on the thread that asked.

    server: a saved connection's name, or the URL the gallery's API lies under. Its links are kept in memory, so that
    transfers use them; what is wrong with a server (UsageError, NotFound for a name) goes to `failed` like the rest.

    Signals: remarked (str), what was left out of a list that was odd; renewed (server, video id), a transfer's link had
    expired and was replaced.
    """

    remarked = Signal(str)
    renewed = Signal(str, str)

    def __init__(
        self,
        parts: tuple[Desk, Mailbox, Store],
        background: Background,
        sites: Sites,
        places: Places,
        pace: Pace,
    ) -> None:
        """pace: the limit that everything keeps together."""
        super().__init__()
        self._desk, self._answers, self._store = parts
        self._background, self._sites = background, sites
        sites.hear_renewals(lambda server, video: self._answers.post(lambda: self.renewed.emit(server, video)))
        self._pictures = Pictures(background, sites, places.cache / "thumbnails")
        self._watching = Watching(sites, pace, places.cache / "videos")

    def videos(self, server: str, then: Callable[[tuple[Video, ...]], None], failed: Failed) -> Work:
        """Ask for the list, in the server's order.

        failed: Unreachable, LoginFailed, NotAllowed, HostKeyUnknown (ask, `connections.trust`, ask again), RootMissing
        where there is no gallery, NotTheFile for an answer that is no list.
        """

        def ask(work: Work) -> tuple[Video, ...]:
            place = self._sites.server(server)
            links = self._sites.links(place.site)
            work.on_cancel(links.close)
            listing = links.listing(place.base)
            for remark in listing.remarks:
                log.warning("%s: %s", server, remark)
                self._answers.post(partial(self.remarked.emit, remark))
            return listing.videos

        return self._background.run(ask, then, failed)

    def thumbnail(self, server: str, video: Video, then: Callable[[bytes], None], failed: Failed) -> Work:
        """Ask for a video's picture, as encoded bytes (JPEG, PNG ...), from the disk if it was seen before.

        Of many that wait the latest asked for comes first; cancel those that scrolled away. failed: NotFound if
        there is none, NotTheFile for what is no picture or larger than 8 MiB.
        """
        return self._pictures.ask(server, video, then, failed)

    def plan(
        self,
        server: str,
        videos: Sequence[Video],
        request: Request,
        then: Callable[[Plan], None],
        failed: Failed,
        unknown: Sequence[str] = (),
        missing_only: bool = False,
    ) -> Work:
        """Plan to fetch these videos, an item for each; nothing is touched. `services.tasks.submit` runs the plan.

        request: destination, conflict, options and name count. unknown: ids that somebody asked for and no list has;
        they are planned as files that cannot come. missing_only: leave out those that lie whole in the destination,
        whatever the conflict strategy. An item's message tells if the video's own name is another's.
        """
        chosen, strangers = tuple(videos), tuple(unknown)

        def make(_work: Work, place: Server, brought: tuple[Brought, ...]) -> Plan:
            wanted = missing(chosen, place.base, request.destination, brought) if missing_only else chosen
            return plan_videos(wanted, place.site, place.base, request, brought, strangers)

        return self._with_brought(server, make, then, failed)

    def whereabouts(
        self,
        server: str,
        videos: Sequence[Video],
        destination: Path | None,
        then: Callable[[Mapping[str, Path]], None],
    ) -> Work:
        """Ask which of these videos lie whole on this machine: video id -> file.

        Known are those that a task brought here, anywhere, if they are still there with the size they came in; and
        those in `destination` under the video's own name with the size the list tells.
        """
        chosen = tuple(videos)

        def unknown(error: ShotDockError) -> None:
            log.warning("where the videos of %s lie cannot be told: %s", server, error)
            then({})

        return self._with_brought(
            server,
            lambda _work, place, brought: whereabouts(chosen, place.base, destination, brought),
            then,
            unknown,
        )

    def watch(
        self,
        server: str,
        video: Video,
        then: Callable[[Path], None],
        progress: Callable[[int, int | None], None],
        failed: Failed,
    ) -> Work:
        """Bring a video for the player: the file on disk if a task brought it, else fetched into a bounded cache.

        progress: (bytes here, bytes in all or None), about five times a second. Cancelled, it goes on from the byte
        reached when asked for again. No task is made of it.
        """
        runs: list[Run] = []
        timer = QTimer(self)

        def tell() -> None:
            if work.stopped():
                stop_telling()
            elif runs:
                counters = runs[-1].counters(every=False)
                progress(counters.transferred + counters.reused, video.bytes)

        def stop_telling() -> None:
            timer.stop()
            timer.deleteLater()

        def bring(inner: Work, place: Server, brought: tuple[Brought, ...]) -> Path:
            here = whereabouts((video,), place.base, None, brought)
            return here.get(video.id) or self._watching.bring(inner, place, video, runs.append)

        def done(path: Path) -> None:
            stop_telling()
            then(path)

        def broke(error: ShotDockError) -> None:
            stop_telling()
            failed(error)

        work = self._with_brought(server, bring, done, broke)
        timer.timeout.connect(tell)
        timer.start(PROGRESS_EVERY)
        return work

    def remember_token(self, server: str, token: str, keep: bool, then: Callable[[], None], failed: Failed) -> None:
        """Use the token for this server from now on; with keep, put it in the keyring too.

        token: a bearer token, or a whole line `Cookie: name=value`. Without a keyring `failed` gets NoSecretStore, and
        the token serves for this run of the program all the same.
        """
        try:
            site = self._sites.server(server).site
            origin = self._sites.site(site).address.origin
        except ShotDockError as error:
            failed(error)
            return
        self._sites.remember_password(site, token)
        if keep:
            self._background.run(lambda _work: secrets.set(origin, token), lambda _none: then(), failed)
        else:
            then()

    def close(self) -> None:
        """Hang up what rests, once nothing runs any more."""
        self._pictures.close()

    def _with_brought(
        self,
        server: str,
        call: Callable[[Work, Server, tuple[Brought, ...]], T],
        then: Callable[[T], None],
        failed: Failed,
    ) -> Work:
        """Run a call in the background that has to know what tasks brought from galleries, this server's above all."""
        work = Work()

        def tell(error: ShotDockError) -> None:
            if not work.stopped():
                failed(error)

        def load() -> None:
            try:
                place = self._sites.server(server)
                brought = self._told_apart(place.site, self._store.tasks.brought(PREFIX))
            except ShotDockError as error:
                reason = error
                self._answers.post(lambda: tell(reason))
                return
            self._answers.post(lambda: start(place, brought))

        def start(place: Server, brought: tuple[Brought, ...]) -> None:
            if not work.stopped():
                inner = self._background.run(lambda inner: call(inner, place, brought), then, failed)
                work.on_cancel(inner.cancel)

        self._desk.mailbox.post(load)
        return work

    def _told_apart(self, server: str, brought: Sequence[Brought]) -> tuple[Brought, ...]:
        """Return what came from galleries so that another server's video is never taken for one of this server.

        One server may have several names. What came from one that is not known any more is left out: it may be this.
        """
        ours = self._sites.servers((server,))
        servers = {site: self._sites.servers((site,)) for site in {one.site for one in brought}}
        return tuple(
            one if servers[one.site] == ours else replace(one, source=f"{one.site} {one.source}")
            for one in brought
            if servers[one.site]
        )
