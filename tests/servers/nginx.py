"""nginx: static files over HTTP, with ranges or without."""

import os
from collections.abc import Sequence
from pathlib import Path

from tests.servers.certificates import Certificates, make_certificates
from tests.servers.process import ProcessServer, program


class NginxServer(ProcessServer):
    """nginx serving `root` as `/`.

    ranges: whether it honours Range. tls: serve https. extra: more directives of the server block, e.g.
    `limit_rate 1m;` or whole `location` blocks.
    """

    def __init__(
        self,
        root: Path,
        folder: Path,
        *,
        ranges: bool = True,
        tls: bool = False,
        extra: Sequence[str] = (),
    ) -> None:
        super().__init__(folder)
        self.root = root
        self.ranges = ranges
        self.tls = tls
        self.certificates: Certificates | None = None
        self._extra = tuple(extra)

    @property
    def path(self) -> str:
        """Return the served folder's path as a client names it."""
        return "/"

    @property
    def url(self) -> str:
        """Return the served folder's URL, with a slash at its end."""
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}/"

    def prepare(self) -> Sequence[str]:
        """Write nginx.conf and return the command."""
        nginx = program("nginx", "nginx-light")
        config = self.folder / "nginx.conf"
        temporary = [
            f"{kind}_temp_path {self.folder / kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        ]
        lines = [
            # The master's own user serves the files: a test's folders are closed to everybody else.
            *(["user root;"] if os.getuid() == 0 else []),
            "daemon off;",
            "worker_processes 1;",
            f"pid {self.folder / 'nginx.pid'};",
            f"error_log {self.folder / 'error.log'};",
            "events { worker_connections 512; }",
            "http {",
            *temporary,
            f"access_log {self.folder / 'access.log'};",
            "types { text/html html; image/png png; video/mp4 mp4; }",
            "default_type application/octet-stream;",
            "sendfile on;",
            "server {",
            f"listen {self.host}:{self.port}{' ssl' if self.tls else ''};",
            f'root "{self.root}";',
            *(() if self.ranges else ("max_ranges 0;",)),
            *self._tls_lines(),
            *self._extra,
            "}",
            "}",
        ]
        config.write_text("\n".join(lines) + "\n")
        return [nginx, "-p", str(self.folder), "-c", str(config), "-e", str(self.folder / "error.log")]

    def requests(self) -> list[str]:
        """Return the access log's lines."""
        log = self.folder / "access.log"
        return log.read_text().splitlines() if log.exists() else []

    def words(self) -> str:
        """Return the end of the program's output and of the error log."""
        log = self.folder / "error.log"
        return super().words() + (log.read_text(errors="replace")[-4000:] if log.exists() else "")

    def _tls_lines(self) -> Sequence[str]:
        if not self.tls:
            return ()
        if self.certificates is None:
            self.certificates = make_certificates(self.folder / "tls")
        return (f"ssl_certificate {self.certificates.chain};", f"ssl_certificate_key {self.certificates.key};")
