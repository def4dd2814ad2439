"""What a job has made: a line each with its size, how it stands here, and the button that brings it."""

from collections.abc import Iterable, Mapping
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QProgressBar, QWidget

from desktop.core.job import Artifact, Job
from desktop.core.task import Progress
from desktop.ui.formats import Formats, plain, words
from desktop.ui.models.job_words import ArtifactFace, artifact_face
from desktop.ui.theme import Theme
from desktop.ui.widgets.parts import Elided, Mark, column, label, push, row, set_role, tool

ICONS = {"fetch": "download", "open": "folder", "unpack": "play", "": "download"}
ROLES = {"good": "good", "warn": "warn", "bad": "bad"}


class ArtifactLine(QFrame):
    """One artifact. `acted` carries what is wanted: fetch, open, unpack."""

    acted = Signal(str)

    def __init__(self, theme: Theme, artifact: Artifact) -> None:
        super().__init__()
        self.setObjectName("card")
        self._theme, self._name = theme, artifact.title
        self._face: ArtifactFace | None = None
        self._mark = Mark(theme, "download", size=16)
        self._title = label(artifact.title, "strong")
        self._state = label("", "muted")
        self._words = Elided(role="faint")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(f"Progress of {artifact.title}")
        self._bar.setRange(0, 1000)
        self._bar.setFixedWidth(120)
        self.button = push(theme, "Download", "download", run=self._act)
        self.again = tool(theme, "retry", f"Download {artifact.title} again", run=lambda: self.acted.emit("fetch"))
        # Lines of one look, whatever their buttons say.
        self.button.setMinimumWidth(142)
        head = row(self._title, self._state, None, spacing=10)
        line = row(self._mark, column(head, self._words, spacing=1), self._bar, self.again, self.button)
        line.setContentsMargins(12, 7, 8, 7)
        line.setSpacing(10)
        line.setStretch(1, 1)
        self.setLayout(line)

    def show_face(self, face: ArtifactFace, name: str) -> None:
        """Show how the artifact stands. name: what it is called on disk."""
        if face == self._face:
            return
        self._face = face
        icon, word, tone = face.face
        self._mark.show_icon(icon, tone)
        self._state.setText(word)
        set_role(self._state, ROLES.get(tone.value, "muted"))
        self._words.show_text(words((name, face.words or face.why), "  \N{MIDDLE DOT}  "))
        self._bar.setVisible(face.fraction is not None)
        self._bar.setValue(round(1000 * (face.fraction or 0.0)))
        self.again.setVisible(face.again)
        self._theme.dress(self.button, ICONS[face.act])
        self.button.setText(face.button)
        self.button.setAccessibleName(f"{face.button} {self._name}")
        self.button.setEnabled(bool(face.act))
        self.button.setToolTip(plain(face.why))
        self.button.setAccessibleDescription(face.why)
        self.setAccessibleName(words((self._name, word, face.words or face.why)))

    def _act(self) -> None:
        if self._face is not None and self._face.act:
            self.acted.emit(self._face.act)


class ArtifactList(QWidget):
    """Signals: fetched, opened, unpacked (an artifact's name)."""

    fetched = Signal(str)
    opened = Signal(str)
    unpacked = Signal(str)

    def __init__(self, theme: Theme, formats: Formats) -> None:
        super().__init__()
        self._theme, self._formats = theme, formats
        self.lines: dict[str, ArtifactLine] = {}
        self._of = 0
        self._body = column(spacing=6)
        self._body.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.setLayout(self._body)

    def show_job(self, job: Job, progress: Mapping[int, Progress], asked: Iterable[str]) -> None:
        """Show a job's artifacts. progress: by task. asked: artifacts whose plans are being made."""
        if job.id != self._of or [a.name for a in job.artifacts] != list(self.lines):
            self._renew(job)
        wanted = set(asked)
        for artifact in job.artifacts:
            download = job.download(artifact.name)
            of_task = progress.get(download.task) if download is not None else None
            face = artifact_face(job, artifact, of_task, artifact.name in wanted, self._formats)
            here = artifact.available or download is not None
            self.lines[artifact.name].show_face(face, artifact.file_name if here else "")

    def _renew(self, job: Job) -> None:
        for line in self.lines.values():
            self._body.removeWidget(line)
            line.hide()
            line.deleteLater()
        self.lines.clear()
        self._of = job.id
        for artifact in job.artifacts:
            line = self.lines[artifact.name] = ArtifactLine(self._theme, artifact)
            line.acted.connect(partial(self._acted, artifact.name))
            self._body.addWidget(line)

    def _acted(self, name: str, what: str) -> None:
        signal = {"fetch": self.fetched, "open": self.opened, "unpack": self.unpacked}[what]
        signal.emit(name)
