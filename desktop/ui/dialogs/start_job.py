"""Start a job on a server: the form its kind asks for, judged while it is typed."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLineEdit, QWidget

from desktop.core.errors import ShotDockError
from desktop.core.job import Field, Job, KindInfo
from desktop.ui.dialogs.base import Dialog
from desktop.ui.tab import Frame
from desktop.ui.widgets.card import Cards
from desktop.ui.widgets.job_server import ServerChoice
from desktop.ui.widgets.parts import Elided, column, label, mark_wrong, push, set_role
from desktop.work.background import Work


class FieldEdit(QWidget):
    """One field with what it is for, or what is wrong with it, under it. `changed`: another value."""

    changed = Signal()

    def __init__(self, field: Field) -> None:
        super().__init__()
        self.field = field
        self.choice = QComboBox()
        self.line = QLineEdit()
        if field.choices:
            for name in field.choices:
                self.choice.addItem(name, name)
            self.choice.setCurrentIndex(max(0, self.choice.findData(field.default)))
            self.choice.currentIndexChanged.connect(lambda _number: self.changed.emit())
        else:
            self.line.setText(str(field.default))
            self.line.textChanged.connect(lambda _text: self.changed.emit())
        edit = self.choice if field.choices else self.line
        edit.setAccessibleName(field.title)
        edit.setFixedWidth(120)
        (self.line if field.choices else self.choice).hide()
        self._words = label("", "faint", wrap=True)
        self.setLayout(column(edit, self._words, spacing=3))
        self.judge("")

    def value(self) -> object:
        """Return the value as the kind wants it; text that is no number stays text, to be complained about."""
        if self.field.choices:
            return self.choice.currentData()
        text = self.line.text().strip().replace(",", "")
        digits = text[1:] if text.startswith("-") else text
        return int(text) if digits.isascii() and digits.isdigit() and len(digits) < 18 else self.line.text().strip()

    def judge(self, complaint: str) -> None:
        """Show what is wrong, or if nothing is what the field is for."""
        span = f" From {self.field.least} to {self.field.most}." if self.field.least is not None else ""
        said = complaint.replace("''", "nothing")
        self._words.setText(said or f"{self.field.explanation}{span}")
        set_role(self._words, "bad" if complaint else "faint")
        mark_wrong(self.line, said if complaint else "")


class StartJobDialog(Dialog):
    """`started` carries the Job, and the folder it is to be fetched to by itself or None."""

    started = Signal(object, object)

    def __init__(self, frame: Frame, info: KindInfo, server: str, parent: QWidget | None) -> None:
        super().__init__(frame.theme, f"Start: {info.title.lower()}", parent)
        self._desk, self._info = frame.services.jobs, info
        self._folder: Path = frame.destination.path
        self._work: Work | None = None
        self.server = ServerChoice(frame.services, server)
        self.fields = {field.name: FieldEdit(field) for field in info.fields}
        self.fetch = QCheckBox("Download it by itself when it is done")
        self._where = Elided(role="faint")
        self._where.show_text(f"below {self._folder}")
        self._where.setIndent(22)
        self.cards = Cards(frame.theme, (0, 0, 0, 12))
        fetching = QWidget()
        fetching.setLayout(column(self.fetch, self._where, spacing=2))
        form = QFormLayout()
        form.setHorizontalSpacing(14)
        form.setVerticalSpacing(10)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for words, widget in (
            ("Server", self.server),
            *((edit.field.title, edit) for edit in self.fields.values()),
            ("", fetching),
        ):
            name = label(words, "muted")
            name.setContentsMargins(0, 2 if isinstance(widget, FieldEdit) else 6, 0, 0)
            form.addRow(name, widget)
        self.start_button = push(frame.theme, "Start", "play", "primary", self.start)
        self.start_button.setDefault(True)
        body = column(self.cards, form, None, spacing=0)
        self.lay_out(body, self.close_button(), self.start_button, text=info.explanation)
        self.setMinimumWidth(500)
        for edit in self.fields.values():
            edit.changed.connect(self._judge)
        self.fetch.toggled.connect(self._where.setVisible)
        self._where.setVisible(False)
        self._judge()
        for edit in [edit for edit in self.fields.values() if not edit.field.choices][:1]:
            edit.line.setFocus()
            edit.line.selectAll()

    def start(self) -> None:
        """Start it, unless something is wrong with the values."""
        if self._judge() and self._work is None:
            self.cards.clear()
            self.start_button.setText("Starting\N{HORIZONTAL ELLIPSIS}")
            self.start_button.setEnabled(False)
            values = {name: edit.value() for name, edit in self.fields.items()}
            server = self.server.server()
            self._work = self._desk.start(server, self._info.name, values, self._started, self._failed)

    def done(self, result: int) -> None:
        """Break off the question if it is still on its way."""
        if self._work is not None:
            self._work.cancel()
            self._work = None
        super().done(result)

    def _judge(self) -> bool:
        values = {name: edit.value() for name, edit in self.fields.items()}
        wrong = self._desk.complaints(self._info.name, values)
        for name, edit in self.fields.items():
            edit.judge(wrong.get(name, ""))
        self.start_button.setEnabled(not wrong)
        return not wrong

    def _started(self, job: Job) -> None:
        self._work = None
        self.started.emit(job, self._folder if self.fetch.isChecked() else None)
        self.accept()

    def _failed(self, error: ShotDockError) -> None:
        self._work = None
        self.start_button.setText("Start")
        self.start_button.setEnabled(True)
        self.cards.tell(error)
        self.make_room()
