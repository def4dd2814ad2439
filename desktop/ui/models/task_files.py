"""The files of one task: what became of each."""

from collections.abc import Collection, Sequence
from pathlib import Path

from PySide6.QtCore import QAbstractTableModel, QMimeData, QObject, Qt

from desktop.core.task import FileResult, TaskFile
from desktop.ui.colours import Tone
from desktop.ui.formats import RESULT_FACES, STALLED_FACE, Face, Formats, plain
from desktop.ui.models.columns import LEFT, NO_PARENT, RIGHT, Column, Index, Role
from desktop.ui.models.local_files import as_mime, path_of
from desktop.ui.theme import Theme

COLUMNS = (Column("File", 0), Column("Result", 108), Column("Size", 76, right=True))


class TaskFileModel(QAbstractTableModel):
    """Files in the task's order; only those of one result if asked."""

    def __init__(self, theme: Theme, formats: Formats, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme, self._formats = theme, formats
        self._all: tuple[TaskFile, ...] = ()
        self._rows: list[TaskFile] = []
        self._result: FileResult | None = None
        self._text = ""
        self._item: int | None = None
        self._stalled: Collection[int] = frozenset()
        self.root = Path()

    def fill(self, files: Sequence[TaskFile]) -> None:
        """Show other files, or the same ones with newer results without losing place or selection."""
        self._all = tuple(files)
        rows = self._sifted()
        if rows and [file.id for file in rows] == [file.id for file in self._rows]:
            self._rows = rows
            self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(COLUMNS) - 1))
        else:
            self._arrange()

    def advance(self, stalled: Collection[int]) -> None:
        """Show which of the files that are still to come get no bytes."""
        if stalled != self._stalled:
            self._stalled = stalled
            if self._rows:
                self.dataChanged.emit(self.index(0, 1), self.index(len(self._rows) - 1, 1))

    def show_only(self, result: FileResult | None, text: str = "", item: int | None = None) -> None:
        """Show only files with this result whose path has the text in it. item: and of this item."""
        self._result, self._text, self._item = result, text.lower(), item
        self._arrange()

    def file(self, row: int) -> TaskFile:
        """Return the file of a row."""
        return self._rows[row]

    def paths(self, rows: Sequence[int]) -> list[Path]:
        """Return where the files of rows are; those that are not on the disk are left out."""
        found = (path_of(self.root, self._rows[row]) for row in rows)
        return [path for path in found if path is not None]

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Let files that are here be dragged to other programs."""
        flags = super().flags(index)
        if index.isValid() and path_of(self.root, self._rows[index.row()]) is not None:
            flags |= Qt.ItemFlag.ItemIsDragEnabled
        return flags

    def mimeTypes(self) -> list[str]:
        """Return what a drag carries."""
        return ["text/uri-list"]

    def mimeData(self, indexes: Sequence[Index]) -> QMimeData:
        """Return the files of the dragged rows as URLs."""
        return as_mime(self.paths(sorted({index.row() for index in indexes}))) or QMimeData()

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        """Return the number of files shown."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = NO_PARENT) -> int:
        """Return the number of columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> object:
        """Return a column's title."""
        return COLUMNS[section].header(role) if orientation is Qt.Orientation.Horizontal else None

    def data(self, index: Index, role: int = Role.DisplayRole) -> object:
        """Return a cell's text, icon, colour or tip."""
        file, column = self._rows[index.row()], index.column()
        if role == Role.DisplayRole:
            if column == 0:
                return file.target.rpartition("/")[2]
            return self._face(file)[1] if column == 1 else self._formats.size(file.size)
        if role == Role.DecorationRole and column == 1:
            icon, _, tone = self._face(file)
            return self._theme.icon(icon, tone)
        if role == Role.ForegroundRole:
            tone = self._face(file)[2] if column == 1 else Tone.TEXT if column == 0 else Tone.MUTED
            return self._theme.colour(tone)
        if role == Role.TextAlignmentRole:
            return RIGHT if COLUMNS[column].right else LEFT
        if role == Role.ToolTipRole:
            return plain("\n".join(part for part in (file.reason, file.proof_words, file.target) if part))
        return None

    def _face(self, file: TaskFile) -> Face:
        stalled = file.result is FileResult.PENDING and file.id in self._stalled
        return STALLED_FACE if stalled else RESULT_FACES[file.result]

    def _arrange(self) -> None:
        self.beginResetModel()
        self._rows = self._sifted()
        self.endResetModel()

    def _sifted(self) -> list[TaskFile]:
        result, text, item = self._result, self._text, self._item
        return [
            file
            for file in self._all
            if (result is None or file.result is result)
            and (item is None or file.item_id == item)
            and (not text or text in file.target.lower())
        ]
