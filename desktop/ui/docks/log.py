"""The log dock: what ShotDock does, as it does it."""

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from desktop.ui.tab import Frame
from desktop.ui.widgets.log_view import LogView
from desktop.ui.widgets.parts import column, in_turn, tool

READ_EVERY = 250
"""Milliseconds between two looks at the ring."""

READ_AT_MOST = 2_000
"""Lines taken over in one look; if there are more, the next look follows as soon as the window has lived."""


class LogDock(QWidget):
    """Reads the ring by position while it is visible and not paused."""

    def __init__(self, frame: Frame) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._ring = frame.services.logs
        self._position = 0
        self._task: int | None = None
        self.view = LogView(frame.theme, frame.formats, "Log of ShotDock")
        self.only_task = tool(frame.theme, "filter", "Only the selected task's lines", checkable=True)
        self.pause = tool(frame.theme, "pause", "Hold the log still", checkable=True)
        self.clear = tool(frame.theme, "trash", "Clear what is shown", self.view.model.clear)
        for number, button in enumerate((self.only_task, self.pause)):
            self.view.tools.insertWidget(2 + number, button)
        self.view.tools.addWidget(self.clear)
        items = (self.view.tools.itemAt(number) for number in range(self.view.tools.count()))
        in_turn(
            *(found for item in items if item is not None and (found := item.widget()) is not None), self.view.table
        )
        self.setLayout(column(self.view))
        self._timer = QTimer(self)
        self._timer.setInterval(READ_EVERY)
        self._timer.timeout.connect(self.read)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self.read)
        self.only_task.toggled.connect(lambda _on: self._sift())
        self.pause.toggled.connect(lambda on: None if on else self.read())

    def follow_task(self, task: int | None) -> None:
        """Remember the selected task for the filter."""
        self._task = task
        self._sift()

    def read(self) -> None:
        """Take over what was logged since the last look."""
        if self.pause.isChecked() or self._ring.total == self._position:
            return
        lines, self._position = self._ring.read(self._position, READ_AT_MOST)
        self.view.model.add(lines)
        if self._ring.total > self._position and self._timer.isActive():
            self._soon.start()

    def showEvent(self, event: QShowEvent) -> None:
        """Begin to read."""
        super().showEvent(event)
        self.read()
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop reading what nobody sees."""
        super().hideEvent(event)
        self._timer.stop()
        self._soon.stop()

    def _sift(self) -> None:
        self.view.show_task(self._task if self.only_task.isChecked() else None)
