"""Who runs a task is told exactly: other processes, dead ones, numbers given out again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from desktop.core.errors import NotAllowed, NotFound
from desktop.core.schedule import Turn
from desktop.core.task import Task, TaskEvent, TaskState, advance
from desktop.store.database import Store
from desktop.store.owner import SILENCE, _unix_start, alive, describe, is_elsewhere, this_process
from tests.store.samples import TOKEN, plan

OTHER_HOST = "ws-nowhere:4711:1"

RUNNER = """
import sys, time
from pathlib import Path
from desktop.core.task import TaskEvent, advance
from desktop.store.database import Store
from desktop.store.owner import this_process
with Store.open(Path(sys.argv[1])) as store:
    for word in sys.argv[2].split(","):
        number = int(word)
        if store.tasks.claim(number, this_process()):
            store.tasks.save(advance(store.tasks.get(number), TaskEvent.START, 2.0))
            print("has", number, end=" ")
print(this_process(), flush=True)
sys.stdin.readline()
"""


LOOKER = """
import sys
from pathlib import Path
from desktop.store.database import Store
with Store.open(Path(sys.argv[1])) as store:
    print(store.tasks.interrupted())
"""


@contextmanager
def runner(path: Path, *numbers: int) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """Start a process that claims and starts these tasks; give it and what it said."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUNNER, str(path), ",".join(map(str, numbers))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.communicate()


def free_task(store: Store, token: str = TOKEN) -> Task:
    """Return a waiting task nobody answers for, as an older process may have left it."""
    task = store.tasks.create(plan(), token, "x", 1.0)
    store._access.value(f"UPDATE task SET owner = '' WHERE id = {task.id}")
    return store.tasks.get(task.id)


def test_this_process_lives() -> None:
    host, pid, start = this_process().split(":", 2)
    assert (host, pid) == (os.uname().nodename if sys.platform != "win32" else host, str(os.getpid()))
    assert start
    assert alive(this_process())
    assert not is_elsewhere(this_process())
    assert describe(this_process()) == f"process {pid} on {host}"


def test_a_number_given_out_again_is_another_process() -> None:
    host, pid, _ = this_process().split(":", 2)
    assert not alive(f"{host}:{pid}:before")


@pytest.mark.parametrize("nonsense", ["", "x", "a:b", "a:b:c", ":::"])
def test_nonsense_does_not_live(nonsense: str) -> None:
    assert not alive(nonsense)


def test_another_hosts_process_counts_as_alive() -> None:
    assert is_elsewhere(OTHER_HOST)
    assert alive(OTHER_HOST)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_process_lives_until_it_is_killed(store: Store, path: Path) -> None:
    task = free_task(store)
    with runner(path, task.id) as (process, said):
        owner = said.split()[-1]
        assert owner.split(":")[1] == str(process.pid)
        assert alive(owner)
        os.kill(process.pid, signal.SIGKILL)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert not alive(owner), "a zombie does no work"
    assert not alive(owner)


def test_a_task_of_this_process_is_claimed_again_and_again(store: Store) -> None:
    task = store.tasks.create(plan(), TOKEN, "x", 1.0)
    assert store.tasks.claim(task.id, this_process())
    assert store.tasks.claim(task.id, this_process())
    assert store.tasks.get(task.id).owner == this_process()


@pytest.mark.parametrize("event", [TaskEvent.PAUSE, TaskEvent.CANCEL, TaskEvent.INTERRUPT])
def test_a_task_at_rest_cannot_be_claimed(store: Store, event: TaskEvent) -> None:
    task = store.tasks.create(plan(), TOKEN, "x", 1.0)
    store.tasks.save(advance(task, event, 2.0))
    assert store.tasks.get(task.id).owner == ""
    assert not store.tasks.claim(task.id, this_process())


def test_claiming_what_is_not_there_says_so(store: Store) -> None:
    with pytest.raises(NotFound):
        store.tasks.claim(1, this_process())


def test_one_of_many_processes_gets_each_task(store: Store, path: Path) -> None:
    numbers = [free_task(store, f"k3v9x2q{n}").id for n in range(8)]
    with runner(path, *numbers) as (_, first), runner(path, *reversed(numbers)) as (_, second):
        owners = {task.owner for task in store.tasks.all()}
        claimed = [word for said in (first, second) for word in said.split()[1:-1:2]]
        assert sorted(claimed) == [str(number) for number in numbers]
        assert "" not in owners


@pytest.fixture
def foreign(store: Store, path: Path) -> Iterator[tuple[Task, Callable[[], None]]]:
    """Give a task another process runs, and a way to kill that process."""
    task = free_task(store)
    with runner(path, task.id) as (process, said):
        assert said.startswith("has")

        def kill() -> None:
            process.kill()
            process.wait()

        yield store.tasks.get(task.id), kill


def test_a_living_process_keeps_its_task(store: Store, foreign: tuple[Task, Callable[[], None]]) -> None:
    task, _ = foreign
    assert store.tasks.interrupted(alive) == ()
    assert not store.tasks.claim(task.id, this_process())
    with pytest.raises(NotAllowed) as caught:
        store.tasks.save(advance(task, TaskEvent.PAUSE, 3.0))
    assert f"process {task.owner.split(':')[1]}" in caught.value.cause
    with pytest.raises(NotAllowed):
        store.tasks.delete([task.id])
    assert store.tasks.get(task.id) == task


def test_a_killed_process_loses_its_task(store: Store, foreign: tuple[Task, Callable[[], None]]) -> None:
    task, kill = foreign
    kill()
    (lost,) = store.tasks.interrupted(alive)
    assert (lost.id, lost.state) == (task.id, TaskState.RUNNING)
    store.tasks.save(advance(lost, TaskEvent.INTERRUPT, 3.0))
    assert store.tasks.interrupted(alive) == ()
    assert store.tasks.get(task.id).state is TaskState.INTERRUPTED


def test_a_dead_processs_task_can_be_claimed_outright(store: Store, foreign: tuple[Task, Callable[[], None]]) -> None:
    task, kill = foreign
    kill()
    assert store.tasks.claim(task.id, this_process())
    assert store.tasks.get(task.id).owner == this_process()


def test_an_interrupted_task_goes_to_one_process_only(
    store: Store, path: Path, foreign: tuple[Task, Callable[[], None]]
) -> None:
    task, kill = foreign
    kill()
    assert [lost.id for lost in store.tasks.interrupted(alive)] == [task.id]
    other = subprocess.run([sys.executable, "-c", LOOKER, str(path)], capture_output=True, text=True, check=True)
    assert other.stdout == "()\n", "this process answers for it now"


def test_a_task_without_an_owner_is_interrupted(store: Store) -> None:
    task = free_task(store)
    assert [lost.id for lost in store.tasks.interrupted(alive)] == [task.id]


def test_tasks_at_rest_are_not_interrupted(store: Store) -> None:
    task = store.tasks.create(plan(), TOKEN, "x", 1.0)
    store.tasks.save(advance(task, TaskEvent.PAUSE, 2.0))
    assert store.tasks.interrupted(lambda owner: False) == ()


def test_another_hosts_task_is_given_up_after_a_day_of_silence(store: Store) -> None:
    task = store.tasks.create(plan(), TOKEN, "x", 1.0)
    store._access.value(f"UPDATE task SET owner = '{OTHER_HOST}', touched = {time.time() - SILENCE + 60}")
    assert store.tasks.interrupted(alive) == ()
    assert not store.tasks.claim(task.id, this_process())
    store._access.value(f"UPDATE task SET touched = {time.time() - SILENCE - 60}")
    assert [lost.id for lost in store.tasks.interrupted(alive)] == [task.id]
    assert store.tasks.claim(task.id, this_process())


def test_what_waits_for_the_clock_is_taken_over_from_another_host_after_a_day_of_silence(store: Store) -> None:
    task = store.tasks.create(plan(), TOKEN, "x", 1.0, Turn(not_before=2e9))
    store._access.value(f"UPDATE task SET owner = '{OTHER_HOST}', touched = {time.time() - SILENCE + 60}")
    assert store.tasks.scheduled() == ()
    assert not store.tasks.claim(task.id, this_process())
    with pytest.raises(NotAllowed):
        store.tasks.delete([task.id])
    store._access.value(f"UPDATE task SET touched = {time.time() - SILENCE - 60}")
    assert [lost.id for lost in store.tasks.scheduled()] == [task.id]
    assert store.tasks.claim(task.id, this_process())
    assert store.tasks.get(task.id).owner == this_process()


def test_a_resumed_task_is_this_processs_from_the_moment_it_waits(store: Store) -> None:
    """Between resume and start another ShotDock may look for interrupted tasks."""
    task = store.tasks.create(plan(), TOKEN, "x", 1.0)
    paused = advance(task, TaskEvent.PAUSE, 2.0)
    store.tasks.save(paused)
    store.tasks.save(replace(advance(paused, TaskEvent.RESUME, 3.0), owner=""))
    assert store.tasks.get(task.id).owner == this_process()


@pytest.mark.skipif(not Path("/bin/ps").exists(), reason="ps is not installed")
def test_where_there_is_no_proc_ps_tells_when_a_process_began() -> None:
    """macOS is asked so; Linux has the same ps."""
    began = _unix_start(os.getpid())
    assert began is not None and ":" not in began and " " not in began
    assert _unix_start(os.getpid()) == began
    assert _unix_start(2**22 + 1) is None
