"""R34, R43, R45, R47, R48, R50: names that have broken programs before, from real servers to disk, and back."""

import json
import os
import re
from pathlib import Path
from urllib.parse import quote

import pytest

from desktop.core.errors import BadArchive, HostileName, NameTooLong
from desktop.studio.gallery.names import file_name
from desktop.studio.jobs.archive import unpack
from desktop.studio.jobs.artifacts import safe_name
from desktop.transfer.names import fold, local_name, shown
from tests.cli.console import Console
from tests.faults.naughty import NAUGHTY
from tests.servers.nginx import NginxServer
from tests.servers.sshd import SshServer
from tests.servers.vsftpd import VsftpdServer
from tests.studio.jobs.forge import Entry, forge
from tests.transfer.scripted import tree


def remote_name(name: str) -> str:
    """Map a local name back, as anyone can who knows URLs' escapes."""
    data = re.sub(rb"%([0-9A-Fa-f]{2})", lambda match: bytes([int(match[1], 16)]), os.fsencode(name))
    return os.fsdecode(data)


REFUSED = {name for name in NAUGHTY if "\\" in name}
"""What holds a separator of another system."""


def test_the_list_is_one_of_different_names_that_no_disk_takes_for_another() -> None:
    mapped = [name for name in NAUGHTY if name not in REFUSED]
    assert len({fold(local_name(name)) for name in mapped}) == len(mapped)


@pytest.fixture
def planted(served: Path) -> Path:
    """Every name as a file that holds it."""
    folder = served / "shot"
    folder.mkdir()
    for name in NAUGHTY:
        (folder / name).write_bytes(os.fsencode(name))
    return folder


def check(shotdock: Console, to: Path, wanted: list[str], *get: object) -> None:
    """Fetch twice: all names come, each once and reversibly; the second time none does, and nothing else broke."""
    first = shotdock("get", *get, to, "--json")
    refused = [name for name in wanted if name in REFUSED]
    assert {error["kind"] for error in first.json["errors"]} <= {"hostile-name"}, first.out
    assert len(first.json["errors"]) == len(refused)
    came = {Path(name).name: data for name, data in tree(to).items()}
    assert {remote_name(name): data for name, data in came.items()} == {
        name: os.fsencode(name) for name in wanted if name not in REFUSED
    }
    assert not [name for name in came if os.path.lexists(to.parent / name)], "nothing lies beside the destination"
    second = shotdock("get", *get, to, "--json")
    counts = second.json["files"]
    assert (counts["downloaded"], counts["skipped"]) == (0, len(wanted) - len(refused)), second.out
    assert second.out.isascii(), "any terminal and any reader can take it"
    plain = shotdock("tasks", "show", 1)
    for text in (plain.out, plain.err, second.err):
        assert all(char == "\n" or char.isprintable() for char in text), "no name steers a terminal"
    assert json.loads(shotdock("tasks", "show", 1, "--json").out)


@pytest.mark.servers
def test_over_sftp(shotdock: Console, planted: Path, sshd: SshServer, tmp_path: Path) -> None:
    known = tmp_path / "known_hosts"
    known.write_text(sshd.known_hosts)
    way = (f"{sshd.url.rstrip('/')}/shot", "--identity", sshd.identity, "--known-hosts", known)
    check(shotdock, tmp_path / "to", NAUGHTY, *way)


@pytest.mark.servers
def test_over_ftp(shotdock: Console, planted: Path, vsftpd: VsftpdServer, tmp_path: Path) -> None:
    """A listing of lines cannot hold a name of two; names that begin with a dot vsftpd does not show at all."""
    split = [name for name in NAUGHTY if "\n" in name or "\r" in name]
    for name in split:
        (planted / name).unlink()
    wanted = [name for name in NAUGHTY if name not in split and not name.startswith(".")]
    check(shotdock, tmp_path / "to", wanted, f"ftp://{vsftpd.host}:{vsftpd.port}{vsftpd.path.rstrip('/')}/shot")


@pytest.mark.servers
def test_over_http(shotdock: Console, planted: Path, nginx: NginxServer, tmp_path: Path) -> None:
    """An address spells any byte; what the last component says is the name. CR and LF never reach the wire."""
    wanted = [name for name in NAUGHTY if all(c not in name for c in "\r\n\udce9\udcff\udcfe\udcc3")]
    urls = [f"{nginx.url}shot/{quote(os.fsencode(name), safe='')}" for name in wanted]
    check(shotdock, tmp_path / "to", wanted, *urls)


@pytest.mark.servers
def test_r34_a_path_too_long_is_told_and_the_other_files_come(
    shotdock: Console, served: Path, sshd: SshServer, tmp_path: Path
) -> None:
    """Every component is short enough: it is the destination that lies too deep, for some names only."""
    short, long = {"a.exr": b"a", "b.exr": b"b"}, {"l" * 200: b"small", "m" * 200: bytes(5 << 20)}
    for name, data in {**short, **long}.items():
        (served / name).write_bytes(data)
    to = tmp_path
    while len(str(to)) < 3_900:
        to = to / ("d" * min(200, 3_900 - len(str(to))))
    trust = ("--identity", sshd.identity, "--accept-new-host-key", "--json")
    said = shotdock("get", sshd.url, to, *trust)
    assert said.status == 1, said.err
    assert {(Path(error["path"]).name, error["kind"]) for error in said.json["errors"]} == {
        (name, "name-too-long") for name in long
    }
    assert {Path(name).name: data for name, data in tree(tmp_path / to.relative_to(tmp_path).parts[0]).items()} == short


def test_r34_a_destination_nobody_can_have_is_told(shotdock: Console, tmp_path: Path) -> None:
    (tmp_path / "a.exr").write_bytes(b"a")
    for to in (tmp_path / ("d" * 256), tmp_path.joinpath(*["d" * 200] * 21)):
        for command in (("get", tmp_path / "a.exr", to), ("verify", to)):
            said = shotdock(*command, "--json")
            assert (said.status, said.json["errors"][0]["kind"]) == (2, "usage"), said.err
            assert "File name too long" in said.err


@pytest.mark.parametrize("name", NAUGHTY, ids=lambda name: ascii(name)[1:21])
def test_where_a_name_is_taken_from_a_header_a_list_or_an_archive(name: str, tmp_path: Path) -> None:
    text = os.fsencode(name).decode("utf-8", "replace")
    assert re.fullmatch(r"[A-Za-z0-9_]+\.mp4", file_name(text))
    assert shown(name).isprintable()
    told = safe_name(text)
    assert told in ("", text), "what a header names is kept as it is, or not at all"
    assert not told or (local_name(told) == told and not told.startswith("."))
    around = tmp_path / "around"
    around.mkdir()
    try:
        unpack(forge(tmp_path / "a.zip", Entry(text, b"x")), around / "r", "skip")
    except (BadArchive, HostileName, NameTooLong):
        assert list(around.iterdir()) == []
    else:
        [path] = [path for path in (around / "r").rglob("*") if path.is_file()]
        assert remote_name(path.relative_to(around / "r").as_posix()) == text
