"""Kill the whole program, at every system call or at random moments, and look at what is left.

By hand, with more patience than the suite has:

    python -m tests.faults.crash_loop calls              # before every call that changes something, one after the other
    python -m tests.faults.crash_loop calls --every 5    # before every fifth of them
    python -m tests.faults.crash_loop random             # one task of 10,000 files, at 200 random moments
"""

import argparse
import re
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from desktop.core.task import TaskState
from desktop.store.database import Store
from tests.cli.console import Console
from tests.faults.mixed_kills import MIB, Mixed, kill_one_task
from tests.transfer.scripted import content, tree

CHANGES = frozenset(
    [
        "pwrite64",
        "write",
        "fsync",
        "fdatasync",
        "ftruncate",
        "link",
        "linkat",
        "rename",
        "renameat",
        "renameat2",
        "unlink",
        "unlinkat",
        "mkdir",
        "mkdirat",
        "utimensat",
        "fchmod",
        "openat",
        "close",
    ]
)
"""Calls after which the disk may be another one, or a file is let go."""
AT_REST = (TaskState.DONE, TaskState.FAILED, TaskState.CANCELLED, TaskState.INTERRUPTED)


@dataclass(slots=True)
class Report:
    """What a loop saw. killed: of all rounds. calls: what each round was killed before."""

    rounds: int = 0
    killed: int = 0
    calls: list[str] = field(default_factory=list)


class Victim:
    """A program with a home of its own that brings one small file from this machine."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.home, self.to = folder / "home", folder / "to"
        self.file = folder / "served" / "a.exr"
        self.file.parent.mkdir()
        self.data = content("a.exr", 3000)
        self.file.write_bytes(self.data)
        self.shotdock = Console(self.home)
        # The database is made before: what is looked at is a transfer, not a first start.
        assert self.shotdock("tasks", "list").status == 0

    def traced(self, *more: str) -> subprocess.CompletedProcess[bytes]:
        """Bring the file under strace, which sees the calls on the database, the file and their folders."""
        database = self.home / "shotdock.db"
        paths = [database, Path(f"{database}-journal"), self.to, self.to / "a.exr"]
        watched = [word for path in paths for word in ("-P", str(path))]
        command = ["strace", "-f", *more, *watched, *Console.command(("get", self.file, self.to, "--json"))]
        return subprocess.run(
            command, env=self.shotdock.environment, capture_output=True, timeout=120, check=False, cwd=Path.cwd()
        )

    def check(self) -> None:
        """What is there is whole and agrees with the database; another run leaves exactly that file."""
        here = tree(self.to) if self.to.exists() else {}
        assert here.get("a.exr", self.data) == self.data, "half a file bears the name"
        with Store.open(self.home / "shotdock.db") as store:
            store.check()
            for task in store.tasks.all():
                if task.state is TaskState.DONE:
                    assert here.get("a.exr") == self.data, "done, and the file is not there"
        said = self.shotdock("get", self.file, self.to, "--json")
        assert said.status == 0, said.out + said.err
        assert tree(self.to) == {"a.exr": self.data}, "something was left beside it"
        with Store.open(self.home / "shotdock.db") as store:
            store.check()
            assert {task.state for task in store.tasks.all()} <= set(AT_REST), "a task runs for ever"


def calls_of(folder: Path) -> list[tuple[str, int]]:
    """Return the changing calls of a run that is left alone: name, and the how-manieth of that name."""
    log = folder.parent / f"{folder.name}.strace"
    assert Victim(folder).traced("-o", str(log)).returncode == 0
    seen: dict[str, int] = {}
    calls = []
    for name in re.findall(r"^\d+ +(\w+)\(", log.read_text(errors="replace"), re.MULTILINE):
        seen[name] = seen.get(name, 0) + 1
        if name in CHANGES:
            calls.append((name, seen[name]))
    return calls


def kill_at_calls(folder: Path, every: int = 1, tell: bool = False) -> Report:
    """Kill the program before every so-manieth changing call of a transfer and check what is left, each time anew."""
    report = Report()
    for number, (name, count) in enumerate(calls_of(folder / "whole")):
        # The calls around the file's new name are few and all of them matter.
        if number % every and name not in ("link", "linkat", "fsync", "unlink", "rename"):
            continue
        victim = Victim(folder / str(number))
        ended = victim.traced("-o", "/dev/null", "-e", f"inject={name}:signal=KILL:when={count}")
        report.rounds += 1
        report.killed += ended.returncode != 0
        report.calls.append(name)
        victim.check()
        if tell:
            print(f"{number:4} {name} #{count}: {'killed' if ended.returncode else 'not reached'}, well", flush=True)
    return report


def main() -> None:
    """Run one of the loops and say what it saw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("how", choices=["calls", "random"])
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--files", type=int, default=9_900, help="small ones, of 2 to 6 kB")
    parser.add_argument("--large", type=int, default=100)
    parser.add_argument("--large-mib", type=int, default=64)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--longest", type=float, default=1.5, help="seconds of work between two kills, at most")
    parser.add_argument("--rate", default="", help="as --limit-rate has it")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        if chosen.how == "calls":
            report = kill_at_calls(Path(name) / "calls", chosen.every, tell=True)
            print(f"{report.rounds} rounds, {report.killed} killed; every file right, the database whole")
        else:
            mixed = Mixed(Path(name) / "random", chosen.files, chosen.large, chosen.large_mib * MIB)
            options = {"rate": chosen.rate, "longest": chosen.longest, "seed": chosen.seed}
            print(kill_one_task(mixed, chosen.kills, tell=True, **options))


if __name__ == "__main__":
    main()
