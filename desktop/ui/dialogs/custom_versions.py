"""Choose a version for each shot and department."""

from collections.abc import Sequence

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, Signal
from PySide6.QtWidgets import QComboBox, QLineEdit, QStyleOptionViewItem, QWidget

from desktop.core.media import Compared
from desktop.ui.dialogs.base import Dialog
from desktop.ui.models.custom import COLUMNS, DOWNLOAD, LEAVE_OUT, CustomModel
from desktop.ui.tab import Frame
from desktop.ui.widgets.cells import ChoiceCell
from desktop.ui.widgets.parts import column, label, push, row
from desktop.ui.widgets.tables import Table

Index = QModelIndex | QPersistentModelIndex


class _VersionEditor(ChoiceCell):
    """A combo with the row's versions."""

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        """Return a combo that commits as soon as something is chosen."""
        box = QComboBox(parent)
        box.setAccessibleName("Version to fetch")
        model = index.model()
        assert isinstance(model, CustomModel)
        for version in model.versions(index.row()):
            box.addItem(version, version)
        box.addItem("leave out", LEAVE_OUT)
        box.activated.connect(lambda _number: self._done(box))
        return box

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        """Show the choice and open the list."""
        assert isinstance(editor, QComboBox)
        editor.setCurrentIndex(max(0, editor.findData(index.data(DOWNLOAD_ROLE))))
        editor.showPopup()

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        """Take the choice over."""
        assert isinstance(editor, QComboBox)
        model.setData(index, editor.currentData())

    def _done(self, box: QComboBox) -> None:
        self.commitData.emit(box)
        self.closeEditor.emit(box)


DOWNLOAD_ROLE = 2
"""Qt.ItemDataRole.EditRole as the number a model index takes."""


class CustomVersionsDialog(Dialog):
    """`taken` carries the chosen versions: (shot label, department) -> version or "" to leave out."""

    taken = Signal(object)

    def __init__(
        self, frame: Frame, rows: Sequence[Compared], custom: dict[tuple[str, str], str], parent: QWidget | None
    ) -> None:
        super().__init__(frame.theme, "Choose versions", parent)
        self._frame = frame
        self._before = dict(custom)
        self.model = CustomModel(frame.theme, rows, custom, self)
        self.table = Table(frame.theme, self.model, COLUMNS, "Version of each shot and department")
        self.table.setItemDelegateForColumn(DOWNLOAD, _VersionEditor(frame.theme, self.table))
        self.table.setEditTriggers(
            Table.EditTrigger.CurrentChanged | Table.EditTrigger.SelectedClicked | Table.EditTrigger.EditKeyPressed
        )
        self.latest_button = push(frame.theme, "Set all to latest", run=self.model.set_all_latest)
        self.version = QLineEdit()
        self.version.setPlaceholderText("v005")
        self.version.setFixedWidth(76)
        self.version.setAccessibleName("Version to set all rows to")
        self.all_button = push(frame.theme, "Set all to", run=self._set_all)
        self._said = label("", "faint")
        self._taken = label("", "muted")
        tools = row(self.latest_button, 6, self.all_button, self.version, self._said, None)
        self.take_button = push(frame.theme, "Use these versions", "check", "primary", self._take)
        body = column(tools, self.table, self._taken, spacing=10)
        body.setStretch(1, 1)
        text = "Click a version in the last column to choose another one. A row can be left out."
        self.lay_out(body, self.close_button(), self.take_button, text=text)
        self.resize(780, 560)
        self.version.returnPressed.connect(self._set_all)
        self.model.dataChanged.connect(lambda: self._count())
        self.take_button.setAutoDefault(False)
        self.all_button.setAutoDefault(False)
        self.latest_button.setAutoDefault(False)
        self._count()

    def _set_all(self) -> None:
        wanted = self.version.text().strip()
        if not wanted:
            self.version.setFocus()
            return
        found, rows = self.model.set_all(wanted), self.model.rowCount()
        self._said.setText(f"{found} of {rows} rows have it" + ("" if found == rows else "; the others are left out"))

    def _count(self) -> None:
        taken = self._frame.formats.counted(self.model.taken(), "row")
        self._taken.setText(f"{taken} of {self._frame.formats.count(self.model.rowCount())} will be fetched")

    def _take(self) -> None:
        self.taken.emit(self._before | self.model.choices())
        self.accept()
