"""The list of jobs: choose, copy ids, open a menu, by mouse or by keys."""

from collections.abc import Iterable

from PySide6.QtCore import QItemSelectionModel, QMimeData, QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QListView

from desktop.core.job import Job
from desktop.ui.models.job_list import JOB_ROLE, JobListModel
from desktop.ui.theme import Theme
from desktop.ui.widgets.drop_zone import dropped_folder
from desktop.ui.widgets.job_cell import JobCell


class JobList(QListView):
    """Signals: picked (the selection is another), opened (Enter), asked (a menu, at a point)."""

    picked = Signal()
    opened = Signal()
    asked = Signal(QPoint)

    def __init__(self, theme: Theme, model: JobListModel) -> None:
        super().__init__()
        self._jobs = model
        self.setModel(model)
        self.setItemDelegate(JobCell(theme, model, self))
        self.setAccessibleName("Jobs")
        self.setToolTip("")
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(lambda at: self.asked.emit(self.viewport().mapToGlobal(at)))
        self.selectionModel().selectionChanged.connect(lambda _new, _old: self.picked.emit())
        self.selectionModel().currentChanged.connect(lambda _new, _old: self.picked.emit())
        self.activated.connect(lambda _index: self.opened.emit())

    def current(self) -> Job | None:
        """Return the job the detail is about."""
        job = self.currentIndex().data(JOB_ROLE)
        return job if isinstance(job, Job) else None

    def chosen(self) -> list[Job]:
        """Return the selected jobs in order."""
        found = [index.data(JOB_ROLE) for index in sorted(self.selectedIndexes())]
        return [job for job in found if isinstance(job, Job)]

    def select(self, ids: Iterable[int]) -> None:
        """Select these jobs; the first one becomes the current one."""
        selection = self.selectionModel()
        flag = QItemSelectionModel.SelectionFlag
        first = True
        for job_id in ids:
            row = self._jobs.row_of(job_id)
            if row >= 0:
                index = self._jobs.index(row)
                how = flag.ClearAndSelect if first else flag.Select
                if first:
                    selection.setCurrentIndex(index, how)
                    self.scrollTo(index)
                else:
                    selection.select(index, how)
                first = False

    def settle(self, wanted: Job | None) -> None:
        """Keep a job current if it is shown; where nothing is selected, the first one is looked at."""
        if wanted is not None and self._jobs.row_of(wanted.id) >= 0:
            self.select((wanted.id,))
        elif self._jobs.rowCount() and not self.chosen():
            self.select((self._jobs.rows()[0].id,))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy ids on the platform's copy keys."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        else:
            super().keyPressEvent(event)

    def copy(self) -> None:
        """Copy the ids of the selected jobs."""
        ids = [job.remote_id for job in self.chosen()]
        if ids:
            QGuiApplication.clipboard().setText("\n".join(ids))


def dropped_text(data: QMimeData) -> str:
    """Return ids or addresses that are dragged, "" for a folder or nothing of the kind."""
    if dropped_folder(data) is not None:
        return ""
    urls = [url.toString() for url in data.urls() if not url.isLocalFile()] if data.hasUrls() else []
    return "\n".join(urls) if urls else data.text().strip()
