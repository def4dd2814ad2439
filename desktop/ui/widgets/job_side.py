"""The left side of the jobs: how many there are, the buttons that bring new ones, the list."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from desktop.ui.formats import Formats
from desktop.ui.models.job_list import JobListModel
from desktop.ui.theme import Theme
from desktop.ui.widgets.job_list import JobList
from desktop.ui.widgets.parts import Elided, column, panel, push, row


class JobSide(QWidget):
    """Signals: adding, starting - its buttons."""

    adding = Signal()
    starting = Signal()

    def __init__(self, theme: Theme, formats: Formats, model: JobListModel) -> None:
        super().__init__()
        self._formats, self._model = formats, model
        self.view = JobList(theme, model)
        add = push(theme, "Add job\N{HORIZONTAL ELLIPSIS}", "plus", run=self.adding.emit)
        add.setToolTip("Follow a job by its id or address  (Ctrl+N, or paste it with Ctrl+V)")
        start = push(theme, "Start export\N{HORIZONTAL ELLIPSIS}", "play", run=self.starting.emit)
        start.setToolTip("Let the server make a table  (Ctrl+Shift+N)")
        self._amount = Elided(role="faint", mode=Qt.TextElideMode.ElideRight)
        self._amount.setMinimumWidth(24)  # it gives way to the buttons
        head = row(self._amount, add, start, margins=(12, 7, 8, 7), spacing=6)
        head.setStretch(0, 1)
        body = column(panel(head, "headBar"), spacing=0)
        body.addWidget(self.view, 1)
        self.setLayout(body)

    def count(self) -> None:
        """Say how many jobs there are, and how many of them are shown."""
        whole, shown = len(self._model.everything()), self._model.rowCount()
        counted = self._formats.counted(whole, "job")
        self._amount.show_text(counted if shown == whole else f"{self._formats.count(shown)} of {counted}")
