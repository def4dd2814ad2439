"""pyftpdlib in a thread: FTP with user and password, MLSD and REST, and faults on request."""

import threading
from collections.abc import Collection
from pathlib import Path
from typing import Self

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.ioloop import IOLoop
from pyftpdlib.servers import FTPServer

from tests.servers.process import HOST, free_ports


class PyftpdServer:
    """An in-process FTP server; `root` is served as `/`.

    without: FTP commands it does not know (`MLSD`, `EPSV`, `SIZE`, `REST` ...). max_connections: 421 beyond
    it. writable: uploads and deletes are allowed. greeting: what it calls itself. commands: every command line
    received, in order.
    """

    host = HOST
    user = "artist"
    password = "pässword:with@signs"

    def __init__(
        self,
        root: Path,
        *,
        without: Collection[str] = (),
        max_connections: int = 512,
        writable: bool = False,
        passive_ports: int = 0,
        passive_hosts: Collection[str] = (),
        encoding: str = "utf-8",
        greeting: str = "pyftpdlib ready.",
    ) -> None:
        self.root = root
        self.port = 0
        self.passive_ports = free_ports(passive_ports, self.host, *passive_hosts) if passive_ports else range(0)
        self.commands: list[str] = []
        self._without = frozenset(without)
        self._max_connections = max_connections
        self._permissions = "elradfmwMT" if writable else "elr"
        self._encoding = encoding
        self._greeting = greeting
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()

    @property
    def path(self) -> str:
        """Return the served folder's path as a client names it."""
        return "/"

    @property
    def url(self) -> str:
        """Return the served folder's URL, without the password."""
        return f"ftp://{self.user}@{self.host}:{self.port}/"

    def start(self) -> Self:
        """Bind a free port, or the one it had before it was stopped, and serve in a thread."""
        authorizer = DummyAuthorizer()
        authorizer.add_user(self.user, self.password, str(self.root), perm=self._permissions)
        commands = self.commands

        class Handler(FTPHandler):  # type: ignore[misc]  # pyftpdlib has no types
            def pre_process_command(self, line: str, cmd: str, arg: str) -> None:
                commands.append(line if cmd != "PASS" else "PASS")
                super().pre_process_command(line, cmd, arg)

        Handler.authorizer = authorizer
        Handler.encoding = self._encoding
        Handler.banner = self._greeting
        Handler.passive_ports = self.passive_ports or None
        Handler.proto_cmds = {name: rest for name, rest in FTPHandler.proto_cmds.items() if name not in self._without}
        Handler.auth_failed_timeout = 0
        loop = IOLoop()
        server = FTPServer((self.host, self.port), Handler, ioloop=loop)
        # max_cons would count data connections too.
        server.max_cons_per_ip = self._max_connections
        self.port = server.address[1]
        self._stopping.clear()

        def serve() -> None:
            while not self._stopping.is_set():
                server.serve_forever(timeout=0.05, blocking=False, handle_exit=False)
            server.close_all()

        self._thread = threading.Thread(target=serve, name="pyftpd", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Hang up on everybody and free the port; safe to call twice."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
