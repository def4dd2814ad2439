"""rclone serving SFTP: a server written in Go, stricter than OpenSSH, and without its extensions."""

from collections.abc import Sequence
from pathlib import Path

from tests.servers.process import ProcessServer, program


class RcloneSftp(ProcessServer):
    """`rclone serve sftp` for one user with a password. root: the served folder, which is `/` on the server."""

    user = "artist"
    password = "secret"

    def __init__(self, root: Path, folder: Path) -> None:
        super().__init__(folder)
        self.root = root

    def prepare(self) -> Sequence[str]:
        """Return the command."""
        rclone = program("rclone", "rclone")
        address = f"{self.host}:{self.port}"
        login = ["--user", self.user, "--pass", self.password]
        return [rclone, "--config", "/dev/null", "serve", "sftp", str(self.root), "--addr", address, *login]

    def environment(self) -> dict[str, str]:
        """Return an environment whose home is the server's own folder: its host keys are made there."""
        return {**super().environment(), "HOME": str(self.folder), "XDG_CACHE_HOME": str(self.folder)}
