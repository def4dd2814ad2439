"""The queue: one row a task, newest first, what runs on top; progress arrives by tick and repaints one range."""

from collections import Counter
from collections.abc import Callable, Iterable
from enum import StrEnum

from PySide6.QtCore import QAbstractTableModel, QObject, Qt, Signal

from desktop.core.task import Progress, Task, TaskState
from desktop.ui.colours import Tone
from desktop.ui.formats import TASK_FACES, Formats, words
from desktop.ui.models.columns import LEFT, NO_PARENT, RIGHT, Bar, Column, Index, Role
from desktop.ui.theme import Theme

TASK, STATE, PROGRESS, SIZE, SPEED, LEFT_TIME, FILES, WHEN = range(8)
COLUMNS = (
    Column("Task", 0),
    Column("State", 104),
    Column("Progress", 150),
    Column("Size", 138, "Bytes here of all bytes", right=True),
    Column("Speed", 82, right=True),
    Column("Time left", 80, right=True),
    Column("Files", 118, "Files that ended of all files", right=True),
    Column("When", 76, "When it was finished, or made", right=True),
)
BAR_ROLE = Qt.ItemDataRole.UserRole + 1
ID_ROLE = Qt.ItemDataRole.UserRole + 2


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
    """`counted` tells that the numbers of the filter tabs are others."""

    counted = Signal()

    def __init__(self, theme: Theme, formats: Formats, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme, self._formats = theme, formats
        self._tasks: dict[int, Task] = {}
        self._progress: dict[int, Progress] = {}
        self._rows: list[int] = []
        self._places: dict[int, int] = {}
        self._shelf = Shelf.ALL
        self._text = ""
        theme.changed.connect(self._repaint)

    # What the dock asks

    def put(self, tasks: Iterable[Task]) -> None:
        """Take over new and changed tasks."""
        moved = False
        for task in tasks:
            before = self._tasks.get(task.id)
            self._tasks[task.id] = task
            if task.state is not TaskState.RUNNING:
                self._progress.pop(task.id, None)
            moved = moved or before is None or _order(before) != _order(task) or shelf(before) is not shelf(task)
            if not moved and task.id in self._places:
                self._repaint_row(self._places[task.id])
        if moved:
            self._arrange()
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
                self._progress[progress.task_id] = progress
                if progress.task_id in self._places:
                    touched.append(self._places[progress.task_id])
        if touched:
            self.dataChanged.emit(self.index(min(touched), STATE), self.index(max(touched), FILES))

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
        return self._progress.get(number)

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

    def data(self, index: Index, role: int = Role.DisplayRole) -> object:
        """Return a cell's text, icon, colour, bar or tip."""
        column = index.column()
        task = self._tasks[self._rows[index.row()]]
        if role == Role.DisplayRole:
            return None if column == PROGRESS else CELLS[column](self, task)
        if role == Role.TextAlignmentRole:
            return RIGHT if COLUMNS[column].right else LEFT
        if role == BAR_ROLE:
            return self.bar(task)
        if role == ID_ROLE:
            return task.id
        if role == Role.DecorationRole and column == STATE:
            icon, _, tone = TASK_FACES[task.state]
            return self._theme.icon(icon, tone)
        if role == Role.ForegroundRole:
            if column == STATE:
                return self._theme.colour(TASK_FACES[task.state][2])
            if column == FILES and task.files.failed:
                return self._theme.colour(Tone.BAD)
            return self._theme.colour(Tone.TEXT if column in (TASK, SPEED) else Tone.MUTED)
        if role == Role.ToolTipRole:
            return self._tip(task)
        if role == Role.AccessibleTextRole:
            return (
                self.bar(task).words if column == PROGRESS else f"{COLUMNS[column].title}: {CELLS[column](self, task)}"
            )
        return None

    def bar(self, task: Task) -> Bar:
        """Return a task's progress bar."""
        done, total = self.amount(task)
        complete = task.state is TaskState.DONE and not task.files.failed
        fraction = 1.0 if complete else done / max(total, 1)
        tone = {
            TaskState.RUNNING: Tone.ACCENT,
            TaskState.DONE: Tone.GOOD,
            TaskState.FAILED: Tone.BAD,
        }.get(task.state, Tone.FAINT)
        if task.files.failed and task.state is TaskState.DONE:
            tone = Tone.BAD
        return Bar(fraction, f"{int(fraction * 100)} %", tone)

    def amount(self, task: Task) -> tuple[int, int]:
        """Return (bytes here, bytes in all)."""
        progress = self._progress.get(task.id)
        if progress is not None:
            return progress.done, progress.total
        return task.bytes.transferred + task.bytes.reused, task.bytes.planned

    def ended(self, task: Task) -> int:
        """Return how many files of a task came to an end."""
        progress = self._progress.get(task.id)
        if progress is not None:
            return progress.files_done
        return task.files.downloaded + task.files.skipped + task.files.failed

    def size_words(self, task: Task) -> str:
        """Return e.g. `1.2 GB of 3 GB`."""
        done, total = self.amount(task)
        size = self._formats.size
        return size(total) if done >= total or not done else f"{size(done)} of {size(total)}"

    def speed_words(self, task: Task) -> str:
        """Return a running task's speed."""
        progress = self._progress.get(task.id)
        return self._formats.speed(progress.speed) if progress else ""

    def left_words(self, task: Task) -> str:
        """Return a running task's time left, or what it does instead."""
        progress = self._progress.get(task.id)
        if progress is None:
            return ""
        return self._formats.left(progress.left) if progress.phase == "downloading" else progress.phase

    def files_words(self, task: Task) -> str:
        """Return e.g. `412 of 460`; once all ended and some failed, `3 of 460 failed`."""
        count = self._formats.count
        planned = self._progress[task.id].files_total if task.id in self._progress else task.files.planned
        ended, failed = self.ended(task), task.files.failed
        if ended < planned:
            text = f"{count(ended)} of {count(planned)}"
            return f"{text}, {count(failed)} failed" if failed else text
        if failed == planned and failed:
            return f"{count(failed)} failed"
        return f"{count(failed)} of {count(planned)} failed" if failed else count(planned)

    def when_words(self, task: Task) -> str:
        """Return when a task was finished or made."""
        return self._formats.moment(task.finished or task.created)

    def _tip(self, task: Task) -> str:
        counts = task.files
        lines = (
            f"Task {task.id}: {task.name}",
            f"{task.connection}  \N{RIGHTWARDS ARROW}  {task.destination}",
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
        )
        return "\n".join(line for line in lines if line)

    def _arrange(self, gone: frozenset[int] = frozenset()) -> None:
        self.beginResetModel()  # before anything goes: a view may still ask for what is selected
        for number in gone:
            self._tasks.pop(number, None)
            self._progress.pop(number, None)
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

    def _repaint(self) -> None:
        if self._rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, len(COLUMNS) - 1))


_RANK = {TaskState.RUNNING: 0, TaskState.INTERRUPTED: 1, TaskState.PAUSED: 1, TaskState.WAITING: 1}


def _order(task: Task) -> tuple[int, int]:
    """Order: what runs, what waits in the order it will run, what is over with the newest first."""
    rank = _RANK.get(task.state, 2)
    return rank, task.id if rank < 2 else -task.id


CELLS: dict[int, Callable[[TaskModel, Task], str]] = {
    TASK: lambda model, task: task.name or f"Task {task.id}",
    STATE: lambda model, task: TASK_FACES[task.state][1],
    SIZE: TaskModel.size_words,
    SPEED: TaskModel.speed_words,
    LEFT_TIME: TaskModel.left_words,
    FILES: TaskModel.files_words,
    WHEN: TaskModel.when_words,
}
