"""What the log says of one job: the lines that name it, and those of the tasks that fetched for it."""

from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from desktop.core.job import Job
from desktop.core.task import LogLine
from desktop.logs import LogRing
from desktop.ui.formats import Formats
from desktop.ui.theme import Theme
from desktop.ui.widgets.log_view import LogView
from desktop.ui.widgets.parts import column

READ_EVERY = 500
"""Milliseconds between two looks at the ring."""
READ_AT_MOST = 20_000
"""Lines looked through at once; the rest comes with the next look."""


class JobLog(QWidget):
    """Reads the ring by position while it is visible."""

    def __init__(self, theme: Theme, formats: Formats, ring: LogRing) -> None:
        super().__init__()
        self._ring = ring
        self._position = 0
        self._beginnings: tuple[str, ...] = ()
        self._tasks: frozenset[int] = frozenset()
        self.view = LogView(theme, formats, "Log of the job")
        self.view.table.setColumnHidden(2, True)
        self.setLayout(column(self.view))
        self._timer = QTimer(self)
        self._timer.setInterval(READ_EVERY)
        self._timer.timeout.connect(self.read)

    def show_job(self, job: Job) -> None:
        """Show another job's lines, or those of one that has a new task."""
        tasks = frozenset(download.task for download in job.downloads)
        name = f"{job.kind} {job.remote_id}"
        beginnings = (f"{name} ", f"{name}:", *(f"{download.path.name}:" for download in job.downloads))
        if (beginnings, tasks) != (self._beginnings, self._tasks):
            self._beginnings, self._tasks = beginnings, tasks
            self._position = 0
            self.view.model.clear()
            if self.isVisible():
                self.read()

    def read(self) -> None:
        """Take over what was logged since the last look."""
        if self._position != self._ring.total:
            lines, self._position = self._ring.read(self._position, READ_AT_MOST)
            self.view.model.add([line for line in lines if self._is_about(line)])

    def showEvent(self, event: QShowEvent) -> None:
        """Begin to read."""
        super().showEvent(event)
        self.read()
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop reading what nobody sees."""
        super().hideEvent(event)
        self._timer.stop()

    def _is_about(self, line: LogLine) -> bool:
        return line.task_id in self._tasks or line.message.startswith(self._beginnings)
