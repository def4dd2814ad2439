"""Where the player gets its videos from: what it asks of whoever fetches them."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from desktop.core.errors import ShotDockError
from desktop.core.gallery import Video


class Fetch(Protocol):
    """A video on its way."""

    def cancel(self) -> None:
        """Stop; nothing is told after this. Has no effect once everything was told."""


class VideoProvider(Protocol):
    """Brings videos to this machine, or knows that they are here already."""

    def open(
        self,
        video: Video,
        ready: Callable[[Path], None],
        progress: Callable[[int, int | None], None],
        failed: Callable[[ShotDockError], None],
    ) -> Fetch:
        """Bring a video here without blocking; everything is told on the window's thread, at once or later.

        ready: the whole file on this machine. progress: bytes so far, and in all if known; never told for a file that
        is here already. After `ready` or `failed` nothing more is told.
        """
