"""A task, a plan and a log as CLI.md's JSON and as lines for a person."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from desktop.cli.output import Output, without_secrets
from desktop.cli.progress import took
from desktop.core.connection import parse_location
from desktop.core.gallery import server_of
from desktop.core.plan import Action, Plan, PlannedItem
from desktop.core.routine import Routine
from desktop.core.schedule import waiting_words
from desktop.core.task import Bytes, Counts, LogLine, Task, TaskFile, TaskItem, TaskState
from desktop.core.units import format_bytes
from desktop.studio.gallery.names import read_lasting

TRANSFER_SHAPE: dict[str, object] = {
    "status": "failed",
    "task": None,
    "files": Counts().as_dict(),
    "bytes": Bytes().as_dict(),
    "seconds": 0.0,
    "items": [],
    "errors": [],
}
"""What `fetch`, `get`, `tasks run` and `tasks retry` answer before anything was done."""


def stamp(seconds: float | None) -> str | None:
    """Return seconds since the epoch as ISO 8601 in UTC, e.g. `2026-11-20T22:08:00.250+00:00`."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def moment(seconds: float | None) -> str:
    """Return seconds since the epoch for a person's eye, in local time."""
    return "" if seconds is None else f"{datetime.fromtimestamp(seconds):%Y-%m-%d %H:%M:%S}"


def task_row(task: Task) -> dict[str, object]:
    """Return a task as `tasks list` spells it."""
    return {
        "id": task.id,
        "name": task.name,
        "state": task.state.value,
        "created": stamp(task.created),
        "started": stamp(task.started),
        "finished": stamp(task.finished),
        "connection": task.connection or None,
        "destination": str(task.destination),
        "version_strategy": task.version_strategy.value,
        "specific_version": task.specific_version,
        "conflict_strategy": task.conflict_strategy,
        "files": task.files.as_dict(),
        "bytes": task.bytes.as_dict(),
        "error": task.error or None,
        "limit_rate": task.options.limit_rate,
        "priority": task.turn.priority.word,
        "not_before": stamp(task.turn.not_before),
        "window": None if task.turn.window is None else str(task.turn.window),
        "after": task.turn.after.value,
        "attempts": task.turn.attempts,
        "waits": (waiting_words(task.turn, time.time()) or None) if task.state is TaskState.WAITING else None,
        "routine": task.turn.routine,
    }


def routine_row(routine: Routine) -> dict[str, object]:
    """Return a routine as `routines list` spells it."""
    return {
        "id": routine.id,
        "name": routine.name,
        "connection": routine.request.connection or None,
        "sources": [source.text for source in routine.sources],
        "videos": None if routine.videos is None else list(routine.videos),
        "rows": [list(row) for row in routine.request.filters.rows],
        "destination": str(routine.request.destination),
        "repeat": str(routine.repeat),
        "window": None if routine.window is None else str(routine.window),
        "after": routine.after.value,
        "priority": routine.priority.word,
        "paused": routine.paused,
        "next": stamp(routine.next),
        "missed": routine.missed,
        "last_run": stamp(routine.last_run),
        "last_task": routine.last_task,
        "last_result": routine.last_result or None,
    }


def item_row(item: TaskItem) -> dict[str, object]:
    """Return an item as `fetch` spells it; a source of a plain transfer has a label instead of a shot."""
    levels = item.key.as_dict() if item.key else dict.fromkeys(("project", "episode", "sequence", "shot"))
    return {
        **levels,
        "department": item.department or None,
        "version": item.selected_version,
        "status": item.state.value,
        "reason": item.error_message or None,
        "files": item.files.as_dict(),
        "bytes": item.bytes.as_dict(),
        "label": item.label,
        "site": item.site,
        "available_versions": list(item.available_versions),
        "latest_version": item.latest_version,
        "local_version": item.local_version,
    }


def error_rows(files: Sequence[TaskFile]) -> list[dict[str, object]]:
    """Return failed files as CLI.md's `errors`, each with the path on the server it is about."""
    return [
        without_secrets(
            {
                "path": file.source,
                "kind": "error",
                "title": file.reason or "This file did not arrive.",
                "cause": "",
                "suggestion": "",
                "retryable": False,
                **(file.error or {}),
            }
        )
        for file in files
    ]


def told_name(file: TaskFile) -> str | None:
    """Return what people know a failed file by, None if that is its path on the server.

    A gallery's paths bear numbers; what its videos are called here comes from their projects. One that could not even
    be planned is named by its error.
    """
    try:
        read_lasting(file.source)
    except ValueError:
        return None
    return "" if file.action is Action.BLOCKED else file.target


def log_rows(lines: Sequence[LogLine]) -> list[dict[str, object]]:
    """Return a task's log as `tasks logs` spells it."""
    return [
        {"time": stamp(line.time), "level": line.level, "item": line.item or None, "message": line.message}
        for line in lines
    ]


def plan_rows(plan: Plan) -> list[dict[str, object]]:
    """Return a plan as `--dry-run` spells it; targets are whole local paths."""
    return [
        {
            "source": _source(item, file.source),
            "target": str(plan.request.destination / Path(file.target)),
            "action": file.action.value,
            "bytes": file.size,
            "reason": file.reason or item.message or None,
        }
        for item, file in plan.files()
    ]


def _source(item: PlannedItem, path: str) -> str:
    """Return a plain transfer's source as a URL, and a shot's as its path on the server."""
    if item.key is not None or "://" not in item.site:
        return path
    address = parse_location(server_of(item.site)).address
    return path if address.protocol == "file" else address.origin + path


def print_plan(plan: Plan, output: Output) -> None:
    """Print what a plan would do, a line a file, and the sums."""
    output.table(
        ("ACTION", "SIZE", "TARGET", "REASON"),
        (
            (file.action.value, "?" if file.size is None else format_bytes(file.size), file.target, file.reason)
            for _, file in plan.files()
        ),
    )
    totals = plan.totals()
    counts = ", ".join(f"{count} {action.value}" for action, count in totals.files.items() if count) or "no files"
    space = "" if plan.free is None else f"; {format_bytes(plan.free)} free"
    output.summary(f"{counts}: {format_bytes(totals.to_transfer)} to transfer{space}. Nothing was touched.")


def blocked(plan: Plan) -> int:
    """Return how many files of the plan cannot be brought."""
    return plan.totals().files[Action.BLOCKED]


def print_outcome(output: Output, result: str, files: Counts, sizes: Bytes, seconds: float, destination: Path) -> None:
    """Print how a transfer ended, in one line."""
    if result == "up-to-date":
        here = f"{files.skipped} files are here already" if files.skipped else "nothing to do"
        output.summary(f"All up to date: {here}. {destination}")
        return
    parts = [f"{files.downloaded} downloaded ({format_bytes(sizes.transferred)} in {took(seconds)})"]
    if files.resumed:
        parts.append(f"{files.resumed} resumed ({format_bytes(sizes.reused)} were here already)")
    parts += [
        f"{count} {word}"
        for count, word in (
            (files.skipped, "skipped"),
            (files.overwritten, "overwritten"),
            (files.kept_both, "kept both"),
            (files.failed, "failed"),
        )
        if count
    ]
    output.summary(f"{result}: {', '.join(parts)}. {destination}")
