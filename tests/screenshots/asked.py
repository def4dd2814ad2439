"""Take pictures of what an error asks: trust a host key, send a password in clear, unlock a key file.

python tests/screenshots/asked.py [FOLDER] [--theme dark|light] [--only NAME ...]
"""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).parents[2]))

from PySide6.QtWidgets import QPushButton, QWidget

from desktop.core.connection import parse_connection
from desktop.ui.dialogs.asking import AskingDialog
from desktop.ui.dialogs.consent import ConsentDialog
from desktop.ui.dialogs.host_key import HostKeyDialog
from desktop.ui.dialogs.passphrase import PassphraseDialog
from desktop.ui.tab import Demo
from tests.screenshots.make import Pictures, main, wait

PHRASE = "only for a picture"
Asked = TypeVar("Asked", bound=AskingDialog)


class AskedPictures(Pictures):
    """The cards of the shot tab that ask something, and what their first button opens."""

    def run(self) -> None:
        """Walk through them, taking pictures."""
        os.environ.pop("SSH_AUTH_SOCK", None)
        self.window.show()
        wait(seconds=0.4)
        self._use("sftp", "VEGA studio")
        self._open("host-unknown", HostKeyDialog).reject()
        self._use("ftp", "VEGA by FTP")
        self._open("not-encrypted", ConsentDialog).reject()
        known = self.services.places.known_hosts
        known.parent.mkdir(parents=True, exist_ok=True)
        known.write_text(self.studio.urls()["host_key"].rstrip("\n") + "\n")
        self._locked()
        other, line = self._key("other"), self.studio.urls()["host_key"].split()
        known.write_text(f"{line[0]} {other.with_suffix('.pub').read_text()}")
        self._use("sftp", "VEGA moved")
        self._open("host-changed", HostKeyDialog).reject()

    def _use(self, protocol: str, name: str, key: Path | None = None) -> None:
        self.shots.cards.clear()
        connection, password = parse_connection(name, self.studio.urls()[protocol])
        if key is not None:
            connection, password = replace(connection, identity=str(key)), None
        self.shots.doors.enter_demo(Demo(connection, password, None))
        wait(lambda: self.shots.picker.name() == name and bool(self.shots.cards.titles()))

    def _open(self, name: str, kind: type[Asked]) -> Asked:
        """Take the card and the dialog its first button opens."""
        self.take(f"asked-{name}-card")
        _press(self.shots.cards)
        dialog = next(found for found in self.shots.findChildren(kind) if found.isVisible())
        self.take(f"asked-{name}", dialog)
        return dialog

    def _locked(self) -> None:
        self._use("sftp", "VEGA by key", self._key("key", PHRASE))
        dialog = self._open("key-locked", PassphraseDialog)
        for name, phrase in (("wrong", "another one"), ("not-kept", PHRASE)):
            dialog.passphrase.setText(phrase)
            dialog.keep.setChecked(True)
            dialog.yes_button.click()
            wait(lambda: bool(dialog.cards.titles()))
            self.take(f"asked-key-{name}", dialog)
        dialog.reject()

    def _key(self, name: str, phrase: str = "") -> Path:
        path = self.home / name
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-C", "picture", "-N", phrase, "-f", str(path)]
        subprocess.run(command, check=True)
        return path


def _press(over: QWidget) -> None:
    button = next(one for one in over.findChildren(QPushButton) if one.isVisible())
    button.click()


if __name__ == "__main__":
    raise SystemExit(main(AskedPictures))
