"""The pieces a file is fetched in, as a source sees them, and the feed a lane pulls them from."""

from collections.abc import Callable
from typing import Protocol

from desktop.core.errors import ConnectionLost, ShotDockError, Stopped
from desktop.core.media import Entry
from desktop.transfer.budget import HostBudget
from desktop.transfer.download import Download
from desktop.transfer.ports import Buffer, Features, Source
from desktop.transfer.spans import SHARE_FROM, Span


class FilePiece:
    """A range of a file under way; see `ports.Piece` for how a source uses it."""

    __slots__ = ("_download", "_end", "_feed", "_span", "_stop", "file", "query", "start")

    def __init__(self, download: Download, feed: "LaneFeed", span: Span) -> None:
        self._download, self._feed, self._span = download, feed, span
        self.file: Entry = download.facts
        self.query = download.job.query
        span.carried = True
        self.start = span.start
        self._stop = span.stop
        # A range that reaches the end is asked for without one: the server's own end of file is heard then.
        self._end = None if span.stop == download.size else span.stop

    @property
    def end(self) -> int | None:
        """Return where the range ends, None at the end of the file."""
        stop = self._span.stop
        return self._end if stop == self._stop else stop

    @property
    def suspect(self) -> bool:
        """True if its file may be what breaks connections."""
        return self._download.suspect

    @property
    def stopped(self) -> bool:
        """True if no more bytes are wanted."""
        return self._span.ended or self._feed.stopped

    def portion(self, most: int) -> int:
        """Return how many bytes to read at once, at most `most`: fewer under a limit."""
        return self._feed.portion(most)

    def opened(self, now: Entry) -> None:
        """Compare what the source opened with what was planned; may be called again to compare once more."""
        try:
            if self.stopped:
                raise Stopped
            self._download.opened(self._span, now)
            self._feed.opened(self._download)
        except (Stopped, ShotDockError):
            self._feed.out.pop(self, None)
            raise

    def write(self, offset: int, data: Buffer) -> None:
        """Put data at offset, no faster than the limits allow."""
        try:
            if self._span.ended or self._feed.stopped:
                raise Stopped
            count = len(data)
            self._feed.count(count)
            self._download.put(self._span, offset, data, count)
        except (Stopped, ShotDockError):
            self._feed.out.pop(self, None)
            raise

    def finished(self) -> None:
        """Take the range as complete if every byte of it is there."""
        self._feed.out.pop(self, None)
        self._download.finished(self._span)

    def failed(self, error: Exception) -> None:
        """Try again, start over or give up, as the error asks."""
        self._feed.out.pop(self, None)
        assert isinstance(error, ShotDockError), f"a source gave {error!r} without converting it"
        self._download.failed(self._span, error)

    def hand_back(self, error: ShotDockError, counts: bool) -> None:
        """Give the piece back, its connection being lost. counts: whether this is a fruitless try of the file."""
        self._download.hand_back(self._span, error, counts)


class Hands(Protocol):
    """What a feed needs of its run. wake: tells that further lanes may find something to do."""

    wake: Callable[[], None]

    @property
    def stopped(self) -> bool:
        """True once the run was stopped."""

    def portion(self, most: int) -> int:
        """Return how many bytes to read at once."""

    def connected(self, site: str, features: Features) -> None:
        """Note what a source of the site can do."""

    def take(self, feed: "LaneFeed") -> FilePiece | None:
        """Return the next piece for a lane, or None."""

    def pace(self, count: int) -> None:
        """Wait until count bytes may pass; raise Stopped."""


class LaneFeed:
    """Where one lane's source pulls its pieces from; remembers which are out, oldest first.

    ranges: whether the source can start at any byte; without it nothing is resumed. progress: bytes that came.
    begun: whether it got a piece since it set out for the server. source: the one that pulls, once it is connected.
    host: what the server bears; while it wants to be left alone there is nothing to do.
    """

    def __init__(self, run: Hands, site: str) -> None:
        self._run = run
        self.site = site
        self.ranges = True
        self.progress = 0
        self.begun = False
        self._opened = False
        self.host: HostBudget | None = None
        self.source: Source | None = None
        self.out: dict[FilePiece, None] = {}

    @property
    def stopped(self) -> bool:
        """True once the run was stopped."""
        return self._run.stopped

    def next(self) -> FilePiece | None:
        """Return the next piece, or None if there is nothing (more) to do now."""
        if self.host is not None and self.host.resting > 0:
            return None
        if len(self.out) == 1 and next(iter(self.out)).suspect:
            # Alone, so that no other file is blamed for what it does.
            return None
        piece = self._run.take(self)
        if piece is not None:
            self.begun = True
            self.out[piece] = None
        return piece

    def opened(self, download: Download) -> None:
        """Note that a file is open: from the first on it is known what the server can do, and a large one is shared."""
        if not self._opened or (download.size or 0) >= SHARE_FROM:
            self._opened = True
            if self.source is not None:
                self._run.connected(self.site, self.source.features)
            self._run.wake()

    def portion(self, most: int) -> int:
        """Return how many bytes to read at once under the limits; most: without any."""
        return self._run.portion(most)

    def count(self, count: int) -> None:
        """Note bytes that arrived, and wait as long as the limits ask."""
        self._run.pace(count)
        self.progress += count

    def hand_back(self, error: ShotDockError | None = None) -> None:
        """Hand out again what is out: the connection is gone, or its source left the pieces lying.

        Only the oldest one is held responsible for a connection that broke: a pipelined source had asked for
        the others, and the server was not there yet.
        """
        pieces, self.out = [piece for piece in self.out if not piece.stopped], {}
        reason = error or ConnectionLost("The connection ended before the file did.", path=self.site)
        for index, piece in reversed(list(enumerate(pieces))):
            piece.hand_back(reason, counts=index == 0)
