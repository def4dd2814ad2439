"""The strip above the videos: what is sorted and shown, how much that is, cards or list."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QComboBox, QWidget

from desktop.core.gallery import Video
from desktop.ui.models.gallery import SORTS, GalleryModel
from desktop.ui.models.gallery_states import VideoState
from desktop.ui.tab import Frame
from desktop.ui.widgets.parts import Elided, column, panel, row, tool

SHELVES: tuple[tuple[str, frozenset[VideoState] | None], ...] = (
    ("All videos", None),
    ("Not on disk", frozenset(VideoState) - {VideoState.HERE}),
    ("On disk", frozenset({VideoState.HERE})),
    ("Under way", frozenset({VideoState.WAITING, VideoState.RUNNING, VideoState.PAUSED})),
    ("Failed", frozenset({VideoState.FAILED})),
)
"""What can be shown: words and states; None takes all."""


class GalleryHead(QWidget):
    """Signals: sorted (column, order), narrowed (another shelf), turned (True for cards)."""

    sorted = Signal(int, Qt.SortOrder)
    narrowed = Signal()
    turned = Signal(bool)

    def __init__(self, frame: Frame) -> None:
        super().__init__()
        self._formats = frame.formats
        self.sorting = QComboBox()
        self.sorting.setAccessibleName("Sort by")
        self.sorting.setToolTip("What the videos are sorted by")
        for words, by, order in SORTS:
            self.sorting.addItem(words, (by, order))
        self.shelf = QComboBox()
        self.shelf.setAccessibleName("Show")
        self.shelf.setToolTip("Which videos are shown")
        for words, states in SHELVES:
            self.shelf.addItem(words, states)
        self._amount = Elided(role="muted", mode=Qt.TextElideMode.ElideRight)
        self.cards = tool(frame.theme, "gallery", "Show as cards  (Ctrl+Shift+G)", checkable=True)
        self.list = tool(frame.theme, "list", "Show as a list  (Ctrl+Shift+G)", checkable=True)
        group = QButtonGroup(self)
        for button in (self.cards, self.list):
            group.addButton(button)
        self.cards.setChecked(True)
        line = row(self.sorting, self.shelf, self._amount, self.cards, self.list, margins=(10, 7, 10, 7), spacing=8)
        line.setStretch(2, 1)
        self.setLayout(column(panel(line, "headBar")))
        self.sorting.activated.connect(lambda _number: self.sorted.emit(*self.sorting.currentData()))
        self.shelf.currentIndexChanged.connect(lambda _number: self.narrowed.emit())
        group.buttonClicked.connect(lambda _button: self.turned.emit(self.cards.isChecked()))

    def states(self) -> frozenset[VideoState] | None:
        """Return the states that are to be shown."""
        return SHELVES[self.shelf.currentIndex()][1]

    def clear(self) -> None:
        """Show all videos."""
        self.shelf.setCurrentIndex(0)

    def show_view(self, cards: bool) -> None:
        """Show which view is in use."""
        (self.cards if cards else self.list).setChecked(True)

    def show_sorting(self, column: int, order: Qt.SortOrder) -> None:
        """Show what the videos are sorted by; nothing if the list's header was clicked for something else."""
        number = next((n for n, (_, by, how) in enumerate(SORTS) if (by, how) == (column, order)), -1)
        with QSignalBlocker(self.sorting):
            self.sorting.setCurrentIndex(number)

    def tell(self, model: GalleryModel, chosen: Sequence[Video]) -> None:
        """Say how much is shown and selected, e.g. `30 videos, 1.2 GB` and `4 selected, 312 MB`."""
        shown = model.rows()
        if model.narrowed:
            counted = f"{self._formats.count(len(shown))} of {self._formats.counted(len(model.everything()), 'video')}"
        else:
            counted = self._formats.counted(len(shown), "video")
        words = f"{counted}, {self._size(shown)}"
        if chosen:
            words += f"   \N{MIDDLE DOT}   {self._formats.count(len(chosen))} selected, {self._size(chosen)}"
        self._amount.show_text(words)

    def _size(self, videos: Sequence[Video]) -> str:
        return self._formats.size(sum(video.bytes or 0 for video in videos))
