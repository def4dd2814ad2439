"""Progress on standard error: one line drawn over itself on a terminal, now and then a plain line in a pipe."""

import shutil
import sys
import time

from desktop.cli.output import Output, printable
from desktop.core.media import ScanProgress
from desktop.core.task import Progress
from desktop.core.units import format_bytes, format_duration, format_left, format_rate

PLAIN_EVERY = 5.0
"""Seconds between two lines in a pipe: enough for a log to show life, not enough to fill it."""
BAR = 24


class Meter:
    """Shows how far something is. Call `clear` before anything else is printed."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._drawn = 0
        self._said = time.monotonic()

    def scan(self, progress: ScanProgress) -> None:
        """Show a scan's counters."""
        counts = f"{progress.folders} folders, {progress.files} files, {progress.shots} shots"
        self._show(f"Scanning: {counts}  {progress.path}", f"Scanning: {counts}")

    def transfer(self, progress: Progress) -> None:
        """Show a running task's figures."""
        share = min(1.0, progress.done / progress.total) if progress.total else 0.0
        pace = progress.phase if progress.phase == "stalled" else format_rate(progress.speed)
        figures = (
            f"{share:4.0%}  {progress.files_done}/{progress.files_total} files  "
            f"{format_bytes(progress.done)} of {format_bytes(progress.total)}  {pace}"
        )
        left = format_left(progress.left)
        bar = "=" * round(BAR * share)
        name = progress.current[0] if progress.current else progress.phase
        self._show(f"[{bar:{BAR}}] {figures}  {left}  {name}", f"{figures}  {left}".rstrip())

    def packing(self, done: int, size: int) -> None:
        """Show how many of a ZIP's bytes are written."""
        share = done / size
        figures = f"{share:4.0%}  {format_bytes(done)} of {format_bytes(size)}"
        self._show(f"[{'=' * round(BAR * share):{BAR}}] {figures}", f"Packing: {figures.strip()}")

    def checking(self, files: int, known: int, done: int, size: int) -> None:
        """Show how many of the known files were looked at, and how many of the bytes to read were read."""
        read = f"  {format_bytes(done)} of {format_bytes(size)} read" if size else ""
        self._show(f"Checking: {files}/{known} files{read}", f"Checking: {files}/{known} files{read}")

    def clear(self) -> None:
        """Wipe the line, so that the next words stand alone."""
        if self._drawn:
            sys.stderr.write("\r" + " " * self._drawn + "\r")
            sys.stderr.flush()
            self._drawn = 0

    def _show(self, live: str, plain: str) -> None:
        if self._output.live:
            width = shutil.get_terminal_size().columns - 1
            text = printable(live)[:width]
            sys.stderr.write("\r" + text.ljust(self._drawn))
            sys.stderr.flush()
            self._drawn = len(text)
        elif time.monotonic() - self._said >= PLAIN_EVERY:
            self._said = time.monotonic()
            self._output.remark(plain)


def took(seconds: float) -> str:
    """Return a duration for a closing line: `1.3 s`, `2 min`."""
    return f"{seconds:.1f} s" if seconds < 10 else format_duration(seconds)
