"""Checks for the tour of the demo studio: what arrived is exactly what was published."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from desktop.demo.studio import SHOWS, Fingerprint


def differences(folder: Path, expected: Mapping[str, Fingerprint], root: str = SHOWS) -> list[str]:
    """Compare a local folder with published files; return one sentence a difference, none if they are the same.

    folder: the destination, which mirrors the server's tree below `root`. expected: absolute server paths and
    what they have to be. Files that are here but not expected are differences too.
    """
    wanted = {path.removeprefix(root).strip("/"): fingerprint for path, fingerprint in expected.items()}
    here = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    problems = [f"{name} did not arrive." for name in sorted(wanted.keys() - here)]
    problems += [f"{name} should not be here." for name in sorted(here - wanted.keys())]
    for name in sorted(wanted.keys() & here):
        file = folder / name
        size = file.stat().st_size
        if size != wanted[name].size:
            problems.append(f"{name} has {size} bytes instead of {wanted[name].size}.")
        elif hashlib.sha256(file.read_bytes()).hexdigest() != wanted[name].sha256:
            problems.append(f"{name} has other bytes than were published.")
    return problems


def part_files(folder: Path) -> list[Path]:
    """Return what an unfinished transfer left in a folder: part files and journals."""
    return sorted(path for path in folder.rglob(".*") if ".part" in path.suffixes)
