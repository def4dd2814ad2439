"""Results go into the database: the file's row and, by the difference they make, the counters above it."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from desktop.core.media import Entry
from desktop.core.plan import Action, ItemState
from desktop.core.redaction import redact
from desktop.core.task import FileResult, TaskState
from desktop.store.access import Access, stored
from desktop.store.tables import FileRow, ItemRow
from desktop.store.task_rows import COUNTERS, counters_of
from desktop.store.task_states import item_state


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """How one file of a task ended. transferred, reused: bytes of this attempt. reason: "" keeps the plan's.

    error: the failure as `ShotDockError.as_dict` gives it, or None. PENDING takes a result back. sha256: hex digits of
    a file that arrived, as it was read back from the disk, or "". facts: of a file that came otherwise than planned.
    """

    file_id: int
    result: FileResult
    resumed: bool = False
    transferred: int = 0
    reused: int = 0
    reason: str = ""
    error: dict[str, object] | None = None
    sha256: str = ""
    facts: Entry | None = None


# While lanes compute, whatever goes through Python row by row waits for the interpreter's lock at each of them. So a
# batch goes in as JSON texts, one for all the files that ended alike, and its sums come out. UPDATE ... FROM wants
# SQLite 3.33. CROSS JOIN keeps the order: SQLite would rather walk all of the task's files than look the batch's up.
_SUMS = """
    SELECT file.item_id AS item_id, file.result AS result, count(*) AS files, sum(file.resumed) AS resumed,
        coalesce(sum(file.size), 0) AS size, sum(file.transferred) AS transferred, sum(file.reused) AS reused
    FROM json_each(?) AS wanted CROSS JOIN file ON file.id = wanted.value CROSS JOIN item ON item.id = file.item_id
    WHERE item.task_id = ? GROUP BY file.item_id, file.result
"""
_SUMMED = "json_group_array(json_array(item_id, result, files, resumed, size, transferred, reused))"
_BEFORE = f"SELECT {_SUMMED} FROM ({_SUMS})"
_AFTER = f"""
    WITH sums AS ({_SUMS})
    SELECT json_array(
        json((SELECT {_SUMMED} FROM sums)),
        json((SELECT json_group_array(json_array(id, state, {", ".join(COUNTERS)})) FROM item
            WHERE id IN (SELECT item_id FROM sums))),
        (SELECT state FROM task WHERE id = ?)
    )
"""
# Where the server told no size before, what arrived is the size.
_UPDATE_FILES = """
    UPDATE file SET result = :result, resumed = :resumed, reused = :reused, transferred = new.value,
        error = CASE WHEN :kept THEN error END, sha256 = NULL, arrived = CASE WHEN :arrived THEN :now END,
        size = CASE WHEN :arrived THEN coalesce(size, new.value + :reused) ELSE size END
    FROM json_each(:transferred) AS new
    WHERE file.id = CAST(new.key AS INTEGER)
        AND EXISTS (SELECT 1 FROM item WHERE item.id = file.item_id AND item.task_id = :task)
"""
_UPDATE_FACTS = """
    UPDATE file SET sha256 = json_extract(new.value, '$[0]'),
        size = coalesce(json_extract(new.value, '$[2]'), size),
        mtime = CASE WHEN json_extract(new.value, '$[1]') THEN json_extract(new.value, '$[3]') ELSE mtime END,
        precision = coalesce(json_extract(new.value, '$[4]'), precision),
        etag = CASE WHEN json_extract(new.value, '$[1]') THEN json_extract(new.value, '$[5]') ELSE etag END
    FROM json_each(?) AS new
    WHERE file.id = CAST(new.key AS INTEGER)
        AND EXISTS (SELECT 1 FROM item WHERE item.id = file.item_id AND item.task_id = ?)
"""
_UPDATE_WORDS = "UPDATE file SET error = ?, reason = CASE WHEN ? = '' THEN reason ELSE ? END WHERE id = ?"
_ITEMS_OF = """
    SELECT json_group_array(json_array(file.id, file.item_id))
    FROM json_each(?) AS wanted CROSS JOIN file ON file.id = wanted.value CROSS JOIN item ON item.id = file.item_id
    WHERE item.task_id = ?
"""
_ADD = ", ".join(f"{name} = {name} + json_extract(new.value, '$[{place}]')" for place, name in enumerate(COUNTERS, 2))
_UPDATE_ITEMS = f"""
    UPDATE item SET {_ADD}, state = json_extract(new.value, '$[1]'), error_message =
        CASE WHEN json_extract(new.value, '$[{len(COUNTERS) + 2}]') THEN warning ELSE error_message END
    FROM json_each(?) AS new WHERE item.id = json_extract(new.value, '$[0]')
"""
_UPDATE_MESSAGE = "UPDATE item SET error_message = ? WHERE id = ?"
_UPDATE_TASK = f"UPDATE task SET {', '.join(f'{name} = {name} + ?' for name in COUNTERS)}, touched = ? WHERE id = ?"

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

_Changes = dict[int, list[int]]
"""Item id -> the difference that results make to its counters, in the order of COUNTERS."""


def record(
    access: Access, task_id: int, outcomes: Sequence[FileOutcome], now: float, errors_kept: bool = False
) -> None:
    """Apply the outcomes inside `writing`. Files that are not the task's (any more) are passed over.

    An outcome replaces the file's earlier one, so recording twice counts once. errors_kept: an error of before stays
    where there is no new one.
    """
    # The last word on a file counts, should a batch hold two.
    latest = {outcome.file_id: outcome for outcome in outcomes}
    ids = json.dumps(list(latest))
    changes: _Changes = {}
    _sum_up(json.loads(access.value(_BEFORE, ids, task_id)), changes, -1)
    for (result, resumed, reused), transferred in _alike(latest.values()).items():
        access.change(
            _UPDATE_FILES,
            result=result.value,
            resumed=resumed,
            reused=reused,
            arrived=result.arrived,
            kept=errors_kept,
            transferred=json.dumps(transferred),
            task=task_id,
            now=now,
        )
    facts = {outcome.file_id: _facts(outcome) for outcome in latest.values() if outcome.sha256 or outcome.facts}
    if facts:
        access.change(_UPDATE_FACTS, json.dumps(facts), task_id)
    sums, items, state = json.loads(access.value(_AFTER, ids, task_id, task_id))
    _sum_up(sums, changes, 1)
    told = [number for number, outcome in latest.items() if outcome.reason or outcome.error is not None]
    failures: dict[int, str] = {}
    if told:
        ours = json.loads(access.value(_ITEMS_OF, json.dumps(told), task_id))
        access.many(_UPDATE_WORDS, [_words(latest[number]) for number, _ in ours])
        for number, item in ours:
            if latest[number].result is FileResult.FAILED and not failures.get(item):
                failures[item] = _in_words(latest[number].error)
    rows, messages = _moved(items, changes, failures, state == TaskState.RUNNING.value)
    access.change(_UPDATE_ITEMS, json.dumps(rows))
    if messages:
        access.many(_UPDATE_MESSAGE, messages)
    total = [sum(column) for column in zip(*changes.values(), strict=True)] or [0] * len(COUNTERS)
    access.change(_UPDATE_TASK, *total, now, task_id)


def reset_failed(access: Access, task_id: int, retryable_only: bool, now: float, kinds: Collection[str] = ()) -> None:
    """Make failed files pending again, inside `writing`; those the plan blocked stay failed.

    retryable_only: those whose error may pass by itself, and those with an error of these kinds; they keep it.
    """
    query = (
        FileRow.select(FileRow.id, FileRow.error)
        .join(ItemRow)
        .where(
            ItemRow.task == task_id,
            FileRow.result == FileResult.FAILED.value,
            FileRow.action != Action.BLOCKED.value,
        )
    )
    again = []
    for number, text in access.rows(query):
        error = json.loads(text) if retryable_only and text is not None else {}
        if not retryable_only or error.get("retryable") or error.get("kind") in kinds:
            again.append(FileOutcome(number, FileResult.PENDING))
    record(access, task_id, again, now, errors_kept=retryable_only)


def _alike(outcomes: Iterable[FileOutcome]) -> dict[tuple[FileResult, bool, int], dict[int, int]]:
    """Return bytes transferred by file, of those that ended with the same result, resumed and reused."""
    alike: dict[tuple[FileResult, bool, int], dict[int, int]] = {}
    for outcome in outcomes:
        alike.setdefault((outcome.result, outcome.resumed, outcome.reused), {})[outcome.file_id] = outcome.transferred
    return alike


def _sum_up(sums: Iterable[tuple[Any, ...]], changes: _Changes, sign: int) -> None:
    """Add what files count (rows of _SUMS), or with -1 take it away. A size is planned once it is known."""
    for item, word, files, resumed, *sizes in sums:
        change, result = changes.setdefault(item, [0] * len(COUNTERS)), _RESULTS[word]
        for place in _COUNTED[result]:
            change[place] += sign * files
        if result.arrived:
            change[2] += sign * resumed
        for place, size in enumerate(sizes, 7):
            change[place] += sign * size


def _facts(outcome: FileOutcome) -> tuple[object, ...]:
    """Return the values of _UPDATE_FACTS."""
    file = outcome.facts
    told = (None,) * 4 if file is None else (file.size, file.mtime, file.precision, file.etag)
    return outcome.sha256 or None, file is not None, *told


def _words(outcome: FileOutcome) -> tuple[object, ...]:
    """Return the values of _UPDATE_WORDS."""
    reason = stored(redact(outcome.reason))
    error = None
    if outcome.error is not None:
        shown = {name: redact(part) if isinstance(part, str) else part for name, part in outcome.error.items()}
        error = json.dumps(shown)
    return error, reason, reason, outcome.file_id


def _moved(
    items: Iterable[tuple[Any, ...]], changes: _Changes, failures: dict[int, str], running: bool
) -> tuple[list[tuple[Any, ...]], list[tuple[object, ...]]]:
    """Return the values of _UPDATE_ITEMS and of _UPDATE_MESSAGE. items: id, state and counters of each as it stands."""
    rows, messages = list[tuple[Any, ...]](), list[tuple[object, ...]]()
    for number, state, *counted in items:
        change = changes[number]
        cured = False
        if state != ItemState.SKIPPED.value:
            before, _ = counters_of(tuple(counted))
            after, _ = counters_of(tuple(map(sum, zip(counted, change, strict=True))))
            state = item_state(after, running).value
            cured = not after.failed
            if after.failed and not before.failed and failures.get(number):
                messages.append((stored(redact(failures[number])), number))
        rows.append((number, state, *change, cured))
    return rows, messages


def _in_words(error: dict[str, object] | None) -> str:
    if error is None:
        return ""
    return " ".join(str(error[part]) for part in ("title", "cause") if error.get(part))
