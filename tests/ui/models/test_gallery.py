"""The gallery's model: one row a video, sorted by numbers, what is unknown last."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from desktop.core.gallery import Video
from desktop.ui.formats import Formats
from desktop.ui.models.columns import Index, Role
from desktop.ui.models.gallery import DATE, DURATION, FILE, NAME, SIZE, STATE, GalleryModel, face
from desktop.ui.models.gallery_states import GalleryStates, Standing, VideoState, video_of
from desktop.ui.theme import Theme
from desktop.work.services import Services

Ascending, Descending = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder
VIDEOS = (
    Video("1", "Größe – Szene 3", "Gr__e___Szene_3_final.mp4", 300.0, 9_000, 100.0),
    Video("2", "VEGA/SQ010/SH010", "VEGA_SQ010_SH010_final.mp4", 100.0, 80_000, 9.0),
    Video("3", "", "video.mp4", None, None, None),
    Video("4", "アニメ", "____final.mp4", 200.0, 10_000, 61.0),
)


@pytest.fixture
def states(services: Services) -> GalleryStates:
    return GalleryStates(services.tasks, services.gallery)


@pytest.fixture
def model(theme: Theme, formats: Formats, states: GalleryStates) -> GalleryModel:
    made = GalleryModel(theme, formats, states)
    made.fill(VIDEOS)
    return made


def ids(model: GalleryModel) -> str:
    return "".join(video.id for video in model.rows())


def test_the_model_keeps_qts_rules(model: GalleryModel, states: GalleryStates, qtbot: QtBot) -> None:
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.sort(SIZE, Descending)
    model.show_only("vega", None)
    states.place({"2": Path("/shows/a.mp4")})
    model.show_only("", None)
    model.fill(VIDEOS[:2])
    model.fill(())


@pytest.mark.parametrize(
    ("column", "order", "expected"),
    [
        (DATE, Descending, "1423"),
        (DATE, Ascending, "2413"),
        (SIZE, Ascending, "1423"),
        (SIZE, Descending, "2413"),
        (DURATION, Descending, "1423"),
        (NAME, Ascending, "1234"),
        (FILE, Descending, "3214"),
    ],
)
def test_numbers_sort_as_numbers_and_what_is_unknown_comes_last(
    model: GalleryModel, column: int, order: Qt.SortOrder, expected: str
) -> None:
    model.sort(column, order)
    assert ids(model) == expected


def test_every_word_has_to_match_the_name_or_the_file(model: GalleryModel) -> None:
    model.show_only("größe 3", None)
    assert ids(model) == "1" and model.narrowed
    model.show_only("vega_sq010", None)
    assert ids(model) == "2"
    model.show_only("アニメ", None)
    assert ids(model) == "4"


def test_a_video_is_found_by_its_state(model: GalleryModel, states: GalleryStates) -> None:
    states.place({"4": Path("/shows/4.mp4")})
    model.show_only("", frozenset({VideoState.HERE}))
    assert ids(model) == "4"
    model.show_only("", frozenset({VideoState.REMOTE}))
    assert len(ids(model)) == 3


def test_only_the_rows_that_moved_are_repainted_and_nothing_jumps(model: GalleryModel, states: GalleryStates) -> None:
    model.sort(STATE, Ascending)
    before = ids(model)
    painted: list[tuple[int, int]] = []
    model.dataChanged.connect(lambda first, last: painted.append((first.row(), last.row())))
    states.place({"1": Path("/shows/1.mp4")})
    row = model.row_of("1")
    assert painted == [(row, row)]
    assert ids(model) == before


def test_what_a_cell_says(model: GalleryModel, states: GalleryStates) -> None:
    states.place({"1": Path("/shows/1.mp4")})
    row = model.row_of("1")

    def said(column: int, role: int = Role.DisplayRole) -> object:
        return model.index(row, column).data(role)

    assert (said(NAME), said(DURATION), said(STATE)) == ("Größe – Szene 3", "1:40", "on disk")
    assert str(Path("/shows/1.mp4")) in str(said(NAME, Role.ToolTipRole))
    assert str(said(NAME, Role.AccessibleTextRole)) == "Größe – Szene 3, 1:40, 9.0 KB, on disk"
    nameless = model.index(model.row_of("3"), NAME)
    assert nameless.data() == "video.mp4"
    assert model.index(nameless.row(), SIZE).data() == "-"


def test_the_word_tells_how_far_it_is() -> None:
    assert face(Standing(VideoState.RUNNING, 38, 100))[1] == "downloading 38 %"
    assert face(Standing(VideoState.RUNNING, 38, 100, renewed=True))[:2] == ("refresh", "link renewed 38 %")
    assert face(Standing(VideoState.RUNNING, 38))[1] == "downloading"


def test_a_video_is_known_by_the_path_its_file_is_asked_for() -> None:
    assert video_of("/studio/api/downloads/a%2Fb/file") == "a/b"
    assert video_of("/shows/VEGA/file") is None


def test_sorting_and_filtering_many_ask_for_no_cell(theme: Theme, formats: Formats, states: GalleryStates) -> None:
    asked: list[int] = []

    class Counting(GalleryModel):
        def data(self, index: Index, role: int = Role.DisplayRole) -> object:
            asked.append(role)
            return super().data(index, role)

    model = Counting(theme, formats, states)
    model.fill(Video(str(n), f"VEGA {n}", f"VEGA_{n}_final.mp4", float(n), n) for n in range(5_000))
    model.sort(SIZE, Descending)
    model.show_only("vega 12", None)
    assert 0 < model.rowCount() < 5_000
    assert not asked
