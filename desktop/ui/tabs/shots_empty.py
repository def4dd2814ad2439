"""What the shot tab shows when there is no table to show: each time the one thing to do next."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget

from desktop.ui.models.session import Phase
from desktop.ui.theme import Theme
from desktop.ui.widgets.empty import Empty
from desktop.ui.widgets.parts import push


class ShotsEmpty(QStackedWidget):
    """`act` carries what is wanted: demo, connect, scan, stop or clear."""

    act = Signal(str)

    def __init__(self, theme: Theme, demo: bool) -> None:
        super().__init__()
        connect = push(
            theme, "Connect to a server", "server", "" if demo else "primary", lambda: self.act.emit("connect")
        )
        buttons = [connect]
        if demo:
            buttons.insert(0, push(theme, "Try the demo studio", "demo", "primary", lambda: self.act.emit("demo")))
        self._none = Empty(
            theme,
            "shots",
            "Bring your shots home",
            "ShotDock shows what is new on your studio's server and downloads it whole, in the right version, "
            "resumed after any interruption."
            + (
                " The demo studio is a complete studio on your own machine: look around without a server."
                if demo
                else ""
            ),
            *buttons,
        )
        self._unscanned = Empty(
            theme,
            "refresh",
            "Not scanned yet",
            "ShotDock has not seen this server's shots yet. A scan reads names and sizes only; nothing is downloaded.",
            push(theme, "Scan now", "refresh", "primary", lambda: self.act.emit("scan")),
            push(theme, "Manage connections", "server", run=lambda: self.act.emit("connect")),
        )
        self._scanning = Empty(
            theme,
            "refresh",
            "Reading the server's tree",
            "Shots appear as soon as the tree is known. Next time they are there at once.",
            push(theme, "Stop", "close", run=lambda: self.act.emit("stop")),
        )
        self._empty = Empty(
            theme,
            "offline",
            "No shots found here",
            "The server answered, but nothing below the connection's root looks like a shot to its layout. "
            "Check the root folder and the layout.",
            push(theme, "Manage connections", "server", "primary", lambda: self.act.emit("connect")),
            push(theme, "Scan again", "refresh", run=lambda: self.act.emit("scan")),
        )
        self._no_match = Empty(
            theme,
            "filter",
            "Nothing matches",
            "No shot passes the filters at the left and the search field.",
            push(theme, "Clear the filters", "close", "primary", lambda: self.act.emit("clear")),
        )
        for page in (self._none, self._unscanned, self._scanning, self._empty, self._no_match):
            self.addWidget(page)

    def show_for(self, phase: Phase, connection: str, nothing_matches: bool) -> None:
        """Show the page of a phase."""
        if nothing_matches:
            self.setCurrentWidget(self._no_match)
            return
        pages = {
            Phase.NOTHING: self._none,
            Phase.UNSCANNED: self._unscanned,
            Phase.OPENING: self._scanning,
            Phase.SCANNING: self._scanning,
            Phase.EMPTY: self._empty,
        }
        page = pages.get(phase, self._scanning)
        if page is self._scanning:
            page.say("refresh", f"Reading {connection}", "Shots appear as soon as the tree is known.")
        self.setCurrentWidget(page)

    def show_starting(self) -> None:
        """Show that the demo studio is being made: that takes a few seconds."""
        self._scanning.say(
            "demo", "Starting the demo studio", "It makes its shots on this machine; that takes a moment."
        )
        self.setCurrentWidget(self._scanning)

    def show_progress(self, words: str) -> None:
        """Show how far a scan is."""
        page = self._scanning if self.currentWidget() is self._scanning else None
        if page is not None:
            page.say("refresh", "Reading the server's tree", words)
