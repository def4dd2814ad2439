"""Plans and structures for the store's tests."""

from collections.abc import Sequence
from pathlib import Path

from desktop.core.media import Entry, Publication, ShotKey, Structure, Version
from desktop.core.plan import Action, ItemState, Options, Plan, PlannedFile, PlannedItem, Request, VersionStrategy

TOKEN = "k3v9x2qa"
SHOT = ShotKey("VEGA", "", "SQ01", "SH010")
WHOLE = (Action.DOWNLOAD, Action.RESUME, Action.UPDATE, Action.SKIP, Action.KEEP_BOTH, Action.BLOCKED)


def file(name: str, action: Action = Action.DOWNLOAD, size: int | None = 1000, kind: str = "") -> PlannedFile:
    reason = {Action.SKIP: "It is here already.", Action.BLOCKED: "Its name would leave the folder."}.get(
        action, "New."
    )
    return PlannedFile(
        f"/projects/{name}", f"VEGA/{name}", size, 1.7e9, action, reason, etag='"e1"', precision=2.0, kind=kind
    )


def item(
    label: str = "VEGA/SQ01/SH010",
    actions: Sequence[Action] = (Action.DOWNLOAD,) * 3,
    state: ItemState = ItemState.PLANNED,
    message: str = "",
    key: ShotKey | None = SHOT,
) -> PlannedItem:
    files = tuple(
        file(f"{label}/beauty_v002.{n:04d}.exr", action, kind="hostile-name" if action is Action.BLOCKED else "")
        for n, action in enumerate(actions, 1001)
    )
    return PlannedItem("vega", label, files, key, "lighting", "v002", ("v001", "v002"), "v002", "v001", state, message)


def plan(*items: PlannedItem, destination: Path = Path("/mnt/work/shots")) -> Plan:
    request = Request(
        "vega",
        destination,
        version_strategy=VersionStrategy.SPECIFIC,
        specific_version="v002",
        conflict="compare",
        options=Options(parallel=4, segments=2, limit_rate=5_000_000, verify=True),
        name="Monday",
    )
    return Plan(request, items or (item(),))


def structure(shots: int = 2, files: int = 3, connection: str = "vega") -> Structure:
    return Structure(
        connection, "/projects", "default", 1_700_000_000.5, tuple(_publication(n, files) for n in range(shots))
    )


def _publication(shot: int, files: int) -> Publication:
    path = f"/projects/VEGA/SQ01/SH{shot:03d}"
    frames = tuple(
        Entry(f"{path}/lighting/version/beauty_v002.{n:04d}.exr", size=5000 + n, mtime=1.7e9 + n)
        for n in range(1001, 1001 + files)
    )
    older = Version("v001", 1, tuple(Entry(f.path.replace("v002", "v001"), size=7, mtime=1.6e9) for f in frames))
    newer = Version("v002", 2, frames, uploading=shot % 2 == 1)
    return Publication(ShotKey("VEGA", "", "SQ01", f"SH{shot:03d}"), "lighting", path, (older, newer))
