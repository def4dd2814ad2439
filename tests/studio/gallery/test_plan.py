"""Which video gets which name, and which are here already."""

from pathlib import Path
from typing import Any

import pytest

from desktop.core.errors import UsageError
from desktop.core.gallery import Video
from desktop.core.plan import Action, ItemState, Plan, Request
from desktop.core.task import Brought
from desktop.studio.gallery.names import file_name, lasting_path
from desktop.studio.gallery.plan import plan_videos, whereabouts

SERVER, BASE = "studio web", "/base"


def video(number: str, project: str = "Moon Base", size: int | None = 4) -> Video:
    return Video(number, project, file_name(project), bytes=size)


def brought(number: str, path: Path, size: int | None = 4, arrived: bool = True) -> Brought:
    return Brought(lasting_path(BASE, number), path, size, arrived)


def planned(here: Path, videos: list[Video], known: tuple[Brought, ...] = (), **wishes: Any) -> Plan:
    return plan_videos(videos, SERVER, BASE, Request("", here, **wishes), known)


def targets(plan: Plan) -> list[str]:
    return [file.target for _, file in plan.files()]


def test_an_item_for_each_video(tmp_path: Path) -> None:
    plan = planned(tmp_path, [video("1", "VEGA"), video("a/b", "", None)])
    first, second = plan.items
    assert (first.site, first.label, first.message, first.state) == (
        "gallery:studio web",
        "VEGA",
        "",
        ItemState.PLANNED,
    )
    assert second.label == "Video a/b"
    assert [file.source for _, file in plan.files()] == ["/base/api/downloads/1/file", "/base/api/downloads/a%2Fb/file"]
    assert targets(plan) == ["VEGA_final.mp4", "video.mp4"]
    assert [file.size for _, file in plan.files()] == [4, None]
    assert plan.request.name == "2 videos of studio web"
    assert planned(tmp_path, [video("1", "VEGA")]).request.name == "VEGA"
    assert planned(tmp_path, [video("1", "VEGA")], name="mine").request.name == "mine"


def test_a_project_s_name_is_shown_safely(tmp_path: Path) -> None:
    (item,) = planned(tmp_path, [video("1", "a\x1b[31m\u202eb")]).items
    assert item.label.isprintable()


def test_of_one_name_the_first_keeps_it(tmp_path: Path) -> None:
    plan = planned(tmp_path, [video("1"), video("2", "Moon-Base"), video("3", "moon base")])
    assert targets(plan) == ["Moon_Base_final.mp4", "Moon_Base_final_2.mp4", "moon_base_final_3.mp4"]
    assert [item.message for item in plan.items] == [
        "",
        "Saved as Moon_Base_final_2.mp4: another video is called Moon_Base_final.mp4",
        "Saved as moon_base_final_3.mp4: another video is called moon_base_final.mp4",
    ]
    assert len(plan.warnings) == 2


def test_who_was_brought_before_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "Moon_Base_final.mp4"
    path.write_bytes(b"film")
    plan = planned(tmp_path, [video("1"), video("2", "Moon-Base")], (brought("2", path),))
    assert targets(plan) == ["Moon_Base_final_1.mp4", "Moon_Base_final.mp4"]
    assert [file.action for _, file in plan.files()] == [Action.DOWNLOAD, Action.SKIP]
    assert plan.items[1].state is ItemState.UP_TO_DATE


def test_a_file_of_another_video_is_taken_even_if_that_one_is_not_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "Moon_Base_final.mp4"
    path.write_bytes(b"film")
    assert targets(planned(tmp_path, [video("1")], (brought("2", path),), conflict="overwrite")) == [
        "Moon_Base_final_1.mp4"
    ]
    path.unlink()
    assert targets(planned(tmp_path, [video("1")], (brought("2", path),))) == ["Moon_Base_final.mp4"]


def test_a_task_that_is_not_over_has_its_name_already(tmp_path: Path) -> None:
    coming = brought("2", tmp_path / "Moon_Base_final.mp4", arrived=False)
    assert targets(planned(tmp_path, [video("1")], (coming,))) == ["Moon_Base_final_1.mp4"]
    elsewhere = brought("2", tmp_path / "other" / "Moon_Base_final.mp4", arrived=False)
    assert targets(planned(tmp_path, [video("1")], (elsewhere,))) == ["Moon_Base_final.mp4"]


def test_the_newest_arrival_owns_a_name(tmp_path: Path) -> None:
    path = tmp_path / "Moon_Base_final.mp4"
    path.write_bytes(b"film")
    known = (brought("2", path), brought("1", path))
    assert targets(planned(tmp_path, [video("1"), video("2")], known)) == [
        "Moon_Base_final_1.mp4",
        "Moon_Base_final.mp4",
    ]


def test_who_was_told_apart_stays_so(tmp_path: Path) -> None:
    path = tmp_path / "Moon_Base_final_2.mp4"
    path.write_bytes(b"film")
    plan = planned(tmp_path, [video("2")], (brought("2", path),))
    assert targets(plan) == [path.name]
    assert next(iter(plan.files()))[1].action is Action.SKIP


@pytest.mark.parametrize(
    "ids",
    [("1", "a/b", "a_b"), ("1", "abc", "ABC"), ("1", "é", "ü"), ("1", "x" * 100 + "1", "x" * 100 + "2")],
)
def test_ids_that_look_alike_in_a_name_are_told_apart_all_the_same(tmp_path: Path, ids: tuple[str, ...]) -> None:
    videos = [video(one) for one in ids]
    plan = planned(tmp_path, videos)
    assert all(file.action is Action.DOWNLOAD for _, file in plan.files())
    names = targets(plan)
    assert len({name.lower() for name in names}) == 3
    for name in names:
        (tmp_path / name).write_bytes(b"film")
    known = tuple(brought(one.id, tmp_path / name) for one, name in zip(videos, names, strict=True))
    # Alone or together, with or without the others' having come: never another's name.
    for one, name in zip(videos, names, strict=True):
        assert targets(planned(tmp_path, [one], known, conflict="overwrite")) == [name]
        others = tuple(each for each in known if each.path.name != name)
        assert targets(planned(tmp_path, [one], others, conflict="overwrite"))[0] not in {x.path.name for x in others}


def test_a_name_with_an_id_may_be_another_s_own(tmp_path: Path) -> None:
    videos = [video("1"), video("q_final"), video("3", "Moon Base final q")]
    names = targets(planned(tmp_path, videos))
    assert len(set(names)) == 3
    assert [file.action for _, file in planned(tmp_path, videos).files()] == [Action.DOWNLOAD] * 3


def test_a_destination_spelled_otherwise_is_the_same_folder(tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    (here / "Moon_Base_final.mp4").write_bytes(b"film")
    (tmp_path / "link").symlink_to(here)
    known = (brought("2", here / "Moon_Base_final.mp4"),)
    for spelled in (tmp_path / "link", here / ".." / "here"):
        assert targets(planned(spelled, [video("1")], known, conflict="overwrite")) == ["Moon_Base_final_1.mp4"]


def test_a_strange_file_is_the_strategy_s(tmp_path: Path) -> None:
    (tmp_path / "Moon_Base_final.mp4").write_bytes(b"notes")
    assert [file.action for _, file in planned(tmp_path, [video("1")]).files()] == [Action.SKIP]
    plan = planned(tmp_path, [video("1")], conflict="keep_both")
    assert [file.action for _, file in plan.files()] == [Action.KEEP_BOTH]
    with pytest.raises(UsageError):
        planned(tmp_path, [video("1")], conflict="none")


def test_unknown_ids_are_blocked_and_the_rest_comes(tmp_path: Path) -> None:
    plan = plan_videos([video("1")], SERVER, BASE, Request("", tmp_path), (), ("9", "../x"))
    assert [file.action for _, file in plan.files()] == [Action.DOWNLOAD, Action.BLOCKED, Action.BLOCKED]
    assert [file.kind for _, file in plan.files()] == ["", "not-found", "not-found"]
    assert "no video 9" in plan.items[1].files[0].reason


def test_where_videos_are(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    for path in (here / "A_final.mp4", here / "B_final.mp4", there / "C.mp4", there / "D.mp4"):
        path.write_bytes(b"film")
    videos = [video(name, name) for name in "ABCDE"] + [video("F", "A", None)]
    known = (
        brought("C", there / "C.mp4"),
        brought("D", there / "D.mp4", size=5),
        brought("E", here / "E.mp4"),
    )
    found = whereabouts(videos, BASE, here, known)
    assert found == {"A": here / "A_final.mp4", "B": here / "B_final.mp4", "C": there / "C.mp4"}
    assert whereabouts(videos, BASE, None, known) == {"C": there / "C.mp4"}


def test_a_file_that_another_video_replaced_is_not_the_first_one_s(tmp_path: Path) -> None:
    path = tmp_path / "Moon_Base_final.mp4"
    path.write_bytes(b"film")
    known = (brought("2", path), brought("1", path))
    assert whereabouts([video("1"), video("2")], BASE, tmp_path, known) == {"2": path}
