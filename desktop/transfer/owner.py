"""What a download needs of its run."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from desktop.core.errors import DiskFull
from desktop.transfer.folders import Folders
from desktop.transfer.jobs import JobDone
from desktop.transfer.ports import ConflictStrategy
from desktop.transfer.retry import Patience
from desktop.transfer.spans import Span

D = TypeVar("D", contravariant=True)
"""The kind of download."""


class Owner(Protocol[D]):
    """What a download needs of its run."""

    token: str
    conflict: ConflictStrategy
    patience: Patience
    verify: bool
    folders: Folders

    def requeue(self, download: D, spans: list[Span], delay: float | None = None) -> None:
        """Hand ranges out (again), before everything else of the site; after delay seconds, if given, behind it."""

    def commit(self, download: D) -> None:
        """Have a complete file committed, soon, on another thread."""

    def background(self, call: Callable[[], None]) -> None:
        """Have a call that may block made, soon, on another thread."""

    def full(self, error: DiskFull, download: D) -> None:
        """Note that the disk is full, so that no other job takes what little room is left. download: it had no room."""

    def end(self, download: D, done: JobDone) -> None:
        """Note how the job ended."""
