"""quality.json: which numbers it has, and how good they are."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.core.errors import NotFound, NotTheFile
from desktop.studio.jobs.quality import LARGEST, MOST, Grade, Quality, Threshold, flatten, grade, read_quality, worst

PSNR = Threshold(green=30, amber=25)
CHAMFER = Threshold(green=0.01, amber=0.05, more=False)
G, A, R = Grade.GREEN, Grade.AMBER, Grade.RED


@pytest.mark.parametrize(
    ("threshold", "number", "expected"),
    [
        (PSNR, 31, G),
        (PSNR, 30, G),
        (PSNR, 29.99, A),
        (PSNR, 25, A),
        (PSNR, 24.99, R),
        (PSNR, -math.inf, R),
        (PSNR, math.inf, G),
        (PSNR, math.nan, R),
        (CHAMFER, 0, G),
        (CHAMFER, 0.01, G),
        (CHAMFER, 0.011, A),
        (CHAMFER, 0.05, A),
        (CHAMFER, 0.051, R),
        (CHAMFER, math.nan, R),
        (Threshold(1, 1), 1, G),
        (Threshold(1, 1), 0.9, R),
        (Threshold(1, 1, more=False), 1.1, R),
    ],
)
def test_grades(threshold: Threshold, number: float, expected: Grade) -> None:
    assert threshold.grade(number) is expected


@pytest.mark.parametrize(("green", "amber", "more"), [(25, 30, True), (0.05, 0.01, False), (math.nan, 1, True)])
def test_a_threshold_that_cannot_be_meant(green: float, amber: float, more: bool) -> None:
    with pytest.raises(ValueError, match=r"wrong side|is a number"):
        Threshold(green, amber, more)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({}, []),
        ({"psnr": 31.5, "faces": 1200}, [("psnr", 31.5), ("faces", 1200)]),
        ({"b": {"y": 1, "x": 2}, "a": 3}, [("b.y", 1), ("b.x", 2), ("a", 3)]),
        ({"views": [{"psnr": 1}, {"psnr": 2}]}, [("views.0.psnr", 1), ("views.1.psnr", 2)]),
        ({"ok": True, "name": "12", "none": None, "n": 0}, [("n", 0)]),
        ([1, [2, 3]], [("0", 1), ("1.0", 2), ("1.1", 3)]),
        (7, [("", 7)]),
        ("seven", []),
    ],
)
def test_which_numbers_there_are(found: Any, expected: list[tuple[str, float]]) -> None:
    assert list(flatten(found)) == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_no_number_is_lost(found: object) -> None:
    def count(value: object) -> int:
        if isinstance(value, dict):
            return sum(map(count, value.values()))
        return sum(map(count, value)) if isinstance(value, list) else isinstance(value, float)

    assert len(flatten(found)) == count(found)


def test_of_numbers_without_end_the_first_count() -> None:
    many = json.loads("[" * 900 + "1," * 100_000 + "1" + "]" * 900)
    assert flatten(many) == ()
    assert [name for name, _ in flatten(json.loads("[" + "1," * 100_000 + "1]"))] == [str(n) for n in range(MOST)]


def test_the_threshold_of_the_longest_name_counts() -> None:
    thresholds = {"PSNR": PSNR, "views.1.psnr": Threshold(1, 0)}
    graded = grade(
        [("psnr", 10), ("views.0.psnr", 30), ("views.1.Psnr", 2), ("xpsnr", 9), ("psnr.mean", 9)], thresholds
    )
    assert [quality.grade for quality in graded] == [R, G, G, None, None]


@pytest.mark.parametrize(
    ("grades", "expected"), [([], None), ([None], None), ([G, None], G), ([G, A, G], A), ([A, R, G], R)]
)
def test_the_worst(grades: list[Grade | None], expected: Grade | None) -> None:
    assert worst(Quality("n", 0, each) for each in grades) is expected


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "quality.json"
    path.write_text('{"psnr": 28.5, "chamfer": NaN, "faces": %s, "name": "x"}' % ("9" * 5000))
    graded = read_quality(path, {"psnr": PSNR, "chamfer": CHAMFER})
    assert [(quality.name, quality.grade) for quality in graded] == [("psnr", A), ("chamfer", R), ("faces", None)]
    assert graded[2].number == math.inf


@pytest.mark.parametrize(
    "data",
    [b"", b"<html>", b"{", b"\xff\xfe\xfd", b"[" * 100_000, b" " * (LARGEST + 1), b'{"a": 1} more'],
    ids=["empty", "page", "cut", "bytes", "deep", "large", "more"],
)
def test_what_is_no_quality(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "quality.json"
    path.write_bytes(data)
    with pytest.raises(NotTheFile, match=r"quality\.json cannot be understood"):
        read_quality(path, {})


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"quality\.json cannot be read"):
        read_quality(tmp_path / "quality.json", {})


def test_it_reads_what_json_writes(tmp_path: Path) -> None:
    path = tmp_path / "quality.json"
    path.write_text(json.dumps({"a": [1, 2.5]}))
    assert read_quality(path, {}) == (Quality("a.0", 1), Quality("a.1", 2.5))
