"""Real trees on disk, and what the studio's floor makes of them through the local source."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from desktop.core.connection import Address, Connection
from desktop.core.media import Entry, Publication, ScanProgress, ShotKey, Structure, Version
from desktop.core.plan import Filters, Options, Plan, PlannedFile, Request, VersionStrategy
from desktop.studio.shots.layout import load_layout
from desktop.studio.shots.naming import Layout
from desktop.studio.shots.planner import plan
from desktop.studio.shots.scan import scan
from desktop.transfer.ports import Site
from desktop.transfer.sources.local import LocalSource

NOW = 1_800_000_000.0
OLD = NOW - 86_400


def plant(root: Path, files: Iterable[str] | Mapping[str, int], mtime: float = OLD) -> Path:
    """Make files below root, each with its size in bytes (by default ten) and mtime; return root."""
    sizes = files if isinstance(files, Mapping) else dict.fromkeys(files, 10)
    for name, size in sizes.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * size)
        os.utime(path, (mtime, mtime))
    root.mkdir(parents=True, exist_ok=True)
    return root


def source() -> LocalSource:
    local = LocalSource(Site(Address("file")))
    local.connect()
    return local


def connection(root: Path, layout: str = "default") -> Connection:
    return Connection("studio", Address("file"), root.as_posix(), layout)


def read_tree(
    root: Path,
    layout: Layout | None = None,
    now: float = NOW,
    previous: Structure | None = None,
    progress: ScanProgress | None = None,
) -> Structure:
    counters = progress or ScanProgress()
    used = layout or load_layout("default")
    return scan(source(), connection(root), used, counters, lambda: False, now, previous)


def planned(
    structure: Structure,
    destination: Path,
    strategy: VersionStrategy = VersionStrategy.LATEST,
    specific: str | None = None,
    conflict: str = "skip",
    filters: Filters = Filters(),
    custom: dict[tuple[str, str], str] | None = None,
    layout: Layout | None = None,
    options: Options = Options(),
) -> Plan:
    request = Request("studio", destination, filters, strategy, specific, custom or {}, conflict, options)
    return plan(structure, layout or load_layout("default"), request)


def only(plan_made: Plan) -> PlannedFile:
    ((_, file),) = plan_made.files()
    return file


def publication(*versions: Version, shot: str = "SH010", department: str = "anim") -> Publication:
    return Publication(ShotKey("VEGA", "", "SQ01", shot), department, f"/VEGA/SQ01/{shot}", versions)


def version(label: str, number: int, *names: str, uploading: bool = False, size: int = 10) -> Version:
    files = tuple(Entry(f"/VEGA/SQ01/SH010/anim/publish/{label}/{name}", size=size) for name in names)
    return Version(label, number, files, uploading)
