"""What lies over the window while a folder is dragged above it: it says in words what letting go will do."""

from pathlib import Path

from PySide6.QtCore import QMimeData, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from desktop.ui.colours import Tone
from desktop.ui.theme import Theme


def dropped_folder(data: QMimeData) -> Path | None:
    """Return the one local path that is dragged, or None.

    Whether it is a folder is not looked up here: a dead mount must not freeze the drag.
    """
    urls = data.urls() if data.hasUrls() else []
    if len(urls) != 1 or not urls[0].isLocalFile():
        return None
    return Path(urls[0].toLocalFile())


class DropZone(QWidget):
    """A veil with words, over the whole window."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._words = ("", "")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def invite(self, words: str, path: Path) -> None:
        """Show what letting go will do."""
        self._words = (words, str(path))
        self.setAccessibleName(words)
        parent = self.parentWidget()
        if parent is not None:
            self.setGeometry(parent.rect())
        self.raise_()
        self.show()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the veil, the frame, the icon and the words."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil = QColor(self._theme.colours.window)
        veil.setAlpha(225)
        painter.fillRect(self.rect(), veil)
        area = QRectF(self.rect()).adjusted(18, 18, -18, -18)
        painter.setPen(QPen(self._theme.colour(Tone.ACCENT), 2, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(area, 12, 12)
        centre = self.rect().center()
        icon = self._theme.icon("download", Tone.ACCENT)
        icon.paint(painter, centre.x() - 28, centre.y() - 92, 56, 56)
        painter.setPen(self._theme.colour(Tone.TEXT))
        painter.setFont(self._theme.font(7, bold=True))
        painter.drawText(self.rect().adjusted(40, 10, -40, 0), Qt.AlignmentFlag.AlignCenter, self._words[0])
        painter.setPen(self._theme.colour(Tone.MUTED))
        painter.setFont(self._theme.font(1))
        painter.drawText(self.rect().adjusted(40, 76, -40, 0), Qt.AlignmentFlag.AlignCenter, self._words[1])
        painter.end()
