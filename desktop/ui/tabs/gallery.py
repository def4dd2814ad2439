"""The gallery of finished videos: announced, not there yet."""

from desktop.ui.tab import Frame, Tab
from desktop.ui.widgets.empty import Empty
from desktop.ui.widgets.parts import column


class GalleryTab(Tab):
    """An honest page: it says what will be here and offers no control that does nothing."""

    title = "Gallery"
    icon = "gallery"

    def __init__(self, frame: Frame) -> None:
        super().__init__(frame)
        text = (
            "Finished videos from the gallery server, as pictures you can play and download. "
            "This part of ShotDock is not in this version yet; it comes with a later one. "
            "Shots can be downloaded today, in the first tab."
        )
        self.setLayout(column(Empty(frame.theme, "gallery", "The gallery comes with a later version", text)))
