"""Walking a tree folder by folder, for sources that list one folder at a time."""

from collections.abc import Callable, Iterator

from desktop.core.errors import NotAllowed, NotFound, Stopped, Unsupported
from desktop.core.media import Entry, EntryKind, Folder

LONGEST = 1_000_000
"""Entries of one folder before its listing is taken for endless."""
DEEPEST = 100
"""Folders below each other before a tree is taken for a loop; servers exist that show links as folders."""


def walk_folders(
    list_folder: Callable[[str], list[Entry]],
    root: str,
    enter: Callable[[Entry], bool],
    stopped: Callable[[], bool],
) -> Iterator[Folder]:
    """Yield root and every folder below it that `enter` admits, depth first, as `Source.walk` promises.

    Raises NotFound or NotAllowed for root itself, Stopped once `stopped()` is true, Unsupported for a tree
    deeper than DEEPEST.
    """
    waiting = [(root, 0)]
    while waiting:
        if stopped():
            raise Stopped
        path, depth = waiting.pop()
        try:
            entries = list_folder(path)
        except (NotAllowed, NotFound):
            if not depth:
                raise
            # Its parent listed it: it keeps its contents to itself, or was removed meanwhile.
            entries = []
        yield Folder(path, tuple(entries))
        below = [entry.path for entry in entries if entry.kind is EntryKind.FOLDER and enter(entry)]
        if below and depth >= DEEPEST:
            raise too_deep(path)
        waiting.extend((folder, depth + 1) for folder in reversed(below))


def too_deep(path: str) -> Unsupported:
    """Return the error for a tree that never seems to end."""
    return Unsupported(
        title="This tree of folders is too deep.",
        cause=f"There are folders more than {DEEPEST} levels below each other; a link may lead back into itself.",
        suggestion="Choose a folder further down, or have the looping link removed on the server.",
        path=path,
    )


def endless(path: str) -> Unsupported:
    """Return the error for a folder's listing that never seems to end."""
    return Unsupported(
        title="This folder's listing has no end.",
        cause=f"The server named more than {LONGEST:,} entries.",
        suggestion="Choose a folder further down, or have it split up on the server.",
        path=path,
    )
