"""What the demo studio has published: project VEGA, the same bytes every time."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from desktop.demo.pictures import Colour, exr, exr_rows, png, point_cache

PROJECT = "VEGA"
SEQUENCES = {"SQ010": range(10, 80, 10), "SQ020": range(80, 150, 10), "SQ030": range(150, 210, 10)}
FIRST_FRAME = 1001
GAP = ("SH020", 3, FIRST_FRAME + 2)
"""A frame that was never rendered, on purpose: shot, lighting version, frame number."""

ANIM = {
    "SH110": ("v9", "v10", "v1000"),  # versions order by number, not as text
}
LIGHTING = {
    "SH020": ("v001", "v002", "v003"),
    "SH030": ("v001", "v002", "v003", "v004", "v006"),  # no v005
    "SH070": (),  # nothing lit yet
}
ODD_NAMES = "SH050"
"""The shot whose file names have spaces and letters beyond ASCII."""

BEGIN = 1_740_996_000  # 2025-03-03 10:00 UTC: every time stamp lies in the past
HOUR = 3600
DAY = 24 * HOUR


class Size(StrEnum):
    """How much there is: SMALL is about 6 MB, for tests; FULL about 360 MB."""

    SMALL = "small"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Measures:
    """Frame width and height in pixels, frames a version, points and samples of a cache."""

    width: int
    height: int
    frames: int
    points: int
    samples: int


MEASURES = {
    Size.SMALL: Measures(32, 18, 4, 64, 12),
    Size.FULL: Measures(256, 144, 8, 2000, 40),
}


@dataclass(frozen=True, slots=True)
class DemoFile:
    """One file: its path below the shows folder, its mtime in seconds, and how to make its bytes."""

    path: str
    mtime: int
    make: Callable[[], bytes]


def files(size: Size) -> Iterator[DemoFile]:
    """Yield every file of the demo studio."""
    measures = MEASURES[size]
    index = 0
    for sequence, numbers in SEQUENCES.items():
        for number in numbers:
            shot = f"SH{number:03}"
            folder = f"{PROJECT}/{sequence}/{shot}"
            for label in ANIM.get(shot, _labels(1 + index * 3 % 5)):
                yield from _anim(folder, shot, label, BEGIN + index * HOUR, measures)
            for label in LIGHTING.get(shot, _labels(1 + (index * 5 + 2) % 6)):
                yield from _lighting(folder, shot, label, BEGIN + 30 * DAY + index * HOUR, measures)
            index += 1


def _labels(count: int) -> tuple[str, ...]:
    return tuple(f"v{number:03}" for number in range(1, count + 1))


def _anim(folder: str, shot: str, label: str, begin: int, measures: Measures) -> Iterator[DemoFile]:
    version = int(label[1:])
    at = begin + version % 100 * DAY
    base = f"{folder}/anim/publish/{label}"
    scene, prop = (
        (f"{shot} anim {label} – prévis", "Été brûlé") if shot == ODD_NAMES else (f"{shot}_anim_{label}", "prop")
    )
    yield DemoFile(f"{base}/{scene}.ma", at, partial(_scene, shot, label))
    yield DemoFile(f"{base}/cache/hero.pc2", at + 60, partial(_cache, measures, 1.0 + version / 10))
    yield DemoFile(f"{base}/cache/{prop}.pc2", at + 90, partial(_cache, measures, 0.2 + version / 10, part=8))


def _lighting(folder: str, shot: str, label: str, begin: int, measures: Measures) -> Iterator[DemoFile]:
    version = int(label[1:])
    at = begin + version % 100 * DAY
    colour = _colour(shot)
    base = f"{folder}/lighting/version/{shot}_beauty_{label}"
    rows = exr_rows(measures.width, colour, 0.5 + version / 4)
    for number in range(measures.frames):
        frame = FIRST_FRAME + number
        if (shot, version, frame) != GAP:
            picture = partial(exr, rows, measures.width, measures.height, 3 * number)
            yield DemoFile(f"{base}.{frame}.exr", at + 20 * number, picture)
    preview = partial(png, measures.width, measures.height, colour)
    yield DemoFile(f"{folder}/lighting/version/{shot}_preview_{label}.png", at + HOUR, preview)


def _scene(shot: str, label: str) -> bytes:
    """Return a Maya ASCII scene with one group in it."""
    return (
        f"//Maya ASCII 2024 scene\n//Name: {shot}_anim_{label}.ma\n"
        'requires maya "2024";\ncurrentUnit -l centimeter -a degree -t film;\n'
        f'createNode transform -n "{shot}_{label}";\n\tsetAttr ".t" -type "double3" 0 {int(label[1:])} 0;\n// End\n'
    ).encode()


def _cache(measures: Measures, radius: float, part: int = 1) -> bytes:
    return point_cache(measures.points // part, measures.samples, radius)


def _colour(shot: str) -> Colour:
    red, green, blue = hashlib.sha256(shot.encode()).digest()[:3]
    return 0.2 + red / 320, 0.2 + green / 320, 0.2 + blue / 320
