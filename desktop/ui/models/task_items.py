"""The items of one task: two lines each, what it is and what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QAbstractListModel, QMimeData, QObject, Qt

from desktop.core.plan import ItemState
from desktop.core.task import TaskItem
from desktop.ui.formats import Formats, item_face, plain, words
from desktop.ui.models.columns import NO_PARENT, Index, Role
from desktop.ui.models.local_files import as_mime
from desktop.ui.theme import Theme

ITEM_ROLE = Qt.ItemDataRole.UserRole + 1
FRACTION_ROLE = Qt.ItemDataRole.UserRole + 2


class TaskItemModel(QAbstractListModel):
    """Items in the task's order; bytes of running ones come with the progress."""

    def __init__(self, theme: Theme, formats: Formats, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme, self._formats = theme, formats
        self._rows: list[TaskItem] = []
        self._bytes: dict[int, int] = {}
        self._paths: dict[int, tuple[Path, ...]] = {}

    def fill(self, items: Sequence[TaskItem]) -> None:
        """Show other items."""
        self.beginResetModel()
        self._rows = list(items)
        self._bytes = {}
        self._paths = {}
        self.endResetModel()

    def renew(self, items: Sequence[TaskItem]) -> None:
        """Show the same items with newer figures, without losing place or selection."""
        if [item.id for item in items] != [item.id for item in self._rows]:
            self.fill(items)
        elif items:
            self._rows = list(items)
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))

    def advance(self, done: Mapping[int, int]) -> None:
        """Show live bytes per item, of the files under way."""
        if done != self._bytes and self._rows:
            self._bytes = dict(done)
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))

    def item(self, row: int) -> TaskItem:
        """Return the item of a row."""
        return self._rows[row]

    def know(self, item_id: int, paths: Sequence[Path]) -> None:
        """Note which files of an item are on the disk."""
        self._paths[item_id] = tuple(paths)

    def paths(self, rows: Sequence[int]) -> list[Path]:
        """Return the files of these rows that are known to be on the disk."""
        return [path for row in rows for path in self._paths.get(self._rows[row].id, ())]

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Let an item be dragged to other programs once its files are known."""
        flags = super().flags(index)
        if index.isValid() and self._paths.get(self._rows[index.row()].id):
            flags |= Qt.ItemFlag.ItemIsDragEnabled
        return flags

    def mimeTypes(self) -> list[str]:
        """Return what a drag carries."""
        return ["text/uri-list"]

    def mimeData(self, indexes: Sequence[Index]) -> QMimeData:
        """Return the files of the dragged items as URLs: one row is the whole sequence."""
        return as_mime(self.paths(sorted({index.row() for index in indexes}))) or QMimeData()

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        """Return the number of items."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Role.DisplayRole) -> object:
        """Return an item, its lines or its progress."""
        item = self._now(self._rows[index.row()])
        if role == Role.DisplayRole:
            return item.label
        if role == ITEM_ROLE:
            return item
        if role == FRACTION_ROLE:
            planned = item.bytes.planned
            return min(1.0, (item.bytes.transferred + item.bytes.reused) / planned) if planned else None
        if role == Role.ToolTipRole:
            return plain(item.error_message or self.figures(item))
        if role == Role.AccessibleTextRole:
            return f"{item.label}: {item_face(item)[1]}, {self.figures(item)}"
        return None

    def _now(self, item: TaskItem) -> TaskItem:
        """Return an item with the bytes of its files under way; it runs, though none of them has ended."""
        live = self._bytes.get(item.id, 0)
        if not live:
            return item
        state = ItemState.RUNNING if item.state is ItemState.PLANNED else item.state
        return replace(item, state=state, bytes=replace(item.bytes, transferred=item.bytes.transferred + live))

    def figures(self, item: TaskItem) -> str:
        """Return an item's counts and bytes in words."""
        counts, count = item.files, self._formats.count
        if item.state is ItemState.UP_TO_DATE:
            return f"{self._formats.counted(counts.planned, 'file')}, all here"
        text = words(
            (
                f"{count(counts.downloaded)} of {count(counts.planned)} downloaded" if counts.planned else "",
                f"{count(counts.skipped)} skipped" if counts.skipped else "",
                f"{count(counts.overwritten)} overwritten" if counts.overwritten else "",
                f"{count(counts.kept_both)} kept both" if counts.kept_both else "",
                f"{count(counts.failed)} failed" if counts.failed else "",
                self._formats.size(item.bytes.transferred) if item.bytes.transferred else "",
            ),
            " \N{MIDDLE DOT} ",
        )
        return text or "nothing to fetch"
