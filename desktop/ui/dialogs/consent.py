"""Asks, once for each server and user of plain FTP, whether the password may go for anybody to read."""

from functools import partial

from PySide6.QtWidgets import QWidget

from desktop.core.errors import NotEncrypted
from desktop.ui.colours import Tone
from desktop.ui.dialogs.asking import AskingDialog
from desktop.ui.tab import Frame
from desktop.ui.widgets.card import Card
from desktop.ui.widgets.parts import column, label


class ConsentDialog(AskingDialog):
    """Yes is remembered for the server and user."""

    def __init__(self, frame: Frame, error: NotEncrypted, parent: QWidget | None) -> None:
        super().__init__(frame, "Send the password unencrypted?", parent)
        warning = Card(
            frame.theme,
            "Anybody on the way can read it",
            "The password and every file cross the network as they are, and could be changed on the way. "
            "If the server offers SFTP, or FTP with TLS, choose that instead.",
            tone=Tone.WARN,
            closable=False,
        )
        origin = label(error.origin, "strong")
        body = column(self.cards, label("SERVER AND USER", "section"), origin, 6, warning, None, spacing=4)
        agree = self.yes("Send it unencrypted", "warning", "", partial(self.desk.trust, error))
        agree.setAutoDefault(False)
        stay = self.close_button("Do not connect")
        stay.setDefault(True)  # nobody agrees to this by pressing Enter
        self.lay_out(
            body,
            agree,
            stay,
            text="Plain FTP does not encrypt. Nothing was sent yet. Your answer holds for this server and user, until "
            "the connection is removed.",
        )
        self.setMinimumWidth(500)
        stay.setFocus()
