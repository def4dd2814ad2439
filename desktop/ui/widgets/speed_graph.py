"""The last minute's speed as a filled line."""

from collections import deque

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from desktop.ui.colours import Tone
from desktop.ui.formats import Formats
from desktop.ui.theme import Theme

POINTS = 300
"""Readings kept: a minute at five a second."""


class SpeedGraph(QWidget):
    """Holds readings of one task and draws them; the highest is written at the top."""

    def __init__(self, theme: Theme, formats: Formats) -> None:
        super().__init__()
        self._theme, self._formats = theme, formats
        self._readings: deque[float] = deque(maxlen=POINTS)
        self.setMinimumHeight(72)
        self.setAccessibleName("Speed of the last minute")

    def sizeHint(self) -> QSize:
        """Ask for a wide, low area."""
        return QSize(260, 84)

    def clear(self) -> None:
        """Forget the readings."""
        self._readings.clear()
        self.update()

    def add(self, speed: float) -> None:
        """Append a reading in bytes per second."""
        self._readings.append(speed)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the line, the ground below it and the peak."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = self.rect().adjusted(0, 2, 0, -1)
        painter.setPen(QPen(self._theme.ground("line")))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        peak = max(self._readings, default=0.0)
        if peak > 0:
            step = area.width() / (POINTS - 1)
            left = area.right() - step * (len(self._readings) - 1)
            line = QPolygonF(
                [
                    QPointF(left + step * number, area.bottom() - (area.height() - 18) * reading / peak)
                    for number, reading in enumerate(self._readings)
                ]
            )
            ground = QPolygonF(line)
            ground.append(QPointF(area.right(), area.bottom()))
            ground.append(QPointF(left, area.bottom()))
            accent = QColor(self._theme.colour(Tone.ACCENT))
            painter.setPen(Qt.PenStyle.NoPen)
            soft = QColor(accent)
            soft.setAlpha(60)
            painter.setBrush(soft)
            painter.drawPolygon(ground)
            painter.setPen(QPen(accent, 1.6))
            painter.drawPolyline(line)
        painter.setPen(self._theme.colour(Tone.FAINT))
        words = f"peak {self._formats.speed(peak)}" if peak else "no transfer in the last minute"
        painter.drawText(area, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight, words)
        painter.end()
