"""A speed limit edited in its row: what is no rate is refused in words under the field, and the field stays."""

from PySide6.QtCore import QAbstractItemModel, QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QStyleOptionViewItem, QWidget

from desktop.core.errors import UsageError
from desktop.core.units import parse_rate
from desktop.ui.models.columns import Index, Role
from desktop.ui.widgets.cells import Cell
from desktop.ui.widgets.parts import label, mark_wrong, panel, row, set_role


class LimitEdit(QLineEdit):
    """The field, and under it what is wrong with what it says, or how to write a rate."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName("Speed limit")
        self.setProperty("kind", "cell")
        self._room = parent
        self.filled = False
        self.words = label()
        self._note = panel(row(self.words, margins=(8, 4, 8, 4)), "note")
        self._note.setParent(parent)
        self.textEdited.connect(lambda _text: self.judge())
        self.destroyed.connect(self._note.deleteLater)

    def judge(self) -> bool:
        """Say what the text means or what is wrong with it; return whether it is a rate."""
        try:
            rate = parse_rate(self.text())
        except UsageError as error:
            words, wrong = f"{error.cause} {error.suggestion}", True
        else:
            words, wrong = "No limit of its own" if rate is None else "e.g. 800k, 1.5M, 2G; 0 for no limit", False
        self.words.setText(words)
        set_role(self.words, "bad" if wrong else "muted")
        mark_wrong(self, words if wrong else "")
        self._place()
        return not wrong

    def _place(self) -> None:
        room = self._room
        self._note.adjustSize()
        size = self._note.sizeHint()
        below = self.geometry().bottom() + 2
        top = below if below + size.height() <= room.height() else self.geometry().top() - size.height() - 2
        self._note.move(QPoint(max(0, min(self.x(), room.width() - size.width() - 4)), max(0, top)))
        self._note.show()
        self._note.raise_()


class LimitCell(Cell):
    """Writes the text of the field into the model once it is a rate."""

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        """Return the field."""
        return LimitEdit(parent)

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        """Fill the field, once: the row goes on living under it while it is typed in."""
        if isinstance(editor, LimitEdit) and not editor.filled:
            editor.filled = True
            editor.setText(str(index.data(Role.EditRole)))
            editor.selectAll()

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        """Hand the text over; leaving the field with a text that is no rate changes nothing."""
        if isinstance(editor, LimitEdit):
            model.setData(index, editor.text().strip())

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        """Keep the field, wide enough to be typed in, at its cell's right edge."""
        rect = option.rect
        editor.setGeometry(rect.adjusted(min(0, rect.width() - 110), 0, 0, 0))
        if isinstance(editor, LimitEdit):
            editor.judge()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let Enter not close a field whose text is no rate."""
        enter = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        pressed = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() in enter
        if pressed and isinstance(watched, LimitEdit) and not watched.judge():
            return True
        return super().eventFilter(watched, event)
