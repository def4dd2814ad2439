"""The list of jobs: choose, paste ids and URLs, drop them, remove, all by mouse or by keys."""

from collections.abc import Iterable

from PySide6.QtCore import QItemSelectionModel, QMimeData, QPoint, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QListView

from desktop.core.job import Job
from desktop.ui.models.job_list import JobListModel
from desktop.ui.theme import Theme
from desktop.ui.widgets.drop_zone import dropped_folder
from desktop.ui.widgets.job_cell import JobCell


class JobList(QListView):
    """Signals: picked (the selection is another), pasted (text), opened (Enter), asked (a menu, at a point)."""

    picked = Signal()
    pasted = Signal(str)
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
        self.setAcceptDrops(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(lambda at: self.asked.emit(self.viewport().mapToGlobal(at)))
        self.selectionModel().selectionChanged.connect(lambda _new, _old: self.picked.emit())
        self.selectionModel().currentChanged.connect(lambda _new, _old: self.picked.emit())
        self.activated.connect(lambda _index: self.opened.emit())

    def current(self) -> Job | None:
        """Return the job the detail is about."""
        row = self.currentIndex().row()
        return self._jobs.rows()[row] if 0 <= row < self._jobs.rowCount() else None

    def chosen(self) -> list[Job]:
        """Return the selected jobs in order."""
        rows = sorted(index.row() for index in self.selectedIndexes())
        jobs = self._jobs.rows()
        return [jobs[row] for row in rows]

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

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take what is pasted, copy ids."""
        if event.matches(QKeySequence.StandardKey.Paste):
            self.paste()
        elif event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        else:
            super().keyPressEvent(event)

    def paste(self) -> None:
        """Take the clipboard's text as ids or URLs of jobs."""
        text = QGuiApplication.clipboard().text().strip()
        if text:
            self.pasted.emit(text)

    def copy(self) -> None:
        """Copy the ids of the selected jobs."""
        ids = [job.remote_id for job in self.chosen()]
        if ids:
            QGuiApplication.clipboard().setText("\n".join(ids))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take text and web addresses; a folder is the window's own business."""
        self._judge(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Go on taking them."""
        self._judge(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Take the text as ids or URLs of jobs."""
        text = dropped_text(event.mimeData())
        if text:
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self.pasted.emit(text)

    def _judge(self, event: QDragMoveEvent) -> None:
        if dropped_text(event.mimeData()):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
        else:
            event.ignore()


def dropped_text(data: QMimeData) -> str:
    """Return ids or addresses that are dragged, "" for a folder or nothing of the kind."""
    if dropped_folder(data) is not None:
        return ""
    urls = [url.toString() for url in data.urls() if not url.isLocalFile()] if data.hasUrls() else []
    return "\n".join(urls) if urls else data.text().strip()
