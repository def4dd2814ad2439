"""What results say of themselves: the numbers of quality.json against the thresholds, a table's first rows."""

import math
from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QObject, Qt

from desktop.core.job import Measure, ModelResult, Table
from desktop.ui.colours import Tone
from desktop.ui.formats import plain, words
from desktop.ui.models.columns import LEFT, NO_PARENT, RIGHT, Column, Index, Role
from desktop.ui.models.job_words import LIGHT_FACES
from desktop.ui.theme import Theme

MODEL, MEASURE, VALUE, VERDICT, RULE = range(5)
COLUMNS = (
    Column("Model", 98, "The method that made it"),
    Column("Measure", 130, "As quality.json calls it"),
    Column("Value", 62, "What was measured", right=True),
    Column("Verdict", 106, "Against the thresholds in the settings"),
    Column("Threshold", 0, "Where good ends and poor begins"),
)


class MeasureModel(QAbstractTableModel):
    """A row a measured number, the models one after the other."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._rows: list[tuple[str, Measure]] = []
        self._common = ""

    def fill(self, models: Sequence[ModelResult]) -> None:
        """Show these models' numbers, of each model what is judged first."""
        self.beginResetModel()
        self._rows = [
            (model.name, measure)
            for model in models
            for measure in sorted(model.measures, key=lambda measure: measure.light is None)
        ]
        # What all names begin with says nothing: metrics.psnr, metrics.ssim.
        heads = {measure.name.rpartition(".")[0] for _, measure in self._rows}
        self._common = f"{heads.pop()}." if len(heads) == 1 else ""
        self.endResetModel()

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        """Return the number of measures."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = NO_PARENT) -> int:
        """Return the number of columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> object:
        """Return a column's title."""
        return COLUMNS[section].header(role) if orientation is Qt.Orientation.Horizontal else None

    def data(self, index: Index, role: int = Role.DisplayRole) -> object:
        """Return a cell's text, icon, side or colour."""
        column = index.column()
        model, measure = self._rows[index.row()]
        icon, word, tone = LIGHT_FACES[measure.light]
        if role == Role.DisplayRole:
            name = measure.name.removeprefix(self._common)
            return (model, name, spelled(measure.value), word, measure.rule)[column]
        if role == Role.TextAlignmentRole:
            return RIGHT if COLUMNS[column].right else LEFT
        if role == Role.DecorationRole and column == VERDICT:
            return self._theme.icon(icon, tone)
        if role == Role.ForegroundRole:
            tones = {VERDICT: tone, MODEL: Tone.MUTED, RULE: Tone.MUTED}
            return self._theme.colour(tones.get(column, Tone.TEXT))
        if role == Role.ToolTipRole:
            return plain(words((measure.name, measure.rule)))
        if role == Role.AccessibleTextRole:
            return f"{COLUMNS[column].title}: {self.data(index)}"
        return None


class TableModel(QAbstractTableModel):
    """The first rows of a table, as the file spells them."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._table = Table((), ())
        self._numbers: tuple[bool, ...] = ()

    def fill(self, table: Table) -> None:
        """Show a table; a column in which every cell that says something is a number aligns right."""
        self.beginResetModel()
        self._table = table
        width = max([len(table.header), *(len(row) for row in table.rows)], default=0)
        self._numbers = tuple(_all_numbers([row[n] for row in table.rows if n < len(row)]) for n in range(width))
        self.endResetModel()

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        """Return the number of rows."""
        return 0 if parent.isValid() else len(self._table.rows)

    def columnCount(self, parent: Index = NO_PARENT) -> int:
        """Return the number of columns of the widest row."""
        return 0 if parent.isValid() else len(self._numbers)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> object:
        """Return a column's title, and the numbers of the rows."""
        if orientation is Qt.Orientation.Vertical:
            return section + 1 if role == Role.DisplayRole else None
        if role == Role.DisplayRole:
            return self._table.header[section] if section < len(self._table.header) else ""
        return self._side(section) if role == Role.TextAlignmentRole else None

    def data(self, index: Index, role: int = Role.DisplayRole) -> object:
        """Return a cell's text and side."""
        row = self._table.rows[index.row()]
        if role in (Role.DisplayRole, Role.ToolTipRole):
            text = row[index.column()] if index.column() < len(row) else ""
            return plain(text) if role == Role.ToolTipRole else text
        return self._side(index.column()) if role == Role.TextAlignmentRole else None

    def _side(self, column: int) -> Qt.AlignmentFlag:
        return RIGHT if self._numbers[column] else LEFT


def spelled(value: float) -> str:
    """Return a measured number: whole ones whole, others with up to four places."""
    if not math.isfinite(value):
        return "no number"
    return f"{value:,.0f}" if value == int(value) and abs(value) < 1e15 else f"{value:,.4f}".rstrip("0")


def _all_numbers(cells: Sequence[str]) -> bool:
    said = [cell.strip() for cell in cells if cell.strip()]
    return bool(said) and all(_is_number(cell) for cell in said)


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "").rstrip("%"))
    except ValueError:
        return False
    return True
