"""A ring around the list, table or tree that the keyboard went to; who points with a mouse knows where that is."""

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QAbstractItemView, QApplication, QWidget


class FocusRing(QObject):
    """Sets the property `ring`, which the style sheet draws."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        application = QApplication.instance()
        assert isinstance(application, QApplication), "a widget has an application"
        application.focusChanged.connect(self._moved)

    def _moved(self, old: QWidget | None, new: QWidget | None) -> None:
        by_keys = QApplication.mouseButtons() == Qt.MouseButton.NoButton
        for widget, ring in ((old, False), (new, by_keys)):
            if isinstance(widget, QAbstractItemView) and bool(widget.property("ring")) is not ring:
                widget.setProperty("ring", ring)
                widget.style().unpolish(widget)
                widget.style().polish(widget)
