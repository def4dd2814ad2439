"""Telling folders that may not be read from empty ones: a walk shows both as empty."""

from collections.abc import Callable, Iterable
from itertools import islice

from desktop.core.errors import NotAllowed, NotFound, Stopped
from desktop.transfer.ports import Source

MOST_DOUBTS = 200
"""Empty folders to ask about at most: each costs a question, and a tree of empty folders is no reason to wait."""


def closed_folders(source: Source, empty: Iterable[str], stopped: Callable[[], bool]) -> list[str]:
    """List folders once more that a walk showed empty; return those that may not be read. Raise Stopped."""
    found = []
    for path in islice(empty, MOST_DOUBTS):
        if stopped():
            raise Stopped
        try:
            source.list(path)
        except NotAllowed:
            found.append(path)
        except NotFound:
            continue  # it was empty, and now it is gone
    return found
