"""The demo studio's file server: files with ranges and validators, folders as plain listings."""

from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

from desktop.demo.listener import Listener
from desktop.demo.web import Answer, Handler


def serve_folder(root: Path) -> Listener:
    """Serve one folder on a free port of 127.0.0.1."""
    return Listener("demo-http", partial(_Handler, directory=str(root)))


class _Handler(Handler, SimpleHTTPRequestHandler):
    """GET and HEAD of what lies below one folder."""

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if path.is_dir():
            self._list(path)
            return
        try:
            file = path.open("rb")
        except OSError:
            self.send_error(HTTPStatus.NOT_FOUND, "File not found")
            return
        with file:
            self.send_file(file, Answer(type=self.guess_type(str(path))))

    def do_HEAD(self) -> None:
        self.do_GET()

    def _list(self, path: Path) -> None:
        listing = self.list_directory(str(path)) if self.path.partition("?")[0].endswith("/") else None
        if listing is not None:
            with listing:
                if self.command != "HEAD":
                    self.copyfile(listing, self.wfile)
        elif not self.path.partition("?")[0].endswith("/"):
            self.send_response(HTTPStatus.MOVED_PERMANENTLY)
            self.send_header("Location", self.path.partition("?")[0] + "/")
            self.send_header("Content-Length", "0")
            self.end_headers()
