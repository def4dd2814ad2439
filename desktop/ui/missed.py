"""What should have begun while no ShotDock ran: one quiet card that offers to make up for it."""

from PySide6.QtCore import QObject

from desktop.core.routine import Routine
from desktop.core.task import Task
from desktop.ui.colours import Tone
from desktop.ui.tab import Frame
from desktop.ui.widgets.card import Card, Cards


class Missed(QObject):
    """Gathers missed runs of routines and missed starts of tasks; nothing is made up for unasked."""

    def __init__(self, frame: Frame, notices: Cards) -> None:
        super().__init__(notices)
        self._frame, self._notices = frame, notices
        self._routines: dict[int, Routine] = {}
        self._tasks: dict[int, Task] = {}
        self._title = ""
        frame.services.routines.missed.connect(self._of_routines)
        frame.services.tasks.missed.connect(self._of_tasks)

    def run(self) -> None:
        """Make one run of each routine now, and start the tasks."""
        self._frame.services.routines.run_now(tuple(self._routines))
        self._frame.services.tasks.resume(tuple(self._tasks))
        self._done()

    def skip(self) -> None:
        """Wait for the next regular runs; tasks stay in the list, interrupted."""
        self._frame.services.routines.skip(tuple(self._routines))
        self._done()

    def _of_routines(self, routines: tuple[Routine, ...]) -> None:
        self._routines |= {routine.id: routine for routine in routines}
        self._show()

    def _of_tasks(self, tasks: tuple[Task, ...]) -> None:
        self._tasks |= {task.id: task for task in tasks}
        self._show()

    def _show(self) -> None:
        runs = sum(routine.missed for routine in self._routines.values()) + len(self._tasks)
        if not runs:
            return
        self._notices.drop(self._title)
        self._title = f"{runs} runs were missed" if runs > 1 else "A run was missed"
        self._title += " while ShotDock was closed"
        names = [routine.name for routine in self._routines.values()] + [task.name for task in self._tasks.values()]
        more = f" and {len(names) - 4} more" if len(names) > 4 else ""
        card = Card(
            self._frame.theme,
            self._title,
            f"{', '.join(names[:4])}{more}. What is run now is looked up anew, once for all missed runs of a routine.",
            acts=(("Run now", self.run), ("Skip", self.skip)),
            tone=Tone.ACCENT,
            icon="clock",
        )
        card.closed.connect(self._forget)
        self._notices.put(card)

    def _done(self) -> None:
        self._notices.drop(self._title)
        self._forget()

    def _forget(self) -> None:
        self._routines.clear()
        self._tasks.clear()
