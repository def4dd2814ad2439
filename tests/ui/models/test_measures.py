import math

from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from desktop.core.job import Light, Measure, ModelResult, Table
from desktop.ui.models.columns import LEFT, RIGHT, Role
from desktop.ui.models.measures import MEASURE, RULE, VALUE, VERDICT, MeasureModel, TableModel, spelled
from desktop.ui.theme import Theme

RESULTS = (
    ModelResult(
        "reconviagen",
        True,
        measures=(
            Measure("metrics.faces", 576.0),
            Measure("metrics.psnr", 30.2, Light.GREEN, "good from 24, poor below 20"),
            Measure("metrics.ssim", 0.31, Light.RED, "good from 0.85, poor below 0.7"),
        ),
    ),
    ModelResult("nvdiffrec", False, measures=(Measure("metrics.psnr", 22.0, Light.AMBER, "good from 24"),)),
)
ROWS = Table(("row", "shot", "size"), (("1", "SH010", "1,200"), ("2", "SH020", ""), ("3", "SH030", "-4.5", "more")))


def test_they_keep_the_rules_of_a_model(theme: Theme, qtbot: QtBot) -> None:
    measures, rows = MeasureModel(theme), TableModel(theme)
    testers = [
        QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning)
        for model in (measures, rows)
    ]
    measures.fill(RESULTS)
    measures.fill(())
    rows.fill(ROWS)
    rows.fill(Table((), ()))
    for tester in testers:
        tester.setUseFetchMore(False)


def test_each_number_is_judged_in_words_with_an_icon_and_what_is_judged_comes_first(theme: Theme) -> None:
    model = MeasureModel(theme)
    model.fill(RESULTS)
    rows = [
        tuple(model.index(row, column).data() for column in (MEASURE, VALUE, VERDICT))
        for row in range(model.rowCount())
    ]
    assert rows == [
        ("psnr", "30.2", "good"),
        ("ssim", "0.31", "poor"),
        ("faces", "576", "not judged"),
        ("psnr", "22", "bearable"),
    ]
    assert not model.index(0, VERDICT).data(Role.DecorationRole).isNull()
    assert model.index(1, RULE).data() == "good from 0.85, poor below 0.7"
    assert model.index(0, VALUE).data(Role.TextAlignmentRole) == RIGHT


def test_only_a_beginning_that_all_names_share_is_left_out(theme: Theme) -> None:
    model = MeasureModel(theme)
    model.fill((ModelResult("one", True, measures=(Measure("a.x", 1.0), Measure("b.x", 2.0), Measure("x", 3.0))),))
    assert [model.index(row, MEASURE).data() for row in range(3)] == ["a.x", "b.x", "x"]


def test_columns_of_numbers_align_right_and_rows_may_differ_in_length(theme: Theme) -> None:
    model = TableModel(theme)
    model.fill(ROWS)
    assert [model.index(0, column).data(Role.TextAlignmentRole) for column in range(4)] == [RIGHT, LEFT, RIGHT, LEFT]
    assert (model.columnCount(), model.index(0, 3).data(), model.index(2, 3).data()) == (4, "", "more")


def test_measured_numbers_are_spelled_for_people() -> None:
    assert [spelled(value) for value in (512.0, 0.5, 1 / 3, 1e6, math.nan)] == [
        "512",
        "0.5",
        "0.3333",
        "1,000,000",
        "no number",
    ]
