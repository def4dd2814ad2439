"""The plan as a page: what will happen per file, what to leave out, one button; afterwards the receipt."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QTreeView, QWidget

from desktop.core.errors import ShotDockError
from desktop.core.gallery import origin
from desktop.core.plan import Plan
from desktop.core.schedule import Turn
from desktop.core.task import ENDED, Progress, Task, TaskFile
from desktop.ui.formats import task_face
from desktop.ui.hearing import while_there
from desktop.ui.models.plan_tree import COLUMNS, PlanTree
from desktop.ui.renewal import Renewal
from desktop.ui.tab import Frame
from desktop.ui.widgets.card import Cards
from desktop.ui.widgets.cells import Cell
from desktop.ui.widgets.parts import Elided, column, label, panel, push, row, tool
from desktop.ui.widgets.receipt_bar import ReceiptBar
from desktop.ui.widgets.room_bar import RoomBar
from desktop.ui.widgets.tables import set_columns, set_tree
from desktop.ui.widgets.totals_strip import TotalsStrip

EXPAND_UP_TO = 40
"""Shots that are opened by themselves."""

RENEW_AFTER = 700
"""Milliseconds a change may wait before the results of the files are asked for."""


Submit = Callable[[Plan, Callable[[Task], None], Turn], None]
"""Makes a plan a task with its turn, and tells which."""


class PlanPage(QWidget):
    """Signals: left (back to where the plan was asked for), postponed (ask when it is to be run), submitted (a Task).

    The page submits what is checked and follows the task it became. estimate: returns how many seconds so many bytes
    may take, or None.
    """

    left = Signal()
    postponed = Signal()
    submitted = Signal(object)

    def __init__(self, frame: Frame, back: str = "Back to the shots", submit: Submit | None = None) -> None:
        """submit: what makes a plan a task, if that is not the queue itself."""
        super().__init__()
        self._submit = submit
        self.setObjectName("page")
        self._frame = frame
        self.task: Task | None = None
        self.estimate: Callable[[int], float | None] = lambda _size: None
        self._renewal = Renewal(RENEW_AFTER, self)
        self.model = PlanTree(frame.theme, frame.formats, self)
        self.tree = QTreeView()
        self.tree.setObjectName("planTree")
        set_tree(self.tree, "Plan: what will happen per file")
        self.tree.setModel(self.model)
        self.tree.setItemDelegate(Cell(frame.theme, self.tree))
        set_columns(self.tree.header(), COLUMNS)
        self._title = label("Plan", "title")
        self._where = Elided(role="muted")
        self._totals = TotalsStrip(frame.theme, frame.formats)
        self._room = RoomBar(frame.theme, frame.formats)
        self._room.setMinimumWidth(150)
        self._room.setMaximumWidth(240)
        self._warning = label("", "warn", wrap=True)
        self._note = label("", "muted")
        self.all_button = push(frame.theme, "Check all", kind="link", run=lambda: self.model.set_all(True))
        self.none_button = push(frame.theme, "Uncheck all", kind="link", run=lambda: self.model.set_all(False))
        self.run_button = push(frame.theme, "Run this plan", "play", "primary", lambda: self.run())
        self.later_button = push(frame.theme, "Later\N{HORIZONTAL ELLIPSIS}", "clock", run=self.postponed.emit)
        self.receipt = ReceiptBar(frame.theme, frame.formats)
        self.receipt.hide()
        self.cards = Cards(frame.theme)
        self.back_button = tool(frame.theme, "back", f"{back} (Esc)", self.left.emit)
        head = row(self.back_button, column(self._title, self._where, spacing=0), spacing=10)
        head.setStretch(1, 1)
        numbers = row(self._totals, None, self._room, spacing=20)
        top = panel(column(head, numbers, self._warning, margins=(14, 12, 16, 12), spacing=12), "headBar")
        checks = (self.all_button, self.none_button)
        ends = (self._note, self.later_button, self.run_button, self.receipt)
        foot = row(*checks, None, *ends, margins=(14, 10, 14, 10), spacing=14)
        body = column(top, self.cards, spacing=0)
        body.addWidget(self.tree, 1)
        body.addWidget(panel(foot, "bar"))
        self.setLayout(body)
        self.model.chosen.connect(self._count)
        self.receipt.sifted.connect(self.model.show_only)
        self.receipt.sifted.connect(lambda _results: self._expand())
        self.receipt.again.connect(self.run_again)
        self.receipt.exported.connect(self.export)
        self._renewal.due.connect(self._ask)
        frame.services.tasks.changed.connect(self._changed)
        frame.services.tasks.progressed.connect(self._progressed)

    def show_plan(self, plan: Plan) -> None:
        """Show a plan, ready to run."""
        self.task = None
        self._title.setText("Plan")
        self._show(plan)
        self._warning.setText(_warning(plan.warnings))
        self._warning.setVisible(bool(plan.warnings))
        self.run_button.show()
        self.later_button.show()
        self._room.show()
        for button in (self.all_button, self.none_button):
            button.show()

    def show_receipt(self, task: Task, plan: Plan, files: tuple[TaskFile, ...]) -> None:
        """Show what became of a task that was run some time ago; plan: what it was."""
        self.task = task
        self._show(plan)
        self.model.show_results(files)
        for widget in (self.run_button, self.later_button, self.all_button, self.none_button, self._warning):
            widget.hide()
        self._tell(task)

    def _show(self, plan: Plan) -> None:
        self.cards.clear()
        self.receipt.hide()
        self.receipt.begin()
        self.model.show_plan(plan)
        request = plan.request
        whence = origin(request.connection, (item.site for item in plan.items))
        self._where.show_text(f"{whence}  \N{RIGHTWARDS ARROW}  {request.destination}")
        self._expand()
        self.tree.setFocus()

    def run_again(self) -> None:
        """Plan the same files against what is here now."""
        if self.task is not None:
            self._again(self.task.id)

    def export(self, path: Path) -> None:
        """Write the receipt to a .csv or .json file."""
        if self.task is not None:
            done = while_there(self, lambda: self._note.setText(f"The receipt is in {path}"))
            self._frame.services.history.export(self.task.id, path, done, while_there(self, self._refuse))

    def _again(self, number: int) -> None:
        self.receipt.again_button.setEnabled(False)

        def show(plan: Plan) -> None:
            self.receipt.again_button.setEnabled(True)
            if self.task is not None and self.task.id == number:
                self.show_plan(plan)

        self._frame.services.history.again(number, while_there(self, show), while_there(self, self._refuse))

    def _refuse(self, error: ShotDockError) -> None:
        self.receipt.again_button.setEnabled(True)
        self.cards.tell(error)

    def run(self, turn: Turn = Turn()) -> None:
        """Hand in exactly what is checked."""
        plan = self.model.plan()
        # The button knows whether there is anything to fetch and room for it; the keys must not know less.
        if plan is None or self.task is not None or not self.run_button.isEnabled():
            return
        self.run_button.setEnabled(False)
        for button in (self.all_button, self.none_button):
            button.hide()
        self.model.fix()
        self.later_button.hide()
        then = while_there(self, self._submitted)
        if self._submit is None:
            self._frame.services.tasks.submit(plan, then, turn=turn)
        else:
            self._submit(plan, then, turn)

    def _submitted(self, task: Task) -> None:
        self.task = task
        self.run_button.hide()
        self._tell(task)
        self.submitted.emit(task)

    def _changed(self, tasks: tuple[Task, ...]) -> None:
        for task in tasks:
            if self.task is not None and task.id == self.task.id:
                self.task = task
                self._tell(task)

    def _progressed(self, progresses: tuple[Progress, ...]) -> None:
        for progress in progresses:
            if self.task is not None and progress.task_id == self.task.id:
                sizes = self._frame.formats
                self._note.setText(
                    f"{sizes.size(progress.done)} of {sizes.size(progress.total)}, "
                    f"{progress.files_done} of {progress.files_total} files"
                )

    def _tell(self, task: Task) -> None:
        word = task_face(task)[1]
        over = task.state in ENDED
        self._title.setText("Receipt" if over else f"Plan  \N{MIDDLE DOT}  {word}")
        self._room.setVisible(not over)  # what was needed of it has been taken
        self._totals.tell_result(task.files, task.bytes.transferred)
        self.receipt.setVisible(over)
        if over:
            self._note.setText(f"Task {task.id}: {word}")
            self.receipt.tell(task)
            self._ask()
        elif task.files.downloaded:
            self._renewal.soon()

    def _ask(self) -> None:
        if self.task is not None:
            number = self.task.id
            self._renewal.asked()
            self._frame.services.tasks.files(number, while_there(self, partial(self._results, number)))

    def _results(self, task_id: int, files: tuple[TaskFile, ...]) -> None:
        self._renewal.answered()
        if self.task is not None and self.task.id == task_id:
            self.model.show_results(files)

    def _count(self) -> None:
        plan = self.model.plan()
        if plan is None or self.task is not None:
            return
        totals = plan.totals()
        self._totals.tell_plan(totals)
        fits = self._room.tell(totals.to_transfer, plan.free)
        counted = self._frame.formats.counted(totals.transfers, "file")
        left = self.estimate(totals.to_transfer)
        about = f" in about {self._frame.formats.left(left)}" if left is not None else ""
        self._note.setText(f"{counted}, {self._frame.formats.size(totals.to_transfer)} will be fetched{about}")
        if self.model.all_here():
            self._title.setText("All up to date")
            self._note.setText("Nothing to do: every file is here already")
        elif not totals.transfers:
            self._note.setText("Nothing to fetch: what is not here is blocked or left out")
        for button in (self.run_button, self.later_button):
            button.setEnabled(totals.transfers > 0 and fits)

    def _expand(self) -> None:
        rows = self.model.rowCount()
        if rows <= EXPAND_UP_TO:
            for number in range(rows):
                self.tree.expand(self.model.index(number, 0))
        self.tree.setCurrentIndex(self.model.index(0, 0))
        self.tree.header().setSortIndicatorShown(False)
        self.tree.setTextElideMode(Qt.TextElideMode.ElideMiddle)


def _warning(warnings: tuple[str, ...]) -> str:
    """Return one line for any number of warnings; the tree's last column has each of them."""
    if len(warnings) < 2:
        return "".join(warnings)
    return f"{len(warnings)} items need a look, for example {warnings[0]}"
