"""The numbers of a result's quality.json, and how good they are.

What a job measures is its own business: whatever numbers the file holds are shown, by the path that leads to them
(`views.0.psnr`). A threshold says where green and amber begin for the names it fits.
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path

from desktop.core.errors import NotTheFile
from desktop.studio.jobs.contents import unreadable
from desktop.transfer.names import shown

LARGEST = 4 * 1024 * 1024
"""Bytes a quality.json may have; thousands of views fit in."""
MOST = 5_000
"""Numbers of a quality.json that are shown and judged, the first ones; a list of every vertex's is not for reading."""
DEEPEST = 64
"""Levels that are looked into: a name repeats all of those above it."""


class Grade(StrEnum):
    """How good a number is, the best first."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


@dataclass(frozen=True, slots=True)
class Threshold:
    """The last number that is green, and the last one that is amber; beyond is red.

    more: more is better (PSNR), and green the larger of the two; otherwise less is (a distance). Raises ValueError for
    bounds that are the wrong way round, or no numbers.
    """

    green: float
    amber: float
    more: bool = True

    def __post_init__(self) -> None:
        if math.isnan(self.green) or math.isnan(self.amber):
            raise ValueError("a threshold is a number")
        if self.green != self.amber and (self.green > self.amber) is not self.more:
            raise ValueError("green begins on the wrong side of amber")

    def grade(self, number: float) -> Grade:
        """Return how good a number is; what is none (a measurement that failed) is red."""
        sign = 1 if self.more else -1
        if sign * number >= sign * self.green:
            return Grade.GREEN
        return Grade.AMBER if sign * number >= sign * self.amber else Grade.RED


@dataclass(frozen=True, slots=True)
class Quality:
    """One number: its name, a path divided by ".", and its grade, None if no threshold fits."""

    name: str
    number: float
    grade: Grade | None = None


def read_quality(path: Path, thresholds: Mapping[str, Threshold]) -> tuple[Quality, ...]:
    """Return the graded numbers of a quality.json on disk; raise as `parse_quality` does, and NotFound, NotAllowed."""
    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except OSError as error:
        raise unreadable(path.name, path, error) from error
    return parse_quality(data, str(path), thresholds)


def parse_quality(data: bytes, path: str, thresholds: Mapping[str, Threshold]) -> tuple[Quality, ...]:
    """Return the graded numbers of a quality.json, in its order; raise NotTheFile if it is no JSON or too large.

    path: what it is called in errors.
    """
    if len(data) > LARGEST:
        raise _no_quality(path, f"It has more than {LARGEST:,} bytes.")
    try:
        # Whole numbers too: one with thousands of digits is infinite instead of an error.
        found = json.loads(data, parse_int=float)
    except (ValueError, RecursionError) as error:
        raise _no_quality(path, f"It is no JSON: {shown(str(error))}.") from error
    return grade(flatten(found), thresholds)


def flatten(found: object) -> tuple[tuple[str, float], ...]:
    """Return the first MOST numbers of a JSON value as (path, number), in order; what is no number is left out.

    A list's items are called by their place: 0, 1, ... A number that stands alone is called "".
    """
    return tuple(islice(_numbers("", found, DEEPEST), MOST))


def _numbers(name: str, value: object, depth: int) -> Iterator[tuple[str, float]]:
    inner: Iterable[tuple[object, object]] = ()
    if isinstance(value, int | float) and not isinstance(value, bool):
        yield name, float(value)
    elif isinstance(value, Mapping):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    if depth:
        for key, item in inner:
            yield from _numbers(f"{name}.{key}" if name else str(key), item, depth - 1)


def grade(numbers: Iterable[tuple[str, float]], thresholds: Mapping[str, Threshold]) -> tuple[Quality, ...]:
    """Return the numbers graded by the thresholds that fit them best."""
    known = {name.casefold(): threshold for name, threshold in thresholds.items()}
    return tuple(
        Quality(name, number, None if (fits := _fitting(name, known)) is None else fits.grade(number))
        for name, number in numbers
    )


def worst(qualities: Iterable[Quality]) -> Grade | None:
    """Return the worst of the grades, None if there is none."""
    order = list(Grade)
    grades = [quality.grade for quality in qualities if quality.grade is not None]
    return max(grades, key=order.index, default=None)


def _fitting(name: str, thresholds: Mapping[str, Threshold]) -> Threshold | None:
    """Return the threshold of the longest name that ends this one, part by part: `views.0.psnr`, `0.psnr`, `psnr`."""
    rest = name.casefold()
    while rest not in thresholds:
        _, dot, rest = rest.partition(".")
        if not dot:
            return None
    return thresholds[rest]


def _no_quality(path: str, cause: str) -> NotTheFile:
    return NotTheFile(
        title="quality.json cannot be understood.",
        cause=cause,
        suggestion="Open it in a text editor, and ask whoever runs the job.",
        path=shown(path),
    )
