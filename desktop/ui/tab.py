"""What a tab is, what it is given, and the register of tabs."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSettings, Signal
from PySide6.QtWidgets import QWidget

from desktop.core.connection import Connection
from desktop.core.errors import HostKeyUnknown, ShotDockError
from desktop.core.registry import Registry
from desktop.ui.commands import Commands
from desktop.ui.formats import Formats
from desktop.ui.free_space import Destination
from desktop.ui.theme import Theme
from desktop.work.services import Services


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo studio that runs: the connection to its shots, its password, and its host key to trust.

    web: the connections to its web servers, each with its token.
    """

    connection: Connection
    password: str | None
    host_key: HostKeyUnknown | None
    web: tuple[tuple[Connection, str | None], ...] = ()


DemoStarter = Callable[[Callable[[Demo], None], Callable[[ShotDockError], None]], None]
"""Starts the demo studio; tells what runs, or why it did not start."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What the window gives to its tabs and docks. start_demo: None where no demo studio can be started."""

    services: Services
    theme: Theme
    formats: Formats
    commands: Commands
    destination: Destination
    start_demo: DemoStarter | None = None


class Tab(QWidget):
    """One tab of the window. Signals: said (a sentence for the status bar), linked (connection's state in words)."""

    said = Signal(str)
    linked = Signal(str, str)
    title = ""
    icon = ""

    def __init__(self, frame: Frame) -> None:
        super().__init__()
        self.setObjectName("page")
        self.frame = frame

    def take_focus(self) -> None:
        """Let the keys act on what the tab is about."""
        self.setFocus()

    def tools(self) -> QWidget | None:
        """Return what the tab puts into the top bar while it is shown."""
        return None

    def search(self, text: str) -> None:
        """Show only what matches the text of the search field."""

    def searches(self) -> str:
        """Return the search field's hint, or "" if the tab has nothing to search."""
        return ""

    def drop_words(self, folder: Path) -> str:
        """Say what dropping the folder here will do."""
        return f"Drop to download into \N{LEFT DOUBLE QUOTATION MARK}{folder.name}\N{RIGHT DOUBLE QUOTATION MARK}"

    def choose_destination(self) -> None:
        """Ask for a destination folder."""

    def start(self) -> None:
        """Begin what needs the event loop; called once when the window is shown."""

    def stop(self) -> None:
        """Give up what is under way; called when the window closes."""

    def recall(self, kept: QSettings) -> None:
        """Take up what the tab looked like when the window was closed."""

    def keep(self, kept: QSettings) -> None:
        """Put down what the tab looks like, for the next time."""


TABS: Registry[Callable[[Frame], Tab]] = Registry("tab")
"""The tabs in the order they are shown."""
