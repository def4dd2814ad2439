"""The window on services that stay, under a clock the test sets: tasks that wait, and what they wait for."""

from datetime import datetime
from pathlib import Path

from pytestqt.qtbot import QtBot

from desktop.core.plan import Filters
from desktop.core.schedule import Turn
from desktop.core.task import Task, TaskState
from desktop.ui.docks.transfers import TransfersDock
from desktop.ui.main_window import MainWindow
from desktop.ui.models.tasks import PROGRESS
from tests.work.conftest import Bench
from tests.work.life import Clock

FRIDAY = datetime(2026, 11, 27, 21, 0).timestamp()
HOUR = 3600.0
DAY = 86_400.0
TEN = FRIDAY + HOUR
WAIT = 20_000


class Evening:
    """A Friday evening at 21:00 in front of the window."""

    def __init__(self, window: MainWindow, clock: Clock, studio: Path, qtbot: QtBot) -> None:
        self.window, self.clock, self.qtbot = window, clock, qtbot
        self.services = window.frame.services
        self.bench = Bench(qtbot, self.services, studio, window.frame.destination.path)
        self.bench.connect("VEGA", studio)

    @property
    def dock(self) -> TransfersDock:
        return self.window.transfers

    def order(self, turn: Turn = Turn(not_before=TEN), shot: str = "SH010", start: bool = True) -> int:
        """Submit a task of one shot and wait until the dock has it; return its number."""
        plan = self.bench.plan(filters=Filters(shot=(shot,)))
        task: Task = self.bench.answer(lambda then, _: self.services.tasks.submit(plan, then, start, turn))
        self.qtbot.waitUntil(lambda: self.dock.model.get(task.id) is not None, timeout=WAIT)
        return task.id

    def until(self, number: int, *states: TaskState) -> Task:
        """Wait until the dock shows the task in one of the states."""

        def there() -> bool:
            task = self.dock.model.get(number)
            return task is not None and task.state in states

        self.qtbot.waitUntil(there, timeout=WAIT)
        task = self.dock.model.get(number)
        assert task is not None
        return task

    def choose(self, *numbers: int) -> None:
        """Select these tasks."""
        self.dock.table.select_rows(sorted(self.dock.model.row_of(number) for number in numbers))

    def rows(self) -> list[int]:
        """Return the numbers of the tasks shown."""
        return [self.dock.model.task(row).id for row in range(self.dock.model.rowCount())]

    def why(self, number: int) -> str:
        """Return what the task's row says it waits for."""
        return str(self.dock.model.index(self.dock.model.row_of(number), PROGRESS).data())

    def later(self, seconds: float) -> None:
        """Set the clock ahead and have it looked at."""
        self.clock.now += seconds
        self.services.tasks.look()
        self.services.routines.look()
