"""What the jobs tab shows when there is no list to show: each time the one thing to do next."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QStackedWidget

from desktop.ui.theme import Theme
from desktop.ui.widgets.empty import Empty
from desktop.ui.widgets.parts import push


class JobsEmpty(QStackedWidget):
    """`act` carries what is wanted: demo, connect, add, start, clear."""

    act = Signal(str)

    def __init__(self, theme: Theme, demo: bool) -> None:
        super().__init__()
        self._theme = theme
        buttons = [self._button("Connect to a server", "server", "connect", first=not demo)]
        if demo:
            buttons.insert(0, self._button("Try the demo studio", "demo", "demo", first=True))
        self._none = Empty(
            theme,
            "jobs",
            "Follow long jobs without waiting for them",
            "Scene sessions, table exports and reconstructions are followed while they run - also after a restart - "
            "and their results come home like any other transfer. Connect to the server the jobs run on"
            + (", or look around in the demo studio on your own machine." if demo else "."),
            *buttons,
        )
        self._starting = Empty(
            theme, "demo", "Starting the demo studio", "It makes its jobs on this machine; that takes a moment."
        )
        self._loading = Empty(theme, "refresh", "Looking up the jobs", "")
        self._empty = Empty(
            theme,
            "jobs",
            "No jobs yet",
            "Paste the id of a job, or its address from the browser, with Ctrl+V, or drop it here. ShotDock follows it "
            "and tells when its results are there.",
            self._button("Add job\N{HORIZONTAL ELLIPSIS}", "plus", "add", first=True),
            self._button("Start an export\N{HORIZONTAL ELLIPSIS}", "play", "start"),
        )
        self._no_match = Empty(
            theme,
            "filter",
            "Nothing matches",
            "No job has these words in its id, kind, server or state.",
            self._button("Clear the search", "close", "clear", first=True),
        )
        for page in (self._none, self._starting, self._loading, self._empty, self._no_match):
            self.addWidget(page)

    def show_none(self) -> None:
        """Show that there is no server yet."""
        self.setCurrentWidget(self._none)

    def show_starting(self) -> None:
        """Show that the demo studio is being made."""
        self.setCurrentWidget(self._starting)

    def show_loading(self) -> None:
        """Show that the remembered jobs are being read."""
        self.setCurrentWidget(self._loading)

    def show_empty(self) -> None:
        """Show that there are no jobs."""
        self.setCurrentWidget(self._empty)

    def show_no_match(self) -> None:
        """Show that the search leaves nothing."""
        self.setCurrentWidget(self._no_match)

    def _button(self, words: str, icon: str, what: str, first: bool = False) -> QPushButton:
        return push(self._theme, words, icon, "primary" if first else "", lambda: self.act.emit(what))
