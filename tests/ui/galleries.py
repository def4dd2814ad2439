"""What tests of the gallery tab share: names, videos of the demo studio, looks at the tab."""

from collections.abc import Callable

from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from desktop.demo.gallery.videos import FIRST_ID, PROJECTS
from desktop.ui.models.gallery_states import VideoState
from desktop.ui.tabs.gallery import GalleryTab

WAIT = 20_000
NAME = "VEGA gallery"
MOON, TWIN = str(FIRST_ID + PROJECTS.index("Moon Base 7")), str(FIRST_ID + PROJECTS.index("Moon-Base 7"))

Open = Callable[..., None]
"""Saves the gallery's connection with a token, the good one if none is given, and waits for a phase."""


def select(tab: GalleryTab, *ids: str) -> None:
    tab.views.list.select_rows(sorted(tab.model.row_of(one) for one in ids))


def state(tab: GalleryTab, video: str) -> VideoState:
    return tab.states.of(video).state


def words(page: QWidget | None) -> str:
    assert page is not None
    # A label that was shortened to its room says all of it to who cannot see.
    return " ".join(one.accessibleName() or one.text() for one in page.findChildren(QLabel)) + " ".join(
        one.accessibleName() for one in page.findChildren(QPushButton)
    )
