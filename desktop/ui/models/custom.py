"""The table of chosen versions: Shot, Dept, Available, Local, Download."""

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QObject, Qt

from desktop.core.media import Compared
from desktop.ui.colours import Tone
from desktop.ui.formats import plain
from desktop.ui.models.columns import LEFT, NO_PARENT, Column, Index, Role
from desktop.ui.theme import Theme

COLUMNS = (
    Column("Shot", 0),
    Column("Dept", 96),
    Column("Available", 200, "Every version on the server, newest first"),
    Column("Local", 74, "The version you have"),
    Column("Download", 130, "The version to fetch"),
)
DOWNLOAD = 4
LEAVE_OUT = ""


class CustomModel(QAbstractTableModel):
    """One row a shot x department; `choice` per row is a version label or "" to leave it out."""

    def __init__(
        self, theme: Theme, rows: Sequence[Compared], custom: dict[tuple[str, str], str], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._rows = list(rows)
        self._choices = [
            custom.get((row.key.label, row.department), row.latest_version or LEAVE_OUT) for row in self._rows
        ]

    def choose(self, number: int, label: str) -> None:
        """Choose a version for one row."""
        self._choices[number] = label
        index = self.index(number, DOWNLOAD)
        self.dataChanged.emit(index, index)

    def set_all_latest(self) -> None:
        """Choose the latest version everywhere."""
        self._set([row.latest_version or LEAVE_OUT for row in self._rows])

    def set_all(self, label: str) -> int:
        """Choose one version everywhere; rows without it are left out. Return how many rows have it."""
        found = [row.publication.version(label) for row in self._rows]
        self._set([version.label if version else LEAVE_OUT for version in found])
        return sum(version is not None for version in found)

    def versions(self, number: int) -> tuple[str, ...]:
        """Return the versions of a row, newest first."""
        return tuple(reversed(self._rows[number].available_versions))

    def choices(self) -> dict[tuple[str, str], str]:
        """Return the table as a request takes it."""
        return {(row.key.label, row.department): choice for row, choice in zip(self._rows, self._choices, strict=True)}

    def taken(self) -> int:
        """Return how many rows will be fetched."""
        return sum(bool(choice) for choice in self._choices)

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        """Return the number of rows."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = NO_PARENT) -> int:
        """Return the number of columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> object:
        """Return a column's title."""
        return COLUMNS[section].header(role) if orientation is Qt.Orientation.Horizontal else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Let the version be edited."""
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() == DOWNLOAD else flags

    def data(self, index: Index, role: int = Role.DisplayRole) -> object:
        """Return a cell's text or colour."""
        row, column = self._rows[index.row()], index.column()
        choice = self._choices[index.row()]
        if role == Role.EditRole and column == DOWNLOAD:
            return choice
        if role in (Role.DisplayRole, Role.ToolTipRole):
            if column == DOWNLOAD and choice == row.latest_version and role == Role.DisplayRole:
                return f"{choice}  (latest)"
            available = ", ".join(self.versions(index.row()))
            cells = row.key.label, row.department, available, row.local_version or "-", choice or "leave out"
            return plain(cells[column]) if role == Role.ToolTipRole else cells[column]
        if role == Role.TextAlignmentRole:
            return LEFT
        if role == Role.ForegroundRole:
            if column == DOWNLOAD:
                tone = Tone.FAINT if not choice else Tone.TEXT if choice == row.latest_version else Tone.INFO
                return self._theme.colour(tone)
            return self._theme.colour(Tone.TEXT if column == 0 else Tone.MUTED)
        return None

    def setData(self, index: Index, value: object, role: int = Role.EditRole) -> bool:
        """Choose a version."""
        if role != Role.EditRole or index.column() != DOWNLOAD:
            return False
        self.choose(index.row(), str(value))
        return True

    def _set(self, choices: list[str]) -> None:
        self._choices = choices
        if choices:
            self.dataChanged.emit(self.index(0, DOWNLOAD), self.index(len(choices) - 1, DOWNLOAD))
