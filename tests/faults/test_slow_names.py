"""R18: a name server that takes half a minute: nobody else waits for it, and who does can be called off at once."""

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.console import ROOT, Console
from tests.servers.names import NameServer
from tests.servers.nginx import NginxServer
from tests.transfer.scripted import MIB, content, tree

pytestmark = pytest.mark.servers
SLOW, QUICK = "slow.test", "quick.test"
FILES = {"a.exr": content("a.exr", 2 * MIB), "b.exr": content("b.exr", 2 * MIB)}
AT_ONCE = 15.0
"""Seconds within which a program has ended that was asked to, on however busy a machine; the name takes twice that."""


@pytest.fixture
def names() -> Iterator[NameServer]:
    with NameServer() as names:
        yield names


@pytest.fixture
def web(tmp_path: Path) -> Iterator[NginxServer]:
    served = tmp_path / "served"
    served.mkdir()
    for name, data in FILES.items():
        (served / name).write_bytes(data)
    with NginxServer(served, tmp_path / "nginx") as web:
        yield web


def start(shotdock: Console, names: NameServer, tmp_path: Path, *arguments: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        names.wrapped(Console.command(arguments), tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
        env=shotdock.environment,
    )


def called_off(process: "subprocess.Popen[str]") -> bool:
    """Interrupt the program; tell whether it ended as interrupted ones do, at once."""
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=AT_ONCE)
    return process.returncode == 130


def test_r18_lanes_to_others_do_not_wait_for_a_slow_name(
    shotdock: Console, names: NameServer, web: NginxServer, tmp_path: Path
) -> None:
    """One task from two hosts: what the one brings is here while the other's name is still asked for."""
    to = tmp_path / "to"
    urls = [f"http://{SLOW}:{web.port}/a.exr", f"http://{QUICK}:{web.port}/b.exr"]
    first = start(shotdock, names, tmp_path, "get", *urls, to, "--limit-rate", "2M")
    until_there(first, to, ".a.exr.*.part")
    assert called_off(first)
    [task] = shotdock("tasks", "list", "--json").json["tasks"]
    before = names.asked.count(SLOW)
    names.slow.add(SLOW)
    second = start(shotdock, names, tmp_path, "tasks", "run", task["id"])
    until_there(second, to, "b.exr")
    names.wait_until_asked(SLOW, before + 1)
    assert called_off(second)
    assert {name for name in tree(to) if not name.startswith(".")} == {"b.exr"}
    third = start(shotdock, names, tmp_path, "tasks", "run", task["id"], "--json")
    names.wait_until_asked(SLOW, before + 2)
    names.hurry()
    out, _ = third.communicate(timeout=60)
    assert json.loads(out)["status"] == "done"
    assert tree(to) == FILES


@pytest.mark.parametrize("scheme", ["sftp", "ftp", "https", "gallery"])
def test_r18_who_waits_for_a_slow_name_is_called_off_at_once(
    shotdock: Console, names: NameServer, tmp_path: Path, scheme: str
) -> None:
    names.slow.add(SLOW)
    what: tuple[object, ...] = ("get", f"{scheme}://{SLOW}/a.exr", tmp_path / "to")
    if scheme == "gallery":
        what = ("gallery", "list", "--server", f"http://{SLOW}/")
    process = start(shotdock, names, tmp_path, *what)
    names.wait_until_asked(SLOW)
    assert called_off(process)


def until_there(process: "subprocess.Popen[str]", folder: Path, pattern: str) -> None:
    """Wait until the program has put a file there that is not empty."""
    while not any(path.stat().st_size for path in folder.glob(pattern)):
        assert process.poll() is None, "it ended before"
        time.sleep(0.01)
