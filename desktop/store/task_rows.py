"""Rows of the database as the values the rest of the house speaks of."""

import json
from pathlib import Path
from typing import Any

import peewee

from desktop.core.hours import parse_hours
from desktop.core.media import ShotKey
from desktop.core.plan import Action, ItemState, Options, VersionStrategy
from desktop.core.redaction import redact
from desktop.core.schedule import After, Priority, Turn
from desktop.core.task import Brought, Bytes, Counts, FileResult, Task, TaskFile, TaskItem, TaskState
from desktop.store.access import loaded
from desktop.store.tables import FileRow, ItemRow, TaskRow

COUNTERS = (
    "file_count",
    "files_downloaded",
    "files_resumed",
    "files_skipped",
    "files_overwritten",
    "files_kept_both",
    "files_failed",
    "planned_size",
    "downloaded_size",
    "reused_size",
)
"""Columns of Counts, then of Bytes, in their order; tasks and items bear the same."""

_TASK = (
    "id",
    "token",
    "name",
    "connection",
    "destination",
    "version_strategy",
    "conflict_strategy",
    "specific_version",
    "parallel",
    "segments",
    "limit_rate",
    "verify",
    "state",
    "created",
    "started",
    "finished",
    "error",
    "owner",
    *COUNTERS,
    "priority",
    "position",
    "not_before",
    "hours",
    "afterwards",
    "waits_for",
    "attempts",
    "first_failed",
    "routine",
)
_ITEM = (
    "id",
    "task",
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
    *COUNTERS,
)
_FILE = (
    "id",
    "item",
    "remote_path",
    "local_path",
    "size",
    "mtime",
    "action",
    "result",
    "etag",
    "precision",
    "resumed",
    "transferred",
    "reason",
    "error",
    "sha256",
)

_NOT_OVER = (TaskState.WAITING, TaskState.RUNNING, TaskState.PAUSED, TaskState.INTERRUPTED)

# By the range of its files' ids, which were given in one transaction: by its items they would all have to be sorted.
_IDS = "SELECT {}(file.id) FROM item JOIN file ON file.item_id = item.id WHERE item.task_id = :task"
SELECT_PENDING = f"""
    SELECT file.id, item_id, remote_path, local_path, size, mtime, action, etag, precision, reason
    FROM file CROSS JOIN item ON item.id = file.item_id
    WHERE file.id BETWEEN ({_IDS.format("min")}) AND ({_IDS.format("max")})
        AND item.task_id = :task AND file.result = '{FileResult.PENDING.value}'
    ORDER BY file.id
"""
"""The files of a :task still to be fetched, in the order of their transfer, with what is known of them before that."""

_ACTIONS = {action.value: action for action in Action}
_RESULTS = {result.value: result for result in FileResult}


def select_tasks() -> "peewee.ModelSelect[TaskRow]":
    """Return the query of every task, the oldest first."""
    return TaskRow.select(*(getattr(TaskRow, name) for name in _TASK)).order_by(TaskRow.id)


def select_items(task_id: int) -> "peewee.ModelSelect[ItemRow]":
    """Return the query of a task's items, in the plan's order."""
    return (
        ItemRow.select(*(getattr(ItemRow, name) for name in _ITEM)).where(ItemRow.task == task_id).order_by(ItemRow.id)
    )


def select_files(task_id: int) -> "peewee.ModelSelect[FileRow]":
    """Return the query of a task's files, in the order of their transfer."""
    return FileRow.select(*file_columns()).join(ItemRow).where(ItemRow.task == task_id).order_by(FileRow.id)


def file_columns() -> tuple[Any, ...]:
    """Return the columns of which `file_of` makes a file."""
    return tuple(getattr(FileRow, name) for name in _FILE)


def select_brought(kind: str) -> "peewee.ModelSelect[FileRow]":
    """Return the query of the files that came from sites whose names begin so, or are to come; newest first.

    To come they are with a task that is not over yet.
    """
    columns = (
        TaskRow.destination,
        FileRow.local_path,
        FileRow.remote_path,
        FileRow.size,
        FileRow.result,
        ItemRow.site,
    )
    arrived = FileRow.result.in_([result.value for result in FileResult if result.arrived])
    coming = (FileRow.result == FileResult.PENDING.value) & TaskRow.state.in_([state.value for state in _NOT_OVER])
    query = FileRow.select(*columns).join(ItemRow).join(TaskRow)
    of_kind = (ItemRow.site >= kind) & (ItemRow.site < f"{kind}\U0010ffff")
    return query.where(of_kind, arrived | coming).order_by(FileRow.id.desc())


def task_of(row: tuple[Any, ...]) -> Task:
    """Return the task of a row of `select_tasks`."""
    (number, token, name, connection, destination, versions, conflict, specific) = row[:8]
    parallel, segments, limit_rate, verify, state, created, started, finished, error, owner = row[8:18]
    counts, sizes = counters_of(row[18:28])
    return Task(
        id=number,
        token=token,
        name=loaded(name),
        connection=connection,
        destination=Path(loaded(destination)),
        version_strategy=VersionStrategy(versions),
        conflict_strategy=conflict,
        specific_version=specific,
        options=Options(parallel, segments, limit_rate, bool(verify)),
        state=TaskState(state),
        created=created,
        started=started,
        finished=finished,
        files=counts,
        bytes=sizes,
        error=loaded(error),
        owner=owner,
        turn=_turn_of(row[28:]),
    )


def turn_columns(turn: Turn) -> dict[str, object]:
    """Return the columns of a task's turn."""
    return {
        "priority": int(turn.priority),
        "position": turn.position,
        "not_before": turn.not_before,
        "hours": "" if turn.window is None else str(turn.window),
        "afterwards": turn.after.value,
        "waits_for": redact(turn.waits_for),
        "attempts": turn.attempts,
        "first_failed": turn.first_failed,
        "routine": turn.routine,
    }


def _turn_of(row: tuple[Any, ...]) -> Turn:
    priority, position, not_before, hours, after, waits_for, attempts, first_failed, routine = row
    return Turn(
        Priority(priority),
        position,
        not_before,
        parse_hours(hours) if hours else None,
        After(after),
        loaded(waits_for),
        attempts,
        first_failed,
        routine,
    )


def item_of(row: tuple[Any, ...]) -> TaskItem:
    """Return the item of a row of `select_items`."""
    number, task, site, label, project, episode, sequence, shot, department = row[:9]
    selected, available, latest, local, state, message = row[9:15]
    counts, sizes = counters_of(row[15:])
    key = None if shot is None else ShotKey(loaded(project), loaded(episode), loaded(sequence), loaded(shot))
    return TaskItem(
        id=number,
        task_id=task,
        site=site,
        label=loaded(label),
        key=key,
        department=loaded(department),
        selected_version=selected,
        available_versions=tuple(json.loads(available)),
        latest_version=latest,
        local_version=local,
        state=ItemState(state),
        error_message=loaded(message),
        files=counts,
        bytes=sizes,
    )


def file_of(row: tuple[Any, ...]) -> TaskFile:
    """Return the file of a row of `select_files`."""
    number, item, source, target, size, mtime, action, result, etag, precision, resumed, moved = row[:12]
    reason, error, sha256 = row[12:]
    return TaskFile(
        number,
        item,
        loaded(source),
        loaded(target),
        size,
        mtime,
        _ACTIONS[action],
        _RESULTS[result],
        etag,
        precision,
        bool(resumed),
        moved,
        loaded(reason),
        None if error is None else json.loads(error),
        sha256 or "",
    )


def brought_of(row: tuple[Any, ...]) -> Brought:
    """Return the file of a row of `select_brought`."""
    destination, target, source, size, result, site = row
    return Brought(loaded(source), Path(loaded(destination)) / loaded(target), size, _RESULTS[result].arrived, site)


def pending_of(row: tuple[Any, ...]) -> TaskFile:
    """Return the file of a row of SELECT_PENDING."""
    number, item, source, target, size, mtime, action, etag, precision, reason = row
    return TaskFile(
        number,
        item,
        loaded(source),
        loaded(target),
        size,
        mtime,
        _ACTIONS[action],
        FileResult.PENDING,
        etag,
        precision,
        reason=loaded(reason),
    )


def counters_of(row: tuple[int, ...]) -> tuple[Counts, Bytes]:
    """Return counts and bytes of a row's COUNTERS columns."""
    return Counts(*row[:7]), Bytes(*row[7:10])


def counters(counts: Counts, sizes: Bytes) -> tuple[int, ...]:
    """Return the values of the COUNTERS columns."""
    return (*counts.as_dict().values(), *sizes.as_dict().values())
