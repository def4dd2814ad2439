"""The queue in the window: its order by hand and key, why tasks wait, limits in the row, verbs on many."""

import socket
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QMenu
from pytestqt.qtbot import QtBot

from desktop.core.hours import parse_hours
from desktop.core.plan import Action, Plan, PlannedFile, PlannedItem, Request
from desktop.core.schedule import Priority, Turn
from desktop.core.task import TaskState
from desktop.places import Places
from desktop.store.database import Store
from desktop.ui.models.tasks import LIMIT, MIME, STATE, Shelf
from desktop.ui.models.waits import step, why
from desktop.ui.widgets.limit_cell import LimitEdit
from tests.ui.life.evening import FRIDAY, HOUR, TEN, WAIT, Evening
from tests.work.life import NIGHT

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # what the offscreen platform cannot


def field(evening: Evening) -> LimitEdit:
    found = evening.dock.table.findChild(LimitEdit)
    assert isinstance(found, LimitEdit)
    return found


@pytest.mark.parametrize(
    ("turn", "place", "words"),
    [
        (Turn(), 0, "next in turn"),
        (Turn(), 2, "3rd in turn"),
        (Turn(priority=Priority.HIGH), 1, "2nd in turn, high priority"),
        (Turn(not_before=TEN), 0, "starts at 22:00"),
        (Turn(not_before=TEN + 2 * HOUR), 0, "starts tomorrow 00:00"),
        (Turn(window=parse_hours(NIGHT)), 0, "waits for its hours: 22:00-06:00"),
        (
            Turn(not_before=TEN, attempts=1, waits_for="files.vega does not answer. Tried once."),
            0,
            "tries again at 22:00: files.vega does not answer. Tried once.",
        ),
    ],
)
def test_a_task_says_why_it_waits(turn: Turn, place: int, words: str) -> None:
    assert why(turn, FRIDAY, place) == words


def test_a_task_that_is_put_off_says_why_in_its_row_and_on_a_card(
    evening: Evening, tmp_path: Path, qtbot: QtBot
) -> None:
    with socket.socket() as taken:  # nobody listens there
        taken.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        files = tuple(PlannedFile(f"/{n}.exr", f"{n}.exr", None, None, Action.DOWNLOAD) for n in range(3))
        plan = Plan(Request("", tmp_path / "to", name="night"), (PlannedItem(f"ftp://{place}", "night", files),))
        number = evening.bench.submit(plan).id
        model = evening.dock.model
        qtbot.waitUntil(lambda: (task := model.get(number)) is not None and task.put_off, timeout=WAIT)
    words = evening.why(number)
    assert words.startswith("tries again at ") and f": Server away: {place} cannot be reached. Tried once." in words
    evening.window.transfers.select_task(number)
    cards = evening.window.inspector.causes.cards
    qtbot.waitUntil(lambda: cards.titles() == (f"3 files: {place} cannot be reached.",), timeout=WAIT)
    assert any("Next try at 21:0" in found.text() for found in cards.findChildren(QLabel)), (
        "by the clock tasks start by"
    )
    assert evening.window.inspector.causes.retry_button.isEnabled()


@pytest.mark.parametrize(
    ("chosen", "down", "move"),
    [
        ({2}, False, ((2,), 1)),
        ({2}, True, ((2,), 4)),
        ({3}, True, ((3,), None)),
        ({1}, False, None),
        ({4}, True, None),
        ({2, 3}, False, ((2, 3), 1)),
        ({2, 3}, True, ((2, 3), None)),
        ({9}, True, None),
    ],
)
def test_a_step_in_the_line(chosen: set[int], down: bool, move: object) -> None:
    assert step([1, 2, 3, 4], chosen, down) == move


def test_the_line_is_reordered_by_keys(evening: Evening, qtbot: QtBot) -> None:
    one, two, three = (evening.order(shot=f"SH0{n}0") for n in (1, 2, 3))
    assert evening.rows() == [one, two, three]
    evening.choose(three)
    table = evening.dock.table
    evening.window.activateWindow()
    table.setFocus()
    QTest.keyClick(table, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: evening.rows() == [one, three, two], timeout=WAIT)
    QTest.keyClick(table, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: evening.rows() == [three, one, two], timeout=WAIT)
    assert [task.id for task in evening.dock.chosen()] == [three], "it stays selected on its way"
    QTest.keyClick(table, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: evening.rows() == [one, three, two], timeout=WAIT)


def test_the_line_is_reordered_by_dragging(evening: Evening, qtbot: QtBot) -> None:
    one, two, three = (evening.order(shot=f"SH0{n}0") for n in (1, 2, 3))
    model = evening.dock.model
    flags = model.flags(model.index(0, 0))
    assert flags & Qt.ItemFlag.ItemIsDragEnabled
    assert not flags & Qt.ItemFlag.ItemIsDropEnabled, "between rows, not onto one"
    data = model.mimeData([model.index(2, 0), model.index(2, 1)])
    model.dropMimeData(data, Qt.DropAction.MoveAction, 0, 0, model.index(-1, -1))
    qtbot.waitUntil(lambda: evening.rows() == [three, one, two], timeout=WAIT)
    data = model.mimeData([model.index(0, 0), model.index(1, 0)])
    model.dropMimeData(data, Qt.DropAction.MoveAction, -1, -1, model.index(-1, -1))
    qtbot.waitUntil(lambda: evening.rows() == [two, three, one], timeout=WAIT)
    strange = QMimeData()
    strange.setText("1")
    assert not model.dropMimeData(strange, Qt.DropAction.MoveAction, 0, 0, model.index(-1, -1))
    assert MIME not in strange.formats()


def test_a_priority_moves_many_tasks_past_the_others(evening: Evening, qtbot: QtBot) -> None:
    one, two, three = (evening.order(shot=f"SH0{n}0") for n in (1, 2, 3))
    evening.choose(two, three)
    evening.window.commands.get("priority-high").trigger()
    qtbot.waitUntil(lambda: evening.rows() == [two, three, one], timeout=WAIT)
    assert evening.window.commands.get("priority-high").isChecked()
    evening.choose(one, two)
    assert not evening.window.commands.get("priority-high").isChecked(), "they are not of one priority"


def test_the_menu_offers_everything_and_priorities_below_their_own_name(evening: Evening) -> None:
    evening.choose(evening.order())
    menu = evening.dock.verbs.menu()
    words = [action.text() for action in menu.actions() if action.text()]
    for wanted in ("Run now", "Pause", "Cancel", "Limit the speed", "Priority", "Move up", "Remove from the list"):
        assert wanted in words
    levels = menu.findChild(QMenu)
    assert levels is not None
    assert [action.iconText() for action in levels.actions()] == ["Highest", "High", "Normal", "Low", "Lowest"]
    usable = {action.text() for action in menu.actions() if action.isEnabled()}
    assert "Resume" not in usable
    assert "Retry failed" not in usable


def test_what_a_command_deleted_leaves_the_list_the_selection_and_the_inspector(evening: Evening, qtbot: QtBot) -> None:
    one, two, three = (evening.order(shot=f"SH0{n}0", start=False) for n in (1, 2, 3))
    shown = evening.window.inspector
    evening.choose(two, three)

    def delete(number: int) -> None:
        with Store.open(Places.find().database) as elsewhere:
            elsewhere.tasks.delete((number,))
        evening.services.tasks.look()
        qtbot.waitUntil(lambda: evening.dock.model.get(number) is None, timeout=WAIT)

    delete(one)
    assert [task.id for task in evening.dock.chosen()] == [two, three]
    delete(three)
    assert [task.id for task in evening.dock.chosen()] == [two] == evening.rows()
    assert shown._task is not None and shown._task.id == two
    delete(two)
    assert evening.dock.chosen() == [] and shown._task is None
    assert evening.dock.model.counts()[Shelf.ALL] == 0


def test_run_now_does_not_wait_for_the_clock(evening: Evening) -> None:
    number = evening.order()
    assert evening.why(number) == "starts at 22:00"
    evening.choose(number)
    evening.window.commands.get("run-now").trigger()
    evening.until(number, TaskState.DONE)


def test_what_was_here_already_is_all_up_to_date(evening: Evening) -> None:
    evening.until(evening.order(Turn()), TaskState.DONE)
    again = evening.order(Turn())
    evening.until(again, TaskState.DONE)
    assert evening.dock.model.index(evening.dock.model.row_of(again), STATE).data() == "all up to date"


def test_many_are_paused_resumed_and_cancelled_at_once(evening: Evening) -> None:
    numbers = [evening.order(shot=f"SH0{n}0") for n in (1, 2, 3)]
    evening.choose(*numbers)
    for command, state in (("pause", TaskState.PAUSED), ("resume", TaskState.WAITING), ("cancel", TaskState.CANCELLED)):
        if command == "resume":
            evening.services.settings.update(tasks_at_once=1, limit_rate=100)
        evening.window.commands.get(command).trigger()
        for number in numbers:
            evening.until(number, state, *((TaskState.RUNNING,) if command == "resume" else ()))
        evening.choose(*numbers)


def test_a_limit_is_edited_in_the_row_by_keys_alone(evening: Evening, qtbot: QtBot) -> None:
    one, two = evening.order(shot="SH010"), evening.order(shot="SH020")
    evening.choose(one, two)
    table = evening.dock.table
    evening.window.activateWindow()
    table.setFocus()
    QTest.keyClick(table, Qt.Key.Key_F2)
    edit = field(evening)
    assert edit.text() == "0"
    QTest.keyClicks(edit, "fast")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert edit.isVisible()
    assert "not a number with a unit" in edit.words.text()
    assert edit.accessibleDescription() == edit.words.text()
    edit.selectAll()
    QTest.keyClicks(edit, "5M")
    QTest.keyClick(edit, Qt.Key.Key_Return)

    def limits() -> list[int | None]:
        return [task.options.limit_rate for task in evening.dock.chosen()]

    qtbot.waitUntil(lambda: limits() == [5_000_000, 5_000_000], timeout=WAIT)
    assert evening.dock.model.index(evening.dock.model.row_of(one), LIMIT).data() == "5.0 MB/s"
    evening.choose(one)
    evening.dock.edit_limit([one])
    edit = next(edit for edit in table.findChildren(LimitEdit) if edit.isVisible())
    QTest.keyClicks(edit, "0")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: limits() == [None], timeout=WAIT)


def test_a_field_left_with_nonsense_changes_nothing(evening: Evening, qtbot: QtBot) -> None:
    number = evening.order()
    evening.choose(number)
    evening.dock.edit_limit([number])
    QTest.keyClicks(field(evening), "5Q")
    QTest.keyClick(field(evening), Qt.Key.Key_Escape)
    evening.choose(evening.order(shot="SH020"))
    task = evening.dock.model.get(number)
    assert task is not None
    assert task.options.limit_rate is None


def test_a_double_click_edits_the_limit_of_what_is_not_over(evening: Evening) -> None:
    number = evening.order(Turn())
    evening.until(number, TaskState.DONE)
    model = evening.dock.model
    assert not model.flags(model.index(0, LIMIT)) & Qt.ItemFlag.ItemIsEditable
    assert not model.setData(model.index(0, LIMIT), "5M")
    assert evening.dock.table.indexAt(QPoint(2, 2)).isValid()
