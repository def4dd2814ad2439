"""A picture as large as the window allows; arrows lead to the next and the one before."""

from pathlib import Path

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QDialog, QWidget

from desktop.ui.colours import Tone
from desktop.ui.models.previews import Pictures
from desktop.ui.theme import Theme
from desktop.ui.widgets.parts import column, label, panel, row, tool


class _Canvas(QWidget):
    """The picture itself, its sides' ratio kept, never made larger than it is times four."""

    def __init__(self, theme: Theme, pictures: Pictures) -> None:
        super().__init__()
        self._theme, self._pictures = theme, pictures
        self.path: Path | None = None

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the picture, or that it cannot be shown."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        picture = self._pictures.get(self.path) if self.path is not None else None
        if picture is not None and picture.isNull():
            painter.setPen(self._theme.colour(Tone.MUTED))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "This picture cannot be read.")
        elif picture is not None:
            most = (picture.size() * 4).boundedTo(self.size())
            shown = QRect(QPoint(0, 0), picture.size().scaled(most, Qt.AspectRatioMode.KeepAspectRatio))
            shown.moveCenter(self.rect().center())
            painter.drawPixmap(shown, picture)
        painter.end()


class PictureDialog(QDialog):
    """Shows (caption, path) pictures, one at a time; `pictures` reads them."""

    def __init__(
        self, theme: Theme, pictures: Pictures, shown: tuple[tuple[str, Path], ...], number: int, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(True)
        self._list, self._number = shown, number
        self._pictures = pictures
        self._canvas = _Canvas(theme, self._pictures)
        self._canvas.setAccessibleName("Picture")
        self._caption = label("", "strong")
        self._place = label("", "muted")
        back = tool(theme, "chevron-left", "The picture before  (Left)", lambda: self.step(-1))
        onward = tool(theme, "chevron-right", "The next picture  (Right)", lambda: self.step(1))
        close = tool(theme, "close", "Close  (Esc)", self.reject)
        bar = row(back, onward, self._caption, self._place, None, close, margins=(10, 6, 10, 6), spacing=8)
        body = column(panel(bar, "headBar"), spacing=0)
        body.addWidget(self._canvas, 1)
        self.setLayout(body)
        self.resize(parent.window().size() * 0.8)
        self._pictures.arrived.connect(self._arrived)
        self._show()

    @property
    def caption(self) -> str:
        """Return what is shown."""
        return self._caption.text()

    def step(self, by: int) -> None:
        """Show another picture; after the last one comes the first."""
        self._number = (self._number + by) % len(self._list)
        self._show()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Step with the arrows."""
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1, Qt.Key.Key_Space: 1}
        if event.key() in steps:
            self.step(steps[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def done(self, result: int) -> None:
        """Forget the large pictures."""
        self._pictures.clear()
        super().done(result)

    def _arrived(self, _path: Path) -> None:
        self._canvas.update()

    def _show(self) -> None:
        caption, path = self._list[self._number]
        self.setWindowTitle(caption)
        self._caption.setText(caption)
        self._place.setText(f"{self._number + 1} of {len(self._list)}")
        self._canvas.path = path
        self._canvas.update()
