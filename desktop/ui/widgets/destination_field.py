"""Where downloads go: a field with recent folders, a browse button and the room there is."""

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QFileDialog, QLineEdit, QWidget

from desktop.core.paths import whole_path
from desktop.ui.formats import plain
from desktop.ui.free_space import Room
from desktop.ui.tab import Frame
from desktop.ui.widgets.parts import Elided, column, row, set_role, tool

EDGE = 3
"""Pixels between the field's edge and its text, as Qt has them."""


class _PathEdit(QLineEdit):
    def paintEvent(self, event: QPaintEvent) -> None:
        """Show the end of a path that is too long, with a sign that there is more, while nobody edits it."""
        rect = self.rect().adjusted(EDGE, 0, -EDGE, 0)
        metrics = self.fontMetrics()
        if self.hasFocus() or metrics.horizontalAdvance(self.text()) <= rect.width():
            super().paintEvent(event)
            return
        painter = QPainter(self)
        painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        painter.setPen(self.palette().text().color())
        shown = metrics.elidedText(self.text(), Qt.TextElideMode.ElideLeft, rect.width())
        painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter, shown)
        painter.end()


class DestinationField(QWidget):
    """Shows and changes the frame's destination."""

    def __init__(self, frame: Frame) -> None:
        super().__init__()
        self._frame = frame
        self._needed = 0
        self.box = QComboBox()
        self.box.setEditable(True)
        self.box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.box.setAccessibleName("Destination folder")
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.box.setMinimumContentsLength(10)
        self.browse = tool(frame.theme, "folder", "Browse for a destination folder", self.choose, kind="button")
        self._words = Elided(role="faint", mode=Qt.TextElideMode.ElideRight)
        line = row(self.box, self.browse, spacing=6)
        line.setStretch(0, 1)
        self.setLayout(column(line, self._words, spacing=3))
        self.box.activated.connect(lambda _number: self._take())
        self._edit = _PathEdit()
        self._edit.setAccessibleName("Destination folder")
        self.box.setLineEdit(self._edit)
        self._edit.editingFinished.connect(self._take)
        frame.destination.changed.connect(lambda _path: self._show())
        frame.destination.measured.connect(self._measured)
        self._show()
        self._measured(frame.destination.room)

    def choose(self) -> None:
        """Ask for a folder."""
        dialog = QFileDialog(self, "Download into", str(self._frame.destination.path))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: self._frame.destination.use(Path(path)))
        dialog.open()

    def need(self, size: int) -> None:
        """Take note of how many bytes are meant, to say if there is less room than that."""
        self._needed = size
        self._measured(self._frame.destination.room)

    def _take(self) -> None:
        text = self.box.currentText().strip()
        if text:
            self._frame.destination.use(whole_path(text))

    def _show(self) -> None:
        path = self._frame.destination.path
        with QSignalBlocker(self.box):
            self.box.clear()
            for one in dict.fromkeys((path, *self._frame.services.settings.recent())):
                self.box.addItem(str(one))
            self.box.setCurrentIndex(0)
        self.box.setToolTip(plain(str(path)))
        self._edit.end(False)  # the last folders tell one destination from another
        self._words.show_text("Drop a folder anywhere on the window")

    def _measured(self, room: Room) -> None:
        # Some of what is meant may be here already: whether it fits is for the plan to say, this is to look out.
        short = room.free is not None and room.free < self._needed
        set_role(self._words, "warn" if short else "faint")
        if room.is_file:
            self._words.show_text("This is a file: choose a folder")
        elif room.free is not None:
            free = f"{self._frame.formats.size(room.free)} free"
            self._words.show_text(f"Only {free}" if short else f"{free}  \N{MIDDLE DOT}  or drop a folder here")
