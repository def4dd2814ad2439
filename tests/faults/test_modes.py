"""R58: whatever the umask, what the program keeps is its owner's alone; what it brings is as the umask says."""

import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.console import ROOT, Console
from tests.servers.pyftpd import PyftpdServer
from tests.servers.sshd import SshServer

pytestmark = pytest.mark.skipif(os.name == "nt", reason="modes")


@pytest.fixture(params=[0, 0o022], ids=["umask 000", "umask 022"])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """Set this process's umask, which the commands inherit."""
    wanted: int = request.param
    before = os.umask(wanted)
    yield wanted
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.mark.servers
def test_r58_everything_kept_is_private(
    shotdock: Console, umask: int, sshd: SshServer, pyftpd: PyftpdServer, served: Path, tmp_path: Path
) -> None:
    (served / "a.exr").write_bytes(b"frame")
    shotdock.home.mkdir(mode=0o700)
    shutil.copy(ROOT / "tests/databases/schema-0001.db", shotdock.home / "shotdock.db")
    (shotdock.home / "shotdock.db").chmod(0o600)
    shotdock("connections", "add", "F", pyftpd.url)
    shotdock("connections", "add", "S", sshd.url, "--identity", sshd.identity)
    shotdock("connections", "trust", "S", "--yes")
    crash = "import desktop.cli.tasks as t; from desktop.cli.main import run; t.engine = None; run()"
    for code in (["-m", "desktop", "get", "S:a.exr", str(tmp_path / "to")], ["-c", crash, "tasks", "list"]):
        subprocess.run([Console.command(())[0], *code], cwd=ROOT, env=shotdock.environment, check=False, timeout=60)
    kept = {path.relative_to(shotdock.home).as_posix(): path for path in shotdock.home.rglob("*")}
    for name in ("shotdock.db", "shotdock.db-journal", "shotdock.db.before-2", "known_hosts", "unencrypted", "logs"):
        assert name in kept
    assert "Traceback" in kept["logs/shotdock.log"].read_text("utf-8")
    wrong = {name: oct(mode(path)) for name, path in kept.items() if mode(path) != (0o700 if path.is_dir() else 0o600)}
    assert wrong == {}
    assert mode(tmp_path / "to" / "a.exr") == 0o666 & ~umask, "what was brought is for whom the umask says"
