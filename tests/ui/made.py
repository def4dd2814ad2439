"""Rows, plans and tasks for the models' tests."""

from pathlib import Path

from desktop.core.media import Compared, Entry, Publication, ShotKey, ShotState, Structure, Version
from desktop.core.plan import Action, ItemState, Plan, PlannedFile, PlannedItem, Request, VersionStrategy
from desktop.core.task import Bytes, Counts, FileResult, Task, TaskFile, TaskState


def version(number: int, files: int = 2, size: int = 100) -> Version:
    entries = tuple(Entry(f"/s/v{number:03d}/f{n}.exr", size=size, mtime=1000.0) for n in range(files))
    return Version(f"v{number:03d}", number, entries)


def compared(
    shot: str = "SH010",
    department: str = "anim",
    state: ShotState = ShotState.NEW,
    versions: tuple[int, ...] = (1, 2),
    sequence: str = "SQ01",
    project: str = "VEGA",
    size: int = 200,
    missing: tuple[int, ...] = (),
) -> Compared:
    key = ShotKey(project, "", sequence, shot)
    publication = Publication(key, department, f"/{key.label}", tuple(version(n) for n in versions))
    labels = tuple(v.label for v in publication.versions)
    local = labels[0] if state in (ShotState.UPDATE, ShotState.UP_TO_DATE) and labels else None
    return Compared(
        publication,
        labels,
        labels[-1] if labels else None,
        (local,) if local else (),
        local,
        state,
        2,
        size,
        missing=missing,
        frames="1001-1010" if missing else "",
    )


def structure(*rows: Compared) -> Structure:
    return Structure("studio", "/", "default", 0.0, tuple(row.publication for row in rows))


def planned(name: str, action: Action = Action.DOWNLOAD, size: int = 100, reason: str = "") -> PlannedFile:
    return PlannedFile(f"/s/{name}", f"VEGA/{name}", size, 1000.0, action, reason)


def item(shot: str, department: str, *files: PlannedFile, message: str = "") -> PlannedItem:
    key = ShotKey("VEGA", "", "SQ01", shot)
    state = ItemState.SKIPPED if message and not files else ItemState.PLANNED
    label = f"{key.label} {department}"
    return PlannedItem("studio", label, files, key, department, "v002", state=state, message=message)


def plan(*items: PlannedItem, free: int | None = 10_000) -> Plan:
    return Plan(Request("studio", Path("/dest")), items, free)


def task(
    number: int,
    state: TaskState = TaskState.WAITING,
    failed: int = 0,
    planned_bytes: int = 1000,
    transferred: int = 0,
    name: str = "",
) -> Task:
    return Task(
        number,
        f"token{number:03d}",
        name or f"task {number}",
        "studio",
        Path("/dest"),
        version_strategy=VersionStrategy.LATEST,
        conflict_strategy="skip",
        state=state,
        created=1000.0 + number,
        files=Counts(planned=10, failed=failed),
        bytes=Bytes(planned=planned_bytes, transferred=transferred),
    )


def task_file(number: int, target: str, result: FileResult) -> TaskFile:
    return TaskFile(number, 1, f"/s/{target}", target, 100, 1000.0, Action.DOWNLOAD, result)
