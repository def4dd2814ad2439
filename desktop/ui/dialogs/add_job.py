"""Add jobs by their ids or URLs: the kind is detected where a URL tells it, and chosen where an id does not."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QLineEdit, QWidget

from desktop.core.errors import ShotDockError
from desktop.core.job import Job
from desktop.ui.dialogs.base import Dialog
from desktop.ui.tab import Frame
from desktop.ui.widgets.card import Cards
from desktop.ui.widgets.job_server import ServerChoice
from desktop.ui.widgets.parts import column, label, push


class AddJobDialog(Dialog):
    """`added` carries each Job that is followed from now on."""

    added = Signal(object)

    def __init__(self, frame: Frame, text: str, server: str, kind: str, parent: QWidget | None) -> None:
        """server, kind: what is chosen as long as the text does not tell."""
        super().__init__(frame.theme, "Add a job", parent)
        self._desk = frame.services.jobs
        self._left = 0
        self.text = QLineEdit(" ".join(text.split()))
        self.text.setAccessibleName("Id or URL")
        self.text.setPlaceholderText("rec-2041, or https://jobs.studio.example/work/jobs/rec-2041")
        self.kind = QComboBox()
        self.kind.setAccessibleName("Kind")
        for info in self._desk.kinds:
            self.kind.addItem(info.title, info.name)
            self.kind.setItemData(self.kind.count() - 1, info.explanation, Qt.ItemDataRole.ToolTipRole)
        self.kind.setCurrentIndex(max(0, self.kind.findData(kind)))
        self.server = ServerChoice(frame.services, server)
        self._detected = label("", "faint", wrap=True)
        self.cards = Cards(frame.theme, (0, 0, 0, 12))
        form = QFormLayout()
        form.setHorizontalSpacing(14)
        form.setVerticalSpacing(9)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for words, widget in (
            ("Id or URL", self.text),
            ("", self._detected),
            ("Kind", self.kind),
            ("Server", self.server),
        ):
            form.addRow(label(words, "muted"), widget)
        self.add_button = push(frame.theme, "Add", "plus", "primary", self.add)
        self.add_button.setDefault(True)
        body = column(self.cards, form, None, spacing=0)
        self.lay_out(body, self.close_button(), self.add_button, text="Several ids or URLs, divided by spaces, do too.")
        self.setMinimumWidth(560)
        self.text.textChanged.connect(lambda _text: self._look())
        self._look()
        self.text.setFocus()

    def add(self) -> None:
        """Follow every job named; the dialog closes when all of them are known."""
        self.cards.clear()
        names = self.text.text().split()
        if not names or self._left:
            return
        self._left = len(names)
        self.add_button.setEnabled(False)
        for name in names:
            found = dict(self._desk.recognise(name))
            kind = self._kind() if self._kind() in found or not found else next(iter(found))
            server = found.get(kind, "") or self.server.server()
            self._desk.add(server, kind, name, self._added, self._failed)

    def _look(self) -> None:
        """Tell what the text is, and choose accordingly."""
        names = self.text.text().split()
        self.add_button.setEnabled(bool(names))
        found = self._desk.recognise(names[0]) if names else ()
        titles = {info.name: info.title for info in self._desk.kinds}
        sure = len(found) == 1
        self.kind.setEnabled(not sure)
        self.server.setEnabled(not (sure and found[0][1]))
        if not names:
            self._detected.setText("Paste what the server's own page shows.")
        elif not found:
            self._detected.setText("This is no id, and no address ShotDock knows jobs by.")
        elif sure:
            kind, server = found[0]
            self.kind.setCurrentIndex(self.kind.findData(kind))
            self.server.choose(server)
            where = f" on {server}" if server else ""
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            self._detected.setText(f"Detected: {titles[kind].lower()}{where}{more}")
        else:
            self._detected.setText("An id alone does not tell its kind: choose it.")

    def _kind(self) -> str:
        return str(self.kind.currentData())

    def _added(self, job: Job) -> None:
        self.added.emit(job)
        self._done_one()
        if not self._left and not self.cards.titles():
            self.accept()

    def _failed(self, error: ShotDockError) -> None:
        self.cards.tell(error)
        self.make_room()
        self._done_one()

    def _done_one(self) -> None:
        self._left -= 1
        if not self._left:
            self.add_button.setEnabled(True)
