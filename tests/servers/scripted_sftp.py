"""An SFTP server that does what a test tells it: answers wrongly, late, twice, out of order, or not at all.

It speaks real SSH (paramiko's server side) and builds its SFTP packets by hand.
"""

import random
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Self

import paramiko
from paramiko.common import AUTH_FAILED, AUTH_SUCCESSFUL, OPEN_SUCCEEDED
from paramiko.server import InteractiveQuery

OPEN, CLOSE, READ, FSTAT, OPENDIR, READDIR, REALPATH, STAT = 3, 4, 5, 8, 11, 12, 16, 17
OK, EOF, NO_SUCH_FILE, PERMISSION_DENIED, FAILURE = range(5)

Answer = bytes | int | None
"""What a read gets: bytes, a status code, or silence."""
Script = Callable[[str, int, int], Answer]
"""(path, offset, length) -> answer."""


def string(text: bytes) -> bytes:
    return struct.pack(">I", len(text)) + text


def attributes(size: int, mtime: int = 1_700_000_000, mode: int = 0o100644) -> bytes:
    return struct.pack(">IQIII", 0x1 | 0x4 | 0x8, size, mode, mtime, mtime)


class ScriptedSftp(paramiko.ServerInterface):
    """A server on 127.0.0.1; a context manager.

    files: path -> content. read: replaces the honest answer to a read. stat: path -> the attributes to claim, called
    anew for every question. shuffle: answers are held back and sent in a random order, this many at a time.
    folders: path -> names to list, as files, or as folders with folder_attributes; endless: over and over again.
    kinds, sizes: the mode and the size that the listing of a folder tells of its names.
    before: called with the kind of each request before it is answered; may wait. asked: how many of each kind came.
    password: lets this password in;
    interactive: asks for it by prompts. greeting: bytes sent before any SFTP. subsystem: whether there is SFTP.
    limits: the longest read to announce, or None to announce nothing.
    """

    def __init__(
        self,
        files: Mapping[str, bytes] | None = None,
        *,
        read: Script | None = None,
        stat: Callable[[str], bytes] | None = None,
        shuffle: int = 1,
        folders: Mapping[str, list[bytes]] | None = None,
        folder_attributes: bool = False,
        endless: bool = False,
        before: Callable[[int], object] = lambda kind: None,
        password: str = "right",
        interactive: bool = False,
        greeting: bytes = b"",
        subsystem: bool = True,
        limits: int | None = None,
    ) -> None:
        self.files = dict(files or {})
        self.folders = dict(folders or {})
        self.key = paramiko.ECDSAKey.generate()
        self.read = read or self.honest
        self.stat = stat or (lambda path: attributes(len(self.files[path])))
        self.shuffle = shuffle
        self.kinds: Callable[[str], int] = lambda folder: 0o040755 if folder_attributes else 0o100644
        self.sizes: Callable[[str], int] = lambda folder: 5
        self.endless = endless
        self.before = before
        self.asked: Counter[int] = Counter()
        self.password = password
        self.interactive = interactive
        self.greeting = greeting
        self.subsystem = subsystem
        self.limits = limits
        self.logins: list[str] = []
        self.reads = 0
        self.handles: dict[bytes, str] = {}
        self.opened: list[str] = []
        self.longest_read = 0
        self.port = 0
        self._held: list[bytes] = []
        self._listed: dict[bytes, list[bytes]] = {}
        self._number = 0
        self._transports: list[paramiko.Transport] = []
        self._listener = socket.socket()

    def __enter__(self) -> Self:
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen()
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()

    @property
    def known_line(self) -> str:
        return f"[127.0.0.1]:{self.port} {self.key.get_name()} {self.key.get_base64()}\n"

    def hang_up(self) -> None:
        """Drop every connection."""
        for transport in self._transports:
            transport.close()

    def honest(self, path: str, offset: int, length: int) -> Answer:
        return self.files[path][offset : offset + length] or EOF

    # --- SSH

    def get_allowed_auths(self, username: str) -> str:
        return "keyboard-interactive" if self.interactive else "password"

    def check_auth_password(self, username: str, password: str) -> int:
        self.logins.append(password)
        return AUTH_SUCCESSFUL if password == self.password else AUTH_FAILED

    def check_auth_interactive(self, username: str, submethods: bytes | str) -> int | InteractiveQuery:
        if not self.interactive:
            return AUTH_FAILED
        return InteractiveQuery("", "", ("Password: ", False))

    def check_auth_interactive_response(self, responses: list[str]) -> int | InteractiveQuery:
        return self.check_auth_password("", responses[0])

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return OPEN_SUCCEEDED

    def check_channel_subsystem_request(self, channel: paramiko.Channel, name: str) -> bool:
        if self.subsystem:
            threading.Thread(target=self._serve, args=(channel,), daemon=True).start()
        return self.subsystem

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            transport = paramiko.Transport(sock)
            transport.set_log_channel("scripted.sftp")
            transport.add_server_key(self.key)
            self._transports.append(transport)
            try:
                transport.start_server(server=self)
            except (paramiko.SSHException, EOFError, OSError):
                continue

    # --- SFTP

    def _serve(self, channel: paramiko.Channel) -> None:
        stream = channel.makefile("rb", -1)
        try:
            channel.sendall(self.greeting)
            while head := stream.read(4):
                self._request(channel, stream.read(struct.unpack(">I", head)[0]))
                # Held answers leave once the client has nothing more to say for the moment, too.
                if len(self._held) >= self.shuffle or (self._held and not channel.recv_ready()):
                    self._flush(channel)
        except (OSError, EOFError, paramiko.SSHException):
            return

    def _flush(self, channel: paramiko.Channel) -> None:
        random.Random(len(self._held)).shuffle(self._held)
        channel.sendall(b"".join(self._held))
        self._held.clear()

    def _request(self, channel: paramiko.Channel, packet: bytes) -> None:
        kind = packet[0]
        self.asked[kind] += 1
        self.before(kind)
        if kind == 1:
            extensions = string(b"limits@openssh.com") + string(b"1") if self.limits else b""
            return self._answer(2, packet[1:5], extensions)
        number, body = packet[1:5], packet[5:]
        (length,) = struct.unpack_from(">I", body)
        text, rest = body[4 : 4 + length], body[4 + length :]
        if kind == 200:
            return self._answer(201, number, struct.pack(">QQQQ", 0, self.limits or 0, 0, 0))
        if kind == REALPATH:
            return self._answer(104, number, struct.pack(">I", 1) + string(b"/home/ann") * 2 + struct.pack(">I", 0))
        if kind in (OPEN, OPENDIR, STAT):
            return self._by_path(kind, number, text.decode("utf-8", "surrogateescape"))
        return self._by_handle(kind, number, text, rest)

    def _by_path(self, kind: int, number: bytes, path: str) -> None:
        if path not in (self.folders if kind == OPENDIR else self.files):
            return self._status(number, NO_SUCH_FILE)
        if kind == STAT:
            return self._answer(105, number, self.stat(path))
        self._number += 1
        handle = str(self._number).encode()
        self.handles[handle] = path
        self.opened.append(path)
        if kind == OPENDIR:
            self._listed[handle] = list(self.folders[path])
        return self._answer(102, number, string(handle))

    def _by_handle(self, kind: int, number: bytes, handle: bytes, rest: bytes) -> None:
        if handle not in self.handles:
            return self._status(number, FAILURE)
        path = self.handles[handle]
        if kind == CLOSE:
            del self.handles[handle]
            return self._status(number, OK)
        if kind == FSTAT:
            return self._answer(105, number, self.stat(path))
        if kind == READDIR:
            names = self._listed[handle]
            if not self.endless:
                self._listed[handle] = []
            if not names:
                return self._status(number, EOF)
            told = attributes(self.sizes(path), mode=self.kinds(path))
            rows = b"".join(string(name) + string(b"") + told for name in names)
            return self._answer(104, number, struct.pack(">I", len(names)) + rows)
        assert kind == READ
        offset, length = struct.unpack(">QI", rest)
        self.reads += 1
        self.longest_read = max(self.longest_read, length)
        answer = self.read(path, offset, length)
        if isinstance(answer, int):
            return self._status(number, answer)
        if answer is not None:
            self._answer(103, number, string(answer))
        return None

    def _status(self, number: bytes, code: int) -> None:
        self._answer(101, number, struct.pack(">I", code) + string(b"said the test") + string(b""))

    def _answer(self, kind: int, number: bytes, body: bytes) -> None:
        self._held.append(struct.pack(">IB", 5 + len(body), kind) + number + body)
