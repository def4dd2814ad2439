"""The user's settings, shared: read at once, changed in one place, saved off the window's thread."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from desktop import settings as settings_file
from desktop.places import Places
from desktop.settings import Settings
from desktop.store.database import Store
from desktop.work.background import Desk, Mailbox
from desktop.work.queue import Queue


class SettingsBox(QObject):
    """Holds the current settings; `changed` tells that they are others now."""

    changed = Signal()

    def __init__(
        self,
        value: Settings,
        recent: tuple[Path, ...],
        places: Places,
        parts: tuple[Desk, Mailbox, Store, Queue],
    ) -> None:
        """parts: where settings are kept and used."""
        super().__init__()
        self.value = value
        self._recent = recent
        self._places = places
        self._desk, self._answers, self._store, self._queue = parts

    def update(self, **changes: object) -> None:
        """Change settings by name, use them from now on and save them. Raise UsageError for a bad value."""
        value = replace(self.value, **changes)  # type: ignore[arg-type]  # checked by Settings itself
        self.value = value
        self._desk.mailbox.post(lambda: self._keep(value))
        self.changed.emit()

    def recent(self) -> tuple[Path, ...]:
        """Return the destinations used lately, the newest first."""
        return self._recent

    def remember(self, destination: Path) -> None:
        """Put a destination on top of the recent ones."""
        self._recent = (destination, *(path for path in self._recent if path != destination))[:12]
        self._desk.mailbox.post(lambda: self._store.recent.remember(destination))

    def _keep(self, value: Settings) -> None:
        self._queue.apply(value)
        settings_file.save(value, self._places)
