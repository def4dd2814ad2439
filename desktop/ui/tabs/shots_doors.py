"""How the shot tab gets to a server: the manager, the question about a host key, the demo studio."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from desktop.core.errors import HostKeyUnknown, LoginFailed, ShotDockError
from desktop.ui.dialogs.connections import ConnectionsDialog
from desktop.ui.dialogs.host_key import HostKeyDialog
from desktop.ui.tab import Demo, Frame
from desktop.ui.widgets.card import Act


class ShotDoors(QObject):
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
            dialog.ask_password()

    def acts(self, error: ShotDockError, picked: str) -> tuple[Act, ...]:
        """Return what can be done about an error of a connection."""
        if isinstance(error, HostKeyUnknown):
            return (("Check the fingerprint\N{HORIZONTAL ELLIPSIS}", lambda: self._ask_trust(error)),)
        if isinstance(error, LoginFailed):
            return (("Edit the connection\N{HORIZONTAL ELLIPSIS}", lambda: self.manage(picked, password=True)),)
        return ()

    def start_demo(self) -> None:
        """Start the demo studio and go on with it."""
        if self._frame.start_demo is not None:
            self._frame.start_demo(self.enter_demo, self.failed.emit)

    def enter_demo(self, demo: Demo) -> None:
        """Save the demo studio's connection, its password for this run of the program and its key, and open it."""
        desk, name = self._frame.services.connections, demo.connection.name

        def saved() -> None:
            if demo.password is None:
                logged_in()
            else:
                # The demo studio makes up a new password each time: there is nothing worth keeping.
                desk.remember_password(name, demo.password, False, logged_in, self.failed.emit)

        def logged_in() -> None:
            if demo.host_key is None:
                self.opened.emit(name)
            else:
                desk.trust(demo.host_key, lambda: self.opened.emit(name), self.failed.emit)

        desk.save(demo.connection, None, saved, self.failed.emit)

    def _ask_trust(self, error: HostKeyUnknown) -> None:
        dialog = HostKeyDialog(self._frame, error, self._over)
        dialog.trusted.connect(self.trusted)
        dialog.open()
