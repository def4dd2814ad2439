"""Plan a task once more: the files it had, against what is here now. No server is asked, nothing is touched."""

from collections.abc import Callable
from dataclasses import replace

from desktop.core.errors import Stopped
from desktop.core.media import Entry
from desktop.core.plan import Action, ItemState, Plan, PlannedFile, PlannedItem
from desktop.studio.fates import Fates


def plan_again(plan: Plan, stopped: Callable[[], bool] = lambda: False) -> Plan:
    """Return the plan with every fate decided anew. Raises UsageError for an unknown conflict strategy, Stopped.

    A file whose name cannot be used here goes on being blocked. Items that have no files are left out, but for those
    that say why there never were any.
    """
    request = plan.request
    fates = Fates(request.destination, request.conflict)
    items = []
    for item in plan.items:
        if stopped():
            raise Stopped
        if item.files:
            items.append(_item(item, tuple(_file(fates, file) for file in item.files), fates))
        elif item.state is ItemState.SKIPPED:
            items.append(item)
    return Plan(request, tuple(items), fates.free())


def _item(item: PlannedItem, files: tuple[PlannedFile, ...], fates: Fates) -> PlannedItem:
    return replace(item, files=files, state=fates.state(files), message="")


def _file(fates: Fates, file: PlannedFile) -> PlannedFile:
    if file.action is Action.BLOCKED:
        return file  # it was never given a target
    entry = Entry(file.source, size=file.size, mtime=file.mtime, precision=file.precision, etag=file.etag)
    return replace(fates.decide(entry, lambda: file.target), rank=file.rank)
