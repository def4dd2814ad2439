"""What the window needs from the system, and the words for what is missing."""

import ctypes
import importlib.util
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from desktop.core.errors import UsageError

DEBIAN_PACKAGES = (
    "fonts-dejavu-core",
    "libdbus-1-3",
    "libegl1",
    "libfontconfig1",
    "libgl1",
    "libglib2.0-0",
    "libpulse0",
    "libwayland-cursor0",
    "libxcb-cursor0",
    "libxcb-icccm4",
    "libxcb-image0",
    "libxcb-keysyms1",
    "libxcb-render-util0",
    "libxcb-shape0",
    "libxcb-xkb1",
    "libxkbcommon-x11-0",
    "libxkbcommon0",
    "libxrandr2",
)
"""What the window needs on Debian and Ubuntu: packaging/debian-packages.txt without Python itself."""

APT = f"apt-get install -y --no-install-recommends {' '.join(DEBIAN_PACKAGES)}"
HEADLESS = "Without a window everything works from the command line; see: shotdock --help"

_IMPORTS = "import PySide6.QtWidgets"
_LIBRARY_WORDS = ("cannot open shared object", "DLL load failed", "Library not loaded", "image not found")


def missing_library(error: ImportError) -> bool:
    """Tell whether an import failed for want of a system library, not for a fault of ours."""
    return any(word in str(error) for word in _LIBRARY_WORDS) or (error.name or "").startswith("PySide6")


def no_library(cause: str) -> UsageError:
    """Return the words for a system library that is missing."""
    advice = f"On Debian and Ubuntu, as root: {APT}" if sys.platform == "linux" else "Install ShotDock again."
    return UsageError(title="The window cannot open: a library Qt needs is missing.", cause=cause, suggestion=advice)


def check_display(environment: Mapping[str, str] = os.environ, instead: str = HEADLESS) -> None:
    """Raise UsageError where there is nothing to open a window on; Qt itself would abort the program.

    instead: what to do without one, in words.
    """
    if sys.platform != "linux" or environment.get("QT_QPA_PLATFORM"):
        return
    if not environment.get("DISPLAY") and not environment.get("WAYLAND_DISPLAY"):
        raise UsageError(
            title="There is no display to open a window on.",
            cause="Neither DISPLAY nor WAYLAND_DISPLAY is set.",
            suggestion=instead,
        )
    if not environment.get("WAYLAND_DISPLAY") and (fault := plugin_fault()):
        raise no_library(fault)


def plugin_fault() -> str:
    """Return why Qt's X11 plugin cannot be loaded, or ""; on other systems there is none to load."""
    found = importlib.util.find_spec("PySide6") if sys.platform == "linux" else None
    if found is None or found.origin is None:
        return ""
    plugin = Path(found.origin).parent / "Qt/plugins/platforms/libqxcb.so"
    if not plugin.exists():
        return ""
    try:
        ctypes.CDLL(str(plugin))
    except OSError as error:
        return str(error)
    return ""


def import_fault() -> str:
    """Return why Qt's window libraries cannot be imported, or ""; tried in a process of its own."""
    if getattr(sys, "frozen", False):
        return ""  # the installed program brings them, and has no interpreter to try with
    tried = subprocess.run([sys.executable, "-c", _IMPORTS], capture_output=True, text=True, check=False)
    if not tried.returncode:
        return ""
    return (tried.stderr.strip().splitlines() or [f"Python ended with {tried.returncode}."])[-1]
