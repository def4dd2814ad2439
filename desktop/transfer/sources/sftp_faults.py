"""What can go wrong on an SFTP server, in words."""

from collections.abc import Callable

from desktop.core.errors import (
    ConnectionLost,
    NotAllowed,
    NotFound,
    NotTheFile,
    Overlong,
    RemoteChanged,
    Retry,
    ServerBusy,
    ShotDockError,
    Truncated,
    Unsupported,
)
from desktop.core.media import Entry, EntryKind

NO_SUCH_FILE, PERMISSION_DENIED = 2, 3
BAD_MESSAGE, NO_CONNECTION, CONNECTION_LOST, OP_UNSUPPORTED = 5, 6, 7, 8


def nonsense(what: str) -> ConnectionLost:
    """Return the error for a server whose replies make no sense; only a new connection can be in step again."""
    return ConnectionLost(
        title="The server's answer cannot be understood.",
        cause=f"It is not SFTP version 3: {what}.",
        suggestion="ShotDock connects again; if it stays, ask whoever runs the server.",
    )


def _not_found(path: str, _cause: str) -> ShotDockError:
    return NotFound(
        title="This is not on the server.",
        cause="The server says there is no such file or folder.",
        suggestion="Scan again: it may have been moved or deleted.",
        path=path,
    )


def _not_allowed(path: str, _cause: str) -> ShotDockError:
    return NotAllowed(
        title="The server does not let you read this.",
        cause="Permission denied for the user you are logged in as.",
        suggestion="Ask whoever runs the server for read permission.",
        path=path,
    )


def _unsupported(path: str, cause: str) -> ShotDockError:
    return Unsupported(
        title="The server cannot do this.",
        cause=cause,
        suggestion="Ask whoever runs the server which SFTP software it is.",
        path=path,
    )


def _lost(path: str, cause: str) -> ShotDockError:
    return ConnectionLost(
        title="The server lost its own connection to the files.",
        cause=cause,
        suggestion="ShotDock tries again by itself.",
        path=path,
    )


def _failed(path: str, cause: str) -> ShotDockError:
    return Retry(
        title="The server could not read this.",
        cause=cause,
        suggestion="ShotDock tries again by itself; if it stays, the file may be damaged on the server's disk.",
        path=path,
    )


_ERRORS: dict[int, Callable[[str, str], ShotDockError]] = {
    NO_SUCH_FILE: _not_found,
    PERMISSION_DENIED: _not_allowed,
    BAD_MESSAGE: _unsupported,
    OP_UNSUPPORTED: _unsupported,
    NO_CONNECTION: _lost,
    CONNECTION_LOST: _lost,
}


def status_error(code: int, words: str, path: str) -> ShotDockError:
    """Return what a failure status means for the path it answers."""
    said = f"The server answered status {code}{f': {words!r}' if words else ''}."
    return _ERRORS.get(code, _failed)(path, said)


def too_short(file: Entry, promised: int, at: int) -> Truncated:
    """Return the error for a file that ended at an offset before its promised size in bytes."""
    return Truncated(
        title="The file ended too early.",
        cause=f"The server promised {promised:,} bytes and ended after {at:,}: short by {promised - at:,}.",
        suggestion="ShotDock tries again; if it stays, the file is damaged or still being written on the server.",
        path=file.path,
    )


def too_long(file: Entry, promised: int) -> Overlong:
    """Return the error for a file that goes on after its promised size in bytes."""
    return Overlong(
        title="The file is longer than the server said.",
        cause=f"The server promised {promised:,} bytes and sends more.",
        suggestion="ShotDock tries again; if it stays, the file is still being written on the server.",
        path=file.path,
    )


def changed(before: Entry, after: Entry) -> RemoteChanged:
    """Return the error for a file that is not what it was when it was opened."""
    how = "It was written to meanwhile."
    if before.size is not None and after.size is not None and before.size != after.size:
        how = f"It went from {before.size:,} to {after.size:,} bytes."
    return RemoteChanged(
        title="The file changed on the server while it was read.",
        cause=how,
        suggestion="It may still be being written; ShotDock starts it over.",
        path=after.path,
    )


def not_a_file(entry: Entry) -> NotTheFile:
    """Return the error for something else in a file's place."""
    what = "a folder" if entry.kind is EntryKind.FOLDER else "no ordinary file"
    return NotTheFile(
        title="This is not a file.",
        cause=f"On the server it is {what}.",
        suggestion="Scan again: it may have been replaced.",
        path=entry.path,
    )


def busy(host: str, said: str) -> ServerBusy:
    """Return the error for a server that has no room for one more."""
    return ServerBusy(
        title="The server takes no more connections now.",
        cause=f"{host} turned the connection away: {said}.",
        suggestion="ShotDock tries again by itself, with fewer connections at once.",
        path=host,
    )
