"""Paths of this machine, as people write them."""

import os
from pathlib import Path


def at_home(text: str | Path) -> Path:
    """Return a path with the home folder in place of its leading `~`.

    Where nobody has that name, or the user no home, as a container's may not, the `~` stays: so does a shell.
    """
    return Path(os.path.expanduser(text))  # noqa: PTH111  Path's own raises there


def whole_path(text: str | Path) -> Path:
    """Return a path somebody wrote, with its `~` replaced, as an absolute one."""
    return at_home(text).absolute()


def is_file(path: Path) -> bool:
    """Tell whether a file is seen there; what may not be looked at, or cannot be a name, is none."""
    return os.path.isfile(path)  # noqa: PTH113  Path's own raises there


def exists(path: Path) -> bool:
    """Tell whether anything is seen there; what may not be looked at, or cannot be a name, is nothing."""
    return os.path.exists(path)  # noqa: PTH110  Path's own raises there
