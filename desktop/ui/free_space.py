"""How much room a destination has, asked off the window's thread: a dead mount must not freeze it."""

import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, SignalInstance, Slot

from desktop.work.pool import Pool

REFRESH_EVERY = 15_000
"""Milliseconds between two looks at the disk."""


@dataclass(frozen=True, slots=True)
class Room:
    """What is known of a destination. free, total: bytes, None if they cannot be told."""

    path: Path
    free: int | None = None
    total: int | None = None
    is_file: bool = False


def _tell(path: Path, tell: SignalInstance) -> None:
    tell.emit(look(path))


def look(path: Path) -> Room:
    """Return the room at a path that need not exist yet."""
    for folder in (path, *path.parents):
        try:
            usage = shutil.disk_usage(folder)
            return Room(path, usage.free, usage.total, path.is_file())
        except OSError:
            continue  # not there, not mounted or not ours: the folder above may answer
    return Room(path)


class Destination(QObject):
    """The folder everything goes to, shared by the tabs. `changed` tells a new path, `measured` its room."""

    changed = Signal(object)
    measured = Signal(object)
    _looked = Signal(object)

    def __init__(self, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.path = path
        self.room = Room(path)
        self._pool = Pool(1, self)
        self._busy = False
        self._looked.connect(self._take)
        self._timer = QTimer(self)
        self._timer.setInterval(REFRESH_EVERY)
        self._timer.timeout.connect(self.refresh)
        self._timer.start()

    def use(self, path: Path) -> None:
        """Make path the destination."""
        if path != self.path:
            self.path = path
            self.room = Room(path)
            self._busy = False
            self.changed.emit(path)
            self.refresh()

    def refresh(self) -> None:
        """Look at the disk again, unless a look is still under way (a mount may hang)."""
        if not self._busy:
            self._busy = True
            self._pool.start(partial(_tell, self.path, self._looked))

    def close(self) -> None:
        """Stop looking."""
        self._timer.stop()
        self._pool.clear()
        self._pool.wait(2000)

    @Slot(object)
    def _take(self, room: Room) -> None:
        if room.path == self.path:
            self._busy = False
            self.room = room
            self.measured.emit(room)
