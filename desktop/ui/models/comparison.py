"""The comparison: one row a shot x department, sorted and filtered in Python by keys made once."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QAbstractTableModel, QObject, Qt, Signal

from desktop.core.media import Compared, ShotState
from desktop.ui.colours import Tone
from desktop.ui.formats import SHOT_FACES, Formats, plain
from desktop.ui.models.columns import LEFT, NO_PARENT, RIGHT, Column, Index, Role
from desktop.ui.theme import Theme

SHOT, DEPARTMENT, LOCAL, REMOTE, FRAMES, FILES, SIZE, CHANGED, STATE = range(9)
COLUMNS = (
    Column("Shot", 0, "Sequence and shot"),
    Column("Dept", 76, "Department"),
    Column("Local", 56, "The version you have"),
    Column("Remote", 78, "The version to fetch; click to choose another one"),
    Column("Frames", 174, "Frame range of the latest version, and how many frames are missing in it", gives_way=3),
    Column("Files", 54, "Files of the latest version", right=True, gives_way=2),
    Column("Size", 80, "Size of the latest version", right=True, gives_way=4),
    Column("Changed", 118, "When the latest version was last written on the server", right=True, gives_way=1),
    Column("State", 126, "Remote against local"),
)

PATH_ROLE = Qt.ItemDataRole.UserRole + 1
"""(what comes before the shot's name, the shot's name)"""
ROW_ROLE = Qt.ItemDataRole.UserRole + 2
"""The Compared of a row."""

STATE_ORDER = {state: number for number, state in enumerate(ShotState)}
Scope = tuple[str, ...]
"""The first levels of a shot's key, e.g. ("VEGA", "", "SQ01"): a branch of the structure tree."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What of a comparison is shown. None takes all; text matches shot or department, letters' case ignored."""

    text: str = ""
    scopes: tuple[Scope, ...] = ()
    departments: frozenset[str] | None = None
    states: frozenset[ShotState] | None = None
    shots: frozenset[str] = field(default_factory=frozenset)

    @property
    def narrows(self) -> bool:
        """True if anything may be left out."""
        return bool(self.text or self.scopes or self.shots) or self.departments is not None or self.states is not None


class ComparisonModel(QAbstractTableModel):
    """Rows as the filter and the sorting leave them. `counted` tells that counts per state are others now."""

    counted = Signal()
    chosen = Signal()

    def __init__(self, theme: Theme, formats: Formats, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme, self._formats = theme, formats
        self._all: list[Compared] = []
        self._hay: list[str] = []
        self._rows: list[Compared] = []
        self._shown = Shown()
        self._sorted: tuple[int, Qt.SortOrder] = (SHOT, Qt.SortOrder.AscendingOrder)
        self._single_project = True
        self.custom: dict[tuple[str, str], str] = {}
        theme.changed.connect(self._recolour)

    # What the tab asks

    def fill(self, rows: Iterable[Compared]) -> None:
        """Show another comparison; the filter and the sorting stay."""
        self.beginResetModel()
        # In shot order from the start, by plain tuples: comparing keys as objects costs a second for 100,000 rows.
        self._all = sorted(rows, key=lambda row: (_levels(row), row.department))
        self._hay = [f"{row.key.label}  {row.department}".lower() for row in self._all]
        self._single_project = len({row.key.project for row in self._all}) < 2
        self._arrange()
        self.endResetModel()
        self.counted.emit()

    def show_only(self, shown: Shown) -> None:
        """Apply a filter."""
        if shown != self._shown:
            self.beginResetModel()
            self._shown = shown
            self._arrange()
            self.endResetModel()
            self.counted.emit()

    @property
    def shown(self) -> Shown:
        """Return the filter in use."""
        return self._shown

    def rows(self) -> Sequence[Compared]:
        """Return the rows shown, in order."""
        return self._rows

    def everything(self) -> Sequence[Compared]:
        """Return every row, shown or not."""
        return self._all

    def counts(self) -> tuple[Counter[str], Counter[ShotState]]:
        """Count rows per department and per state, within the scope but past those two filters."""
        scoped = self._matching(self._shown.text, self._shown.scopes, self._shown.shots)
        return Counter(row.department for row in scoped), Counter(row.state for row in scoped)

    def choose(self, rows: Iterable[Compared], version: str | None) -> None:
        """Set the version to fetch for rows: a label, "" to leave them out, None for the strategy's own."""
        for row in rows:
            if version is None:
                self.custom.pop((row.key.label, row.department), None)
            else:
                self.custom[row.key.label, row.department] = version
        self._repaint(REMOTE)
        self.chosen.emit()

    def replace_custom(self, custom: dict[tuple[str, str], str]) -> None:
        """Take over a whole table of chosen versions."""
        self.custom = dict(custom)
        self._repaint(REMOTE)
        self.chosen.emit()

    # What the view asks

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        """Return the number of rows shown."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = NO_PARENT) -> int:
        """Return the number of columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> object:
        """Return a column's title."""
        return COLUMNS[section].header(role) if orientation is Qt.Orientation.Horizontal else None

    def data(self, index: Index, role: int = Role.DisplayRole) -> object:
        """Return a cell's text, icon, colour or tip."""
        column = index.column()
        row = self._rows[index.row()]
        if role == Role.DisplayRole:
            return self._text(row, column)
        if role == Role.TextAlignmentRole:
            return RIGHT if COLUMNS[column].right else LEFT
        if role == Role.ForegroundRole:
            return self._theme.colour(self._tone(row, column))
        if role == Role.DecorationRole and column == STATE:
            icon, _, tone = SHOT_FACES[row.state]
            return self._theme.icon(icon, tone)
        if role == PATH_ROLE and column == SHOT:
            return self._path(row)
        if role == ROW_ROLE:
            return row
        if role == Role.ToolTipRole:
            return plain(tip) if (tip := self._tip(row, column)) else None
        if role == Role.AccessibleTextRole:
            return f"{COLUMNS[column].title}: {self._text(row, column)}"
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; equal rows stay in shot order."""
        if 0 <= column < len(COLUMNS):
            self.beginResetModel()
            self._sorted = (column, order)
            self._arrange()
            self.endResetModel()

    # Inside

    def _arrange(self) -> None:
        shown = self._shown
        rows = self._matching(shown.text, shown.scopes, shown.shots)
        if shown.departments is not None:
            rows = [row for row in rows if row.department in shown.departments]
        if shown.states is not None:
            rows = [row for row in rows if row.state in shown.states]
        column, order = self._sorted
        if column == SHOT and order is Qt.SortOrder.DescendingOrder:
            rows.reverse()
        elif column != SHOT:
            rows.sort(key=SORT_KEYS[column], reverse=order is Qt.SortOrder.DescendingOrder)
        self._rows = rows

    def _matching(self, text: str, scopes: tuple[Scope, ...], shots: frozenset[str]) -> list[Compared]:
        if not (text or scopes or shots):
            return self._all.copy()
        numbers: Iterable[int] = range(len(self._all))
        if text:
            words = text.lower().split()
            numbers = [n for n in numbers if all(word in self._hay[n] for word in words)]
        if shots:
            numbers = [n for n in numbers if self._all[n].key.shot.lower() in shots]
        if scopes:
            wanted = set(scopes)
            depths = {len(scope) for scope in scopes}
            numbers = [n for n in numbers if any(_levels(self._all[n])[:d] in wanted for d in depths)]
        return [self._all[n] for n in numbers]

    def _path(self, row: Compared) -> tuple[str, str]:
        key = row.key
        levels = (key.episode, key.sequence) if self._single_project else (key.project, key.episode, key.sequence)
        before = "/".join(level for level in levels if level)
        return (f"{before}/" if before else "", key.shot)

    def _text(self, row: Compared, column: int) -> str:
        if column == SHOT:
            return "".join(self._path(row))
        if column == DEPARTMENT:
            return row.department
        if column == LOCAL:
            return row.local_version or "-"
        if column == REMOTE:
            chosen = self.custom.get((row.key.label, row.department))
            return "leave out" if chosen == "" else chosen or row.latest_version or "-"
        if column == FRAMES:
            return row.frames or "-"
        if column == FILES:
            return self._formats.count(row.files)
        if column == SIZE:
            return self._formats.size(row.bytes)
        if column == CHANGED:
            return self._formats.moment(row.changed)
        return SHOT_FACES[row.state][1]

    def _tone(self, row: Compared, column: int) -> Tone:
        if column == STATE:
            return SHOT_FACES[row.state][2]
        if column == FRAMES and row.missing:
            return Tone.WARN
        if column == REMOTE and (row.key.label, row.department) in self.custom:
            return Tone.INFO
        if column in (DEPARTMENT, CHANGED, FILES, FRAMES):
            return Tone.MUTED
        if column == LOCAL:
            return Tone.TEXT if row.local_version else Tone.FAINT
        return Tone.TEXT

    def _tip(self, row: Compared, column: int) -> str | None:
        if column == SHOT:
            return row.key.label
        if column in (LOCAL, STATE):
            return row.reason or None
        if column == REMOTE:
            return "Available: " + ", ".join(reversed(row.available_versions))
        if column == FRAMES and row.missing:
            return "Missing on the server: " + _frames(row.missing)
        return None

    def _recolour(self) -> None:
        self._repaint(0, len(COLUMNS) - 1)

    def _repaint(self, first: int, last: int | None = None) -> None:
        if self._rows:
            self.dataChanged.emit(self.index(0, first), self.index(len(self._rows) - 1, last or first))


def _levels(row: Compared) -> Scope:
    key = row.key
    return (key.project, key.episode, key.sequence, key.shot)


def _number(version: str | None) -> int:
    digits = (version or "").lstrip("vV")
    return int(digits) if digits.isdigit() else -1


def _frames(missing: tuple[int, ...]) -> str:
    some = ", ".join(str(frame) for frame in missing[:20])
    return some if len(missing) <= 20 else f"{some} and {len(missing) - 20} more"


SORT_KEYS: dict[int, Callable[[Compared], tuple[object, ...]]] = {
    DEPARTMENT: lambda row: (row.department,),
    LOCAL: lambda row: (_number(row.local_version),),
    REMOTE: lambda row: (_number(row.latest_version),),
    FRAMES: lambda row: (len(row.missing), row.frames),
    FILES: lambda row: (row.files,),
    SIZE: lambda row: (row.bytes,),
    CHANGED: lambda row: (row.changed or 0.0,),
    STATE: lambda row: (STATE_ORDER[row.state],),
}
