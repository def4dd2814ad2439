"""One task of many small files and some large ones, killed at random moments, again and again, until it is whole.

What comes twice is counted where it is sent: OpenSSH's sftp-server tells of every handle how many bytes it read,
also of those that a killed client left open.
"""

import random
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from desktop.core.task import Task, TaskState
from desktop.store.database import Store
from tests.cli.console import Console
from tests.servers.sshd import SshServer
from tests.transfer.scripted import content

MIB = 1024 * 1024
SMALL = 2000
"""Bytes of the smallest file; the largest of the small ones has three times as many."""


@dataclass(slots=True)
class Kills:
    """What became of one task. size: its bytes. sent: bytes of files the server sent for it.

    corrupt: files that have their final name and another content, after any kill. lost: files that are not there in the
    end, tasks that are none any more.
    """

    size: int = 0
    sent: int = 0
    killed: int = 0
    seconds: float = 0.0
    corrupt: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    @property
    def again(self) -> int:
        """Return how many bytes were sent that had been sent before."""
        return self.sent - self.size

    def __str__(self) -> str:
        each = self.again / max(1, self.killed)
        return (
            f"{self.killed} kills in {self.seconds:.0f} s; corrupt files: {len(self.corrupt)}; lost files and tasks: "
            f"{len(self.lost)}; {self.size:,} bytes wanted, {self.again:,} of them sent again: "
            f"{100 * self.again / self.size:.2f} %, {each:,.0f} bytes a kill"
        )


class Mixed:
    """The files, their server and the one task that brings them."""

    def __init__(self, folder: Path, small: int, large: int, large_size: int) -> None:
        self.served, self.to, self.home = folder / "served" / "shot", folder / "to", folder / "home"
        self.log = folder / "sftp.log"
        self.served.mkdir(parents=True)
        self.names: list[str] = []
        every = max(1, small // large) if large else small + 1
        for n in range(small):
            self._publish(f"{n:05}.exr", SMALL + n * 7 % (2 * SMALL))
            if n % every == every // 2 and n // every < large:
                self._publish(f"{n:05}_cache.abc", large_size + n)
        self.size = sum((self.served / name).stat().st_size for name in self.names)
        self.shotdock = Console(self.home)

    def _publish(self, name: str, size: int) -> None:
        # A block that only this name has, again and again: to make as many bytes of it would take the evening.
        block = content(name, min(size, 64 * 1024 + 1))
        (self.served / name).write_bytes((block * (size // len(block) + 1))[:size])
        self.names.append(name)

    @contextmanager
    def server(self) -> Iterator[list[object]]:
        """Serve the files; give the command that fetches them."""
        folder = self.served.parents[1]
        with SshServer(self.served.parent, folder / "sshd", counted=self.log) as server:
            self.home.mkdir(mode=0o700)
            (self.home / "known_hosts").write_text(server.known_hosts)
            url = f"sftp://{server.user}@{server.host}:{server.port}/"
            self.shotdock("connections", "add", "STUDIO", url, "--identity", server.identity)
            yield ["get", f"STUDIO:{self.served}", self.to]

    @property
    def here(self) -> Path:
        """Return the folder the files arrive in."""
        return self.to / "shot"

    def task(self) -> Task | None:
        """Return the one task, None before it is saved; fail if it is not the only one, or the database not whole."""
        with Store.open(self.home / "shotdock.db") as store:
            store.check()
            tasks = store.tasks.all()
        assert len(tasks) <= 1, "the task was doubled"
        return tasks[0] if tasks else None

    def differing(self, names: list[str]) -> list[str]:
        """Return those of the names that are here with another content."""
        return [n for n in names if (self.here / n).exists() and not _same(self.here / n, self.served / n)]

    def sent(self) -> int:
        """Return how many bytes of files the server has sent so far."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return sum(map(int, re.findall(r'close ".*" bytes read (\d+)', text)))


def _same(one: Path, other: Path) -> bool:
    with one.open("rb") as a, other.open("rb") as b:
        while (data := a.read(MIB)) == b.read(MIB):
            if not data:
                return True
    return False


def kill_one_task(
    mixed: Mixed, kills: int, *, rate: str = "", longest: float = 1.5, seed: int = 1, tell: bool = False
) -> Kills:
    """Begin the task, kill the program so many times, then let it end, and look at everything.

    rate: of `--limit-rate`, if any. longest: seconds a process has at most, every third from its start, the others from
    the first thing it does in the destination. Ends early, with fewer kills, once the task is done.
    """
    chance, report = random.Random(seed), Kills(size=mixed.size)
    began = time.monotonic()
    with mixed.server() as get:
        first = [*get, *(("--limit-rate", rate) if rate else ())]
        seen: set[str] = set()
        while report.killed < kills:
            task = mixed.task()
            if task is not None and task.state is TaskState.DONE:
                break
            process = mixed.shotdock.start(*(first if task is None else ["tasks", "run", task.id]))
            report.killed += _killed(
                process, chance.uniform(0, longest), mixed.here if chance.random() > 1 / 3 else None
            )
            fresh = [name for name in mixed.names if name not in seen and (mixed.here / name).exists()]
            seen.update(fresh)
            report.corrupt += mixed.differing(fresh)
            if tell:
                print(f"{report.killed} killed, {len(seen)} of {len(mixed.names)} files", flush=True)
        task = mixed.task()
        said = mixed.shotdock(*(first if task is None else ["tasks", "run", task.id]))
        assert said.status == 0, said.out + said.err
    report.seconds = time.monotonic() - began
    report.sent = mixed.sent()
    task = mixed.task()
    if task is None or task.state is not TaskState.DONE or task.files.failed:
        report.lost.append(f"the task: {task}")
    here = {str(path.relative_to(mixed.here)) for path in mixed.here.rglob("*")}
    report.lost += sorted(set(mixed.names) - here)
    assert here <= set(mixed.names), f"left behind: {sorted(here - set(mixed.names))[:5]}"
    report.corrupt += mixed.differing(mixed.names)
    return report


def _killed(process: subprocess.Popen[str], after: float, folder: Path | None) -> bool:
    """Kill the process after so many seconds, counted from the folder's first change if one is given.

    False if the process ended before.
    """

    def changed() -> int:
        return folder.stat().st_mtime_ns if folder is not None and folder.exists() else 0

    before = changed()
    while folder is not None and changed() == before and process.poll() is None:
        time.sleep(0.01)
    try:
        process.communicate(timeout=after)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    return process.returncode == -signal.SIGKILL
