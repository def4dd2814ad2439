"""Check the files of a folder against their receipts: nothing is written, a hash that was noted is made again."""

import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path

from desktop.core.errors import NotFound
from desktop.core.verify import Checked, Noted, Verdict
from desktop.store.receipts import Spot
from desktop.transfer.conflicts.compare import TOLERANCE
from desktop.transfer.disk import from_disk

_READ = 1024 * 1024
_GONE = (FileNotFoundError, NotADirectoryError)


def spots(folder: Path, destinations: Iterable[str]) -> Iterator[Spot]:
    """Yield where destinations of tasks meet the folder: those that are it, lie below it or above it.

    Links are followed on both sides, so that a folder is known by any of its names.
    """
    names = _names(str(folder))
    for destination in destinations:
        ways = {(_way(mine, theirs), _way(theirs, mine)) for mine in names for theirs in _names(destination)}
        for lead, under in sorted(ways, key=str):
            if lead is not None:
                yield Spot(destination, lead=lead)
            elif under is not None:
                yield Spot(destination, under=under)


def check(folder: Path, noted: Iterable[Noted], read: Callable[[int], None]) -> Iterator[Checked]:
    """Yield how each file compares with its receipt, in their order. read: told of bytes as they are read.

    A file whose hash is known is whole if it still has it, whatever its date; of any other, size and date are all
    there is to compare. Raises NotFound if the folder itself is gone: its files are not what is missing then.
    """
    device = folder.stat().st_dev
    for note in noted:
        try:
            verdict, cause = compare(os.path.join(folder, note.path), note, read)  # noqa: PTH118  100,000 of them
        except _GONE:
            _check_device(folder, device)
            verdict, cause = Verdict.MISSING, "nothing has its name any more"
        except OSError as error:
            verdict, cause = Verdict.UNREADABLE, error.strerror or str(error)
        yield Checked(note, verdict, cause)


def compare(path: str, note: Noted, read: Callable[[int], None] = lambda _size: None) -> tuple[Verdict, str]:
    """Return how one file compares with its receipt, and in words what is wrong, or "". Raises OSError."""
    seen = os.stat(path)  # noqa: PTH116  100,000 of them
    if not stat.S_ISREG(seen.st_mode):
        return Verdict.MISSING, f"a {'folder' if stat.S_ISDIR(seen.st_mode) else 'device'} has its name"
    if note.size is not None and seen.st_size != note.size:
        return Verdict.OTHER_SIZE, f"{seen.st_size:,} bytes are there, {note.size:,} came"
    mtime = seen.st_mtime_ns / 1e9
    dated = note.mtime is None or abs(mtime - note.mtime) <= max(note.precision, TOLERANCE)
    dates = "" if dated or note.mtime is None else f"its date is {_date(mtime)}, it came with {_date(note.mtime)}"
    if not note.sha256:
        return (Verdict.CHANGED, dates) if dates else (Verdict.WHOLE, "")
    found = _sha256(path, read)
    if found == note.sha256:
        return Verdict.WHOLE, ""
    hashes = f"its SHA-256 is {found}, {note.sha256} came"
    return (Verdict.CHANGED, f"{dates}; {hashes}") if dates else (Verdict.DAMAGED, hashes)


def _check_device(folder: Path, device: int) -> None:
    """Refuse to miss file after file in the empty folder that an unmounted share leaves behind."""
    try:
        there = folder.stat().st_dev == device
    except OSError:
        there = False
    if not there:
        raise NotFound(
            title="The folder is gone.",
            cause=f"{folder} was removed or unmounted while it was checked.",
            suggestion="Connect the disk or share again, then verify again.",
            path=str(folder),
        )


def _sha256(path: str, read: Callable[[int], None]) -> str:
    found = hashlib.sha256(usedforsecurity=False)
    with Path(path).open("rb", buffering=0) as file:
        from_disk(file.fileno())
        while data := file.read(_READ):
            found.update(data)
            read(len(data))
    return found.hexdigest()


def _names(path: str) -> set[str]:
    return {os.path.abspath(path), os.path.realpath(path)}  # noqa: PTH100  Path has no abspath


def _way(above: str, below: str) -> str | None:
    """Return the way down from one folder to another, "" if they are one, None if there is none."""
    if above == below:
        return ""
    inside = above.rstrip(os.sep) + os.sep
    return f"{below[len(inside) :]}/".replace(os.sep, "/") if below.startswith(inside) else None


def _date(seconds: float) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds):%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError, OSError):
        return f"{seconds:.0f} s from 1970 on"  # some file systems keep more than a calendar has
