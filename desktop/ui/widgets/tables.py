"""Tables and trees set up the way all of them are here."""

from collections.abc import Sequence

from PySide6.QtCore import QAbstractItemModel, QItemSelection, QItemSelectionModel, QItemSelectionRange, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QTreeView, QWidget

from desktop.ui.models.columns import Column
from desktop.ui.theme import Theme
from desktop.ui.widgets.cells import Cell

ROW_HEIGHT = 27
LEAST_REST = 130
"""Pixels the column that takes the rest keeps, as long as another one can give way to it."""


class Table(QTableView):
    """A table of whole rows: no grid, one height, no walking through the model to find widths."""

    def __init__(self, theme: Theme, model: QAbstractItemModel, columns: Sequence[Column], name: str) -> None:
        super().__init__()
        self.theme = theme
        self._columns = columns
        self.setModel(model)
        self.setAccessibleName(name)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setItemDelegate(Cell(theme, self))
        rows = self.verticalHeader()
        rows.setVisible(False)
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(ROW_HEIGHT)
        rows.setMinimumSectionSize(ROW_HEIGHT)
        set_columns(self.horizontalHeader(), columns)
        # To paint itself the header would ask of every row whether it is selected, to mark whole columns that are:
        # nobody selects columns here, and with 100,000 rows selected that took a second.
        self.horizontalHeader().setSelectionModel(QItemSelectionModel(model, self))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow table columns that can be spared give way to the one that takes the rest."""
        super().resizeEvent(event)
        spare = sorted((c.gives_way, n) for n, c in enumerate(self._columns) if c.gives_way)
        if not spare:
            return
        header = self.horizontalHeader()
        wide = {n: header.sectionSize(n) or c.width for n, c in enumerate(self._columns) if c.width}
        least = 0 if len(wide) == len(self._columns) else LEAST_REST
        room = self.viewport().width() - least - sum(wide.values())
        for _, number in spare:
            gone = room < 0
            if self.isColumnHidden(number) != gone:
                self.setColumnHidden(number, gone)
            room += wide[number] if gone else 0

    def selected_rows(self) -> list[int]:
        """Return the selected rows' numbers in order, read from ranges and not cell by cell."""
        rows: set[int] = set()
        selection = self.selectionModel().selection()
        for number in range(selection.count()):
            span = selection.at(number)
            rows.update(range(span.top(), span.bottom() + 1))
        return sorted(rows)

    def select_rows(self, rows: Sequence[int]) -> None:
        """Select exactly these rows, given in order; runs of neighbours become one range."""
        model = self.model()
        last = model.columnCount() - 1
        selection = QItemSelection()
        start = previous = -2
        for number in (*rows, -2):
            if number != previous + 1:
                if start >= 0:
                    selection.append(QItemSelectionRange(model.index(start, 0), model.index(previous, last)))
                start = number
            previous = number
        self.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)


def set_columns(header: QHeaderView, columns: Sequence[Column]) -> None:
    """Give the columns their widths; the one of width 0 takes the rest."""
    header.setHighlightSections(False)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    header.setStretchLastSection(False)
    header.setMinimumSectionSize(40)
    for number, column in enumerate(columns):
        if column.width:
            header.setSectionResizeMode(number, QHeaderView.ResizeMode.Interactive)
            header.resizeSection(number, column.width)
        else:
            header.setSectionResizeMode(number, QHeaderView.ResizeMode.Stretch)


def set_tree(tree: QTreeView, name: str, parent: QWidget | None = None) -> None:
    """Set a tree up: one row height, no frame, a name for screen readers."""
    tree.setAccessibleName(name)
    tree.setUniformRowHeights(True)
    tree.setAnimated(False)
    tree.setIndentation(16)
    tree.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
