"""known_hosts files: read as OpenSSH reads them, added to without harm."""

import base64
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from desktop.core.errors import TargetUnwritable
from desktop.transfer.trust import fingerprint, known_hosts_line, look_up, remember_host_key
from tests.servers.process import program

KEY = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(range(32))
OTHER = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(32)
TEXT = base64.b64encode(KEY).decode()


def write(folder: Path, *lines: str) -> Path:
    path = folder / "known_hosts"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize(
    ("hosts", "host", "port", "known"),
    [
        ("farm", "farm", 22, True),
        ("farm", "FARM", 22, True),
        ("FARM", "farm", 22, True),
        ("farm", "farm2", 22, False),
        ("a,farm,b", "farm", 22, True),
        ("*.studio.example", "farm.studio.example", 22, True),
        ("*.studio.example,!bad.studio.example", "bad.studio.example", 22, False),
        ("far?", "farm", 22, True),
        ("[farm]:2222", "farm", 2222, True),
        ("[farm]:2222", "farm", 22, False),
        ("[farm]:2222", "farm", 2223, False),
        ("[*]:2222", "farm", 2222, True),
        ("[fe80::1]:2222", "fe80::1", 2222, True),
    ],
)
def test_a_line_names_hosts_as_openssh_reads_it(tmp_path: Path, hosts: str, host: str, port: int, known: bool) -> None:
    file = write(tmp_path, f"{hosts} ssh-ed25519 {TEXT}")
    assert look_up([file], host, port).trusts(KEY) is known
    assert bool(look_up([file], host, port).instead()) is known


def test_a_key_of_the_standard_port_vouches_for_another_one_but_never_against_it(tmp_path: Path) -> None:
    file = write(tmp_path, f"farm ssh-ed25519 {TEXT}")
    host = look_up([file], "farm", 2222)
    assert host.trusts(KEY)
    assert not host.trusts(OTHER)
    assert host.instead() is None


@pytest.mark.parametrize(("name", "host", "port"), [("farm", "farm", 22), ("[farm]:2222", "farm", 2222)])
def test_hashed_entries(tmp_path: Path, name: str, host: str, port: int) -> None:
    file = write(tmp_path, f"{name} ssh-ed25519 {TEXT}")
    subprocess.run([program("ssh-keygen", "openssh-client"), "-H", "-f", str(file)], check=True, capture_output=True)
    assert name not in file.read_text()
    assert look_up([file], host, port).trusts(KEY)
    assert not look_up([file], "other", port).trusts(KEY)


def test_a_revoked_key_is_not_trusted_even_if_it_is_listed(tmp_path: Path) -> None:
    file = write(tmp_path, f"farm ssh-ed25519 {TEXT}", f"@revoked * ssh-ed25519 {TEXT}")
    host = look_up([file], "farm", 22)
    assert not host.trusts(KEY)
    found = host.revoked(KEY)
    assert found is not None
    assert found.place == f"{file}, line 2"


def test_what_is_no_key_of_a_host_is_passed_over(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        "# comment",
        "",
        "farm",
        "farm ssh-ed25519",
        "farm ssh-ed25519 not*base64",
        "|1|broken ssh-ed25519 " + TEXT,
        f"@cert-authority farm ssh-ed25519 {TEXT}",
    )
    assert look_up([file, tmp_path / "absent"], "farm", 22).keys == ()


def test_a_file_that_cannot_be_read_does_not_make_its_hosts_unknown(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        look_up([tmp_path], "farm", 22)


def test_types_are_told_in_the_order_of_the_files(tmp_path: Path) -> None:
    file = write(tmp_path, f"farm ssh-rsa {TEXT}", f"farm ssh-ed25519 {TEXT}", f"@revoked farm ssh-dss {TEXT}")
    assert look_up([file], "farm", 22).types == ("ssh-rsa", "ssh-ed25519")


def test_the_fingerprint_is_openssh_s(tmp_path: Path) -> None:
    file = tmp_path / "key.pub"
    file.write_text(f"ssh-ed25519 {TEXT} test\n")
    shown = subprocess.run(
        [program("ssh-keygen", "openssh-client"), "-l", "-f", str(file)], check=True, capture_output=True, text=True
    ).stdout
    assert shown.split()[1] == fingerprint(KEY)


def test_a_key_is_remembered_once_in_a_private_file(tmp_path: Path) -> None:
    file = tmp_path / "new" / "known_hosts"
    line = known_hosts_line("Farm", 2222, "ssh-ed25519", KEY)
    assert line == f"[farm]:2222 ssh-ed25519 {TEXT}"
    remember_host_key(file, line)
    remember_host_key(file, line + "\n")
    assert file.read_text() == line + "\n"
    assert look_up([file], "farm", 2222).trusts(KEY)
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_last_line_without_its_end_is_not_run_into(tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    file.write_text(f"farm ssh-ed25519 {TEXT}")
    remember_host_key(file, known_hosts_line("barn", 22, "ssh-ed25519", OTHER))
    assert look_up([file], "farm", 22).trusts(KEY)
    assert look_up([file], "barn", 22).trusts(OTHER)


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(TargetUnwritable, match="cannot be written"):
        remember_host_key(tmp_path, known_hosts_line("farm", 22, "ssh-ed25519", KEY))
