"""The items of a past task with their sums: files by fate, bytes."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QAbstractTableModel, QObject, Qt

from desktop.core.task import TaskItem
from desktop.ui.formats import Formats, item_face, plain
from desktop.ui.models.columns import LEFT, NO_PARENT, RIGHT, Column, Index, Role
from desktop.ui.theme import Theme

ITEM, VERSION, STATE = range(3)
COLUMNS = (
    Column("Item", 0),
    Column("Version", 76),
    Column("State", 108),
    Column("Files", 60, "Files planned", right=True),
    Column("Downloaded", 94, right=True),
    Column("Skipped", 68, right=True),
    Column("Overwritten", 92, right=True),
    Column("Kept both", 80, right=True),
    Column("Failed", 60, right=True),
    Column("Moved", 84, "Bytes downloaded", right=True),
)
_COUNTS: tuple[Callable[[TaskItem], int], ...] = (
    lambda item: item.files.planned,
    lambda item: item.files.downloaded,
    lambda item: item.files.skipped,
    lambda item: item.files.overwritten,
    lambda item: item.files.kept_both,
    lambda item: item.files.failed,
)


class ItemSumModel(QAbstractTableModel):
    """Items in the task's order."""

    def __init__(self, theme: Theme, formats: Formats, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme, self._formats = theme, formats
        self._rows: tuple[TaskItem, ...] = ()

    def fill(self, items: Sequence[TaskItem]) -> None:
        """Show other items."""
        self.beginResetModel()
        self._rows = tuple(items)
        self.endResetModel()

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        """Return the number of items."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = NO_PARENT) -> int:
        """Return the number of columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> object:
        """Return a column's title."""
        return COLUMNS[section].header(role) if orientation is Qt.Orientation.Horizontal else None

    def data(self, index: Index, role: int = Role.DisplayRole) -> object:
        """Return a cell's text, icon, colour or tip."""
        item, column = self._rows[index.row()], index.column()
        icon, word, tone = item_face(item)
        if role == Role.DisplayRole:
            if column == ITEM:
                return item.label
            if column == VERSION:
                return item.selected_version or "-"
            if column == STATE:
                return word
            if column == len(COLUMNS) - 1:
                return self._formats.size(item.bytes.transferred)
            number = _COUNTS[column - STATE - 1](item)
            return self._formats.count(number) if number else "-"
        if role == Role.DecorationRole and column == STATE:
            return self._theme.icon(icon, tone)
        if role == Role.ForegroundRole and column == STATE:
            return self._theme.colour(tone)
        if role == Role.TextAlignmentRole:
            return RIGHT if COLUMNS[column].right else LEFT
        if role == Role.ToolTipRole:
            return plain(item.error_message) or None
        return None
