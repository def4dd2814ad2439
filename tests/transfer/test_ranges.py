"""Sets of byte ranges, compared with sets of bytes."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from desktop.transfer.ranges import Ranges
from desktop.transfer.spans import SEGMENT_FROM, cut

SPAN = 60
span = st.tuples(st.integers(0, SPAN), st.integers(0, SPAN)).map(lambda pair: (min(pair), max(pair)))
change = st.tuples(st.sampled_from(["add", "remove"]), span)


def built(changes: list[tuple[str, tuple[int, int]]]) -> tuple[Ranges, set[int]]:
    ranges, model = Ranges(), set[int]()
    for what, (start, end) in changes:
        if what == "add":
            ranges.add(start, end)
            model |= set(range(start, end))
        else:
            ranges.remove(start, end)
            model -= set(range(start, end))
    return ranges, model


@given(st.lists(change))
def test_it_is_a_set_of_bytes(changes: list[tuple[str, tuple[int, int]]]) -> None:
    ranges, model = built(changes)
    assert {byte for start, end in ranges for byte in range(start, end)} == model
    assert ranges.total == len(model)
    assert ranges.end == max(model, default=-1) + 1


@given(st.lists(change))
def test_its_ranges_are_sorted_and_never_touch(changes: list[tuple[str, tuple[int, int]]]) -> None:
    ranges = list(built(changes)[0])
    assert all(start < end for start, end in ranges)
    assert all(before[1] < after[0] for before, after in pairwise(ranges))


@given(st.lists(change), span)
def test_what_is_missing_is_what_is_not_there(
    changes: list[tuple[str, tuple[int, int]]], asked: tuple[int, int]
) -> None:
    ranges, model = built(changes)
    missing = {byte for start, end in ranges.missing(*asked) for byte in range(start, end)}
    assert missing == set(range(*asked)) - model
    assert ranges.covers(*asked) == (not missing)


@given(st.lists(change), span)
def test_a_copy_goes_its_own_way(changes: list[tuple[str, tuple[int, int]]], more: tuple[int, int]) -> None:
    ranges, model = built(changes)
    twin = ranges.copy()
    twin.add(*more)
    assert ranges.total == len(model)
    assert twin == Ranges([*ranges, more])


@given(
    st.integers(1, 9),
    st.lists(st.tuples(st.integers(0, 10**9), st.integers(1, 10**9)), min_size=1, max_size=4),
)
def test_cutting_loses_and_doubles_nothing(segments: int, sizes: list[tuple[int, int]]) -> None:
    gaps: list[tuple[int, int | None]] = []
    at = 0
    for skipped, length in sizes:
        gaps.append((at + skipped, at + skipped + length))
        at += skipped + length
    pieces = cut(gaps, segments)
    whole = Ranges()
    for start, end in pieces:
        assert end is not None
        assert whole.missing(start, end) == [(start, end)]
        whole.add(start, end)
    assert whole == Ranges((start, end) for start, end in gaps if end is not None)
    assert len(pieces) <= segments + len(gaps)


def test_small_remainders_and_unknown_ends_are_not_cut() -> None:
    assert cut([(0, SEGMENT_FROM - 1)], 4) == [(0, SEGMENT_FROM - 1)]
    assert cut([(0, None)], 4) == [(0, None)]
    assert len(cut([(0, SEGMENT_FROM)], 4)) == 4
