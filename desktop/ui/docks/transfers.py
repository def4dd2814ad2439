"""The transfers dock: every task, live, with the buttons that act on one or many."""

from collections.abc import Iterable
from functools import partial

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtWidgets import QAbstractItemView, QButtonGroup, QLineEdit, QStackedWidget, QToolButton, QWidget

from desktop.core.schedule import Schedule
from desktop.core.task import Task, TaskState
from desktop.ui.dialogs.delete_tasks import DeleteTasksDialog
from desktop.ui.dialogs.later import LaterDialog
from desktop.ui.docks.task_verbs import TaskVerbs, can_retry, unfinished, waits
from desktop.ui.models.tasks import BAR_ROLE, COLUMNS, LIMIT, PROGRESS, Shelf, TaskModel
from desktop.ui.tab import Frame
from desktop.ui.widgets.action_button import ActionButton
from desktop.ui.widgets.cells import BarCell
from desktop.ui.widgets.empty import Empty
from desktop.ui.widgets.limit_cell import LimitCell
from desktop.ui.widgets.parts import column, row, tool
from desktop.ui.widgets.tables import Table

LIVE = (TaskState.RUNNING, TaskState.WAITING)
KEEP = QItemSelectionModel.SelectionFlag.NoUpdate
LOOK_EVERY = 20_000
"""Milliseconds between two looks at what those that wait are waiting for."""


class TransfersDock(QWidget):
    """Signals: selected (the number of the task to look at, or None), opened (its items and files are wanted)."""

    selected = Signal(object)
    opened = Signal()

    def __init__(self, frame: Frame) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._frame = frame
        tasks = frame.services.tasks
        self.model = TaskModel(frame.theme, frame.formats, self, tasks.now)
        self.table = Table(frame.theme, self.model, COLUMNS, "Transfers")
        self.table.setItemDelegateForColumn(PROGRESS, BarCell(frame.theme, self.table, BAR_ROLE))
        self.table.setItemDelegateForColumn(LIMIT, LimitCell(frame.theme, self.table))
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked)
        self.table.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.table.setDragDropOverwriteMode(False)
        self.table.setDefaultDropAction(Qt.DropAction.MoveAction)
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
        self.search.setMinimumWidth(80)
        self.search.setMaximumWidth(170)
        add = frame.commands.add
        self.verbs = TaskVerbs(frame, self, self.chosen)
        self.verbs.add("limit", "Limit the speed", self.edit_limit, unfinished, keys="F2", icon="speed", within=True)
        self.verbs.divide()
        self.verbs.add("reschedule", "Later\N{HORIZONTAL ELLIPSIS}", self.reschedule, unfinished, icon="clock")
        self.verbs.add("move-up", "Move up", partial(self.step, False), waits, keys="Alt+Up", within=True)
        self.verbs.add("move-down", "Move down", partial(self.step, True), waits, keys="Alt+Down", within=True)
        title = "Remove from the list"
        self.verbs.add(
            "delete",
            title,
            lambda _ids: self.delete(),
            lambda _task: True,
            keys="Del",
            icon="trash",
            shown=True,
            within=True,
        )
        self.verbs.divide()
        add("pause-all", "Pause all", tasks.pause_all, keys="Ctrl+P", icon="pause", group="Transfers")
        buttons = row(spacing=2)
        for action in (verb.action for verb in self.verbs.verbs if verb.shown):
            button = ActionButton(action)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            buttons.addWidget(button)
        self._repeats = tool(frame.theme, "loop", "What repeats", lambda: frame.commands.get("routines").trigger())
        head = row(shelves, None, self.search, self._repeats, buttons, margins=(8, 6, 8, 6), spacing=10)
        self._empty = Empty(frame.theme, "transfers", "", "", small=True)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.table)
        self._stack.addWidget(self._empty)
        body = column(head, spacing=0)
        body.addWidget(self._stack, 1)
        self.setLayout(body)
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_EVERY)
        self._timer.timeout.connect(self.model.look)
        self._timer.start()
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
        self.model.limited.connect(self._limit)
        self.model.dropped.connect(tasks.move)
        self.model.modelAboutToBeReset.connect(self._keep)
        self.model.modelReset.connect(self._restore)
        self.search.textChanged.connect(lambda _text: self.show_shelf(self.shelf()))
        self.table.selectionModel().selectionChanged.connect(lambda: self._selection_changed())
        self.table.customContextMenuRequested.connect(self._menu)
        self.table.activated.connect(self._open)

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
            self.table.selectionModel().setCurrentIndex(self.model.index(place, 0), KEEP)
            self.table.scrollTo(self.model.index(place, 0))

    def chosen(self) -> list[Task]:
        """Return the selected tasks."""
        return [self.model.task(number) for number in self.table.selected_rows()]

    def left_at(self, at: QPoint) -> Task | None:
        """Return the task under a point of the screen, if something of it is left to fetch."""
        place = self.table.viewport().mapFromGlobal(at)
        if self.table.viewport().visibleRegion().contains(place):
            index = self.table.indexAt(place)
            if index.isValid() and can_retry(task := self.model.task(index.row())):
                return task
        return None

    def delete(self) -> None:
        """Ask, then forget the selected tasks."""
        tasks = self.chosen()
        if tasks:
            dialog = DeleteTasksDialog(self._frame, tasks, self)
            dialog.open()

    def edit_limit(self, ids: Iterable[int]) -> None:
        """Open the field for the limit in the first of these rows; what it says holds for all that are selected."""
        self.table.setColumnHidden(LIMIT, False)  # in a narrow window it has given way
        index = self.model.index(self.model.row_of(next(iter(ids))), LIMIT)
        self.table.selectionModel().setCurrentIndex(index, KEEP)
        self.table.edit(index)

    def reschedule(self, ids: Iterable[int]) -> None:
        """Ask when these tasks are to start, and at which hours they may run."""
        numbers = tuple(ids)
        first = self.model.get(numbers[0])
        if first is None:
            return
        what = first.name if len(numbers) == 1 else self._frame.formats.counted(len(numbers), "task")
        kept = Schedule(None, first.turn.window, None, first.turn.after)
        dialog = LaterDialog(self._frame, what, self.window(), repeats=False, kept=kept)
        dialog.taken.connect(lambda schedule: self._frame.services.tasks.schedule(numbers, schedule))
        dialog.open()

    def step(self, down: bool, ids: Iterable[int]) -> None:
        """Have these tasks come one turn sooner or later."""
        move = self.model.step(frozenset(ids), down)
        if move is not None:
            self._frame.services.tasks.move(*move)

    def _limit(self, number: int, rate: int | None) -> None:
        chosen = [task.id for task in self.chosen() if unfinished(task)]
        self._frame.services.tasks.set_limit(chosen if number in chosen else [number], rate)

    def _selection_changed(self) -> None:
        tasks = self.chosen()
        self.verbs.enable()
        self.selected.emit(tasks[0].id if len(tasks) == 1 else None)

    def _open(self, index: QModelIndex) -> None:
        """Open a row to its items and files; a double click on the limit edits that."""
        if not self.model.flags(index) & Qt.ItemFlag.ItemIsEditable:
            self.select_task(self.model.task(index.row()).id)
            self.opened.emit()

    def _menu(self, at: QPoint) -> None:
        if not self.chosen():
            return
        menu = self.verbs.menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.table.viewport().mapToGlobal(at))

    def _counted(self) -> None:
        counts = self.model.counts()
        for shelf, button in self._shelves.items():
            button.setText(f"{shelf.value}  {counts[shelf]}" if counts[shelf] else shelf.value)
        self._show_empty()
        self.verbs.enable()

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
        if rows:
            self.table.selectionModel().setCurrentIndex(self.model.index(rows[0], 0), KEEP)
        self._show_empty()
