"""A slider that goes where it is clicked, and says on hover what lies under the pointer."""

from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QSlider, QStyle, QToolTip

HANDLE = 14
"""Pixels of the handle, as in the style sheet."""


class SeekSlider(QSlider):
    """asked: the user chose a value; unlike valueChanged it is silent when the program moves the slider.

    say: the words for a value under the pointer, "" for none.
    """

    asked = Signal(int)

    def __init__(self, name: str, most: int, say: Callable[[int], str]) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setAccessibleName(name)
        self.setRange(0, most)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMouseTracking(True)
        self._say = say

    def show_value(self, value: int) -> None:
        """Move the handle, unless the user holds it."""
        if not self.isSliderDown():
            self.setValue(value)

    def value_at(self, x: float) -> int:
        """Return the value whose handle would lie there."""
        room = self.width() - HANDLE
        value: int = QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), round(x - HANDLE / 2), room)
        return value

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the handle to the pointer."""
        if event.button() is Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self._ask(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the handle, or say what is under the pointer."""
        if self.isSliderDown():
            self._ask(event)
        value = self.value_at(event.position().x())
        words = self._say(value) if self.isEnabled() else ""
        if words:
            above = QPoint(round(event.position().x()) - 20, -44)
            QToolTip.showText(self.mapToGlobal(above), words, self)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let the handle go."""
        if event.button() is Qt.MouseButton.LeftButton:
            self.setSliderDown(False)

    def _ask(self, event: QMouseEvent) -> None:
        value = self.value_at(event.position().x())
        self.setValue(value)
        self.asked.emit(value)
