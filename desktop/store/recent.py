"""Folders used as a destination lately."""

import time
from pathlib import Path

from desktop.store.access import Access, loaded
from desktop.store.tables import DestinationRow

KEPT = 12


class Recent:
    """The last destinations, the newest first."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def destinations(self) -> tuple[Path, ...]:
        """Return at most twelve folders, the newest first."""
        query = DestinationRow.select(DestinationRow.path).order_by(DestinationRow.used.desc()).limit(KEPT)
        return tuple(Path(loaded(path)) for (path,) in self._access.rows(query))

    def remember(self, path: Path) -> None:
        """Put a folder on top of the list; the oldest beyond twelve are forgotten."""
        with self._access.writing():
            # Newer than every other one, even if the clock was set back.
            newest = self._access.value("SELECT MAX(used) FROM destination")
            used = max(time.time(), (newest or 0.0) + 0.001)
            self._access.run(DestinationRow.insert(path=str(path), used=used).on_conflict_replace())
            kept = DestinationRow.select(DestinationRow.path).order_by(DestinationRow.used.desc()).limit(KEPT)
            self._access.run(DestinationRow.delete().where(DestinationRow.path.not_in(kept)))
