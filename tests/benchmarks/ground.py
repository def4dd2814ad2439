"""The servers of a run, near and far, over one folder in memory; each starts when a row first asks for it."""

import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from tests.benchmarks.arena import ROOT, Wrong, environment
from tests.benchmarks.lag import FAR, LagProxy
from tests.servers.nginx import NginxServer
from tests.servers.sshd import SshServer
from tests.servers.vsftpd import VsftpdServer

PASSIVE = 300


@dataclass(frozen=True, slots=True)
class Door:
    """How a server is reached; user, identity and known (a known_hosts file) where its protocol has them.

    root: the served folder as the server names it, without a slash at its end.
    """

    protocol: str
    host: str
    port: int
    root: str
    user: str = ""
    identity: Path = Path()
    known: Path = Path()

    @property
    def site(self) -> str:
        """Return the URL of the server, without a path."""
        login = {"sftp": f"{self.user}@", "ftp": f"{self.user}:x@", "http": ""}[self.protocol]
        return f"{self.protocol}://{login}{self.host}:{self.port}"

    def url(self, name: str) -> str:
        """Return the URL of something in the served folder."""
        return f"{self.site}{self.root}/{name}"


class Ground:
    """A folder in memory with what is served, the servers, and the home of every ShotDock that runs."""

    def __init__(self, bench: Path) -> None:
        self.bench = bench
        self.served = bench / "served"
        self.served.mkdir()
        (bench / "nobody").mkdir()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def door(self, protocol: str, *, far: bool = False) -> Door:
        """Return the way to the server of a protocol; far: 30 ms away. Raises ServerMissing."""
        door: Door = getattr(self, f"{'far' if far else 'near'}_{protocol}")
        return door

    def shotdock(self, *arguments: str) -> str:
        """Run a short ShotDock command in the bench's home; return what it printed; raise Wrong if it fails."""
        command = [sys.executable, "-m", "desktop", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=environment(self.bench), text=True, capture_output=True)
        if done.returncode:
            raise Wrong(f"{' '.join(command)}: {done.stderr}")
        return done.stdout

    def connect(self, door: Door, path: str, layout: str) -> str:
        """Save a trusted connection to a served folder; return its name."""
        name = f"{door.protocol}-{door.host.replace('.', '-')}-{path.replace('/', '-')}"
        url = door.url(path).replace(":x@", "@")
        extra = ("--identity", str(door.identity)) if door.protocol == "sftp" else ()
        self.shotdock("connections", "add", name, url, "--layout", layout, *extra)
        if door.protocol == "sftp":
            self.shotdock("connections", "trust", name, "--yes")
        return name

    @cached_property
    def _sshd(self) -> SshServer:
        return self._stack.enter_context(SshServer(self.served, self.bench / "sshd"))

    @cached_property
    def near_sftp(self) -> Door:
        """Return OpenSSH."""
        return self._ssh_door(self._sshd.host, self._sshd.port)

    @cached_property
    def far_sftp(self) -> Door:
        """Return OpenSSH 30 ms away."""
        lag = self._stack.enter_context(LagProxy(self.bench / "far-sshd", self._sshd.port))
        return self._ssh_door(lag.host, lag.port)

    @cached_property
    def near_ftp(self) -> Door:
        """Return vsftpd."""
        server = self._stack.enter_context(VsftpdServer(self.served, self.bench / "vsftpd", passive_ports=PASSIVE))
        return Door("ftp", server.host, server.port, server.path, server.user)

    @cached_property
    def far_ftp(self) -> Door:
        """Return vsftpd 30 ms away; it names the proxy's address for data connections."""
        server = self._stack.enter_context(
            VsftpdServer(
                self.served,
                self.bench / "vsftpd-behind",
                passive_ports=PASSIVE,
                passive_hosts=[FAR],
                extra=[f"pasv_address={FAR}"],
            )
        )
        lag = self._stack.enter_context(LagProxy(self.bench / "far-ftp", server.port, server.passive_ports))
        return Door("ftp", lag.host, lag.port, server.path, server.user)

    @cached_property
    def _nginx(self) -> NginxServer:
        api = "location ~ /api/ { types {} default_type application/json; }"
        return self._stack.enter_context(NginxServer(self.served, self.bench / "nginx", extra=["autoindex on;", api]))

    @cached_property
    def near_http(self) -> Door:
        """Return nginx."""
        return Door("http", self._nginx.host, self._nginx.port, "")

    @cached_property
    def far_http(self) -> Door:
        """Return nginx 30 ms away."""
        lag = self._stack.enter_context(LagProxy(self.bench / "far-nginx", self._nginx.port))
        return Door("http", lag.host, lag.port, "")

    def _ssh_door(self, host: str, port: int) -> Door:
        known = self.bench / f"known_hosts-{port}"
        key = self._sshd.host_keys[0].with_suffix(".pub").read_text().split()[:2]
        known.write_text(f"[{host}]:{port} {' '.join(key)}\n")
        return Door("sftp", host, port, self.served.as_posix(), self._sshd.user, self._sshd.identity, known)
