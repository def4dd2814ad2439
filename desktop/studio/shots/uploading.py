"""Telling a version that is still being written on the server from one that is whole.

A server never says so. What shows it: temporary names, as upload tools give them until a file is whole; and growth.
A version is looked at a second time if it is young, or came or grew since a scan not long ago; if it differs then, it
is still being written. Youth alone proves nothing: what was published half a minute ago may well be whole.
"""

import re
import time
from collections.abc import Callable, Mapping

from desktop.core.errors import NotAllowed, NotFound, Stopped
from desktop.core.media import EntryKind
from desktop.transfer.ports import Source

YOUNG = 60.0
"""Seconds since the newest file's mtime within which a version is looked at again."""
RECENT = 600.0
"""Seconds since the previous scan within which growth counts, whatever the server's clock says."""
SETTLE = 0.5
"""Seconds between two looks: an upload in motion writes many times within it."""
LOOKS = 8
"""Folders to look at again at most, those with the newest files first."""
_TICK = 0.05
"""Seconds after which a wait looks whether it was stopped."""

_SUFFIX = re.compile(r"\.(?:part|partial|filepart|tmp|temp|crdownload|download|upload|uploading)$", re.I)
_HIDDEN = re.compile(r"^\.(?:in\.(?P<proftpd>.+?)\.?|(?P<rsync>.+\.\w{1,5})\.[A-Za-z0-9]{6})$")
"""ProFTPD's HiddenStores (`.in.NAME.`) and rsync (`.NAME.XXXXXX`)."""


def unfinished_name(name: str) -> str | None:
    """Return the name a temporary file will bear once it is whole, or None if this is no temporary name."""
    if name.startswith(".") and (found := _HIDDEN.match(name)):
        return found["proftpd"] or found["rsync"]
    stripped = _SUFFIX.sub("", name)
    return stripped.lstrip(".") or None if stripped != name else None


def ordinary(name: str) -> bool:
    """Tell whether a name is neither hidden, nor temporary, nor an editor's backup copy.

    A name such as `..` with a backslash behind is hostile, not hidden: it has to be told, not left out quietly.
    """
    hidden = name.startswith(".") and not name.startswith("..\\")
    return not (hidden or name.endswith("~") or _SUFFIX.search(name))


def changed_since(
    source: Source, folder: str, sizes: Mapping[str, int | None], listed: float, stopped: Callable[[], bool]
) -> set[str] | None:
    """Look at a folder again; return the paths of files that came, went or changed size, None if it is gone.

    sizes: path -> bytes as first seen. listed: when that was, by `time.monotonic`. Waits until SETTLE seconds have
    passed since; raises Stopped.
    """
    while (left := listed + SETTLE - time.monotonic()) > 0:
        if stopped():
            raise Stopped
        time.sleep(min(left, _TICK))  # the growth is what is measured: without time passing there is none
    try:
        entries = source.list(folder or "/")
    except (NotFound, NotAllowed):
        return None
    now = {entry.path: entry.size for entry in entries if entry.kind is EntryKind.FILE}
    return {path for path in sizes.keys() | now.keys() if path not in now or now[path] != sizes.get(path, -1)}
