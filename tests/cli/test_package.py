"""`shotdock package`: what CLI.md promises of it."""

import os
import shutil
import signal
import zipfile
from pathlib import Path

import pytest

from tests.cli.console import Console
from tests.cli.test_start_up import DEAR, HEAVY, imported
from tests.studio.jobs.outputs import IN_ZIP, make_output


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return make_output(tmp_path / "output")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_complete_results_are_packed(shotdock: Console, output: Path, tmp_path: Path) -> None:
    target = tmp_path / "there" / "results.zip"
    said = shotdock("package", output, target, "--json")
    assert said.status == 0
    assert said.json == {
        "status": "done",
        "zip": str(target),
        "files": len(IN_ZIP),
        "bytes": target.stat().st_size,
        "missing": [],
        "absent": [],
    }
    with zipfile.ZipFile(target) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == IN_ZIP


def test_a_person_reads_what_was_packed_and_what_was_not_there(shotdock: Console, output: Path, tmp_path: Path) -> None:
    (output / "nvdiffrec" / "quality.json").unlink()
    said = shotdock("package", output, tmp_path / "r.zip")
    assert said.status == 0
    assert f"{len(IN_ZIP) - 1} files" in said.out
    assert "nvdiffrec/quality.json" in said.err
    quiet = shotdock("package", output, tmp_path / "r.zip", "--quiet")
    assert (quiet.status, quiet.out, quiet.err) == (0, "", "")


def test_incomplete_results_are_not_packed_unless_the_whole_model_is_named(
    shotdock: Console, output: Path, tmp_path: Path
) -> None:
    target = tmp_path / "r.zip"
    target.write_bytes(b"the one before")
    shutil.rmtree(output / "nvdiffrec")
    said = shotdock("package", output, target, "--json")
    assert said.status == 1
    answer = said.json
    assert (answer["zip"], answer["files"], answer["bytes"]) == (None, 0, 0)
    assert answer["missing"] == ["nvdiffrec/mesh.glb or mesh.obj"]
    assert (answer["status"], answer["errors"][0]["kind"]) == ("failed", "incomplete-results")
    assert "nvdiffrec/mesh.glb or mesh.obj" in said.err
    assert target.read_bytes() == b"the one before"
    assert shotdock("package", output, target, "--model", "nvdiffrec").status == 1
    alone = shotdock("package", output, target, "--model", "reconviagen", "--json")
    assert (alone.status, alone.json["files"]) == (0, len(IN_ZIP) // 2)


def test_an_empty_folder_is_incomplete_and_none_is_wrong_usage(shotdock: Console, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    said = shotdock("package", empty, tmp_path / "r.zip", "--json")
    assert (said.status, len(said.json["missing"])) == (1, 2)
    for wrong in (tmp_path / "none", Path(__file__)):
        said = shotdock("package", wrong, tmp_path / "r.zip", "--json")
        assert said.status == 2
        assert (said.json["zip"], said.json["missing"]) == (None, [])
        assert said.json["errors"][0]["path"] == str(wrong)
    assert shotdock("package", empty).status == 2
    assert names(tmp_path) == ["empty"]


def test_a_folder_in_the_zips_place_is_wrong_usage(shotdock: Console, output: Path, tmp_path: Path) -> None:
    said = shotdock("package", output, tmp_path, "--json")
    assert (said.status, said.json["errors"][0]["kind"]) == (2, "usage")
    assert names(tmp_path) == ["output"]


def test_interrupted_it_leaves_nothing(shotdock: Console, output: Path, tmp_path: Path) -> None:
    """The mesh is so large that packing cannot be over when the signal comes."""
    os.truncate(output / "nvdiffrec" / "mesh.ply", 1 << 40)
    place = tmp_path / "place"
    process = shotdock.start("package", output, place / "r.zip", "--json")
    while not (place.exists() and names(place)):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert '"cancelled"' in out
    assert "Traceback" not in err
    assert names(place) == []


def test_it_imports_little(shotdock: Console, output: Path, tmp_path: Path) -> None:
    names = imported(shotdock, "package", output, tmp_path / "r.zip")
    assert not names & {*DEAR, *HEAVY, "PySide6", "PySide6.QtCore", "peewee", "zipfile"}
