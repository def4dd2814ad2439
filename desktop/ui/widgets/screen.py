"""The picture of a video: frame by frame, as large as fits, its shape kept, black around it."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.ui.playback import Still


class Screen(QWidget):
    """Shows the latest frame; one that comes while another waits to be drawn is never converted.

    A widget of our own because Qt's video widget is a native window, over which no controls can be laid. clicked:
    once for a click, and a second time, together with twice, for a double one.
    """

    clicked = Signal()
    twice = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        self.setAccessibleName("Picture")
        self._still: Still | None = None
        self._image = QImage()
        self._below = 0

    def sizeHint(self) -> QSize:
        """Ask for the room of a small film."""
        return QSize(960, 540)

    def keep_clear(self, below: int) -> None:
        """Leave so many pixels at the bottom to the controls where the picture does not need them."""
        self._below = below
        self.update()

    def show_still(self, still: Still) -> None:
        """Show a frame from the next drawing on."""
        self._still = still
        self.update()

    def clear(self) -> None:
        """Show nothing but black."""
        self._still = None
        self._image = QImage()
        self.update()

    def image(self) -> QImage:
        """Return the frame shown, in its own size; a null image if there is none."""
        if self._still is not None:
            self._image = self._still.draw()
            self._still = None
        return self._image

    def area(self) -> QRectF:
        """Return where the picture lies: in the middle, but not under the controls if there is room above them."""
        size = self.image().size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        top = (self.height() - size.height()) / 2
        top = max(0.0, min(top, self.height() - self._below - size.height()))
        return QRectF((self.width() - size.width()) / 2, top, size.width(), size.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the black and the picture."""
        image = self.image()
        painter = QPainter(self)
        painter.fillRect(event.rect(), Qt.GlobalColor.black)
        if not image.isNull():
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(self.area(), image)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Tell of a click."""
        if event.button() is Qt.MouseButton.LeftButton:
            self.clicked.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Tell of the second click."""
        if event.button() is Qt.MouseButton.LeftButton:
            self.clicked.emit()
            self.twice.emit()
