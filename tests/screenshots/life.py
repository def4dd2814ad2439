"""Take pictures of a task's whole life: the queue that waits, later, routines, limits, missed runs.

python tests/screenshots/life.py [FOLDER] [--theme dark|light]
"""

import sys
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from PySide6.QtWidgets import QMenu

from desktop.core.hours import parse_hours
from desktop.core.plan import Plan, Request
from desktop.core.schedule import After, Priority, Repeat, Schedule, Turn
from desktop.core.task import Task
from desktop.core.timetable import parse_rule
from desktop.ui.dialogs.delete_tasks import DeleteTasksDialog
from desktop.ui.dialogs.keep_working import KeepWorkingDialog
from desktop.ui.dialogs.later import LaterDialog
from desktop.ui.dialogs.routines import RoutinesDialog
from desktop.ui.dialogs.timetable import TimetableDialog
from desktop.ui.tray import BUSY
from desktop.ui.widgets.limit_cell import LimitEdit
from tests.screenshots.make import Pictures, main, wait

HOUR = 3600.0
NIGHT = parse_hours("22:00-06:00 mon-fri")


class QueuePictures(Pictures):
    """The queue and what says when its tasks run."""

    def run(self) -> None:
        """Walk through it, taking pictures."""
        self.window.show()
        self.window.frame.destination.use(self.home / "shows")
        self.services.settings.update(tasks_at_once=1, limit_rate=2_000_000)
        self.connect()
        self._queue()
        self._later()
        self._limits()
        self._routines()

    def _queue(self) -> None:
        shots, dock = self.shots, self.window.transfers
        shots.plan()
        wait(lambda: shots.pages.currentIndex() == 1)
        plan = shots.plan_page.model.plan()
        assert plan is not None
        shots.show_list()
        now = time.time()
        away = Turn(not_before=now + 900, attempts=2, first_failed=now, waits_for="files.vega.example does not answer.")
        for turn in (
            Turn(),
            Turn(priority=Priority.HIGH),
            Turn(),
            Turn(not_before=now + 5 * HOUR),
            Turn(window=NIGHT),
            away,
        ):
            self._submit(plan, turn)
        self.services.tasks.set_limit([1, 2], 1_000_000)
        wait(lambda: bool(dock.model.progress(1)), seconds=10)
        wait(seconds=2)
        dock.select_task(2)
        self.take("queue")
        dock.edit_limit([2])
        edit = dock.table.findChild(LimitEdit)
        assert edit is not None
        edit.setText("fast")
        edit.judge()
        self.take("queue-limit-bad")
        dock.table.setFocus()
        menu = dock.verbs.menu()
        menu.popup(self.window.mapToGlobal(self.window.rect().center()))
        self.take("queue-menu", menu)
        menu.close()
        verbs = (dock.verbs.menu(),)
        levels = next(action.menu() for action in verbs[0].actions() if action.text() == "Priority")
        assert isinstance(levels, QMenu)
        levels.popup(self.window.mapToGlobal(self.window.rect().center()))
        self.take("queue-priority", levels)
        levels.close()
        self.services.tasks.pause_all()
        wait(lambda: not any(task.state in BUSY for task in dock.chosen()))
        self._asked()

    def _asked(self) -> None:
        """Show the questions a task can give rise to."""
        window, dock = self.window, self.window.transfers
        tasks = tuple(task for n in (1, 2, 3) if (task := dock.model.get(n)) is not None)
        delete, keep = DeleteTasksDialog(window.frame, list(tasks), window), KeepWorkingDialog(window.frame, 2, window)
        for name, dialog in (("asked-delete", delete), ("asked-keep-working", keep)):
            dialog.show()
            self.take(name, dialog)
            dialog.close()
        self.services.tasks.interrupted.emit(tasks)
        dock.select_task(1)
        dock.opened.emit()
        self.take("interrupted")
        window.notices.clear()

    def _submit(self, plan: Plan, turn: Turn) -> None:
        made: list[Task] = []
        self.services.tasks.submit(plan, made.append, turn=turn)
        wait(lambda: bool(made))

    def _later(self) -> None:
        window = self.window
        dialog = LaterDialog(window.frame, self.shots.orders.meaning(), window)
        dialog.start.setText("22:00")
        dialog.only.setChecked(True)
        dialog.hours.days.setCurrentIndex(1)
        dialog.often.setCurrentIndex(1)
        dialog.show()
        self.take("later", dialog)
        dialog.start.setText("yesterday")
        dialog.hours.closes.setText("22:00")
        dialog.every.setText("0")
        self.take("later-bad", dialog)
        dialog.close()

    def _limits(self) -> None:
        window = self.window
        rules = ("09:00-18:00 mon-fri 20M office hours", "00:00-24:00 sat,sun off weekend")
        self.services.settings.update(limit_rules=tuple(parse_rule(rule) for rule in rules))
        limit = window.status.limit
        limit.fill()
        limit.limits.popup(window.mapToGlobal(window.rect().center()))
        self.take("limits-menu", limit.limits)
        limit.limits.close()
        self.services.settings.update(limits_off_until=time.time() + HOUR)
        self.take("limits-off")
        self.services.settings.update(limits_off_until=0.0)
        dialog = TimetableDialog(window.frame, window)
        dialog.show()
        self.take("timetable", dialog)
        dialog.rules[0].hours.closes.setText("09:00")
        dialog.rules[1].rate.setText("quick")
        self.take("timetable-bad", dialog)
        dialog.close()

    def _routines(self) -> None:
        window, desk = self.window, self.services.routines
        for name, repeat, window_of in (("VEGA latest", Repeat(days=1), NIGHT), ("Dailies", Repeat(hours=6), None)):
            request = Request("VEGA studio", self.home / "shows", name=name)
            desk.add(request, Schedule(time.time() + HOUR, window_of, repeat, After.NOTIFY))
        dialog = RoutinesDialog(window.frame, window)
        dialog.show()
        wait(lambda: dialog.model.rowCount() == 2)
        self.take("routines", dialog)
        kept = tuple(replace(routine, missed=1) for routine in dialog.model.routines)
        dialog.close()
        desk.missed.emit(kept)
        self.take("missed")


if __name__ == "__main__":
    raise SystemExit(main(QueuePictures))
