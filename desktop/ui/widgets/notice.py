"""Words in the middle of a dark picture: what is under way, or what went wrong and the buttons that help."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from desktop.ui.colours import DARK, Tone
from desktop.ui.theme import Theme
from desktop.ui.widgets.card import Act
from desktop.ui.widgets.parts import Paragraph, column, label, push

ICON = 40
WIDTH = 540


class Notice(QWidget):
    """An icon, a title, a few words, a bar of progress, buttons; hidden while there is nothing to say."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._icon = label()
        self.title = Paragraph("", WIDTH, "title")
        self.text = Paragraph("", WIDTH)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(WIDTH // 2)
        self._bar.setAccessibleName("Progress")
        self._line = QHBoxLayout()
        self._line.setSpacing(10)
        middle = Qt.AlignmentFlag.AlignHCenter
        body = column(margins=(24, 24, 24, 24), spacing=12)
        for widget in (self._icon, self.title, self.text, self._bar):
            body.addWidget(widget, alignment=middle)
        body.addSpacing(6)
        body.addLayout(self._line)
        self.setLayout(body)
        self.hide()

    def tell(self, icon: str, tone: Tone, title: str, text: str, *acts: Act) -> None:
        """Show words and buttons; the first button has the focus."""
        self._show(icon, tone, title, text, None)
        while (old := self._line.takeAt(0)) is not None:
            if (widget := old.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self._line.addStretch(1)
        for number, (words, run) in enumerate(acts):
            button = push(self._theme, words, kind="" if number else "primary", run=run)
            self._line.addWidget(button)
            if not number:
                button.setFocus()
        self._line.addStretch(1)

    def wait(self, name: str, text: str, part: float | None) -> None:
        """Show that a file is under way; part: how much of it is done, 0 to 1, None if nobody knows."""
        # A name has no spaces to be broken at.
        title = self.title.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, WIDTH)
        if self._bar.isHidden() or self.isHidden():
            self.tell("download", Tone.MUTED, title, text)
        self._show("download", Tone.MUTED, title, text, part)
        self._bar.setRange(0, 0 if part is None else 1000)
        self._bar.setValue(round((part or 0.0) * 1000))

    def _show(self, icon: str, tone: Tone, title: str, text: str, part: float | None) -> None:
        pixmap = self._theme.icon(icon, tone, DARK).pixmap(QSize(ICON, ICON), self.devicePixelRatioF())
        self._icon.setPixmap(pixmap)
        self.title.show_text(title)
        self.text.show_text(text)
        self._bar.setVisible(part is not None)
        self.show()
