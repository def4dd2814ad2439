"""An HTTP server whose every answer is a script."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Self

from tests.servers.certificates import Certificates
from tests.servers.process import HOST


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]


Script = Callable[[Request], bytes]
"""From a request to the raw answer; an answer without `Connection: close` keeps the connection."""


def answer(status: str = "200 OK", body: bytes = b"", length: bool = True, **headers: str) -> bytes:
    """Return a raw answer. Header names are spelled with `_` for `-`. length: whether Content-Length is told."""
    lines = {"Date": formatdate(usegmt=True), **{name.replace("_", "-"): value for name, value in headers.items()}}
    if length and "Content-Length" not in lines:
        lines["Content-Length"] = str(len(body))
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode("latin-1") + body


def part(data: bytes, request: Request, **headers: str) -> bytes:
    """Answer a request for a file honestly: 206 to a range, 200 to none."""
    asked = request.headers.get("range")
    if asked is None:
        body = b"" if request.method == "HEAD" else data
        return answer("200 OK", body, True, Content_Length=str(len(data)), **headers)
    first, _, last = asked.removeprefix("bytes=").partition("-")
    start, end = int(first), min(int(last or len(data) - 1) + 1, len(data))
    told = {"Content_Range": f"bytes {start}-{end - 1}/{len(data)}"} | headers
    return answer("206 Partial Content", data[start:end], True, **told)


@dataclass
class ScriptedHttp:
    """Answers each request by `script`; a context manager. requests: what came, in order. connections: how many.

    tls: what to show where https is spoken, None for plain http. goodbye: whether it says so there when it hangs up.
    """

    script: Script
    requests: list[Request] = field(default_factory=list)
    host: str = HOST
    connections: int = 0
    tls: Certificates | None = None
    goodbye: bool = False

    def start(self) -> Self:
        self._listener = socket.create_server((self.host, 0))
        self.port: int = self._listener.getsockname()[1]
        self._sockets = [self._listener]
        self._threads = [threading.Thread(target=self._accept, name="scripted http")]
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
                self.connections += 1
                self._sockets.append(sock)
                thread = threading.Thread(target=self._converse, args=(sock,), name="scripted http connection")
                self._threads.append(thread)
                thread.start()

    def _secured(self, sock: socket.socket) -> socket.socket:
        if self.tls is None:
            return sock
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.tls.chain, self.tls.key)
        secured = context.wrap_socket(sock, server_side=True)
        # The first one is empty from now on: to end it ends nothing.
        self._sockets.append(secured)
        return secured

    def _converse(self, raw_sock: socket.socket) -> None:
        with contextlib.suppress(OSError), raw_sock, self._secured(raw_sock) as sock, sock.makefile("rb") as lines:
            while line := lines.readline():
                method, target, _ = line.decode("latin-1").split(" ", 2)
                headers = {}
                while (field_line := lines.readline().strip()) != b"":
                    name, _, value = field_line.decode("latin-1").partition(":")
                    headers[name.lower()] = value.strip()
                request = Request(method, target, headers)
                self.requests.append(request)
                raw = self.script(request)
                sock.sendall(raw)
                if b"connection: close" in raw.partition(b"\r\n\r\n")[0].lower():
                    if self.goodbye and isinstance(sock, ssl.SSLSocket):
                        sock.unwrap()
                    sock.shutdown(socket.SHUT_RDWR)
                    return
