"""Threads that run plain calls: Qt's pool, given nothing but functions."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QThreadPool


class Pool:
    """Runs calls in the order they came, on so many threads; threads with nothing to do for half a minute end.

    A QRunnable made in Python is handed over to Qt for good: PySide 6.11 never gives back one that does not delete
    itself, loses some of those that do, and with each all that it holds. A function it does give back, once it has
    run; so one that is not to run any more is run all the same, and does nothing.
    """

    def __init__(self, threads: int, parent: QObject | None = None) -> None:
        self._pool = QThreadPool(parent)
        self._pool.setMaxThreadCount(threads)
        self._cleared = 0

    def start(self, call: Callable[[], None]) -> None:
        """Run the call soon, on a thread of the pool."""
        self._pool.start(partial(self._run, self._cleared, call))

    def clear(self) -> None:
        """Let what has not begun yet be."""
        self._cleared += 1

    def wait(self, milliseconds: int = -1) -> None:
        """Wait until nothing runs, or for so long."""
        self._pool.waitForDone(milliseconds)

    def _run(self, cleared: int, call: Callable[[], None]) -> None:
        if cleared == self._cleared:
            call()
