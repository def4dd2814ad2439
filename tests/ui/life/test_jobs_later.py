"""Later for what jobs have: from the bar, from the plan's page; what the server will have removed is refused."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from desktop.core.job import JobState, Outcome
from desktop.core.task import TaskState
from desktop.ui.dialogs.later import LaterDialog
from tests.ui.jobs import Bench
from tests.work.life import Clock

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # what the offscreen platform cannot

HOUR = 3600.0


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still at the moment the server's stands still at."""
    return Clock()


def asked(bench: Bench) -> LaterDialog:
    dialogs = bench.window.findChildren(LaterDialog)
    assert dialogs
    return dialogs[-1]


def pressed(bench: Bench) -> LaterDialog:
    bench.until(bench.tab.bar.later_button.isEnabled)
    QTest.mouseClick(bench.tab.bar.later_button, Qt.MouseButton.LeftButton)
    return asked(bench)


def states(bench: Bench) -> list[TaskState]:
    model = bench.window.transfers.model
    return [model.task(row).state for row in range(model.rowCount())]


def ahead(bench: Bench, clock: Clock, seconds: float) -> None:
    clock.now += seconds
    bench.services.tasks.look()


def test_several_jobs_wait_and_come_home(bench: Bench, clock: Clock) -> None:
    bench.connect()
    bench.add("reconstruction", "rec-done")
    bench.add("scene", "scene-finished")
    bench.tab.view.select(job.id for job in bench.desk.all())
    dialog = pressed(bench)
    assert not dialog.often.isVisible(), "a job ends once"
    QTest.keyClicks(dialog.start, "+90m")
    QTest.keyClick(dialog.start, Qt.Key.Key_Return)
    bench.until(lambda: states(bench) == [TaskState.WAITING] * 2)
    bench.until(lambda: bench.outcome("rec-done") is Outcome.UNDER_WAY)
    ahead(bench, clock, 2 * HOUR)
    bench.until(lambda: bench.outcome("rec-done") is Outcome.UNPACKED)
    bench.until(lambda: bench.outcome("scene-finished", "render") is Outcome.HERE)


def test_a_jobs_plan_can_be_run_later(bench: Bench, clock: Clock, qtbot: QtBot) -> None:
    bench.connect()
    bench.add("scene", "scene-finished")
    bench.window.commands.get("jobs-plan").trigger()
    bench.until(lambda: bench.tab.pages.currentIndex() == 1)
    page = bench.tab.plan_page
    page.model.setData(page.model.index(0, 0), Qt.CheckState.Unchecked, Qt.ItemDataRole.CheckStateRole)
    QTest.mouseClick(page.later_button, Qt.MouseButton.LeftButton)
    dialog = asked(bench)
    dialog.start.setText("+90m")
    dialog.take()
    bench.until(lambda: states(bench) == [TaskState.WAITING])
    ahead(bench, clock, 2 * HOUR)
    bench.until(lambda: bench.outcome("scene-finished", "render") is Outcome.HERE)
    assert bench.outcome("scene-finished", "blend") is None


def test_what_the_server_will_have_removed_is_refused_in_the_dialog(bench: Bench, tmp_path: Path) -> None:
    bench.connect()
    bench.add("reconstruction", "rec-running")
    bench.server.clock.advance(30)
    bench.window.commands.get("jobs-refresh").trigger()
    bench.until(lambda: bench.job("rec-running").state is JobState.DONE)
    bench.select("rec-running")
    dialog = pressed(bench)
    dialog.start.setText("+2h")
    assert dialog.preview.text().startswith("The server keeps the results of rec-running until")
    assert not dialog.take_button.isEnabled()
    dialog.take()
    assert dialog.isVisible()
    dialog.start.setText("+30m")
    assert dialog.take_button.isEnabled()
    assert dialog.preview.text().startswith("Starts")
    dialog.reject()
