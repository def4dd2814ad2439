"""R20: servers and the program stopped in mid-file for longer than anybody's patience, and the clock set meanwhile."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from desktop.core.connection import Address
from desktop.core.media import Entry
from desktop.core.task import FileResult
from desktop.transfer.jobs import Job
from desktop.transfer.pace import Pace
from desktop.transfer.ports import Site, Source
from desktop.transfer.retry import Patience
from tests.cli.console import ROOT, Console
from tests.faults.engine import ftp, opener, sftp
from tests.servers.nginx import NginxServer
from tests.servers.process import ProcessServer, ServerMissing, descendants
from tests.servers.sshd import SshServer
from tests.servers.vsftpd import VsftpdServer
from tests.transfer.scripted import MIB, content, drive, make_run, tree

pytestmark = [
    pytest.mark.servers,
    pytest.mark.skipif(sys.platform == "win32", reason="needs signals that stop a process"),
]
LIBRARY = "libfaketimeMT.so.1"
PATIENT = Patience(first=0.001, cap=0.05, outage=30.0)


@dataclass(frozen=True, slots=True)
class Three:
    """A server of each protocol, impatient with clients that take nothing: they hang up after a second or two."""

    ssh: SshServer
    ftp: VsftpdServer
    web: NginxServer
    served: Path

    def plant(self, size: int) -> dict[str, bytes]:
        """Write a file for each and return what they hold."""
        made = {f"{kind}.exr": content(kind, size) for kind in ("ssh", "ftp", "web")}
        for name, data in made.items():
            (self.served / name).write_bytes(data)
            os.utime(self.served / name, (1_700_000_000, 1_700_000_000))
        return made

    def signal(self, number: int) -> None:
        """Send a signal to every process of theirs."""
        servers: tuple[ProcessServer, ...] = (self.ssh, self.ftp, self.web)
        for pid in [pid for server in servers for pid in (server.pid, *descendants(server.pid))]:
            with suppress(ProcessLookupError):
                os.kill(pid, number)


@pytest.fixture
def three(tmp_path: Path) -> Iterator[Three]:
    served = tmp_path / "served"
    served.mkdir()
    alive = ("ClientAliveInterval 1", "ClientAliveCountMax 1")
    with ExitStack() as stack:
        ssh = stack.enter_context(SshServer(served, tmp_path / "sshd", extra=alive))
        ftpd = stack.enter_context(
            VsftpdServer(served, tmp_path / "vsftpd", extra=("data_connection_timeout=1", f"anon_max_rate={8 * MIB}"))
        )
        web = stack.enter_context(NginxServer(served, tmp_path / "nginx", extra=("send_timeout 1s;", "limit_rate 8m;")))
        yield Three(ssh, ftpd, web, served)


def until(true: Callable[[], bool], alive: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert alive() and time.monotonic() < deadline, "it ended before, or it never came to that"
        time.sleep(0.005)


def test_r20_servers_that_were_stopped_are_gone_on_with(three: Three, tmp_path: Path) -> None:
    """For twice as long as a byte is waited for: they are asked anew, and nobody answers yet."""
    files = three.plant(20 * MIB)
    sites = {
        "ssh.exr": sftp(three.ssh, tmp_path, 0.7),
        "ftp.exr": ftp(three.ftp, 0.7),
        "web.exr": Site(Address("http", three.web.host, three.web.port), timeout=0.7),
    }
    asked: list[str] = []
    runs = {}
    for number, name in enumerate(files):
        there = f"/{name}" if name == "web.exr" else (three.served / name).as_posix()
        job = Job(number, name, Entry(there, size=20 * MIB), tmp_path / "to" / name)
        runs[name] = make_run(tmp_path / "to", [job], pace=Pace(12 * MIB), patience=PATIENT, token=f"tok0000{number}")

    def source(name: str) -> Source:
        asked.append(name)
        return opener(sites[name])()

    with ThreadPoolExecutor(3) as pool:
        ends = {name: pool.submit(drive, run, lambda name=name: source(name)) for name, run in runs.items()}  # type: ignore[misc]  # a default
        until(
            lambda: all(run.counters().transferred > MIB for run in runs.values()),
            lambda: not any(end.done() for end in ends.values()),
        )
        three.signal(signal.SIGSTOP)
        try:
            threading.Event().wait(1.5)
        finally:
            three.signal(signal.SIGCONT)
        done = [one for end in ends.values() for one in end.result().values()]
    assert [(one.result, one.error) for one in done] == [(FileResult.DOWNLOADED, None)] * 3
    assert tree(tmp_path / "to") == files
    assert {name for name in files if asked.count(name) > 1} == set(files), "each was given up and asked anew"


class Shown:
    """The command line on a terminal, getting a file of each server; seen: what a person saw."""

    def __init__(self, shotdock: Console, three: Three, to: Path, *options: object, **variables: str) -> None:
        urls = [
            f"sftp://{three.ssh.user}@127.0.0.1:{three.ssh.port}{three.served}/ssh.exr",
            f"{three.ftp.url.replace('@', ':artist%40@', 1)}/ftp.exr",
            f"{three.web.url}web.exr",
        ]
        trust = ("--identity", three.ssh.identity, "--accept-new-host-key", "--json")
        self._ours, theirs = os.openpty()
        self.program = subprocess.Popen(
            Console.command(("get", *urls, to, *trust, *options)),
            stdout=subprocess.PIPE,
            stderr=theirs,
            cwd=ROOT,
            env={**shotdock.environment, **variables},
            text=True,
        )
        os.close(theirs)
        self.seen = bytearray()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        with suppress(OSError):  # Linux ends a terminal nobody writes to any more with EIO
            while chunk := os.read(self._ours, 65_536):
                self.seen.extend(chunk)

    def __enter__(self) -> "Shown":
        return self

    def __exit__(self, *_: object) -> None:
        self.program.kill()
        self.program.communicate()
        self._reader.join()
        os.close(self._ours)

    @property
    def alive(self) -> bool:
        return self.program.poll() is None

    def sane(self) -> bool:
        """Wait for the end; tell whether all is well and no figure was ever out of this world."""
        out, _ = self.program.communicate(timeout=60)
        said, shown = json.loads(out), self.seen.decode("utf-8", "replace")
        assert (said["status"], said["errors"]) == ("done", [])
        assert 0 < said["seconds"] < 120, "neither hours nor less than nothing"
        assert re.search(r"\d s left", shown)
        return re.search(r"\d (h|days?)\b|-\d", shown) is None


def test_r20_a_program_that_was_stopped_goes_on(shotdock: Console, three: Three, tmp_path: Path) -> None:
    """Until every server has given it up."""
    files, to = three.plant(20 * MIB), tmp_path / "to"
    with Shown(shotdock, three, to, "--limit-rate", "24M") as shown:
        until(lambda: len(parts(to)) == 3, lambda: shown.alive)
        shown.program.send_signal(signal.SIGSTOP)
        until(lambda: "not responding" in three.ssh.words(), lambda: True)
        threading.Event().wait(1.5)  # the others do not say when they hang up
        shown.program.send_signal(signal.SIGCONT)
        assert shown.sane()
    assert tree(to) == files
    assert len([line for line in three.web.requests() if "GET /web.exr" in line]) > 1, "it was asked again"


def test_r20_the_clock_is_set_while_files_come(shotdock: Console, three: Three, tmp_path: Path) -> None:
    """Two hours ahead, then to the day before. The servers are slow, not we: under this library time.sleep fails."""
    library = next(Path("/usr/lib").glob(f"**/faketime/{LIBRARY}"), None)
    if library is None:
        raise ServerMissing(f"{LIBRARY} is not installed; get it by: apt-get install -y libfaketime")
    files, clock, to = three.plant(16 * MIB), tmp_path / "clock", tmp_path / "to"
    clock.write_text("+0")
    faked = {"FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    with Shown(shotdock, three, to, LD_PRELOAD=str(library), NO_FAKE_STAT="1", **faked) as shown:
        for offset in ("+2h", "-1d"):
            before = len(shown.seen)
            until(lambda at=before: b"left" in shown.seen[at:], lambda: shown.alive)  # type: ignore[misc]  # a default
            clock.write_text(offset)
        before = len(shown.seen)
        until(lambda: b"left" in shown.seen[before:], lambda: shown.alive)
        assert shown.sane()
    assert tree(to) == files
    assert {path.stat().st_mtime for path in to.iterdir()} == {1_700_000_000.0}
    log = "".join(path.read_text("utf-8") for path in (shotdock.home / "logs").iterdir())
    assert len({line[:10] for line in log.splitlines() if line[:2] == "20"}) == 2, "the program's clock was set"


def parts(folder: Path) -> list[Path]:
    return [path for path in folder.glob(".*.part") if path.stat().st_blocks]
