"""`shotdock doctor`: what works on this machine, and what to install if not."""

import os
import platform
import shutil
import sqlite3
import ssl
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click

from desktop import __version__
from desktop import settings as settings_file
from desktop.cli import gui, status
from desktop.cli.group import Verb
from desktop.cli.output import Output
from desktop.cli.player_check import player_fault
from desktop.core.errors import ShotDockError, UsageError
from desktop.core.units import format_bytes
from desktop.places import Places, private_folder
from desktop.store.database import Store, check_sqlite
from desktop.store.secrets import writes_files

LEAST_SPACE = 1_000_000_000
"""Bytes free below which a download is likely to meet the end of the disk."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One checked thing. needed: without it ShotDock cannot do its work; otherwise something is only poorer."""

    name: str
    works: bool
    found: str
    advice: str = ""
    needed: bool = True

    def as_dict(self) -> dict[str, object]:
        """Return the finding as `doctor --json` prints it."""
        return {
            "name": self.name,
            "ok": self.works,
            "needed": self.needed,
            "found": self.found,
            "advice": self.advice or None,
        }


@click.command(cls=Verb, shape={"checks": []})
@click.pass_obj
def doctor(output: Output) -> int:
    """Say what works on this machine, and what to install if not.

    The exit status is 2 if something ShotDock cannot do without is missing.
    """
    findings = [check() for check in CHECKS]
    broken = [finding for finding in findings if not finding.works and finding.needed]
    output.answer(
        {
            "status": "failed" if broken else "done",
            "version": __version__,
            "checks": [finding.as_dict() for finding in findings],
            "errors": [
                ShotDockError(f"{finding.name} does not work.", finding.found, finding.advice).as_dict()
                for finding in broken
            ],
        }
    )
    output.line(f"ShotDock {__version__}")
    for finding in findings:
        mark = "ok" if finding.works else "MISSING" if finding.needed else "poorer"
        output.line(f"{mark:8} {finding.name}: {finding.found}")
        if finding.advice and not finding.works:
            output.line(f"{'':8} {finding.advice}")
    output.summary("Something is missing." if broken else "Everything ShotDock needs is there.")
    return status.USAGE if broken else status.DONE


def _python() -> Finding:
    fits = sys.version_info >= (3, 11)
    return Finding("Python", fits, platform.python_version(), "Install Python 3.11 to 3.13.")


def _pyside() -> Finding:
    try:
        found = version("PySide6-Essentials")
    except PackageNotFoundError:
        if getattr(sys, "frozen", False):
            return Finding("PySide6", True, "built in")
        return Finding("PySide6", False, "not installed", "Install ShotDock again with pip.")
    numbers = tuple(int(part) for part in found.split(".")[:2])
    trapped = numbers >= (6, 12) and sys.version_info < (3, 12)
    cause = "aborts Python before 3.12 after a few hundred signals" if trapped else ""
    return Finding(
        "PySide6", not trapped, f"{found} {cause}".strip(), "python -m pip install 'PySide6-Essentials<6.12'"
    )


def _window() -> Finding:
    fault = gui.import_fault() or gui.plugin_fault()
    advice = f"As root: {gui.APT}" if sys.platform == "linux" else "Install ShotDock again."
    return Finding(
        "Window libraries", not fault, fault or "Qt loads", f"{advice} (the command line works)", needed=False
    )


def _player() -> Finding:
    fault = player_fault()
    advice = f"As root: {gui.APT}" if sys.platform == "linux" else "Install ShotDock again."
    return Finding(
        "Player", not fault, fault or "videos play", f"{advice} (videos open in the system's player)", needed=False
    )


def _display() -> Finding:
    try:
        gui.check_display()
    except UsageError as error:
        return Finding("Display", False, f"{error.title} {error.cause}", gui.HEADLESS, needed=False)
    return Finding("Display", True, "there is one")


def _sqlite() -> Finding:
    try:
        check_sqlite()
    except UsageError as error:
        return Finding("SQLite", False, sqlite3.sqlite_version, error.suggestion)
    return Finding("SQLite", True, sqlite3.sqlite_version)


def _tls() -> Finding:
    paths = ssl.get_default_verify_paths()
    trusted = sys.platform in ("win32", "darwin") or any((paths.cafile, paths.capath))
    found = ssl.OPENSSL_VERSION if trusted else f"{ssl.OPENSSL_VERSION}; no certificates of authorities were found"
    return Finding("TLS", trusted, found, "Install your system's ca-certificates.", needed=False)


def _keyring() -> Finding:
    # 60 ms that only this command and one with a password pay.
    import keyring
    from keyring.backends import fail

    try:
        backend: object = keyring.get_keyring()
    except RuntimeError:  # the user has no home, and the library no place to look for its settings
        backend = None
    works = backend is not None and not (isinstance(backend, fail.Keyring) or writes_files(backend))
    advice = (
        "Install gnome-keyring or KWallet; for unattended runs use a key file, an SSH agent, or the environment "
        "variable SHOTDOCK_PASSWORD_<CONNECTION>."
    )
    found = f"{type(backend).__module__}.{type(backend).__name__}" if works else "none answers in this session"
    return Finding("Keyring", works, found, advice, needed=False)


def _home() -> Finding:
    places = Places.find()
    folder = places.database.parent
    try:
        private_folder(folder)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        advice = "Make it writable, or name another folder in SHOTDOCK_HOME."
        return Finding("Home folder", False, f"{folder}: {error.strerror}", advice)
    return Finding("Home folder", True, str(folder))


def _settings() -> Finding:
    places = Places.find()
    try:
        settings_file.load(places)
        own = settings_file.site_connections(places)
    except UsageError as error:
        return Finding("Settings", False, f"{error.title} {error.cause}", error.suggestion)
    site = f"; site file {places.site} with {len(own)} connections" if places.site else ""
    return Finding("Settings", True, f"{places.settings}{site}")


def _database() -> Finding:
    path = Places.find().database
    try:
        with Store.open(path) as store:
            tasks = len(store.tasks.all())
    except ShotDockError as error:
        return Finding("Database", False, f"{error.title} {error.cause}", error.suggestion)
    return Finding("Database", True, f"{path}: {tasks} tasks")


def _space() -> Finding:
    folder = _existing(Places.find().database.parent)
    free = shutil.disk_usage(folder).free
    advice = "Free some space: downloads and the database need it."
    return Finding("Free space", free >= LEAST_SPACE, f"{format_bytes(free)} at {folder}", advice, needed=False)


def _agent() -> Finding:
    socket = os.environ.get("SSH_AUTH_SOCK", "")
    works = sys.platform == "win32" or bool(socket and Path(socket).exists())
    advice = "Start ssh-agent and ssh-add your key, or use --identity."
    return Finding("SSH agent", works, "there is one" if works else "none runs in this session", advice, needed=False)


def _existing(folder: Path) -> Path:
    return next(step for step in (folder, *folder.parents) if step.exists())


CHECKS: tuple[Callable[[], Finding], ...] = (
    _python,
    _pyside,
    _window,
    _player,
    _display,
    _sqlite,
    _tls,
    _keyring,
    _agent,
    _home,
    _settings,
    _database,
    _space,
)
