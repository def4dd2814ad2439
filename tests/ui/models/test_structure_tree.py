from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from desktop.core.media import ShotKey
from desktop.ui.formats import Formats
from desktop.ui.models.structure_tree import SCOPE_ROLE, StructureTree
from desktop.ui.theme import Theme

KEYS = (
    ShotKey("VEGA", "", "SQ01", "SH010"),
    ShotKey("VEGA", "", "SQ01", "SH020"),
    ShotKey("VEGA", "", "SQ02", "SH010"),
    ShotKey("LYRA", "EP01", "SQ01", "SH010"),
)


def test_it_keeps_the_rules_of_a_model(theme: Theme, formats: Formats, qtbot: QtBot) -> None:
    tree = StructureTree(theme, formats)
    tester = QAbstractItemModelTester(tree, QAbstractItemModelTester.FailureReportingMode.Warning)
    tree.fill(KEYS)
    tree.find("sq01")
    tree.fill(())
    tester.setUseFetchMore(False)


def test_levels_that_are_not_there_are_left_out(theme: Theme, formats: Formats) -> None:
    tree = StructureTree(theme, formats)
    tree.fill(KEYS)
    lyra, vega = tree.index(0, 0), tree.index(1, 0)
    assert (lyra.data(), vega.data()) == ("LYRA", "VEGA")
    assert tree.index(0, 0, lyra).data() == "EP01"
    sequence = tree.index(0, 0, vega)
    assert (sequence.data(), sequence.data(SCOPE_ROLE)) == ("SQ01", ("VEGA", "", "SQ01"))
    assert tree.index(0, 1, vega).data() == "2"
    assert tree.index(1, 1).data() == "3"


def test_finding_keeps_the_branches_above_what_matches(theme: Theme, formats: Formats) -> None:
    tree = StructureTree(theme, formats)
    tree.fill(KEYS)
    tree.find("sq02/sh010")
    assert (tree.rowCount(), tree.shots) == (1, 1)
    assert tree.index(0, 0, tree.index(0, 0)).data() == "SQ02"
    tree.find("")
    assert tree.shots == 4
