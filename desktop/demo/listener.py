"""Web servers on this machine that restart where they were and remember what they were asked."""

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HOST = "127.0.0.1"
TICK = 0.05  # seconds until a stop is noticed


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it was answered. path: as sent, with its query; credentials: did it bear a login or a cookie."""

    method: str
    path: str
    status: int
    range: str | None
    credentials: bool


class Listener:
    """A web server on a free port of 127.0.0.1, running until `stop`; `start` opens it again on the same port.

    handler: makes the handler of one connection. seen: every request so far, in the order they were answered.
    """

    def __init__(self, name: str, handler: Callable[..., BaseHTTPRequestHandler]) -> None:
        self.seen: list[Seen] = []
        self._name = name
        self._handler = handler
        self._server: Server | None = None
        self._port = 0
        self.start()

    @property
    def port(self) -> int:
        """Return the port it listens on, or will again."""
        return self._port

    def start(self) -> None:
        """Listen, if it does not."""
        if self._server is None:
            server = Server(self._port, self._handler, self.seen)
            self._server, self._port = server, int(server.server_address[1])
            threading.Thread(target=server.serve_forever, args=(TICK,), name=self._name, daemon=True).start()

    def stop(self) -> None:
        """Hang up on everybody and free the port; safe to call twice."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()
            server.hang_up()


class Server(ThreadingHTTPServer):
    """One thread a connection; the open connections are known, so that they can be closed."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, handler: Callable[..., BaseHTTPRequestHandler], seen: list[Seen]) -> None:
        self.seen = seen
        self._lines: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__((HOST, port), handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Give a connection its thread; it is known before, so that none is overlooked when all are closed."""
        with self._lock:
            self._lines.add(request)
        super().process_request(request, client_address)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serve one connection to its end."""
        try:
            super().finish_request(request, client_address)
        except (ConnectionError, TimeoutError):
            # The client went away in mid-answer, as it may at any time.
            pass
        finally:
            with self._lock:
                self._lines.discard(request)

    def hang_up(self) -> None:
        """Break every connection off."""
        with self._lock:
            lines = list(self._lines)
        for line in lines:
            break_off(line)


def break_off(line: socket.socket) -> None:
    """Break one connection off, if it is still there."""
    try:
        line.shutdown(socket.SHUT_RDWR)
    except OSError:
        # It was closed already, which is what was wanted.
        return
