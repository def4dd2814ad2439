"""How a tab gets to a server: the manager, the question about a host key or certificate, the demo studio."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from desktop.core.connection import Connection
from desktop.core.errors import HostKeyUnknown, LoginFailed, ShotDockError
from desktop.ui.dialogs.connections import ConnectionsDialog
from desktop.ui.dialogs.host_key import HostKeyDialog
from desktop.ui.dialogs.questions import question
from desktop.ui.dialogs.web_server import WebServerDialog
from desktop.ui.tab import Demo, Frame
from desktop.ui.widgets.card import Act


class Doors(QObject):
    """Signals: opened (a connection's name to go on with), trusted (try again), failed (the demo did not start)."""

    opened = Signal(str)
    trusted = Signal()
    failed = Signal(object)

    def __init__(self, frame: Frame, over: QWidget) -> None:
        super().__init__(over)
        self._frame, self._over = frame, over

    def manage(self, picked: str, password: bool = False) -> None:
        """Open the connection manager on a connection, its password to be typed if that is what is asked for."""
        dialog = ConnectionsDialog(self._frame, picked, self._over)
        dialog.used.connect(self.opened)
        dialog.open()
        if password:
            dialog.ask_secret()

    def connect_web(self, what: str, server: str = "", secret: bool = False) -> None:
        """Open the dialog for a new web server, or for one there is; secret: its token is what is asked for.

        what: what the server is to the tab, e.g. "gallery". server: a connection's name, or the URL of a new one.
        """
        known = next((c for c in self._frame.services.connections.all() if c.name == server), None)
        title = f"Connect to a {what}" if known is None else f"Log in to {server}"
        dialog = WebServerDialog(self._frame, title, known, self._over)
        if "://" in server:
            dialog.address.setText(server)
        dialog.used.connect(self.opened)
        dialog.open()
        if secret:
            dialog.ask_secret()

    def acts(self, error: ShotDockError, picked: str) -> tuple[Act, ...]:
        """Return what can be done about an error of a connection."""
        if asked := question(self._frame, error, self._over, self.trusted.emit):
            return asked
        if isinstance(error, LoginFailed):
            return (("Edit the connection\N{HORIZONTAL ELLIPSIS}", lambda: self.manage(picked, password=True)),)
        return ()

    def start_demo(self) -> None:
        """Start the demo studio and go on with it."""
        if self._frame.start_demo is not None:
            self._frame.start_demo(self.enter_demo, self.failed.emit)

    def enter_demo(self, demo: Demo) -> None:
        """Save the demo studio's connections, their passwords for this run of the program and its key; open the shots.

        Its web servers are there for the other tabs to find.
        """
        desk, name = self._frame.services.connections, demo.connection.name

        def trust() -> None:
            if demo.host_key is None:
                self.opened.emit(name)
            else:
                desk.trust(demo.host_key, lambda: self.opened.emit(name), self.failed.emit)

        enter = trust
        for connection, password in reversed((*demo.web, (demo.connection, demo.password))):
            enter = self._saver(connection, password, enter)
        enter()

    def _saver(self, connection: Connection, password: str | None, then: Callable[[], None]) -> Callable[[], None]:
        """Return what saves a connection of the demo studio and goes on.

        The studio makes up new passwords each time: there is nothing worth keeping. They are known before the
        connection is, or who hears of it first would try without.
        """
        desk = self._frame.services.connections

        def save() -> None:
            desk.save(connection, None, then, self.failed.emit)

        if password is None:
            return save
        return lambda: desk.remember_password(connection.name, password, False, save, self.failed.emit)

    def ask_trust(self, error: HostKeyUnknown) -> None:
        """Show the key or certificate, and ask."""
        self.ask_over(error, None)

    def ask_over(self, error: HostKeyUnknown, over: QWidget | None) -> HostKeyDialog:
        """Show the key or certificate, and ask. over: another window than the tab's, if that is where it is asked."""
        dialog = HostKeyDialog(self._frame, error, over or self._over)
        dialog.answered.connect(self.trusted)
        dialog.open()
        return dialog
