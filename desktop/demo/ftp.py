"""The demo studio's FTP server: pyftpdlib in a thread of its own, read-only."""

import logging
import threading
from pathlib import Path

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.ioloop import IOLoop
from pyftpdlib.servers import FTPServer

READ_ONLY = "elr"
TICK = 0.1  # seconds until a stop is noticed when nobody is connected


class FtpServing:
    """An FTP server of one folder on a free port of 127.0.0.1, running until `stop`."""

    def __init__(self, root: Path, user: str, password: str) -> None:
        # It tells every login and file; that is no news in a log about downloads.
        quiet = logging.getLogger("pyftpdlib")
        quiet.setLevel(logging.WARNING)
        # Without a handler it would set up its own, and switch parts of every log record off.
        quiet.addHandler(logging.NullHandler())
        authorizer = DummyAuthorizer()
        authorizer.add_user(user, password, str(root), perm=READ_ONLY)
        settings = {"authorizer": authorizer, "banner": "The demo studio is open.", "auth_failed_timeout": 0}
        handler = type("Handler", (FTPHandler,), settings)
        self._server = FTPServer(("127.0.0.1", 0), handler, ioloop=IOLoop())
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="demo-ftp", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """Return the port it listens on."""
        return int(self._server.address[1])

    def stop(self) -> None:
        """Hang up on everybody and free the port; safe to call twice."""
        self._stopping.set()
        self._thread.join()

    def _serve(self) -> None:
        while not self._stopping.is_set():
            self._server.serve_forever(timeout=TICK, blocking=False, handle_exit=False)
        self._server.close_all()
