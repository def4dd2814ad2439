"""How a task ended, in words."""

from collections import Counter
from collections.abc import Iterable

from desktop.core.causes import causes, put_off_words
from desktop.core.errors import DiskFull
from desktop.core.plan import NAMED, ItemState
from desktop.core.task import FileResult, Task
from desktop.core.units import format_duration
from desktop.store.database import Store
from desktop.store.tasks import FileOutcome


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


def unanswered(store: Store, task: Task) -> str:
    """Return in words that not a single shot has the version that was asked for by name, or ""."""
    if task.files.planned or task.version_strategy not in NAMED:
        return ""
    items = [item for item in store.tasks.items(task.id) if item.key is not None]
    if not items or any(item.state is not ItemState.SKIPPED for item in items):
        return ""
    version = task.specific_version or "asked for"
    return f"No shot has the version {version}. {items[0].label}: {items[0].error_message}"


def error_lines(outcomes: Iterable[FileOutcome], told: set[str]) -> list[str]:
    """Return what the task's log tells of files that failed.

    told: kinds of errors that were told of one file and hold for all that are left; those told now are added.
    """
    errors: Counter[str] = Counter()
    for outcome in outcomes:
        if (error := outcome.error) is None or error["kind"] in told:
            continue
        if error["kind"] == DiskFull.kind:
            told.add(DiskFull.kind)
        errors[f"{error['path']}: {error['title']} {error['cause']}"] += 1
    # A server that goes away takes a thousand files with it: that is one thing to tell.
    return [words if count == 1 else f"{count} files: {words}" for words, count in errors.items()]


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
