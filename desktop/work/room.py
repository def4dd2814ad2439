"""Waiting for room: whether a disk that was full can take more by now is looked at, now and then, without a try."""

from dataclasses import dataclass

from PySide6.QtCore import SignalInstance

from desktop.core.causes import FULL, WORDS
from desktop.core.errors import DiskFull
from desktop.core.units import format_bytes
from desktop.transfer.disk import has_room
from desktop.transfer.download import Download
from desktop.transfer.names import shown
from desktop.transfer.partfile import split

LOOK = 30.0
"""Seconds between two looks whether a full disk has room again."""
TRY = 300.0
"""Seconds after which a task tries again whose quota is used up, or whose disk refuses though it says it has room:
nothing short of a try tells whether that has passed."""
SPARE = 64 * 1024
"""Bytes of room wanted beyond the file's own, for its journal."""


@dataclass(frozen=True, slots=True)
class Shortage:
    """What a disk had no room for. size: bytes that the file still needs."""

    target: str
    size: int
    error: DiskFull

    @classmethod
    def of(cls, download: Download, error: DiskFull) -> "Shortage":
        """Return what a download that ended for lack of room was short of."""
        return cls(str(download.job.target), max(0, (download.size or 0) - download.on_disk) + SPARE, error)

    def over(self) -> bool | None:
        """Tell whether the disk has room by now; None if only a try can tell."""
        return has_room(self.target, self.size, self.error)

    @property
    def words(self) -> str:
        """Return what is waited for, in words."""
        folder, name = split(self.target)
        return (
            f"{WORDS[FULL]}: There is no room left for {shown(name)}. "
            f"{format_bytes(self.size)} more are needed in {shown(folder)}; what came is kept."
        )


def look(task_id: int, short: Shortage, found: SignalInstance) -> None:
    """Say whether a shortage is over, on a pool's thread: a share that hangs is nobody else's trouble."""
    found.emit((task_id, short, short.over()))
