"""Scanning real trees: what is found, what is left alone, and what is still being written."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from desktop.core.errors import NotFound, Stopped
from desktop.core.media import Publication, ScanProgress, ShotKey, Structure, Version
from desktop.studio.shots.layout import load_layout
from desktop.studio.shots.layout_file import read_layout
from desktop.studio.shots.scan import scan
from desktop.studio.shots.uploading import ordinary, unfinished_name
from tests.studio.trees import NOW, connection, plant, read_tree, source

ANIM = "VEGA/SQ01/SH010/anim/publish"
LIGHT = "VEGA/SQ01/SH010/lighting/version"


def rows(structure: Structure) -> dict[tuple[str, str], dict[str, int]]:
    return {(p.key.label, p.department): {v.label: len(v.files) for v in p.versions} for p in structure.publications}


def one(structure: Structure) -> Publication:
    (found,) = structure.publications
    return found


def test_every_depth_of_shot_is_recognised_and_versions_order_by_number(tmp_path: Path) -> None:
    plant(
        tmp_path,
        [
            "VEGA/SH001/anim/publish/v001/a.ma",
            f"{ANIM}/v9/a.ma",
            f"{ANIM}/v10/a.ma",
            f"{ANIM}/v10/cache/deep/b.abc",
            f"{ANIM}/v1000/a.ma",
            "VEGA/EP01/SQ02/SH020/anim/publish/v002/a.ma",
            f"{LIGHT}/beauty_v003.1001.exr",
            f"{LIGHT}/beauty_v003.1002.exr",
            f"{LIGHT}/beauty_v012.exr",
        ],
    )
    structure = read_tree(tmp_path)
    assert rows(structure) == {
        ("VEGA/SH001", "anim"): {"v001": 1},
        ("VEGA/SQ01/SH010", "anim"): {"v9": 1, "v10": 2, "v1000": 1},
        ("VEGA/SQ01/SH010", "lighting"): {"v003": 2, "v012": 1},
        ("VEGA/EP01/SQ02/SH020", "anim"): {"v002": 1},
    }
    shots = {p.key.shot: p for p in structure.publications if p.department == "anim"}
    assert [v.label for v in shots["SH010"].versions] == ["v9", "v10", "v1000"]
    assert shots["SH010"].path == f"{tmp_path.as_posix()}/VEGA/SQ01/SH010"
    assert shots["SH020"].key == ShotKey("VEGA", "EP01", "SQ02", "SH020")
    assert (structure.shots, structure.versions, structure.files, structure.bytes) == (3, 7, 9, 90)
    assert (structure.root, structure.layout, structure.scanned_at) == (tmp_path.as_posix(), "default", NOW)


def test_what_is_no_version_is_left_alone(tmp_path: Path) -> None:
    plant(
        tmp_path,
        [
            f"{ANIM}/v001/a.ma",
            f"{ANIM}/v001/.DS_Store",
            f"{ANIM}/v001/a.ma~",
            f"{ANIM}/v001/.thumbs/b.jpg",
            f"{ANIM}/.v002/a.ma",
            f"{ANIM}/readme.txt",
            f"{ANIM}/final/a.ma",
            f"{LIGHT}/beauty.exr",
            f"{LIGHT}/sub/beauty_v001.exr",
            "VEGA/SQ01/SH010/comp/v001/a.exr",
            "VEGA/readme_v001.txt",
        ],
    )
    (tmp_path / f"{ANIM}/v003/empty").mkdir(parents=True)
    (tmp_path / f"{ANIM}/v004").symlink_to("v001")
    (tmp_path / f"{ANIM}/v001/link.ma").symlink_to("a.ma")
    assert rows(read_tree(tmp_path)) == {("VEGA/SQ01/SH010", "anim"): {"v001": 1}}


def test_folders_the_layout_cannot_match_are_not_looked_into(tmp_path: Path) -> None:
    plant(tmp_path, [f"{ANIM}/v001/a.ma", f"{LIGHT}/sub/x", "VEGA/SQ01/SH010/plates/raw/deep/x", "A/B/C/D/E/F/x"])
    seen: list[str] = []

    class Watched(ScanProgress):
        __slots__ = ()

        def __setattr__(self, name: str, value: object) -> None:
            if name == "path" and value:
                seen.append(str(value).removeprefix(f"{tmp_path.as_posix()}/"))
            super().__setattr__(name, value)

    read_tree(tmp_path, progress=Watched())
    assert f"{ANIM}/v001" in seen
    assert f"{LIGHT}/sub" not in seen
    assert "VEGA/SQ01/SH010/plates/raw" not in seen
    assert "A/B/C/D/E" not in seen


def test_a_missing_root_is_named(tmp_path: Path) -> None:
    root = tmp_path / "gone"
    with pytest.raises(NotFound) as caught:
        read_tree(root)
    assert caught.value.path == root.as_posix()
    assert "studio" in caught.value.title


def test_an_empty_tree_is_an_empty_structure(tmp_path: Path) -> None:
    progress = ScanProgress()
    assert read_tree(tmp_path, progress=progress).publications == ()
    assert progress.folders == 1
    assert progress.skipped == []


def test_progress_counts(tmp_path: Path) -> None:
    plant(tmp_path, [f"{ANIM}/v001/a.ma", f"{ANIM}/v001/b/c.ma", f"{LIGHT}/b_v1.exr", f"{LIGHT}/no.exr"])
    progress = ScanProgress()
    read_tree(tmp_path, progress=progress)
    assert (progress.files, progress.shots, progress.folders) == (3, 1, 10)


def test_a_scan_stops_when_asked(tmp_path: Path) -> None:
    plant(tmp_path, [f"VEGA/SQ01/SH{n:03}/anim/publish/v001/a.ma" for n in range(50)])
    progress = ScanProgress()
    layout = load_layout("default")
    with pytest.raises(Stopped):
        scan(source(), connection(tmp_path), layout, progress, lambda: progress.folders > 10, NOW)
    assert progress.folders <= 12


@contextmanager
def nobody(folder: Path) -> Iterator[None]:
    """Give up the superuser's rights for a while, so that permissions count."""
    if os.geteuid() != 0:
        yield
        return
    for parent in (folder, *folder.parents[:-1]):
        if parent.is_relative_to("/tmp"):
            parent.chmod(parent.stat().st_mode | 0o055)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="needs POSIX permissions")
def test_folders_that_may_not_be_read_are_told(tmp_path: Path) -> None:
    plant(tmp_path, [f"{ANIM}/v001/a.ma", "VEGA/SQ01/SECRET/anim/publish/v001/a.ma"])
    (tmp_path / f"{ANIM}/v002").mkdir()
    secret = tmp_path / "VEGA/SQ01/SECRET"
    secret.chmod(0)
    progress = ScanProgress()
    layout = load_layout("default")  # nobody may not be able to read it where this project lies
    try:
        with nobody(tmp_path):
            structure = read_tree(tmp_path, layout, progress=progress)
    finally:
        secret.chmod(0o755)
    assert rows(structure) == {("VEGA/SQ01/SH010", "anim"): {"v001": 1}}
    assert progress.skipped == [secret.as_posix()]


def test_two_spellings_of_a_number_stay_apart_and_the_longer_small_one_is_latest(tmp_path: Path) -> None:
    plant(tmp_path, [f"{ANIM}/v10/a.ma", f"{ANIM}/V010/a.ma", f"{ANIM}/v010/a.ma", f"{ANIM}/v9/a.ma"])
    found = one(read_tree(tmp_path))
    assert [v.label for v in found.versions] == ["v9", "v10", "V010", "v010"]
    assert [v.number for v in found.versions] == [9, 10, 10, 10]
    assert found.latest is found.versions[-1]


def test_a_layout_without_project_calls_it_after_the_root(tmp_path: Path) -> None:
    root = plant(tmp_path / "VEGA", ["SQ01/SH010/anim/publish/v001/a.ma"])
    found = one(read_tree(root, load_layout("project")))
    assert found.key == ShotKey("VEGA", "", "SQ01", "SH010")
    assert found.path == f"{root.as_posix()}/SQ01/SH010"


def test_a_version_in_the_shots_own_folder_name(tmp_path: Path) -> None:
    text = 'shot = "{project}/{shot}"\n[departments.comp]\npath = "{project}/{shot}_comp_{version}/..."\n'
    plant(tmp_path, ["VEGA/SH010_comp_v001/a.exr", "VEGA/SH010_comp_v002/a.exr", "VEGA/SH020_comp_v001/a.exr"])
    structure = read_tree(tmp_path, read_layout(text, "flat.toml", "flat"))
    assert rows(structure) == {("VEGA/SH010", "comp"): {"v001": 1, "v002": 1}, ("VEGA/SH020", "comp"): {"v001": 1}}
    assert {p.path for p in structure.publications} == {f"{tmp_path.as_posix()}/VEGA"}


# --- still uploading


def uploading(structure: Structure) -> list[str]:
    return [v.label for p in structure.publications for v in p.versions if v.uploading]


@pytest.mark.parametrize(
    "name",
    [
        f"{ANIM}/v002/b.ma.part",
        f"{ANIM}/v002/deep/b.ma.filepart",
        f"{ANIM}/v002/.in.b.ma.",
        f"{ANIM}/v002/.b.0001.exr.Xa81Kd",
        f"{LIGHT}/b_v002.1001.exr.tmp",
        f"{LIGHT}/.in.b_v002.1001.exr",
        f"{LIGHT}/.b_v002.1001.exr.Xa81Kd",
        f"{LIGHT}/.b_v002.1001.exr.0a1b2c3d.part",
    ],
)
def test_temporary_names_show_a_version_still_uploading(tmp_path: Path, name: str) -> None:
    folder = name.rpartition("/")[0] if LIGHT in name else f"{ANIM}/v002"
    whole = f"{folder}/a_v001.exr" if LIGHT in name else f"{ANIM}/v001/a.ma"
    begun = f"{folder}/a_v002.exr" if LIGHT in name else f"{ANIM}/v002/a.ma"
    plant(tmp_path, [whole, begun, name])
    structure = read_tree(tmp_path)
    assert uploading(structure) == ["v002"]
    found = one(structure)
    assert [len(v.files) for v in found.versions] == [1, 1]
    assert found.latest and found.latest.label == "v001"


def test_a_version_with_nothing_but_temporary_names_is_uploading(tmp_path: Path) -> None:
    plant(tmp_path, [f"{ANIM}/v001/a.ma.part"])
    found = one(read_tree(tmp_path))
    assert found.versions == (Version("v001", 1, (), True),)
    assert found.latest is None


def test_a_young_version_that_rests_is_whole(tmp_path: Path) -> None:
    plant(tmp_path, [f"{ANIM}/v001/a.ma", f"{LIGHT}/a_v001.exr"], mtime=NOW - 1)
    assert uploading(read_tree(tmp_path)) == []


class Slow(ScanProgress):
    """Counters that change the tree once a folder was listed: an upload going on during the scan."""

    __slots__ = ("act", "at")

    def __init__(self, at: str, act: Callable[[], object]) -> None:
        self.at, self.act = at, act
        super().__init__()

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name == "path" and value == self.at:
            self.act()


@pytest.mark.parametrize(
    ("folder", "first", "change"),
    [
        (f"{ANIM}/v002", "a.ma", lambda f: (f / "b.ma").write_bytes(b"x")),
        (f"{ANIM}/v002", "a.ma", lambda f: (f / "a.ma").write_bytes(b"x" * 99)),
        (f"{ANIM}/v002", "a.ma", lambda f: (f / "a.ma").unlink()),
        (f"{LIGHT}", "a_v002.exr", lambda f: (f / "c_v002.exr").write_bytes(b"x")),
        (f"{LIGHT}", "a_v002.exr", lambda f: (f / "a_v002.exr").rename(f / "b_v002.exr")),
    ],
)
def test_a_young_version_that_changes_is_uploading(
    tmp_path: Path, folder: str, first: str, change: Callable[[Path], object]
) -> None:
    plant(tmp_path, [f"{ANIM}/v001/a.ma", f"{LIGHT}/a_v001.exr"])
    plant(tmp_path, [f"{folder}/{first}"], mtime=NOW - 5)
    path = tmp_path / folder
    # The folder was listed before the counters tell of it: what follows is what a second look sees.
    progress = Slow(path.as_posix(), lambda: change(path))
    assert uploading(read_tree(tmp_path, progress=progress)) == ["v002"]


def test_growth_since_a_recent_scan_asks_for_a_second_look_whatever_the_clock_says(tmp_path: Path) -> None:
    plant(tmp_path, [f"{ANIM}/v001/a.ma"])
    before = read_tree(tmp_path, now=NOW - 30)
    plant(tmp_path, [f"{ANIM}/v001/b.ma"])
    path = tmp_path / f"{ANIM}/v001"
    grow = Slow(path.as_posix(), lambda: (path / "c.ma").write_bytes(b"x"))
    assert uploading(read_tree(tmp_path, previous=before, progress=grow)) == ["v001"]
    assert uploading(read_tree(tmp_path, previous=before)) == []


def test_waiting_for_a_second_look_can_be_stopped(tmp_path: Path) -> None:
    plant(tmp_path, [f"{ANIM}/v001/a.ma"], mtime=NOW)
    stop = threading.Event()
    threading.Timer(0.1, stop.set).start()
    with pytest.raises(Stopped):
        scan(source(), connection(tmp_path), load_layout("default"), ScanProgress(), stop.is_set, NOW)
    assert stop.is_set()


@pytest.mark.parametrize(
    ("name", "whole"),
    [
        ("a.exr.part", "a.exr"),
        ("a.EXR.PART", "a.EXR"),
        (".a.exr.part", "a.exr"),
        (".in.a.exr.", "a.exr"),
        (".a.exr.X1y2Z3", "a.exr"),
        (".part", None),
        (".gitignore", None),
        (".a.config", None),
        ("a.exr", None),
        ("partial.exr", None),
        ("", None),
    ],
)
def test_temporary_names(name: str, whole: str | None) -> None:
    assert unfinished_name(name) == whole


@pytest.mark.parametrize(("name", "plain"), [("a.exr", True), (".a", False), ("a~", False), ("a.tmp", False)])
def test_ordinary_names(name: str, plain: bool) -> None:
    assert ordinary(name) is plain
