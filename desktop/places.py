"""Where ShotDock keeps what it remembers, and how those files stay private."""

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from desktop.core.errors import UsageError
from desktop.core.paths import whole_path

HOME_VARIABLE = "SHOTDOCK_HOME"
SITE_VARIABLE = "SHOTDOCK_SITE"


@dataclass(frozen=True, slots=True)
class Places:
    """Every path ShotDock writes to, and the site file it only reads.

    home: one folder for everything, or None for the platform's user directories. site: the studio's TOML
    file, or None. Nothing is created by asking; whoever writes calls `private_folder` first.
    """

    home: Path | None = None
    site: Path | None = None

    @classmethod
    def find(cls, environment: Mapping[str, str] = os.environ) -> "Places":
        """Return the places the environment asks for: SHOTDOCK_HOME and SHOTDOCK_SITE, both optional."""
        return cls(_path(environment.get(HOME_VARIABLE)), _path(environment.get(SITE_VARIABLE)))

    @property
    def database(self) -> Path:
        """Return the database: connections, structures, tasks and their logs."""
        return self._folder("data") / "shotdock.db"

    @property
    def settings(self) -> Path:
        """Return the user's own settings file."""
        return self._folder("config") / "settings.json"

    @property
    def known_hosts(self) -> Path:
        """Return the file of SSH host keys, in OpenSSH's format."""
        return self._folder("config") / "known_hosts"

    @property
    def certificates(self) -> Path:
        """Return the file of TLS certificate pins."""
        return self._folder("config") / "certificates"

    @property
    def unencrypted(self) -> Path:
        """Return the file of those whose password may go over plain FTP."""
        return self._folder("config") / "unencrypted"

    @property
    def layouts(self) -> Path:
        """Return the folder of the user's own layout files."""
        return self._folder("config") / "layouts"

    @property
    def logs(self) -> Path:
        """Return the folder of the rotating log files."""
        return self._folder("logs")

    @property
    def cache(self) -> Path:
        """Return the folder of what can be fetched again: thumbnails, previews."""
        return self._folder("cache")

    def _folder(self, purpose: str) -> Path:
        if self.home is not None:
            return self.home if purpose in ("data", "config") else self.home / purpose
        directories = platformdirs.PlatformDirs("shotdock", appauthor=False)
        try:
            return {
                "data": directories.user_data_path,
                "config": directories.user_config_path,
                "logs": directories.user_log_path,
                "cache": directories.user_cache_path,
            }[purpose]
        except RuntimeError as error:
            raise UsageError(
                title="There is no place for ShotDock's files.",
                cause="Whoever runs it has no home folder.",
                suggestion=f"Name a folder of your own in the environment variable {HOME_VARIABLE}, or set HOME.",
            ) from error


def private_folder(folder: Path) -> Path:
    """Create the folder and its missing parents, readable by their owner only (0700); return it.

    A folder that is there already keeps its mode: it may be shared on purpose. Raises OSError.
    """
    missing = []
    step = folder
    while not step.exists() and step != step.parent:
        missing.append(step)
        step = step.parent
    for step in reversed(missing):
        # Another ShotDock starting at the same moment may be the one to make it.
        step.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)  # says so if something else bears the name
    return folder


def private_file(path: Path) -> Path:
    """Make sure that a file which others write is its owner's alone (0600), made empty where there is none; return it.

    Where it cannot be made, that is for whoever writes it to find out.
    """
    with suppress(OSError):
        private_folder(path.parent)
        path.touch(mode=0o600)
        path.chmod(0o600)
    return path


def write_private(path: Path, text: str) -> None:
    """Write the text to a file only its owner may read (0600), whole or not at all. Raises OSError."""
    private_folder(path.parent)
    # mkstemp makes files with mode 0600.
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)
    fresh = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def _path(text: str | None) -> Path | None:
    return whole_path(text) if text else None
