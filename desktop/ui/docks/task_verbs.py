"""What can be done to transfers: commands with keys and buttons, the menu of a row, and what is possible now."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from desktop.core.schedule import Priority
from desktop.core.task import Task, TaskEvent, TaskState, allowed
from desktop.ui.models.task_figures import UNFINISHED
from desktop.ui.tab import Frame

Chosen = Callable[[], list[Task]]


@dataclass(frozen=True, slots=True)
class Verb:
    """One action and the tasks it can be done to. shown: it has a button of its own above the list."""

    action: QAction
    fits: Callable[[Task], bool]
    shown: bool = False


class TaskVerbs(QObject):
    """The actions on the chosen tasks; those a task does not take are passed over."""

    def __init__(self, frame: Frame, dock: QWidget, chosen: Chosen) -> None:
        super().__init__(dock)
        self._tasks, self._chosen, self._dock = frame.services.tasks, chosen, dock
        self._commands = frame.commands
        self.verbs: list[Verb] = []
        tasks = self._tasks
        self.add("run-now", "Run now", tasks.run_now, can_run_now, icon="play", shown=True)
        self.add("pause", "Pause", tasks.pause, _takes(TaskEvent.PAUSE), icon="pause", shown=True)
        self.add("resume", "Resume", tasks.resume, _takes(TaskEvent.RESUME), icon="resume", shown=True)
        self.add("retry", "Retry failed", tasks.retry, can_retry, keys="Ctrl+R", icon="retry", shown=True)
        self.add("cancel", "Cancel", tasks.cancel, _takes(TaskEvent.CANCEL), keys="Ctrl+.", icon="close", shown=True)
        self._levels: dict[Priority, QAction] = {}
        for level in sorted(Priority, reverse=True):
            action = frame.commands.add(
                f"priority-{level.word}",
                f"Priority: {level.word}",
                self._doer(partial(tasks.set_priority, priority=level), unfinished),
                group="Transfers",
            )
            action.setCheckable(True)
            action.setIconText(level.word.capitalize())
            self._levels[level] = action

    def add(
        self,
        name: str,
        title: str,
        verb: Callable[[Iterable[int]], None],
        fits: Callable[[Task], bool],
        *,
        keys: str = "",
        icon: str = "",
        shown: bool = False,
        within: bool = False,
    ) -> None:
        """Add an action; within: its keys count while the list has the focus only."""
        action = self._commands.add(
            name,
            title,
            self._doer(verb, fits),
            keys=keys,
            icon=icon,
            group="Transfers",
            within=self._dock if within else None,
        )
        self.verbs.append(Verb(action, fits, shown))

    def enable(self) -> None:
        """Let be used what fits one of the chosen tasks at least."""
        tasks = self._chosen()
        for verb in self.verbs:
            verb.action.setEnabled(any(verb.fits(task) for task in tasks))
        levels = {task.turn.priority for task in tasks if unfinished(task)}
        for level, action in self._levels.items():
            action.setEnabled(bool(levels))
            action.setChecked(levels == {level})

    def menu(self) -> QMenu:
        """Return the menu of the chosen tasks."""
        menu = QMenu(self._dock)
        for verb in self.verbs:
            if verb.action.objectName() == "divided":
                menu.addSeparator()
            menu.addAction(verb.action)
        levels = QMenu("Priority", menu)
        for action in self._levels.values():
            level = levels.addAction(action.iconText(), action.trigger)
            level.setCheckable(True)
            level.setChecked(action.isChecked())
        levels.setEnabled(any(action.isEnabled() for action in self._levels.values()))
        first = next((verb.action for verb in self.verbs if verb.action.objectName() == "divided"), None)
        menu.insertMenu(first, levels) if first is not None else menu.addMenu(levels)
        return menu

    def divide(self) -> None:
        """Put a line before the last action in the menu."""
        self.verbs[-1].action.setObjectName("divided")

    def _doer(self, verb: Callable[[Iterable[int]], None], fits: Callable[[Task], bool]) -> Callable[[], None]:
        def do() -> None:
            ids = [task.id for task in self._chosen() if fits(task)]
            if ids:
                verb(ids)
            self.enable()

        return do


def unfinished(task: Task) -> bool:
    """Tell whether the task is not over."""
    return task.state in UNFINISHED


def waits(task: Task) -> bool:
    """Tell whether the task is in the line."""
    return task.state is TaskState.WAITING


def can_run_now(task: Task) -> bool:
    """Tell whether the task can be started past the line."""
    return waits(task) or (unfinished(task) and allowed(task.state, TaskEvent.RESUME))


def can_retry(task: Task) -> bool:
    """Tell whether the task has something to fetch again."""
    lost = task.files.failed > 0 or task.state in (TaskState.FAILED, TaskState.CANCELLED)
    return lost and allowed(task.state, TaskEvent.RETRY)


def _takes(event: TaskEvent) -> Callable[[Task], bool]:
    return lambda task: allowed(task.state, event)
