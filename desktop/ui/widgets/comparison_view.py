"""The shot table: keeps its selection through sorting and filtering, and lets a version be chosen in its cell."""

from PySide6.QtCore import QModelIndex, QPoint, QSignalBlocker, Qt, Signal
from PySide6.QtGui import (
    QActionGroup,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QKeySequence,
)
from PySide6.QtWidgets import QApplication, QMenu

from desktop.core.media import Compared, ShotKey
from desktop.ui.models.comparison import COLUMNS, PATH_ROLE, REMOTE, SHOT, ComparisonModel
from desktop.ui.theme import Theme
from desktop.ui.widgets.cells import ChoiceCell, PathCell
from desktop.ui.widgets.tables import Table


class ComparisonView(Table):
    """Signals: picked (selection is another now), opened (Enter or a double click on rows), named (text with shot
    names was dropped or pasted).
    """

    picked = Signal()
    opened = Signal()
    named = Signal(str)

    def __init__(self, theme: Theme, model: ComparisonModel) -> None:
        super().__init__(theme, model, COLUMNS, "Shots: remote against local")
        self._model = model
        self._kept: set[tuple[ShotKey, str]] = set()
        self.setItemDelegateForColumn(SHOT, PathCell(theme, self, PATH_ROLE))
        self.setItemDelegateForColumn(REMOTE, ChoiceCell(theme, self))
        self.horizontalHeader().setMinimumSectionSize(52)
        self.setSortingEnabled(True)
        with QSignalBlocker(self):
            self.sortByColumn(SHOT, Qt.SortOrder.AscendingOrder)
        self.setAcceptDrops(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._menu_at)
        self.clicked.connect(self._clicked)
        self.doubleClicked.connect(lambda _index: self.opened.emit())
        model.modelAboutToBeReset.connect(self._keep)
        model.modelReset.connect(self._restore)
        self.selectionModel().selectionChanged.connect(lambda: self.picked.emit())

    def chosen(self) -> list[Compared]:
        """Return the selected rows."""
        rows = self._model.rows()
        return [rows[number] for number in self.selected_rows()]

    def select_shots(self, names: set[str]) -> int:
        """Select the rows of these shots (names or labels, lower case); return how many rows that are."""
        numbers = [
            number
            for number, row in enumerate(self._model.rows())
            if row.key.shot.lower() in names or row.key.label.lower() in names
        ]
        self.select_rows(numbers)
        if numbers:
            self.scrollTo(self._model.index(numbers[0], 0))
        return len(numbers)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open the selection, paste shot names, copy those of the selection."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.selected_rows():
            self.opened.emit()
            return
        if event.matches(QKeySequence.StandardKey.Paste):
            self.named.emit(QApplication.clipboard().text())
        elif event.matches(QKeySequence.StandardKey.Copy):
            QApplication.clipboard().setText("\n".join(row.key.label for row in self.chosen()))
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take text; folders are the window's."""
        if event.mimeData().hasText() and not event.mimeData().hasUrls():
            event.acceptProposedAction()
        else:
            event.ignore()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Go on taking text."""
        if event.mimeData().hasText() and not event.mimeData().hasUrls():
            event.acceptProposedAction()
        else:
            event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:
        """Select the shots the text names."""
        self.named.emit(event.mimeData().text())
        event.acceptProposedAction()

    def choose_version(self, rows: list[Compared], at: QPoint) -> None:
        """Offer the versions the rows have."""
        menu = self.version_menu(rows)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(at)

    def version_menu(self, rows: list[Compared]) -> QMenu:
        """Return a menu with the versions of the rows, newest first."""
        menu = QMenu(self)
        group = QActionGroup(menu)
        latest = menu.addAction(f"Latest ({rows[0].latest_version})" if len(rows) == 1 else "Each its latest")
        latest.triggered.connect(lambda: self._model.choose(rows, None))
        labels = sorted({label for row in rows for label in row.available_versions}, key=_number, reverse=True)
        chosen = {self._model.custom.get((row.key.label, row.department)) for row in rows}
        latest.setCheckable(True)
        latest.setChecked(chosen == {None})
        group.addAction(latest)
        menu.addSeparator()
        for label in labels[:40]:
            action = menu.addAction(label)
            action.setCheckable(True)
            action.setChecked(chosen == {label})
            action.triggered.connect(lambda _checked=False, label=label: self._model.choose(rows, label))
            group.addAction(action)
        menu.addSeparator()
        leave = menu.addAction("Leave out")
        leave.setCheckable(True)
        leave.setChecked(chosen == {""})
        leave.triggered.connect(lambda: self._model.choose(rows, ""))
        group.addAction(leave)
        return menu

    def _clicked(self, index: QModelIndex) -> None:
        if index.column() == REMOTE and QApplication.keyboardModifiers() == Qt.KeyboardModifier.NoModifier:
            below = self.visualRect(index).bottomLeft()
            self.choose_version([self._model.rows()[index.row()]], self.viewport().mapToGlobal(below))

    def _menu_at(self, at: QPoint) -> None:
        rows = self.chosen()
        if not rows:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        versions = self.version_menu(rows)
        versions.setTitle("Version to fetch")
        menu.addMenu(versions)
        menu.addSeparator()
        for action in self.actions():
            menu.addAction(action)
        menu.popup(self.viewport().mapToGlobal(at))

    def _keep(self) -> None:
        rows = self._model.rows()
        self._kept = {_name(rows[number]) for number in self.selected_rows() if number < len(rows)}

    def _restore(self) -> None:
        if self._kept:
            rows = self._model.rows()
            self.select_rows([number for number, row in enumerate(rows) if _name(row) in self._kept])
        self.picked.emit()


def _name(row: Compared) -> tuple[ShotKey, str]:
    return (row.key, row.department)


def _number(label: str) -> int:
    digits = label.lstrip("vV")
    return int(digits) if digits.isdigit() else -1
