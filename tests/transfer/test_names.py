"""Names the server chose (R43, R45, R46): safe, reversible, inside."""

import os
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pathvalidate import Platform, validate_filename

from desktop.core.errors import HostileName, NameTooLong
from desktop.transfer.names import Below, fold, local_name, relative_target, shown


def remote_name(name: str) -> str:
    """Map a local name back, as anyone can who knows URLs' escapes."""
    data = re.sub(rb"%([0-9A-Fa-f]{2})", lambda match: bytes([int(match[1], 16)]), os.fsencode(name))
    return data.decode("utf-8", "surrogateescape")


def resolve_below(root: Path, relative: str) -> Path:
    return Path(Below(root).path(relative))


REFUSED = ["", ".", "..", "../x", "a/b", "/abs", "..\\x", "C:\\x", "\\\\srv\\s", "a\0b", "x/", "\ud800", "a\udfff"]
MAPPED = {
    "CON": "%43ON",
    "nul.txt": "%6Eul.txt",
    "Aux.tar.gz": "%41ux.tar.gz",
    "COM¹": "%43OM¹",
    "LPT1.exr": "%4CPT1.exr",
    "prn .log": "%70rn .log",
    "CONIN$": "%43ONIN$",
    "a:b": "a%3Ab",
    "C:x": "C%3Ax",
    "a::$INDEX_ALLOCATION": "a%3A%3A$INDEX_ALLOCATION",
    "x.": "x%2E",
    "x ": "x%20",
    "...": "..%2E",
    'q?*<>"|': "q%3F%2A%3C%3E%22%7C",
    "bell\x07tab\t\x7f": "bell%07tab%09%7F",
    "a%3Ab": "a%253Ab",
    "caf\udce9": "caf%E9",
}
KEPT = [
    "name_v003.1001.exr",
    "100%.txt",
    "50%zoom",
    "con1",
    "console",
    "COM0x",
    ".hidden",
    " lead",
    "Ünï",
    "日本",
    "a~b",
    "%",
]


@pytest.mark.parametrize("name", REFUSED)
def test_names_that_lead_elsewhere_are_refused(name: str) -> None:
    with pytest.raises(HostileName):
        local_name(name)


@pytest.mark.parametrize(("name", "expected"), MAPPED.items())
def test_names_some_system_cannot_bear_are_mapped(name: str, expected: str) -> None:
    assert local_name(name) == expected
    assert remote_name(expected) == name


@pytest.mark.parametrize("name", KEPT)
def test_ordinary_names_stay(name: str) -> None:
    assert local_name(name) == name


@given(st.text(st.characters(codec="utf-8") | st.sampled_from('.% :\\/*?aAcCoOnN01\udc80\udcff\x00"'), max_size=40))
def test_a_name_is_refused_or_safe_and_reversible(name: str) -> None:
    try:
        safe = local_name(name)
    except HostileName:
        assert name in ("", ".", "..") or {"/", "\\", "\0"} & set(name)
        return
    assert remote_name(safe) == name
    assert not set(safe) & set('<>:"|?*/\\') and all(ord(c) > 31 and ord(c) != 127 for c in safe)
    assert safe[-1] not in ". "
    assert safe.encode()
    assert safe.split(".")[0].rstrip().upper() not in {"CON", "NUL", "AUX", "PRN", "COM1", "LPT9", "COM¹", "CONOUT$"}


@given(st.text(st.characters(codec="utf-8") | st.sampled_from('.% :*?aAcCoOnNuUlL01<>|"'), min_size=1, max_size=40))
def test_another_judge_of_names_finds_nothing_to_object(name: str) -> None:
    """What passes the gate is a valid file name on Linux, macOS and Windows to a library that judges just that."""
    try:
        safe = local_name(name)
    except (HostileName, NameTooLong):
        return
    # Spaces in front, or of Unicode's other kinds and nothing else, are unusual, and fine with every file system; the
    # library only advises against them.
    if safe.isspace():
        return
    validate_filename(safe.lstrip(" "), platform=Platform.UNIVERSAL)


@given(st.text("aA%.3: cCoOnN", min_size=1, max_size=8), st.text("aA%.3: cCoOnN", min_size=1, max_size=8))
def test_different_names_stay_different(one: str, other: str) -> None:
    if {one, other} & {".", ".."}:
        return
    assert (local_name(one) == local_name(other)) == (one == other)


def test_a_long_name_is_refused_in_words() -> None:
    assert local_name("é" * 127) == "é" * 127
    with pytest.raises(NameTooLong, match="256 bytes"):
        local_name("é" * 128)
    with pytest.raises(NameTooLong, match="759 bytes"):
        local_name(":" * 253)


def test_a_target_is_checked_by_component_and_as_a_whole() -> None:
    assert relative_target(["VEGA", "SH:010", "aux"]) == "VEGA/SH%3A010/%61ux"
    for parts in ([], ["a", ".."], ["a", "", "b"], ["a", "b/c"]):
        with pytest.raises(HostileName):
            relative_target(parts)
    with pytest.raises(NameTooLong):
        relative_target(["x" * 200] * 20)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("A.exr", "a.EXR"),
        ("caf\u00e9", "cafe\u0301"),
        ("\ufb01lm", "film"),
        ("a\u200cb", "ab"),
        ("dir/A", "DIR/a"),
        ("Stra\u00dfe", "STRASSE"),
        ("same", "same"),
    ],
)
def test_names_some_disk_takes_for_one_collide(one: str, other: str) -> None:
    assert fold(one) == fold(other)


def test_different_names_do_not_collide() -> None:
    names = ["a", "b", "a.exr", "a_exr", "\u0131", "i"]
    assert len({fold(name) for name in names}) == len(names)


@pytest.mark.parametrize("name", ["evil\u202egpj.exe", "a\x1b[31mb", "x\udc80", "line\nbreak"])
def test_shown_names_play_no_tricks(name: str) -> None:
    text = shown(name)
    assert text.isprintable() and "\u202e" not in text
    assert text.encode()


@pytest.mark.parametrize("relative", ["", "..", "a/../b", "/etc/passwd", "a//b", "a\\..\\b", "./a", "a/."])
def test_paths_that_lead_out_are_refused(tmp_path: Path, relative: str) -> None:
    with pytest.raises(HostileName):
        resolve_below(tmp_path, relative)


def test_links_may_lead_about_inside_but_not_out(tmp_path: Path) -> None:
    outside, root = tmp_path / "outside", tmp_path / "root"
    outside.mkdir()
    (root / "real").mkdir(parents=True)
    (root / "out").symlink_to(outside)
    (root / "in").symlink_to(root / "real")
    (root / "file").symlink_to(outside / "canary")
    (root / "plain").write_bytes(b"")
    assert resolve_below(root, "in/x") == root / "in" / "x"
    assert resolve_below(root, "new/deep/x") == root / "new/deep/x"
    assert resolve_below(root, "plain") == root / "plain"
    for relative in ("out/x", "out/deep/x", "file", "in/../../x", "out"):
        with pytest.raises(HostileName):
            resolve_below(root, relative)


def test_a_sibling_whose_name_begins_alike_is_outside(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "root2").mkdir()
    (root / "link").symlink_to(tmp_path / "root2")
    with pytest.raises(HostileName):
        resolve_below(root, "link/x")


def test_the_root_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "root").symlink_to(tmp_path / "real")
    assert Below(tmp_path / "root").path("a/b") == str(tmp_path / "root/a/b")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps names as bytes")
def test_every_mapped_name_can_be_made(tmp_path: Path) -> None:
    for name in [*MAPPED, *KEPT]:
        (tmp_path / local_name(name)).write_text(name, encoding="utf-8", errors="surrogateescape")
    assert {remote_name(path.name) for path in tmp_path.iterdir()} == {*MAPPED, *KEPT}
