"""The services on a real local studio: two shots on disk, reached as a `file://` connection."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from desktop.core.connection import parse_connection
from desktop.core.errors import ShotDockError
from desktop.core.media import Structure
from desktop.core.plan import Plan, Request
from desktop.core.task import ENDED, Task, TaskState
from desktop.logs import LogRing
from desktop.places import Places
from desktop.work.pool import Pool
from desktop.work.services import Services, start_services

OVER = (*ENDED, TaskState.PAUSED)


class Bench:
    """The services under test, and ways to wait for their answers."""

    def __init__(self, qtbot: QtBot, services: Services, studio: Path, destination: Path) -> None:
        self.qtbot, self.services, self.studio, self.destination = qtbot, services, studio, destination
        self.seen: dict[int, Task] = {}
        services.tasks.changed.connect(self._note)

    def _note(self, tasks: tuple[Task, ...]) -> None:
        self.seen |= {task.id: task for task in tasks}

    def answer(self, ask: Callable[[Callable[..., None], Callable[[ShotDockError], None]], object]) -> Any:
        """Ask, and wait for the answer; raise the error it may be."""
        answers: list[Any] = []
        errors: list[ShotDockError] = []
        ask(lambda *given: answers.append(*given or (None,)), errors.append)
        self.qtbot.waitUntil(lambda: bool(answers or errors), timeout=20_000)
        if errors:
            raise errors[0]
        return answers[0]

    def connect(self, name: str, root: Path) -> None:
        """Save a connection to a local folder."""
        connection, _ = parse_connection(name, root.as_uri())
        self.answer(lambda then, failed: self.services.connections.save(connection, None, then, failed))

    def scan(self) -> Structure:
        structure: Structure = self.answer(lambda then, failed: self.services.library.scan("VEGA", then, failed))
        return structure

    def plan(self, **wishes: Any) -> Plan:
        request = Request("VEGA", self.destination, **wishes)
        structure = self.scan()
        plan: Plan = self.answer(lambda then, failed: self.services.library.plan(request, structure, then, failed))
        return plan

    def submit(self, plan: Plan, start: bool = True) -> Task:
        task: Task = self.answer(lambda then, _failed: self.services.tasks.submit(plan, then, start))
        return task

    def until(self, task_id: int, *states: TaskState) -> Task:
        """Wait until the task is in one of the states."""
        wanted = states or OVER
        self.qtbot.waitUntil(lambda: task_id in self.seen and self.seen[task_id].state in wanted, timeout=30_000)
        return self.seen[task_id]

    def run(self, **wishes: object) -> Task:
        """Scan, plan, submit and wait for the end."""
        return self.until(self.submit(self.plan(**wishes)).id)

    def tasks(self) -> tuple[Task, ...]:
        with self.qtbot.waitSignal(self.services.tasks.listed, timeout=10_000) as heard:
            self.services.tasks.load()
        listed: tuple[Task, ...] = heard.args[0]
        return listed


def write(path: Path, content: bytes, age: float = 86_400.0) -> None:
    """Write a file as if it had been published a day ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    then = path.stat().st_mtime - age
    os.utime(path, (then, then))


def measured(call: Callable[[], None]) -> None:
    sys.settrace(threading.gettrace())
    call()


@pytest.fixture(scope="session", autouse=True)
def pool_threads_are_measured() -> Iterator[None]:
    """Count branches on Qt's pool threads too: Python does not start them, so what traces its threads misses them."""
    with pytest.MonkeyPatch.context() as patch:
        if threading.gettrace() is not None:
            start = Pool.start
            patch.setattr(Pool, "start", lambda pool, call: start(pool, partial(measured, call)))
        yield


@pytest.fixture
def studio(tmp_path: Path) -> Path:
    root = tmp_path / "studio"
    for shot, versions in {"SH010": ("v001", "v002"), "SH020": ("v001",)}.items():
        for version in versions:
            folder = root / "VEGA" / "SQ01" / shot / "anim" / "publish" / version
            write(folder / f"{shot}_{version}.ma", f"{shot} {version} ".encode() * 500)
            write(folder / "cache" / "char.abc", f"{shot} {version} cache ".encode() * 700)
    return root


@pytest.fixture(params=[True, False], ids=["own thread", "calling thread"])
def bench(request: pytest.FixtureRequest, qtbot: QtBot, studio: Path, tmp_path: Path) -> Iterator[Bench]:
    services = start_services(Places.find(), LogRing(), threaded=request.param)
    bench = Bench(qtbot, services, studio, tmp_path / "shows")
    bench.connect("VEGA", studio)
    yield bench
    services.shutdown()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MiB, mounted for as long as the test runs."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("a small disk of one's own takes root and mount")
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def make_room(disk: Path) -> None:
    """Make the small disk a larger one."""
    subprocess.run(["mount", "-o", "remount,size=32m", str(disk)], check=True)
