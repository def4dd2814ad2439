"""The transfers dock: every task, live, with the buttons that act on one or many."""

from collections.abc import Callable, Iterable

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QButtonGroup, QLineEdit, QMenu, QStackedWidget, QToolButton, QWidget

from desktop.core.task import Task, TaskEvent, TaskState, allowed
from desktop.ui.dialogs.delete_tasks import DeleteTasksDialog
from desktop.ui.models.tasks import BAR_ROLE, COLUMNS, PROGRESS, Shelf, TaskModel
from desktop.ui.tab import Frame
from desktop.ui.widgets.cells import BarCell
from desktop.ui.widgets.empty import Empty
from desktop.ui.widgets.parts import column, row, tool
from desktop.ui.widgets.tables import Table

LIVE = (TaskState.RUNNING, TaskState.WAITING)

Verb = Callable[[Iterable[int]], None]


class TransfersDock(QWidget):
    """`selected` carries the number of the task to look at, or None."""

    selected = Signal(object)

    def __init__(self, frame: Frame) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._frame = frame
        tasks = frame.services.tasks
        self.model = TaskModel(frame.theme, frame.formats, self)
        self.table = Table(frame.theme, self.model, COLUMNS, "Transfers")
        self.table.setItemDelegateForColumn(PROGRESS, BarCell(frame.theme, self.table, BAR_ROLE))
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._kept: set[int] = set()
        self._shelves: dict[Shelf, QToolButton] = {}
        group = QButtonGroup(self)
        shelves = row(spacing=2)
        for shelf in Shelf:
            button = QToolButton()
            button.setText(shelf.value)
            button.setAccessibleName(f"Show tasks: {shelf.value}")
            button.setCheckable(True)
            button.setProperty("kind", "segment")
            button.clicked.connect(lambda _on=False, shelf=shelf: self.show_shelf(shelf))
            group.addButton(button)
            shelves.addWidget(button)
            self._shelves[shelf] = button
        self._shelves[Shelf.ALL].setChecked(True)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find tasks")
        self.search.setAccessibleName("Find tasks")
        self.search.setClearButtonEnabled(True)
        self.search.setFixedWidth(150)
        self._verbs: list[tuple[QAction, TaskEvent | None]] = []
        add = frame.commands.add
        verbs = (
            ("pause", "Pause", tasks.pause, TaskEvent.PAUSE, "", "pause"),
            ("resume", "Resume", tasks.resume, TaskEvent.RESUME, "", "play"),
            ("retry", "Retry failed", tasks.retry, TaskEvent.RETRY, "Ctrl+R", "retry"),
            ("cancel", "Cancel", tasks.cancel, TaskEvent.CANCEL, "Ctrl+.", "close"),
        )
        for name, title, verb, event, keys, icon in verbs:
            action = add(name, title, self._doer(verb, event), keys=keys, icon=icon, group="Transfers")
            self._verbs.append((action, event))
        remove = add(
            "delete", "Remove from the list", self.delete, keys="Del", icon="trash", group="Transfers", within=self
        )
        self._verbs.append((remove, None))
        add("pause-all", "Pause all", tasks.pause_all, keys="Ctrl+P", icon="pause", group="Transfers")
        buttons = row(spacing=2)
        for action, _ in self._verbs:
            button = tool(frame.theme, "more", action.text())
            button.setDefaultAction(action)
            button.setAccessibleName(action.text())
            buttons.addWidget(button)
        head = row(shelves, None, self.search, buttons, margins=(8, 6, 8, 6), spacing=10)
        self._empty = Empty(frame.theme, "transfers", "", "", small=True)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.table)
        self._stack.addWidget(self._empty)
        body = column(head, spacing=0)
        body.addWidget(self._stack, 1)
        self.setLayout(body)
        self._wire(frame)
        self._counted()
        self._selection_changed()

    def _wire(self, frame: Frame) -> None:
        tasks = frame.services.tasks
        tasks.listed.connect(self.model.put)
        tasks.changed.connect(self._put)
        tasks.removed.connect(self.model.drop)
        tasks.progressed.connect(self.model.advance)
        self.model.counted.connect(self._counted)
        self.model.modelAboutToBeReset.connect(self._keep)
        self.model.modelReset.connect(self._restore)
        self.search.textChanged.connect(lambda _text: self.show_shelf(self.shelf()))
        self.table.selectionModel().selectionChanged.connect(lambda: self._selection_changed())
        self.table.customContextMenuRequested.connect(self._menu)

    def _put(self, tasks: tuple[Task, ...]) -> None:
        fresh = [task.id for task in tasks if self.model.get(task.id) is None]
        self.model.put(tasks)
        # What was just ordered is looked at, unless another transfer is.
        if fresh and not any(task.state in LIVE for task in self.chosen()):
            self.select_task(fresh[-1])

    def shelf(self) -> Shelf:
        """Return the filter tab shown."""
        return next(shelf for shelf, button in self._shelves.items() if button.isChecked())

    def show_shelf(self, shelf: Shelf) -> None:
        """Show a filter tab."""
        self._shelves[shelf].setChecked(True)
        self.model.show_only(shelf, self.search.text().strip())
        self._show_empty()

    def select_task(self, number: int) -> None:
        """Select one task, showing its tab if it is hidden."""
        if self.model.row_of(number) < 0:
            self.show_shelf(Shelf.ALL)
        place = self.model.row_of(number)
        if place >= 0:
            self.table.select_rows([place])
            self.table.scrollTo(self.model.index(place, 0))

    def chosen(self) -> list[Task]:
        """Return the selected tasks."""
        return [self.model.task(number) for number in self.table.selected_rows()]

    def delete(self) -> None:
        """Ask, then forget the selected tasks."""
        tasks = self.chosen()
        if tasks:
            dialog = DeleteTasksDialog(self._frame, tasks, self)
            dialog.open()

    def _doer(self, verb: Verb, event: TaskEvent) -> Callable[[], None]:
        def do() -> None:
            ids = [task.id for task in self.chosen() if allowed(task.state, event)]
            if ids:
                verb(ids)

        return do

    def _selection_changed(self) -> None:
        tasks = self.chosen()
        self._enable(tasks)
        self.selected.emit(tasks[0].id if len(tasks) == 1 else None)

    def _enable(self, tasks: list[Task]) -> None:
        for action, event in self._verbs:
            if event is TaskEvent.RETRY:
                action.setEnabled(any(allowed(t.state, event) and _has_failed(t) for t in tasks))
            else:
                action.setEnabled(any(event is None or allowed(task.state, event) for task in tasks))

    def _menu(self, at: QPoint) -> None:
        if not self.chosen():
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for action, _ in self._verbs:
            menu.addAction(action)
        menu.popup(self.table.viewport().mapToGlobal(at))

    def _counted(self) -> None:
        counts = self.model.counts()
        for shelf, button in self._shelves.items():
            button.setText(f"{shelf.value}  {counts[shelf]}" if counts[shelf] else shelf.value)
        self._show_empty()
        self._enable(self.chosen())

    def _show_empty(self) -> None:
        if self.model.counts()[Shelf.ALL]:
            self._empty.say("filter", "Nothing here", "No task is on this list.")
        else:
            self._empty.say(
                "transfers", "No transfers yet", "What you download appears here, and stays as your history."
            )
        self._stack.setCurrentIndex(0 if self.model.rowCount() else 1)

    def _keep(self) -> None:
        self._kept = {self.model.task(row).id for row in self.table.selected_rows() if row < self.model.rowCount()}

    def _restore(self) -> None:
        rows = sorted(row for row in (self.model.row_of(number) for number in self._kept) if row >= 0)
        self.table.select_rows(rows)
        self._show_empty()


def _has_failed(task: Task) -> bool:
    return task.files.failed > 0 or task.state in (TaskState.FAILED, TaskState.CANCELLED)
