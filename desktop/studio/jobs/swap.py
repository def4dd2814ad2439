"""A folder put in another's place, so that one of the two is there whole whatever happens.

Beside the folder NAME lie, while work is under way or was killed:

    .NAME.<token>.extract    being filled; dropped by the next one, once its owner is dead
    .NAME.<token>.old        the old folder, whole, in the instant between two renames; goes back if NAME is free
    .NAME.<token>.dead       an old folder whose place is taken; being removed
"""

import os
import re
import secrets
import shutil
import sys
import time
from contextlib import suppress
from itertools import count
from pathlib import Path

from desktop.core.errors import FileInUse, TargetUnwritable
from desktop.core.task import FileResult
from desktop.transfer.commit import backup_name
from desktop.transfer.disk import disk, lock, sync_folder
from desktop.transfer.names import shown
from desktop.transfer.partfile import stem
from desktop.transfer.ports import ConflictStrategy, Decision, Facts

_STALE = 86_400.0
"""Seconds after which a folder being filled is taken for abandoned where no lock can tell."""
_RACES = 20


class Swap:
    """A new folder on its way to its place. target: the place; a link is followed. Raises TargetUnwritable.

    folder: to be filled, then `place` it; `close` drops what is left, and has to be called.
    """

    def __init__(self, target: Path) -> None:
        self.target = Path(os.path.realpath(target))
        self._prefix = f".{stem(self.target.name)}."
        token = secrets.token_hex(8)
        self.folder = self._beside(token, "extract")
        self._old = self._beside(token, "old")
        with disk(self.target):
            self.target.parent.mkdir(parents=True, exist_ok=True)
            self._clear_up()
            self.folder.mkdir()
        self._held = _hold(self.folder)

    def place(self, size: int, conflict: ConflictStrategy) -> tuple[FileResult, str]:
        """Give the filled folder its place; return what became of it and why.

        size: bytes of its files. Raises TargetUnwritable, FileInUse; the old folder then is in its place.
        """
        with disk(self.target):
            for _ in range(_RACES):
                existing = look(self.target)
                if existing is None:
                    if not _move(self.folder, self.target):
                        continue
                    done, reason = FileResult.DOWNLOADED, ""
                else:
                    verdict = conflict(existing, Facts(size, None))
                    if verdict.decision is Decision.SKIP:
                        return FileResult.SKIPPED, verdict.reason
                    keep = verdict.decision is Decision.KEEP_BOTH
                    backup = self._backup() if keep else self._old
                    if not (_move(self.target, backup) and self._take(backup)):
                        continue
                    done, reason = FileResult.OVERWRITTEN, verdict.reason
                    if keep:
                        done, reason = FileResult.KEPT_BOTH, f"{reason} as {shown(backup.name)}"
                sync_folder(str(self.target.parent))
                return done, reason
        raise FileInUse(
            title=f"{shown(self.target.name)} keeps changing.",
            cause=f"Another program made or removed it {_RACES} times while it was to be placed.",
            suggestion="Stop the other program, then try again.",
            path=shown(str(self.target)),
        )

    def close(self) -> None:
        """Drop what was not placed, and an old folder that was replaced; one that was not goes back."""
        if self._held is not None:
            os.close(self._held)
            self._held = None
        _remove(self.folder)
        _settle(self._old, self.target)

    def _take(self, backup: Path) -> bool:
        """Move the new folder in; where that fails, the old one goes back."""
        try:
            moved = _move(self.folder, self.target)
        except OSError:
            _move(backup, self.target)
            raise
        if not moved and backup == self._old:
            # Somebody made a folder there in that instant: the one that was there before is kept in sight.
            _move(backup, self._backup())
        return moved

    def _backup(self) -> Path:
        now = time.time()
        names = (backup_name(self.target.name, now, number) for number in count(1))
        return next(path for name in names if not os.path.lexists(path := self.target.parent / name))

    def _beside(self, token: str, kind: str) -> Path:
        return self.target.parent / f"{self._prefix}{token}.{kind}"

    def _clear_up(self) -> None:
        """Put back, or drop, what killed runs left."""
        left = re.compile(re.escape(self._prefix) + r"[0-9a-f]{16}\.(old|dead|extract)")
        for path in sorted(self.target.parent.iterdir()):
            if not (match := left.fullmatch(path.name)) or path.is_symlink():
                continue
            if match[1] == "old":
                _settle(path, self.target)
            elif match[1] == "dead" or _abandoned(path):
                _remove(path)


def look(target: Path) -> Facts | None:
    """Return the bytes of all files in a folder, None if the name is free; raise TargetUnwritable if a file has it."""
    if not os.path.lexists(target):
        return None
    if not target.is_dir():
        raise TargetUnwritable(
            title=f"{shown(target.name)} cannot be made: a file has this name.",
            cause="A folder is to be put there.",
            suggestion="Move the file away, or choose another folder.",
            path=shown(str(target)),
        )
    size = 0
    for folder, _, files in os.walk(target):
        for file in files:
            with suppress(OSError):
                size += os.lstat(f"{folder}{os.sep}{file}").st_size
    return Facts(size, None)


def _move(folder: Path, place: Path) -> bool:
    """Rename a folder to a free name; return False if it is gone, or the name is taken."""
    if os.path.lexists(place):
        return False
    try:
        folder.rename(place)
    except FileNotFoundError:
        return False
    except OSError:
        if os.path.lexists(place):
            return False
        raise
    return True


def _settle(old: Path, target: Path) -> None:
    """Put an old folder back if its place is free; drop it if the place is taken, under a name that says so first."""
    with suppress(OSError):  # it stays for the next one to try
        if not _move(old, target):
            dead = old.with_suffix(".dead")
            old.rename(dead)
            _remove(dead)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


if sys.platform == "win32":

    def _hold(folder: Path) -> int | None:
        return None

else:

    def _hold(folder: Path) -> int | None:
        """Lock a folder for as long as the returned descriptor is open."""
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        lock(fd)
        return fd


def _abandoned(folder: Path) -> bool:
    """Tell whether nobody fills a folder any more."""
    if sys.platform != "win32":
        try:
            fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            free = lock(fd)
        finally:
            os.close(fd)
        if free is not None:
            return free
    with suppress(OSError):
        return time.time() - folder.stat().st_mtime > _STALE
    return False
