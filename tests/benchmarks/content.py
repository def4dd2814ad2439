"""What the benchmarks fetch: one large file, many small ones, a studio's tree, a long list of addresses."""

import json
import os
from pathlib import Path

BLOCK = 4 << 20
SHELF = 100
OLD = 1_700_000_000
SHOTS_A_SEQUENCE = 25
VERSIONS = 5
FRAMES = 8


def large(path: Path, mebibytes: int) -> Path:
    """Write one incompressible file; return it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for start in range(0, mebibytes << 20, BLOCK):
            file.write(os.urandom(min(BLOCK, (mebibytes << 20) - start)))
    return path


def many(folder: Path, count: int, size: int) -> Path:
    """Write `count` files of `size` incompressible bytes into folders of a hundred; return the folder above.

    Folders suit the peers too: lftp asks an FTP server for each file's time, side by side only for several folders.
    """
    for number in range(count):
        shelf = folder / f"shelf{number // SHELF:03}"
        if not number % SHELF:
            shelf.mkdir(parents=True)
        _frame(shelf / f"frame.{number % SHELF:04}.exr", size)
    return folder


def films(served: Path, count: int, mebibytes: int) -> Path:
    """Write `count` videos and the list of a gallery of them, its API at `gallery-<count>`; return their folder.

    Each bears the name that ShotDock gives a video of its project.
    """
    folder = served / f"films-{count}"
    listed = []
    for number in range(1, count + 1):
        film = large(folder / f"film_{number:02}_final.mp4", mebibytes)
        link = f"/{folder.name}/{film.name}"
        listed.append(
            {"id": number, "project_name": f"film {number:02}", "size": film.stat().st_size, "file_url": link}
        )
    api = served / f"gallery-{count}" / "api" / "downloads"
    api.parent.mkdir(parents=True)
    api.write_text(json.dumps(listed))
    return folder


def project(folder: Path, sequences: int) -> tuple[int, int]:
    """Write a project five folders deep, e.g. SQ01/SH010/anim/publish/v001/; return how many folders and files.

    20 sequences make 4,020 folders with 20,000 files.
    """
    folders = files = 0
    for sequence in range(1, sequences + 1):
        for shot in range(1, SHOTS_A_SEQUENCE + 1):
            publish = folder / f"SQ{sequence:02}" / f"SH{shot * 10:03}" / "anim" / "publish"
            for version in range(1, VERSIONS + 1):
                place = publish / f"v{version:03}"
                place.mkdir(parents=True)
                for frame in range(FRAMES):
                    _frame(place / f"anim.{1001 + frame}.exr", 16)
            folders += 3 + VERSIONS
            files += VERSIONS * FRAMES
    return folders + sequences, files


def shots(folder: Path, count: int, frames: int, size: int) -> int:
    """Write `count` shots with one published version of `frames` files each; return how many files."""
    for shot in range(count):
        place = folder / f"SQ{shot // 20:02}" / f"SH{shot % 20:03}" / "anim" / "publish" / "v001"
        place.mkdir(parents=True)
        for frame in range(frames):
            _frame(place / f"anim.{1001 + frame}.exr", size)
    return count * frames


def _frame(path: Path, size: int) -> None:
    path.write_bytes(os.urandom(size))
    # A young file may still be uploading, and is looked at twice.
    os.utime(path, (OLD, OLD))
