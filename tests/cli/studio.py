"""A small studio on the servers' disk, and what has to arrive from it."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.servers.content import content

SHOT_ROOT = "VEGA/SQ01"
OLD = 1_699_920_000  # a midnight: some servers tell only the day of an old file

TREE: Mapping[str, int] = {
    **{f"{SHOT_ROOT}/SH010/anim/publish/v{n:03}/scene.ma": 4000 + n for n in (1, 2, 5, 10)},
    f"{SHOT_ROOT}/SH010/anim/publish/v010/cache/hero.abc": 300_000,
    **{f"{SHOT_ROOT}/SH020/anim/publish/v{n:03}/scene.ma": 5000 + n for n in (1, 2)},
    **{f"{SHOT_ROOT}/SH010/lighting/version/beauty_v{n:03}.{f}.exr": 20_000 + f for n in (1, 2) for f in (1001, 1002)},
}
"""SH010 anim v001 v002 v005 v010, SH020 anim v001 v002, SH010 lighting v001 v002."""

LATEST = tuple(path for path in TREE if "/v010/" in path or "SH020/anim/publish/v002" in path or "beauty_v002" in path)


def publish(root: Path, tree: Mapping[str, int] = TREE) -> None:
    """Write the tree below root, old enough to be whole."""
    for name, size in tree.items():
        put(root / name, content(name, size), OLD)


def put(path: Path, data: bytes, mtime: int) -> None:
    """Write a file with its mtime (seconds since the epoch)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (mtime, mtime))


def here(folder: Path) -> dict[str, bytes]:
    """Return every file below the folder, part files and journals included."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def expected(names: Iterable[str]) -> dict[str, bytes]:
    """Return what these files have to be."""
    return {name: content(name, TREE[name]) for name in names}
