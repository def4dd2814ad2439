"""SIGINT and SIGTERM as calls, also while Qt's event loop sleeps."""

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from PySide6.QtCore import QSocketNotifier


@contextmanager
def end_signals(asked: Callable[[], None]) -> Iterator[None]:
    """Call `asked` on the main thread, within the block, when someone asks the program to end."""

    def note(_number: int, _frame: FrameType | None) -> None:
        asked()

    reader, writer = socket.socketpair()
    reader.setblocking(False)
    writer.setblocking(False)
    notifier = QSocketNotifier(reader.fileno(), QSocketNotifier.Type.Read)
    # Reading is all it takes: back in the interpreter, Python runs the handler.
    notifier.activated.connect(lambda *_: reader.recv(4096))
    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    wake = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(wake)
        for number, handler in before.items():
            signal.signal(number, handler)
        notifier.setEnabled(False)
        reader.close()
        writer.close()
