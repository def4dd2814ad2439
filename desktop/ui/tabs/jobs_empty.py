"""What the jobs tab shows when there is no list to show: each time the one thing to do next."""

from desktop.ui.theme import Theme
from desktop.ui.widgets.empty import Empty, EmptyPages


class JobsEmpty(EmptyPages):
    """`act` carries what is wanted: demo, connect, add, start, clear."""

    def __init__(self, theme: Theme, demo: bool) -> None:
        super().__init__(theme)
        self._none = Empty(
            theme,
            "jobs",
            "Follow long jobs without waiting for them",
            "Scene sessions, table exports and reconstructions are followed while they run - also after a restart - "
            "and their results come home like any other transfer. Connect to the server the jobs run on"
            + (", or look around in the demo studio on your own machine." if demo else "."),
            *self.doors("Connect to a server", demo),
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
            self.button("Add job\N{HORIZONTAL ELLIPSIS}", "plus", "add", first=True),
            self.button("Start an export\N{HORIZONTAL ELLIPSIS}", "play", "start"),
        )
        self._no_match = Empty(
            theme,
            "filter",
            "Nothing matches",
            "No job has these words in its id, kind, server or state.",
            self.button("Clear the search", "close", "clear", first=True),
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
