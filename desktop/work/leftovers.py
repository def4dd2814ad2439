"""What a task is called, and what it leaves behind on the disk."""

import contextlib
import logging
from collections.abc import Iterable, Sequence

from desktop.core.errors import ShotDockError
from desktop.core.plan import ItemState, Plan
from desktop.core.task import Task, TaskFile
from desktop.core.verify import Noted, Verdict
from desktop.store.database import Store
from desktop.studio.verify import compare
from desktop.transfer.disk import disk, disk_error
from desktop.transfer.partfile import discard

log = logging.getLogger(__name__)


def clear(store: Store, ids: Iterable[int], with_files: bool) -> tuple[list[int], list[ShotDockError]]:
    """`clean` tasks that are to be deleted, none that another process has or takes up meanwhile.

    Return those that can be forgotten now, and why the others cannot.
    """
    held, errors = store.tasks.withhold(ids)
    gone, refused = list[int](), list(errors)
    for task in held:
        try:
            clean(task, store.tasks.files(task.id), with_files)
        except ShotDockError as error:
            refused.append(error)
            store.tasks.save(task)
        else:
            gone.append(task.id)
    return gone, refused


def clean(task: Task, files: Sequence[TaskFile], with_files: bool) -> None:
    """Remove a task's part files; with_files, also the files it brought, and raise what the disk refuses with.

    What was written since it came is somebody's work, and stays. A part that cannot be removed, on a share that is away
    for instance, keeps nobody from forgetting its task.
    """
    for file in files:
        target = task.destination / file.target
        try:
            discard(target, task.token)
        except OSError as error:
            log.warning("A part file stays: %s", disk_error(error, str(target)))
        if with_files and file.result.arrived:
            with disk(target), contextlib.suppress(FileNotFoundError):
                note = Noted(file.target, file.size, file.mtime, file.precision, "", task.id)
                verdict, cause = compare(str(target), note)
                if verdict in (Verdict.OTHER_SIZE, Verdict.CHANGED):
                    log.warning("%s stays, it was changed since it came: %s", target, cause)
                else:
                    target.unlink()


def name_of(plan: Plan) -> str:
    """Return a name a person recognises: what, which version, how many."""
    live = [item for item in plan.items if item.state is not ItemState.SKIPPED]
    if len(live) == 1:
        return " ".join(part for part in (live[0].label, live[0].selected_version) if part)
    strategy = plan.request.specific_version or plan.request.version_strategy.value
    source = plan.request.connection or "transfer"
    return f"{source} {strategy}, {len(live)} items" if source != "transfer" else f"{len(live)} items"
