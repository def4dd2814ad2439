"""Layouts: what the built-in ones read, how a studio's file is checked, and that paths are never misread."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.core.errors import UsageError
from desktop.core.media import ShotKey
from desktop.studio.shots.layout import check_paths, layout_names, load_layout
from desktop.studio.shots.layout_file import read_layout
from desktop.studio.shots.naming import Layout
from desktop.studio.shots.templates import level

DEFAULT = load_layout("default")
ANIM = '[departments.anim]\npath = "{shot_path}/anim/publish/{version}/..."\n'
SHOT = 'shot = "{project}/{sequence?}/{shot}"\n'


@pytest.mark.parametrize(
    ("path", "key", "department", "label", "number"),
    [
        ("VEGA/SH010/anim/publish/v001/a.ma", ShotKey("VEGA", "", "", "SH010"), "anim", "v001", 1),
        ("VEGA/SQ01/SH010/anim/publish/v010/deep/er/a.abc", ShotKey("VEGA", "", "SQ01", "SH010"), "anim", "v010", 10),
        ("V/EP1/SQ/S1/anim/publish/V0007/a", ShotKey("V", "EP1", "SQ", "S1"), "anim", "V0007", 7),
        ("V/SQ/S1/lighting/version/beauty_v003.exr", ShotKey("V", "", "SQ", "S1"), "lighting", "v003", 3),
        ("V/SQ/S1/lighting/version/name_v003.1001.exr", ShotKey("V", "", "SQ", "S1"), "lighting", "v003", 3),
        ("V/S1/lighting/version/from_v001_v12.tar.gz", ShotKey("V", "", "", "S1"), "lighting", "v12", 12),
        ("V/S1/lighting/version/_v1000.exr", ShotKey("V", "", "", "S1"), "lighting", "v1000", 1000),
        ("V/anim/anim/publish/v1/a", ShotKey("V", "", "", "anim"), "anim", "v1", 1),
    ],
)
def test_the_default_layout_reads_paths(path: str, key: ShotKey, department: str, label: str, number: int) -> None:
    match = DEFAULT.match(path)
    assert match is not None
    assert (match.key, match.department, match.version, match.number) == (key, department, label, number)
    assert "/".join(path.split("/")[: match.shot_parts]).endswith(key.shot)


@pytest.mark.parametrize(
    "path",
    [
        "SH010/anim/publish/v001/a.ma",
        "A/B/C/D/E/anim/publish/v001/a.ma",
        "VEGA/SH010/anim/publish/a.ma",
        "VEGA/SH010/anim/publish/final/a.ma",
        "VEGA/SH010/anim/publish/v001",
        "VEGA/SH010/anim/publish/xv001/a.ma",
        "VEGA/SH010/anim/publish/v001b/a.ma",
        "VEGA/SH010/anim/work/v001/a.ma",
        "VEGA/SH010/ANIM/publish/v001/a.ma",
        "VEGA/SH010/lighting/version/beauty.exr",
        "VEGA/SH010/lighting/version/beautyv003.exr",
        "VEGA/SH010/lighting/version/beauty_v003",
        "VEGA/SH010/lighting/version/sub/beauty_v003.exr",
        f"VEGA/SH010/anim/publish/v{'9' * 5000}/a.ma",
        "VEGA/SH010/anim/publish/v²/a.ma",
        "",
    ],
)
def test_the_default_layout_refuses_paths(path: str) -> None:
    assert DEFAULT.match(path) is None


def test_a_root_at_one_project_has_its_own_layout() -> None:
    match = load_layout("project").match("SQ01/SH010/anim/publish/v001/a.ma", "VEGA")
    assert match is not None
    assert match.key == ShotKey("VEGA", "", "SQ01", "SH010")


def test_the_sample_studio_layout_reads_what_its_comment_says() -> None:
    studio = load_layout("studio")
    text = (Path(__file__).parents[3] / "resources/layouts/studio.toml").read_text("utf-8")
    examples = [line[4:].split()[0] for line in text.splitlines() if line.startswith("#   ")]
    rows = check_paths(studio, examples)
    assert [row.match and (row.match.department, row.match.version) for row in rows] == [
        ("comp", "v012"),
        ("layout", "v003"),
        ("dailies", "take7"),
    ]
    places = ["/".join(studio.local_parts(row.match)) for row in rows if row.match]
    assert places[0] == "VEGA/SQ01/SH010/comp/v012/beauty.1001.exr"
    assert places[2] == "VEGA/SH010/dailies/take7/SH010_dailies_take7.mov"


def test_a_field_has_to_say_the_same_wherever_it_stands() -> None:
    studio = load_layout("studio")
    path = "VEGA/sequences/SQ01/SH010/publish/layout/{}_layout_v003.ma"
    assert studio.match(path.format("SH010"))
    assert studio.match(path.format("SH020")) is None


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("VEGA/SH010/comp/v001/a.exr", "is none of"),
        ("V/E/Q/S/comp/v1/a.exr", "'comp' (level 5) is none of: anim (anim), lighting (lighting)"),
        ("VEGA/SH010/lighting/version/beauty.exr", "the file 'beauty.exr' is none of: "),
    ],
)
def test_checking_paths_tells_why_one_does_not_match(path: str, reason: str) -> None:
    (row,) = check_paths(DEFAULT, [path])
    assert row.match is None
    assert reason in row.reason
    assert row.as_dict() == {"path": path, "matched": False, "reason": row.reason}


def test_checking_paths_below_a_root() -> None:
    good, bad = check_paths(DEFAULT, ["/srv/V/S/anim/publish/v1/a", "", "/other/V/S/anim/publish/v1/a\n"], "/srv/")
    assert good.as_dict() == {
        "path": "/srv/V/S/anim/publish/v1/a",
        "matched": True,
        "project": "V",
        "episode": None,
        "sequence": None,
        "shot": "S",
        "department": "anim",
        "version": "v1",
    }
    assert bad.reason == "does not lie below /srv"


@pytest.mark.parametrize(
    ("text", "key", "hint"),
    [
        ("shot = [", "", "single quotes"),
        (ANIM, "shot", "is missing"),
        (SHOT, "departments", "[departments.anim]"),
        (f'{SHOT}[departments]\nanim = "x"\n', "departments.anim", "[departments.anim]"),
        (f"{SHOT}[departments.anim]\n", "departments.anim.path", "is missing"),
        (f"{SHOT}colour = 1\n{ANIM}", "colour", "Keys here are name"),
        (f"{SHOT}{ANIM}versions = 'v'\n", "departments.anim.versions", "Keys here are path"),
        (f'shot = "{{project}}/{{scene}}/{{shot}}"\n{ANIM}', "shot", "{scene} is not a level"),
        (f'shot = "{{project}}/{{sequence}}"\n{ANIM}', "shot", "does not hold {shot}"),
        (f'shot = "{{project}}/{{shot}}/sub"\n{ANIM}', "shot", "last component"),
        (f'shot = "{{project}}/SQ{{sequence?}}/{{shot}}"\n{ANIM}', "shot", "alone between two slashes"),
        (f'shot = "{{project}}/../{{shot}}"\n{ANIM}', "shot", "'..'"),
        (f'shot = "{{project}}//{{shot}}"\n{ANIM}', "shot", "empty component"),
        (f'shot = "{{project/{{shot}}"\n{ANIM}', "shot", "brace"),
        (f'{SHOT}[departments.a]\npath = "{{shot_path}}/a/..."', "departments.a.path", "does not hold {version}"),
        (f'{SHOT}[departments.a]\npath = "{{shot_path}}/a/{{version}}"', "departments.a.path", "/..."),
        (f'{SHOT}[departments.a]\npath = "{{shot_path}}/.../{{version}}/..."', "departments.a.path", "last component"),
        (f'{SHOT}[departments.a]\npath = "x/{{shot_path}}/{{version}}/..."', "departments.a.path", "first component"),
        (f'{SHOT}[departments.a]\npath = "x/{{version}}/..."', "departments.a.path", "neither {shot_path} nor {shot}"),
        (f'{SHOT}[departments.a]\npath = "{{shot_path}}/{{task}}/{{version}}/..."', "departments.a.path", "{task}"),
        (f"{SHOT}version = 'v'\n{ANIM}", "version", "exactly one pair"),
        (f"{SHOT}version = 'v(\\d+)_(\\d+)'\n{ANIM}", "version", "2 groups"),
        (f"{SHOT}version = 'v(?P<n>\\d+)'\n{ANIM}", "version", "without a name"),
        (f"{SHOT}version = 'v(\\d*)|'\n{ANIM}", "version", "nothing at all"),
        (f"{SHOT}version = 'v(abc)'\n{ANIM}", "version", "no number"),
        (f"{SHOT}version = 'v('\n{ANIM}", "version", "no regular expression"),
        (f"{SHOT}version = 3\n{ANIM}", "version", "is not a text"),
        (f"{SHOT}{ANIM}version = 3\n", "departments.anim.version", "no pattern"),
        (f"{SHOT}[fields]\ntask = 'x'\n{ANIM}", "fields.task", "project, episode, sequence, shot"),
        (f"{SHOT}[fields]\nshot = '(SH)'\n{ANIM}", "fields.shot", "(?:...)"),
        (f'{SHOT}local = "{{shot}}/{{department}}/{{version}}"\n{ANIM}', "local", "{file}"),
        (f'{SHOT}local = "{{shot}}/{{department}}/{{file}}"\n{ANIM}', "local", "{version}"),
        (f'{SHOT}local = "{{department}}/{{version}}/{{file}}"\n{ANIM}', "local", "{shot}"),
        (f'{SHOT}local = "{{shot}}/{{department}}*/{{version}}/{{file}}"\n{ANIM}', "local", "*"),
        (f"{SHOT}local = 1\n{ANIM}", "local", "is not a text"),
    ],
)
def test_a_bad_layout_file_is_refused_with_file_key_and_advice(text: str, key: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_layout(text, "studio.toml", "studio")
    error = caught.value
    assert error.path == "studio.toml"
    assert repr(key) in error.title if key else "TOML" in error.title
    assert hint in f"{error.cause} {error.suggestion}"


def test_layouts_are_found_by_name_by_file_and_in_folders(tmp_path: Path) -> None:
    folder = tmp_path / "layouts"
    folder.mkdir()
    own = folder / "own.toml"
    own.write_text(SHOT + ANIM, "utf-8-sig")
    single = tmp_path / "single.toml"
    single.write_text(f'name = "shown"\n{SHOT}{ANIM}', "utf-8")
    folders = (folder, single, tmp_path / "absent")
    assert layout_names(folders) == ("default", "own", "project", "single", "studio")
    assert load_layout("own", folders).name == "own"
    assert load_layout("single", folders).name == "shown"
    assert load_layout(str(own)).departments == ("anim",)
    with pytest.raises(UsageError, match=r"Known: default, own, project, single, studio\."):
        load_layout("ownn", folders)
    with pytest.raises(UsageError, match="cannot be read"):
        load_layout(str(tmp_path / "absent.toml"))


def test_a_studio_can_have_its_own_default(tmp_path: Path) -> None:
    (tmp_path / "default.toml").write_text(SHOT + ANIM, "utf-8")
    assert load_layout("default", (tmp_path,)).departments == ("anim",)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="UTF-8"):
        load_layout(str(path))


def flat() -> Layout:
    text = 'shot = "{project}/{shot}"\n[departments.comp]\npath = "{project}/{sequence}_{shot}_comp_{version}/..."\n'
    return read_layout(text, "flat.toml", "flat")


def test_fields_may_share_a_component() -> None:
    match = flat().match("VEGA/SQ01_SH010_comp_v003/a/b.exr")
    assert match is not None
    assert (match.key, match.version, match.rest) == (ShotKey("VEGA", "", "SQ01", "SH010"), "v003", "a/b.exr")
    assert match.shot_parts == 1


def test_field_patterns_decide_between_optional_levels() -> None:
    text = "shot = '{project}/{episode?}/{sequence?}/{shot}'\n[fields]\nepisode = 'EP\\d+'\nsequence = 'SQ\\d+'\n"
    layout = read_layout(text + ANIM, "x.toml", "x")
    episode = layout.match("V/EP1/S/anim/publish/v1/a")
    sequence = layout.match("V/SQ1/S/anim/publish/v1/a")
    assert episode and episode.key == ShotKey("V", "EP1", "", "S")
    assert sequence and sequence.key == ShotKey("V", "", "SQ1", "S")
    assert layout.match("V/other/S/anim/publish/v1/a") is None


names = st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=12)


@given(st.lists(names, min_size=2, max_size=4), st.integers(0, 10**17), st.lists(names, min_size=1, max_size=4))
def test_whatever_the_names_a_shot_is_read_back(shot: list[str], number: int, below: list[str]) -> None:
    path = "/".join([*shot, "anim", "publish", f"v{number}", *below])
    match = DEFAULT.match(path)
    assert match is not None
    assert match.number == number
    assert [part for part in match.key.label.split("/") if part] == shot
    assert match.rest == "/".join(below)


@given(st.text())
def test_no_path_breaks_the_layout(path: str) -> None:
    for layout in (DEFAULT, load_layout("studio")):
        match = layout.match(path)
        assert match is None or (match.key.shot and match.number >= 0)


@pytest.mark.parametrize("template", ["{shot}_{department}_v{version}.ma", "*_*_*_*.ma", "{shot}*{shot}"])
def test_no_name_of_a_server_takes_long(template: str) -> None:
    """FTP names may have 4,000 characters, and every way to divide one was tried: for half a minute."""
    fields = frozenset({"shot", "department", "version"})
    assert level(template, {}, fields).match("_v1" * 30_000) is None
