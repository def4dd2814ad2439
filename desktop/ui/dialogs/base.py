"""A dialog as all of them look here: title, body, buttons at the right; Escape closes."""

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QDialog, QLayout, QPushButton, QWidget

from desktop.ui.theme import Theme
from desktop.ui.widgets.parts import column, label, panel, push, row


class Dialog(QDialog):
    """Window-modal, freed when closed. over: it was closed; an answer that comes later finds nobody."""

    def __init__(self, theme: Theme, title: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.over = False
        self.setWindowTitle(title)
        self.setModal(True)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def lay_out(self, body: QLayout, *buttons: QPushButton, head: str = "", text: str = "") -> None:
        """Put title, words, body and buttons in place."""
        whole = column(spacing=0)
        top = column(margins=(20, 18, 20, 0), spacing=4)
        top.addWidget(label(head or self.windowTitle(), "head"))
        if text:
            top.addWidget(label(text, "muted", wrap=True))
        whole.addLayout(top)
        body.setContentsMargins(20, 14, 20, 16)
        holder = QWidget()
        holder.setLayout(body)
        whole.addWidget(holder, 1)
        if buttons:
            whole.addWidget(panel(row(None, *buttons, margins=(20, 12, 20, 12)), "bar"))
        self.setLayout(whole)

    def done(self, result: int) -> None:
        """Close, and hear no more."""
        self.over = True
        super().done(result)

    def make_room(self) -> None:
        """Grow for what was put in, once it is laid out; nothing shrinks under the hand."""
        QTimer.singleShot(0, self, self._grow)

    def close_button(self, words: str = "Cancel") -> QPushButton:
        """Return a button that closes the dialog without doing anything."""
        return push(self.theme, words, run=self.reject)

    def _grow(self) -> None:
        layout = self.layout()
        if layout is not None:
            self.resize(self.width(), max(self.height(), layout.totalHeightForWidth(self.width())))
