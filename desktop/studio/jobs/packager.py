"""The result packager: a reconstruction's ZIP made from its output folder, a chunk at a time.

    results = ResultZip(folder)          for an answer over HTTP: raises IncompleteResultsError before a byte is sent
    results.size, results.tag            Content-Length, ETag
    results.chunks(start, stop)          the body, or any range of it

    create_result_zip(folder, target)    for a file on disk, or anything with a `write`

What is packed and what makes it complete stands in `contents.py`, why nothing is compressed in `stored.py`. An
incomplete result is not packed: who receives a ZIP cannot see that half of it is missing. A model that is complete can
be packed alone by naming it.
"""

import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from desktop.core.errors import IncompleteResultsError, NotFound, Stopped, UsageError
from desktop.core.paths import exists
from desktop.studio.jobs.contents import MODELS, incomplete, take_stock
from desktop.studio.jobs.stored import StoredZip
from desktop.transfer import conflicts  # noqa: F401  the strategies register themselves
from desktop.transfer.commit import place
from desktop.transfer.disk import disk, sync_data, sync_folder
from desktop.transfer.names import shown
from desktop.transfer.partfile import part_path
from desktop.transfer.ports import CONFLICTS, Facts

__all__ = [
    "IncompleteResultsError",
    "ResultZip",
    "Writable",
    "create_result_zip",
    "result_zip_size",
    "validate_job_outputs",
]


StrPath = str | os.PathLike[str]


class Writable(Protocol):
    """Where bytes can be put one after the other: an open file, a socket's or a pipe's; it need not seek."""

    def write(self, data: bytes, /) -> object:
        """Take the bytes, or return how many of them were taken."""


def validate_job_outputs(output_dir: StrPath, models: Sequence[str] = MODELS) -> tuple[bool, list[str]]:
    """Return whether an output folder holds complete results, and what is missing if not.

    Raises NotFound if there is no such folder.
    """
    missing = list(take_stock(_folder(output_dir), models).missing)
    return not missing, missing


class ResultZip:
    """The ZIP of an output folder as it is now; may be kept and asked for several ranges.

    Raises NotFound if there is no such folder, IncompleteResultsError with what is missing. pulse: called between
    readings; what it raises ends them.
    """

    def __init__(
        self, output_dir: StrPath, models: Sequence[str] = MODELS, pulse: Callable[[], None] = lambda: None
    ) -> None:
        stock = take_stock(_folder(output_dir), models)
        if stock.missing:
            raise incomplete(stock.missing, shown(str(output_dir)))
        self.files = stock.files
        self.absent = stock.absent
        self._zip = StoredZip(stock.files, pulse)

    @property
    def size(self) -> int:
        """Bytes of the whole ZIP."""
        return self._zip.size

    @property
    def tag(self) -> str:
        """A word that changes when the ZIP does."""
        return self._zip.tag

    def chunks(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield the bytes from start to stop (exclusive; None for the end), 1 MiB at most at once.

        Raises StillUploading if a file changed since, NotAllowed if one cannot be read.
        """
        return self._zip.chunks(start, stop)


def result_zip_size(output_dir: StrPath, models: Sequence[str] = MODELS) -> int:
    """Return the bytes the ZIP will have, without reading any file; raises as ResultZip does."""
    return ResultZip(output_dir, models).size


def create_result_zip(
    output_dir: StrPath,
    target: StrPath | Writable,
    *,
    models: Sequence[str] = MODELS,
    progress: Callable[[int, int], None] = lambda done, size: None,
    stopped: Callable[[], bool] = lambda: False,
) -> ResultZip:
    """Write the ZIP of an output folder and return what was written.

    target: a path, which gets the ZIP, in the place of a file that has its name, once it is whole and durable; or
    anything that takes bytes. progress: told the bytes written and the bytes there will be. Raises what ResultZip and
    its `chunks` do, Stopped, and for a path UsageError, DiskFull, TargetUnwritable and the like; the path then is as it
    was.
    """

    def pulse() -> None:
        if stopped():
            raise Stopped

    results = ResultZip(output_dir, models, pulse)
    if isinstance(target, str | os.PathLike):
        path = Path(target)
        _refuse_place(results, path)
        _write_file(results, path.absolute(), progress)
    else:
        _write(results, target.write, progress)
    return results


def _write(results: ResultZip, write: Callable[[bytes], object], progress: Callable[[int, int], None]) -> None:
    done = 0
    for data in results.chunks():
        taken = write(data)
        while isinstance(taken, int) and taken < len(data):  # a raw file or socket takes what it has room for
            data = data[taken:]
            done += taken
            taken = write(data)
        done += len(data)
        progress(done, results.size)


def _write_file(results: ResultZip, target: Path, progress: Callable[[int, int], None]) -> None:
    part = Path(part_path(str(target), secrets.token_hex(8)))
    try:
        with disk(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            with part.open("xb", buffering=0) as stream:
                _write(results, stream.write, progress)
                sync_data(stream.fileno())
        place(str(part), str(target), Facts(results.size, None), CONFLICTS["overwrite"])
    finally:
        with suppress(OSError):
            part.unlink()  # moved away by now, if all went well
    with disk(target):
        sync_folder(str(target.parent))


def _refuse_place(results: ResultZip, target: Path) -> None:
    if os.path.isdir(target):  # noqa: PTH112  # a Path raises where one may not even look
        raise UsageError(
            title=f"{shown(target.name)} is a folder.",
            cause="The ZIP is to have this name.",
            suggestion="Name a file in it.",
            path=shown(str(target)),
        )
    if exists(target) and any(target.samefile(file.path) for file in results.files):
        raise UsageError(
            title="The ZIP would take the place of a file that is to be packed.",
            suggestion="Give it another name, or another folder.",
            path=shown(str(target)),
        )


def _folder(output_dir: StrPath) -> Path:
    if not os.path.isdir(output_dir):  # noqa: PTH112  # a Path raises where one may not even look
        raise NotFound(
            title="There is no such output folder.",
            cause="A folder that a job wrote its results to is expected.",
            suggestion="Check the path; a mounted folder may not be mounted.",
            path=shown(str(output_dir)),
        )
    return Path(output_dir)
