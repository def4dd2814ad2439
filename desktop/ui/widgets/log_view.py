"""A log: lines in a table, a level, a text to find, copy and export."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QThreadPool, Signal, SignalInstance
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QLineEdit, QWidget

from desktop.ui.formats import Formats
from desktop.ui.models.log import COLUMNS, LogModel, Sieve
from desktop.ui.theme import Theme
from desktop.ui.widgets.parts import column, row, tool
from desktop.ui.widgets.tables import Table

LEVEL_WORDS = (("DEBUG", "All levels"), ("INFO", "Info and up"), ("WARNING", "Warnings"), ("ERROR", "Errors"))
LINE_HEIGHT = 21


class LogTable(Table):
    """Keeps the newest line in sight as long as the user has not scrolled away from it."""

    def __init__(self, theme: Theme, model: LogModel, name: str) -> None:
        super().__init__(theme, model, COLUMNS, name)
        self._lines = model
        self._follows = True
        self.verticalHeader().setMinimumSectionSize(LINE_HEIGHT)
        self.verticalHeader().setDefaultSectionSize(LINE_HEIGHT)
        self.horizontalHeader().setVisible(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # what failed is said first, why it did last
        model.rowsAboutToBeInserted.connect(self._remember)
        model.rowsInserted.connect(self._follow)
        model.modelReset.connect(self.scrollToBottom)

    def copy(self) -> None:
        """Copy the selected lines, or all of them."""
        QGuiApplication.clipboard().setText(self._lines.text(self.selected_rows() or None))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy on the platform's copy keys."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        else:
            super().keyPressEvent(event)

    def _remember(self) -> None:
        bar = self.verticalScrollBar()
        self._follows = bar.value() >= bar.maximum() - LINE_HEIGHT

    def _follow(self) -> None:
        if self._follows:
            self.scrollToBottom()


def _write(path: Path, text: str, tell: SignalInstance) -> None:
    """Write a log away and tell how it went; off the window's thread, because the target may be a slow share."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        tell.emit(f"The log could not be written: {error.strerror or error}")
        return
    tell.emit(f"The log is in {path}")


class LogView(QWidget):
    """A table with its tools. `said`: a sentence for the status bar."""

    said = Signal(str)

    def __init__(self, theme: Theme, formats: Formats, name: str) -> None:
        super().__init__()
        self.model = LogModel(theme, formats, self)
        self.table = LogTable(theme, self.model, name)
        self.level = QComboBox()
        self.level.setAccessibleName("Lowest level shown")
        for key, words in LEVEL_WORDS:
            self.level.addItem(words, key)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find in the log")
        self.search.setAccessibleName("Find in the log")
        self.search.setClearButtonEnabled(True)
        self.task: int | None = None
        copy = tool(theme, "copy", "Copy the selected lines, or all", self.table.copy)
        export = tool(theme, "export", "Export to a file", self.export)
        self.tools: QHBoxLayout = row(self.level, self.search, copy, export, margins=(8, 6, 8, 6), spacing=5)
        self.tools.setStretch(1, 1)
        body = column(self.tools, spacing=0)
        body.addWidget(self.table, 1)
        self.setLayout(body)
        self.level.currentIndexChanged.connect(lambda: self._sift())
        self.search.textChanged.connect(lambda _text: self._sift())

    def show_task(self, task: int | None) -> None:
        """Show only one task's lines, or all."""
        self.task = task
        self._sift()

    def export(self) -> None:
        """Ask for a file and write the shown lines to it."""
        dialog = QFileDialog(self, "Export the log", "shotdock-log.txt")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: self.write(Path(path)))
        dialog.open()

    def write(self, path: Path) -> None:
        """Write the shown lines to a file."""
        QThreadPool.globalInstance().start(partial(_write, path, self.model.text(), self.said))

    def _sift(self) -> None:
        level = str(self.level.currentData())
        self.model.show_only(Sieve(level, self.search.text().strip().lower(), self.task))
