"""The long-running server jobs: announced, not there yet."""

from desktop.ui.tab import Frame, Tab
from desktop.ui.widgets.empty import Empty
from desktop.ui.widgets.parts import column


class JobsTab(Tab):
    """An honest page: it says what will be here and offers no control that does nothing."""

    title = "Jobs"
    icon = "jobs"

    def __init__(self, frame: Frame) -> None:
        super().__init__(frame)
        text = (
            "Scene sessions, table exports and reconstruction results: followed while they run, fetched when they "
            "are done. This part of ShotDock is not in this version yet; it comes with a later one. "
            "Shots can be downloaded today, in the first tab."
        )
        self.setLayout(column(Empty(frame.theme, "jobs", "Jobs come with a later version", text)))
