"""The queue: one row a task, newest first, what runs on top; progress arrives by tick and repaints one range."""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from enum import StrEnum

from PySide6.QtCore import QAbstractTableModel, QMimeData, QObject, Qt, Signal

from desktop.core.errors import UsageError
from desktop.core.schedule import Priority, waiting_words
from desktop.core.task import Progress, Task, TaskState
from desktop.core.units import format_rate, parse_rate
from desktop.ui.colours import Tone
from desktop.ui.formats import Formats, plain, words
from desktop.ui.models.columns import LEFT, NO_PARENT, RIGHT, Column, Index, Role
from desktop.ui.models.task_figures import UNFINISHED, Figures
from desktop.ui.models.waits import places, rank, step, why
from desktop.ui.theme import Theme

TASK, STATE, PROGRESS, SIZE, SPEED, LIMIT, FILES, WHEN = range(8)
COLUMNS = (
    Column("Task", 0),
    Column("State", 118),
    Column("Progress", 168, "How much is here, or what it waits for"),
    Column("Size", 132, "Bytes here of all bytes", right=True, gives_way=2),
    Column("Speed", 84, right=True),
    Column("Limit", 80, "The task's own speed limit; F2 or a double click changes it", right=True, gives_way=3),
    Column("Files", 112, "Files that ended of all files", right=True, gives_way=1),
    Column("When", 104, "How long it still takes, or when it was finished or made", right=True),
)
BAR_ROLE = Qt.ItemDataRole.UserRole + 1
ID_ROLE = Qt.ItemDataRole.UserRole + 2
MIME = "application/x-shotdock-tasks"


class Shelf(StrEnum):
    """The filter tabs."""

    ALL = "All"
    ACTIVE = "Active"
    WAITING = "Waiting"
    FAILED = "Failed"
    DONE = "Done"


_SHELVES = {
    TaskState.RUNNING: Shelf.ACTIVE,
    TaskState.WAITING: Shelf.WAITING,
    TaskState.PAUSED: Shelf.WAITING,
    TaskState.INTERRUPTED: Shelf.WAITING,
    TaskState.FAILED: Shelf.FAILED,
    TaskState.DONE: Shelf.DONE,
    TaskState.CANCELLED: Shelf.DONE,
}


def shelf(task: Task) -> Shelf:
    """Return the filter tab a task is found under; one that lost files is under Failed."""
    if task.files.failed and task.state is not TaskState.RUNNING:
        return Shelf.FAILED
    return _SHELVES[task.state]


class TaskModel(QAbstractTableModel):
    """Signals: counted (the numbers of the filter tabs are others), limited (a task's number, the bytes/s it was given
    or None), dropped (numbers of tasks, the one they were put before or None).
    """

    counted = Signal()
    limited = Signal(int, object)
    dropped = Signal(object, object)

    def __init__(
        self, theme: Theme, formats: Formats, parent: QObject | None = None, now: Callable[[], float] = time.time
    ) -> None:
        """now: gives seconds since the epoch."""
        super().__init__(parent)
        self._theme, self._now = theme, now
        self._line: dict[int, int] | None = None
        self._tasks: dict[int, Task] = {}
        self.figures = Figures(formats)
        self._rows: list[int] = []
        self._places: dict[int, int] = {}
        self._shelf = Shelf.ALL
        self._text = ""
        theme.changed.connect(self._repaint)

    # What the dock asks

    def put(self, tasks: Iterable[Task]) -> None:
        """Take over new and changed tasks."""
        moved = turned = False
        for task in tasks:
            before = self._tasks.get(task.id)
            self._tasks[task.id] = task
            if task.state is not TaskState.RUNNING:
                self.figures.live.pop(task.id, None)
            moved = moved or before is None or _order(before) != _order(task) or shelf(before) is not shelf(task)
            turned = turned or before is None or before.turn != task.turn
            if not moved and task.id in self._places:
                self._repaint_row(self._places[task.id])
        if moved:
            self._arrange()
        elif turned:
            self.look()
        self.counted.emit()

    def drop(self, ids: Iterable[int]) -> None:
        """Forget tasks."""
        gone = frozenset(ids)
        self._arrange(gone)
        self.counted.emit()

    def advance(self, progresses: Iterable[Progress]) -> None:
        """Show live figures: one repaint of one range, whatever runs."""
        touched = []
        for progress in progresses:
            if progress.task_id in self._tasks:
                self.figures.live[progress.task_id] = progress
                if progress.task_id in self._places:
                    touched.append(self._places[progress.task_id])
        if touched:
            self.dataChanged.emit(self.index(min(touched), STATE), self.index(max(touched), FILES))

    def look(self) -> None:
        """Say anew what those that wait are waiting for: time has passed."""
        self._line = None
        self._repaint_waits()

    def step(self, chosen: Collection[int], down: bool) -> tuple[tuple[int, ...], int | None] | None:
        """Return whom to put before whom so that the chosen go one place up or down in the line shown, or None."""
        return step([n for n in self._rows if self._tasks[n].state is TaskState.WAITING], chosen, down)

    def show_only(self, which: Shelf, text: str = "") -> None:
        """Show one filter tab, and of it what has the text in its name or destination."""
        self._shelf, self._text = which, text.lower()
        self._arrange()

    def counts(self) -> Counter[Shelf]:
        """Return how many tasks each filter tab holds."""
        counts = Counter(shelf(task) for task in self._tasks.values())
        counts[Shelf.ALL] = len(self._tasks)
        return counts

    def task(self, row: int) -> Task:
        """Return the task of a row."""
        return self._tasks[self._rows[row]]

    def get(self, number: int) -> Task | None:
        """Return a task by its number."""
        return self._tasks.get(number)

    def progress(self, number: int) -> Progress | None:
        """Return a task's live figures, if it runs."""
        return self.figures.live.get(number)

    def row_of(self, number: int) -> int:
        """Return the row a task is shown in, or -1."""
        return self._places.get(number, -1)

    # What the view asks

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        """Return the number of tasks shown."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = NO_PARENT) -> int:
        """Return the number of columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> object:
        """Return a column's title."""
        return COLUMNS[section].header(role) if orientation is Qt.Orientation.Horizontal else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Let the limit of what is not over be edited, and who waits be dragged in between others."""
        flags = super().flags(index)
        if not index.isValid():
            return flags | Qt.ItemFlag.ItemIsDropEnabled
        task = self.task(index.row())
        if index.column() == LIMIT and task.state in UNFINISHED:
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags | Qt.ItemFlag.ItemIsDragEnabled if task.state is TaskState.WAITING else flags

    def setData(self, index: Index, value: object, role: int = Role.EditRole) -> bool:
        """Ask for another limit; a text that is no rate is refused."""
        if role != Role.EditRole or not self.flags(index) & Qt.ItemFlag.ItemIsEditable:
            return False
        if value == self.data(index, role):
            return True
        try:
            rate = parse_rate(str(value))
        except UsageError:
            return False
        self.limited.emit(self.task(index.row()).id, rate)
        return True

    def supportedDropActions(self) -> Qt.DropAction:
        """Let rows be moved."""
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:
        """Return what is dragged here: tasks of this very list."""
        return [MIME]

    def mimeData(self, indexes: Sequence[Index]) -> QMimeData:
        """Return the dragged tasks' numbers, in the order of their rows."""
        data = QMimeData()
        rows = sorted({index.row() for index in indexes})
        data.setData(MIME, " ".join(str(self._rows[row]) for row in rows).encode())
        return data

    def dropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index) -> bool:
        """Ask for the tasks to be put before the one at this row; the queue moves the rows, not the view."""
        if not data.hasFormat(MIME) or action != Qt.DropAction.MoveAction:
            return False
        ids = tuple(int(word) for word in bytes(data.data(MIME).data()).split())
        below = self._rows[row:] if row >= 0 else []
        before = next((n for n in below if self._tasks[n].state is TaskState.WAITING and n not in ids), None)
        self.dropped.emit(ids, before)
        return False

    def data(self, index: Index, role: int = Role.DisplayRole) -> object:
        """Return a cell's text, icon, colour, bar or tip."""
        column = index.column()
        task = self._tasks[self._rows[index.row()]]
        if role == Role.DisplayRole:
            return CELLS[column](self, task)
        if role == Role.EditRole:
            rate = task.options.limit_rate
            return "0" if rate is None else format_rate(rate)
        if role == Role.TextAlignmentRole:
            return RIGHT if COLUMNS[column].right else LEFT
        if role == BAR_ROLE:
            return None if task.state is TaskState.WAITING else self.figures.bar(task)
        if role == ID_ROLE:
            return task.id
        if role == Role.DecorationRole and column == STATE:
            icon, _, tone = self.figures.face(task)
            return self._theme.icon(icon, tone)
        if role == Role.ForegroundRole:
            if column == STATE:
                return self._theme.colour(self.figures.face(task)[2])
            if column == FILES and task.files.failed:
                return self._theme.colour(Tone.BAD)
            return self._theme.colour(Tone.TEXT if column in (TASK, SPEED) else Tone.MUTED)
        if role == Role.ToolTipRole:
            return plain(self._tip(task))
        if role == Role.AccessibleTextRole:
            bar = column == PROGRESS and task.state is not TaskState.WAITING
            return self.figures.bar(task).words if bar else f"{COLUMNS[column].title}: {CELLS[column](self, task)}"
        return None

    def progress_words(self, task: Task) -> str:
        """Return what a task waits for; of others the bar says all."""
        if task.state is not TaskState.WAITING:
            return ""
        if self._line is None:
            self._line = places(self._waiting(), self._now())
        return why(task.turn, self._now(), self._line.get(task.id, 0), self.figures.formats.ahead)

    def _tip(self, task: Task) -> str:
        counts = task.files
        lines = (
            f"Task {task.id}: {task.name}",
            words((task.connection, str(task.destination)), "  \N{RIGHTWARDS ARROW}  "),
            words(
                (
                    f"{counts.downloaded} downloaded",
                    f"{counts.resumed} resumed" if counts.resumed else "",
                    f"{counts.overwritten} overwritten" if counts.overwritten else "",
                    f"{counts.kept_both} kept both" if counts.kept_both else "",
                    f"{counts.skipped} skipped" if counts.skipped else "",
                    f"{counts.failed} failed" if counts.failed else "",
                )
            ),
            task.error,
            waiting_words(task.turn, self._now()) if task.state is TaskState.WAITING else "",
            f"Priority: {task.turn.priority.word}" if task.turn.priority is not Priority.NORMAL else "",
        )
        return "\n".join(line for line in lines if line)

    def _waiting(self) -> list[Task]:
        return [task for task in self._tasks.values() if task.state is TaskState.WAITING]

    def _arrange(self, gone: frozenset[int] = frozenset()) -> None:
        self._line = None
        self.beginResetModel()  # before anything goes: a view may still ask for what is selected
        for number in gone:
            self._tasks.pop(number, None)
            self.figures.live.pop(number, None)
        tasks = [task for task in self._tasks.values() if self._shelf is Shelf.ALL or shelf(task) is self._shelf]
        if self._text:
            tasks = [
                task for task in tasks if self._text in f"{task.name} {task.destination} {task.connection}".lower()
            ]
        tasks.sort(key=_order)
        self._rows = [task.id for task in tasks]
        self._places = {number: row for row, number in enumerate(self._rows)}
        self.endResetModel()

    def _repaint_row(self, row: int) -> None:
        self.dataChanged.emit(self.index(row, 0), self.index(row, len(COLUMNS) - 1))

    def _repaint_waits(self) -> None:
        rows = [self._places[task.id] for task in self._waiting() if task.id in self._places]
        if rows:
            self.dataChanged.emit(self.index(min(rows), PROGRESS), self.index(max(rows), PROGRESS))

    def _repaint(self) -> None:
        if self._rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, len(COLUMNS) - 1))


_RANK = {TaskState.RUNNING: 0, TaskState.WAITING: 1, TaskState.INTERRUPTED: 2, TaskState.PAUSED: 2}


def _order(task: Task) -> tuple[float, ...]:
    """Order: what runs, what waits in the order it will run, what was stopped, what is over with the newest first."""
    if task.state is TaskState.WAITING:
        return 1, *rank(task), task.id
    level = _RANK.get(task.state, 3)
    return level, task.id if level < 3 else -task.id


CELLS: dict[int, Callable[[TaskModel, Task], str]] = {
    TASK: lambda model, task: task.name or f"Task {task.id}",
    STATE: lambda model, task: model.figures.face(task)[1],
    PROGRESS: TaskModel.progress_words,
    SIZE: lambda model, task: model.figures.size_words(task),
    SPEED: lambda model, task: model.figures.speed_words(task),
    LIMIT: lambda model, task: model.figures.limit_words(task),
    FILES: lambda model, task: model.figures.files_words(task),
    WHEN: lambda model, task: model.figures.when_words(task),
}
