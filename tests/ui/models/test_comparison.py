from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from desktop.core.media import ShotState
from desktop.ui.formats import Formats
from desktop.ui.models.comparison import (
    CHANGED,
    COLUMNS,
    DEPARTMENT,
    FRAMES,
    LOCAL,
    REMOTE,
    SHOT,
    SIZE,
    STATE,
    ComparisonModel,
    Shown,
)
from desktop.ui.theme import Theme
from tests.ui.made import compared

Ascending, Descending = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder
ROWS = (
    compared("SH020", "lighting", ShotState.NEW, (9, 10), size=300, missing=(3,)),
    compared("SH010", "anim", ShotState.UPDATE, (1, 2), size=900),
    compared("SH010", "lighting", ShotState.UP_TO_DATE, (1000,), size=100),
    compared("SH005", "anim", ShotState.INCOMPLETE, (2,), sequence="SQ02", size=5_000_000_000),
)


def model(theme: Theme, formats: Formats) -> ComparisonModel:
    made = ComparisonModel(theme, formats)
    made.fill(ROWS)
    return made


def names(one: QAbstractItemModel) -> list[str]:
    return [f"{one.index(n, SHOT).data()} {one.index(n, DEPARTMENT).data()}" for n in range(one.rowCount())]


def test_it_keeps_the_rules_of_a_model(theme: Theme, formats: Formats, qtbot: QtBot) -> None:
    one = ComparisonModel(theme, formats)
    tester = QAbstractItemModelTester(one, QAbstractItemModelTester.FailureReportingMode.Warning)
    one.fill(ROWS)
    one.sort(SIZE, Descending)
    one.show_only(Shown(text="sh010"))
    one.choose(one.rows(), "v001")
    one.fill(())
    one.fill(ROWS)
    tester.setUseFetchMore(False)


def test_shots_come_in_order_with_their_departments(theme: Theme, formats: Formats) -> None:
    assert names(model(theme, formats)) == [
        "SQ01/SH010 anim",
        "SQ01/SH010 lighting",
        "SQ01/SH020 lighting",
        "SQ02/SH005 anim",
    ]


def test_columns_sort_by_what_they_mean_and_not_by_their_words(theme: Theme, formats: Formats) -> None:
    one = model(theme, formats)
    one.sort(REMOTE, Ascending)
    assert [row.latest_version for row in one.rows()] == ["v002", "v002", "v010", "v1000"]
    one.sort(SIZE, Descending)
    assert [row.bytes for row in one.rows()] == [5_000_000_000, 900, 300, 100]
    one.sort(STATE, Ascending)
    assert [row.state for row in one.rows()] == [
        ShotState.NEW,
        ShotState.UPDATE,
        ShotState.UP_TO_DATE,
        ShotState.INCOMPLETE,
    ]
    one.sort(FRAMES, Descending)
    assert one.rows()[0].missing == (3,)


def test_equal_rows_stay_in_shot_order_when_sorted_backwards(theme: Theme, formats: Formats) -> None:
    one = ComparisonModel(theme, formats)
    one.fill([compared(f"SH{n:03d}") for n in (30, 10, 20)])
    one.sort(SIZE, Descending)
    assert [row.key.shot for row in one.rows()] == ["SH010", "SH020", "SH030"]


class Asked(ComparisonModel):
    """Counts how often a view's question is asked."""

    asked = 0

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        self.asked += 1
        return super().data(index, role)


def test_sorting_and_filtering_a_hundred_thousand_rows_asks_no_cell(theme: Theme, formats: Formats) -> None:
    one = Asked(theme, formats)
    one.fill([compared(f"SH{n:06d}", versions=(n % 7 + 1,)) for n in range(100_000)])
    one.sort(REMOTE, Descending)
    one.show_only(Shown(text="sh09999"))
    assert one.rowCount() == 10
    assert one.asked == 0


def test_filters_join(theme: Theme, formats: Formats) -> None:
    one = model(theme, formats)
    one.show_only(Shown(departments=frozenset({"anim"})))
    assert names(one) == ["SQ01/SH010 anim", "SQ02/SH005 anim"]
    one.show_only(Shown(departments=frozenset({"anim"}), states=frozenset({ShotState.INCOMPLETE})))
    assert names(one) == ["SQ02/SH005 anim"]
    one.show_only(Shown(scopes=(("VEGA", "", "SQ01"),), text="light"))
    assert names(one) == ["SQ01/SH010 lighting", "SQ01/SH020 lighting"]
    one.show_only(Shown(shots=frozenset({"sh005"})))
    assert names(one) == ["SQ02/SH005 anim"]
    one.show_only(Shown())
    assert one.rowCount() == 4


def test_counts_look_past_the_boxes_but_not_past_the_scope(theme: Theme, formats: Formats) -> None:
    one = model(theme, formats)
    one.show_only(Shown(scopes=(("VEGA", "", "SQ01"),), departments=frozenset(), states=frozenset()))
    departments, states = one.counts()
    assert departments == {"anim": 1, "lighting": 2}
    assert states == {ShotState.NEW: 1, ShotState.UPDATE: 1, ShotState.UP_TO_DATE: 1}


def test_a_chosen_version_shows_in_its_cell(theme: Theme, formats: Formats, qtbot: QtBot) -> None:
    one = model(theme, formats)
    with qtbot.waitSignal(one.chosen):
        one.choose([one.rows()[0]], "v001")
    assert one.index(0, REMOTE).data() == "v001"
    one.choose([one.rows()[0]], "")
    assert one.index(0, REMOTE).data() == "leave out"
    one.choose([one.rows()[0]], None)
    assert one.index(0, REMOTE).data() == "v002"
    assert not one.custom


def test_a_state_is_an_icon_and_a_word_and_a_colour(theme: Theme, formats: Formats) -> None:
    one = model(theme, formats)
    index = one.index(0, STATE)
    assert index.data() == "update"
    assert not index.data(Qt.ItemDataRole.DecorationRole).isNull()
    assert index.data(Qt.ItemDataRole.ForegroundRole) != one.index(1, STATE).data(Qt.ItemDataRole.ForegroundRole)


def test_several_projects_show_the_project_before_the_shot(theme: Theme, formats: Formats) -> None:
    one = ComparisonModel(theme, formats)
    one.fill([compared(project="VEGA"), compared(project="LYRA")])
    assert one.index(0, SHOT).data() == "LYRA/SQ01/SH010"


def test_what_is_not_there_is_a_dash(theme: Theme, formats: Formats) -> None:
    one = ComparisonModel(theme, formats)
    one.fill([compared(versions=())])
    assert [one.index(0, column).data() for column in (LOCAL, REMOTE, FRAMES, CHANGED)] == ["-"] * 4
    assert len(COLUMNS) == one.columnCount()
