from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from desktop.ui.models.custom import DOWNLOAD, CustomModel
from desktop.ui.theme import Theme
from tests.ui.made import compared

ROWS = (compared("SH010", versions=(1, 2, 5)), compared("SH020", versions=(1, 2)), compared("SH030", versions=()))
LABELS = [(row.key.label, "anim") for row in ROWS]


def test_it_keeps_the_rules_of_a_model(theme: Theme, qtbot: QtBot) -> None:
    model = CustomModel(theme, ROWS, {})
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning)
    model.set_all("v001")
    tester.setUseFetchMore(False)


def test_it_begins_with_what_was_chosen_and_the_latest_otherwise(theme: Theme) -> None:
    model = CustomModel(theme, ROWS, {LABELS[0]: "v001"})
    assert list(model.choices().values()) == ["v001", "v002", ""]
    assert model.taken() == 2


def test_all_to_one_version_leaves_out_who_has_it_not(theme: Theme) -> None:
    model = CustomModel(theme, ROWS, {})
    assert model.set_all("5") == 1
    assert list(model.choices().values()) == ["v005", "", ""]
    model.set_all_latest()
    assert list(model.choices().values()) == ["v005", "v002", ""]


def test_editing_a_cell_chooses(theme: Theme) -> None:
    model = CustomModel(theme, ROWS, {})
    assert model.setData(model.index(1, DOWNLOAD), "v001")
    assert not model.setData(model.index(1, 0), "v001")
    assert model.choices()[LABELS[1]] == "v001"
    assert model.versions(0) == ("v005", "v002", "v001")
