"""A question that an error asks a person: yes is carried out, and what keeps it from being done is told here."""

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QWidget

from desktop.core.errors import ShotDockError
from desktop.ui.dialogs.base import Dialog
from desktop.ui.tab import Frame
from desktop.ui.widgets.card import Cards
from desktop.ui.widgets.parts import push

Answer = Callable[[Callable[[], None], Callable[[ShotDockError], None]], None]
"""Carries a yes out; tells that it is done, or why it is not."""


class AskingDialog(Dialog):
    """`answered`: with yes, and what that needs is done: the next attempt goes through. yes_button: made by `yes`."""

    answered = Signal()
    yes_button: QPushButton

    def __init__(self, frame: Frame, title: str, parent: QWidget | None) -> None:
        super().__init__(frame.theme, title, parent)
        self.desk = frame.services.connections
        self.cards = Cards(frame.theme, (0, 0, 0, 10))

    def yes(self, words: str, icon: str, kind: str, answer: Answer) -> QPushButton:
        """Return the button that answers with yes."""

        def settle() -> None:
            self.yes_button.setEnabled(False)
            self.cards.clear()
            answer(self.settled, self._failed)

        self.yes_button = push(self.theme, words, icon, kind, settle)
        return self.yes_button

    def settled(self) -> None:
        """Close with yes."""
        if not self.over:
            self.answered.emit()
            self.accept()

    def refuse(self, error: ShotDockError) -> None:
        """Tell why it could not be done."""
        self.cards.tell(error)

    def _failed(self, error: ShotDockError) -> None:
        if not self.over:
            self.yes_button.setEnabled(True)
            self.refuse(error)
            self.make_room()
