"""What a soak downloads from: three servers with little room over one tree, stopped and started again and again."""

import contextlib
import filecmp
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from desktop.core.connection import Connection, parse_connection
from tests.servers.content import write_tree
from tests.servers.nginx import NginxServer
from tests.servers.process import ProcessServer, ServerFailed
from tests.servers.sshd import SshServer
from tests.servers.vsftpd import VsftpdServer

PER_ADDRESS = 3
"""Connections vsftpd bears from one address; of more it says 421."""
STARTS = 50
"""Attempts to start a server again on its port, which somebody may have borrowed for a moment."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Something to bring in one task. sources: as a person writes them. rate: bytes/s, or None."""

    sources: tuple[str, ...]
    rate: int | None = None


class Studio:
    """OpenSSH, vsftpd and nginx over one tree of shots, small files and a large one."""

    def __init__(self, folder: Path, small: int, large: int) -> None:
        """small: how many small files. large: bytes of the large one."""
        self.root = folder / "served"
        self._large = large
        write_tree(self.root, {f"plain/small/f{n:03}.exr": 2000 + n * 37 for n in range(small)})
        write_tree(self.root, {"plain/large.abc": large})
        shots = {
            f"VEGA/SQ01/SH{shot:02}0/anim/publish/v{version:03}/{name}": size
            for shot in (1, 2, 3)
            for version in (1, 2)
            for name, size in ((f"SH{shot:02}0.ma", 3000), ("cache.abc", 200_000))
        }
        write_tree(self.root / "shows", shots)
        self.ssh = SshServer(self.root, folder / "sshd", max_sessions=1, max_startups="1:60:3")
        self.ftp = VsftpdServer(self.root, folder / "vsftpd", extra=[f"max_per_ip={PER_ADDRESS}"])
        self.web = NginxServer(self.root, folder / "nginx")
        self.servers: Sequence[ProcessServer] = (self.ssh, self.ftp, self.web)
        self.restarts = 0

    @contextlib.contextmanager
    def open(self) -> Iterator["Studio"]:
        """Run the servers."""
        with ExitStack() as stack:
            for server in self.servers:
                stack.enter_context(server)
            yield self

    def restart(self) -> None:
        """Stop every server with all it carries, and start it again on its port."""
        for server in self.servers:
            for attempt in range(STARTS):
                try:
                    server.restart()
                    break
                except ServerFailed:
                    if attempt == STARTS - 1:
                        raise
                    time.sleep(0.2)
        self.restarts += 1

    def connections(self) -> tuple[Connection, ...]:
        """Return the saved connections `ssh` and `ftp`, for shots and for plain paths."""
        ssh, _ = parse_connection("ssh", f"{self.ssh.url}/shows")
        ftp, _ = parse_connection("ftp", f"{self.ftp.url}/shows")
        return replace(ssh, identity=str(self.ssh.identity)), ftp

    def wishes(self) -> tuple[Wish, ...]:
        """Return what is brought in each wave: of every server the small files, and the large one slowly."""
        plain, web = f"{self.root}/plain", f"{self.web.url}plain"
        rate = max(1, self._large // 2)
        names = sorted(path.name for path in (self.root / "plain" / "small").iterdir())
        return (
            Wish((f"ssh:{plain}/small",)),
            Wish((f"ftp:{plain}/small",)),
            Wish(tuple(f"{web}/small/{name}" for name in names)),
            Wish((f"ssh:{plain}/large.abc",), rate),
            Wish((f"ftp:{plain}/large.abc",), rate),
            Wish((f"{web}/large.abc",), rate),
        )

    def original(self, source: str) -> Path:
        """Return the file here that a path on one of the servers means."""
        path = Path(source)
        return path if path.is_relative_to(self.root) else self.root / source.lstrip("/")

    def refusals(self) -> str:
        """Say how often the servers had no room."""
        ftp = (self.ftp.folder / "vsftpd.log").read_text(errors="replace").count('"421 ')
        words = self.ssh.log.read_text(errors="replace")
        drops = words.count("past MaxStartups")
        return f"vsftpd said 421 {ftp:,} times; sshd dropped {drops:,} connections past MaxStartups"


def same(here: Path, original: Path) -> bool:
    """Compare two files byte for byte."""
    return here.is_file() and filecmp.cmp(here, original, shallow=False)


def bytes_below(folder: Path) -> int:
    """Return how many bytes are on the disk below a folder, half-done files with them."""
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):  # it gets its name while this looks
            total += path.stat().st_blocks * 512
    return total


def leavings(folder: Path) -> list[Path]:
    """Return the files below a folder that should have none, and remove the empty folders."""
    left = [path for path in folder.rglob("*") if not path.is_dir()] if folder.exists() else []
    if not left:
        shutil.rmtree(folder, ignore_errors=True)
    return left
