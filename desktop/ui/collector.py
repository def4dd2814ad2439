"""Garbage is collected on the window's thread alone: young in small bites, old when nothing goes on.

Left to itself, Python collects on whichever thread allocates next, and holds every other one still meanwhile: with
100,000 files in memory that freezes the window for a third of a second, and a Qt object that goes down with a cycle
on a foreign thread takes the program along.
"""

import gc
import time

from PySide6.QtCore import QObject, QTimer

BITE_EVERY = 100
"""Milliseconds between two looks at how much was allocated."""

BITE = 700
"""New containers worth collecting, as Python itself has it."""

OLD_AFTER = 20_000
"""Containers that grew old before all of them are looked at again."""

REST = 3.0
"""Seconds without work that count as a rest."""

RESTING = 0.03
"""Share of one processor below which the program does nothing."""


class Collector(QObject):
    """Collects from `start` to `stop`; Python does it by itself before and after."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._timer = QTimer(self)
        self._timer.setInterval(BITE_EVERY)
        self._timer.timeout.connect(self.look)
        self._grown = 0
        self._since = (0.0, 0.0)

    def start(self) -> None:
        """Take over. What is there already, mostly modules, is never looked at again."""
        gc.disable()
        gc.freeze()
        self._mark()
        self._timer.start()

    def stop(self) -> None:
        """Give collecting back to Python."""
        self._timer.stop()
        gc.unfreeze()
        gc.enable()

    def look(self) -> None:
        """Collect what is worth it now."""
        young = gc.get_count()[0]
        if young >= BITE:
            gc.collect(0)
            self._grown += young
        if self._rested() and self._grown >= OLD_AFTER:
            gc.collect()
            self._grown = 0

    def _rested(self) -> bool:
        """Tell whether the program, all its threads, did next to nothing since the last mark, long enough ago."""
        then, spent = self._since
        passed = time.monotonic() - then
        if passed < REST:
            return False
        busy = (time.process_time() - spent) / passed
        self._mark()
        return busy < RESTING

    def _mark(self) -> None:
        self._since = (time.monotonic(), time.process_time())
