"""Choosing versions: the four strategies, and what a person may write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.core.errors import UsageError
from desktop.core.media import Publication
from desktop.core.plan import VersionStrategy
from desktop.studio.shots.version_lists import read_shot_list, read_version_list
from desktop.studio.shots.versions import pick, version_order, wished_number
from tests.studio.trees import publication, version

V1, V2 = version("v001", 1, "a"), version("v002", 2, "a")
UP3 = version("v003", 3, "a", uploading=True)
BIG10, SMALL10 = version("V010", 10, "a"), version("v010", 10, "a")
LATEST, SPECIFIC, ALL, CUSTOM = (
    VersionStrategy.LATEST,
    VersionStrategy.SPECIFIC,
    VersionStrategy.ALL,
    VersionStrategy.CUSTOM,
)


@pytest.mark.parametrize(
    ("shot", "strategy", "wish", "chosen", "message"),
    [
        (publication(V1, V2), LATEST, None, ["v002"], ""),
        (publication(V1, V2, UP3), LATEST, None, ["v002"], "Version v003 still uploading, v002 taken"),
        (publication(UP3), LATEST, None, [], "Nothing whole yet: v003 still uploading"),
        (publication(), LATEST, None, [], "No version available"),
        (
            publication(V1, BIG10, SMALL10),
            LATEST,
            None,
            ["v010"],
            "Version v010 is also spelled V010 on the server, v010 taken",
        ),
        (publication(V1, V2), SPECIFIC, "v001", ["v001"], ""),
        (publication(V1, V2), SPECIFIC, "v1", ["v001"], ""),
        (publication(V1, V2), SPECIFIC, "V0002", ["v002"], ""),
        (publication(V1, V2), SPECIFIC, "2", ["v002"], ""),
        (publication(V1, V2), SPECIFIC, "v005", [], "Version v005 not available, available: v001, v002"),
        (publication(V1, V2), SPECIFIC, "5", [], "Version v005 not available, available: v001, v002"),
        (publication(V1, V2), SPECIFIC, "final", [], "Version final not available, available: v001, v002"),
        (publication(V1, V2), SPECIFIC, "²", [], "Version ² not available, available: v001, v002"),
        (publication(), SPECIFIC, "v005", [], "Version v005 not available, available: none"),
        (publication(V1, UP3), SPECIFIC, "v003", [], "Version v003 is still uploading, available: v001"),
        (publication(BIG10, SMALL10), SPECIFIC, "V010", ["V010"], ""),
        (
            publication(BIG10, SMALL10),
            SPECIFIC,
            "10",
            ["v010"],
            "Version v010 is also spelled V010 on the server, v010 taken",
        ),
        (publication(V1, V2), ALL, None, ["v001", "v002"], ""),
        (publication(BIG10, SMALL10), ALL, None, ["V010", "v010"], ""),
        (publication(V1, UP3), ALL, None, ["v001"], "Version v003 still uploading, left out"),
    ],
)
def test_strategies(shot: Publication, strategy: VersionStrategy, wish: str, chosen: list[str], message: str) -> None:
    versions, words = pick(shot, strategy, wish)
    assert ([v.label for v in versions], words) == (chosen, message)


@pytest.mark.parametrize(
    ("table", "chosen"),
    [
        ({("SH010", "anim"): "v001"}, ["v001"]),
        ({("VEGA/SQ01/SH010", "anim"): "v001", ("SH010", "anim"): "v002"}, ["v001"]),
        ({("SH010", "anim"): "latest"}, ["v002"]),
        ({("SH010", "anim"): ""}, []),
        ({("SH010", "lighting"): "v001"}, []),
        ({}, []),
    ],
)
def test_custom_tables(table: dict[tuple[str, str], str], chosen: list[str]) -> None:
    versions, words = pick(publication(V1, V2), CUSTOM, None, table)
    assert ([v.label for v in versions], words) == (chosen, "")


def test_a_custom_row_may_ask_for_what_is_not_there() -> None:
    versions, words = pick(publication(V1), CUSTOM, None, {("SH010", "anim"): "v7"})
    assert (versions, words) == ((), "Version v7 not available, available: v001")


@given(st.lists(st.integers(0, 10**18), min_size=1, unique=True), st.integers(0, 5))
def test_versions_order_by_number_never_as_text(numbers: list[int], padding: int) -> None:
    made = [version(f"v{str(n).zfill(padding)}", n, "a") for n in numbers]
    ordered = tuple(sorted(made, key=version_order))
    assert [v.number for v in ordered] == sorted(numbers)
    (latest,), _ = pick(publication(*ordered), LATEST)
    assert latest.number == max(numbers)


@given(st.integers(0, 10**18 - 1), st.sampled_from(["", "v", "V", "take", "ver_", "v."]), st.integers(0, 18))
def test_a_wish_is_read_back(number: int, prefix: str, padding: int) -> None:
    assert wished_number(f"{prefix}{str(number).zfill(padding)}") == number


@given(st.text())
def test_no_wish_breaks_anything(text: str) -> None:
    versions, words = pick(publication(V1, V2), SPECIFIC, text)
    assert versions or words


def test_version_lists() -> None:
    text = "\ufeff# picks\r\nSH010 anim v003\r\n\r\nVEGA/SQ01/SH020/  lighting 12  # old\n"
    text += "SH 030\tanim\tlatest\nSH040 anim -\n"
    assert read_version_list(text) == {
        ("SH010", "anim"): "v003",
        ("VEGA/SQ01/SH020", "lighting"): "12",
        ("SH 030", "anim"): "latest",
        ("SH040", "anim"): "",
    }


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("SH010 anim", 1, "2 words"),
        ("# a\n\nSH010 anim v1 now", 3, "4 words"),
        ("SH010 anim final", 1, "'final' is no version"),
        ("SH010 anim v1\nSH010 anim v2", 2, "Line 1 asks for another"),
        ("SH010\t\tv1", 1, "3 words"),
    ],
)
def test_version_lists_that_cannot_be_read(text: str, line: int, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_version_list(text, "picks.txt")
    assert f"Line {line} " in caught.value.title
    assert words in caught.value.cause
    assert caught.value.path == "picks.txt"


def test_the_same_row_twice_is_one() -> None:
    assert read_version_list("SH010 anim v1\nSH010 anim v1") == {("SH010", "anim"): "v1"}


def test_shot_lists() -> None:
    assert read_shot_list("\ufeffSH010\n# no\n\n VEGA/SQ01/SH020/ \nSH030 # yes\nSH010\n") == (
        "SH010",
        "VEGA/SQ01/SH020",
        "SH030",
    )
