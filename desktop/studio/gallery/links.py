"""Where a gallery's files lie just now: one list for every lane, asked for again when its links have expired."""

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from desktop.core.errors import ServerBusy, ShotDockError, Stopped
from desktop.studio.gallery.listing import Listing
from desktop.studio.gallery.names import read_lasting

if TYPE_CHECKING:
    from desktop.studio.gallery.client import Client

RESTING = 3.0
"""Seconds after a list that did not help, or none at all, in which it is not asked for again by transfers."""
_SLOW = 10
"""How many times as long as such a list took to come, or not to come, it is left alone if that is longer."""
_LOOK = 0.1
"""Seconds between two looks whether who waits for another's question was told to stop."""


class _Shelf:
    """The newest list of one gallery. lock: held by who asks for it.

    rest_until: monotonic seconds; until then nobody asks. taken: seconds of the last question. trouble:
    why, None if the list merely did not help. doubted_until: monotonic seconds; until then a list that came for the
    sake of a refused link, and of whose links none has opened yet, may turn out not to help.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.listing: Listing | None = None
        self.rest_until = 0.0
        self.taken = 0.0
        self.doubted_until = 0.0
        self.trouble: ShotDockError | None = None

    @property
    def pause(self) -> float:
        """Return for how many seconds to leave the list alone, now that it did not help."""
        return max(RESTING, _SLOW * self.taken)


class Gallery:
    """The galleries of one web server, by the path their APIs lie under. Used from any thread.

    open_client: returns a client for such a path, as whoever we are to the server now. renewed: hears the id of a video
    whose link was refused and is replaced by another, from whatever thread asked for it.
    """

    def __init__(self, open_client: "Callable[[str], Client]", renewed: Callable[[str], None]) -> None:
        self.open_client, self.renewed = open_client, renewed
        self._lock = threading.Lock()
        self._shelves: dict[str, _Shelf] = {}

    def shelf(self, base: str) -> _Shelf:
        """Return what is known of the gallery below base."""
        with self._lock:
            return self._shelves.setdefault(base, _Shelf())


class GalleryLinks:
    """The links of one server's galleries for one source, or for whoever else asks and may be told to stop.

    Many of them share a `Gallery`: of links that expired together, one question replaces all.
    """

    def __init__(self, gallery: Gallery) -> None:
        self._gallery = gallery
        self._client: Client | None = None
        self._closed = False

    def listing(self, base: str) -> Listing:
        """Ask for the list below base, whatever is known of it; raises what `Client.listing` does, Stopped."""
        shelf = self._gallery.shelf(base)
        self._enter(shelf)
        try:
            return self._ask(shelf, base)
        finally:
            shelf.lock.release()

    def link(self, path: str, refused: str | None) -> str | None:
        """Return the URL to ask for a video's file; see `ports.Links`."""
        base, video_id = read_lasting(path)
        found = self._newest(base, lambda listing: listing.links.get(video_id), refused)
        if refused is not None and found is not None:
            self._gallery.renewed(video_id)
        return found

    def thumbnail(self, base: str, video_id: str, refused: str | None) -> str | None:
        """Return the URL of a video's picture, as `link` does."""
        return self._newest(base, lambda listing: listing.thumbnails.get(video_id), refused)

    def did(self, path: str, url: str) -> None:
        """Note that a link opened; see `ports.Links`. Pictures have their videos' paths."""
        base, video_id = read_lasting(path)
        shelf = self._gallery.shelf(base)
        newest = shelf.listing
        if newest is not None and url in (newest.links.get(video_id), newest.thumbnails.get(video_id)):
            shelf.doubted_until = 0.0

    def vain(self, path: str) -> None:
        """Note that a fresh link did not do; see `ports.Links`. Pictures have their videos' paths."""
        shelf = self._gallery.shelf(read_lasting(path)[0])
        shelf.rest_until = max(shelf.rest_until, time.monotonic() + shelf.pause)

    def close(self) -> None:
        """Break off a question, from any thread, and ask no other."""
        self._closed = True
        if (client := self._client) is not None:
            client.close()

    def _newest(self, base: str, find: Callable[[Listing], str | None], refused: str | None) -> str | None:
        shelf = self._gallery.shelf(base)
        self._enter(shelf)
        try:
            # Refused links that are older than the newest list are answered by it.
            found = find(shelf.listing) if shelf.listing is not None else None
            if shelf.listing is not None and (refused is None or found != refused):
                return found
            if (left := shelf.rest_until - time.monotonic()) > 0:
                trouble = shelf.trouble
                if isinstance(trouble, ServerBusy):
                    raise ServerBusy(trouble.title, trouble.cause, trouble.suggestion, trouble.path, left)
                if trouble is not None:
                    raise trouble
                return None
            if refused is not None and time.monotonic() < shelf.doubted_until:
                # It was fresh, and so are those that others try just now: theirs will not do either.
                shelf.rest_until = time.monotonic() + shelf.pause
                return None
            found = find(self._ask(shelf, base))
            if refused is not None and found == refused:
                shelf.rest_until = time.monotonic() + shelf.pause
                return None
            shelf.doubted_until = 0.0 if refused is None else time.monotonic() + shelf.pause
            return found
        finally:
            shelf.lock.release()

    def _enter(self, shelf: _Shelf) -> None:
        """Take the shelf's lock; raise Stopped if this was closed before."""
        while not shelf.lock.acquire(timeout=_LOOK):
            self._check()
        try:
            self._check()
        except Stopped:
            shelf.lock.release()
            raise

    def _ask(self, shelf: _Shelf, base: str) -> Listing:
        client = self._client = self._gallery.open_client(base)
        began = time.monotonic()
        try:
            self._check()  # whoever closed this a moment ago did not see the client
            with client:
                shelf.listing = client.listing()
        except ShotDockError as error:
            shelf.taken = time.monotonic() - began
            wish = error.retry_after if isinstance(error, ServerBusy) else None
            shelf.rest_until, shelf.trouble = time.monotonic() + (shelf.pause if wish is None else wish), error
            raise
        finally:
            self._client = None
        shelf.taken = time.monotonic() - began
        shelf.rest_until, shelf.trouble = 0.0, None
        return shelf.listing

    def _check(self) -> None:
        if self._closed:
            raise Stopped
