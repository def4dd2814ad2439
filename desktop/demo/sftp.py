"""The demo studio's SFTP server: one user, one password, read-only, each connection on its own threads."""

import hmac
import os
import posixpath
import socket
import threading
from pathlib import Path
from typing import IO

import paramiko
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_SUCCEEDED,
)
from paramiko.sftp import SFTP_PERMISSION_DENIED

LONGEST_READ = 256 * 1024  # bytes; what clients that ask for more get at once
WINDOW = 16 * 1024 * 1024
PACKET = 256 * 1024


class SftpServing:
    """An SFTP server of one folder on a free port of 127.0.0.1, running until `stop`."""

    def __init__(self, root: Path, user: str, password: str, host_key: Path) -> None:
        self._root = root
        self._login = (user, password)
        self._key = _load_key(host_key)
        self._transports: list[paramiko.Transport] = []
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._stopped = False
        self._thread = threading.Thread(target=self._accept, name="demo-sftp", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """Return the port it listens on."""
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def host_key(self) -> str:
        """Return the host key as a known_hosts line."""
        return f"[127.0.0.1]:{self.port} {self._key.get_name()} {self._key.get_base64()}"

    def stop(self) -> None:
        """Hang up on everybody and free the port; safe to call twice."""
        if self._stopped:
            return
        self._stopped = True
        # Closing a socket does not wake a thread that accepts on it everywhere; a last caller does.
        socket.create_connection(self._listener.getsockname(), 5).close()
        self._thread.join()
        self._listener.close()
        for transport in self._transports:
            transport.close()

    def _accept(self) -> None:
        while True:
            line, _ = self._listener.accept()
            if self._stopped:
                line.close()
                return
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            transport = paramiko.Transport(line, default_window_size=WINDOW, default_max_packet_size=PACKET)
            transport.add_server_key(self._key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Files, self._root)
            # With an event the greeting and everything after it go on in the transport's own thread.
            transport.start_server(event=threading.Event(), server=_Door(self._login))
            self._transports = [known for known in self._transports if known.is_active()]
            self._transports.append(transport)


class _Door(paramiko.ServerInterface):
    """Who may come in, and what for."""

    def __init__(self, login: tuple[str, str]) -> None:
        self._login = login

    def get_allowed_auths(self, username: str) -> str:
        return "password"

    def check_auth_password(self, username: str, password: str) -> int:
        given = f"{username}\0{password}".encode()
        if hmac.compare_digest(given, "\0".join(self._login).encode()):
            return AUTH_SUCCESSFUL
        return AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return OPEN_SUCCEEDED if kind == "session" else OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED


class _Handle(paramiko.SFTPHandle):
    """A file open for reading; one thread serves a connection's requests, so seek and read go together."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self._file = file

    def read(self, offset: int, length: int) -> bytes:
        self._file.seek(offset)
        return self._file.read(min(length, LONGEST_READ))

    def stat(self) -> paramiko.SFTPAttributes:
        return paramiko.SFTPAttributes.from_stat(os.fstat(self._file.fileno()))

    def close(self) -> None:
        self._file.close()


class _Files(paramiko.SFTPServerInterface):
    """One folder, read-only, seen as `/`."""

    def __init__(self, server: paramiko.ServerInterface, root: Path) -> None:
        super().__init__(server)
        self._root = root

    def canonicalize(self, path: str) -> str:
        return posixpath.normpath("/" + path.lstrip("/"))

    def list_folder(self, path: str) -> list[paramiko.SFTPAttributes] | int:
        try:
            with os.scandir(self._local(path)) as found:
                return [paramiko.SFTPAttributes.from_stat(entry.stat(), entry.name) for entry in found]
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    def stat(self, path: str) -> paramiko.SFTPAttributes | int:
        try:
            return paramiko.SFTPAttributes.from_stat(self._local(path).stat())
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    def lstat(self, path: str) -> paramiko.SFTPAttributes | int:
        return self.stat(path)

    def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> paramiko.SFTPHandle | int:
        if flags & (os.O_WRONLY | os.O_RDWR):
            return SFTP_PERMISSION_DENIED
        try:
            return _Handle(self._local(path).open("rb"))
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    def _local(self, path: str) -> Path:
        """Return the local path; a normalised absolute path has no `..` left, so it stays below the root."""
        parts = self.canonicalize(path).strip("/").split("/")
        if any("\\" in part or ":" in part for part in parts):
            raise FileNotFoundError(2, "no such file", path)
        return self._root.joinpath(*parts)


def _load_key(path: Path) -> paramiko.ECDSAKey:
    """Read the host key, or make one and remember it: the same demo folder shows the same key again."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        paramiko.ECDSAKey.generate().write_private_key_file(str(path))
    return paramiko.ECDSAKey.from_private_key_file(str(path))
