"""A plan becomes rows: a task, its items, its files."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

from desktop.core import errors
from desktop.core.plan import Action, ItemState, Plan, PlannedFile, PlannedItem
from desktop.core.redaction import redact
from desktop.core.schedule import Turn
from desktop.core.task import Bytes, Counts, FileResult, TaskState
from desktop.store.access import Access, stored
from desktop.store.tables import FileRow, ItemRow, TaskRow
from desktop.store.task_rows import COUNTERS, counters, counters_of, turn_columns
from desktop.store.task_states import item_state

_ITEM_COLUMNS = (
    "id",
    "task_id",
    "site",
    "label",
    "project",
    "episode",
    "sequence",
    "shot",
    "department",
    "selected_version",
    "available_versions",
    "latest_version",
    "local_version",
    "state",
    "error_message",
    "warning",
    *COUNTERS,
)
_FILE_COLUMNS = (
    "item_id",
    "remote_path",
    "local_path",
    "size",
    "mtime",
    "precision",
    "etag",
    "action",
    "result",
    "reason",
    "error",
)
_FILE_ZEROS = ("resumed", "transferred", "reused")

_ACTIONS = {action: action.value for action in Action}
_WORDS = {result: result.value for result in FileResult}

_HELP = {
    errors.HostileName.kind: "Ask whoever published it to rename the file, or remove the link that leads out.",
    errors.NameTooLong.kind: "Choose a destination with a shorter path.",
    errors.StillUploading.kind: "Scan and plan again when the upload has ended.",
    errors.DiskFull.kind: "Free some space or choose another destination, then plan again.",
    errors.NotFound.kind: "Check how it is spelled and whether it is still there, then plan again.",
    errors.NotAllowed.kind: "Ask its owner for access, then plan again.",
    errors.Unreachable.kind: "Check address, port and network, and whether the server is running; then plan again.",
    errors.LoginFailed.kind: "Check user name, password and key, then plan again.",
    errors.HostKeyUnknown.kind: "Compare the fingerprint with the one the studio published, trust it, then plan again.",
    errors.ConflictAsked.kind: "Rename one of the two, or choose another destination, then plan again.",
    errors.TargetUnwritable.kind: "Make the destination writable or choose another one, then plan again.",
}
"""What to do about a file the plan blocked, by the error's kind."""


def insert_plan(access: Access, plan: Plan, token: str, name: str, now: float, owner: str, turn: Turn) -> int:
    """Insert the plan as a waiting task behind all others, inside `writing`; return the task's id.

    now: seconds since the epoch. turn: when it may start; its position is given here.
    """
    per_item = [_count(item) for item in plan.items]
    total = [sum(column) for column in zip(*per_item, strict=True)] or [0] * len(COUNTERS)
    request = plan.request
    task_id = access.insert(
        TaskRow,
        {
            "token": token,
            "name": name,
            "connection": request.connection,
            "destination": str(request.destination),
            "version_strategy": request.version_strategy.value,
            "specific_version": request.specific_version,
            "conflict_strategy": request.conflict,
            "parallel": request.options.parallel,
            "segments": request.options.segments,
            "limit_rate": request.options.limit_rate,
            "verify": request.options.verify,
            "state": TaskState.WAITING.value,
            "created": now,
            "touched": now,
            "owner": owner,
            "error": "",
            **turn_columns(replace(turn, position=last_position(access) + 1)),
            **dict(zip(COUNTERS, total, strict=True)),
        },
    )
    # The write lock is held: nobody else takes these numbers.
    first = (access.value("SELECT MAX(id) FROM item") or 0) + 1
    numbered = list(enumerate(plan.items, first))
    access.add(ItemRow, _ITEM_COLUMNS, (_item_row(n, task_id, item, per_item[n - first]) for n, item in numbered))
    access.add(FileRow, _FILE_COLUMNS, (_file_row(n, item, file) for n, item, file in _by_rank(numbered)), _FILE_ZEROS)
    return task_id


def last_position(access: Access) -> float:
    """Return the position of the last task of the queue, whatever its state."""
    return float(access.value("SELECT MAX(position) FROM task") or 0)


def _by_rank(numbered: Sequence[tuple[int, PlannedItem]]) -> Iterator[tuple[int, PlannedItem, PlannedFile]]:
    """Yield every file with its item and the item's number: lower ranks first, as listed within one.

    The files' ids are the order of their transfer.
    """
    for rank in sorted({file.rank for _, item in numbered for file in item.files}):
        for number, item in numbered:
            for file in item.files:
                if file.rank == rank:
                    yield number, item, file


def _fate(item: PlannedItem, file: PlannedFile) -> FileResult:
    """Return how a planned file begins: what the plan already decided needs no lane."""
    if file.action is Action.BLOCKED:
        return FileResult.FAILED
    if file.action is Action.SKIP or item.state is ItemState.SKIPPED:
        return FileResult.SKIPPED
    return FileResult.PENDING


def _count(item: PlannedItem) -> tuple[int, ...]:
    """Return the values of the COUNTERS columns."""
    fates = [_fate(item, file) for file in item.files]
    moving = sum(f.size or 0 for f, fate in zip(item.files, fates, strict=True) if fate is FileResult.PENDING)
    counts = Counts(planned=len(fates), skipped=fates.count(FileResult.SKIPPED), failed=fates.count(FileResult.FAILED))
    return counters(counts, Bytes(planned=moving))


def _item_row(number: int, task_id: int, item: PlannedItem, counted: tuple[int, ...]) -> tuple[object, ...]:
    counts, _ = counters_of(counted)
    state = ItemState.SKIPPED if item.state is ItemState.SKIPPED else item_state(counts, running=False)
    if state is ItemState.PARTIAL and counts.downloaded + counts.skipped + counts.failed < counts.planned:
        state = ItemState.PLANNED  # what is here already is no part of a task that has not begun
    blocked = next((file for file in item.files if file.action is Action.BLOCKED), None)
    message = redact(item.message)
    key = item.key
    return (
        number,
        task_id,
        item.site,
        stored(item.label),
        *((None,) * 4 if key is None else map(stored, (key.project, key.episode, key.sequence, key.shot))),
        stored(item.department),
        item.selected_version,
        json.dumps(item.available_versions),
        item.latest_version,
        item.local_version,
        state.value,
        stored(message or (_title(blocked) if blocked else "")),
        stored(message),
        *counted,
    )


def _file_row(item_id: int, item: PlannedItem, file: PlannedFile) -> tuple[object, ...]:
    fate = _fate(item, file)
    return (
        item_id,
        stored(file.source),
        stored(file.target),
        file.size,
        file.mtime,
        file.precision,
        file.etag,
        _ACTIONS[file.action],
        _WORDS[fate],
        # A blocked file's reason may quote the server, and servers repeat what they were told.
        stored(redact(file.reason) if fate is FileResult.FAILED else file.reason),
        json.dumps(_blocked(file)) if fate is FileResult.FAILED else None,
    )


def _blocked(file: PlannedFile) -> dict[str, object]:
    """Return the error of a file the plan blocked. It is not retryable: only another plan can help it."""
    return {
        "path": file.source,
        "kind": file.kind or errors.Stop.kind,
        "title": _title(file),
        "cause": "The plan left it out.",
        "suggestion": _HELP.get(file.kind, "Plan again when the cause is gone."),
        "retryable": False,
    }


def _title(file: PlannedFile) -> str:
    return redact(file.reason) or "This file cannot be fetched."
