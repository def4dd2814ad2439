"""A connection that leads nowhere is a mistake, told in words, and no day without news."""

from pathlib import Path

import pytest

from tests.cli.console import Console

ANIM = "VEGA/SQ01/SH010/anim/publish/v001/shot.ma"


def connect(shotdock: Console, root: Path) -> None:
    assert shotdock("connections", "add", "VEGA", root.as_uri()).status == 0


def plant(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(path)


@pytest.mark.parametrize("command", ["scan", "compare", "fetch"])
@pytest.mark.parametrize(
    ("paths", "kind", "words"),
    [
        (None, "not-found", "root folder of VEGA does not exist"),
        ((), "no-shots", "nothing below"),
        (("pictures/cat.jpg",), "no-shots", "layout 'default' recognises no shots"),
    ],
)
def test_no_shots_at_all_is_an_error(
    shotdock: Console, tmp_path: Path, command: str, paths: tuple[str, ...] | None, kind: str, words: str
) -> None:
    root, dest = tmp_path / "studio", tmp_path / "shows"
    if paths is not None:
        root.mkdir()
        plant(root, *paths)
    connect(shotdock, root)
    said = shotdock(command, "VEGA", *([] if command == "scan" else [dest]), "--json")
    assert said.status == 2
    assert [error["kind"] for error in said.json["errors"]] == [kind]
    assert words in said.json["errors"][0]["title"]
    assert not dest.exists()


def test_a_version_nobody_has_is_an_error_and_names_the_available_ones(shotdock: Console, tmp_path: Path) -> None:
    root, dest = tmp_path / "studio", tmp_path / "shows"
    plant(root, ANIM, ANIM.replace("SH010", "SH020"))
    connect(shotdock, root)
    said = shotdock("fetch", "VEGA", dest, "--version", "v007", "--json")
    assert (said.status, said.json["status"]) == (2, "failed")
    assert said.json["errors"][0]["kind"] == "version-not-available"
    assert [item["reason"] for item in said.json["items"]] == ["Version v007 not available, available: v001"] * 2
    assert not dest.exists()


def test_a_version_that_only_some_have_is_fetched_with_a_warning_for_the_others(
    shotdock: Console, tmp_path: Path
) -> None:
    root, dest = tmp_path / "studio", tmp_path / "shows"
    plant(root, ANIM, ANIM.replace("SH010", "SH020"), ANIM.replace("v001", "v007"))
    connect(shotdock, root)
    said = shotdock("fetch", "VEGA", dest, "--version", "v007", "--json")
    assert (said.status, said.json["status"], said.json["files"]["downloaded"]) == (0, "done", 1)
    assert said.json["errors"] == []
