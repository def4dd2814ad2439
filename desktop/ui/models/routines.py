"""The list of routines: what repeats, when next, what became of the last run."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QAbstractTableModel, QObject, Qt

from desktop.core.routine import Routine
from desktop.ui.colours import Tone
from desktop.ui.formats import Face, Formats, plain
from desktop.ui.models.columns import LEFT, NO_PARENT, RIGHT, Column, Index, Role
from desktop.ui.theme import Theme

NAME, STATE, EVERY, NEXT, LAST, RESULT = range(6)
COLUMNS = (
    Column("Routine", 190),
    Column("State", 92),
    Column("Every", 176),
    Column("Next", 142, right=True),
    Column("Last run", 142, right=True),
    Column("What became of it", 0),
)


def face(routine: Routine) -> Face:
    """Return how a routine looks."""
    if routine.owner:
        return "running", "planning", Tone.INFO
    if routine.paused:
        return "paused", "off", Tone.WARN
    if routine.missed:
        return "warning", "missed", Tone.WARN
    if routine.next_try is not None:
        return "offline", "retries", Tone.WARN
    return "waiting", "on", Tone.GOOD


class RoutineModel(QAbstractTableModel):
    """One row a routine, the oldest first."""

    def __init__(self, theme: Theme, formats: Formats, now: Callable[[], float], parent: QObject | None = None) -> None:
        """Make it empty; now: gives seconds since the epoch."""
        super().__init__(parent)
        self._theme, self._formats, self._now = theme, formats, now
        self.routines: tuple[Routine, ...] = ()

    def fill(self, routines: Sequence[Routine]) -> None:
        """Show these."""
        same = [one.id for one in routines] == [one.id for one in self.routines]
        if same:
            self.routines = tuple(routines)
            if routines:
                self.dataChanged.emit(self.index(0, 0), self.index(len(routines) - 1, len(COLUMNS) - 1))
            return
        self.beginResetModel()
        self.routines = tuple(routines)
        self.endResetModel()

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        """Return the number of routines."""
        return 0 if parent.isValid() else len(self.routines)

    def columnCount(self, parent: Index = NO_PARENT) -> int:
        """Return the number of columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> object:
        """Return a column's title."""
        return COLUMNS[section].header(role) if orientation is Qt.Orientation.Horizontal else None

    def data(self, index: Index, role: int = Role.DisplayRole) -> object:
        """Return a cell's text, icon, colour or tip."""
        column, routine = index.column(), self.routines[index.row()]
        if role == Role.DisplayRole:
            return self._words(routine, column)
        if role == Role.TextAlignmentRole:
            return RIGHT if COLUMNS[column].right else LEFT
        icon, _, tone = face(routine)
        if role == Role.DecorationRole and column == STATE:
            return self._theme.icon(icon, tone)
        if role == Role.ForegroundRole:
            return self._theme.colour(tone if column == STATE else Tone.TEXT if column == NAME else Tone.MUTED)
        if role == Role.ToolTipRole:
            return plain(f"{routine.name}\n{routine.request.destination}\n{routine.last_result}".strip())
        if role == Role.AccessibleTextRole:
            return f"{COLUMNS[column].title}: {self._words(routine, column)}"
        return None

    def _words(self, routine: Routine, column: int) -> str:
        if column == EVERY:
            hours = f", {routine.window}" if routine.window is not None else ""
            return f"{str(routine.repeat).removeprefix('every ')}{hours}"
        return {
            NAME: routine.name,
            STATE: face(routine)[1],
            NEXT: "-" if routine.paused else self._formats.ahead(routine.next, self._now()),
            LAST: self._formats.moment(routine.last_run),
            RESULT: routine.last_result or "not run yet",
        }[column]
