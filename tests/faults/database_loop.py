"""Two programs write to one database five times as fast as a ShotDock does, a third reads; all are killed in turn.

By hand, for longer than the suite has:

    python -m tests.faults.database_loop --minutes 10

After each kill the database has to be whole, the task of the killed one has to agree with its files, and what it had
said was written has to be there.
"""

import argparse
import math
import random
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from desktop.core.errors import DatabaseBusy
from desktop.core.task import FileResult
from desktop.store.database import Store
from tests.store.samples import item, plan

ITEMS = 200
WRITER = """
import itertools, sys, time
from pathlib import Path
from desktop.core.task import FileResult, LogLine
from desktop.store.database import Store
from desktop.store.tasks import FileOutcome
task, first = int(sys.argv[2]), int(sys.argv[3])
with Store.open(Path(sys.argv[1])) as store:
    last = store.tasks.files(task)[-1].id
    for number in itertools.cycle(range(first, last + 1)):
        result = FileResult.DOWNLOADED if number % 3 else FileResult.FAILED
        store.tasks.record(task, [FileOutcome(number, result, transferred=number)])
        store.events.add([LogLine(1.0, "INFO", f"file {number}", task)])
        print(number, flush=True)
        time.sleep(0.02)  # SQLite is not fair: who never pauses lets nobody else in
"""
READER = """
import itertools, sys
from pathlib import Path
from desktop.store.database import Store
with Store.open(Path(sys.argv[1])) as store:
    for number in itertools.count():
        tasks = list(store.tasks.all())
        assert len(tasks) == 2 and len(store.tasks.files(tasks[number % 2].id)) == 600
        print(number, flush=True)
"""


@dataclass(slots=True)
class Report:
    """What a loop saw. commits: those that were heard of. busy: looks at the database that found it held too long."""

    kills: int = 0
    commits: int = 0
    reads: int = 0
    busy: int = 0


class Program:
    """One of the three, started again after each kill. task: whom it writes to, or None for the reader."""

    def __init__(self, path: Path, task: int | None = None, first: int = 0) -> None:
        self.task = task
        words = (READER, str(path)) if task is None else (WRITER, str(path), str(task), str(first))
        self._command = [sys.executable, "-c", *words]
        self.heard = 0
        self.last = 0
        self.start()

    def start(self) -> None:
        """Start it."""
        self._silent = True
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def listen(self) -> None:
        """Hear what it has done, at least one thing since its start; fail if it ended by itself."""
        assert self._process.stdout is not None
        while self._silent or select.select([self._process.stdout], [], [], 0)[0]:
            line = self._process.stdout.readline()
            if not line:
                _, words = self._process.communicate()
                raise AssertionError(f"it ended by itself:\n{words}")
            self._silent = False
            self.heard += 1
            self.last = int(line)

    def kill(self) -> None:
        """Kill it, whatever it is at, and hear its last words."""
        self._process.kill()
        said, words = self._process.communicate()
        assert "Traceback" not in words, words
        lines = said.splitlines()
        self.heard += len(lines)
        self.last = int(lines[-1]) if lines else self.last


def check(path: Path, program: Program) -> None:
    """Look at the whole database, and at the task that nobody writes to now."""
    with Store.open(path) as store:
        store.check()
        if program.task is None:
            return
        task, files = store.tasks.get(program.task), store.tasks.files(program.task)
        items = store.tasks.items(program.task)
    arrived = [file for file in files if file.result.arrived]
    assert task.files.downloaded == len(arrived) == sum(each.files.downloaded for each in items)
    assert task.files.failed == sum(file.result is FileResult.FAILED for file in files)
    assert task.bytes.transferred == sum(file.transferred for file in files)
    if program.last:
        [said] = [file for file in files if file.id == program.last]
        assert said.result is not FileResult.PENDING, "it was said to be written"


def loop(path: Path, minutes: float, seed: int = 1, kills: float = math.inf) -> Report:
    """Let them work, kill one after the other, and look each time. kills: at most so many."""
    chance, report = random.Random(seed), Report()
    with Store.open(path) as store:
        items = [[item(f"VEGA/SQ{n:02}/SH{shot:03}") for shot in range(ITEMS)] for n in range(2)]
        tasks = [store.tasks.create(plan(*of), f"k3v9x2q{n}", "Monday", 1.0) for n, of in enumerate(items)]
        firsts = [store.tasks.files(task.id)[0].id for task in tasks]
    programs: Sequence[Program] = [
        *(Program(path, task.id, first) for task, first in zip(tasks, firsts, strict=True)),
        Program(path),
    ]
    end = time.monotonic() + minutes * 60
    while time.monotonic() < end and report.kills < kills:
        time.sleep(chance.uniform(0.2, 1.5))  # a random moment is what is tried
        for program in programs:
            program.listen()
        victim = chance.choice(programs)
        victim.kill()
        report.kills += 1
        try:
            check(path, victim)
        except DatabaseBusy:
            report.busy += 1
        victim.start()
    for program in programs:
        program.kill()  # all of them first: who still writes may hold the database for longer than the patience
    for program in programs:
        check(path, program)
    report.commits = sum(program.heard * 2 for program in programs if program.task is not None)
    report.reads = sum(program.heard for program in programs if program.task is None)
    return report


def main() -> None:
    """Run the loop and say what it saw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="shotdock-database-") as name:
        report = loop(Path(name) / "shotdock.db", chosen.minutes, chosen.seed)
    print(f"{report.kills} kills, {report.commits:,} commits, {report.reads:,} reads; the database whole each time")
    print(f"{report.busy} looks found it held for longer than the patience")


if __name__ == "__main__":
    main()
