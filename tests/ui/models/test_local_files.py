"""Paths of what arrived, as other programs want them."""

from pathlib import Path

import pytest

from desktop.core.task import FileResult
from desktop.ui.models.local_files import as_mime, path_of, sequence_path
from tests.ui.made import task_file

FRAMES = [Path(f"/shows/SH010/beauty_v003.{frame}.exr") for frame in (1001, 1002, 1004)]


@pytest.mark.parametrize(
    ("style", "name"),
    [("%04d", "beauty_v003.%04d.exr"), ("####", "beauty_v003.####.exr"), ("$F4", "beauty_v003.$F4.exr")],
)
def test_a_sequence_is_spelled_as_the_program_wants_it(style: str, name: str) -> None:
    assert sequence_path(FRAMES, style) == str(Path("/shows/SH010") / name)


def test_the_digits_of_the_frames_count() -> None:
    five = [Path("/s/a_00998.png"), Path("/s/a_00999.png")]
    assert sequence_path(five, "$F4") == str(Path("/s/a_$F5.png"))


def test_a_file_that_is_no_sequence_keeps_its_name() -> None:
    files = [Path("/s/scene_v003.ma"), Path("/s/hero.1001.exr"), Path("/s/other.1001.exr")]
    assert sequence_path(files, "####") == str(Path("/s/scene_v003.ma"))
    assert sequence_path([], "####") == ""


def test_only_whole_files_can_be_handed_over() -> None:
    root = Path("/shows")
    here = {r for r in FileResult if path_of(root, task_file(1, "a.exr", r)) is not None}
    assert here == set(FileResult) - {FileResult.PENDING, FileResult.FAILED}


def test_other_programs_get_urls_and_text() -> None:
    data = as_mime(FRAMES[:2])
    assert data is not None
    assert [url.toLocalFile() for url in data.urls()] == [path.as_posix() for path in FRAMES[:2]]
    assert data.text().splitlines() == [str(path) for path in FRAMES[:2]]
    assert as_mime([]) is None
