"""Frame sequences: ranges, gaps and what is none."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop.core.media import Entry
from desktop.studio.shots.sequences import LONGEST, frame_ranges, group, missing, shorter, summary


def entries(*names: str, size: int | None = 100) -> list[Entry]:
    return [Entry(f"/s/{name}", size=size) for name in names]


def frames(head: str, numbers: list[int], tail: str = ".exr", pad: int = 4) -> list[Entry]:
    return entries(*(f"{head}{number:0{pad}}{tail}" for number in numbers))


def texts(files: list[Entry]) -> list[str]:
    return [sequence.text for sequence in group(files)]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (frames("beauty_v003.", [1001, 1002, 1003]), ["beauty_v003.####.exr 1001-1003"]),
        (frames("beauty_v003.", [1001, 1003, 1006]), ["beauty_v003.####.exr 1001-1006 (3 missing)"]),
        (frames("a.", [1001]), ["a.####.exr 1001"]),
        (frames("a_", [1, 2], ".PNG", 6), ["a_######.PNG 1-2"]),
        (frames("a.", [9, 10, 11], pad=1), ["a.#.exr 9-11"]),
        (frames("a", [10, 11], ".jpg"), ["a####.jpg 10-11"]),
        (frames("a", [10], ".jpg"), []),
        (entries("a_v001.exr", "a_v002.exr", "a_v003.exr"), []),
        (entries("v001.exr", "v002.exr"), []),
        (entries("nav001.exr", "nav002.exr"), ["nav###.exr 1-2"]),
        (entries("sh_v001.mov", "sh_v002.mov", "c.0001.abc", "c.0002.abc"), []),
        (entries("a.20260101120000.png", "a.20260102120000.png"), []),
        (frames("a.", [1, LONGEST + 1], pad=6), []),
        (frames("a.", [1, 2]) + frames("b.", [5, 6]), ["a.####.exr 1-2", "b.####.exr 5-6"]),
        ([], []),
    ],
)
def test_grouping(files: list[Entry], expected: list[str]) -> None:
    assert texts(files) == expected


def test_folders_are_kept_apart() -> None:
    files = [Entry(f"/s/{folder}/a.{n:04}.exr") for folder in ("l", "r") for n in (1, 2)]
    assert [(s.folder, s.frames) for s in group(files)] == [("/s/l", (1, 2)), ("/s/r", (1, 2))]


def test_a_frame_far_smaller_than_the_rest_is_suspicious() -> None:
    files = [*frames("a.", [1, 2, 3, 4]), *entries("a.0005.exr", size=10)]
    (sequence,) = group(files)
    assert sequence.suspicious == (5,)


def test_summaries() -> None:
    one = group(frames("a.", [1001, 1004]))
    two = group(frames("a.", [1001, 1004]) + frames("b.", [1001, 1002, 1003, 1004]))
    three = group(frames("a.", [1001, 1002]) + frames("b.", [1005, 1006]))
    assert summary([]) == ""
    assert summary(one) == "1001-1004 (2 missing)"
    assert summary(two) == "1001-1004, 2 sequences (2 missing)"
    assert summary(three) == "1001-1006, 2 sequences"
    assert missing(two) == (1002, 1003)
    assert frame_ranges([1043, 1044, 1045, 1050]) == "1043-1045,1050"


def test_fewer_frames_than_the_version_before() -> None:
    before, now = group(frames("b_v002.", [1001, 1002, 1003])), group(frames("b_v003.", [1001, 1002]))
    assert shorter(now, "v003", before, "v002") == "b_v003.####.exr has 1001-1002, v002 had 1001-1003"
    assert shorter(before, "v002", now, "v003") == ""
    assert shorter(now, "v003", group(frames("other_v002.", [1, 2])), "v002") == ""


@given(st.sets(st.integers(0, 3000), min_size=2, max_size=60), st.integers(1, 6))
def test_frames_and_gaps_make_up_the_range(numbers: set[int], pad: int) -> None:
    found = group(frames("b.", sorted(numbers), pad=pad))
    assert sorted(frame for sequence in found for frame in sequence.frames) == sorted(numbers)
    for sequence in found:
        have = {*sequence.frames, *sequence.missing}
        assert have == set(range(sequence.first, sequence.last + 1))
        assert not set(sequence.frames) & set(sequence.missing)


names = st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=20)
hostile = st.lists(st.tuples(names, st.sampled_from(["", "1", ".0001", "-5", ".99999999999", "#", "1-9"])), max_size=8)


@settings(max_examples=300)
@given(hostile)
def test_no_name_breaks_the_grouping(parts: list[tuple[str, str]]) -> None:
    files = entries(*(f"{head}{tail}.exr" for head, tail in parts))
    for sequence in group(files):
        assert sequence.last - sequence.first < LONGEST
        assert len(sequence.frames) <= len(files)
