"""A command pays only for what it uses."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.console import ROOT, Console
from tests.servers.nginx import NginxServer
from tests.servers.sshd import SshServer

SSH = ("paramiko", "cryptography")
WEB = ("requests", "urllib3", "http.client", "urllib.request")
# `Qt` is the namespace: with the first use of one of its enums, PySide builds all of them.
DEAR = ("PySide6.QtGui", "PySide6.QtWidgets", "PySide6.QtCore.Qt", *SSH, *WEB, "ftputil", "ftplib", "keyring")
HEAVY = ("invoke", "yaml", "asyncio", "unittest", "multiprocessing")


def imported(shotdock: Console, *arguments: object) -> set[str]:
    """Run a command; return the modules it imported, and `PySide6.QtCore.X` for every name it used of that one."""
    script = (
        "import json, sys; from desktop.cli.main import main; code = main(sys.argv[1:]); modules = sys.modules;"
        "core = vars(modules['PySide6.QtCore']) if 'PySide6.QtCore' in modules else ();"
        "print(json.dumps([code, [*modules, *(f'PySide6.QtCore.{name}' for name in core)]]), file=sys.stderr)"
    )
    said = shotdock.script(script, *arguments)
    assert said.status == 0, said.err
    code, names = json.loads(said.err.splitlines()[-1])
    assert code == 0, said.err
    return set(names)


@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        (("--help",), (*DEAR, *HEAVY, "PySide6.QtCore", "peewee")),
        (("layouts", "list"), (*DEAR, *HEAVY, "PySide6.QtCore", "peewee")),
        (("tasks", "list"), (*DEAR, *HEAVY)),
        (("connections", "list"), (*DEAR, *HEAVY)),
        (("verify", "."), (*DEAR, *HEAVY, "PySide6.QtCore")),
        (("jobs", "list"), (*DEAR, *HEAVY, "desktop.studio.jobs.archive", "desktop.studio.jobs.packager")),
    ],
)
def test_what_a_command_does_not_import(
    shotdock: Console, arguments: tuple[str, ...], unwanted: tuple[str, ...]
) -> None:
    assert not imported(shotdock, *arguments) & {*unwanted}


def test_what_a_local_transfer_does_not_import(shotdock: Console, served: Path, tmp_path: Path) -> None:
    (served / "plate.exr").write_bytes(b"pixels")
    names = imported(shotdock, "get", served, tmp_path / "here")
    assert "desktop.transfer.sources.local" in names
    assert not names & {*DEAR, *HEAVY}


def test_what_a_web_transfer_does_not_import(
    shotdock: Console, nginx: NginxServer, served: Path, tmp_path: Path
) -> None:
    (served / "plate.exr").write_bytes(b"pixels")
    names = imported(shotdock, "get", f"{nginx.url}plate.exr", tmp_path / "here")
    assert "desktop.transfer.sources.http" in names
    assert not names & {*DEAR, *HEAVY}


def test_what_a_transfer_over_ssh_does_not_import(
    shotdock: Console, sshd: SshServer, served: Path, tmp_path: Path
) -> None:
    (served / "plate.exr").write_bytes(b"pixels")
    known = tmp_path / "known_hosts"
    known.write_text(sshd.known_hosts)
    url = f"{sshd.url}/plate.exr"
    names = imported(shotdock, "get", url, tmp_path / "here", "--identity", sshd.identity, "--known-hosts", known)
    assert "paramiko" in names
    assert not names & ({*DEAR, *HEAVY} - {*SSH})


@pytest.mark.skipif(sys.platform == "win32", reason="Windows leaves no core where a program runs")
def test_a_crash_leaves_no_memory_behind() -> None:
    """A core would hold every password of this run."""
    program = (
        "import os, resource, sys; from desktop.cli import main; core = resource.RLIMIT_CORE;"
        "resource.setrlimit(core, (resource.getrlimit(core)[1],) * 2);"
        "os._exit = lambda code: print(resource.getrlimit(core)[0], flush=True); sys.argv = ['shotdock', '--version'];"
        "main.run()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.split()[-1] == "0"
