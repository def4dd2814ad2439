"""Past tasks, the newest first, fetched a page at a time as the view comes near the end."""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QAbstractTableModel, QObject, Qt, Signal

from desktop.core.errors import ShotDockError
from desktop.core.history import PAGE, Query, TaskPage
from desktop.core.task import Task
from desktop.ui.formats import Formats, all_here, plain, task_face, words
from desktop.ui.hearing import while_there
from desktop.ui.models.columns import LEFT, NO_PARENT, RIGHT, Column, Index, Role
from desktop.ui.theme import Theme

NUMBER, NAME, STATE, FILES, FAILED, SIZE, CREATED, TOOK = range(8)
COLUMNS = (
    Column("No.", 68, right=True),
    Column("Task", 0),
    Column("State", 124),
    Column("Files", 100, "Files downloaded, or here already where all are, of those planned", right=True),
    Column("Failed", 64, right=True),
    Column("Moved", 84, "Bytes downloaded", right=True),
    Column("Made", 160),
    Column("Took", 84, right=True),
)

Fetch = Callable[[Query, Callable[[TaskPage], None], Callable[[ShotDockError], None]], None]
"""Asks for a page of tasks."""


class HistoryModel(QAbstractTableModel):
    """`arrived`: a page is here, or why none is. An answer to a question that is no longer asked is not heard."""

    arrived = Signal(object)

    def __init__(self, theme: Theme, formats: Formats, fetch: Fetch, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme, self._formats, self._fetch = theme, formats, fetch
        self._rows: list[Task] = []
        self._query = Query()
        self._asked = 0
        self._asking = False
        self.total = 0

    def show_only(self, query: Query) -> None:
        """Ask for other tasks; those shown stay until the first page of them is here."""
        self._query = query
        self._ask(0)

    def canFetchMore(self, parent: Index) -> bool:
        """Tell whether there are older tasks."""
        return not parent.isValid() and not self._asking and len(self._rows) < self.total

    def fetchMore(self, parent: Index) -> None:
        """Ask for the next page."""
        if self.canFetchMore(parent):
            self._ask(len(self._rows))

    def task(self, row: int) -> Task:
        """Return the task of a row."""
        return self._rows[row]

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        """Return the number of tasks that are here."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = NO_PARENT) -> int:
        """Return the number of columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> object:
        """Return a column's title."""
        return COLUMNS[section].header(role) if orientation is Qt.Orientation.Horizontal else None

    def data(self, index: Index, role: int = Role.DisplayRole) -> object:
        """Return a cell's text, icon, colour or tip."""
        task, column = self._rows[index.row()], index.column()
        if role == Role.DisplayRole:
            return self._text(task, column)
        icon, _, tone = task_face(task)
        if role == Role.DecorationRole and column == STATE:
            return self._theme.icon(icon, tone)
        if role == Role.ForegroundRole and column == STATE:
            return self._theme.colour(tone)
        if role == Role.TextAlignmentRole:
            return RIGHT if COLUMNS[column].right else LEFT
        if role == Role.ToolTipRole:
            return plain(words((task.connection, str(task.destination), task.error), "\n"))
        return None

    def _text(self, task: Task, column: int) -> str:
        formats, files = self._formats, task.files
        match column:
            case 0:
                return str(task.id)
            case 1:
                return task.name
            case 2:
                return task_face(task)[1]
            case 3:
                come = files.planned if all_here(task) else files.downloaded
                return f"{formats.count(come)} of {formats.count(files.planned)}"
            case 4:
                return formats.count(files.failed) if files.failed else ""
            case 5:
                return formats.size(task.bytes.transferred)
            case 6:
                return formats.moment(task.created)
        ran = task.started is not None and task.finished is not None
        return formats.left(task.finished - task.started) if ran else ""  # type: ignore[operator]  # both are known

    def _ask(self, offset: int) -> None:
        self._asked += 1
        self._asking = True
        number = self._asked

        def take(page: TaskPage) -> None:
            if number == self._asked:
                self._take(offset, page)

        def failed(error: ShotDockError) -> None:
            if number == self._asked:
                self._asking = False
                self.arrived.emit(error)

        self._fetch(replace(self._query, limit=PAGE, offset=offset), while_there(self, take), while_there(self, failed))

    def _take(self, offset: int, page: TaskPage) -> None:
        self._asking = False
        self.total = page.total
        if not offset:
            self.beginResetModel()
            self._rows = list(page.tasks)
            self.endResetModel()
        else:
            # A task made since the last page has moved all others down by one.
            known = {task.id for task in self._rows}
            fresh = [task for task in page.tasks if task.id not in known]
            if fresh:
                self.beginInsertRows(NO_PARENT, len(self._rows), len(self._rows) + len(fresh) - 1)
                self._rows += fresh
                self.endInsertRows()
            else:
                self.total = len(self._rows)  # some were deleted meanwhile: there is no more to come
        self.arrived.emit(None)
