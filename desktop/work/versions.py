"""What runs here, by version."""

import platform

from PySide6.QtCore import qVersion

from desktop import __version__

_PARTS = ("paramiko", "requests", "peewee", "keyring", "apprise")


def versions() -> dict[str, str]:
    """Return name -> version of the program and what it stands on; of what is not installed there is none."""
    # A hundredth of a second that only who asks for a report pays.
    from importlib.metadata import PackageNotFoundError, version

    found = {
        "ShotDock": __version__,
        "System": platform.platform(),
        "Python": platform.python_version(),
        "Qt": str(qVersion()),
    }
    for part in _PARTS:
        try:
            found[part] = version(part)
        except PackageNotFoundError:
            continue
    return found
