"""What a task is called, and what it leaves behind on the disk."""

import contextlib
from collections.abc import Sequence

from desktop.core.plan import ItemState, Plan
from desktop.core.task import Task, TaskFile
from desktop.transfer.partfile import discard


def clean(task: Task, files: Sequence[TaskFile], with_files: bool) -> None:
    """Remove a task's part files; with_files, also the files it brought."""
    for file in files:
        target = task.destination / file.target
        discard(target, task.token)
        if with_files and file.result.arrived:
            with contextlib.suppress(FileNotFoundError):
                target.unlink()


def name_of(plan: Plan) -> str:
    """Return a name a person recognises: what, which version, how many."""
    live = [item for item in plan.items if item.state is not ItemState.SKIPPED]
    if len(live) == 1:
        return " ".join(part for part in (live[0].label, live[0].selected_version) if part)
    strategy = plan.request.specific_version or plan.request.version_strategy.value
    source = plan.request.connection or "transfer"
    return f"{source} {strategy}, {len(live)} items" if source != "transfer" else f"{len(live)} items"
