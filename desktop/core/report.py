"""A failed task as a text for the TD: what it was, why it failed, what runs here, the last lines of its log."""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo

from desktop.core.causes import Cause
from desktop.core.redaction import redact
from desktop.core.schedule import waiting_words
from desktop.core.steady import steady
from desktop.core.task import LogLine, Task, TaskState
from desktop.core.units import format_bytes, format_rate

LINES = 50
"""Lines of the log at most, the last ones."""


def report(
    task: Task,
    causes: Sequence[Cause],
    versions: Mapping[str, str],
    lines: Sequence[LogLine],
    now: float,
    zone: tzinfo | None = None,
) -> str:
    """Return the report, without secrets. versions: name -> version of what runs here. now: seconds since the epoch."""
    files, sizes, options = task.files, task.bytes, task.options
    waits = waiting_words(task.turn, now, zone) if task.state is TaskState.WAITING else ""
    # What has not ended has come to nothing yet.
    result = f"({task.outcome})" if task.state in (TaskState.DONE, TaskState.FAILED) else ""
    facts = {
        "task": f"{task.id} {task.name}",
        "state": " ".join(filter(None, (task.state.value, result, waits))),
        "from": task.connection or "plain transfer",
        "to": str(task.destination),
        "versions": task.specific_version or task.version_strategy.value,
        "if a file exists": task.conflict_strategy,
        "created": _time(task.created, zone),
        "started": _time(task.started, zone),
        "finished": _time(task.finished, zone),
        "files": ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in files.as_dict().items() if count),
        "bytes": f"{format_bytes(sizes.transferred)} of {format_bytes(sizes.planned)} moved, "
        f"{format_bytes(sizes.reused)} reused",
        "options": f"{options.parallel or 'usual'} connections, {options.segments or 'usual'} segments, "
        f"{format_rate(options.limit_rate)}{', read back from disk' if options.verify else ''}",
        "error": task.error,
    }
    text = [f"ShotDock report of {_time(now, zone)}", ""]
    text += [f"{name}: {value}" for name, value in facts.items() if value]
    for cause in causes:
        error = cause.error
        text += ["", f"{cause.count} files: {error.title}" if cause.count > 1 else f"1 file: {error.title}"]
        text += [f"  {line}" for line in (error.cause, cause.tried, error.suggestion) if line]
        text += [f"  - {name}" for name in cause.files]
        if cause.count > len(cause.files):
            text.append(f"  - and {cause.count - len(cause.files)} more")
    text += ["", *(f"{name}: {version}" for name, version in versions.items()), "", "Log:"]
    text += [f"{_time(line.time, zone)} {line.level} {line.message}" for line in lines[-LINES:]]
    return steady(redact("\n".join(text))) + "\n"


def _time(seconds: float | None, zone: tzinfo | None) -> str:
    return "" if seconds is None else f"{datetime.fromtimestamp(seconds, zone):%Y-%m-%d %H:%M:%S}"
