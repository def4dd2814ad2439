"""A dialog that is a dark window of its own: it fills the screen if asked, and remembers its place."""

from PySide6.QtCore import QByteArray, QEvent, QSettings, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from desktop.ui.dialogs.base import Dialog
from desktop.ui.theme import Theme

SIZE = (1280, 800)
LEAST_SIZE = (680, 420)


class DarkWindow(Dialog):
    """Dark under either theme. Signals: filled (bool: whether it fills the screen now)."""

    filled = Signal(bool)

    def __init__(self, theme: Theme, title: str, memory: QSettings, parent: QWidget | None) -> None:
        """memory: where its place is remembered, as "player/geometry"."""
        super().__init__(theme, title, parent)
        self.memory = memory
        self.setObjectName("player")
        self.setWindowFlags(Qt.WindowType.Window)
        self.setMinimumSize(*LEAST_SIZE)
        theme.darken(self)
        geometry = memory.value("player/geometry")
        if not (isinstance(geometry, QByteArray) and self.restoreGeometry(geometry)):
            self.resize(*SIZE)

    def toggle_full_screen(self) -> None:
        """Fill the screen, or go back to the window's size."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the window into full screen and out of it."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.WindowStateChange:
            self.filled.emit(self.isFullScreen())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave full screen with Escape before closing with it."""
        if event.key() == Qt.Key.Key_Escape and self.isFullScreen():
            self.toggle_full_screen()
        else:
            super().keyPressEvent(event)

    def done(self, result: int) -> None:
        """Remember the place, close."""
        if not self.isFullScreen():
            self.memory.setValue("player/geometry", self.saveGeometry())
        super().done(result)
