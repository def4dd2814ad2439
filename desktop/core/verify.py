"""Files on disk against what is known of them from the time they came: what a check looks for, and what it finds."""

from enum import StrEnum
from typing import NamedTuple


class Verdict(StrEnum):
    """What became of a file since it came."""

    WHOLE = "whole"
    MISSING = "missing"
    OTHER_SIZE = "other-size"
    CHANGED = "changed"
    """It was written since: it has another date, and another content if that can be told."""
    DAMAGED = "damaged"
    """Size and date are what they were, the content is not."""
    UNREADABLE = "unreadable"


class Noted(NamedTuple):
    """What the newest receipt says of a path. path: below the folder that is checked, "/"-separated. size: bytes.

    mtime: the time the file was given, seconds since the epoch, or None. precision: seconds by which it may be off.
    sha256: hex digits of what the disk held then, or "". task: the number of the task that brought it.
    """

    path: str
    size: int | None
    mtime: float | None
    precision: float
    sha256: str
    task: int


class Checked(NamedTuple):
    """How a file compares. cause: in words what is wrong, or ""."""

    noted: Noted
    verdict: Verdict
    cause: str = ""


class Known(NamedTuple):
    """What is known of a folder. size: bytes of the files whose hash is.

    running: whether a task that brings files there is not over.
    """

    files: int
    hashed: int
    size: int
    running: bool
