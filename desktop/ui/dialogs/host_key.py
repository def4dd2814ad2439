"""A server never seen before, or one that shows another key: the fingerprint, and the question."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from desktop.core.errors import HostKeyChanged, HostKeyUnknown, ShotDockError
from desktop.ui.colours import Tone
from desktop.ui.dialogs.base import Dialog
from desktop.ui.tab import Frame
from desktop.ui.widgets.card import Card, Cards
from desktop.ui.widgets.parts import column, label, push


class HostKeyDialog(Dialog):
    """`trusted`: the key is remembered, the next attempt goes through."""

    trusted = Signal()

    def __init__(self, frame: Frame, error: HostKeyUnknown, parent: QWidget | None) -> None:
        super().__init__(frame.theme, "Trust this server?", parent)
        self._frame, self._error = frame, error
        changed = isinstance(error, HostKeyChanged)
        host = label(error.host or error.path, "strong")
        key = label(error.fingerprint)
        key.setFont(frame.theme.mono())
        key.setWordWrap(True)
        key.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        key.setAccessibleName(f"Fingerprint {error.fingerprint}")
        key.setMinimumWidth(440)
        self._cards = Cards(frame.theme)
        body = column(label("SERVER", "section"), host, 6, label("FINGERPRINT", "section"), key, 6, spacing=4)
        if changed:
            body.addWidget(Card(frame.theme, error.title, error.cause, error.suggestion, tone=Tone.BAD, closable=False))
        body.addWidget(self._cards)
        body.addStretch(1)
        self.trust_button = push(frame.theme, "Trust and continue", "lock", "" if changed else "primary", self._trust)
        buttons = [self.close_button("Do not connect")] if changed else [self.close_button(), self.trust_button]
        text = (
            "The server shows another key than the one you trusted before: someone may be in between. ShotDock "
            "does not connect until your administrator has confirmed the change and the old key was removed."
            if changed
            else "ShotDock has not met this server yet. Compare the fingerprint with the one your administrator gave "
            "you, then trust it once; it is remembered."
        )
        self.lay_out(body, *buttons, head="This server's key has changed" if changed else "", text=text)
        self.setMinimumWidth(500)

    def _trust(self) -> None:
        self.trust_button.setEnabled(False)
        self._frame.services.connections.trust(self._error, self._done, self._failed)

    def _done(self) -> None:
        if self.over:
            return
        self.trusted.emit()
        self.accept()

    def _failed(self, error: ShotDockError) -> None:
        if self.over:
            return
        self.trust_button.setEnabled(True)
        self._cards.tell(error)
