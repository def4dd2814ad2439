"""Key files with a passphrase on the command line: given once, kept where a person said, sent to nobody."""

import subprocess
from pathlib import Path

import pytest

from tests.cli.console import Console
from tests.servers.process import program
from tests.servers.sshd import SshServer

PASSPHRASE = "sentinel: pass phräse"


@pytest.fixture(params=[("-t", "ed25519"), ("-t", "rsa", "-m", "PEM")], ids=["ed25519", "rsa-pem"])
def key(request: pytest.FixtureRequest, sshd: SshServer, shotdock: Console, tmp_path: Path) -> Path:
    """Return a locked key that may log in, to a server that is known."""
    path = tmp_path / "studio key"
    keygen = program("ssh-keygen", "openssh-client")
    subprocess.run([keygen, "-q", "-N", PASSPHRASE, "-f", str(path), *request.param], check=True)
    with (sshd.folder / "authorized_keys").open("a") as file:
        file.write(Path(f"{path}.pub").read_text())
    shotdock.home.mkdir(mode=0o700)
    (shotdock.home / "known_hosts").write_text(sshd.known_hosts)
    shotdock.environment.pop("SSH_AUTH_SOCK", None)
    shotdock.environment["SHOTDOCK_LOG_LEVEL"] = "DEBUG"
    return path


def test_a_passphrase_is_read_checked_and_used(shotdock: Console, sshd: SshServer, key: Path) -> None:
    words = ("connections", "add", "V", sshd.url, "--identity", key, "--password-stdin", "--json")
    wrong = shotdock(*words, stdin="sentinel: another\n")
    assert (wrong.status, wrong.json["errors"][0]["title"]) == (3, "The key file cannot be unlocked.")
    assert shotdock("connections", "list", "--json").json["connections"] == []

    added = shotdock(*words, stdin=f"{PASSPHRASE}\n")
    (warning,) = added.json["warnings"]  # there is no keyring here
    assert added.status == 0 and "SHOTDOCK_PASSPHRASE_V" in warning

    locked = shotdock("connections", "test", "V", "--json")
    assert (locked.status, locked.json["errors"][0]["kind"]) == (3, "login-failed")
    assert "--password-stdin" in locked.json["errors"][0]["suggestion"]
    again = shotdock("connections", "test", "V", "--json", SHOTDOCK_PASSPHRASE_V="sentinel: another")
    assert (again.status, again.json["errors"][0]["title"]) == (3, "The key file cannot be unlocked.")
    opened = shotdock("connections", "test", "V", "--json", SHOTDOCK_PASSPHRASE_V=PASSPHRASE)
    assert opened.status == 0

    for said in (wrong, added, locked, again, opened):
        assert "sentinel" not in said.out + said.err
    kept = b"".join(path.read_bytes() for path in shotdock.home.rglob("*") if path.is_file())
    assert b"sentinel" not in kept


def test_a_password_of_the_server_is_no_passphrase(shotdock: Console, sshd: SshServer, key: Path) -> None:
    """One is sent to the server, the other never: neither is tried as the other."""
    shotdock("connections", "add", "V", sshd.url, "--identity", key)
    said = shotdock("connections", "test", "V", "--json", SHOTDOCK_PASSWORD_V=PASSPHRASE)
    assert (said.status, said.json["errors"][0]["title"]) == (3, "The key file is locked with a passphrase.")


def test_get_takes_it_from_the_environment(
    shotdock: Console, sshd: SshServer, key: Path, served: Path, tmp_path: Path
) -> None:
    (served / "a.exr").write_bytes(b"frame")
    origin = sshd.url.removesuffix(sshd.path)
    variable = "SHOTDOCK_PASSPHRASE_" + "".join(c if c.isalnum() else "_" for c in origin).upper()
    words = ("get", f"{sshd.url}/a.exr", tmp_path / "to", "--identity", key, "--json")
    assert shotdock(*words).status == 3
    said = shotdock(*words, **{variable: PASSPHRASE})
    assert (said.status, said.json["status"]) == (0, "done")
    assert (tmp_path / "to" / "a.exr").read_bytes() == b"frame"
