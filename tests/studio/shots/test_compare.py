"""Comparing a real tree with a real destination."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

from desktop.core.errors import Stopped
from desktop.core.media import Compared, ShotState
from desktop.core.plan import Filters
from desktop.studio.shots.compare import compare
from desktop.studio.shots.layout import load_layout
from desktop.studio.shots.layout_file import read_layout
from desktop.studio.shots.naming import Layout
from tests.studio.trees import plant, read_tree

ANIM = "VEGA/SQ01/SH010/anim/publish"
LIGHT = "VEGA/SQ01/SH010/lighting/version"


def compared(server: Path, here: Path, filters: Filters = Filters(), layout: Layout | None = None) -> list[Compared]:
    used = layout or load_layout("default")
    return compare(read_tree(server, used), used, here, filters)


@pytest.mark.parametrize(
    ("remote", "local", "state", "local_version", "whole"),
    [
        (["v001/a", "v002/a"], [], ShotState.NEW, None, 0),
        (["v001/a", "v002/a"], ["v001/a"], ShotState.UPDATE, "v001", 0),
        (["v9/a", "v10/a"], ["v9/a"], ShotState.UPDATE, "v9", 0),
        (["v001/a", "v002/a"], ["v002/a"], ShotState.UP_TO_DATE, "v002", 1),
        (["v002/a", "v002/b/c"], ["v002/a"], ShotState.INCOMPLETE, "v002", 1),
        (["v002/a"], ["v003/a"], ShotState.LOCAL_NEWER, "v003", 0),
        (["v002/a"], ["v002/a", "v010/b"], ShotState.LOCAL_NEWER, "v010", 1),
        (["v001/a", "v002/a.part"], ["v001/a"], ShotState.STILL_UPLOADING, "v001", 1),
        (["v001/a", "v002/a.part"], [], ShotState.NEW, None, 0),
        (["v001/a", "v002/a.part", "v002/b"], ["v002/b"], ShotState.STILL_UPLOADING, "v002", 0),
        (["v001/a.part"], [], ShotState.STILL_UPLOADING, None, 0),
        (["v001/a"], [".v001/a", "v001/.a.token.part", "final/a"], ShotState.NEW, None, 0),
    ],
)
def test_states(
    tmp_path: Path, remote: list[str], local: list[str], state: ShotState, local_version: str | None, whole: int
) -> None:
    plant(tmp_path / "server", [f"{ANIM}/{name}" for name in remote])
    plant(tmp_path / "here", [f"{ANIM}/{name}" for name in local])
    (row,) = compared(tmp_path / "server", tmp_path / "here")
    assert (row.state, row.local_version, row.local_files) == (state, local_version, whole)


def test_a_file_of_another_size_is_not_whole(tmp_path: Path) -> None:
    plant(tmp_path / "server", {f"{ANIM}/v001/a": 10, f"{ANIM}/v001/b": 20, f"{ANIM}/v001/c": 5})
    plant(tmp_path / "here", {f"{ANIM}/v001/a": 10, f"{ANIM}/v001/b": 7})
    (row,) = compared(tmp_path / "server", tmp_path / "here")
    assert row.state is ShotState.INCOMPLETE
    assert row.reason == "of 3 files 1 not here, 1 of another size"
    assert (row.files, row.bytes, row.local_files) == (3, 35, 1)


def test_versions_told_by_file_names(tmp_path: Path) -> None:
    plant(tmp_path / "server", [f"{LIGHT}/b_v002.{n}.exr" for n in (1001, 1002, 1004)] + [f"{LIGHT}/b_v001.exr"])
    plant(tmp_path / "here", [f"{LIGHT}/b_v002.1001.exr"])
    (row,) = compared(tmp_path / "server", tmp_path / "here")
    assert (row.available_versions, row.latest_version, row.local_versions) == (("v001", "v002"), "v002", ("v002",))
    assert (row.state, row.local_files, row.frames, row.missing) == (
        ShotState.INCOMPLETE,
        1,
        "1001-1004 (1 missing)",
        (1003,),
    )


def test_gaps_on_the_server_are_told_and_do_not_make_the_copy_incomplete(tmp_path: Path) -> None:
    plant(tmp_path / "server", [f"{LIGHT}/b_v001.{n}.exr" for n in (1001, 1003)])
    shutil.copytree(tmp_path / "server", tmp_path / "here")
    (row,) = compared(tmp_path / "server", tmp_path / "here")
    assert (row.state, row.frames) == (ShotState.UP_TO_DATE, "1001-1003 (1 missing)")


def test_a_shorter_range_than_the_version_before_is_told(tmp_path: Path) -> None:
    frames: Iterable[str] = [f"{LIGHT}/b_v001.{n}.exr" for n in range(1001, 1011)]
    plant(tmp_path / "server", [*frames, *(f"{LIGHT}/b_v002.{n}.exr" for n in range(1001, 1006))])
    (row,) = compared(tmp_path / "server", tmp_path / "here")
    assert "b_v002.####.exr has 1001-1005, v001 had 1001-1010" in row.reason


def test_filters(tmp_path: Path) -> None:
    plant(
        tmp_path / "server",
        [f"VEGA/{sq}/{sh}/anim/publish/v001/a" for sq in ("SQ01", "SQ02") for sh in ("SH010", "SH020")]
        + ["VEGA/EP1/SQ01/SH030/lighting/version/a_v1.exr"],
    )

    def labels(wish: Filters) -> list[str]:
        return [row.key.label.removeprefix("VEGA/") for row in compared(tmp_path / "server", tmp_path, wish)]

    assert labels(Filters(shot=("sh01*",))) == ["SQ01/SH010", "SQ02/SH010"]
    assert labels(Filters(shot=("SQ02/SH010", "SH030"))) == ["SQ02/SH010", "EP1/SQ01/SH030"]
    assert labels(Filters(shot=("VEGA/*/SH010",))) == ["SQ01/SH010", "SQ02/SH010"]
    assert labels(Filters(shot=("Q02/SH010",))) == []
    assert labels(Filters(sequence=("SQ02",), shot=("SH020",))) == ["SQ02/SH020"]
    assert labels(Filters(episode=("EP*",))) == ["EP1/SQ01/SH030"]
    assert labels(Filters(department=("light*",))) == ["EP1/SQ01/SH030"]
    assert labels(Filters(project=("nova",))) == []
    assert len(labels(Filters())) == 5


def test_a_local_template(tmp_path: Path) -> None:
    layout = read_layout(
        'shot = "{project}/{sequence?}/{shot}"\n'
        'local = "{project}/{sequence}/{shot}/{department}/{version}/{file}"\n'
        '[departments.anim]\npath = "{shot_path}/anim/publish/{version}/..."\n'
        '[departments.lighting]\npath = "{shot_path}/lighting/version/*_{version}.*"\n',
        "x.toml",
        "default",
    )
    plant(tmp_path / "server", [f"{ANIM}/v002/a/b.ma", f"{LIGHT}/c_v001.exr", "VEGA/SH9/anim/publish/v1/a"])
    plant(
        tmp_path / "here",
        ["VEGA/SQ01/SH010/anim/v002/a/b.ma", "VEGA/SQ01/SH010/lighting/v003/c_v003.exr", "VEGA/SH9/anim/v1/a"],
    )
    rows = compared(tmp_path / "server", tmp_path / "here", layout=layout)
    assert [(r.key.shot, r.department, r.state, r.local_version) for r in rows] == [
        ("SH9", "anim", ShotState.UP_TO_DATE, "v1"),
        ("SH010", "anim", ShotState.UP_TO_DATE, "v002"),
        ("SH010", "lighting", ShotState.LOCAL_NEWER, "v003"),
    ]


@pytest.mark.skipif(os.name == "nt", reason="no file can have these names there")
def test_names_the_local_system_spells_otherwise_are_found_again(tmp_path: Path) -> None:
    plant(tmp_path / "server", ["VEGA/SQ:1/con/anim/publish/v001/a?.ma"])
    plant(tmp_path / "here", ["VEGA/SQ%3A1/%63on/anim/publish/v001/a%3F.ma"])
    (row,) = compared(tmp_path / "server", tmp_path / "here")
    assert (row.state, row.local_version) == (ShotState.UP_TO_DATE, "v001")


@pytest.mark.skipif(os.name == "nt", reason="no file can have these names there")
def test_a_hostile_shot_name_is_just_not_here(tmp_path: Path) -> None:
    plant(tmp_path / "server", ["VEGA/..\\evil/anim/publish/v001/a"])
    (row,) = compared(tmp_path / "server", tmp_path / "here")
    assert row.state is ShotState.NEW


def test_a_department_the_layout_lost_since_the_scan(tmp_path: Path) -> None:
    plant(tmp_path / "server", [f"{LIGHT}/a_v001.exr"])
    structure = read_tree(tmp_path / "server")
    lost = read_layout(
        'shot = "{project}/{shot}"\n[departments.anim]\npath = "{shot_path}/anim/publish/{version}/..."\n', "x", "x"
    )
    (row,) = compare(structure, lost, tmp_path)
    assert (row.state, row.local_version) == (ShotState.NEW, None)


def test_a_comparison_can_be_stopped(tmp_path: Path) -> None:
    plant(tmp_path, [f"{ANIM}/v001/a"])
    with pytest.raises(Stopped):
        compare(read_tree(tmp_path), load_layout("default"), tmp_path, stopped=lambda: True)
