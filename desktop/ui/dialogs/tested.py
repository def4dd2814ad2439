"""A dialog about a server that can be tried out before it is saved."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from desktop.core.connection import Connection
from desktop.core.errors import LoginFailed, NoSecretStore, ShotDockError
from desktop.ui.colours import Tone
from desktop.ui.dialogs.base import Dialog
from desktop.ui.dialogs.questions import question
from desktop.ui.tab import Frame
from desktop.ui.widgets.card import Card, Cards
from desktop.ui.widgets.parts import push
from desktop.work.background import Work


class TestedDialog(Dialog):
    """`used`: the name of the server to go on with.

    A dialog says what its fields say (`read`, `secret`), where a secret is typed (`ask_secret`) and how it is saved.
    """

    used = Signal(str)
    passed_words = "The server answers."
    trust_words = "Check the certificate\N{HORIZONTAL ELLIPSIS}"

    def __init__(self, frame: Frame, title: str, parent: QWidget | None, under_cards: int) -> None:
        """under_cards: pixels between the cards and what follows them."""
        super().__init__(frame.theme, title, parent)
        self._frame = frame
        self._desk = frame.services.connections
        self._work: Work | None = None
        self.cards = Cards(frame.theme, (0, 0, 0, under_cards))
        self.test_button = push(frame.theme, "Test", "plug", run=self.test)
        self.save_button = push(frame.theme, "Save and use", "check", "primary", self.save)

    def read(self) -> Connection | None:
        """Return the server as it is written here, or None after telling what is wrong."""
        raise NotImplementedError

    def secret_given(self) -> str | None:
        """Return the secret that was typed, or None."""
        raise NotImplementedError

    def ask_secret(self) -> None:
        """Let the secret be typed next."""
        raise NotImplementedError

    def save(self) -> None:
        """Save, and go on with this server."""
        raise NotImplementedError

    def test(self) -> None:
        """Ask the server as it is written here."""
        connection = self.read()
        if connection is None:
            return
        self._stop()
        self.cards.clear()
        self.test_button.setText("Testing\N{HORIZONTAL ELLIPSIS}")
        self.test_button.setEnabled(False)
        self._work = self._desk.test(connection, self.secret_given(), self._passed, self._failed)

    def done(self, result: int) -> None:
        """Stop a test that is under way."""
        self._stop()
        super().done(result)

    def _stop(self) -> None:
        if self._work is not None:
            self._work.cancel()
            self._work = None

    def _passed(self, words: str) -> None:
        self._tested()
        self.cards.put(Card(self.theme, self.passed_words, words, tone=Tone.ACCENT, icon="up-to-date"))
        self.save_button.setFocus()

    def _failed(self, error: ShotDockError) -> None:
        self._tested()
        acts = question(self._frame, error, self, self.test, self.trust_words)
        self.cards.tell(error, *acts)
        if isinstance(error, LoginFailed) and not acts:
            self.ask_secret()

    def _tested(self) -> None:
        self._work = None
        self.test_button.setText("Test")
        self.test_button.setEnabled(True)

    def _saved(self, name: str) -> None:
        if self.over:
            return
        self.used.emit(name)
        self.accept()

    def _kept_for_now(self, name: str, error: ShotDockError) -> None:
        if self.over:
            return
        self.save_button.setEnabled(True)
        if isinstance(error, NoSecretStore):
            # The server is saved and its secret holds until ShotDock closes: say so and let go on.
            self.cards.tell(error, ("Use it for this session", lambda: self._saved(name)))
        else:
            self._save_failed(error)

    def _save_failed(self, error: ShotDockError) -> None:
        if self.over:
            return
        self.save_button.setEnabled(True)
        self.cards.tell(error)
