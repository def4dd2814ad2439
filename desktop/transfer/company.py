"""Several connections to one site behind one source: they list a tree's folders side by side.

A server that answers one question at a time is asked by many. Whoever walks notices nothing: one thread pulls folders
out, says which to enter, and hears of them in any order, as `Source.walk` promises.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext

from desktop.core.errors import NotAllowed, NotFound, ShotDockError, Stopped
from desktop.core.media import Entry, EntryKind, Folder
from desktop.transfer.ports import Feed, Source
from desktop.transfer.walk import DEEPEST, too_deep

More = Callable[[], AbstractContextManager[Source] | None]
"""Offers one more source to connect, or None if none is to be had; entered on the thread that uses it."""

WORTH = 4
"""Folders that wait for each connection before one more is opened: to log in takes as long as a few listings."""
AHEAD = 64
"""Folders listed, and not yet pulled out, at which the connections wait."""
_TICK = 0.1

_log = logging.getLogger(__name__)

_Place = tuple[str, int]
"""A folder's path and its depth below the root."""


class Company:
    """A connected source that calls in others of its kind while it walks, as many as its protocol profits from."""

    def __init__(self, first: Source, more: More) -> None:
        """more: asked whenever enough folders wait."""
        self.features = first.features
        self._first = first
        self._more = more

    def connect(self) -> None:
        """Connect the first connection."""
        self._first.connect()

    def stat(self, path: str) -> Entry:
        """Return what is at path; see `Source.stat`."""
        return self._first.stat(path)

    def list(self, path: str) -> list[Entry]:
        """Return a folder's entries; see `Source.list`."""
        return self._first.list(path)

    def walk(self, root: str, enter: Callable[[Entry], bool], stopped: Callable[[], bool]) -> Iterator[Folder]:
        """Yield root and the folders below it that `enter` admits; see `Source.walk`.

        A connection that is lost gives the folder it was asked for to the others; the error of the last one raises.
        """
        most = self.features.listers
        with ThreadPoolExecutor(most, "lister") as pool:
            frontier = _Frontier(root, pool)
            frontier.employ(nullcontext(self._first), connected=True)
            try:
                while (found := frontier.take(stopped)) is not None:
                    (path, depth), entries = found
                    yield Folder(path, tuple(entries))
                    below = [entry.path for entry in entries if entry.kind is EntryKind.FOLDER and enter(entry)]
                    if below and depth >= DEEPEST:
                        raise too_deep(path)
                    frontier.put([(folder, depth + 1) for folder in reversed(below)])
                    while frontier.short_of_hands(most) and (helper := self._more()) is not None:
                        frontier.employ(helper)
            finally:
                frontier.end()

    def read(self, feed: Feed) -> None:
        """Carry pieces over the first connection; see `Source.read`."""
        self._first.read(feed)

    def close(self) -> None:
        """Hang up the first connection; the others are closed by who offered them."""
        self._first.close()


class _Frontier:
    """The folders that wait, those that were listed, and the connections that turn the one into the other."""

    def __init__(self, root: str, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self._waiting: list[_Place] = [(root, 0)]
        self._listed: deque[tuple[_Place, list[Entry]]] = deque()
        self._hands: list[Future[None]] = []
        self._helpers: list[Source] = []
        self._busy = self._gone = 0
        self._ended = False
        lock = threading.Lock()
        self._work = threading.Condition(lock)
        self._news = threading.Condition(lock)

    # For the thread that walks

    def employ(self, opened: AbstractContextManager[Source], connected: bool = False) -> None:
        """Have folders listed over one more connection."""
        self._hands.append(self._pool.submit(self._serve, opened, connected))

    def short_of_hands(self, most: int) -> bool:
        """Tell whether one more connection is worth its while; never after one was refused or lost."""
        hands = len(self._hands)
        with self._work:
            return hands < most and not self._gone and len(self._waiting) >= WORTH * hands

    def put(self, folders: Sequence[_Place]) -> None:
        """Have more folders listed, the last one first."""
        with self._work:
            self._waiting += folders
            self._work.notify(len(folders))

    def take(self, stopped: Callable[[], bool]) -> tuple[_Place, list[Entry]] | None:
        """Return the next listed folder, or None if that was the last one.

        Raises Stopped, and once no connection is left what ended the first one.
        """
        with self._work:
            while not stopped():
                if self._listed:
                    self._work.notify()
                    return self._listed.popleft()
                if not self._waiting and not self._busy:
                    return None
                if self._gone == len(self._hands):
                    break
                self._news.wait(_TICK)
            else:
                raise Stopped
        self._hands[0].result()
        return None

    def end(self) -> None:
        """Let the first connection go once it has listed what it is at, and the others at once.

        Nobody waits for a connection that hangs, or is still logging in, when there is nothing left to do for it.
        """
        with self._work:
            self._ended = True
            self._work.notify_all()
        for helper in self._helpers:
            helper.close()

    # For the connections' threads

    def _serve(self, opened: AbstractContextManager[Source], connected: bool) -> None:
        try:
            with opened as source:
                if not connected:
                    self._welcome(source)
                while (place := self._next()) is not None:
                    self._list(source, place)
        except ShotDockError as error:
            if not self._ended:
                _log.info("A connection was lost to a walk: %s", error)
            raise
        finally:
            with self._news:
                self._gone += 1
                self._news.notify()

    def _welcome(self, helper: Source) -> None:
        with self._work:
            if self._ended:
                raise Stopped
            self._helpers.append(helper)
        helper.connect()

    def _next(self) -> _Place | None:
        with self._work:
            while not self._ended:
                if self._waiting and len(self._listed) < AHEAD:
                    self._busy += 1
                    return self._waiting.pop()
                self._work.wait()
        return None

    def _list(self, source: Source, place: _Place) -> None:
        path, depth = place
        entries: list[Entry] | None = None
        try:
            entries = source.list(path)
        except (NotAllowed, NotFound):
            if not depth:
                raise
            # Its parent listed it: it keeps its contents to itself, or was removed meanwhile.
            entries = []
        finally:
            with self._work:
                self._busy -= 1
                if entries is None:
                    self._waiting.append(place)
                    self._work.notify()
                else:
                    self._listed.append((place, entries))
                    self._news.notify()
