"""The passphrase of a locked key file: asked, tried on the file itself, and kept only if the user says so."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QLineEdit, QWidget

from desktop.core.errors import KeyLocked, NoSecretStore, ShotDockError
from desktop.ui.dialogs.base import Dialog
from desktop.ui.tab import Frame
from desktop.ui.widgets.card import Cards
from desktop.ui.widgets.parts import column, label, push


class PassphraseDialog(Dialog):
    """`unlocked`: the key opens, the next attempt goes through. What is typed is sent to nobody."""

    unlocked = Signal()

    def __init__(self, frame: Frame, error: KeyLocked, parent: QWidget | None) -> None:
        super().__init__(frame.theme, "Unlock the key", parent)
        self._frame, self._key = frame, error.key
        self.cards = Cards(frame.theme, (0, 0, 0, 10))
        self.passphrase = QLineEdit()
        self.passphrase.setAccessibleName("Passphrase")
        self.passphrase.setEchoMode(QLineEdit.EchoMode.Password)
        self.passphrase.setMinimumWidth(440)
        self.keep = QCheckBox("Keep it in the system's keyring")
        body = column(self.cards, label("KEY FILE", "section"), label(str(error.key), "strong"), 6, spacing=4)
        for widget in (label("PASSPHRASE", "section"), self.passphrase, self.keep):
            body.addWidget(widget)
        body.addStretch(1)
        self.unlock_button = push(frame.theme, "Unlock", "lock", "primary", self._unlock)
        self.unlock_button.setEnabled(False)
        self.passphrase.textChanged.connect(lambda text: self.unlock_button.setEnabled(bool(text)))
        self.lay_out(
            body,
            self.close_button(),
            self.unlock_button,
            text="It opens the file on this machine and is never sent to the server. Unless it is kept, it is "
            "forgotten when ShotDock closes.",
        )
        self.passphrase.setFocus()

    def _unlock(self) -> None:
        self.unlock_button.setEnabled(False)
        self.cards.clear()
        desk = self._frame.services.connections
        desk.unlock(self._key, self.passphrase.text(), self.keep.isChecked(), self._done, self._failed)

    def _done(self) -> None:
        if self.over:
            return
        self.unlocked.emit()
        self.accept()

    def _failed(self, error: ShotDockError) -> None:
        if self.over:
            return
        self.unlock_button.setEnabled(True)
        if isinstance(error, NoSecretStore):
            # The key is open until ShotDock closes: say that it is not kept, and let go on.
            self.cards.tell(error, ("Use it for this session", self._done))
        else:
            self.cards.tell(error)
            self.passphrase.setFocus()
            self.passphrase.selectAll()
        self.make_room()
