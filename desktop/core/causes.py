"""Failed files grouped by cause: one card says what 300 lines would - what happened, what was tried, what to do."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from desktop.core.errors import ShotDockError
from desktop.core.task import FileResult, Task, TaskFile

EXAMPLES = 5
"""Files a cause names at most."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause of failure, and how many files it stopped. Causes with the same words are equal.

    tried: what was done about it so far, in words. retryable: trying again may help without anything being changed.
    files: some of the files, as they are called below the destination.
    """

    error: ShotDockError = field(compare=False)
    count: int
    words: tuple[str, ...]
    tried: str = ""
    retryable: bool = False
    files: tuple[str, ...] = ()


def causes(files: Iterable[TaskFile], task: Task | None = None) -> tuple[Cause, ...]:
    """Group the failed files by what went wrong, the commonest cause first.

    Titles that differ in nothing but the file they name are one cause, told by its first file. task: whose files they
    are, for how often it was tried.
    """
    found: dict[tuple[str, str], list[TaskFile]] = {}
    for file in files:
        if file.result is FileResult.FAILED:
            kind = str((file.error or {}).get("kind", ""))
            found.setdefault((kind, _title(file).replace(_name(file), "")), []).append(file)
    groups = sorted(found.values(), key=len, reverse=True)
    return tuple(_cause(members, task) for members in groups)


def _cause(members: list[TaskFile], task: Task | None) -> Cause:
    first = members[0].error or {}
    error = ShotDockError(
        title=_title(members[0]),
        cause=str(first.get("cause", "")),
        suggestion=str(first.get("suggestion", "")),
        path=members[0].target if len(members) == 1 else "",
    )
    away = first.get("kind") == "unreachable"
    retryable = bool(first.get("retryable")) or away
    return Cause(
        error,
        len(members),
        (error.title, error.cause, error.suggestion, error.path),
        _tried(retryable, away, task),
        retryable,
        tuple(file.target for file in members[:EXAMPLES]),
    )


def _tried(retryable: bool, away: bool, task: Task | None) -> str:
    if not retryable:
        return "Tried once: trying again would have changed nothing."
    attempts = 0 if task is None else task.turn.attempts
    if not attempts:
        if away:
            return "Tried once: nobody answered."
        return "Tried several times, with growing pauses, each time from the byte reached."
    return f"Tried {attempts + 1} times over the whole task, each time from the byte reached."


def _title(file: TaskFile) -> str:
    """Return what happened, with the file's name in place of its whole path."""
    title = str((file.error or {}).get("title", "")) or file.reason or "This file failed."
    return title.replace(file.source, _name(file))


def _name(file: TaskFile) -> str:
    return file.source.rpartition("/")[2]
