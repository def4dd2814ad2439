"""Later: what is typed becomes a schedule, what cannot be one is refused at its field; what repeats has its list."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from pytestqt.qtbot import QtBot

from desktop.core.hours import parse_hours
from desktop.core.plan import Request
from desktop.core.routine import Routine
from desktop.core.schedule import After, Repeat, Schedule
from desktop.core.task import TaskState
from desktop.logs import LogRing
from desktop.places import Places
from desktop.ui.dialogs.later import LaterDialog
from desktop.ui.dialogs.routines import RoutinesDialog
from desktop.ui.formats import Formats
from desktop.ui.main_window import MainWindow
from desktop.ui.models.later_words import sentence
from desktop.ui.models.routines import RESULT, STATE, RoutineModel
from desktop.ui.tabs.shots import ShotsTab
from desktop.ui.theme import Theme
from desktop.work.services import start_services
from tests.ui.life.evening import DAY, FRIDAY, HOUR, TEN, WAIT, Evening
from tests.work.conftest import Bench
from tests.work.life import NIGHT, Clock

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # what the offscreen platform cannot

WEEKNIGHTS = parse_hours("22:00-06:00 mon-fri")
NIGHTLY = Schedule(TEN, repeat=Repeat(days=1))


def typed(evening: Evening, command: str = "later") -> LaterDialog:
    """Open the dialog by its command."""
    evening.window.commands.get(command).trigger()
    found = evening.window.findChild(LaterDialog)
    assert found is not None
    return found


def files(evening: Evening) -> list[Path]:
    return [path for path in evening.bench.destination.rglob("*") if path.suffix in (".ma", ".abc", ".exr")]


def seen(shots: ShotsTab, qtbot: QtBot) -> None:
    """Wait until the tab has compared what the server has."""
    qtbot.waitUntil(lambda: shots.session.fresh and len(shots.model.everything()) == 4, timeout=WAIT)
    qtbot.waitUntil(shots.bar.later_button.isEnabled, timeout=WAIT)


def add(bench: Bench, name: str = "Nightly") -> Routine:
    request = Request("VEGA", bench.destination, name=name)
    made: Routine = bench.answer(lambda then, _: bench.services.routines.add(request, NIGHTLY, then))
    return made


def listed(evening: Evening, count: int = 1) -> RoutinesDialog:
    """Open the list and wait until it has so many."""
    evening.window.commands.get("routines").trigger()
    found = evening.window.findChild(RoutinesDialog)
    assert found is not None
    evening.qtbot.waitUntil(lambda: found.model.rowCount() == count, timeout=WAIT)
    return found


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (Schedule(), "Starts as soon as there is room."),
        (Schedule(TEN), "Starts tonight 22:00."),
        (Schedule(FRIDAY + 12 * HOUR, after=After.QUIT), "Starts tomorrow 09:00. Then ShotDock closes."),
        (Schedule(window=WEEKNIGHTS), "Once, only 22:00 until 06:00 on weekdays; starts: tonight 22:00."),
        (
            Schedule(window=WEEKNIGHTS, repeat=Repeat(days=1), after=After.NOTIFY),
            "Every day at 22:00, only 22:00 until 06:00 on weekdays; next: tonight 22:00. Then ShotDock tells you.",
        ),
        (Schedule(repeat=Repeat(hours=6)), "Every 6 hours; next: now."),
    ],
)
def test_a_schedule_is_a_sentence(schedule: Schedule, words: str) -> None:
    assert sentence(schedule, FRIDAY) == words


@pytest.fixture
def dialog(evening: Evening) -> LaterDialog:
    made = LaterDialog(evening.window.frame, "3 shots", evening.window)
    made.open()
    return made


def test_it_is_filled_in_by_keys_alone(dialog: LaterDialog, qtbot: QtBot) -> None:
    taken: list[Schedule] = []
    dialog.taken.connect(taken.append)
    QTest.keyClicks(dialog.start, "22:00")
    assert dialog.preview.text() == "Starts tonight 22:00."
    QTest.keyClick(dialog.only, Qt.Key.Key_Space)
    QTest.keyClick(dialog.often, Qt.Key.Key_Down)
    assert dialog.preview.text() == "Every day at 22:00, only 22:00 until 06:00; next: tonight 22:00."
    QTest.keyClick(dialog.often, Qt.Key.Key_Down)
    dialog.every.selectAll()
    QTest.keyClicks(dialog.every, "6")
    QTest.keyClick(dialog.after, Qt.Key.Key_Down)
    QTest.keyClick(dialog.every, Qt.Key.Key_Return)
    assert taken == [Schedule(TEN, parse_hours(NIGHT), Repeat(hours=6), After.NOTIFY)]


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("start", "whenever", "neither a time nor a date"),
        ("start", "2020-01-01 10:00", "has passed"),
        ("start", "+99999999999d", "ten years ahead"),
        ("closes", "22:00", "never opens"),
        ("named", "", "Without a day it never opens"),
        ("named", "sometimes", "no day of the week"),
        ("every", "0", "again and again at once"),
        ("every", "-2", "no number of hours or days"),
    ],
)
def test_what_can_be_no_schedule_is_refused_at_its_field(
    dialog: LaterDialog, field: str, text: str, words: str
) -> None:
    taken: list[Schedule] = []
    dialog.taken.connect(taken.append)
    if field in ("closes", "named"):
        dialog.only.setChecked(True)
        getattr(dialog.hours, field).setText(text)
    elif field == "every":
        dialog.often.setCurrentIndex(2)
        dialog.every.setText(text)
    else:
        dialog.start.setText(text)
    fields = {"start": dialog.start_words, "every": dialog.repeat_words}
    said = fields.get(field, dialog.hours_words)
    assert words in said.text()
    assert said.property("role") == "bad"
    assert not dialog.take_button.isEnabled()
    dialog.take()
    assert taken == []


def test_the_selection_waits_for_the_night(evening: Evening, shots: ShotsTab, qtbot: QtBot) -> None:
    seen(shots, qtbot)
    shots.select_named("SH020")
    qtbot.waitUntil(lambda: shots.bar.order_button.accessibleName() == "Download 1", timeout=WAIT)
    dialog = typed(evening)
    QTest.keyClicks(dialog.start, "22:00")
    QTest.keyClick(dialog.start, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: evening.dock.model.rowCount() == 1, timeout=WAIT)
    (number,) = evening.rows()
    assert evening.why(number) == "starts at 22:00"
    evening.later(HOUR)
    evening.until(number, TaskState.DONE)
    assert list(evening.bench.destination.rglob("SH020.ma"))


def test_a_selection_that_repeats_brings_what_is_new_of_it(evening: Evening, shots: ShotsTab, qtbot: QtBot) -> None:
    seen(shots, qtbot)
    shots.select_named("SH020")
    qtbot.waitUntil(lambda: shots.bar.order_button.accessibleName() == "Download 1", timeout=WAIT)
    dialog = typed(evening)
    dialog.start.setText("22:00")
    dialog.often.setCurrentIndex(1)
    QTest.mouseClick(dialog.take_button, Qt.MouseButton.LeftButton)
    listed(evening)
    evening.later(HOUR)
    qtbot.waitUntil(lambda: evening.dock.model.rowCount() == 1, timeout=WAIT)
    evening.until(evening.rows()[0], TaskState.DONE)
    assert {path.name for path in evening.bench.destination.rglob("*.ma")} == {"SH020.ma"}


def test_a_selection_of_rows_repeats_as_it_is(evening: Evening, shots: ShotsTab, qtbot: QtBot) -> None:
    seen(shots, qtbot)
    wanted = {("SH010", "lighting"), ("SH020", "anim")}
    rows = [place for place, row in enumerate(shots.model.rows()) if (row.key.shot, row.department) in wanted]
    shots.view.select_rows(rows)
    qtbot.waitUntil(lambda: shots.bar.order_button.accessibleName() == "Download 2", timeout=WAIT)
    dialog = typed(evening)
    dialog.often.setCurrentIndex(1)
    dialog.take()
    listed(evening)
    evening.later(HOUR)
    qtbot.waitUntil(lambda: evening.dock.model.rowCount() == 1, timeout=WAIT)
    evening.until(evening.rows()[0], TaskState.DONE)
    brought = {tuple(path.relative_to(evening.bench.destination).parts[2:4]) for path in files(evening)}
    assert brought == wanted


def test_a_plan_can_be_run_later(evening: Evening, shots: ShotsTab, qtbot: QtBot) -> None:
    seen(shots, qtbot)
    shots.plan()
    qtbot.waitUntil(lambda: shots.pages.currentIndex() == 1, timeout=WAIT)
    QTest.mouseClick(shots.plan_page.later_button, Qt.MouseButton.LeftButton)
    dialog = evening.window.findChild(LaterDialog)
    assert dialog is not None
    assert not dialog.often.isVisible(), "a plan is run once"
    dialog.only.setChecked(True)
    dialog.take()
    qtbot.waitUntil(lambda: evening.dock.model.rowCount() == 1, timeout=WAIT)
    assert evening.why(evening.rows()[0]) == "waits for its hours: 22:00-06:00"


def test_a_task_is_given_another_time_from_its_menu(evening: Evening, qtbot: QtBot) -> None:
    number = evening.order()
    evening.choose(number)
    dialog = typed(evening, "reschedule")
    dialog.start.setText("23:30")
    dialog.take()
    qtbot.waitUntil(lambda: evening.why(number) == "starts at 23:30", timeout=WAIT)


def test_the_list_of_routines_turns_off_edits_runs_and_deletes(evening: Evening, qtbot: QtBot) -> None:
    add(evening.bench)
    add(evening.bench, "Unwanted")
    dialog = listed(evening, 2)
    model = dialog.model
    dialog.table.select_rows([1])
    QTest.keyClick(dialog.table, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: [one.name for one in model.routines] == ["Nightly"], timeout=WAIT)

    def state() -> str:
        return str(model.index(0, STATE).data())

    QTest.keyClick(dialog.off_button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: state() == "off", timeout=WAIT)
    QTest.keyClick(dialog.on_button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: state() == "on", timeout=WAIT)
    QTest.keyClick(dialog.table, Qt.Key.Key_Return)
    later = dialog.findChild(LaterDialog)
    assert later is not None
    later.every.setText("2")
    later.take()
    qtbot.waitUntil(lambda: model.routines[0].repeat == Repeat(days=2), timeout=WAIT)
    QTest.keyClick(dialog.run_button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: str(model.index(0, RESULT).data()).startswith("done:"), timeout=WAIT)
    QTest.keyClick(dialog.delete_button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: model.rowCount() == 0, timeout=WAIT)


def test_the_model_of_routines_keeps_the_rules(theme: Theme, formats: Formats) -> None:
    model = RoutineModel(theme, formats, lambda: FRIDAY)
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning)
    routine = Routine(1, "Nightly", Request("VEGA", Path("/shows")), Repeat(days=1), TEN)
    model.fill([routine])
    model.fill([routine])
    model.fill([])
    tester.setUseFetchMore(False)


@pytest.mark.parametrize("answer", ["run", "skip"])
def test_missed_runs_are_one_quiet_card(
    answer: str, theme: Theme, ring: LogRing, clock: Clock, studio: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    before = start_services(Places.find(), ring, serving=True, now=clock)
    bench = Bench(qtbot, before, studio, tmp_path / "shows")
    bench.connect("VEGA", studio)
    add(bench)
    before.shutdown()
    clock.now += 2 * DAY
    services = start_services(Places.find(), ring, serving=True, now=clock)
    window = MainWindow(services, theme)
    qtbot.addWidget(window)
    try:
        qtbot.waitUntil(lambda: window.notices.titles() == ("2 runs were missed while ShotDock was closed",))
        getattr(window.missed, answer)()
        assert window.notices.titles() == ()
        model = window.transfers.model
        if answer == "run":
            qtbot.waitUntil(lambda: model.rowCount() == 1 and model.task(0).state is TaskState.DONE, timeout=WAIT)
        else:
            heard: list[Routine] = []
            services.routines.changed.connect(heard.extend)
            services.routines.load()
            qtbot.waitUntil(lambda: bool(heard) and heard[-1].missed == 0, timeout=WAIT)
            assert model.rowCount() == 0
    finally:
        window.close()
        services.shutdown()
