"""Who may close a connection that two threads know: the one that uses it and the one that breaks it off."""

import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from desktop.core.errors import ConnectionLost, ShotDockError


class Line:
    """Guards one connection's sockets.

    sever: breaks the connection from any thread, so that whoever reads from it notices. hang_up: closes the
    sockets. Only who holds the line may hang up: another thread may still be reading, and the closed sockets'
    numbers could be another file's a moment later. Both are methods of what the line's owner holds, and who calls
    here holds the owner; nothing is kept for the line itself: a connection and its buffer go at once when they are let
    go, not when garbage is collected next.
    """

    def __init__(self, place: str, sever: Callable[[], None], hang_up: Callable[[], None]) -> None:
        self._place = place
        self._sever = weakref.WeakMethod(sever)
        self._hang_up = weakref.WeakMethod(hang_up)
        self._held = threading.Lock()
        self._closed = threading.Event()

    @property
    def closed(self) -> bool:
        """True after `close`, for good: whoever breaks off a connection may come before it was begun."""
        return self._closed.is_set()

    def close(self) -> None:
        """Break off whatever is going on; the sockets are closed here, or by who holds the line."""
        self._closed.set()
        sever = self._sever()
        assert sever is not None
        sever()
        self._tidy()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the line; raise ConnectionLost, whatever went wrong, if it was closed meanwhile."""
        try:
            with self._held:
                self.check()
                yield
        except ShotDockError:
            self.check()
            raise
        finally:
            if self.closed:
                self._tidy()

    def check(self) -> None:
        """Raise ConnectionLost if the line was closed."""
        if self.closed:
            raise ConnectionLost(
                title=f"The connection to {self._place} was closed here.",
                cause="Someone stopped the transfer.",
                suggestion="Start it again to go on from the byte reached.",
                path=self._place,
            )

    def _tidy(self) -> None:
        if self._held.acquire(blocking=False):
            try:
                hang_up = self._hang_up()
                assert hang_up is not None
                hang_up()
            finally:
                self._held.release()
