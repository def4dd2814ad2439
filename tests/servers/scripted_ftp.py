"""An FTP server that lies and stops on request."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Self

from tests.servers.certificates import Certificates
from tests.servers.process import HOST

Answer = str | Callable[[str], str | None]
"""A reply, or a function from the command's argument to one; None hangs up."""


@dataclass(slots=True)
class Transfer:
    """How a RETR goes. sent: bytes that flow, None for the file's. last: the final reply, None for silence.

    first: the preliminary reply, `{size}` being the file's size. hang_up: close the control connection after the data.
    """

    sent: bytes | None = None
    first: str = "150 Opening BINARY mode data connection ({size} bytes)."
    last: str | None = "226 Transfer complete."
    hang_up: bool = False


@dataclass
class ScriptedFtp:
    """Serves `files` (path -> bytes) as the script says; a context manager.

    answers: command -> reply, before the server's own. transfers: path -> how its RETRs go, one after the other,
    the last one for ever. listing: what LIST and MLSD send. listed: their last reply, None to hang up instead.
    commands: what came, in order. instead: place in `commands` -> reply instead of doing it, "" for a command that is
    lost. tls: what to show on control connections, from the first byte; None for connections in clear. auth_tls: goes
    on encrypted after AUTH TLS. data_tls: encrypts data connections, which otherwise are in clear. goodbye: whether
    they end as TLS wants.
    """

    files: Mapping[str, bytes] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    transfers: dict[str, list[Transfer]] = field(default_factory=dict)
    instead: Mapping[int, str] = field(default_factory=dict)
    listing: bytes = b""
    listed: str | None = "226 Done"
    features: str = "211-Features:\r\n REST STREAM\r\n SIZE\r\n MDTM\r\n211 End"
    greeting: str = "220 ready"
    auth_tls: ssl.SSLContext | None = None
    data_tls: ssl.SSLContext | None = None
    goodbye: bool = True
    host: str = HOST
    tls: Certificates | None = None
    commands: list[str] = field(default_factory=list)

    def start(self) -> Self:
        self._listener = socket.create_server((self.host, 0))
        self.port: int = self._listener.getsockname()[1]
        self._sockets: list[socket.socket] = [self._listener]
        self._threads = [threading.Thread(target=self._accept, name="scripted ftp")]
        self._threads[0].start()
        return self

    def stop(self) -> None:
        for sock in self._sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        for sock in self._sockets:
            sock.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                self._sockets.append(sock)
                session = threading.Thread(target=self._converse, args=(sock,), name="scripted ftp session")
                self._threads.append(session)
                session.start()

    def _secured(self, sock: socket.socket) -> socket.socket:
        if self.tls is None:
            return sock
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.tls.chain, self.tls.key)
        return context.wrap_socket(sock, server_side=True)

    def _converse(self, raw_sock: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            sock = stack.enter_context(self._secured(stack.enter_context(raw_sock)))
            lines = stack.enter_context(sock.makefile("rb"))
            self._say(sock, self.greeting)
            data: socket.socket | None = None
            start = 0
            while raw := lines.readline():
                line = raw.rstrip(b"\r\n").decode("utf-8", "surrogateescape")
                self.commands.append(line)
                verb, _, argument = line.partition(" ")
                if (reply := self.instead.get(len(self.commands) - 1)) is not None:
                    if reply:
                        self._say(sock, reply)
                elif verb in self.answers:
                    answer = self.answers[verb]
                    said = answer if isinstance(answer, str) else answer(argument)
                    if said is None:
                        return
                    self._say(sock, said)
                elif line == "AUTH TLS" and self.auth_tls is not None:
                    self._say(sock, "234 Go on")
                    sock = stack.enter_context(self.auth_tls.wrap_socket(sock, server_side=True))
                    self._sockets.append(sock)
                    lines = stack.enter_context(sock.makefile("rb"))
                elif verb in ("EPSV", "PASV"):
                    data = socket.create_server((self.host, 0))
                    self._sockets.append(data)
                    port = data.getsockname()[1]
                    # PASV names a host that is not ours: whoever believes it ends up elsewhere.
                    entered = f"229 Entering (|||{port}|)" if verb == "EPSV" else None
                    self._say(sock, entered or f"227 Entering (192,0,2,1,{port // 256},{port % 256})")
                elif verb == "REST":
                    start = int(argument)
                    self._say(sock, "350 Restarting")
                elif verb in ("LIST", "MLSD"):
                    self._say(sock, "150 Here it comes")
                    self._pour(data, self.listing)
                    if self.listed is None:
                        return
                    self._say(sock, self.listed)
                elif verb == "RETR":
                    if not self._retrieve(sock, data, argument, start):
                        return
                    start = 0
                else:
                    self._say(sock, self._own(verb, argument))

    def _own(self, verb: str, path: str) -> str:
        if verb in ("SIZE", "MDTM"):
            if path not in self.files:
                return "550 No such file"
            return f"213 {len(self.files[path])}" if verb == "SIZE" else "213 20231114221320"
        replies = {"PBSZ": "200 Fine", "PROT": "200 Fine"} if self.tls or self.auth_tls else {}
        replies |= {"USER": "331 Password?", "PASS": "230 Welcome", "FEAT": self.features, "TYPE": "200 Binary"}
        return replies.get(verb, "250 Fine" if verb == "CWD" else "500 Unknown command")

    def _retrieve(self, sock: socket.socket, data: socket.socket | None, path: str, start: int) -> bool:
        if path not in self.files:
            self._say(sock, "550 No such file")
            return True
        script = self.transfers.get(path, [Transfer()])
        transfer = script.pop(0) if len(script) > 1 else script[0]
        self._say(sock, transfer.first.format(size=len(self.files[path])))
        sent = transfer.sent if transfer.sent is not None else self.files[path][start:]
        self._pour(data, sent)
        if transfer.last is not None:
            self._say(sock, transfer.last)
        return not transfer.hang_up

    def _pour(self, listener: socket.socket | None, data: bytes) -> None:
        assert listener is not None
        stream, _ = listener.accept()
        self._sockets.append(stream)
        # The client may hang up in the middle; what it wanted it has.
        with stream, contextlib.suppress(OSError):
            if self.data_tls is None:
                stream.sendall(data)
            else:
                self._pour_secured(self.data_tls.wrap_socket(stream, server_side=True), data)
        listener.close()

    def _pour_secured(self, stream: ssl.SSLSocket, data: bytes) -> None:
        with stream:
            stream.sendall(data)
            if self.goodbye:
                stream.unwrap()

    def _say(self, sock: socket.socket, reply: str) -> None:
        sock.sendall(reply.encode("utf-8", "surrogateescape") + b"\r\n")
