"""Plans: versions chosen, fates decided, hostile names stopped, and nothing touched."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.core.errors import Stopped, UsageError
from desktop.core.media import Entry, Publication, ShotKey, Structure, Version
from desktop.core.plan import Action, Filters, ItemState, Plan, Request, VersionStrategy
from desktop.studio.shots.layout import load_layout
from desktop.studio.shots.layout_file import read_layout
from desktop.studio.shots.planner import plan
from desktop.transfer.journal import Journal, write_journal
from desktop.transfer.names import fold
from desktop.transfer.partfile import journal_path, part_path
from tests.studio.trees import NOW, OLD, only, planned, plant, read_tree

ANIM = "VEGA/SQ01/SH010/anim/publish"
LIGHT = "VEGA/SQ01/SH010/lighting/version"


def fates(made: Plan) -> dict[str, Action]:
    return {file.target: file.action for _, file in made.files()}


def structure_of(*files: Entry) -> Structure:
    found = Publication(ShotKey("V", "", "", "S"), "anim", "/r/V/S", (Version("v1", 1, files),))
    return Structure("studio", "/r", "default", NOW, (found,))


def test_a_plan_keeps_the_servers_tree_and_names_everything(tmp_path: Path) -> None:
    server = plant(tmp_path / "server", [f"{ANIM}/v001/a.ma", f"{ANIM}/v010/sub/b.ma", f"{LIGHT}/c_v002.1001.exr"])
    plant(tmp_path / "here", [f"{ANIM}/v001/a.ma"])
    made = planned(read_tree(server), tmp_path / "here")
    anim, lighting = made.items
    assert (anim.site, anim.label, anim.key) == ("studio", "VEGA/SQ01/SH010 anim", ShotKey("VEGA", "", "SQ01", "SH010"))
    assert (anim.selected_version, anim.available_versions, anim.latest_version, anim.local_version) == (
        "v010",
        ("v001", "v010"),
        "v010",
        "v001",
    )
    assert fates(made) == {f"{ANIM}/v010/sub/b.ma": Action.DOWNLOAD, f"{LIGHT}/c_v002.1001.exr": Action.DOWNLOAD}
    (file,) = anim.files
    assert (file.source, file.size, file.mtime) == (f"{server.as_posix()}/{ANIM}/v010/sub/b.ma", 10, OLD)
    assert (lighting.state, made.warnings) == (ItemState.PLANNED, ())
    assert made.free and made.free > 0


@pytest.mark.parametrize("strategy", list(VersionStrategy))
def test_planning_touches_nothing(tmp_path: Path, strategy: VersionStrategy) -> None:
    server = plant(tmp_path / "server", [f"{ANIM}/v001/a.ma"])
    planned(read_tree(server), tmp_path / "new/deep", strategy, "v001", custom={("SH010", "anim"): "v001"})
    assert not (tmp_path / "new").exists()


def test_every_version_has_its_place_and_is_found_again(tmp_path: Path) -> None:
    server = plant(tmp_path / "server", [f"{ANIM}/v1/a", f"{ANIM}/v2/a", f"{LIGHT}/c_v1.exr", f"{LIGHT}/c_v2.exr"])
    structure = read_tree(server)
    made = planned(structure, tmp_path / "here", VersionStrategy.ALL)
    assert [(item.department, item.selected_version) for item in made.items] == [
        ("anim", "v1"),
        ("anim", "v2"),
        ("lighting", "v1"),
        ("lighting", "v2"),
    ]
    assert list(fates(made)) == [f"{ANIM}/v1/a", f"{ANIM}/v2/a", f"{LIGHT}/c_v1.exr", f"{LIGHT}/c_v2.exr"]
    shutil.copytree(server, tmp_path / "here", copy_function=shutil.copy2)
    again = planned(structure, tmp_path / "here", VersionStrategy.ALL)
    assert {item.state for item in again.items} == {ItemState.UP_TO_DATE}
    assert again.totals().to_transfer == 0


def test_a_version_that_is_not_there_skips_the_shot_with_the_words_of_the_product(tmp_path: Path) -> None:
    server = plant(
        tmp_path,
        [f"{ANIM}/v001/a", f"{ANIM}/v002/a", "VEGA/SQ01/SH020/anim/publish/v005/a"],
    )
    made = planned(read_tree(server), tmp_path / "here", VersionStrategy.SPECIFIC, "v005")
    skipped, fetched = made.items
    assert (skipped.state, skipped.files, skipped.selected_version) == (ItemState.SKIPPED, (), "v005")
    assert skipped.message == "Version v005 not available, available: v001, v002"
    assert (fetched.state, len(fetched.files)) == (ItemState.PLANNED, 1)
    assert made.warnings == ("VEGA/SQ01/SH010 anim: Version v005 not available, available: v001, v002",)


def test_a_version_still_uploading_is_never_planned(tmp_path: Path) -> None:
    server = plant(tmp_path, [f"{ANIM}/v001/a", f"{ANIM}/v002/a", f"{ANIM}/v002/b.part"])
    (item,) = planned(read_tree(server), tmp_path / "here").items
    assert (item.selected_version, item.latest_version, item.available_versions) == ("v001", "v001", ("v001",))
    assert item.message == "Version v002 still uploading, v001 taken"


def test_custom_tables_and_rows_that_match_nothing(tmp_path: Path) -> None:
    server = plant(tmp_path, [f"{ANIM}/v001/a", f"{ANIM}/v002/a", f"{LIGHT}/c_v1.exr"])
    table = {("VEGA/SQ01/SH010", "anim"): "1", ("SH010", "comp"): "v1", ("SH011", "anim"): ""}
    made = planned(read_tree(server), tmp_path / "here", VersionStrategy.CUSTOM, custom=table)
    assert list(fates(made)) == [f"{ANIM}/v001/a"]
    assert made.warnings == ("SH010 comp: No such shot and department on the server",)


@pytest.mark.parametrize(
    ("filters", "warning"),
    [
        (Filters(shot=("SH999",)), "shot SH999: No shot of this name, known: SH010"),
        (Filters(project=("N*", "VEGA"), shot=("SH010",)), "project N*: No project of this name, known: VEGA"),
        (Filters(episode=("EP1",)), "episode EP1: No episode of this name, known: none"),
        (
            Filters(rows=(("VEGA/SQ01/SH010", "comp"),)),
            "VEGA/SQ01/SH010 comp: No such shot and department on the server",
        ),
    ],
)
def test_filters_that_match_nothing_are_told(tmp_path: Path, filters: Filters, warning: str) -> None:
    server = plant(tmp_path, [f"{ANIM}/v001/a"])
    assert planned(read_tree(server), tmp_path / "here", filters=filters).warnings == (warning,)


def test_rows_are_themselves_and_not_every_shot_with_every_department(tmp_path: Path) -> None:
    other = "VEGA/SQ01/SH020/anim/publish"
    server = plant(tmp_path, [f"{ANIM}/v001/a", f"{LIGHT}/c_v1.exr", f"{other}/v001/b"])
    rows = (("VEGA/SQ01/SH010", "lighting"), ("VEGA/SQ01/SH020", "anim"))
    made = planned(read_tree(server), tmp_path / "here", filters=Filters(rows=rows))
    assert set(fates(made)) == {f"{LIGHT}/c_v1.exr", f"{other}/v001/b"}
    assert made.warnings == ()


def test_filters_that_match_nothing_together_are_told(tmp_path: Path) -> None:
    server = plant(tmp_path, [f"{ANIM}/v001/a", "NOVA/SQ01/SH020/anim/publish/v1/a"])
    made = planned(read_tree(server), tmp_path / "here", filters=Filters(project=("NOVA",), shot=("SH010",)))
    assert list(made.files()) == []
    assert made.warnings == ("filters: Each filter matches something, but no shot matches all of them",)


@pytest.mark.parametrize(
    ("conflict", "size", "mtime", "action"),
    [
        ("skip", 10, OLD, Action.SKIP),
        ("skip", 3, OLD - 999, Action.SKIP),
        ("compare", 10, OLD, Action.SKIP),
        ("compare", 3, OLD, Action.UPDATE),
        ("compare", 10, OLD - 999, Action.UPDATE),
        ("overwrite", 10, OLD, Action.UPDATE),
        ("keep_both", 10, OLD, Action.KEEP_BOTH),
    ],
)
def test_an_existing_file_meets_the_conflict_strategy(
    tmp_path: Path, conflict: str, size: int, mtime: float, action: Action
) -> None:
    server = plant(tmp_path / "server", [f"{ANIM}/v001/a"])
    plant(tmp_path / "here", {f"{ANIM}/v001/a": size}, mtime)
    made = planned(read_tree(server), tmp_path / "here", conflict=conflict)
    file = only(made)
    assert file.action is action
    assert file.reason
    (item,) = made.items
    assert (item.state is ItemState.UP_TO_DATE) is (action is Action.SKIP and size == 10)


@pytest.mark.parametrize(
    ("conflict", "here", "action"),
    [("skip", False, Action.RESUME), ("overwrite", True, Action.UPDATE), ("skip", True, Action.SKIP)],
)
def test_what_an_earlier_run_left_is_used(tmp_path: Path, conflict: str, here: bool, action: Action) -> None:
    size = 5_000_000
    server = plant(tmp_path / "server", {f"{ANIM}/v001/a.abc": size})
    structure = read_tree(server)
    ((_, file),) = planned(structure, tmp_path / "here").files()
    target = tmp_path / "here" / file.target
    plant(tmp_path / "here", {file.target: 1} if here else {})
    part = part_path(str(target), "deadbeef")
    plant(tmp_path / "here", {Path(part).relative_to(tmp_path / "here").as_posix(): size})
    seen = Entry(file.source, size=size, mtime=file.mtime, precision=file.precision)
    write_journal(journal_path(part), Journal(seen, ((0, 1_000_000, 0),)))
    found = only(planned(structure, tmp_path / "here", conflict=conflict))
    assert (found.action, found.reuse) == (action, 0 if action is Action.SKIP else 1_000_000)


def test_an_unknown_conflict_strategy_or_a_missing_version_is_refused(tmp_path: Path) -> None:
    structure = read_tree(plant(tmp_path, [f"{ANIM}/v001/a"]))
    with pytest.raises(UsageError, match="clobber"):
        planned(structure, tmp_path, conflict="clobber")
    with pytest.raises(UsageError, match="No version was given"):
        planned(structure, tmp_path, VersionStrategy.SPECIFIC)


@pytest.mark.parametrize("name", ["../../../evil", "..", "", "a\\..\\b", "/etc/passwd", "a\0b", "a/../b"])
def test_a_hostile_name_is_blocked_and_the_others_go_on(tmp_path: Path, name: str) -> None:
    folder = "/r/V/S/anim/publish/v1"
    made = planned(structure_of(Entry(f"{folder}/good.ma", size=1), Entry(f"{folder}/{name}", size=1)), tmp_path)
    good, bad = (file for _, file in made.files())
    assert (good.action, bad.action, bad.kind) == (Action.DOWNLOAD, Action.BLOCKED, "hostile-name")
    assert bad.reason
    assert "\0" not in bad.target


@pytest.mark.skipif(os.name == "nt", reason="no file can have these names there")
def test_a_hostile_name_from_a_server_is_blocked_in_any_department(tmp_path: Path) -> None:
    server = plant(tmp_path / "server", [f"{ANIM}/v001/..\\evil", f"{LIGHT}/x\\y_v001.exr", f"{ANIM}/v001/good"])
    made = planned(read_tree(server), tmp_path / "here")
    assert sorted(file.kind for _, file in made.files()) == ["", "hostile-name", "hostile-name"]


@pytest.mark.parametrize(("first", "second"), [("Shot.ma", "shot.MA"), ("caf\u00e9", "cafe\u0301"), ("a", "a")])
def test_two_files_with_one_target(tmp_path: Path, first: str, second: str) -> None:
    folder = "/r/V/S/anim/publish/v1"
    made = planned(structure_of(Entry(f"{folder}/{first}"), Entry(f"{folder}/{second}")), tmp_path)
    one, two = (file for _, file in made.files())
    assert (one.action, two.action, two.kind) == (Action.DOWNLOAD, Action.BLOCKED, "conflict")
    assert first in two.reason


def test_a_folder_or_file_in_the_way_blocks(tmp_path: Path) -> None:
    server = plant(tmp_path / "server", [f"{ANIM}/v001/a", f"{ANIM}/v001/b/c"])
    plant(tmp_path / "here", [f"{ANIM}/v001/a/x", f"{ANIM}/v001/b"])
    made = planned(read_tree(server), tmp_path / "here")
    assert [(file.action, file.kind) for _, file in made.files()] == [
        (Action.BLOCKED, "conflict"),
        (Action.BLOCKED, "target-unwritable"),
    ]


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_that_leads_out_of_the_destination_blocks(tmp_path: Path) -> None:
    server = plant(tmp_path / "server", [f"{ANIM}/v001/a", "VEGA/SQ01/SH020/anim/publish/v1/a"])
    here = plant(tmp_path / "here", [])
    (tmp_path / "outside").mkdir()
    (here / "VEGA/SQ01").mkdir(parents=True)
    (here / "VEGA/SQ01/SH010").symlink_to(tmp_path / "outside")
    made = planned(read_tree(server), here)
    assert [file.kind for _, file in made.files()] == ["hostile-name", ""]


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_that_leads_nowhere_counts_as_existing(tmp_path: Path) -> None:
    server = plant(tmp_path / "server", [f"{ANIM}/v001/a"])
    here = tmp_path / "here"
    (here / f"{ANIM}/v001").mkdir(parents=True)
    (here / f"{ANIM}/v001/a").symlink_to("nowhere")
    assert only(planned(read_tree(server), here)).action is Action.SKIP


def test_a_local_template_gives_each_version_its_folder(tmp_path: Path) -> None:
    layout = read_layout(
        'shot = "{project}/{sequence?}/{shot}"\nlocal = "{shot}/{department}/{version}/{file}"\n'
        '[departments.lighting]\npath = "{shot_path}/lighting/version/*_{version}.*"\n',
        "x.toml",
        "x",
    )
    server = plant(tmp_path / "server", [f"{LIGHT}/c_v1.exr", f"{LIGHT}/c_v2.exr"])
    structure = read_tree(server, layout)
    made = planned(structure, tmp_path / "here", VersionStrategy.ALL, layout=layout)
    assert list(fates(made)) == ["SH010/lighting/v1/c_v1.exr", "SH010/lighting/v2/c_v2.exr"]


def test_a_plan_can_be_stopped(tmp_path: Path) -> None:
    structure = read_tree(plant(tmp_path, [f"{ANIM}/v001/a"]))
    with pytest.raises(Stopped):
        plan(structure, load_layout("default"), Request("studio", tmp_path), lambda: True)


names = st.text(st.characters(exclude_characters="/"), min_size=1, max_size=10)


@given(st.lists(names, max_size=12))
def test_whatever_the_server_sends_targets_stay_apart_and_inside(listed: list[str]) -> None:
    files = [Entry(f"/r/V/S/anim/publish/v1/{name}", size=1) for name in listed]
    made = planned(structure_of(*files), Path("/nonexistent/destination"))
    moving = [file for _, file in made.files() if file.action.transfers]
    assert len(moving) == len({fold(file.target) for file in moving})
    for file in moving:
        parts = file.target.split("/")
        assert parts[:5] == ["V", "S", "anim", "publish", "v1"]
        assert len(parts) == 6
        assert parts[5] not in ("", ".", "..")
    assert len(list(made.files())) == len(files)


def test_a_structure_of_another_root_spelling_is_planned_alike(tmp_path: Path) -> None:
    structure = read_tree(plant(tmp_path / "server", [f"{ANIM}/v001/a"]))
    slashed = replace(structure, root=f"{structure.root}/")
    assert fates(planned(slashed, tmp_path)) == fates(planned(structure, tmp_path))


def test_the_servers_root_itself_as_the_root(tmp_path: Path) -> None:
    version = Version("v1", 1, (Entry("/V/S/anim/publish/v1/a"),))
    found = Publication(ShotKey("V", "", "", "S"), "anim", "/V/S", (version,))
    made = planned(Structure("studio", "/", "default", NOW, (found,)), tmp_path)
    assert list(fates(made)) == ["V/S/anim/publish/v1/a"]
