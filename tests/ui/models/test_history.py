"""Past tasks a page at a time, and what the items of one came to."""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot
from shiboken6 import delete, isValid

from desktop.core.errors import DatabaseBusy, ShotDockError
from desktop.core.history import PAGE, Query, TaskPage
from desktop.core.plan import ItemState
from desktop.core.task import Bytes, Counts, Task, TaskItem, TaskState
from desktop.ui.formats import Formats
from desktop.ui.models.columns import NO_PARENT
from desktop.ui.models.history import FILES, NAME, STATE, TOOK, HistoryModel
from desktop.ui.models.item_sums import ItemSumModel
from desktop.ui.theme import Theme
from tests.ui.made import task


class Shelf:
    """Tasks in memory; answers when it is told to."""

    def __init__(self, count: int) -> None:
        self.tasks: list[Task] = [task(number, TaskState.DONE) for number in range(count, 0, -1)]
        self.waiting: list[Callable[[], None]] = []
        self.broken: ShotDockError | None = None

    def fetch(self, query: Query, then: Callable[[TaskPage], None], failed: Callable[[ShotDockError], None]) -> None:
        def answer() -> None:
            if self.broken is not None:
                failed(self.broken)
                return
            found = [one for one in self.tasks if query.text in one.name]
            then(TaskPage(tuple(found[query.offset : query.offset + query.limit]), len(found)))

        self.waiting.append(answer)

    def answer(self) -> None:
        while self.waiting:
            self.waiting.pop(0)()


def test_pages_come_as_they_are_looked_at(theme: Theme, formats: Formats, qtbot: QtBot) -> None:
    shelf = Shelf(250)
    model = HistoryModel(theme, formats, shelf.fetch)
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.show_only(Query())
    assert not model.canFetchMore(NO_PARENT)
    shelf.answer()
    assert (model.rowCount(), model.total) == (PAGE, 250)
    while model.canFetchMore(NO_PARENT):
        model.fetchMore(NO_PARENT)
        assert not model.canFetchMore(NO_PARENT), "one page at a time"
        shelf.answer()
    assert [model.task(row).id for row in range(model.rowCount())] == list(range(250, 0, -1))


def test_a_task_made_meanwhile_is_not_shown_twice_and_one_deleted_is_not_waited_for(
    theme: Theme, formats: Formats
) -> None:
    shelf = Shelf(150)
    model = HistoryModel(theme, formats, shelf.fetch)
    model.show_only(Query())
    shelf.answer()
    shelf.tasks.insert(0, task(151, TaskState.DONE))
    model.fetchMore(NO_PARENT)
    shelf.answer()
    ids = [model.task(row).id for row in range(model.rowCount())]
    assert ids == list(range(150, 0, -1))
    del shelf.tasks[60:]
    model.fetchMore(NO_PARENT)
    shelf.answer()
    assert not model.canFetchMore(NO_PARENT)


def test_an_answer_to_an_older_question_is_not_heard(theme: Theme, formats: Formats) -> None:
    shelf = Shelf(20)
    model = HistoryModel(theme, formats, shelf.fetch)
    model.show_only(Query(text="task 7"))
    model.show_only(Query(text="task 12"))
    shelf.waiting.reverse()
    shelf.answer()
    assert [model.task(row).id for row in range(model.rowCount())] == [12]


def test_an_answer_that_comes_when_nobody_is_there_is_not_heard(theme: Theme, formats: Formats) -> None:
    shelf = Shelf(3)
    model = HistoryModel(theme, formats, shelf.fetch)
    model.show_only(Query())
    delete(model)
    shelf.answer()
    assert not isValid(model)


def test_what_could_not_be_looked_up_is_told(theme: Theme, formats: Formats) -> None:
    shelf = Shelf(3)
    shelf.broken = DatabaseBusy("The database is busy.")
    model = HistoryModel(theme, formats, shelf.fetch)
    heard: list[object] = []
    model.arrived.connect(heard.append)
    model.show_only(Query())
    shelf.answer()
    assert heard == [shelf.broken]


def test_a_row_says_what_came_and_how_long_it_took(theme: Theme, formats: Formats) -> None:
    shelf = Shelf(1)
    done = replace(shelf.tasks[0], started=1000.0, finished=1125.0, files=Counts(planned=10, downloaded=10))
    shelf.tasks = [done]
    model = HistoryModel(theme, formats, shelf.fetch)
    model.show_only(Query())
    shelf.answer()
    assert [model.index(0, column).data() for column in (NAME, STATE, TOOK)] == ["task 1", "done", "2 min"]
    shelf.tasks = [replace(done, files=Counts(planned=10, skipped=10))]
    model.show_only(Query())
    shelf.answer()
    assert [model.index(0, column).data() for column in (STATE, FILES)] == ["all up to date", "10 of 10"]
    shelf.tasks = [replace(done, finished=None)]
    model.show_only(Query())
    shelf.answer()
    assert model.index(0, TOOK).data() == ""


def test_the_sums_of_items(theme: Theme, formats: Formats) -> None:
    model = ItemSumModel(theme, formats)
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    counts = Counts(planned=7, downloaded=4, skipped=1, overwritten=2, kept_both=0, failed=2)
    item = TaskItem(
        1, 1, "VEGA", "SH010 anim", None, "anim", "v002", (), None, None, ItemState.PARTIAL, "", counts, Bytes(9, 2_000)
    )
    model.fill((item,))
    row = [model.index(0, column).data() for column in range(model.columnCount())]
    assert row[:9] == ["SH010 anim", "v002", "partial", "7", "4", "1", "2", "-", "2"]
    assert row[9] == formats.size(2_000)
