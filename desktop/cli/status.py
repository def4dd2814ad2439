"""Exit statuses, and which error leads to which."""

from collections.abc import Iterable, Mapping

from desktop.core.errors import (
    ConnectionLost,
    HostKeyChanged,
    HostKeyUnknown,
    LoginFailed,
    NotAllowed,
    NotEncrypted,
    RootMissing,
    ServerBusy,
    ShotDockError,
    TimedOut,
    Unreachable,
    Unsupported,
    UsageError,
)

DONE = 0
FAILED = 1
USAGE = 2
NOT_REACHED = 3
INTERRUPTED = 130

_NOT_REACHED = (
    Unreachable,
    LoginFailed,
    HostKeyUnknown,
    HostKeyChanged,
    NotEncrypted,
    NotAllowed,
    TimedOut,
    ConnectionLost,
    ServerBusy,
    Unsupported,
)
"""What keeps a command from its server; raised before a byte was written, nothing was touched."""

_CLOSED_DOORS = frozenset(
    kind.kind for kind in (Unreachable, LoginFailed, HostKeyUnknown, HostKeyChanged, NotEncrypted)
)


def status_of(error: ShotDockError) -> int:
    """Return the exit status of a command that an error ended before it touched anything."""
    if isinstance(error, UsageError | RootMissing):
        return USAGE
    return NOT_REACHED if isinstance(error, _NOT_REACHED) else FAILED


def status_of_failures(errors: Iterable[Mapping[str, object]], arrived: bool) -> int:
    """Return the exit status of a transfer with these failed files; arrived: something was done all the same."""
    kinds = {error["kind"] for error in errors}
    return NOT_REACHED if kinds and kinds <= _CLOSED_DOORS and not arrived else FAILED
