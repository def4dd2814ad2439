"""Asks, once for each server and user of plain FTP, whether the password may go for anybody to read."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from desktop.core.errors import NotEncrypted, ShotDockError
from desktop.ui.colours import Tone
from desktop.ui.dialogs.base import Dialog
from desktop.ui.tab import Frame
from desktop.ui.widgets.card import Card, Cards
from desktop.ui.widgets.parts import column, label, push


class ConsentDialog(Dialog):
    """`agreed`: it is remembered, the next attempt goes through."""

    agreed = Signal()

    def __init__(self, frame: Frame, error: NotEncrypted, parent: QWidget | None) -> None:
        super().__init__(frame.theme, "Send the password unencrypted?", parent)
        self._frame, self._error = frame, error
        self._cards = Cards(frame.theme)
        warning = Card(
            frame.theme,
            "Anybody on the way can read it",
            "The password and every file cross the network as they are, and could be changed on the way. "
            "If the server offers SFTP, or FTP with TLS, choose that instead.",
            tone=Tone.WARN,
            closable=False,
        )
        body = column(label("SERVER AND USER", "section"), label(error.origin, "strong"), 6, warning, spacing=4)
        body.addWidget(self._cards)
        body.addStretch(1)
        self.agree_button = push(frame.theme, "Send it unencrypted", "warning", "", self._agree)
        self.agree_button.setAutoDefault(False)
        stay = self.close_button("Do not connect")
        stay.setDefault(True)  # nobody agrees to this by pressing Enter
        self.lay_out(
            body,
            self.agree_button,
            stay,
            text="Plain FTP does not encrypt. Nothing was sent yet. Your answer holds for this server and user, until "
            "the connection is removed.",
        )
        self.setMinimumWidth(500)
        stay.setFocus()

    def _agree(self) -> None:
        self.agree_button.setEnabled(False)
        self._frame.services.connections.trust(self._error, self._done, self._failed)

    def _done(self) -> None:
        if self.over:
            return
        self.agreed.emit()
        self.accept()

    def _failed(self, error: ShotDockError) -> None:
        if self.over:
            return
        self.agree_button.setEnabled(True)
        self._cards.tell(error)
