"""Failed files grouped by cause: one card says what 300 lines would - what happened, what was tried, what to do."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from desktop.core.errors import ShotDockError
from desktop.core.task import FileResult, Task, TaskFile

EXAMPLES = 5
"""Files a cause names at most."""
AWAY = "unreachable"
FULL = "disk-full"
AT_ONCE = (FULL, "file-in-use")
"""What may pass, and ends a file at its first try: nobody but people can do anything about it."""
WORDS = {
    AWAY: "Server away",
    "timed-out": "Server silent",
    "connection-lost": "Line cut",
    "server-busy": "Server busy",
    FULL: "Disk full",
    "file-in-use": "File in use",
    "still-uploading": "Still being written",
    "remote-changed": "Changed on the server",
    "truncated": "Cut short",
    "corrupted": "Damaged on the way",
    "database-busy": "Database busy",
}
"""What may pass, by its kind, in the two or three words a row has room for."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause of failure, and how many files it stopped. Causes with the same words are equal.

    tried: what was done about it so far, in words. retryable: trying again may help without anything being changed.
    files: some of the files, as they are called below the destination. kind: the error's.
    """

    error: ShotDockError = field(compare=False)
    count: int
    words: tuple[str, ...]
    tried: str = ""
    retryable: bool = False
    files: tuple[str, ...] = ()
    kind: str = ""


def causes(files: Iterable[TaskFile], task: Task | None = None) -> tuple[Cause, ...]:
    """Group failed files, and those put off after they failed, by what went wrong, the commonest cause first.

    Titles that differ in nothing but the file they name are one cause, told by its first file. task: whose files they
    are, for how often it was tried.
    """
    found: dict[tuple[str, str], list[TaskFile]] = {}
    for file in files:
        if file.result is FileResult.FAILED or (file.result is FileResult.PENDING and file.error):
            kind = str((file.error or {}).get("kind", ""))
            found.setdefault((kind, _title(file).replace(_name(file), "")), []).append(file)
    groups = sorted(found.values(), key=len, reverse=True)
    return tuple(_cause(members, task) for members in groups)


def put_off_words(found: Iterable[Cause]) -> str:
    """Return in a sentence or two which of these causes put a task off, "" if none may pass."""
    passing = [cause for cause in found if cause.retryable]
    if not passing:
        return ""
    first, *others = [WORDS.get(cause.kind, "Failed") for cause in passing]
    also = ", ".join(word.lower() for word in dict.fromkeys(others) if word != first)
    return f"{first}: {passing[0].error.title}{f' Also: {also}.' if also else ''}"


def _cause(members: list[TaskFile], task: Task | None) -> Cause:
    first = members[0].error or {}
    error = ShotDockError(
        title=_title(members[0]),
        cause=str(first.get("cause", "")),
        suggestion=str(first.get("suggestion", "")),
        path=members[0].target if len(members) == 1 else "",
    )
    kind = str(first.get("kind", ""))
    retryable = bool(first.get("retryable")) or kind == AWAY
    return Cause(
        error,
        len(members),
        (error.title, error.cause, error.suggestion, error.path),
        _tried(retryable, kind, task),
        retryable,
        tuple(file.target for file in members[:EXAMPLES]),
        kind,
    )


def _tried(retryable: bool, kind: str, task: Task | None) -> str:
    if not retryable:
        return "Tried once: trying again would have changed nothing."
    if kind == FULL and task is not None and task.put_off:
        return "Whether there is room by now is looked at again and again; what came is kept."
    tries = 0 if task is None else task.turn.attempts + (not task.put_off)
    if tries <= 1:
        if kind == AWAY:
            return "Tried once: nobody answered."
        if kind in AT_ONCE:
            return "Tried once; what came is kept."
        return "Tried several times, with growing pauses, each time from the byte reached."
    return f"Tried {tries} times over the whole task, each time from the byte reached."


def _title(file: TaskFile) -> str:
    """Return what happened, with the file's name in place of its whole path."""
    title = str((file.error or {}).get("title", "")) or file.reason or "This file failed."
    return title.replace(file.source, _name(file))


def _name(file: TaskFile) -> str:
    return file.source.rpartition("/")[2]
