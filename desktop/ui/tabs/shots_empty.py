"""What the shot tab shows when there is no table to show: each time the one thing to do next."""

from desktop.ui.models.session import Phase
from desktop.ui.theme import Theme
from desktop.ui.widgets.empty import Empty, EmptyPages


class ShotsEmpty(EmptyPages):
    """`act` carries what is wanted: demo, connect, scan, stop or clear."""

    def __init__(self, theme: Theme, demo: bool) -> None:
        super().__init__(theme)
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
            *self.doors("Connect to a server", demo),
        )
        self.scan_button = self.button("Scan now", "refresh", "scan", first=True)
        self._unscanned = Empty(
            theme,
            "refresh",
            "Not scanned yet",
            "ShotDock has not seen this server's shots yet. A scan reads names and sizes only; nothing is downloaded.",
            self.scan_button,
            self.button("Manage connections", "server", "connect"),
        )
        self._scanning = Empty(
            theme,
            "refresh",
            "Reading the server's tree",
            "Shots appear as soon as the tree is known. Next time they are there at once.",
            self.button("Stop", "close", "stop"),
        )
        self._empty = Empty(
            theme,
            "offline",
            "No shots found here",
            "The server answered, but nothing below the connection's root looks like a shot to its layout. "
            "Check the root folder and the layout.",
            self.button("Manage connections", "server", "connect", first=True),
            self.button("Scan again", "refresh", "scan"),
        )
        self._no_match = Empty(
            theme,
            "filter",
            "Nothing matches",
            "No shot passes the filters at the left and the search field.",
            self.button("Clear the filters", "close", "clear", first=True),
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
