"""Content made from a name: any file can be checked without keeping what it came from."""

import hashlib
import os
import random
from collections.abc import Mapping
from pathlib import Path


def content(name: str, size: int) -> bytes:
    """Return `size` bytes that only this name has, the same in every run."""
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    return random.Random(seed).randbytes(size)


def write_tree(root: Path, files: Mapping[str, int], mtime: int = 1_700_000_000) -> dict[str, bytes]:
    """Write files (relative name -> size in bytes) below root with `content` and an old mtime; return the bytes."""
    made = {}
    for name, size in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        made[name] = content(name, size)
        path.write_bytes(made[name])
        os.utime(path, (mtime, mtime))
    return made
