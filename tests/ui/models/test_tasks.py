from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from desktop.core.task import Counts, Progress, TaskState
from desktop.ui.formats import Formats
from desktop.ui.models.tasks import (
    BAR_ROLE,
    FILES,
    LIMIT,
    PROGRESS,
    SIZE,
    SPEED,
    STATE,
    TASK,
    WHEN,
    Shelf,
    TaskModel,
)
from desktop.ui.theme import Theme
from tests.ui.made import task

TERA = 1_000_000_000_000


def progress(number: int, done: int, total: int = 1000, phase: str = "downloading") -> Progress:
    return Progress(number, done, total, 3, 10, 2_000_000, 65.0, 4, phase)


def rows(model: TaskModel) -> list[int]:
    return [model.task(n).id for n in range(model.rowCount())]


def test_it_keeps_the_rules_of_a_model(theme: Theme, formats: Formats, qtbot: QtBot) -> None:
    model = TaskModel(theme, formats)
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning)
    model.put([task(1), task(2, TaskState.RUNNING)])
    model.advance([progress(2, 500)])
    model.look()
    assert model.setData(model.index(1, LIMIT), "5M")
    model.dropMimeData(model.mimeData([model.index(1, 0)]), Qt.DropAction.MoveAction, 0, 0, QModelIndex())
    model.show_only(Shelf.ACTIVE)
    model.drop([2])
    tester.setUseFetchMore(False)


def test_what_runs_comes_first_then_what_waits_in_turn_then_the_newest_past(theme: Theme, formats: Formats) -> None:
    model = TaskModel(theme, formats)
    states = (TaskState.DONE, TaskState.WAITING, TaskState.FAILED, TaskState.RUNNING, TaskState.PAUSED)
    model.put([task(n, state) for n, state in enumerate(states, 1)])
    assert rows(model) == [4, 2, 5, 3, 1]


def test_filter_tabs(theme: Theme, formats: Formats) -> None:
    model = TaskModel(theme, formats)
    model.put([task(1, TaskState.DONE), task(2, TaskState.DONE, failed=3), task(3, TaskState.RUNNING), task(4)])
    assert model.counts() == {Shelf.ALL: 4, Shelf.DONE: 1, Shelf.FAILED: 1, Shelf.ACTIVE: 1, Shelf.WAITING: 1}
    model.show_only(Shelf.FAILED)
    assert rows(model) == [2]
    model.show_only(Shelf.ALL, "TASK 4")
    assert rows(model) == [4]


def test_progress_of_many_tasks_is_one_repaint(theme: Theme, formats: Formats) -> None:
    model = TaskModel(theme, formats)
    model.put([task(n, TaskState.RUNNING) for n in range(1, 6)])
    spans: list[tuple[int, int]] = []

    def painted(top: QModelIndex, bottom: QModelIndex, _roles: Sequence[int]) -> None:
        spans.append((top.row(), bottom.row()))

    model.dataChanged.connect(painted)
    model.advance([progress(2, 10), progress(4, 10), progress(99, 10)])
    assert spans == [(1, 3)]


def test_figures_of_a_running_task(theme: Theme, formats: Formats) -> None:
    model = TaskModel(theme, formats)
    model.put([task(1, TaskState.RUNNING)])
    model.advance([progress(1, 3 * TERA, 4 * TERA)])
    cells = {column: model.index(0, column).data() for column in (STATE, SIZE, SPEED, WHEN, FILES)}
    assert cells == {
        STATE: "running",
        SIZE: "3.0 of 4.0 TB",
        SPEED: "2.0 MB/s",
        WHEN: "1 min left",
        FILES: "3 of 10",
    }
    bar = model.index(0, PROGRESS).data(BAR_ROLE)
    assert (bar.fraction, bar.words) == (0.75, "75 %")


def test_a_task_that_does_not_download_says_what_it_does(theme: Theme, formats: Formats) -> None:
    model = TaskModel(theme, formats)
    model.put([task(1, TaskState.RUNNING)])
    model.advance([progress(1, 0, phase="connecting")])
    assert model.index(0, WHEN).data() == "connecting"


def test_live_figures_end_with_the_run(theme: Theme, formats: Formats) -> None:
    model = TaskModel(theme, formats)
    model.put([task(1, TaskState.RUNNING)])
    model.advance([progress(1, 500)])
    model.put([task(1, TaskState.DONE, transferred=1000)])
    assert model.index(0, SPEED).data() == ""
    assert model.index(0, PROGRESS).data(BAR_ROLE).words == "100 %"
    assert model.index(0, TASK).data() == "task 1"


def test_files_that_are_skipped_are_none_to_fetch(theme: Theme, formats: Formats) -> None:
    model = TaskModel(theme, formats)
    paused = replace(task(1, TaskState.PAUSED), files=Counts(planned=102, skipped=18, downloaded=32))
    model.put([paused, replace(paused, id=2, state=TaskState.DONE, files=Counts(planned=102, skipped=102))])
    assert [model.index(row, FILES).data() for row in (0, 1)] == ["32 of 84", "102"]
