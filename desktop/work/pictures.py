"""Fetch pictures for the window: a few at once, the latest asked for first, each kept on disk."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.core.errors import Ask, NotFound, NotTheFile, Retry, ShotDockError, Stop, Stopped
from desktop.core.gallery import Video
from desktop.studio.gallery import open_source
from desktop.studio.gallery.links import GalleryLinks
from desktop.studio.gallery.names import lasting_path
from desktop.transfer.ports import Site
from desktop.work.background import Background, Failed, Work
from desktop.work.disk_cache import DiskCache
from desktop.work.sites import Server, Sites

if TYPE_CHECKING:
    from desktop.transfer.sources.http import HttpSource

MOST_ON_DISK = 200 << 20
"""Bytes of all pictures kept."""
MOST_BYTES = 8 << 20
"""Bytes of one picture."""
AT_ONCE = 4

_STARTS = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\x00", b"MM\x00*")


@dataclass(frozen=True, slots=True)
class _Wish:
    server: str
    video: Video
    work: Work
    then: Callable[[bytes], None]
    failed: Failed


class Pictures:
    """Used on one thread; the fetching is done on others."""

    def __init__(self, background: Background, sites: Sites, folder: Path) -> None:
        """folder: where pictures are kept."""
        self._background, self._sites = background, sites
        self._cache = DiskCache(folder, MOST_ON_DISK)
        self._waiting: list[_Wish] = []
        self._under_way = 0
        self._lock = threading.Lock()
        self._idle: list[tuple[HttpSource, Site]] = []

    def ask(self, server: str, video: Video, then: Callable[[bytes], None], failed: Failed) -> Work:
        """Ask for a video's picture; see `GalleryDesk.thumbnail`."""
        wish = _Wish(server, video, Work(), then, failed)
        self._waiting.append(wish)
        self._feed()
        return wish.work

    def close(self) -> None:
        """Hang up the connections that rest, once nothing runs any more."""
        while self._idle:
            self._idle.pop()[0].close()

    def _feed(self) -> None:
        self._waiting = [wish for wish in self._waiting if not wish.work.stopped()]
        while self._waiting and self._under_way < AT_ONCE:
            self._start(self._waiting.pop())

    def _start(self, wish: _Wish) -> None:
        self._under_way += 1

        def ended() -> bool:
            self._under_way -= 1
            self._feed()
            return not wish.work.stopped()

        def done(picture: bytes | None) -> None:
            if ended() and picture is not None:
                wish.then(picture)

        def broke(error: ShotDockError) -> None:
            if ended():
                wish.failed(error)

        self._background.run(lambda outer: self._bring(wish, outer), done, broke)

    def _bring(self, wish: _Wish, outer: Work) -> bytes | None:
        """Return the picture, None if nobody wants it any more."""
        outer.on_cancel(wish.work.cancel)  # the program ends
        try:
            return self._picture(wish)
        except Stopped:
            return None
        except ShotDockError:
            if wish.work.stopped():
                return None  # what was broken off here looks like a line that broke
            raise
        finally:
            wish.work.done()

    def _picture(self, wish: _Wish) -> bytes:
        server, video = self._sites.server(wish.server), wish.video
        key = "\n".join((server.site, server.base, video.id, video.thumbnail))
        picture = self._cache.get(key) if video.thumbnail else None
        if picture is None:
            if wish.work.stopped():
                raise Stopped
            picture = self._fetch(wish.work, server, video)
            self._cache.put(key, picture)
        return picture

    def _fetch(self, work: Work, server: Server, video: Video) -> bytes:
        """Fetch a picture; where its link has expired, by a fresh one."""
        links = self._sites.links(server.site)
        work.on_cancel(links.close)
        site = self._sites.site(server.site)
        source = self._rested(site)
        work.on_cancel(source.close)
        try:
            picture = self._healed(work, source, links, server.base, video)
        except BaseException:
            source.close()
            raise
        work.done()
        self._rest(source, site)
        return picture

    def _healed(self, work: Work, source: "HttpSource", links: GalleryLinks, base: str, video: Video) -> bytes:
        known = links.thumbnail(base, video.id, None)
        try:
            return self._by_link(source, known, video)
        except (Stop, Ask, Retry):
            fresh = links.thumbnail(base, video.id, known) if known and not work.stopped() else None
            if fresh is None:
                raise
            path = lasting_path(base, video.id)
            try:
                picture = self._by_link(source, fresh, video)
            except (Stop, Ask, Retry):
                links.vain(path)
                raise
            links.did(path, fresh)
            return picture

    def _by_link(self, source: "HttpSource", link: str | None, video: Video) -> bytes:
        if link is None:
            raise NotFound(title="This video has no picture.", path=video.thumbnail or video.id)
        picture = source.body(link, MOST_BYTES)
        if not (picture.startswith(_STARTS) or picture[8:12] == b"WEBP" or picture[4:12] == b"ftypavif"):
            raise NotTheFile(
                title="Something else came instead of a picture.",
                cause=f"Its {len(picture):,} bytes are none of the kinds that are known.",
                suggestion="Ask whoever runs the gallery to look at it.",
                path=video.thumbnail,
            )
        return picture

    def _rested(self, site: Site) -> "HttpSource":
        with self._lock:
            for place, (source, way) in enumerate(self._idle):
                if way == site:
                    del self._idle[place]
                    return source
        return open_source(site)

    def _rest(self, source: "HttpSource", site: Site) -> None:
        with self._lock:
            if len(self._idle) < AT_ONCE:
                self._idle.append((source, site))
                return
        source.close()
