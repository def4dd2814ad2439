"""What an error asks the person in front of the window: trust a server, unlock a key, send a password in clear."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop.core.connection import Address, Connection, parse_connection
from desktop.ui.dialogs.connections import ConnectionsDialog
from desktop.ui.dialogs.consent import ConsentDialog
from desktop.ui.dialogs.host_key import HostKeyDialog
from desktop.ui.dialogs.passphrase import PassphraseDialog
from desktop.ui.main_window import MainWindow
from desktop.ui.models.session import Phase
from desktop.ui.tabs.shots import ShotsTab
from desktop.work.services import Services
from tests.conftest import Starter
from tests.servers.process import free_port, program
from tests.servers.pyftpd import PyftpdServer
from tests.servers.sshd import SshServer
from tests.ui.galleries import WAIT, words

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # what the offscreen platform cannot

PASSPHRASE = "sentinel phrase"
Save = Callable[[Connection], None]


@pytest.fixture
def save(services: Services) -> Save:
    """Return a function that saves a connection, which the shots tab opens."""

    def saved(connection: Connection) -> None:
        services.connections.save(connection, None, lambda: None, lambda error: pytest.fail(str(error)))

    return saved


@pytest.fixture
def studio_served(studio: Path, served: Path) -> Path:
    """What the servers serve: the small studio."""
    served.rmdir()
    studio.rename(served)
    return served


def press(over: QWidget, said: str) -> None:
    button = next(
        one for one in over.findChildren(QPushButton) if one.isVisible() and one.accessibleName().startswith(said)
    )
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def shown(over: QWidget, kind: type[QDialog]) -> list[QDialog]:
    return [dialog for dialog in over.findChildren(kind) if dialog.isVisible()]


def asked(shots: ShotsTab, said: str, kind: type[QDialog], qtbot: QtBot) -> QDialog:
    """Wait for the card about the open connection, press its button, return the dialog."""
    qtbot.waitUntil(lambda: bool(shots.cards.titles()), timeout=WAIT)
    press(shots.cards, said)
    (dialog,) = shown(shots, kind)
    return dialog


def ready(shots: ShotsTab, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: shots.session.fresh and shots.session.phase is Phase.READY, timeout=WAIT)
    assert not shots.cards.titles()


def test_plain_ftp_asks_once_and_says_so_for_as_long_as_it_is_used(
    window: MainWindow, shots: ShotsTab, services: Services, save: Save, pyftpd: PyftpdServer, studio_served: Path,
    qtbot: QtBot, shotdock_home: Path
) -> None:  # fmt: skip
    connection, _ = parse_connection("VEGA", pyftpd.url)
    services.connections.remember_password("VEGA", pyftpd.password, False, lambda: None, lambda error: None)
    save(connection)
    dialog = asked(shots, "Use it unencrypted", ConsentDialog, qtbot)
    assert f"ftp://artist@127.0.0.1:{pyftpd.port}" in words(dialog)
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    assert not dialog.isVisible(), "Enter does not agree"
    assert pyftpd.commands == [] and not (shotdock_home / "unencrypted").exists()

    press(asked(shots, "Use it unencrypted", ConsentDialog, qtbot), "Send it unencrypted")
    ready(shots, qtbot)
    assert "PASS" in pyftpd.commands
    assert "not encrypted" in shots.picker.box.currentText()
    assert "VEGA connected, not encrypted" in words(window.status)
    shots.session.rescan()
    qtbot.waitUntil(lambda: not shots.session.scanning, timeout=WAIT)
    ready(shots, qtbot)

    manager = ConnectionsDialog(window.frame, "VEGA", window)
    assert "not encrypted" in manager.list.item(0).text()
    manager.close()


def test_the_manager_asks_before_it_saves_a_connection_that_bares_a_password(
    window: MainWindow, services: Services, qtbot: QtBot
) -> None:
    manager = ConnectionsDialog(window.frame, "", window)
    manager.show()
    manager.form.name.setText("VEGA")
    manager.form.host.setText(f"ftp://ann:{PASSPHRASE.replace(' ', '%20')}@127.0.0.1:{free_port()}/shows")
    press(manager, "Save and use")
    (dialog,) = shown(manager, ConsentDialog)
    press(dialog, "Do not connect")
    assert services.connections.all() == ()
    press(manager, "Save and use")
    press(shown(manager, ConsentDialog)[0], "Send it unencrypted")
    qtbot.waitUntil(lambda: [known.name for known in services.connections.all()] == ["VEGA"], timeout=WAIT)
    assert services.connections.consent_wanted(Address("ftp", "other", 21, "ann")) is not None
    manager.close()


def test_an_unknown_host_key_is_shown_trusted_once_and_a_changed_one_is_the_end(
    window: MainWindow, shots: ShotsTab, services: Services, save: Save, sshd: SshServer, studio_served: Path,
    qtbot: QtBot
) -> None:  # fmt: skip
    save(parse_connection("VEGA", sshd.url, identity=str(sshd.identity))[0])
    dialog = asked(shots, "Check the fingerprint", HostKeyDialog, qtbot)
    keygen = program("ssh-keygen", "openssh-client")
    printed = subprocess.run([keygen, "-lf", sshd.host_keys[0]], capture_output=True, text=True, check=True).stdout
    assert printed.split()[1] in words(dialog)
    press(dialog, "Trust and continue")
    ready(shots, qtbot)

    sshd.new_host_keys()
    sshd.restart()
    services.sites.close()  # a parked connection would need no new greeting
    shots.session.rescan()
    dialog = asked(shots, "Check the fingerprint", HostKeyDialog, qtbot)
    assert "key has changed" in words(dialog) and "known is ssh-ed25519" in words(dialog)
    assert not any("Trust" in button.accessibleName() for button in dialog.findChildren(QPushButton))
    press(dialog, "Do not connect")
    assert shots.session.offline


def test_the_same_key_on_another_port_is_another_server(
    shots: ShotsTab, save: Save, sshd: SshServer, studio_served: Path, tmp_path: Path, qtbot: QtBot,
    start_server: Starter[SshServer], shotdock_home: Path
) -> None:  # fmt: skip
    (shotdock_home / "known_hosts").write_text(sshd.known_hosts)
    other = start_server(SshServer(studio_served, tmp_path / "other"))
    save(parse_connection("VEGA", other.url, identity=str(other.identity))[0])
    dialog = asked(shots, "Check the fingerprint", HostKeyDialog, qtbot)
    assert f"[127.0.0.1]:{other.port}" in words(dialog)
    dialog.reject()


def test_a_locked_key_is_unlocked_here_and_a_wrong_passphrase_told(
    shots: ShotsTab, save: Save, sshd: SshServer, studio_served: Path, tmp_path: Path, qtbot: QtBot,
    shotdock_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    key = tmp_path / "key"
    keygen = program("ssh-keygen", "openssh-client")
    subprocess.run([keygen, "-q", "-t", "ed25519", "-N", PASSPHRASE, "-f", str(key)], check=True)
    with (sshd.folder / "authorized_keys").open("a") as file:
        file.write(Path(f"{key}.pub").read_text())
    (shotdock_home / "known_hosts").write_text(sshd.known_hosts)
    save(parse_connection("VEGA", sshd.url, identity=str(key))[0])
    dialog = asked(shots, "Unlock the key", PassphraseDialog, qtbot)
    assert isinstance(dialog, PassphraseDialog)
    assert not dialog.keep.isChecked() and not dialog.yes_button.isEnabled()
    dialog.passphrase.setText("another")
    QTest.keyClick(dialog.passphrase, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: dialog.cards.titles() == ("The key file cannot be unlocked.",), timeout=WAIT)
    dialog.passphrase.setText(PASSPHRASE)
    dialog.keep.setChecked(True)
    press(dialog, "Unlock")
    # There is no keyring here: it is said, and holds until ShotDock closes.
    qtbot.waitUntil(lambda: any("no keyring" in title for title in dialog.cards.titles()), timeout=WAIT)
    press(dialog, "Use it for this session")
    ready(shots, qtbot)
    assert not [path for path in shotdock_home.rglob("*") if path.is_file() and b"sentinel" in path.read_bytes()]
