"""Garbage is collected on the window's thread alone: young in small bites, old when nobody notices.

Left to itself, Python collects on whichever thread allocates next, and holds every other one still meanwhile: with
100,000 files in memory that freezes the window for a third of a second, and a Qt object that goes down with a cycle
on a foreign thread takes the program along. Yet a program that works for hours never rests, and its old garbage - lost
connections, their errors and buffers - has to go too: now and then while little is in memory, for that takes a few
milliseconds, and every ten minutes at the latest.
"""

import gc
import sys
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

BETWEEN = 10.0
"""Seconds at least between two looks at everything while the program works."""

FEW = 200_000
"""Objects made since the start, a good half of them containers, that are looked at before anybody notices: in some
30 ms. Python counts these by itself; to have it list the containers would break what other threads are building, for
a tuple that somebody else refers to already cannot be finished."""

LATEST = 600.0
"""Seconds after which everything is looked at, however long it takes."""

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
        self._collected = 0.0
        self._made = 0

    def start(self) -> None:
        """Take over. What is there already, mostly modules, is never looked at again."""
        gc.disable()
        gc.freeze()
        self._mark()
        self._collected = time.monotonic()
        self._made = sys.getallocatedblocks()
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
        rested = self._rested()
        if self._grown >= OLD_AFTER and (rested or self._late()):
            gc.collect()
            self._grown = 0
            self._collected = time.monotonic()

    def _late(self) -> bool:
        """Tell whether everything should be looked at although the program works."""
        passed = time.monotonic() - self._collected
        return passed >= LATEST or (passed >= BETWEEN and sys.getallocatedblocks() - self._made <= FEW)

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
