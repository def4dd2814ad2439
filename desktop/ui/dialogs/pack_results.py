"""Package an output folder as the ZIP its server would send."""

from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QFormLayout, QLineEdit, QProgressBar, QWidget

from desktop.core.errors import IncompleteResultsError, ShotDockError
from desktop.core.paths import at_home, whole_path
from desktop.ui.colours import Tone
from desktop.ui.dialogs.base import Dialog
from desktop.ui.tab import Frame
from desktop.ui.widgets.card import Act, Card, Cards
from desktop.ui.widgets.parts import column, label, push, row, tool
from desktop.work.background import Work


class PackDialog(Dialog):
    """Asks for a folder and a file, packs in the background; what is incomplete is named before anything is written."""

    _told = Signal(object, object)

    def __init__(self, frame: Frame, folder: Path | None, parent: QWidget | None) -> None:
        super().__init__(frame.theme, "Package as ZIP", parent)
        self._frame, self._desk = frame, frame.services.jobs
        self._work: Work | None = None
        self.folder = _line("Output folder", "/mnt/renders/job-2041/output")
        self.target = _line("ZIP file", "")
        self._own_target = True
        self.cards = Cards(frame.theme, (0, 0, 0, 12))
        self.bar = QProgressBar()
        self.bar.setAccessibleName("Progress of packing")
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        self._amount = label("", "muted")
        self.progress = QWidget()
        self.progress.setLayout(row(self.bar, self._amount))
        browse = tool(frame.theme, "folder", "Browse for the output folder", self._browse, kind="button")
        save_as = tool(frame.theme, "folder", "Choose where the ZIP goes", self._save_as, kind="button")
        form = QFormLayout()
        form.setHorizontalSpacing(14)
        form.setVerticalSpacing(9)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for words, edit, button in (("Output folder", self.folder, browse), ("ZIP file", self.target, save_as)):
            line = row(edit, button, spacing=6)
            line.setStretch(0, 1)
            form.addRow(label(words, "muted"), line)
        form.addRow(label(""), self.progress)
        self.pack_button = push(frame.theme, "Package", "jobs", "primary", self.pack)
        self.pack_button.setDefault(True)
        self.cancel_button = self.close_button()
        body = column(self.cards, form, None, spacing=0)
        text = "The models, previews and quality.json of a reconstruction, on this machine or mounted, as one ZIP."
        self.lay_out(body, self.cancel_button, self.pack_button, text=text)
        self.setMinimumWidth(580)
        self.progress.hide()
        self.folder.textChanged.connect(lambda _text: self._suggest())
        self.target.textEdited.connect(lambda _text: self._own(False))
        self._told.connect(self._progressed)
        self.folder.setText(str(folder) if folder is not None else "")
        self._suggest()

    def pack(self, models: tuple[str, ...] = ()) -> None:
        """Pack; models: those alone, all of them if none is named."""
        if self._work is not None or not self.pack_button.isEnabled():
            return
        self.cards.clear()
        self._busy(True)
        folder = whole_path(self.folder.text().strip())
        target = whole_path(self.target.text().strip())

        def packed(absent: tuple[str, ...]) -> None:
            self._packed(target, absent)

        self._work = self._desk.pack(folder, target, packed, self._failed, self._told.emit, models)

    def done(self, result: int) -> None:
        """Stop what is under way: the target is then as it was."""
        if self._work is not None:
            self._work.cancel()
            self._work = None
        super().done(result)

    def _busy(self, busy: bool) -> None:
        for widget in (self.folder, self.target, self.pack_button):
            widget.setEnabled(not busy)
        self.pack_button.setText("Packing\N{HORIZONTAL ELLIPSIS}" if busy else "Package")
        self.cancel_button.setText("Stop" if busy else "Close")
        self.progress.setVisible(busy)
        self.bar.setValue(0)
        self._amount.setText("")

    def _progressed(self, done: int, size: int) -> None:
        self.bar.setValue(1000 * done // size if size else 0)
        self._amount.setText(f"{self._frame.formats.size(done)} of {self._frame.formats.size(size)}")

    def _packed(self, target: Path, absent: tuple[str, ...]) -> None:
        self._work = None
        self._busy(False)
        note = f"Not there, and not needed: {', '.join(absent)}." if absent else "Everything a job makes is in it."

        def show() -> None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(target.parent)))

        title = f"{target.name} is written."
        self.cards.put(Card(self.theme, title, note, acts=(("Open folder", show),), tone=Tone.ACCENT, icon="done"))
        self.make_room()

    def _failed(self, error: ShotDockError) -> None:
        self._work = None
        self._busy(False)
        self.make_room()
        if not isinstance(error, IncompleteResultsError):
            self.cards.tell(error)
            return
        whole = self._desk.whole_models(error.missing)
        acts: tuple[Act, ...] = ((f"Package {' and '.join(whole)} only", lambda: self.pack(whole)),) if whole else ()
        missing = [f"\N{BULLET} {name}" for name in error.missing]
        title = "The results are incomplete: nothing was packed."
        note = "Whoever gets the ZIP could not see that something is missing."
        self.cards.put(Card(self.theme, title, "Missing:", *missing, note, acts=acts, tone=Tone.WARN))

    def _own(self, own: bool) -> None:
        self._own_target = own

    def _suggest(self) -> None:
        text = self.folder.text().strip()
        if self._own_target:
            folder = at_home(text)
            self.target.setText(str(folder.with_name(f"{folder.name}.zip")) if folder.name else "")
        self.pack_button.setEnabled(bool(text and self.target.text().strip()))

    def _browse(self) -> None:
        dialog = QFileDialog(self, "Output folder of a reconstruction", self.folder.text())
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.folder.setText)
        dialog.open()

    def _save_as(self) -> None:
        dialog = QFileDialog(self, "Package as", self.target.text(), "ZIP (*.zip)")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._chosen)
        dialog.open()

    def _chosen(self, path: str) -> None:
        self._own(False)
        self.target.setText(path)
        self._suggest()


def _line(name: str, hint: str) -> QLineEdit:
    made = QLineEdit()
    made.setAccessibleName(name)
    made.setPlaceholderText(hint)
    return made
