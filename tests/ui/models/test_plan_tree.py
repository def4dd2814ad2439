import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from desktop.core.plan import Action, Plan, PlannedItem
from desktop.core.task import FileResult, TaskFile
from desktop.ui.formats import Formats
from desktop.ui.models.plan_tree import ACTION, NAME, NOTE, SIZE, PlanTree
from desktop.ui.theme import Theme
from tests.ui.made import item, plan, planned

Check = Qt.CheckState
CHECK = Qt.ItemDataRole.CheckStateRole


@pytest.fixture
def mixed() -> Plan:
    return plan(
        item("SH010", "anim", planned("a1"), planned("a2", Action.SKIP), planned("a3", Action.UPDATE)),
        item("SH020", "anim", planned("b1", Action.SKIP)),
        item("SH010", "lighting", planned("c1", Action.BLOCKED, reason="The name is not safe."), planned("c2")),
        item("SH030", "anim", message="Version v005 not available, available: v001"),
    )


@pytest.fixture
def tree(theme: Theme, formats: Formats, mixed: Plan) -> PlanTree:
    made = PlanTree(theme, formats)
    made.show_plan(mixed)
    return made


def at(tree: PlanTree, *rows: int, column: int = NAME) -> QModelIndex:
    index = QModelIndex()
    for row in rows[:-1]:
        index = tree.index(row, 0, index)
    return tree.index(rows[-1], column, index)


def state(tree: PlanTree, *rows: int) -> Check | None:
    found: Check | None = at(tree, *rows).data(CHECK)
    return None if found is None else Check(found)


def targets(tree: PlanTree) -> list[str]:
    made = tree.plan()
    assert made is not None
    return [file.target for _, file in made.files()]


def test_it_keeps_the_rules_of_a_model(theme: Theme, formats: Formats, mixed: Plan, qtbot: QtBot) -> None:
    tree = PlanTree(theme, formats)
    tester = QAbstractItemModelTester(tree, QAbstractItemModelTester.FailureReportingMode.Warning)
    tree.show_plan(mixed)
    tree.setData(at(tree, 0), Check.Unchecked, CHECK)
    tree.set_all(True)
    tree.show_results(())
    tree.show_plan(plan())
    tester.setUseFetchMore(False)


def test_items_of_one_shot_lie_together(tree: PlanTree) -> None:
    assert [at(tree, n).data() for n in range(tree.rowCount())] == [
        "VEGA/SQ01/SH010",
        "VEGA/SQ01/SH020",
        "VEGA/SQ01/SH030",
    ]
    assert [at(tree, 0, n).data() for n in range(2)] == ["anim  v002", "lighting  v002"]
    assert at(tree, 0, 1, 1).data() == "c2"
    assert at(tree, 0, 1, 1).parent().parent() == at(tree, 0)


def test_a_plan_untouched_comes_back_whole(tree: PlanTree, mixed: Plan) -> None:
    made = tree.plan()
    assert made is not None
    assert sorted(i.label for i in made.items) == sorted(i.label for i in mixed.items)
    assert made.totals() == mixed.totals()


def test_only_what_moves_has_a_box(tree: PlanTree) -> None:
    assert state(tree, 0, 0, 0) is Check.Checked
    assert state(tree, 0, 0, 1) is None
    assert state(tree, 0, 1, 0) is None
    assert state(tree, 1) is None
    assert not at(tree, 1).flags() & Qt.ItemFlag.ItemIsUserCheckable
    assert not tree.setData(at(tree, 0, 0, 1), Check.Unchecked, CHECK)


def test_a_file_left_out_leaves_the_plan_and_marks_those_above_it(tree: PlanTree) -> None:
    assert tree.setData(at(tree, 0, 0, 0), Check.Unchecked, CHECK)
    assert state(tree, 0, 0) is Check.PartiallyChecked
    assert state(tree, 0) is Check.PartiallyChecked
    assert targets(tree) == ["VEGA/a2", "VEGA/a3", "VEGA/c1", "VEGA/c2", "VEGA/b1"]
    assert at(tree, 0, 0, 0, column=ACTION).data() == "left out"


def test_an_item_left_out_goes_with_everything_in_it(tree: PlanTree) -> None:
    tree.setData(at(tree, 0, 0), Check.Unchecked, CHECK)
    assert state(tree, 0, 0, 2) is Check.Unchecked
    assert targets(tree) == ["VEGA/c1", "VEGA/c2", "VEGA/b1"]


def test_a_shot_takes_its_items_with_it_and_back(tree: PlanTree, qtbot: QtBot) -> None:
    with qtbot.waitSignal(tree.chosen):
        tree.setData(at(tree, 0), Check.Unchecked, CHECK)
    assert targets(tree) == ["VEGA/b1"]
    tree.setData(at(tree, 0), Check.Checked, CHECK)
    assert state(tree, 0) is Check.Checked
    assert len(targets(tree)) == 6


def test_nothing_checked_leaves_nothing_to_transfer(tree: PlanTree) -> None:
    tree.set_all(False)
    made = tree.plan()
    assert made is not None and made.totals().transfers == 0
    tree.set_all(True)
    made = tree.plan()
    assert made is not None and made.totals().transfers == 3


def test_a_version_that_is_not_there_says_so(tree: PlanTree) -> None:
    assert at(tree, 2, column=ACTION).data() == "not available"
    assert at(tree, 2, column=SIZE).data() == "-"
    assert at(tree, 2, column=NOTE).data() == "Version v005 not available, available: v001"


def test_the_reason_is_shown_on_hover(tree: PlanTree) -> None:
    tip = at(tree, 0, 1, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert tip.splitlines()[0] == "The name is not safe."
    assert "/s/c1" in tip


def test_the_tree_becomes_the_receipt(tree: PlanTree) -> None:
    tree.setData(at(tree, 0, 1), Check.Unchecked, CHECK)
    results = [
        TaskFile(1, 1, "/s/a1", "VEGA/a1", 100, None, Action.DOWNLOAD, FileResult.DOWNLOADED),
        TaskFile(2, 1, "/s/a3", "VEGA/a3", 100, None, Action.UPDATE, FileResult.FAILED, reason="The line broke."),
    ]
    tree.show_results(results)
    assert state(tree, 0, 0, 0) is None
    assert at(tree, 0, 0, 0, column=ACTION).data() == "downloaded"
    assert at(tree, 0, 0, 2, column=ACTION).data() == "failed"
    assert at(tree, 0, 0, 2, column=NOTE).data() == "The line broke."
    assert at(tree, 0, 1, 1, column=ACTION).data() == "left out"
    assert tree.headerData(ACTION, Qt.Orientation.Horizontal) == "What happened"


def test_a_receipt_shows_only_what_ended_so(tree: PlanTree, mixed: Plan, qtbot: QtBot) -> None:
    QAbstractItemModelTester(tree, QAbstractItemModelTester.FailureReportingMode.Fatal)
    fates = (FileResult.DOWNLOADED, FileResult.SKIPPED, FileResult.FAILED)
    files = [
        TaskFile(place, 1, file.source, file.target, 100, None, file.action, fates[place % 3])
        for place, (_, file) in enumerate(mixed.files())
    ]
    tree.show_results(files)
    whole = tree.rowCount()
    tree.show_only({FileResult.FAILED})
    shown = [at(tree, *rows).data() for rows in names(tree)]
    assert shown == [file.target.rpartition("/")[2] for file in files if file.result is FileResult.FAILED]
    tree.show_results([file._replace(result=FileResult.DOWNLOADED) for file in files])
    assert tree.rowCount() == 0
    tree.show_only(None)
    assert tree.rowCount() == whole
    assert sorted(targets(tree)) == sorted(file.target for _, file in mixed.files())


def names(tree: PlanTree) -> list[tuple[int, ...]]:
    """Return the rows of every file."""
    found: list[tuple[int, ...]] = []
    for shot in range(tree.rowCount()):
        top = tree.index(shot, 0)
        for place in range(tree.rowCount(top)):
            found += [(shot, place, row) for row in range(tree.rowCount(tree.index(place, 0, top)))]
    return found


def test_what_is_of_no_shot_has_its_files_right_below_it(theme: Theme, formats: Formats, qtbot: QtBot) -> None:
    videos = [PlannedItem("gallery:VEGA", name, (planned(f"{name}.mp4"),)) for name in ("Low Tide", "Glacier")]
    tree = PlanTree(theme, formats)
    tester = QAbstractItemModelTester(tree, QAbstractItemModelTester.FailureReportingMode.Fatal)
    tree.show_plan(plan(*videos, item("SH010", "anim", planned("a1"))))
    assert [at(tree, row).data() for row in range(3)] == ["Low Tide", "Glacier", "VEGA/SQ01/SH010"]
    assert [at(tree, row, 0).data() for row in range(3)] == ["Low Tide.mp4", "Glacier.mp4", "anim  v002"]
    assert at(tree, 1, 0).parent() == at(tree, 1)
    assert tree.setData(at(tree, 1, 0), Check.Unchecked, CHECK)
    assert (state(tree, 0), state(tree, 1)) == (Check.Checked, Check.Unchecked)
    assert targets(tree) == ["VEGA/Low Tide.mp4", "VEGA/a1"]
    tester.setUseFetchMore(False)


def test_a_row_says_why_a_file_below_it_is_blocked(tree: PlanTree) -> None:
    assert at(tree, 0, 1, column=NOTE).data() == "The name is not safe."
    assert at(tree, 0, column=NOTE).data() == "The name is not safe."
