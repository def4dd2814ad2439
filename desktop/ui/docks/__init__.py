"""The panels around the tabs, and how they are hung up."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

LEAST_HEIGHT = 148
"""Pixels of height every panel keeps: of two that lie on one another none may move what is above them."""


def hang(window: QMainWindow, name: str, title: str, content: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
    """Put a panel into the window; it can be moved, hidden and floated, and remembers where it was by its name."""
    dock = QDockWidget(title, window)
    dock.setObjectName(name)
    dock.setAccessibleName(title)
    content.setMinimumHeight(LEAST_HEIGHT)
    dock.setWidget(content)
    # Of docks that lie on one another all are "visible": what lies below must not get the focus, nor work.
    dock.visibilityChanged.connect(content.setVisible)
    window.addDockWidget(area, dock)
    return dock
