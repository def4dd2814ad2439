"""A job's ZIP made a folder: looked through first, unpacked aside, put in place when it is whole.

Until then nothing but a hidden folder beside the target is touched; what fails or is cancelled leaves the target and
the ZIP as they were. What a ZIP may hold stands in `archive_listing.py`, how a folder takes another's place in
`swap.py`.
"""

import os
import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from desktop.core.errors import DiskFull, Stopped
from desktop.core.task import FileResult
from desktop.core.units import format_bytes
from desktop.studio.jobs.archive_ends import Limits, damaged, reading
from desktop.studio.jobs.archive_listing import Listing, Member, list_archive
from desktop.studio.jobs.contents import MODELS, missing_of
from desktop.studio.jobs.swap import Swap, look
from desktop.transfer import conflicts  # noqa: F401  the strategies register themselves
from desktop.transfer.disk import create, disk, sync_data, sync_folder
from desktop.transfer.names import Below, shown
from desktop.transfer.ports import CONFLICTS, Decision, Facts

_CHUNK = 1024 * 1024
_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Unpacked:
    """How an archive ended. folder: where it is. reason: in words, or "". files, size: what was unpacked, in bytes."""

    folder: Path
    result: FileResult
    reason: str = ""
    files: int = 0
    size: int = 0


def validate_result_zip(
    archive: Path, models: Sequence[str] = MODELS, limits: Limits = _LIMITS
) -> tuple[bool, list[str]]:
    """Return whether a ZIP holds complete results, and what is missing if not; nothing is unpacked.

    Raises NotTheFile, BadArchive, HostileName, NameTooLong, NotFound, NotAllowed as `unpack` does.
    """
    missing = list(missing_of(sizes_of(archive, limits), models))
    return not missing, missing


def sizes_of(archive: Path, limits: Limits = _LIMITS) -> dict[str, int]:
    """Return a ZIP's files with the bytes each will have; nothing is unpacked. Raises as `validate_result_zip` does."""
    with _opened(archive, limits) as listing:
        return {member.target: member.info.file_size for member in listing.files}


def read_members(archive: Path, targets: Collection[str], most: int, limits: Limits = _LIMITS) -> dict[str, bytes]:
    """Return these files of a ZIP, those that are there, without unpacking anything; each cut behind most + 1 bytes.

    For what decides whether to unpack, such as quality.json. Raises as `validate_result_zip` does.
    """
    found = {}
    with _opened(archive, limits) as listing, reading(shown(archive.name)):
        for member in listing.files:
            if member.target in targets:
                with listing.archive.open(member.info) as stream:
                    found[member.target] = stream.read(most + 1)
    return found


def unpack(
    archive: Path,
    target: Path,
    conflict: str,
    *,
    limits: Limits = _LIMITS,
    progress: Callable[[int, int], None] = lambda done, size: None,
    stopped: Callable[[], bool] = lambda: False,
) -> Unpacked:
    """Unpack a ZIP to the folder `target`, which is made or, as the strategy `conflict` says, replaced as a whole.

    progress: told the bytes written and the bytes there will be. Raises NotTheFile if it is no ZIP, BadArchive if it is
    damaged or does not keep what it promises, HostileName and NameTooLong for what it names its files, DiskFull,
    TargetUnwritable, FileInUse, NotFound, NotAllowed, UsageError for an unknown strategy, Stopped.
    """
    strategy = CONFLICTS[conflict]
    with _opened(archive, limits) as listing:
        existing = look(Path(os.path.realpath(target)))
        if existing is not None:
            verdict = strategy(existing, Facts(listing.size, None))
            if verdict.decision is Decision.SKIP:
                return Unpacked(target, FileResult.SKIPPED, verdict.reason)
        swap = Swap(target)
        try:
            _refuse_if_full(swap.folder, listing.size)
            _fill(swap.folder, listing, shown(archive.name), progress, stopped)
            if stopped():
                raise Stopped
            result, reason = swap.place(listing.size, strategy)
        finally:
            swap.close()
    if result is FileResult.SKIPPED:
        return Unpacked(target, result, reason)
    return Unpacked(target, result, reason, len(listing.files), listing.size)


@contextmanager
def _opened(archive: Path, limits: Limits) -> Iterator[Listing]:
    name = shown(archive.name)
    with reading(name):
        stream = archive.open("rb")
    with stream:
        yield list_archive(stream, name, limits)


def _fill(
    folder: Path, listing: Listing, name: str, progress: Callable[[int, int], None], stopped: Callable[[], bool]
) -> None:
    below = Below(folder)
    done, size = 0, listing.size
    with disk(folder):
        for path in listing.folders:
            os.mkdir(below.path(path))  # noqa: PTH102  # what was checked is text

    def wrote(count: int) -> None:
        nonlocal done
        done += count
        progress(done, size)
        if stopped():
            raise Stopped

    for member in listing.files:
        _write(member, below.path(member.target), listing, name, wrote)
    with disk(folder):
        for path in ("", *listing.folders):
            sync_folder(str(folder / path))


def _write(member: Member, path: str, listing: Listing, name: str, wrote: Callable[[int], None]) -> None:
    """Write a file, telling the bytes of each step; raise BadArchive unless it is what the archive says.

    A mode it may bring, setuid and all, stays behind: the file is one like any other of its user's.
    """
    with disk(path):
        fd = create(path)
    try:
        with reading(name), listing.archive.open(member.info) as stream:
            left = member.info.file_size
            while data := stream.read(_CHUNK):
                left -= len(data)
                with disk(path):
                    _put(fd, data)
                wrote(len(data))
        if left:
            raise damaged(name, f"{shown(member.target)} ends {left:,} bytes early.")
        with disk(path):
            sync_data(fd)
    finally:
        os.close(fd)


def _put(fd: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]


def _refuse_if_full(folder: Path, size: int) -> None:
    with disk(folder):
        free = shutil.disk_usage(folder).free
    if free < size:
        raise DiskFull(
            title="There is no room to unpack the archive.",
            cause=f"It needs {format_bytes(size)}, {format_bytes(free)} are free.",
            suggestion="Free some space on the destination, or choose another.",
            path=shown(str(folder.parent)),
        )
