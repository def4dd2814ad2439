"""What is done on a disk of one's own, too small or soon read-only: run in a process that alone has mounted it.

unshare -m sh -c 'mount -t tmpfs -o size=16m tmpfs "$0" && exec python -m tests.faults.small_disk target "$0"' /mnt
"""

import contextlib
import os
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from PySide6.QtCore import QCoreApplication

import desktop.transfer.sources  # noqa: F401  # registers every source
from desktop.core.errors import ShotDockError
from desktop.core.plan import Action, Options, Plan, PlannedFile, PlannedItem, Request
from desktop.core.schedule import waiting_words
from desktop.core.task import FileResult, Task, TaskState
from desktop.logs import set_up
from desktop.places import Places
from desktop.store.database import Store
from desktop.studio.jobs.archive import unpack
from desktop.work.room import LOOK
from desktop.work.services import start_services
from tests.cli.console import Console
from tests.transfer.scripted import KEEP_BOTH, MIB, SKIP, Shelf, bring, content, tree
from tests.work.life import Clock

R = FileResult
SIZE = 12 * MIB
DISK = 16 * MIB


class Evening:
    """The services as the window has them, with a clock that is set by hand."""

    def __init__(self) -> None:
        self.clock = Clock()
        places = Places.find()
        self.services = start_services(places, set_up(places, console=None), serving=True, now=self.clock)
        self.seen: dict[int, Task] = {}
        self.troubles: list[ShotDockError] = []
        self.services.tasks.changed.connect(self._note)
        self.services.tasks.refused.connect(self.troubles.append)

    def _note(self, tasks: tuple[Task, ...]) -> None:
        self.seen |= {task.id: task for task in tasks}

    def until(self, so: Callable[[], object]) -> None:
        """Let things happen until it is so."""
        deadline = time.monotonic() + 60
        while not so():
            assert time.monotonic() < deadline, f"{self.seen} {self.troubles}"
            QCoreApplication.processEvents()
            time.sleep(0.005)

    def submit(self, served: Path, to: Path, rate: int | None = None) -> int:
        """Have a folder's files brought; return the task's number."""
        files = tuple(
            PlannedFile(str(path), path.name, path.stat().st_size, path.stat().st_mtime, Action.DOWNLOAD)
            for path in sorted(served.iterdir())
        )
        request = Request("", to, options=Options(limit_rate=rate), name="night")
        told: list[Task] = []
        self.services.tasks.submit(Plan(request, (PlannedItem("file://", "night", files),)), told.append)
        self.until(lambda: told)
        return told[0].id

    def later(self, seconds: float) -> None:
        """Set the clock ahead."""
        self.clock.now += seconds
        self.services.tasks.look()


@contextlib.contextmanager
def evening() -> Iterator[Evening]:
    application = QCoreApplication.instance() or QCoreApplication([])
    evening = Evening()
    try:
        yield evening
    finally:
        evening.services.shutdown()
    del application


def publish(folder: Path, count: int, size: int) -> dict[str, bytes]:
    """Make files to be fetched, and return them."""
    folder.mkdir()
    files = {f"{n:03}.bin": content(f"{n:03}.bin", size) for n in range(count)}
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return files


def target(disk: Path, room: str) -> None:
    """The target's disk ends after so much of a file; later there is room. Another disk's task goes on meanwhile."""
    around = disk.parent
    wanted, others = publish(around / "served", 1, SIZE), publish(around / "other", 3, 1000)
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(DISK - int(room)))
    with evening() as now:
        task = now.submit(around / "served", disk / "to")
        other = now.submit(around / "other", around / "elsewhere")
        now.until(lambda: now.seen[task].turn.waits_for and now.seen[other].state is TaskState.DONE)
        waiting = now.seen[task]
        words = waiting_words(waiting.turn, now.clock.now)
        assert waiting.state is TaskState.WAITING and waiting.turn.attempts == 0
        assert words.startswith("Disk full: There is no room left for 000.bin. ") and "more are needed in" in words, (
            words
        )
        assert tree(around / "elsewhere") == others
        [part] = (disk / "to").glob("*.part")
        kept = part.stat().st_size
        assert int(room) - 1.2 * MIB < kept < SIZE

        def looked_again(before: float | None) -> bool:
            return now.seen[task].turn.not_before != before

        for _ in range(2):
            before = now.seen[task].turn.not_before
            now.later(LOOK + 1)
            now.until(partial(looked_again, before))
            assert now.seen[task].state is TaskState.WAITING, "it was looked at, not tried"
        assert part.stat().st_size == kept
        ballast.unlink()
        now.later(LOOK + 1)
        now.until(lambda: now.seen[task].state is TaskState.DONE)
        done = now.seen[task]
        assert done.turn.attempts == 0 and done.bytes.reused > int(room) - 1.2 * MIB
    assert tree(disk / "to") == wanted


def home(disk: Path, end: str) -> None:
    """The disk of database and log is filled while files arrive; then there is room again, or the program is killed."""
    around = disk.parent
    wanted = publish(around / "served", 60, 100_000)
    to, ballast = around / "to", disk / "ballast"
    os.environ["SHOTDOCK_HOME"] = str(disk / "home")
    child = os.fork() if end == "killed" else 0
    if child:
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == -9
    else:
        with evening() as now:
            task = now.submit(around / "served", to, rate=2_000_000)
            now.until(lambda: now.seen[task].files.downloaded > 2)
            fill(ballast)
            now.until(lambda: now.troubles)
            assert now.troubles[0].kind == "disk-full" and "database" in now.troubles[0].title
            known = now.seen[task].files.downloaded
            # Parts and journals move while they are looked at.
            now.until(lambda: {path.name for path in to.rglob("*")} == set(wanted))
            assert tree(to) == wanted
            assert now.seen[task].files.downloaded == known, "it came, and is not recorded"
            assert len(now.troubles) == 1, "said once"
            if end == "killed":
                os.kill(os.getpid(), 9)
            ballast.unlink()
            now.until(lambda: now.seen[task].state is TaskState.DONE)
            assert now.seen[task].files.downloaded == len(wanted)
    came = {name: (to / name).stat().st_ino for name in wanted}
    ballast.unlink(missing_ok=True)
    with Store.open(disk / "home" / "shotdock.db") as store:
        store.check()
        [left] = store.tasks.all()
    if end == "killed":
        assert left.state is TaskState.RUNNING and left.files.downloaded < len(wanted), "the database lags"
        with evening() as again:
            again.services.tasks.resume((left.id,))
            again.until(lambda: left.id in again.seen and again.seen[left.id].state is TaskState.DONE)
            files = again.seen[left.id].files
        assert files.downloaded + files.skipped == len(wanted) and not files.failed
    assert {name: (to / name).stat().st_ino for name in wanted} == came, "nothing came twice"
    assert tree(to) == wanted


def command(disk: Path) -> None:
    """The disk of the database is filled while a command is at work: it ends in words; again, it brings the rest."""
    around = disk.parent
    wanted = publish(around / "served", 60, 100_000)
    to, ballast = around / "to", disk / "ballast"
    shotdock = Console(disk / "home")
    get = ("get", around / "served", to)
    process = shotdock.start(*get, "--limit-rate", "1M")
    while not list(to.rglob("*.bin")):
        assert process.poll() is None
        time.sleep(0.005)
    fill(ballast)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1 and "Traceback" not in said, said
    assert "The disk with the database is full." in said and "Free some space on the volume of" in said, said
    came = {path: path.stat().st_ino for path in to.rglob("*.bin")}
    assert 0 < len(came) < len(wanted)
    ballast.unlink()
    again = shotdock(*get)
    assert again.status == 0, again.err
    assert tree(to / "served") == wanted
    assert {path: path.stat().st_ino for path in came} == came, "nothing came twice"
    with Store.open(disk / "home" / "shotdock.db") as store:
        store.check()


def fill(ballast: Path) -> None:
    """Take what room there is on the disk."""
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))


def read_only(disk: Path, image: str) -> None:
    """ext4 meets an error while a file is on its way and lets nobody write any more; then the disk is mounted anew."""
    to = disk / "to"
    shelf = Shelf(block=MIB)

    def abort(path: str, offset: int) -> None:
        if path == "/0" and offset == 5 * MIB:
            subprocess.run(["mount", "-o", "remount,abort", str(disk)], check=True)

    shelf.on_block = abort
    results = bring(to, shelf, [shelf.put(f"/{n}", 8 * MIB) for n in range(3)])
    assert [done.error.kind for done in results if done.error] == ["target-unwritable"] * 3, results
    first = results[0].error

    assert first is not None and "0 cannot be written" in first.title and "EROFS" in first.cause, first
    assert not any((to / str(n)).exists() for n in range(3))
    shelf.on_block = lambda path, offset: None
    subprocess.run(["umount", str(disk)], check=True)
    subprocess.run(["mount", "-o", "loop", image, str(disk)], check=True)
    results = bring(to, shelf, [shelf.entry(f"/{n}") for n in range(3)], SKIP, token="second02")
    assert all(done.result.arrived for done in results), [str(done.error) for done in results]
    assert tree(to) == {path[1:]: data for path, data in shelf.files.items()}


def across(disk: Path) -> None:
    """A folder of the destination lies on another disk, as a season's may; files, backups and archives go into it."""
    to, other = disk / "to", disk / "to" / "season"
    other.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(other)], check=True)
    assert to.stat().st_dev != other.stat().st_dev
    shelf = Shelf(block=MIB)
    entries = [shelf.put("/small", 1000), shelf.put("/season/small", 1000), shelf.put("/season/large", 5 * MIB)]
    (other / "small").write_bytes(b"old")
    results = bring(to, shelf, entries, KEEP_BOTH)
    assert [done.result for done in results] == [R.DOWNLOADED, R.KEPT_BOTH, R.DOWNLOADED], results
    archive = to / "results.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("a.txt", b"new")
    for _ in range(2):
        unpack(archive, other / "results", "keep_both")
    names = [re.sub(r"_backup_\d+_\d+", "_backup", name) for name in tree(to)]
    kept = ["season/results/a.txt", "season/results_backup/a.txt", "season/small", "season/small_backup"]
    assert sorted(names) == sorted(["results.zip", "season/large", "small", *kept]), names


SCENES: dict[str, Callable[..., None]] = {
    "target": target,
    "home": home,
    "command": command,
    "read_only": read_only,
    "across": across,
}

if __name__ == "__main__":
    scene, place, *more = sys.argv[1:]
    SCENES[scene](Path(place), *more)
