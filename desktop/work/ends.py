"""How a task ended, in words."""

from desktop.core.causes import causes, put_off_words
from desktop.core.task import FileResult, Task
from desktop.core.units import format_duration
from desktop.store.database import Store


def first_error(store: Store, task: Task) -> str:
    """Return what the first of a task's failed files failed of, or ""."""
    if not task.files.failed:
        return ""
    failed = store.tasks.files(task.id, results=(FileResult.FAILED,), limit=1)
    return str(failed[0].error["title"]) if failed and failed[0].error else ""


def passing(store: Store, task: Task) -> str:
    """Return what failed of a task and may pass, or "" if nothing did; also once that is to be tried again."""
    return put_off_words(causes(store.tasks.failures(task.id)))


def reason(store: Store, task: Task, now: float) -> str:
    """Return why a task failed, and how often it was tried. now: seconds since the epoch."""
    turn = task.turn
    words = passing(store, task) if turn.attempts else ""
    if not (words and turn.first_failed):
        return first_error(store, task)
    return f"{words} Tried {times(turn.attempts + 1)} in {format_duration(now - turn.first_failed)}."


def summary(task: Task) -> str:
    """Return how many files ended how."""
    files = task.files
    return (
        f"Finished ({task.outcome}): {files.downloaded} downloaded, {files.skipped} skipped, "
        f"{files.overwritten} overwritten, {files.kept_both} kept both, {files.failed} failed."
    )


def times(count: int) -> str:
    """Return how often, in words."""
    return "once" if count == 1 else f"{count} times"
