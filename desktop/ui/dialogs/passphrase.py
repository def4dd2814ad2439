"""The passphrase of a locked key file: asked, tried on the file itself, and kept only if the user says so."""

from PySide6.QtWidgets import QCheckBox, QLineEdit, QWidget

from desktop.core.errors import KeyLocked, NoSecretStore, ShotDockError
from desktop.ui.dialogs.asking import AskingDialog
from desktop.ui.tab import Frame
from desktop.ui.widgets.parts import column, label


class PassphraseDialog(AskingDialog):
    """Yes is the passphrase that opens the key. What is typed is sent to nobody."""

    def __init__(self, frame: Frame, error: KeyLocked, parent: QWidget | None) -> None:
        super().__init__(frame, "Unlock the key", parent)
        self.passphrase = QLineEdit()
        self.passphrase.setAccessibleName("Passphrase")
        self.passphrase.setEchoMode(QLineEdit.EchoMode.Password)
        self.passphrase.setMinimumWidth(440)
        self.keep = QCheckBox("Keep it in the system's keyring")
        body = column(self.cards, label("KEY FILE", "section"), label(str(error.key), "strong"), 6, spacing=4)
        for widget in (label("PASSPHRASE", "section"), self.passphrase, self.keep):
            body.addWidget(widget)
        body.addStretch(1)
        unlock = self.yes(
            "Unlock",
            "lock",
            "primary",
            lambda done, failed: self.desk.unlock(
                error.key, self.passphrase.text(), self.keep.isChecked(), done, failed
            ),
        )
        unlock.setEnabled(False)
        self.passphrase.textChanged.connect(lambda text: unlock.setEnabled(bool(text)))
        self.lay_out(
            body,
            self.close_button(),
            unlock,
            text="It opens the file on this machine and is never sent to the server. Unless it is kept, it is "
            "forgotten when ShotDock closes.",
        )
        unlock.setDefault(True)
        self.passphrase.setFocus()

    def refuse(self, error: ShotDockError) -> None:
        """Let the passphrase be typed again; one that opened the key but is not kept will do for now."""
        if isinstance(error, NoSecretStore):
            self.cards.tell(error, ("Use it for this session", self.settled))
        else:
            self.cards.tell(error)
            self.passphrase.setFocus()
            self.passphrase.selectAll()
