"""The demo studio's web server: files with ranges and validators, folders as plain listings."""

import os
import re
import socket
import threading
from email.utils import formatdate
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

IDLE_SECONDS = 30
TICK = 0.05  # seconds until a stop is noticed
RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class HttpServing:
    """A web server of one folder on a free port of 127.0.0.1, running until `stop`."""

    def __init__(self, root: Path) -> None:
        self._server = _Server(root)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(TICK,), name="demo-http", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """Return the port it listens on."""
        return int(self._server.server_address[1])

    def stop(self) -> None:
        """Hang up on everybody and free the port; safe to call twice."""
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    """One thread a connection; the open connections are known, so that they can be closed."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lines: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._lines.add(request)
        try:
            _Handler(request, client_address, self, directory=str(self.root))
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
            try:
                line.shutdown(socket.SHUT_RDWR)
            except OSError:
                # It was closed already, which is what was wanted.
                continue


class _Handler(SimpleHTTPRequestHandler):
    """GET and HEAD with one byte range, strong ETag and If-Range (RFC 9110)."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True  # the head goes out before the body, which must not wait for its receipt

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class calls it so
        """Say nothing: standard error belongs to the program."""

    def _answer(self, body: bool) -> None:
        path = Path(self.translate_path(self.path))
        if path.is_dir():
            self._list(path, body)
            return
        try:
            file = path.open("rb")
        except OSError:
            self.send_error(HTTPStatus.NOT_FOUND, "File not found")
            return
        with file:
            facts = os.fstat(file.fileno())
            etag = f'"{facts.st_size:x}-{facts.st_mtime_ns:x}"'
            modified = formatdate(facts.st_mtime, usegmt=True)
            begin, end, status = self._range(facts.st_size, etag, modified)
            self.send_response(status)
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("ETag", etag)
            self.send_header("Last-Modified", modified)
            self.send_header("Content-Type", self.guess_type(str(path)))
            if status is HTTPStatus.PARTIAL_CONTENT:
                self.send_header("Content-Range", f"bytes {begin}-{end - 1}/{facts.st_size}")
            elif status is HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                self.send_header("Content-Range", f"bytes */{facts.st_size}")
            self.send_header("Content-Length", str(end - begin))
            self.end_headers()
            if body and end > begin:
                self.connection.sendfile(file, begin, end - begin)

    def _list(self, path: Path, body: bool) -> None:
        listing = self.list_directory(str(path)) if self.path.partition("?")[0].endswith("/") else None
        if listing is not None:
            with listing:
                if body:
                    self.copyfile(listing, self.wfile)
        elif not self.path.partition("?")[0].endswith("/"):
            self.send_response(HTTPStatus.MOVED_PERMANENTLY)
            self.send_header("Location", self.path.partition("?")[0] + "/")
            self.send_header("Content-Length", "0")
            self.end_headers()

    def _range(self, size: int, etag: str, modified: str) -> tuple[int, int, HTTPStatus]:
        """Return first byte, end and status: 206 for one range that fits, 416 for one that does not, else 200."""
        whole = (0, size, HTTPStatus.OK)
        wanted = RANGE.fullmatch(self.headers.get("Range", "").replace(" ", ""))
        if wanted is None or not any(wanted.groups()):
            return whole
        if self.headers.get("If-Range", etag) not in (etag, modified):
            return whole
        first, last = wanted.groups()
        begin = int(first) if first else max(0, size - int(last))
        end = min(size, int(last) + 1) if first and last else size
        if begin >= size or (first and last and int(last) < begin):
            return 0, 0, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
        return begin, end, HTTPStatus.PARTIAL_CONTENT
