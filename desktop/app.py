"""The window's start: application, theme, window; and the demo studio in a process of its own."""

import ctypes
import json
import sys
from collections.abc import Callable
from contextlib import suppress

from PySide6.QtCore import QObject, QProcess
from PySide6.QtWidgets import QApplication

from desktop.core.connection import Connection, parse_connection
from desktop.core.errors import HostKeyUnknown, ShotDockError, Unreachable
from desktop.logs import set_up
from desktop.places import Places
from desktop.settings import load
from desktop.ui import tabs  # noqa: F401  the tabs register themselves
from desktop.ui.collector import Collector
from desktop.ui.main_window import MainWindow
from desktop.ui.tab import Demo
from desktop.ui.theme import Theme
from desktop.work.end_signals import end_signals
from desktop.work.services import Services, start_services

DEMO_NAME = "Demo studio"
DEMO_WEB = ("gallery", "jobs")
"""The demo studio's web servers, as its line calls them: `<name>` is the URL, `<name>_token` the token."""

SWITCH_EVERY = 0.001
"""Seconds a lane's thread may keep the interpreter from the window; Python's own 5 ms add up to stalls."""

ARENAS = 2
"""Heaps of glibc's malloc. By itself it gives nearly every thread one, and what lanes that come and go leave free in
each is no use to the others: 40 MB and more after some minutes, 10 MB with two."""
M_ARENA_MAX = -8
"""From glibc's malloc.h."""


class DemoProcess(QObject):
    """Runs `shotdock demo --serve-only` and reads the one line it prints: the servers' URLs."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None

    def start(self, then: Callable[[Demo], None], failed: Callable[[ShotDockError], None]) -> None:
        """Start the studio if it does not run; tell the connection to its shots, or why there is none."""
        if self._process is not None:
            return
        process = QProcess(self)
        process.setProcessChannelMode(QProcess.ProcessChannelMode.SeparateChannels)
        self._process = process
        told = False

        def read() -> None:
            nonlocal told
            if not told and process.canReadLine():
                told = True
                try:
                    demo = read_demo(bytes(process.readLine().data()).decode())
                except (ValueError, KeyError, ShotDockError) as error:
                    failed(_no_demo(f"It answered something unexpected: {error}"))
                    return
                then(demo)

        def ended() -> None:
            self._process = None
            if not told:
                words = bytes(process.readAllStandardError().data()).decode(errors="replace").strip()
                failed(_no_demo(words.splitlines()[-1] if words else "It ended before it had started."))

        process.readyReadStandardOutput.connect(read)
        process.finished.connect(ended)
        process.errorOccurred.connect(lambda _error: ended() if self._process is not None else None)
        program = [] if getattr(sys, "frozen", False) else ["-m", "desktop"]
        process.start(sys.executable, [*program, "demo", "--serve-only"])

    def stop(self) -> None:
        """End the studio."""
        if self._process is not None:
            process, self._process = self._process, None
            process.blockSignals(True)
            process.terminate()
            if not process.waitForFinished(3000):
                process.kill()
                process.waitForFinished(1000)


def read_demo(line: str) -> Demo:
    """Read the studio's line: its URLs and the host key of its SFTP server.

    Raises ValueError, KeyError or UsageError if the line is another one.
    """
    urls = json.loads(line)
    connection, password = parse_connection(DEMO_NAME, urls["sftp"])
    key = urls.get("host_key")
    host = f"[{connection.address.host}]:{connection.address.port}"
    # Started by this very window on this very machine: its key needs no one's judgement.
    trusted = HostKeyUnknown(title="The demo studio's key.", host=host, key=str(key).strip()) if key else None
    web = tuple((_server(name, urls[name]), urls.get(f"{name}_token")) for name in DEMO_WEB if name in urls)
    return Demo(connection, password, trusted, web)


def _server(name: str, url: str) -> Connection:
    return parse_connection(f"demo-{name}", url)[0]


def _no_demo(cause: str) -> ShotDockError:
    return Unreachable(
        title="The demo studio did not start.",
        cause=cause,
        suggestion="Run `shotdock demo --serve-only` in a terminal to see more.",
    )


def prepare() -> None:
    """Fit this process, before it has threads, for a window that works for days."""
    sys.setswitchinterval(SWITCH_EVERY)
    if sys.platform == "linux":
        # Another C library may lack it or ignore it, and does without heaps by thread.
        with suppress(AttributeError):
            ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS)


def application() -> QApplication:
    """Return the one QApplication, made if there is none."""
    running = QApplication.instance()
    if isinstance(running, QApplication):
        return running
    app = QApplication(sys.argv[:1])
    app.setApplicationName("ShotDock")
    app.setApplicationDisplayName("ShotDock")
    app.setDesktopFileName("shotdock")
    return app


def open_window(services: Services | None = None) -> int:
    """Show the window until it is closed; stop the services; return the exit status.

    services: None to start them here, in the places the environment names. Raises NewerDatabase, DatabaseDamaged
    and UsageError for settings or a database that cannot be used.
    """
    prepare()
    app = application()
    if services is None:
        places = Places.find()
        services = start_services(places, set_up(places, None, load(places).log_level), serving=True)
    theme = Theme(app)
    theme.use(services.settings.value.theme)
    demo = DemoProcess(app)
    window = MainWindow(services, theme, demo.start)
    window.show()
    services.jobs.load()
    collector = Collector(app)
    collector.start()
    try:
        with end_signals(app.quit):
            return app.exec()
    finally:
        collector.stop()
        demo.stop()
        services.shutdown()
