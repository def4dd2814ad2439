"""Turns go by server: first come, first served at each, and none waits for another."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.core.connection import parse_connection
from desktop.core.plan import Action, Options, Plan, PlannedFile, PlannedItem, Request
from desktop.core.task import Task, TaskState
from tests.servers.content import write_tree
from tests.servers.vsftpd import VsftpdServer
from tests.work.conftest import Bench


@pytest.fixture
def silent() -> Iterator[int]:
    """Return the port of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        yield listener.getsockname()[1]


def connect(bench: Bench, name: str, url: str) -> None:
    connection, _ = parse_connection(name, url)
    bench.answer(lambda then, failed: bench.services.connections.save(connection, None, then, failed))
    bench.services.connections.agree(connection.address)
    bench.services.sites.remember_password(name, "artist@")


def order(bench: Bench, where: dict[str, str], name: str, rate: int | None = None) -> Task:
    """Submit a task that fetches a file of each site: site -> path on the server. rate: bytes/s, or None."""
    items = tuple(
        PlannedItem(site, path, (PlannedFile(path, f"{name}/{site}", None, None, Action.DOWNLOAD),))
        for site, path in where.items()
    )
    return bench.submit(Plan(Request("", bench.destination, name=name, options=Options(limit_rate=rate)), items))


def states(bench: Bench) -> dict[str, TaskState]:
    return {task.name: task.state for task in bench.tasks()}


def test_a_server_that_hangs_holds_up_its_own_tasks_only(
    bench: Bench, silent: int, vsftpd: VsftpdServer, served: Path
) -> None:
    write_tree(served, {"a.bin": 5000, "b.bin": 6000})
    connect(bench, "HANGS", f"ftp://ann@127.0.0.1:{silent}/")
    connect(bench, "WORKS", vsftpd.url)
    stuck = [order(bench, {"HANGS": "/x"}, f"stuck {n}") for n in range(3)]
    for task in stuck[:2]:
        bench.until(task.id, TaskState.RUNNING)
    good = [order(bench, {"WORKS": f"{served}/{name}"}, name) for name in ("a.bin", "b.bin")]
    for task in good:
        assert bench.until(task.id, TaskState.DONE).files.downloaded == 1
    assert states(bench) == {
        "stuck 0": TaskState.RUNNING,
        "stuck 1": TaskState.RUNNING,
        "stuck 2": TaskState.WAITING,
        "a.bin": TaskState.DONE,
        "b.bin": TaskState.DONE,
    }
    bench.services.tasks.cancel([stuck[0].id])
    bench.until(stuck[2].id, TaskState.RUNNING)


def test_a_task_with_files_on_several_servers_starts_where_there_is_room(
    bench: Bench, silent: int, vsftpd: VsftpdServer, served: Path
) -> None:
    write_tree(served, {"a.bin": 5000})
    connect(bench, "HANGS", f"ftp://ann@127.0.0.1:{silent}/")
    connect(bench, "WORKS", vsftpd.url)
    for n in range(2):
        bench.until(order(bench, {"HANGS": "/x"}, f"stuck {n}").id, TaskState.RUNNING)
    # What they have left is on the server that hangs: the one that works is not busy with them.
    for n in range(3):
        both = order(bench, {"HANGS": "/x", "WORKS": f"{served}/a.bin"}, f"both {n}")
        bench.until(both.id, TaskState.RUNNING)
        bench.qtbot.waitUntil((bench.destination / f"both {n}" / "WORKS").exists, timeout=20_000)


def test_two_logins_on_one_server_are_one_server(bench: Bench, silent: int) -> None:
    connect(bench, "ANN", f"ftp://ann@127.0.0.1:{silent}/")
    connect(bench, "BOB", f"ftp://bob@127.0.0.1:{silent}/")
    for name in ("ANN", "BOB", "ANN"):
        order(bench, {name: "/x"}, f"{name} {len(bench.tasks())}")
    bench.qtbot.waitUntil(lambda: list(states(bench).values()).count(TaskState.RUNNING) == 2)
    assert states(bench) == {"ANN 0": TaskState.RUNNING, "BOB 1": TaskState.RUNNING, "ANN 2": TaskState.WAITING}


@pytest.mark.servers
def test_a_server_s_only_place_is_free_as_soon_as_a_slow_transfer_is_called_off(bench: Bench, tmp_path: Path) -> None:
    """The server waits for us to take more, and would do so for minutes after we are gone."""
    root = tmp_path / "one"
    write_tree(root, {"large.bin": 48_000_000, "small.bin": 5000})
    with VsftpdServer(root, tmp_path / "vsftpd", max_clients=1) as server:
        connect(bench, "ONE", server.url)
        slow = order(bench, {"ONE": f"{root}/large.bin"}, "slow", rate=8_000_000)
        here: list[int] = []
        bench.services.tasks.progressed.connect(lambda every: here.extend(one.done for one in every))
        # By then all that lies between the server and us is full.
        bench.qtbot.waitUntil(lambda: bool(here) and here[-1] > 4_000_000, timeout=20_000)
        bench.services.tasks.cancel([slow.id])
        bench.until(slow.id, TaskState.CANCELLED)
        quick = order(bench, {"ONE": f"{root}/small.bin"}, "quick")
        assert bench.until(quick.id, TaskState.DONE).files.downloaded == 1
