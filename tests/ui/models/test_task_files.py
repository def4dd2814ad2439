"""The files of a task: what became of each, sifted, renewed without losing place."""

from PySide6.QtCore import QItemSelectionModel
from PySide6.QtWidgets import QTableView
from pytestqt.qtbot import QtBot

from desktop.core.task import FileResult
from desktop.ui.formats import Formats
from desktop.ui.models.task_files import TaskFileModel
from desktop.ui.theme import Theme
from tests.ui.made import task_file


def test_newer_results_of_the_same_files_leave_the_selection_alone(
    theme: Theme, formats: Formats, qtbot: QtBot
) -> None:
    model = TaskFileModel(theme, formats)
    files = [task_file(number, f"VEGA/SH010/a.{number}.exr", FileResult.PENDING) for number in range(5)]
    model.fill(files)
    view = QTableView()
    qtbot.addWidget(view)
    view.setModel(model)
    flags = QItemSelectionModel.SelectionFlag
    view.selectionModel().select(model.index(3, 0), flags.ClearAndSelect | flags.Rows)
    model.fill([file._replace(result=FileResult.DOWNLOADED) for file in files])
    assert [index.row() for index in view.selectionModel().selectedRows()] == [3]
    assert model.index(3, 1).data() == "downloaded"


def test_only_one_result_and_one_text(theme: Theme, formats: Formats) -> None:
    model = TaskFileModel(theme, formats)
    model.fill(
        [
            task_file(1, "VEGA/SH010/a.exr", FileResult.FAILED),
            task_file(2, "VEGA/SH020/b.exr", FileResult.FAILED),
            task_file(3, "VEGA/SH010/c.exr", FileResult.SKIPPED),
        ]
    )
    model.show_only(FileResult.FAILED)
    assert [model.file(row).id for row in range(model.rowCount())] == [1, 2]
    model.show_only(FileResult.FAILED, "sh020")
    assert [model.file(row).id for row in range(model.rowCount())] == [2]
    model.show_only(None)
    assert model.rowCount() == 3
