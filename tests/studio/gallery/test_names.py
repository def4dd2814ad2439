"""What a video's file is called."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.studio.gallery.names import file_name, lasting_path, read_lasting, told_apart
from desktop.transfer.names import NAME_MAX, local_name


@pytest.mark.parametrize(
    ("project", "name"),
    [
        ("VEGA Teaser", "VEGA_Teaser_final.mp4"),
        ("Moon-Base 7", "Moon_Base_7_final.mp4"),
        ("Größe", "Gr__e_final.mp4"),
        ("東京", "___final.mp4"),
        ("../../etc", "______etc_final.mp4"),
        (" ", "__final.mp4"),
        ("CON", "CON_final.mp4"),
        ("", "video.mp4"),
        ("x" * 400, "x" * (255 - 10) + "_final.mp4"),
    ],
)
def test_names(project: str, name: str) -> None:
    assert file_name(project) == name


def test_told_apart() -> None:
    assert told_apart("Moon_Base_7_final.mp4", "a/7") == "Moon_Base_7_final_a_7.mp4"
    assert told_apart("video.mp4", "9") == "video_9.mp4"
    assert len(told_apart(file_name("x" * 400), "y" * 400)) == NAME_MAX


@given(st.text(), st.text(min_size=1))
def test_every_name_passes_the_gate_as_it_is(project: str, video_id: str) -> None:
    for name in (file_name(project), told_apart(file_name(project), video_id)):
        assert local_name(name) == name
        assert re.fullmatch(r"[A-Za-z0-9_]+\.mp4", name)


@given(st.sampled_from(["", "/base", "/a/api/downloads/b"]), st.text(min_size=1).filter(lambda t: t.isprintable()))
def test_a_lasting_path_tells_its_video(base: str, video_id: str) -> None:
    path = lasting_path(base, video_id)
    assert path.isascii()
    assert read_lasting(path) == (base, video_id)


def test_another_path_is_no_video_s() -> None:
    with pytest.raises(ValueError, match="not a video's"):
        read_lasting("/base/api/downloads/42")
