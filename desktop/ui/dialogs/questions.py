"""What an error asks a person, as the button of a card that opens the dialog to answer it."""

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from desktop.core.errors import HostKeyUnknown, KeyLocked, NotEncrypted, ShotDockError
from desktop.ui.dialogs.asking import AskingDialog
from desktop.ui.dialogs.consent import ConsentDialog
from desktop.ui.dialogs.host_key import HostKeyDialog
from desktop.ui.dialogs.passphrase import PassphraseDialog
from desktop.ui.tab import Frame
from desktop.ui.widgets.card import Act

FINGERPRINT = "Check the fingerprint\N{HORIZONTAL ELLIPSIS}"
UNLOCK = "Unlock the key\N{HORIZONTAL ELLIPSIS}"
CONSENT = "Use it unencrypted\N{HORIZONTAL ELLIPSIS}"


def question(
    frame: Frame, error: ShotDockError, over: QWidget, again: Callable[[], object], trust_words: str = FINGERPRINT
) -> tuple[Act, ...]:
    """Return the button for what the error asks, or none; again: called once it is answered with yes."""
    if isinstance(error, HostKeyUnknown):
        return ((trust_words, lambda: _open(HostKeyDialog(frame, error, over), again)),)
    if isinstance(error, NotEncrypted):
        return ((CONSENT, lambda: ask_consent(frame, error, over, again)),)
    if isinstance(error, KeyLocked):
        return ((UNLOCK, lambda: _open(PassphraseDialog(frame, error, over), again)),)
    return ()


def ask_consent(frame: Frame, error: NotEncrypted, over: QWidget, again: Callable[[], object]) -> None:
    """Ask whether the password may go unencrypted."""
    _open(ConsentDialog(frame, error, over), again)


def _open(dialog: AskingDialog, again: Callable[[], object]) -> None:
    dialog.answered.connect(again)
    dialog.open()
