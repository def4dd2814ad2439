"""An error as a card: what happened, why, what to do, and the buttons that do it."""

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from desktop.core.errors import NextStep, ShotDockError
from desktop.core.redaction import redact
from desktop.ui.colours import Tone
from desktop.ui.theme import Theme
from desktop.ui.widgets.parts import Mark, column, label, push, row, tool

Act = tuple[str, Callable[[], object]]
"""A button of a card: its words and what it does."""

CHECK = "Check the certificate\N{HORIZONTAL ELLIPSIS}"
"""The button that shows a certificate nobody vouches for."""


class Card(QFrame):
    """One cause, said once. closed: the user has read it."""

    closed = Signal()

    def __init__(
        self,
        theme: Theme,
        title: str,
        *texts: str,
        acts: tuple[Act, ...] = (),
        tone: Tone = Tone.BAD,
        icon: str = "",
        closable: bool = True,
    ) -> None:
        super().__init__()
        self.setObjectName("card")
        self.setProperty("tone", tone.value)
        self.setAccessibleName(title)
        self.title = title
        head = label(title, "strong", wrap=True)
        top = row(Mark(theme, icon or ("error" if tone is Tone.BAD else "warning"), tone, 18), spacing=10)
        top.addWidget(head, 1)
        if closable:
            top.addWidget(tool(theme, "close", "Close this message", self._close))
        body = column(top, margins=(12, 8, 8, 10), spacing=4)
        for text in texts:
            if text:
                words = label(text, "muted", wrap=True)
                words.setContentsMargins(28, 0, 8, 0)
                body.addWidget(words)
        if acts:
            line = row(28, spacing=8)
            for words_of, run in acts:
                line.addWidget(push(theme, words_of, run=run))
            line.addStretch(1)
            body.addSpacing(4)
            body.addLayout(line)
        self.setLayout(body)

    def _close(self) -> None:
        self.hide()
        self.closed.emit()
        self.deleteLater()


def error_card(theme: Theme, error: ShotDockError, *acts: Act, count: int = 1, note: str = "") -> Card:
    """Return a card for an error; count: how many files it stopped, if more than one; note: what still holds."""
    title = error.title if count == 1 else f"{error.title}  ({count} files in all)"
    where = error.path if error.path and error.path not in f"{error.title} {error.cause}" else ""
    asks = error.next_step in (NextStep.ASK, NextStep.WAIT)
    return Card(
        theme,
        title,
        where,
        error.cause,
        error.suggestion,
        note,
        acts=(*acts, ("Copy report", _copier(error))),
        tone=Tone.WARN if asks else Tone.BAD,
    )


def _copier(error: ShotDockError) -> Callable[[], None]:
    lines = (error.title, error.cause, error.suggestion, error.path, f"({error.kind})")
    return lambda: QGuiApplication.clipboard().setText(redact("\n".join(line for line in lines if line)))


class Cards(QWidget):
    """A stack of cards, one per cause: the same title said twice stays one card."""

    def __init__(self, theme: Theme, margins: tuple[int, int, int, int] = (10, 10, 10, 0)) -> None:
        super().__init__()
        self._theme = theme
        self._cards: dict[str, Card] = {}
        self._body = QVBoxLayout(self)
        self._body.setContentsMargins(*margins)
        self._body.setSpacing(8)
        self.hide()

    def tell(self, error: ShotDockError, *acts: Act, note: str = "") -> None:
        """Show a card for the error."""
        self.put(error_card(self._theme, error, *acts, note=note))

    def put(self, card: Card) -> None:
        """Show a card, in place of an older one with the same title."""
        self.drop(card.title)
        self._cards[card.title] = card
        self._body.addWidget(card)
        card.closed.connect(lambda: self.drop(card.title))
        self.show()

    def drop(self, title: str) -> None:
        """Take a card away."""
        card = self._cards.pop(title, None)
        if card is not None:
            self._body.removeWidget(card)
            card.hide()
            card.deleteLater()
        self.setVisible(bool(self._cards))

    def clear(self) -> None:
        """Take every card away."""
        for title in tuple(self._cards):
            self.drop(title)

    def titles(self) -> tuple[str, ...]:
        """Return the titles of the cards shown."""
        return tuple(self._cards)
