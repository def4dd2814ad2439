"""Log lines: read from the ring by position, filtered as they come."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractTableModel, QObject, Qt, QTimer

from desktop.core.log_lines import LogLines
from desktop.core.task import LogLine
from desktop.ui.colours import Tone
from desktop.ui.formats import LEVEL_TONES, Formats, plain
from desktop.ui.models.columns import LEFT, NO_PARENT, Column, Index, Role
from desktop.ui.theme import Theme

COLUMNS = (Column("Time", 84), Column("Level", 76), Column("Task", 120), Column("Message", 0))
MESSAGE = 3
LEVELS = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40, "CRITICAL": 50}
KEEP = 1_000_000
"""Lines the view keeps; the oldest hundredth goes when there are more."""
AT_ONCE = 20_000
"""Lines that are sifted in one go; of more, so many at a time, and the window lives on between two goes."""


@dataclass(frozen=True, slots=True)
class Sieve:
    """Which lines are shown. level: the lowest one. task: only this task's lines, or None."""

    level: str = "DEBUG"
    text: str = ""
    task: int | None = None

    def sift(self, lines: LogLines, span: range) -> Iterable[int]:
        """Return of these numbers those of the lines shown."""
        if self == Sieve():
            return span
        through = {name for name, level in LEVELS.items() if level >= LEVELS[self.level]}
        levels, messages, items, text = lines.levels, lines.messages, lines.items, self.text
        return (
            n
            for n in span
            if levels[n] in through
            and (self.task is None or lines.task(n) == self.task)
            and (not text or text in messages[n].lower() or text in items[n].lower())
        )


class LogModel(QAbstractTableModel):
    """Lines as the sieve leaves them, in the order they were logged.

    While many lines are sifted the rows stay as they were; then all that are let through are there at once.
    """

    def __init__(self, theme: Theme, formats: Formats, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme, self._formats = theme, formats
        self._all = LogLines()
        self._gone = 0  # lines forgotten so far: what is shown is known by its number among all there ever were
        self._rows = array("q")
        self._sieve = Sieve()
        self._found: array[int] | None = None
        self._next = 0
        self._slice = QTimer(self)
        self._slice.setInterval(0)
        self._slice.timeout.connect(self._sift_on)

    def add(self, lines: Sequence[LogLine]) -> None:
        """Append lines."""
        first = len(self._all)
        for line in lines:
            self._all.append(line)
        fresh = self._sifted(range(first, len(self._all))) if self._found is None else array("q")
        if fresh:
            self.beginInsertRows(NO_PARENT, len(self._rows), len(self._rows) + len(fresh) - 1)
            self._rows.extend(fresh)
            self.endInsertRows()
        if len(self._all) > KEEP:
            self._forget(len(self._all) - KEEP + KEEP // 100)

    def show_only(self, sieve: Sieve) -> None:
        """Apply a filter."""
        if sieve != self._sieve:
            self._sieve = sieve
            self._sift()

    def replace_all(self, lines: Sequence[LogLine]) -> None:
        """Show other lines."""
        self._slice.stop()
        self._found = None
        self._forget(len(self._all))
        self.add(lines)

    def renew(self, lines: Sequence[LogLine]) -> None:
        """Show a log that has grown, without losing place or selection; another one as a whole."""
        known = len(self._all)
        if known and len(lines) >= known and (lines[0], lines[known - 1]) == (self._all[0], self._all[-1]):
            self.add(lines[known:])
        else:
            self.replace_all(lines)

    def clear(self) -> None:
        """Forget every line shown so far."""
        self.replace_all(())

    def line(self, row: int) -> LogLine:
        """Return the line of a row."""
        return self._all[self._rows[row] - self._gone]

    def text(self, rows: Sequence[int] | None = None) -> str:
        """Return lines as text, all shown ones or those of some rows."""
        return "\n".join(self._as_text(self.line(row)) for row in (range(len(self._rows)) if rows is None else rows))

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        """Return the number of lines shown."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = NO_PARENT) -> int:
        """Return the number of columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> object:
        """Return a column's title."""
        return COLUMNS[section].header(role) if orientation is Qt.Orientation.Horizontal else None

    def data(self, index: Index, role: int = Role.DisplayRole) -> object:
        """Return a cell's text or colour."""
        line, column = self.line(index.row()), index.column()
        if role == Role.DisplayRole:
            if column == 0:
                return self._formats.clock(line.time)
            if column == 1:
                return line.level.lower()
            if column == 2:
                return line.item or (f"task {line.task_id}" if line.task_id is not None else "")
            return line.message.partition("\n")[0]
        if role == Role.ForegroundRole:
            tone = LEVEL_TONES.get(line.level, Tone.MUTED)
            if column == MESSAGE:
                return self._theme.colour(Tone.TEXT if tone is Tone.MUTED else tone)
            return self._theme.colour(tone if column == 1 else Tone.FAINT)
        if role == Role.TextAlignmentRole:
            return LEFT
        if role == Role.ToolTipRole:
            return plain(line.message)
        return None

    def _as_text(self, line: LogLine) -> str:
        where = f" [{line.item}]" if line.item else ""
        return f"{self._formats.clock(line.time)} {line.level:<8}{where} {line.message}"

    def _sift(self) -> None:
        self._found, self._next = array("q"), 0
        if len(self._all) <= AT_ONCE or self._sieve == Sieve():
            self._show(self._sifted(range(len(self._all))))
        else:
            self._slice.start()

    def _sift_on(self) -> None:
        assert self._found is not None, "the timer runs as long as there is something to sift"
        end = min(self._next + AT_ONCE, len(self._all))
        self._found += self._sifted(range(self._next, end))
        self._next = end
        if self._next >= len(self._all):
            self._show(self._found)

    def _show(self, rows: "array[int]") -> None:
        self._slice.stop()
        self._found = None
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def _sifted(self, span: range) -> "array[int]":
        return array("q", (n + self._gone for n in self._sieve.sift(self._all, span)))

    def _forget(self, count: int) -> None:
        """Let the oldest lines go; those shown of them are the first rows."""
        gone = bisect_left(self._rows, self._gone + count)
        if gone:
            self.beginRemoveRows(NO_PARENT, 0, gone - 1)
        self._all.drop(count)
        self._gone += count
        if gone:
            del self._rows[:gone]
            self.endRemoveRows()
        if self._found is not None:
            self._sift()  # what was found so far may be among them
