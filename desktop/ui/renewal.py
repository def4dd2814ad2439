"""Asking again for what has changed: soon, but never so often that the asking itself becomes the work."""

import time

from PySide6.QtCore import QObject, QTimer, Signal

SHARE = 8
"""A question waits so many times as long as the last answer took: at most a ninth of the time goes into answers."""


class Renewal(QObject):
    """Turns many calls of `soon` into few signals `due`."""

    due = Signal()

    def __init__(self, least: int, parent: QObject) -> None:
        """least: milliseconds between the first call and the signal, if answers come quickly."""
        super().__init__(parent)
        self._least = self._wait = least
        self._asked: float | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.due)

    def soon(self) -> None:
        """Let the question be asked in a while, if it does not wait already."""
        if not self._timer.isActive():
            self._timer.start(self._wait)

    def asked(self) -> None:
        """Note that the question is on its way: what waited waits no longer."""
        self._timer.stop()
        self._asked = time.monotonic()

    def answered(self) -> None:
        """Note that the answer was taken over; a slow one makes the next question wait longer."""
        if self._asked is not None:
            took = (time.monotonic() - self._asked) * 1000
            self._wait = max(self._least, round(took * SHARE))
            self._asked = None
