"""A server never seen before, or one that shows another key: the fingerprint, and the question."""

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from desktop.core.errors import HostKeyChanged, HostKeyUnknown
from desktop.ui.colours import Tone
from desktop.ui.dialogs.asking import AskingDialog
from desktop.ui.tab import Frame
from desktop.ui.widgets.card import Card
from desktop.ui.widgets.parts import column, label


class HostKeyDialog(AskingDialog):
    """Yes is remembered for the server's key; to one that changed there is no yes here."""

    def __init__(self, frame: Frame, error: HostKeyUnknown, parent: QWidget | None) -> None:
        super().__init__(frame, "Trust this server?", parent)
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
        body = column(self.cards, label("SERVER", "section"), host, 6, spacing=4)
        for thing in (label("FINGERPRINT", "section"), key):
            body.addWidget(thing)
        body.addSpacing(6)
        if changed:
            body.addWidget(Card(frame.theme, error.title, error.cause, error.suggestion, tone=Tone.BAD, closable=False))
        body.addStretch(1)
        trust = self.yes("Trust and continue", "lock", "" if changed else "primary", partial(self.desk.trust, error))
        buttons = [self.close_button("Do not connect")] if changed else [self.close_button(), trust]
        text = (
            "The server shows another key than the one you trusted before: someone may be in between. ShotDock "
            "does not connect until your administrator has confirmed the change and the old key was removed."
            if changed
            else "ShotDock has not met this server yet. Compare the fingerprint with the one your administrator gave "
            "you, then trust it once; it is remembered."
        )
        self.lay_out(body, *buttons, head="This server's key has changed" if changed else "", text=text)
        self.setMinimumWidth(500)
