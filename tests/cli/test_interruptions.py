"""Killed, interrupted, run again: only the missing bytes cross the line."""

import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.console import Console
from tests.cli.studio import here
from tests.conftest import Starter
from tests.servers.content import write_tree
from tests.servers.proxy import SECOND_HOST, Proxy
from tests.servers.sshd import SshServer
from tests.servers.vsftpd import Tls, VsftpdServer

NAME = "plate.exr"
SIZE = 200_000_000
MIDDLE = 150_000_000
DURABLE = 64 * 1024 * 1024
"""Bytes after which a journal makes sure of what is on disk: a kill loses less than that."""
PATIENCE = 60.0

Line = tuple[Proxy, list[object]]


def _sftp(served: Path, work: Path, start: Starter[SshServer]) -> Line:
    server = start(SshServer(served, work / "sshd"))
    proxy = Proxy(server.port).start()
    known = work / "hosts"
    known.write_text(server.known_hosts.replace(f":{server.port} ", f":{proxy.port} "))
    url = f"sftp://{server.user}@{proxy.host}:{proxy.port}{served}/{NAME}"
    return proxy, [url, "--identity", server.identity, "--known-hosts", known]


def _ftp(tls: Tls, scheme: str) -> Callable[[Path, Path, Starter[VsftpdServer]], Line]:
    def line(served: Path, work: Path, start: Starter[VsftpdServer]) -> Line:
        server = start(VsftpdServer(served, work / "vsftpd", tls=tls, passive_hosts=(SECOND_HOST,)))
        proxy = Proxy(server.port, passive_ports=server.passive_ports).start()
        url = f"{scheme}://{server.user}:{server.password.replace('@', '%40')}@{proxy.host}:{proxy.port}{served}/{NAME}"
        return proxy, [url, "--accept-new-host-key"]

    return line


LINES: dict[str, Callable[[Path, Path, Starter[Any]], Line]] = {
    "sftp": _sftp,
    "ftp": _ftp(Tls.NONE, "ftp"),
    "ftps": _ftp(Tls.EXPLICIT, "ftps"),
}


def wait_until(reached: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert process.poll() is None, "the transfer ended before it could be interrupted"
        assert time.monotonic() < deadline, "the transfer never got so far"
        time.sleep(0.005)


@pytest.fixture(params=LINES)
def line(request: pytest.FixtureRequest, served: Path, tmp_path: Path, start_server: Starter[Any]) -> Line:
    """A counting line to a real server, and `get`'s arguments for the big file behind it."""
    proxy, arguments = LINES[request.param](served, tmp_path, start_server)
    request.addfinalizer(proxy.stop)
    return proxy, arguments


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_only_missing_bytes_cross_after_an_interruption(
    shotdock: Console, line: Line, served: Path, tmp_path: Path, end: signal.Signals
) -> None:
    proxy, arguments = line
    made = write_tree(served, {NAME: SIZE})
    dest = tmp_path / "dest"
    process = shotdock.start("get", *arguments, dest, "--json", "--limit-rate", "90M")
    try:
        wait_until(lambda: proxy.received > MIDDLE, process)
        process.send_signal(end)
        out, err = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        process.wait()
    assert "Traceback" not in err
    assert not (dest / NAME).exists(), "a file bears its name only when it is whole"
    if end is signal.SIGKILL:
        assert process.returncode == -signal.SIGKILL
    else:
        assert process.returncode == 130
        told = json.loads(out)
        assert told["status"] == "cancelled"
        assert told["bytes"]["transferred"] > DURABLE
    (task,) = shotdock("tasks", "list", "--json").json["tasks"]
    assert task["state"] == "interrupted"

    before = proxy.received
    said = shotdock("get", *arguments, dest, "--json")
    crossed = proxy.received - before
    assert said.status == 0, said.err
    assert here(dest) == made
    answer = said.json
    assert (answer["files"]["downloaded"], answer["files"]["resumed"]) == (1, 1)
    reused, transferred = answer["bytes"]["reused"], answer["bytes"]["transferred"]
    assert reused + transferred == SIZE
    assert reused >= DURABLE
    assert crossed < transferred * 1.03 + 500_000
    # The task that was interrupted has nothing left to do, and says so.
    states = {row["id"]: row["state"] for row in shotdock("tasks", "list", "--json").json["tasks"]}
    assert states == {task["id"]: "cancelled", answer["task"]: "done"}


@pytest.mark.slow
def test_an_interrupted_task_is_run_to_its_end(
    shotdock: Console, sshd: SshServer, served: Path, tmp_path: Path
) -> None:
    made = write_tree(served, {NAME: SIZE})
    dest = tmp_path / "dest"
    shotdock("connections", "add", "V", sshd.url, "--identity", sshd.identity)
    shotdock("connections", "trust", "V", "--yes")
    process = shotdock.start("get", f"V:{NAME}", dest, "--json", "--limit-rate", "12M")
    try:
        wait_until(lambda: any(path.stat().st_size for path in dest.glob(f".{NAME}*")), process)
        alive = shotdock("tasks", "list", "--json").json["tasks"]
        assert [row["state"] for row in alive] == ["running"]
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130
    said = shotdock("tasks", "run", alive[0]["id"], "--json")
    assert said.status == 0, said.err
    assert here(dest) == made
    assert said.json["task"] == alive[0]["id"]
    assert said.json["files"]["downloaded"] == 1
