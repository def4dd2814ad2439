"""Failed files grouped by cause: one card says what 300 lines would."""

from collections.abc import Iterable
from dataclasses import dataclass

from desktop.core.errors import ShotDockError
from desktop.core.task import FileResult, TaskFile


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause of failure, and how many files it stopped."""

    error: ShotDockError
    count: int
    retryable: bool


def causes(files: Iterable[TaskFile]) -> tuple[Cause, ...]:
    """Group the failed files by what went wrong, the commonest cause first."""
    found: dict[tuple[str, str], list[TaskFile]] = {}
    for file in files:
        if file.result is FileResult.FAILED:
            error = file.error or {}
            key = (str(error.get("kind", "")), str(error.get("title", "")) or file.reason or "This file failed.")
            found.setdefault(key, []).append(file)
    groups = sorted(found.items(), key=lambda pair: -len(pair[1]))
    return tuple(_cause(title, members) for (_, title), members in groups)


def _cause(title: str, members: list[TaskFile]) -> Cause:
    first = members[0].error or {}
    error = ShotDockError(
        title=title,
        cause=str(first.get("cause", "")),
        suggestion=str(first.get("suggestion", "")),
        path=members[0].target if len(members) == 1 else "",
    )
    return Cause(error, len(members), bool(first.get("retryable", True)))
