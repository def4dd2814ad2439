"""A locked key's passphrase: for this run of the program alone, or in the keyring if the person says so."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop.core.connection import Connection, parse_connection
from desktop.core.errors import KeyLocked, NoSecretStore, ShotDockError
from desktop.logs import LogRing
from desktop.places import Places
from desktop.work.services import Services, start_services
from tests.conftest import MemoryKeyring
from tests.servers.process import program
from tests.servers.sshd import SshServer

PASSPHRASE = "sentinel-phrase"


@pytest.fixture
def connection(sshd: SshServer, tmp_path: Path, shotdock_home: Path, monkeypatch: pytest.MonkeyPatch) -> Connection:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    key = tmp_path / "key"
    keygen = program("ssh-keygen", "openssh-client")
    subprocess.run([keygen, "-q", "-t", "ed25519", "-N", PASSPHRASE, "-f", str(key)], check=True)
    with (sshd.folder / "authorized_keys").open("a") as file:
        file.write(Path(f"{key}.pub").read_text())
    shotdock_home.mkdir()
    (shotdock_home / "known_hosts").write_text(sshd.known_hosts)
    return parse_connection("VEGA", sshd.url, identity="~/key")[0]


class Start:
    """One run of the program."""

    def __init__(self, qtbot: QtBot, services: Services) -> None:
        self.services = services
        self._qtbot = qtbot

    def saved(self, connection: Connection) -> None:
        self._wait(lambda done, failed: self.services.connections.save(connection, None, done, failed))

    def tried(self) -> ShotDockError | None:
        desk = self.services.connections
        return self._wait(lambda done, failed: desk.test(desk.get("VEGA"), None, lambda _words: done(), failed))

    def unlock(self, key: Path, passphrase: str, keep: bool) -> ShotDockError | None:
        desk = self.services.connections
        return self._wait(lambda done, failed: desk.unlock(key, passphrase, keep, done, failed))

    def removed(self) -> None:
        self._wait(lambda done, failed: self.services.connections.remove("VEGA", done, failed))

    def _wait(self, ask: Callable[..., object]) -> ShotDockError | None:
        ends: list[ShotDockError | None] = []
        ask(lambda: ends.append(None), ends.append)
        self._qtbot.waitUntil(lambda: bool(ends), timeout=20_000)
        return ends[0]


@contextmanager
def started(qtbot: QtBot) -> Iterator[Start]:
    services = start_services(Places.find(), LogRing(), threaded=True)
    try:
        yield Start(qtbot, services)
    finally:
        services.shutdown()


def test_it_is_asked_again_after_the_next_start_unless_it_is_to_be_kept(
    qtbot: QtBot, connection: Connection, memory_keyring: MemoryKeyring
) -> None:
    with started(qtbot) as first:
        first.saved(connection)
        locked = first.tried()
        assert isinstance(locked, KeyLocked) and not locked.wrong
        wrong = first.unlock(locked.key, "sentinel-other", True)
        assert isinstance(wrong, KeyLocked) and wrong.wrong
        assert first.unlock(locked.key, PASSPHRASE, False) is None
        assert first.tried() is None
    assert not memory_keyring.secrets

    with started(qtbot) as second:
        assert isinstance(second.tried(), KeyLocked)
        assert second.unlock(locked.key, PASSPHRASE, True) is None
    assert memory_keyring.secrets == {("ShotDock", str(locked.key)): PASSPHRASE}

    with started(qtbot) as third:
        assert third.tried() is None
        memory_keyring.secrets["ShotDock", str(locked.key)] = "sentinel-old"
        # The file has another passphrase now: that is told, and the keyring's is not tried on anybody else.
    with started(qtbot) as fourth:
        changed = fourth.tried()
        assert isinstance(changed, KeyLocked) and changed.wrong
        fourth.removed()
        qtbot.waitUntil(lambda: not memory_keyring.secrets, timeout=20_000)


def test_without_a_keyring_it_holds_for_this_run(qtbot: QtBot, connection: Connection, shotdock_home: Path) -> None:
    with started(qtbot) as start:
        start.saved(connection)
        locked = start.tried()
        assert isinstance(locked, KeyLocked)
        assert isinstance(start.unlock(locked.key, PASSPHRASE, True), NoSecretStore)
        assert start.tried() is None
    assert not [path for path in shotdock_home.rglob("*") if path.is_file() and b"sentinel" in path.read_bytes()]
