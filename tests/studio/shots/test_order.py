"""Which files come first: a table of listings, and what a plan makes of them."""

from pathlib import Path

import pytest

from desktop.core.media import Entry
from desktop.core.plan import Options, Order, Request
from desktop.studio.plain import Expanded, plan_plain
from desktop.studio.shots.order import ALONE, FIRST, LAST, MIDDLE, REST, frame_ranks
from tests.studio.trees import planned, plant, read_tree

LIGHT = "VEGA/SQ01/SH010/lighting/version"


@pytest.mark.parametrize(
    ("names", "ranks"),
    [
        ([], []),
        (["a.1.exr"], [FIRST]),
        (["a.1.exr", "a.2.exr"], [FIRST, LAST]),
        (["a.1.exr", "a.2.exr", "a.3.exr"], [FIRST, MIDDLE, LAST]),
        ([f"a.{n}.exr" for n in (1, 2, 3, 4, 5, 6)], [FIRST, REST, MIDDLE, REST, REST, LAST]),
        # In whatever order they are listed, and with a gap: the middle is a frame that is there.
        (["a.1009.exr", "a.1001.exr", "a.1002.exr", "a.1003.exr"], [LAST, FIRST, MIDDLE, REST]),
        (["a.8.exr", "a.9.exr", "a.10.exr", "a.11.exr"], [FIRST, MIDDLE, REST, LAST]),
        # Every sequence by itself: by name, by folder.
        (["a.1.exr", "a.2.exr", "b.1.exr", "b.2.exr"], [FIRST, LAST, FIRST, LAST]),
        (["l/a.1.exr", "l/a.2.exr", "r/a.1.exr", "r/a.2.exr"], [FIRST, LAST, FIRST, LAST]),
        (["a_v001.1.exr", "a_v001.2.exr", "scene.ma", "a_v001.mov"], [FIRST, LAST, ALONE, ALONE]),
        (["cache.0001.abc", "cache.0002.abc", "a_v001.exr", "a_v002.exr"], [ALONE] * 4),
    ],
)
def test_of_every_sequence_a_few_frames_come_first(names: list[str], ranks: list[int]) -> None:
    paths = [f"/r/{name}" for name in names]
    found = frame_ranks(paths)
    assert [found.get(path, ALONE) for path in paths] == ranks


def test_a_plan_lists_its_files_as_ever_and_ranks_them_over_all_items(tmp_path: Path) -> None:
    names = [f"{LIGHT}/{shot}_v001.{n}.exr" for shot in "ab" for n in range(1001, 1006)]
    structure = read_tree(plant(tmp_path / "server", [*names, "VEGA/SQ01/SH010/anim/publish/v001/a.ma"]))
    usual = planned(structure, tmp_path / "here")
    assert {file.rank for _, file in usual.files()} == {0}
    made = planned(structure, tmp_path / "here", options=Options(order=Order.FRAMES_FIRST))
    assert [file.target for _, file in made.files()] == [file.target for _, file in usual.files()]
    sequence = [FIRST, REST, MIDDLE, REST, LAST]
    assert [[file.rank for file in item.files] for item in made.items] == [[ALONE], sequence * 2]


def test_a_plain_folder_is_ranked_too(tmp_path: Path) -> None:
    files = tuple(Entry(f"/s/a.{n}.exr", size=1) for n in (1, 2, 3))
    found = Expanded("file:", "/s", "s", True, (*files, Entry("/s/notes.txt", size=1)))
    request = Request("", tmp_path, options=Options(order=Order.FRAMES_FIRST))
    (item,) = plan_plain([found], request).items
    assert [file.rank for file in item.files] == [FIRST, MIDDLE, LAST, ALONE]
