"""Connections on the command line: secrets stay secret, unknown servers are asked about, exits are as promised."""

from pathlib import Path

import pytest

from tests.cli.console import Console
from tests.servers.pyftpd import PyftpdServer
from tests.servers.sshd import SshServer

SECRET = "s3cret-pass/word"


def everything_below(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_add_list_remove(shotdock: Console) -> None:
    url = "sftp://ann@studio.example:2222/shows"
    added = shotdock("connections", "add", "VEGA", url, "--max-connections", 4, "--json")
    assert added.status == 0
    (row,) = shotdock("connections", "list", "--json").json["connections"]
    assert row["name"] == "VEGA"
    assert row["url"] == url
    assert (row["user"], row["port"], row["root"], row["max_connections"]) == ("ann", 2222, "/shows", 4)
    assert "VEGA" in shotdock("connections", "list").out
    assert shotdock("connections", "remove", "VEGA").status == 0
    assert shotdock("connections", "list", "--json").json["connections"] == []
    assert shotdock("connections", "remove", "VEGA").status == 2


@pytest.mark.parametrize("way", ["url", "stdin"])
def test_without_a_keyring_the_connection_is_saved_and_the_password_nowhere(shotdock: Console, way: str) -> None:
    if way == "url":
        said = shotdock(
            "connections", "add", "VEGA", f"ftp://ann:{SECRET.replace('/', '%2F')}@127.0.0.1/shows", "--json"
        )
    else:
        arguments = ("connections", "add", "VEGA", "ftp://ann@127.0.0.1/shows", "--password-stdin", "--json")
        said = shotdock(*arguments, stdin=f"{SECRET}\n")
    assert said.status == 0
    (warning,) = said.json["warnings"]
    assert "SHOTDOCK_PASSWORD_VEGA" in warning
    listed = shotdock("connections", "list", "--json")
    kept = everything_below(shotdock.home)
    for secret in (SECRET, SECRET.replace("/", "%2F")):
        assert secret not in said.out + said.err + listed.out + listed.err
        assert secret.encode() not in kept


def test_a_layout_file_and_a_key_are_remembered_by_their_whole_path(shotdock: Console, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("")
    arguments = ("connections", "add", "VEGA", "sftp://ann@127.0.0.1/shows", "--identity", key, "--json")
    assert shotdock(*arguments).json["connection"]["identity"] == str(key)
    assert shotdock("connections", "add", "V", "sftp://h/", "--identity", tmp_path / "none").status == 2


def test_trust_then_test_over_ssh(shotdock: Console, sshd: SshServer, served: Path) -> None:
    (served / "VEGA").mkdir()
    shotdock("connections", "add", "V", sshd.url, "--identity", sshd.identity)
    unknown = shotdock("connections", "test", "V", "--json")
    assert unknown.status == 3
    assert unknown.json["errors"][0]["kind"] == "host-key-unknown"
    assert "connections trust V" in unknown.err

    unasked = shotdock("connections", "trust", "V")
    assert unasked.status == 2
    assert "SHA256:" in unasked.err
    trusted = shotdock("connections", "trust", "V", "--yes", "--json")
    assert trusted.status == 0
    assert trusted.json["trusted"] is True
    assert trusted.json["fingerprint"].startswith("SHA256:")
    assert shotdock("connections", "trust", "V", "--yes", "--json").json["status"] == "up-to-date"

    tested = shotdock("connections", "test", "V", "--json")
    assert tested.status == 0
    assert "1 folder" in tested.json["connections"][0]["message"]


def test_another_host_key_is_a_hard_stop(shotdock: Console, sshd: SshServer) -> None:
    old_key = " ".join(sshd.known_hosts.split()[1:3])
    sshd.stop()
    sshd.new_host_keys()
    sshd.start()
    shotdock("connections", "add", "V", sshd.url, "--identity", sshd.identity)
    (shotdock.home / "known_hosts").write_text(f"[{sshd.host}]:{sshd.port} {old_key}\n")
    for command in ("test", "trust"):
        said = shotdock("connections", command, "V", "--json", *(["--yes"] if command == "trust" else []))
        assert said.status == 3
        assert said.json["errors"][0]["kind"] == "host-key-changed"


def test_unreachable_and_wrong_password_exit_with_3(shotdock: Console, pyftpd: PyftpdServer) -> None:
    shotdock("connections", "add", "V", pyftpd.url)
    wrong = shotdock("connections", "test", "V", "--json", SHOTDOCK_PASSWORD_V="wrong-password")
    assert (wrong.status, wrong.json["errors"][0]["kind"]) == (3, "login-failed")
    assert "wrong-password" not in wrong.out + wrong.err
    right = shotdock("connections", "test", "V", SHOTDOCK_PASSWORD_V=pyftpd.password)
    assert right.status == 0
    pyftpd.stop()
    gone = shotdock("connections", "test", "V", "--json")
    assert (gone.status, gone.json["errors"][0]["kind"]) == (3, "unreachable")
