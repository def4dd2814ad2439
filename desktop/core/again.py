"""A task as the plan it was: what its receipt is shown by, and what a further run of it begins with."""

from collections.abc import Iterable
from pathlib import Path

from desktop.core.plan import Plan, PlannedFile, PlannedItem, Request
from desktop.core.task import FileResult, Task, TaskFile, TaskItem

LEFT = (FileResult.PENDING, FileResult.FAILED)
"""Results of the files that are still to come."""


def remembered(
    task: Task, items: Iterable[TaskItem], files: Iterable[TaskFile], destination: Path | None = None
) -> Plan:
    """Return the plan of a task, its files in the order of their transfer; items without any of the files stay empty.

    destination: where they are to go, if not where they went.
    """
    planned: dict[int, list[PlannedFile]] = {}
    last = rank = 0
    for file in files:
        # The order of transfer begins with the first item again wherever files of a higher rank begin.
        rank += file.item_id < last
        last = file.item_id
        planned.setdefault(file.item_id, []).append(
            PlannedFile(
                file.source,
                file.target,
                file.size,
                file.mtime,
                file.action,
                file.reason,
                file.etag,
                file.precision,
                kind=str((file.error or {}).get("kind", "")),
                rank=rank,
            )
        )
    request = Request(
        task.connection,
        destination or task.destination,
        version_strategy=task.version_strategy,
        specific_version=task.specific_version,
        conflict=task.conflict_strategy,
        options=task.options,
        name=task.name,
    )
    return Plan(request, tuple(_item(item, tuple(planned.get(item.id, ()))) for item in items))


def _item(item: TaskItem, files: tuple[PlannedFile, ...]) -> PlannedItem:
    return PlannedItem(
        item.site,
        item.label,
        files,
        item.key,
        item.department,
        item.selected_version,
        item.available_versions,
        item.latest_version,
        item.local_version,
        item.state,
        item.error_message,
    )
