"""Failed files grouped by cause: one card says what 300 lines would."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from desktop.core.errors import ShotDockError
from desktop.core.task import FileResult, TaskFile


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause of failure, and how many files it stopped. Causes with the same words are equal."""

    error: ShotDockError = field(compare=False)
    count: int
    words: tuple[str, ...]


def causes(files: Iterable[TaskFile]) -> tuple[Cause, ...]:
    """Group the failed files by what went wrong, the commonest cause first.

    Titles that differ in nothing but the file they name are one cause, told by its first file.
    """
    found: dict[tuple[str, str], list[TaskFile]] = {}
    for file in files:
        if file.result is FileResult.FAILED:
            kind = str((file.error or {}).get("kind", ""))
            found.setdefault((kind, _title(file).replace(_name(file), "")), []).append(file)
    groups = sorted(found.values(), key=len, reverse=True)
    return tuple(_cause(members) for members in groups)


def _cause(members: list[TaskFile]) -> Cause:
    first = members[0].error or {}
    error = ShotDockError(
        title=_title(members[0]),
        cause=str(first.get("cause", "")),
        suggestion=str(first.get("suggestion", "")),
        path=members[0].target if len(members) == 1 else "",
    )
    return Cause(error, len(members), (error.title, error.cause, error.suggestion, error.path))


def _title(file: TaskFile) -> str:
    """Return what happened, with the file's name in place of its whole path."""
    title = str((file.error or {}).get("title", "")) or file.reason or "This file failed."
    return title.replace(file.source, _name(file))


def _name(file: TaskFile) -> str:
    return file.source.rpartition("/")[2]
