"""Part files: where the bytes of a file wait until it is whole.

A part lies beside its target and is called `.<name>.<token>.part`; the token is the task's, so two tasks never
write one part. A part of 4 MiB or more has a journal `.<name>.<token>.part.journal`. A living owner holds a
lock on its part, which a crash releases: a part without a living owner is adopted if its journal fits the file
on the server, and removed otherwise, when its target is fetched again. File systems without locks are judged
by the process id in the journal; on Windows a file that is open can be neither renamed nor removed.
"""

import hashlib
import os
import socket
import stat
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from desktop.core.media import Entry
from desktop.transfer.disk import lock, reopen
from desktop.transfer.journal import Journal, read_journal
from desktop.transfer.keeper import Keeper
from desktop.transfer.sameness import agree, provable

JOURNAL_FROM = 4 * 1024 * 1024
"""Bytes from which on a file keeps a journal; a smaller one is fetched again as quickly as it is looked up."""
_SUFFIX = ".part"
_LONGEST_STEM = 180
"""Bytes: leaves room for a token of 32 characters and `.part.journal.new` in a name of 255."""
_STALE = 3600.0
"""Seconds after which a part without journal, on a file system without locks, is taken for abandoned."""
_FAR_STALE = 900.0
"""Seconds without a new journal after which the owner on another machine is taken for gone, where no lock can tell."""


def stem(name: str) -> str:
    """Return how a part's name spells its target's name: as it is, or shortened with a hash."""
    if len(name) * 4 <= _LONGEST_STEM:
        return name
    data = os.fsencode(name)
    if len(data) <= _LONGEST_STEM:
        return name
    short = data[: _LONGEST_STEM - 17].decode("utf-8", "ignore")
    return f"{short}~{hashlib.sha256(data).hexdigest()[:16]}"


def split(target: str) -> tuple[str, str]:
    """Return the folder and name of a target; much quicker than pathlib, and called for every file."""
    at = target.rfind(os.sep)
    folder = target[:at]
    return (folder if folder and folder[-1] != ":" else folder + os.sep), target[at + 1 :]


def part_path(target: str, token: str) -> str:
    """Return where the part of the target is."""
    folder, name = split(target)
    return f"{folder.rstrip(os.sep)}{os.sep}.{stem(name)}.{token}{_SUFFIX}"


def journal_path(part: str) -> str:
    """Return where the journal of the part is."""
    return f"{part}.journal"


def discard(target: Path, token: str) -> None:
    """Remove the token's part and journal of the target, if there are any; raise OSError."""
    part = part_path(str(target), token)
    Path(part).unlink(missing_ok=True)
    _drop_journals(part)


@dataclass(frozen=True, slots=True)
class Adopted:
    """A part taken over: its descriptor, locked, and what its journal said."""

    fd: int
    journal: Journal


class PartIndex:
    """The part files of every folder looked at, each folder read once. Not for several threads."""

    def __init__(self) -> None:
        self._folders: dict[str, dict[str, set[str]]] = {}

    def fresh(self, folder: str) -> None:
        """Note that the folder was just made, and is empty."""
        self._folders[folder] = {}

    def reusable(self, target: Path, file: Entry) -> int:
        """Return how many bytes a part without living owner would save."""
        best = 0
        for part in self._parts(str(target)):
            journal = _fitting(part, file)
            if journal is not None and journal.bytes > best and not _owned(part, journal):
                best = journal.bytes
        return best

    def adopt(self, target: str, token: str, file: Entry) -> Adopted | None:
        """Take over the best part of a dead run for our token, and remove other dead ones of the same target.

        Raises OSError. A part of another source path, with its journal, is left for whoever fetches that.
        """
        parts = self._parts(target)
        if not parts:
            return None
        journals = {part: _fitting(part, file) for part in parts}
        adopted = None
        for part in sorted(parts, key=lambda part: -_bytes(journals[part])):
            journal = journals[part]
            if journal is not None and adopted is None:
                adopted = _take_over(part, part_path(target, token), journal)
                if adopted is None and _doubled(part):
                    _remove_dead(part)
            elif journal is not None or _useless(part, file):
                _remove_dead(part)
        return adopted

    def remains(self, target: str) -> list[str]:
        """Return what a crash left beside a file that had got its name: its part's name, or only that of a journal."""
        return [part for part in self._parts(target) if _doubled(part) or not os.path.lexists(part)]

    def tidy(self, target: str) -> None:
        """Remove what `remains`; raise OSError."""
        for part in self.remains(target):
            _remove_dead(part)

    def _parts(self, target: str) -> list[str]:
        """Return the paths of the target's parts, whether the part or only its journal is there."""
        folder, name = split(target)
        names = self._folders.get(folder)
        if names is None:
            names = self._folders[folder] = _scan(folder)
        if not names:
            return []
        return [os.path.join(folder, part) for part in sorted(names.get(stem(name), ()))]


def _scan(folder: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if name[0] != "." or _SUFFIX not in name:
                continue
            part = name.removesuffix(".new").removesuffix(".journal")
            spelled, dot, token = part.removesuffix(_SUFFIX)[1:].rpartition(".")
            if part.endswith(_SUFFIX) and dot and token:
                found.setdefault(spelled, set()).add(part)
    return found


def _fitting(part: str, file: Entry) -> Journal | None:
    """Return the part's journal if it tells of the same file, as far as the plan can know."""
    journal = read_journal(journal_path(part))
    if journal is None or journal.file.path != file.path or not provable(journal.file):
        return None
    return None if agree(journal.file, file) is False else journal


def _useless(part: str, file: Entry) -> bool:
    """Tell whether nobody will want the part: no journal, or the file it was made of is no more."""
    journal = read_journal(journal_path(part))
    return journal is None or journal.file.path == file.path


def _bytes(journal: Journal | None) -> int:
    return journal.bytes if journal else 0


def _owned(part: str, journal: Journal) -> bool:
    """Tell whether a living run writes the part, or there is none."""
    fd = _claim(part, journal)
    if fd is None:
        return True
    os.close(fd)
    return False


def _claim(part: str, journal: Journal | None, own: bool = False) -> int | None:
    """Open and lock a dead owner's part; None if the owner lives or the part is no plain file of its own.

    own: the part bears our token, so that our own process is not its living owner.
    """
    try:
        fd = reopen(part)
    except OSError:
        return None
    facts = os.fstat(fd)
    # A second name means that a crash came between giving the final name and dropping the part's: hands off.
    free = stat.S_ISREG(facts.st_mode) and facts.st_nlink == 1
    if free:
        locked = lock(fd)
        free = _abandoned(part, facts, journal, own) if locked is None else locked
    if not free:
        os.close(fd)
        return None
    return fd


def _abandoned(part: str, facts: os.stat_result, journal: Journal | None, own: bool) -> bool:
    """Judge, where no lock can tell, whether a part's owner is gone."""
    if sys.platform == "win32":
        return True  # an open file refuses the rename or removal that follows
    if journal is None:
        return own or time.time() - facts.st_mtime > _STALE
    if journal.host != socket.gethostname():
        with suppress(OSError):
            return time.time() - Path(journal_path(part)).stat().st_mtime > _FAR_STALE
        return False
    if journal.pid == os.getpid():
        return own
    try:
        os.kill(journal.pid, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):  # no number of a process at all
        return False
    return False


def _take_over(part: str, ours: str, journal: Journal) -> Adopted | None:
    fd = _claim(part, journal, own=part == ours)
    if fd is None:
        return None
    try:
        # First a journal under the new name, then the part, then the old journal goes: a crash in between
        # leaves a part with its journal. One that was being written when its owner died goes as well.
        Keeper(journal_path(ours), journal.file, journal.blocks, journal.notes).claim()
        if _strange(fd, journal, journal_path(ours)):
            os.close(fd)
            fd = -1
            _remove_dead(part)
            _drop_journals(ours)
            return None
        if sys.platform == "win32":
            os.close(fd)
            fd = -1
            os.rename(part, ours)
            fd = reopen(ours)
        elif part != ours:
            os.replace(part, ours)
        if part != ours:
            _drop_journals(part)
    except OSError as error:
        if fd >= 0:
            os.close(fd)  # with it goes the lock: nobody is to wait for us
        if sys.platform == "win32" and isinstance(error, PermissionError):
            return None  # its owner has it open
        raise
    return Adopted(fd, journal)


def _strange(fd: int, journal: Journal, ours: str) -> bool:
    """Tell whether a part or its journal is another user's: what is planted in a shared folder is no beginning of ours.

    ours: a journal just made. Whose it is shows whose files made here are; some shares make all of them one user's.
    """
    me = os.stat(ours).st_uid
    return not os.fstat(fd).st_uid == journal.user == me


def _remove_dead(part: str) -> None:
    """Remove a part whose owner is gone, with its journal; a journal without part goes too."""
    if os.path.lexists(part):
        journal = read_journal(journal_path(part))
        fd = _claim(part, journal)
        if fd is None and not _doubled(part):
            return
        if fd is not None and sys.platform == "win32":
            os.close(fd)
        try:
            Path(part).unlink(missing_ok=True)
        except PermissionError:
            return
        finally:
            if fd is not None and sys.platform != "win32":
                os.close(fd)
    _drop_journals(part)


def _drop_journals(part: str) -> None:
    """Remove the part's journal, and the next one if a crash left it half written."""
    for path in (journal_path(part), f"{journal_path(part)}.new"):
        Path(path).unlink(missing_ok=True)


def _doubled(part: str) -> bool:
    """Tell whether the part is a second name of a committed file, which only a crash leaves behind."""
    try:
        facts = os.lstat(part)
    except OSError:
        return False
    return stat.S_ISREG(facts.st_mode) and facts.st_nlink > 1
