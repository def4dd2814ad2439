"""The program's log: a rotating file, the console, a ring the window reads; secrets leave before any of them.

Modules log to `logging.getLogger(__name__)`; what belongs to a task is logged through `task_logger`, so that
every line knows its task and item.
"""

import logging
import logging.handlers
import os
import sys
import threading
from collections.abc import Iterable
from io import TextIOWrapper
from pathlib import Path

from desktop.core.log_lines import LogLines
from desktop.core.redaction import redact as redact
from desktop.core.redaction import register_secret as register_secret
from desktop.core.steady import steady
from desktop.core.task import LogLine
from desktop.places import Places, private_folder

log = logging.getLogger(__name__)

FILE_BYTES = 2_000_000
FILES = 5
RING_LINES = 100_000


class _Redaction(logging.Filter):
    """Turns a record into its final text, once, before any handler of ours formats it."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not getattr(record, "redacted", False):
            try:
                message = record.getMessage()
            except (TypeError, ValueError):  # a slip in a log call must not stop the work it speaks of
                message = f"{record.msg} {record.args!r}"
            # What a server said must neither steer whoever looks at the log, nor look like a line of its own.
            record.msg = steady(redact(message)).replace("\n", "\n    ")
            record.args = None
            if record.exc_info and not record.exc_text:
                record.exc_text = logging.Formatter().formatException(record.exc_info)
            if record.exc_text:
                record.exc_text = redact(record.exc_text)
            record.redacted = True
        return True


class LogRing(logging.Handler):
    """The newest lines, read by position. A position is the number of lines ever logged before that line."""

    def __init__(self, capacity: int = RING_LINES) -> None:
        super().__init__()
        self.addFilter(_Redaction())
        self.capacity = capacity
        self.total = 0
        self._lines = LogLines()
        self._guard = threading.Lock()

    @property
    def first(self) -> int:
        """Return the position of the oldest line still held."""
        return max(0, self.total - self.capacity)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the record's line; the oldest one leaves when the ring is full."""
        message = record.getMessage()
        if record.exc_text:
            message = f"{message}\n{record.exc_text}"
        line = LogLine(
            record.created, record.levelname, message, getattr(record, "task_id", None), getattr(record, "item", "")
        )
        with self._guard:
            if len(self._lines) < self.capacity:
                self._lines.append(line)
            else:
                self._lines[self.total % self.capacity] = line
            self.total += 1

    def read(self, position: int, limit: int = 1000) -> tuple[list[LogLine], int]:
        """Return at most `limit` lines from `position` on, and the position to read from next.

        Lines that have left the ring are passed over: the first one returned may lie beyond `position`, and
        then `next position - number of lines` says where reading really began.
        """
        with self._guard:
            start = min(max(position, self.first), self.total)
            end = min(start + max(0, limit), self.total)
            return [self._lines[n % self.capacity] for n in range(start, end)], end


class _SharedFile(logging.handlers.RotatingFileHandler):
    """A rotating file several ShotDocks may write to at once: window and command line share one home."""

    _broken = False

    def _open(self) -> TextIOWrapper:
        private_folder(Path(self.baseFilename).parent)
        # A name that is no text, such as a folder's in bytes of Latin-1, is escaped.
        return open(self.baseFilename, "a", encoding="utf-8", errors="backslashreplace", opener=_private)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            # Another process may have rotated the file away under this one.
            if self.stream is not None and not self._current(self.stream):
                self.stream.close()
                self.stream = None
        except OSError:
            self.handleError(record)
            return
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  the base class's name
        """Say once that the file cannot be written; ring and console go on without it."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
        elif not self._broken:
            self._broken = True
            log.warning("The log file %s cannot be written: %s", self.baseFilename, error.strerror or error)

    def doRollover(self) -> None:  # noqa: N802  the base class's name
        try:
            super().doRollover()
        except (PermissionError, FileNotFoundError):
            # Windows renames no file another process has open; that one rotates it later. And where two rotate
            # at once, the quicker one has renamed it already.
            if self.stream is None:
                self.stream = self._open()

    def _current(self, stream: TextIOWrapper) -> bool:
        try:
            there = os.stat(self.baseFilename)  # noqa: PTH116  once per line
        except FileNotFoundError:
            return False
        mine = os.fstat(stream.fileno())
        return (there.st_ino, there.st_dev) == (mine.st_ino, mine.st_dev)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


class _ConsoleFormatter(logging.Formatter):
    """Plain words on the console; only what is out of the ordinary says its level. Tracebacks are the file's."""

    def format(self, record: logging.LogRecord) -> str:
        text = record.getMessage()
        return text if record.levelno == logging.INFO else f"{record.levelname.lower()}: {text}"


_installed: list[logging.Handler] = []


def set_up(places: Places, console: int | None, level: int | str = logging.INFO, capacity: int = RING_LINES) -> LogRing:
    """Send the log to file, console and a ring, and return the ring. Calling again replaces what was set up.

    console: lowest level for standard error, or None for silence there. level: lowest level kept in file and
    ring. Libraries are heard from WARNING on. The file (5 x 2 MB in `places.logs`) appears with its first line.
    """
    take_down()
    ring = LogRing(capacity)
    file = _SharedFile(
        places.logs / "shotdock.log", maxBytes=FILE_BYTES, backupCount=FILES - 1, encoding="utf-8", delay=True
    )
    file.setFormatter(
        logging.Formatter("%(asctime)s %(levelname)-7s [%(process)d %(threadName)s] %(name)s: %(message)s")
    )
    file.addFilter(_Redaction())
    wanted = logging.getLevelNamesMapping()[level] if isinstance(level, str) else level
    handlers: Iterable[logging.Handler] = (ring, file)
    for handler in handlers:
        handler.setLevel(wanted)
        _install(handler)
    if console is not None:
        terminal = logging.StreamHandler()
        terminal.setFormatter(_ConsoleFormatter())
        terminal.addFilter(_Redaction())
        terminal.setLevel(console)
        _install(terminal)
    logging.getLogger("desktop").setLevel(min(wanted, wanted if console is None else console))
    logging.captureWarnings(True)
    return ring


def take_down() -> None:
    """Undo `set_up`: close the file and give logging back as it was."""
    while _installed:
        handler = _installed.pop()
        logging.getLogger().removeHandler(handler)
        handler.close()
    logging.captureWarnings(False)
    logging.getLogger("desktop").setLevel(logging.NOTSET)


def task_logger(task_id: int, item: str = "", name: str = "desktop.task") -> logging.LoggerAdapter[logging.Logger]:
    """Return a logger whose lines belong to the task and, if given, to one of its items (by label)."""
    return logging.LoggerAdapter(logging.getLogger(name), {"task_id": task_id, "item": item})


def _install(handler: logging.Handler) -> None:
    logging.getLogger().addHandler(handler)
    _installed.append(handler)
