"""A job as a row of the list: its kind, its name and state, how far it is, how long its results are kept."""

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem, QWidget

from desktop.core.job import Job, JobState, Outcome
from desktop.ui.colours import Tone
from desktop.ui.formats import Face, words
from desktop.ui.models.job_list import JOB_ROLE, JobListModel
from desktop.ui.models.job_words import LOCAL_FACES, Note, face_of, kind_icon, kind_title, local_of, note_of
from desktop.ui.theme import Theme
from desktop.ui.widgets.cells import Cell, Index

HEIGHT = 58
MARGIN = 12
KIND_SIZE = 20
ICON_SIZE = 14
LOUD = (Outcome.HELD, Outcome.BROKEN, Outcome.MISSED)
"""What became of a download that is worth its colour in the list."""


class JobCell(Cell):
    """Two lines and, for a job that runs, a thin bar under them."""

    def __init__(self, theme: Theme, model: JobListModel, parent: QWidget) -> None:
        super().__init__(theme, parent)
        self._model = model

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return one height for all: nothing jumps when a job begins or ends."""
        return QSize(200, HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw the row."""
        job = index.data(JOB_ROLE)
        if not isinstance(job, Job):
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.ground(painter, option)
        if option.state & QStyle.StateFlag.State_MouseOver and not option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, self.theme.ground("accent_soft"))
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.fillRect(
                QRect(option.rect.topLeft(), QSize(3, option.rect.height())), self.theme.colour(Tone.ACCENT)
            )
        rect = option.rect.adjusted(MARGIN, 8, -MARGIN, -8)
        kind = QRect(rect.left(), rect.top() + 1, KIND_SIZE, KIND_SIZE)
        self.theme.icon(kind_icon(job), Tone.MUTED).paint(painter, kind)
        rect.setLeft(kind.right() + 10)
        line = option.fontMetrics.height()
        self._first_line(painter, QRect(rect.left(), rect.top(), rect.width(), line), option, job)
        faint = Tone.MUTED if option.state & QStyle.StateFlag.State_Selected else Tone.FAINT
        self._second_line(painter, QRect(rect.left(), rect.top() + line + 4, rect.width(), line), job, faint)
        if job.state is JobState.RUNNING and job.heard is not None and job.progress is not None:
            self._bar(painter, QRectF(rect.left(), option.rect.bottom() - 5, rect.width(), 3), job)
        painter.setPen(self.theme.ground("line"))
        painter.drawLine(option.rect.bottomLeft(), option.rect.bottomRight())
        painter.restore()

    def _first_line(self, painter: QPainter, rect: QRect, option: QStyleOptionViewItem, job: Job) -> None:
        face = face_of(job)
        percent = f"{job.progress:.0f} %" if job.progress is not None and job.state is JobState.RUNNING else ""
        painter.setFont(option.font)
        left = self._face(painter, rect, face, words((face[1], percent), "  "))
        name = self.theme.font(bold=True)
        painter.setFont(name)
        painter.setPen(self.theme.colour(Tone.TEXT))
        room = left - rect.left() - 10
        text = painter.fontMetrics().elidedText(job.remote_id, Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(rect, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)

    def _face(self, painter: QPainter, rect: QRect, face: Face, text: str) -> int:
        """Draw icon and word at the right; return where they begin."""
        icon, _, tone = face
        width = painter.fontMetrics().horizontalAdvance(text)
        left = rect.right() - width - ICON_SIZE - 5
        self.theme.icon(icon, tone).paint(
            painter, QRect(left, rect.center().y() - ICON_SIZE // 2 + 1, ICON_SIZE, ICON_SIZE)
        )
        painter.setPen(self.theme.colour(tone))
        painter.drawText(rect, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
        return left

    def _second_line(self, painter: QPainter, rect: QRect, job: Job, faint: Tone) -> None:
        painter.setFont(self.theme.font(-0.7))
        note = note_of(job, self._model.now(), self._model.formats)
        left = self._note(painter, rect, note, faint) if note.words else rect.right()
        outcome = local_of(job)
        here = LOCAL_FACES[outcome][1] if outcome is not None else ""
        where = job.server if self._model.many_servers else ""
        loud = outcome is not None and outcome in LOUD
        kind = kind_title(job, self._model.kinds)
        text = words((here, kind, where), "  \N{MIDDLE DOT}  ")
        tone = LOCAL_FACES[outcome][2] if outcome is not None and loud else faint
        painter.setPen(self.theme.colour(tone))
        room = max(0, left - rect.left() - 10)
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room)
        painter.drawText(rect, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)

    def _note(self, painter: QPainter, rect: QRect, note: Note, faint: Tone) -> int:
        if note.icon:
            return self._face(painter, rect, (note.icon, note.words, note.tone), note.words)
        painter.setPen(self.theme.colour(faint if note.tone is Tone.FAINT else note.tone))
        painter.drawText(rect, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, note.words)
        return rect.right() - painter.fontMetrics().horizontalAdvance(note.words)

    def _bar(self, painter: QPainter, track: QRectF, job: Job) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.theme.ground("line_strong"))
        painter.drawRoundedRect(track, 1.5, 1.5)
        if job.progress:
            filled = QRectF(track)
            filled.setWidth(max(3.0, track.width() * job.progress / 100))
            painter.setBrush(self.theme.colour(Tone.INFO))
            painter.drawRoundedRect(filled, 1.5, 1.5)
