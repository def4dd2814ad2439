"""What can be done with a receipt: see only some results, write it to a file, run the task again."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QFileDialog, QWidget

from desktop.core.task import FileResult, Task
from desktop.ui.formats import Formats
from desktop.ui.theme import Theme
from desktop.ui.widgets.parts import push, row

Results = frozenset[FileResult]

SHOWN: tuple[tuple[str, Results | None], ...] = (
    ("All files", None),
    ("Failed", frozenset((FileResult.FAILED,))),
    ("Skipped", frozenset((FileResult.SKIPPED,))),
    ("Downloaded", frozenset(result for result in FileResult if result.arrived)),
)
FILTERS = ("Table (*.csv)", "JSON (*.json)")


class ReceiptBar(QWidget):
    """Signals: sifted (the results to show, None for all), again (run it again), exported (a file's path)."""

    sifted = Signal(object)
    again = Signal()
    exported = Signal(object)

    def __init__(self, theme: Theme, formats: Formats) -> None:
        super().__init__()
        self._formats = formats
        self.box = QComboBox()
        self.box.setAccessibleName("Which results")
        for words, results in SHOWN:
            self.box.addItem(words, results)
        self.export_button = push(theme, "Export\N{HORIZONTAL ELLIPSIS}", "export", run=self._choose)
        self.export_button.setToolTip("Write the result of every file as CSV or JSON")
        self.again_button = push(theme, "Run again", "retry", "primary", self.again.emit)
        self.again_button.setToolTip("Plan the same files against what is here now, and look at it first")
        self.setLayout(row(self.box, self.export_button, self.again_button, spacing=8))
        self.box.currentIndexChanged.connect(lambda: self.sifted.emit(self.box.currentData()))
        self._name = "receipt"

    def begin(self) -> None:
        """Begin with another receipt: all of it is shown."""
        self.box.setCurrentIndex(0)

    def tell(self, task: Task) -> None:
        """Say how many files there are of each result. The task's number names the file, unless somebody does."""
        self._name = f"task-{task.id}"
        files = task.files
        for place, count in enumerate((files.planned, files.failed, files.skipped, files.downloaded)):
            self.box.setItemText(place, f"{SHOWN[place][0]}  {self._formats.count(count)}")

    def _choose(self) -> None:
        dialog = QFileDialog(self, "Export the receipt", f"{self._name}.csv")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters(FILTERS)
        dialog.setDefaultSuffix("csv")
        dialog.filterSelected.connect(lambda chosen: dialog.setDefaultSuffix("json" if chosen == FILTERS[1] else "csv"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: self.exported.emit(Path(path)))
        dialog.open()
