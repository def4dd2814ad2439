"""Where cards can be dropped within the window: the destination and the recent folders, while cards are dragged."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QFrame, QWidget

from desktop.ui.colours import Tone
from desktop.ui.theme import Theme
from desktop.ui.widgets.parts import Elided, Mark, column, label, row

VIDEOS_MIME = "application/x-shotdock-videos"
"""What dragged cards are known by within the window."""
MOST = 4


class _Tile(QFrame):
    dropped = Signal()

    def __init__(self, theme: Theme, title: str, path: Path) -> None:
        super().__init__()
        self.setObjectName("card")
        self.setAcceptDrops(True)
        self.setAccessibleName(f"{title} {path}")
        words = Elided(role="muted")
        words.show_text(str(path))
        body = row(Mark(theme, "folder", Tone.ACCENT, 20), column(label(title, "strong"), words, spacing=2))
        body.setContentsMargins(12, 10, 12, 10)
        body.setStretch(1, 1)
        self.setLayout(body)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Light up under cards."""
        if event.mimeData().hasFormat(VIDEOS_MIME):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self._light(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Go dark."""
        self._light(False)

    def dropEvent(self, event: QDropEvent) -> None:
        """Take the cards."""
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self._light(False)
        self.dropped.emit()

    def _light(self, on: bool) -> None:
        self.setProperty("tone", Tone.ACCENT.value if on else "")
        self.style().unpolish(self)
        self.style().polish(self)


class DropShelf(QWidget):
    """Lies over the bar while cards are dragged. `dropped` carries the folder they were let go on."""

    dropped = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("bar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self._line = row(margins=(0, 12, 0, 12), spacing=10)
        self._words = label("", "muted")
        whole = column(self._words, margins=(14, 10, 14, 0), spacing=0)
        whole.addLayout(self._line, 1)
        self.setLayout(whole)
        self.hide()

    def offer(self, words: str, over: QWidget, folders: Sequence[Path]) -> None:
        """Show the folders over a widget; the first is the destination."""
        while (item := self._line.takeAt(0)) is not None:
            old = item.widget()
            if old is not None:
                old.deleteLater()
        for number, path in enumerate(folders[:MOST]):
            tile = _Tile(self._theme, path.name if number else "Download here", path)
            tile.dropped.connect(partial(self.dropped.emit, path))
            self._line.addWidget(tile, 1)
        self._words.setText(words)
        self.setGeometry(over.geometry())
        self.raise_()
        self.show()
