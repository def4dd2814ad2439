"""What the shot tab works on: one connection's structure, compared with one destination."""

from enum import Enum, auto
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from desktop.core.errors import ShotDockError
from desktop.core.media import Compared, ScanProgress, Structure
from desktop.work.background import Work
from desktop.work.library import Library


class Phase(Enum):
    """What there is to show."""

    NOTHING = auto()
    OPENING = auto()
    UNSCANNED = auto()
    SCANNING = auto()
    EMPTY = auto()
    READY = auto()


class ShotSession(QObject):
    """Signals: phased (the phase is another), compared (rows), progressed (ScanProgress), failed (error, at what)."""

    phased = Signal()
    compared = Signal(object)
    progressed = Signal(object)
    failed = Signal(object, str)

    def __init__(self, library: Library, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._library = library
        self._scan: Work | None = None
        self._compare: Work | None = None
        self.connection = ""
        self.destination: Path | None = None
        self.structure: Structure | None = None
        self.phase = Phase.NOTHING
        self.offline = False
        self.fresh = False

    @property
    def scanning(self) -> bool:
        """True while the server's tree is being read."""
        return self._scan is not None

    def open(self, connection: str) -> None:
        """Show a connection: its cached structure at once, a fresh one soon after."""
        self.stop()
        self.connection = connection
        self.structure = None
        self.offline = self.fresh = False
        self.compared.emit([])
        self._go(Phase.OPENING if connection else Phase.NOTHING)
        if connection:
            self._library.cached(
                connection,
                lambda structure: self._cached(connection, structure),
                lambda error: self._not_read(connection, error),
            )

    def rescan(self) -> None:
        """Read the server's tree again."""
        if not self.connection or self._scan is not None:
            return
        name = self.connection
        self._scan = self._library.scan(
            name,
            lambda structure: self._scanned(name, structure),
            lambda error: self._scan_failed(name, error),
            self.progressed.emit,
        )
        self._go(Phase.SCANNING if self.structure is None else self.phase)

    def stop(self) -> None:
        """Give up a scan and a comparison that are under way."""
        for work in (self._scan, self._compare):
            if work is not None:
                work.cancel()
        self._scan = self._compare = None

    def stop_scan(self) -> None:
        """Give up a scan that is under way; what was known stays."""
        if self._scan is not None:
            self._scan.cancel()
            self._scan = None
            self._go(Phase.UNSCANNED if self.structure is None else self.phase)

    def compare_with(self, destination: Path) -> None:
        """Compare with another destination."""
        self.destination = destination
        self.compare()

    def compare(self) -> None:
        """Compare again, e.g. after a task brought something."""
        if self.structure is None or self.destination is None:
            return
        if self._compare is not None:
            self._compare.cancel()
        self._compare = self._library.compare(
            self.structure, self.destination, self._compared, lambda error: self._compare_failed(error)
        )

    def _cached(self, connection: str, structure: Structure | None) -> None:
        if connection != self.connection or self.structure is not None:
            return
        if structure is not None:
            self._take(structure)
        else:
            self._go(Phase.UNSCANNED)
        self.rescan()

    def _not_read(self, connection: str, error: ShotDockError) -> None:
        """Tell that what is known of the tree cannot be read, and read the tree itself."""
        if connection == self.connection:
            self.failed.emit(error, "open")
            self._cached(connection, None)

    def _scanned(self, connection: str, structure: Structure) -> None:
        if connection == self.connection:
            self._scan = None
            self.offline, self.fresh = False, True
            self._take(structure)

    def _scan_failed(self, connection: str, error: ShotDockError) -> None:
        if connection == self.connection:
            self._scan = None
            self.offline = True
            self._go(Phase.UNSCANNED if self.structure is None else self.phase)
            self.failed.emit(error, "scan")

    def _take(self, structure: Structure) -> None:
        self.structure = structure
        self._go(Phase.READY if structure.publications else Phase.EMPTY)
        self.compare()

    def _compared(self, rows: list[Compared]) -> None:
        self._compare = None
        self.compared.emit(rows)

    def _compare_failed(self, error: ShotDockError) -> None:
        self._compare = None
        self.failed.emit(error, "compare")

    def _go(self, phase: Phase) -> None:
        self.phase = phase
        self.phased.emit()


def progress_words(progress: ScanProgress) -> str:
    """Return a scan's counters as a sentence."""
    return f"{progress.shots} shots, {progress.files} files in {progress.folders} folders"
