"""An empty page that teaches: what would be here, and the one thing to do next."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QStackedWidget, QWidget

from desktop.ui.colours import Tone
from desktop.ui.theme import Theme
from desktop.ui.widgets.parts import Mark, Paragraph, column, label, push


class Empty(QWidget):
    """An icon, a title, a few words and buttons, in the middle of the page."""

    def __init__(
        self, theme: Theme, icon: str, title: str, text: str, *buttons: QPushButton, small: bool = False
    ) -> None:
        super().__init__()
        self._mark = Mark(theme, icon, Tone.FAINT, 28 if small else 44)
        self._title = label(title, "strong" if small else "title")
        self._text = Paragraph(text, 220 if small else 480)
        self._title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        line = QHBoxLayout()
        line.setSpacing(10)
        line.addStretch(1)
        for button in buttons:
            line.addWidget(button)
        line.addStretch(1)
        body = column(None, spacing=6 if small else 12)
        body.addWidget(self._mark, alignment=Qt.AlignmentFlag.AlignHCenter)
        body.addWidget(self._title)
        body.addWidget(self._text, alignment=Qt.AlignmentFlag.AlignHCenter)
        if buttons:
            body.addSpacing(6)
            body.addLayout(line)
        body.addStretch(1)
        body.setContentsMargins(8, 8, 8, 8)
        self.setLayout(body)

    def say(self, icon: str, title: str, text: str) -> None:
        """Show other words."""
        self._mark.show_icon(icon, Tone.FAINT)
        self._title.setText(title)
        self._text.show_text(text)


class EmptyPages(QStackedWidget):
    """The empty pages of a tab. `act` carries what a button on one of them asks for, in one word."""

    act = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme

    def button(self, words: str, icon: str, what: str, first: bool = False) -> QPushButton:
        """Return a button that asks for `what`; first: it is the one next thing to do."""
        return push(self._theme, words, icon, "primary" if first else "", lambda: self.act.emit(what))

    def doors(self, words: str, demo: bool) -> tuple[QPushButton, ...]:
        """Return the ways in where there is no server yet: the demo studio first, if there is one; then our own."""
        connect = self.button(words, "server", "connect", first=not demo)
        return (self.button("Try the demo studio", "demo", "demo", first=True), connect) if demo else (connect,)
