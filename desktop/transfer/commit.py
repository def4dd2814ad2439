"""Give a complete part its final name, by the call that fits what is there now."""

import errno
import hashlib
import os
import stat
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from desktop.core.errors import Corrupted, FileInUse, TargetUnwritable, UsageError
from desktop.core.task import FileResult
from desktop.transfer.disk import disk, read_at
from desktop.transfer.names import NAME_MAX, shown
from desktop.transfer.ports import ConflictStrategy, Decision, Facts, Verdict

PATIENCE = 1.5
"""Seconds for which a refused rename is tried again: a virus scanner or a viewer may hold the file for a moment."""
_NAP = 0.05
_RACES = 20
"""How often the target may change under our hands before that is an error of its own."""
_NO_LINKS = (
    errno.EPERM,
    errno.ENOTSUP,
    errno.EOPNOTSUPP,
    errno.ENOSYS,
    errno.EMLINK,
    errno.EACCES,
    errno.EINVAL,
    errno.EXDEV,
    errno.ENOSPC,
)
_HASHES = {32: "md5", 40: "sha1", 64: "sha256", 96: "sha384", 128: "sha512"}
_READ = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Placed:
    """How a part ended: the result, and the reason in words or ""."""

    result: FileResult
    reason: str = ""


def look(target: str) -> Facts | None:
    """Return the facts of an existing target, None if the name is free; a link is judged by what it points to.

    Raises TargetUnwritable if a folder, or anything else that is no file, bears the name; OSError.
    """
    try:
        facts = os.lstat(target)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISLNK(facts.st_mode):
        try:
            facts = os.stat(target)
        except OSError:
            return Facts(None, None)  # it leads nowhere; the name is taken all the same
    if not stat.S_ISREG(facts.st_mode):
        kind = "folder" if stat.S_ISDIR(facts.st_mode) else "device"
        raise TargetUnwritable(
            title=f"{shown(Path(target).name)} cannot be written: a {kind} has this name.",
            cause=f"The server has a file where the destination has a {kind}.",
            suggestion=f"Move the {kind} away, then retry.",
            path=shown(target),
        )
    return Facts(facts.st_size, facts.st_mtime_ns / 1e9, precision=1e-6)


def judge(target: str, incoming: Facts, conflict: ConflictStrategy) -> Verdict | None:
    """Ask the strategy about the target as it is now; None if the name is free."""
    existing = look(target)
    return None if existing is None else conflict(existing, incoming)


def place(part: str, target: str, incoming: Facts, conflict: ConflictStrategy) -> Placed:
    """Rename a whole, synced and closed part to its target, or remove it if the strategy says to skip.

    Raises ShotDockError; the part then stays, and the old file is whole. The caller syncs the folder.
    """
    with disk(target):
        for _ in range(_RACES):
            if _patiently(lambda: _take_free(part, target), target):
                return Placed(FileResult.DOWNLOADED)
            verdict = judge(target, incoming, conflict)
            if verdict is None:
                continue  # it was there a moment ago and is gone
            if verdict.decision is Decision.SKIP:
                Path(part).unlink(missing_ok=True)
                return Placed(FileResult.SKIPPED, verdict.reason)
            if verdict.decision is Decision.REPLACE:
                _patiently(lambda: _replace(part, target), target)
                return Placed(FileResult.OVERWRITTEN, verdict.reason)
            backup = _back_up(target)
            if backup is not None:
                _patiently(lambda: _replace(part, target), target)
                return Placed(FileResult.KEPT_BOTH, f"{verdict.reason} as {shown(backup)}")
    raise FileInUse(
        title=f"{shown(Path(target).name)} keeps changing.",
        cause=f"Another program made or removed it {_RACES} times while it was to be placed.",
        suggestion="Stop the other program, then resume.",
        path=shown(target),
    )


def backup_name(name: str, now: float, count: int = 1) -> str:
    """Return the name an existing file is kept under: `{stem}_backup_{YYYYmmdd_HHMMSS}{suffix}`, `_2` and so on added.

    now: seconds since the epoch, told in local time. A stem is cut where the name would be too long.
    """
    path = Path(name)
    suffix = path.suffix
    tail = f"_backup_{time.strftime('%Y%m%d_%H%M%S', time.localtime(now))}{f'_{count}' if count > 1 else ''}{suffix}"
    room = NAME_MAX - len(os.fsencode(tail))
    kept = os.fsencode(path.stem)
    if len(kept) <= room:
        return path.stem + tail
    return kept[: max(1, room)].decode("utf-8", "ignore") + tail


def check_hash(fd: int, size: int, wanted: str, path: str) -> None:
    """Read the file back and compare its hash: `sha256:hex`, or hex digits whose number tells the algorithm.

    Raises Corrupted with both digests, UsageError for a hash that is none, OSError.
    """
    algorithm, _, digits = wanted.lower().rpartition(":")
    algorithm = algorithm or _HASHES.get(len(digits), "")
    if algorithm not in hashlib.algorithms_guaranteed or algorithm.startswith("shake"):
        raise UsageError(
            title=f"{wanted!r} is no hash ShotDock can check.",
            cause=f"Known: {', '.join(sorted(_HASHES.values()))}.",
            suggestion="Correct the list the hash came from.",
            path=path,
        )
    found = hashlib.new(algorithm, usedforsecurity=False)
    offset = 0
    while offset < size and (data := read_at(fd, min(_READ, size - offset), offset)):
        found.update(data)
        offset += len(data)
    if found.hexdigest() != digits:
        raise Corrupted(
            title=f"{shown(Path(path).name)} arrived damaged.",
            cause=f"Its {algorithm} is {found.hexdigest()}, {digits} was expected.",
            suggestion="It is fetched again; if that does not help, the file on the server is damaged.",
            path=shown(path),
        )


def _take_free(part: str, target: str) -> bool:
    """Rename part to target unless that name is taken; return whether it was free.

    A link and an unlink do it without ever replacing anything; Windows' rename refuses by itself. File systems
    without links (exFAT, some SMB shares), or without room for one, get a look and a rename: there, another
    program that makes the very name between these two calls loses its file. Our own runs do not: a name has one
    writer in a run.
    """
    try:
        if sys.platform == "win32":
            os.rename(part, target)
            return True
        os.link(part, target)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if os.path.lexists(target):
            return False
        os.rename(part, target)
        return True
    with suppress(FileNotFoundError):
        os.unlink(part)
    return True


def _replace(part: str, target: str) -> bool:
    os.replace(part, target)
    return True


def _back_up(target: str) -> str | None:
    """Give the existing target a second name that was free; return it, or None if the target is gone.

    Where there are no links the target is renamed: for a moment it has the backup's name only.
    """
    folder, name = os.path.split(target)
    now = time.time()
    for count in range(1, 1000):
        backup = backup_name(name, now, count)
        path = os.path.join(folder, backup)
        try:
            os.link(target, path)
        except FileExistsError:
            continue
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            if os.path.lexists(path):
                continue
            _patiently(partial(_replace, target, path), target)
        return backup
    raise FileInUse(
        title=f"{shown(name)} has too many backups of this second.",
        cause="999 names were taken.",
        suggestion="Resume in a moment.",
        path=shown(target),
    )


def _patiently(call: Callable[[], bool], target: str) -> bool:
    """Make a call again for PATIENCE seconds while access is denied; then raise FileInUse or TargetUnwritable."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return call()
        except PermissionError as error:
            if not os.access(os.path.dirname(target), os.W_OK):
                raise
            if time.monotonic() < deadline:
                time.sleep(_NAP)
                continue
            raise FileInUse(
                title=f"{shown(Path(target).name)} is held by another program.",
                cause=f"It could not be replaced for {PATIENCE} s: {error.strerror}.",
                suggestion="Close it there, then resume.",
                path=shown(target),
            ) from error
