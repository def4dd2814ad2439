"""Keeping quiet what Qt and FFmpeg would say on the terminal while they play."""

import ctypes
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QLoggingCategory, QMessageLogContext, QtMsgType, qInstallMessageHandler

AV_LOG_QUIET = -8
AVUTIL_VERSIONS = range(57, 70)
"""FFmpeg 5 has 57, FFmpeg 7 has 59."""

log = logging.getLogger(__name__)


def mute_categories() -> None:
    """Turn Qt's words about media off; the environment's QT_LOGGING_RULES can still turn them on."""
    QLoggingCategory.setFilterRules("qt.multimedia.*=false")


@contextmanager
def to_log() -> Iterator[None]:
    """Send what Qt says meanwhile to the log file.

    Some words about a machine without sound or graphics card bear no category that could be turned off, and are no
    warnings: such a machine plays without sound, and converts pictures on the processor.
    """

    def take(_kind: QtMsgType, _context: QMessageLogContext, text: str | None) -> None:
        log.debug("Qt: %s", text)

    before = qInstallMessageHandler(take)
    try:
        yield
    finally:
        qInstallMessageHandler(before)


def mute_ffmpeg() -> None:
    """Keep FFmpeg, once it is loaded, from writing every file's streams and faults to the terminal.

    It writes past Qt, straight to stderr. QT_FFMPEG_DEBUG, which asks for these words, is heeded.
    """
    load = getattr(os, "RTLD_NOLOAD", None)
    if load is None or "QT_FFMPEG_DEBUG" in os.environ:
        return  # Windows: the program has no terminal to write to
    for version in AVUTIL_VERSIONS:
        for name in (f"libavutil.so.{version}", f"@rpath/libavutil.{version}.dylib"):
            try:
                library = ctypes.CDLL(name, mode=load | os.RTLD_LAZY)
            except OSError:
                continue
            library.av_log_set_level(AV_LOG_QUIET)
