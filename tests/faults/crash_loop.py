"""Kill the whole program, at every system call or at random moments, and look at what is left.

By hand, with more patience than the suite has:

    python -m tests.faults.crash_loop calls              # before every call that changes something, one after the other
    python -m tests.faults.crash_loop calls --every 5    # before every fifth of them
    python -m tests.faults.crash_loop calls --from 149   # from there on: what a run that was cut short did not come to
    python -m tests.faults.crash_loop random             # one task of 10,000 files, at 200 random moments
"""

import argparse
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from desktop.core.task import ENDED, TaskState
from desktop.store.database import Store
from desktop.transfer.partfile import part_path
from tests.cli.console import Console
from tests.faults.mixed_kills import MIB, Mixed, kill_one_task
from tests.transfer import traced
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
AT_REST = (*ENDED, TaskState.INTERRUPTED)


@dataclass(slots=True)
class Report:
    """What a loop saw. killed: of all rounds. calls: what each round was killed before."""

    rounds: int = 0
    killed: int = 0
    calls: list[str] = field(default_factory=list)


class Victim:
    """A program with a home of its own that brings one small file from this machine.

    waits: its task is made before and only run, so that the part's name is known: it bears the task's token. What is
    watched then is the file, its part and their folder; otherwise the database.
    """

    def __init__(self, folder: Path, waits: bool = False) -> None:
        folder.mkdir(parents=True)
        self.home, self.to = folder / "home", folder / "to"
        self.file = folder / "served" / "a.exr"
        self.file.parent.mkdir()
        self.data = content("a.exr", 3000)
        self.file.write_bytes(self.data)
        self.shotdock = Console(self.home)
        # The database is made before: what is looked at is a transfer, not a first start.
        assert self.shotdock("tasks", "list").status == 0
        database = self.home / "shotdock.db"
        self.words: tuple[object, ...] = "get", self.file, self.to
        self.watched = [str(database), f"{database}-journal"]
        if waits:
            assert self.shotdock(*self.words, "--start-at", "+1h").status == 0
            with Store.open(database) as store:
                [task] = store.tasks.all()
            target = str(self.to / "a.exr")
            self.words = "tasks", "run", task.id
            self.watched = [str(self.to), target, part_path(target, task.token)]

    def traced(self, *more: str) -> subprocess.CompletedProcess[bytes]:
        """Bring the file under strace, which sees the calls on what is watched."""
        watched = [word for path in self.watched for word in ("-P", path)]
        command = ["strace", "-f", *more, *watched, *Console.command((*self.words, "--json"))]
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


@dataclass(frozen=True, slots=True)
class Call:
    """One that a run makes. waits: of which Victim. count: as strace counts."""

    waits: bool
    name: str
    count: int


def calls_of(folder: Path, waits: bool) -> list[Call]:
    """Return the changing calls of a run that is left alone, in their order."""
    log = folder.parent / f"{folder.name}.strace"
    assert Victim(folder, waits).traced("-o", str(log)).returncode == 0
    return [Call(waits, name, count) for name, count in traced.calls_of(log) if name in CHANGES]


def kill_at_calls(folder: Path, every: int = 1, first: int = 0, tell: bool = False) -> Report:
    """Kill the program before every so-manieth changing call of a transfer and check what is left, each time anew.

    The file's calls come first, the database's after them. first: the number, from 0, of the one to begin at.
    """
    report = Report()
    calls = [*calls_of(folder / "file", waits=True), *calls_of(folder / "database", waits=False)]
    for number, call in enumerate(calls[first:], first):
        # The calls around the file's new name are few and all of them matter.
        if number % every and call.name not in ("link", "linkat", "fsync", "unlink", "rename"):
            continue
        victim = Victim(folder / str(number), call.waits)
        ended = victim.traced("-o", "/dev/null", "-e", f"inject={call.name}:signal=KILL:when={call.count}")
        report.rounds += 1
        report.killed += ended.returncode != 0
        report.calls.append(call.name)
        victim.check()
        if tell:
            how = "killed" if ended.returncode else "not reached"
            print(f"{number:4} of {len(calls)} {call.name} #{call.count}: {how}, well", flush=True)
    return report


def main() -> None:
    """Run one of the loops and say what it saw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("how", choices=["calls", "random"])
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--from", dest="first", type=int, default=0, metavar="N", help="the call's number, from 0")
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
            report = kill_at_calls(Path(name) / "calls", chosen.every, chosen.first, tell=True)
            print(f"{report.rounds} rounds, {report.killed} killed; every file right, the database whole")
        else:
            mixed = Mixed(Path(name) / "random", chosen.files, chosen.large, chosen.large_mib * MIB)
            options = {"rate": chosen.rate, "longest": chosen.longest, "seed": chosen.seed}
            print(kill_one_task(mixed, chosen.kills, tell=True, **options))


if __name__ == "__main__":
    main()
