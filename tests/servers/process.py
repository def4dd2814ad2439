"""A server program run for a test: started on a free port, awaited, and killed at the end."""

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Self

if sys.platform != "win32":
    import grp
    import pwd

HOST = "127.0.0.1"
ATTEMPTS = 5
READY_SECONDS = 15.0


class ServerMissing(Exception):
    """A program the test needs is not on this machine; the message says which, and how to get it."""


class ServerFailed(Exception):
    """The program ended or stayed silent instead of listening; the message carries its log."""


def program(name: str, package: str, *places: str) -> str:
    """Return the path of a program, looked for on PATH and in `places`; raise ServerMissing."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin", *places])
    found = shutil.which(name, path=path)
    if found is None:
        raise ServerMissing(f"{name} is not installed; get it by: apt-get install -y {package}")
    return found


def account() -> tuple[str, str]:
    """Return the names of the user who runs the tests and of their group; raise ServerMissing on Windows."""
    if sys.platform == "win32":
        raise ServerMissing("this server needs POSIX accounts; run the test on Linux or macOS")
    return pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name


def free_port(host: str = HOST) -> int:
    """Return a TCP port that nobody listens on now; another program may take it before it is used."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def free_ports(count: int, *hosts: str) -> range:
    """Return `count` consecutive ports that nobody listens on now, on any of the hosts."""
    for _ in range(200):
        # Below the ports that systems hand out by themselves: there, other tests' connections come and go.
        first = random.randrange(10_000, 32_000 - count)
        ports = range(first, first + count)
        if all(_is_free(host, port) for port in ports for host in hosts or (HOST,)):
            return ports
    raise ServerFailed(f"no {count} consecutive free ports")


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a connection that has ended, and is only remembered for a minute, is nobody's.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def descendants(pid: int) -> list[int]:
    """Return the process ids below a process, as /proc tells them; none where there is no /proc."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    found: list[int] = []
    with contextlib.suppress(OSError):
        for child in map(int, children.read_text().split()):
            found += [child, *descendants(child)]
    return found


class ProcessServer:
    """One server program on 127.0.0.1; a context manager.

    folder: where its configuration, keys and log go. port: chosen at start. log: what the program printed.
    """

    host = HOST

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0
        self.log = folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._output: IO[bytes] | None = None

    def prepare(self) -> Sequence[str]:
        """Write the configuration for `self.port` and return the command line that starts the server."""
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        """Return the program's environment."""
        return dict(os.environ)

    @property
    def pid(self) -> int:
        """Return the running program's process id."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> Self:
        """Start on a free port and wait until it takes connections; raise ServerMissing or ServerFailed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for attempt in range(1, ATTEMPTS + 1):
            self.port = free_port()
            try:
                self._launch()
                return self
            except ServerFailed:
                # Between the choice and the start another program may have taken the port.
                if attempt == ATTEMPTS:
                    raise
        raise AssertionError("unreachable")

    def restart(self) -> None:
        """Stop the program if it runs and start it again on the same port."""
        self.stop()
        self._launch()

    def stop(self) -> None:
        """Kill the program and every process it started; safe to call twice."""
        if self._process is not None:
            sessions = descendants(self._process.pid)
            if self._process.poll() is None:
                self._process.terminate()
                try:
                    self._process.wait(2)
                except subprocess.TimeoutExpired:
                    self._process.kill()
            self._process.wait()
            self._process = None
            # sshd and the FTP servers let a session outlive them; a test's server is gone with all it carried.
            for pid in sessions:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        if self._output is not None:
            self._output.close()
            self._output = None

    def words(self) -> str:
        """Return the end of the log, for a failure's message."""
        return self.log.read_text(errors="replace")[-4000:] if self.log.exists() else ""

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _launch(self) -> None:
        command = list(self.prepare())
        self._output = self.log.open("ab")
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            env=self.environment(),
        )
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                socket.create_connection((self.host, self.port), 1).close()
            except OSError:
                time.sleep(0.01)
            else:
                return
        ended = self._process.poll()
        self.stop()
        state = "did not listen in time" if ended is None else f"ended with status {ended}"
        raise ServerFailed(f"{command[0]} {state}:\n{self.words()}")
