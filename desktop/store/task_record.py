"""Results go into the database: the file's row and, by the difference they make, the counters above it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from desktop.core.plan import Action, ItemState
from desktop.core.redaction import redact
from desktop.core.task import FileResult, TaskState
from desktop.store.access import Access, chunks, stored
from desktop.store.tables import FileRow, ItemRow
from desktop.store.task_rows import COUNTERS, counters_of
from desktop.store.task_states import item_state


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """How one file of a task ended. transferred, reused: bytes of this attempt. reason: "" keeps the plan's.

    error: the failure as `ShotDockError.as_dict` gives it, or None. PENDING takes a result back.
    """

    file_id: int
    result: FileResult
    resumed: bool = False
    transferred: int = 0
    reused: int = 0
    reason: str = ""
    error: dict[str, object] | None = None


# While lanes compute, every row that goes through Python one by one waits for the interpreter's lock twice. So a batch
# goes in and out as one JSON text, whatever its length. UPDATE ... FROM wants SQLite 3.33.
# CROSS JOIN keeps the order: SQLite would rather walk all of the task's files than look the batch's up.
_STANDING = """
    SELECT json_group_array(json_array(file.id, file.item_id, file.result, file.resumed, file.transferred, file.reused,
        file.size))
    FROM json_each(?) AS wanted CROSS JOIN file ON file.id = wanted.value CROSS JOIN item ON item.id = file.item_id
    WHERE item.task_id = ?
"""
_UPDATE_FILES = """
    UPDATE file SET
        result = json_extract(new.value, '$[1]'),
        resumed = json_extract(new.value, '$[2]'),
        transferred = json_extract(new.value, '$[3]'),
        reused = json_extract(new.value, '$[4]'),
        size = json_extract(new.value, '$[5]'),
        error = NULL
    FROM json_each(?) AS new WHERE file.id = json_extract(new.value, '$[0]')
"""
_UPDATE_WORDS = "UPDATE file SET error = ?, reason = CASE WHEN ? = '' THEN reason ELSE ? END WHERE id = ?"
_ADD = ", ".join(f"{name} = {name} + ?" for name in COUNTERS)
_UPDATE_ITEM = f"UPDATE item SET {_ADD}, state = ?, error_message = ? WHERE id = ?"
_UPDATE_TASK = f"UPDATE task SET {_ADD}, touched = ? WHERE id = ?"

_RESULTS = {result.value: result for result in FileResult}
_COUNTED = {
    FileResult.PENDING: (),
    FileResult.DOWNLOADED: (1,),
    FileResult.OVERWRITTEN: (1, 4),
    FileResult.KEPT_BOTH: (1, 5),
    FileResult.SKIPPED: (3,),
    FileResult.FAILED: (6,),
}
"""Which of COUNTERS a file with this result counts in."""


class _Change:
    """The difference that results make to one row of counters, in the order of COUNTERS."""

    __slots__ = ("failure", "values")

    def __init__(self) -> None:
        self.values = [0] * len(COUNTERS)
        self.failure = ""

    def add(self, sign: int, result: FileResult, resumed: int, transferred: int, reused: int) -> None:
        values = self.values
        for place in _COUNTED[result]:
            values[place] += sign
        if resumed and result.arrived:
            values[2] += sign
        values[8] += sign * transferred
        values[9] += sign * reused


def record(access: Access, task_id: int, outcomes: Sequence[FileOutcome], now: float) -> None:
    """Apply the outcomes inside `writing`. Files that are not the task's (any more) are passed over.

    An outcome replaces the file's earlier one, so recording twice counts once.
    """
    # The last word on a file counts, should a batch hold two.
    latest = {outcome.file_id: outcome for outcome in outcomes}
    changes: dict[int, _Change] = {}
    rows: list[tuple[object, ...]] = []
    words = []
    for number, item, result, resumed, transferred, reused, size in _standing(access, task_id, list(latest)):
        outcome = latest[number]
        change = changes.setdefault(item, _Change())
        change.add(-1, _RESULTS[result], resumed, transferred, reused)
        change.add(1, outcome.result, outcome.resumed, outcome.transferred, outcome.reused)
        if size is None and outcome.result.arrived:
            # The server told no size before; now it is known, and planned bytes are what came.
            size = outcome.transferred + outcome.reused
            change.values[7] += size
        if outcome.result is FileResult.FAILED and not change.failure:
            change.failure = _in_words(outcome.error)
        rows.append((number, outcome.result.value, int(outcome.resumed), outcome.transferred, outcome.reused, size))
        if outcome.reason or outcome.error is not None:
            words.append(_words(outcome))
    access.change(_UPDATE_FILES, json.dumps(rows))
    access.many(_UPDATE_WORDS, words)
    _apply(access, task_id, changes, now)


def reset_failed(access: Access, task_id: int, retryable_only: bool, now: float) -> None:
    """Make failed files pending again, inside `writing`; those the plan blocked stay failed."""
    query = (
        FileRow.select(FileRow.id, FileRow.error)
        .join(ItemRow)
        .where(
            ItemRow.task == task_id,
            FileRow.result == FileResult.FAILED.value,
            FileRow.action != Action.BLOCKED.value,
        )
    )
    again = [
        FileOutcome(number, FileResult.PENDING)
        for number, error in access.rows(query)
        if not retryable_only or (error is not None and json.loads(error)["retryable"])
    ]
    record(access, task_id, again, now)


def _standing(access: Access, task_id: int, ids: list[int]) -> list[list[Any]]:
    """Return id, item, result, resumed, transferred, reused and size of those of the files that are the task's."""
    found: list[list[Any]] = json.loads(access.value(_STANDING, json.dumps(ids), task_id))
    return found


def _words(outcome: FileOutcome) -> tuple[object, ...]:
    """Return the values of _UPDATE_WORDS."""
    reason = stored(redact(outcome.reason))
    error = None
    if outcome.error is not None:
        shown = {name: redact(part) if isinstance(part, str) else part for name, part in outcome.error.items()}
        error = json.dumps(shown)
    return error, reason, reason, outcome.file_id


def _apply(access: Access, task_id: int, changes: dict[int, _Change], now: float) -> None:
    running = access.value(f"SELECT state FROM task WHERE id = {task_id:d}") == TaskState.RUNNING.value
    columns = (ItemRow.id, ItemRow.state, ItemRow.error_message, ItemRow.warning)
    columns += tuple(getattr(ItemRow, name) for name in COUNTERS)
    total = [0] * len(COUNTERS)
    rows = []
    for part in chunks(tuple(changes)):
        for number, state, message, warning, *counted in access.rows(
            ItemRow.select(*columns).where(ItemRow.id.in_(part))
        ):
            change = changes[number]
            before, _ = counters_of(tuple(counted))
            after, _ = counters_of(tuple(map(sum, zip(counted, change.values, strict=True))))
            if state != ItemState.SKIPPED.value:
                state = item_state(after, running).value
                if not after.failed:
                    message = warning
                elif not before.failed:
                    message = stored(redact(change.failure)) or message
            total = [*map(sum, zip(total, change.values, strict=True))]
            rows.append((*change.values, state, message, number))
    access.many(_UPDATE_ITEM, rows)
    access.many(_UPDATE_TASK, [(*total, now, task_id)])


def _in_words(error: dict[str, object] | None) -> str:
    if error is None:
        return ""
    return " ".join(str(error[part]) for part in ("title", "cause") if error.get(part))
