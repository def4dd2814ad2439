"""The jobs as a list, the newest first, narrowed by the search field."""

from bisect import bisect
from collections.abc import Callable, Iterable, Sequence

from PySide6.QtCore import QAbstractListModel, QObject, Qt

from desktop.core.job import Job, KindInfo
from desktop.ui.formats import Formats, plain, words
from desktop.ui.models.columns import NO_PARENT, Index, Role
from desktop.ui.models.job_words import LOCAL_FACES, face_of, kind_title, local_of, note_of
from desktop.ui.theme import Theme

JOB_ROLE = Qt.ItemDataRole.UserRole + 1
"""The Job of a row."""


class JobListModel(QAbstractListModel):
    """Rows as the search leaves them. now: returns the time the countdowns go by, seconds since the epoch."""

    def __init__(
        self,
        theme: Theme,
        formats: Formats,
        kinds: tuple[KindInfo, ...],
        now: Callable[[], float],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.formats, self.kinds, self.now = formats, kinds, now
        self._all: dict[int, Job] = {}
        self._rows: list[int] = []
        self._text: tuple[str, ...] = ()
        self.many_servers = False
        theme.changed.connect(self.tick)

    # What the tab asks

    def fill(self, jobs: Iterable[Job]) -> None:
        """Show these jobs."""
        self.beginResetModel()
        self._all = {job.id: job for job in jobs}
        self._arrange()
        self.endResetModel()

    def put(self, jobs: Iterable[Job]) -> None:
        """Show what is new of some jobs; those that are shown already keep their row."""
        fresh = False
        for job in jobs:
            fresh |= job.id not in self._all
            self._all[job.id] = job
            if not fresh and (row := self.row_of(job.id)) >= 0:
                index = self.index(row)
                self.dataChanged.emit(index, index)
        if fresh:
            self._renew()

    def drop(self, ids: Iterable[int]) -> None:
        """Show these jobs no longer."""
        for job_id in ids:
            self._all.pop(job_id, None)
            row = self.row_of(job_id)
            if row >= 0:
                self.beginRemoveRows(NO_PARENT, row, row)
                del self._rows[row]
                self.endRemoveRows()

    def show_only(self, text: str) -> None:
        """Show only jobs whose id, kind, server or state has all these words in it."""
        wanted = tuple(text.lower().split())
        if wanted != self._text:
            self._text = wanted
            self.beginResetModel()
            self._arrange()
            self.endResetModel()

    def tick(self) -> None:
        """Let countdowns be drawn again."""
        if self._rows:
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1), [Role.DisplayRole])

    def rows(self) -> Sequence[Job]:
        """Return the jobs shown, in order."""
        return [self._all[job_id] for job_id in self._rows]

    def everything(self) -> Sequence[Job]:
        """Return every job, shown or not."""
        return tuple(self._all.values())

    def get(self, job_id: int) -> Job | None:
        """Return a job, shown or not."""
        return self._all.get(job_id)

    def row_of(self, job_id: int) -> int:
        """Return the row of a job, -1 if it is not shown."""
        try:
            return self._rows.index(job_id)
        except ValueError:
            return -1

    # What the view asks

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        """Return the number of jobs shown."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Role.DisplayRole) -> object:
        """Return a job, or its words for those who do not see the picture of it."""
        job = self._all[self._rows[index.row()]]
        if role == JOB_ROLE:
            return job
        if role == Role.DisplayRole:
            return job.remote_id
        if role == Role.AccessibleTextRole:
            progress = f"{job.progress:.0f} %" if job.progress is not None and not job.state.over else ""
            note = note_of(job, self.now(), self.formats).words
            return words((kind_title(job, self.kinds), job.remote_id, face_of(job)[1], progress, self.local(job), note))
        if role == Role.ToolTipRole:
            return plain(words((job.remote_id, job.server, job.message), "\n"))
        return None

    def local(self, job: Job) -> str:
        """Return a word for what of the job lies on this machine, or ""."""
        outcome = local_of(job)
        return LOCAL_FACES[outcome][1] if outcome is not None else ""

    # Inside

    def _renew(self) -> None:
        """Take new jobs in without losing what is selected: they come where their id puts them."""
        self.many_servers = len({job.server for job in self._all.values()}) > 1
        shown = set(self._rows)
        for job_id in self._wanted():
            if job_id not in shown:
                row = bisect(self._rows, -job_id, key=lambda other: -other)
                self.beginInsertRows(NO_PARENT, row, row)
                self._rows.insert(row, job_id)
                self.endInsertRows()

    def _arrange(self) -> None:
        self.many_servers = len({job.server for job in self._all.values()}) > 1
        self._rows = self._wanted()

    def _wanted(self) -> list[int]:
        return [job_id for job_id in sorted(self._all, reverse=True) if self._matches(self._all[job_id])]

    def _matches(self, job: Job) -> bool:
        if not self._text:
            return True
        hay = f"{job.remote_id} {kind_title(job, self.kinds)} {job.server} {face_of(job)[1]} {self.local(job)}".lower()
        return all(word in hay for word in self._text)
