"""The result of every file of a task as rows, as CSV and as JSON."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from desktop.core.redaction import redact
from desktop.core.task import Task, TaskFile, TaskItem

COLUMNS = (
    "project",
    "episode",
    "sequence",
    "shot",
    "department",
    "version",
    "item",
    "site",
    "source",
    "target",
    "bytes",
    "modified",
    "action",
    "result",
    "resumed",
    "transferred",
    "reason",
    "error",
    "proof",
    "sha256",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet would run instead of show, were a name from a server to begin with it; the last four are the wide
spellings of the first, which some take for them."""


def rows(task: Task, items: Iterable[TaskItem], files: Iterable[TaskFile]) -> Iterator[dict[str, object]]:
    """Yield a row a file, by COLUMNS. target: the whole local path. modified: ISO 8601 in UTC.

    proof: `unverified` for a file that came without a hash of the server's to prove its content. sha256: of the file as
    it was read back from the disk before it got its name, None if it was not.
    """
    known = {item.id: item for item in items}
    for file in files:
        item = known[file.item_id]
        levels = item.key.as_dict() if item.key else dict.fromkeys(("project", "episode", "sequence", "shot"))
        error = file.error or {}
        words = " ".join(str(error[part]) for part in ("title", "cause", "suggestion") if error.get(part))
        yield {
            **levels,
            "department": item.department or None,
            "version": item.selected_version,
            "item": item.label,
            "site": item.site,
            "source": file.source,
            "target": str(task.destination / Path(file.target)),
            "bytes": file.size,
            "modified": _moment(file.mtime),
            "action": file.action.value,
            "result": file.result.value,
            "resumed": file.resumed,
            "transferred": file.transferred,
            "reason": redact(file.reason) or None,
            "error": redact(words) or None,
            "proof": file.proof or None,
            "sha256": file.sha256 or None,
        }


def write_csv(receipt: Iterable[Mapping[str, object]], stream: TextIO) -> None:
    """Write the rows under a line of headings. The stream is opened with newline=''."""
    writer = csv.writer(stream)
    writer.writerow(COLUMNS)
    writer.writerows([_cell(row[name]) for name in COLUMNS] for row in receipt)


def write_json(task: Task, receipt: Sequence[Mapping[str, object]], stream: TextIO) -> None:
    """Write the rows as one object with what the task was."""
    head = {
        "task": task.id,
        "name": task.name,
        "state": task.state.value,
        "outcome": task.outcome,
        "connection": task.connection or None,
        "destination": str(task.destination),
        "files": task.files.as_dict(),
        "bytes": task.bytes.as_dict(),
    }
    json.dump({**head, "rows": list(receipt)}, stream, indent=1)
    stream.write("\n")


def _moment(seconds: float | None) -> str | None:
    """Return a time as ISO 8601, None for one that no calendar has: disks keep, and servers tell, any number."""
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return None


def _cell(value: object) -> object:
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
