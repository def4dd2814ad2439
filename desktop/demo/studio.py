"""A studio in a box: generated shots behind real FTP, SFTP and web servers on this machine alone."""

import hashlib
import os
import secrets
import shutil
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Self
from urllib.parse import quote

from desktop.demo.content import DAY, Size, files
from desktop.demo.ftp import FtpServing
from desktop.demo.gallery.gallery import Gallery
from desktop.demo.http import serve_folder
from desktop.demo.jobs.jobs import Jobs
from desktop.demo.sftp import SftpServing

SHOWS = "/shows"
"""The folder on every server below which the projects lie: the root of a connection to the demo studio."""

USER = "artist"
TICK = 0.5  # seconds; some systems do not interrupt an endless wait


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a file has to be: its size in bytes and its SHA-256 in hex."""

    size: int
    sha256: str


class Studio:
    """The demo studio, open until `stop` or the end of the process; also a context manager.

    user, password: the login for FTP and SFTP; the password is another one at every start. gallery: its videos.
    jobs: its long-running work.
    """

    def __init__(self, folder: Path, size: Size, temporary: bool) -> None:
        self.user = USER
        self.password = secrets.token_hex(8)
        self._folder = folder
        self._temporary = temporary
        self._closed = threading.Event()
        self._served = folder / f"studio-{size}"
        self._shows = self._served / SHOWS.strip("/")
        self._manifest = {f"{SHOWS}/{path}": found for path, found in self._fill(size).items()}
        self._ftp = FtpServing(self._served, self.user, self.password)
        self._sftp = SftpServing(self._served, self.user, self.password, folder / "host_key")
        self._http = serve_folder(self._served)
        self.gallery = Gallery(folder / f"gallery-{size}", size)
        self.jobs = Jobs(folder / f"jobs-{size}", size)

    @classmethod
    def start(cls, folder: Path | None = None, size: Size = Size.FULL) -> Self:
        """Make the shots and open the servers. folder: where to keep shots and host key, None for a temporary one."""
        temporary = folder is None
        # The real path: a server refuses what leads out of its root, and /tmp may itself be a link.
        home = Path(tempfile.mkdtemp(prefix="shotdock-demo-") if folder is None else folder).resolve()
        try:
            return cls(home, size, temporary)
        except BaseException:
            if temporary:
                shutil.rmtree(home, ignore_errors=True)
            raise

    def urls(self) -> dict[str, str]:
        """Return where the studio is: ftp, sftp, http (URLs of the shows folder, login included), root, user,
        password, host_key (a known_hosts line), folder (where the files lie on this machine), gallery (the base of
        its API), gallery_token, jobs (the base of all three kinds), jobs_token.
        """
        login = f"{quote(self.user)}:{quote(self.password)}@"
        return {
            "ftp": f"ftp://{login}127.0.0.1:{self._ftp.port}{SHOWS}",
            "sftp": f"sftp://{login}127.0.0.1:{self._sftp.port}{SHOWS}",
            "http": f"http://127.0.0.1:{self._http.port}{SHOWS}",
            "root": SHOWS,
            "user": self.user,
            "password": self.password,
            "host_key": self._sftp.host_key,
            "folder": str(self._shows),
            "gallery": self.gallery.url,
            "gallery_token": self.gallery.token,
            "jobs": self.jobs.url,
            "jobs_token": self.jobs.token,
        }

    def manifest(self) -> Mapping[str, Fingerprint]:
        """Return every file on the servers: absolute server path to size and hash."""
        return MappingProxyType(self._manifest)

    def make_newer(self, path: str) -> Fingerprint:
        """Publish other bytes, one more than before, under the same absolute server path, a day later."""
        old = self._manifest[path]
        file = self._served / path.strip("/")
        before = file.stat().st_mtime
        data = hashlib.sha256(old.sha256.encode()).digest() * (old.size // 32 + 1)
        self._manifest[path] = _write(file, data[: old.size + 1], int(before) + DAY)
        return self._manifest[path]

    def serve_forever(self) -> None:
        """Wait until `stop` is called (from another thread) or the wait is interrupted."""
        while not self._closed.wait(TICK):
            pass

    def stop(self) -> None:
        """Close the servers, and throw the files away if they were temporary; safe to call twice."""
        if self._closed.is_set():
            return
        self._closed.set()
        for server in (self._ftp, self._sftp, self._http, self.gallery, self.jobs):
            server.stop()
        if self._temporary:
            shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _fill(self, size: Size) -> dict[str, Fingerprint]:
        return {file.path: _write(self._shows / file.path, file.make(), file.mtime) for file in files(size)}


def _write(path: Path, data: bytes, mtime: int) -> Fingerprint:
    """Write the file unless one of this size and mtime is there already."""
    found = path.stat() if path.exists() else None
    if found is None or (found.st_size, int(found.st_mtime)) != (len(data), mtime):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (mtime, mtime))
    return Fingerprint(len(data), hashlib.sha256(data).hexdigest())
