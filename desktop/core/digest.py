"""One message about one task that has ended: what came, what did not, and why."""

from collections.abc import Sequence
from dataclasses import dataclass

from desktop.core.causes import Cause
from desktop.core.errors import ShotDockError
from desktop.core.redaction import redact
from desktop.core.routine import Routine
from desktop.core.task import Task
from desktop.core.units import counted, format_bytes, format_duration

CAUSES = 5
"""Causes a message tells at most."""

_WORDS = {"done": "done", "up-to-date": "all up to date", "partial": "partly failed", "failed": "failed"}


@dataclass(frozen=True, slots=True)
class Digest:
    """A message. failed: it tells of something that went wrong. task: its number, or None."""

    title: str
    body: str
    failed: bool = False
    task: int | None = None


def digest(task: Task, causes: Sequence[Cause] = ()) -> Digest:
    """Return the message about a task that is done or failed."""
    files, outcome = task.files, task.outcome
    came = f"{files.downloaded} of {counted(files.planned, 'file')} came ({format_bytes(task.bytes.transferred)})"
    if task.started is not None and task.finished is not None:
        came += f" in {format_duration(task.finished - task.started)}"
    lines = [
        f"{came}."
        if outcome != "up-to-date"
        else f"Nothing to do: {'the file is' if files.planned == 1 else f'all {files.planned} files are'} here."
    ]
    counts = [
        f"{count} {word}"
        for count, word in (
            (files.skipped if outcome != "up-to-date" else 0, "skipped"),
            (files.overwritten, "overwritten"),
            (files.kept_both, "kept both"),
            (files.failed, "failed"),
        )
        if count
    ]
    lines += [f"{', '.join(counts)}."] if counts else []
    lines.append(f"Folder: {task.destination}")
    for cause in causes[:CAUSES]:
        lines.append(f"- {cause.count}x {cause.error.title} {cause.error.cause} {cause.tried}".rstrip())
    if len(causes) > CAUSES:
        lines.append(f"- and {len(causes) - CAUSES} more causes")
    if task.error and not causes:
        lines.append(task.error)
    failed = outcome in ("partial", "failed")
    return Digest(redact(f"{task.name}: {_WORDS.get(outcome, outcome)}"), redact("\n".join(lines)), failed, task.id)


def broken(routine: Routine, error: ShotDockError) -> Digest:
    """Return the message about a run of a routine that could not be planned."""
    return Digest(redact(f"{routine.name}: could not be planned"), redact(str(error)), failed=True)
