"""The history: every task there was, found by name, shot, state and day; its items and what they came to."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QStackedWidget, QWidget

from desktop.core.errors import ShotDockError
from desktop.core.history import Query, Statistics
from desktop.core.task import Task, TaskItem, TaskState
from desktop.ui.dialogs.base import Dialog
from desktop.ui.dialogs.receipt import ReceiptDialog
from desktop.ui.formats import TASK_FACES, words
from desktop.ui.hearing import while_there
from desktop.ui.models.history import COLUMNS, HistoryModel
from desktop.ui.models.item_sums import COLUMNS as ITEM_COLUMNS
from desktop.ui.models.item_sums import ItemSumModel
from desktop.ui.renewal import Renewal
from desktop.ui.tab import Frame
from desktop.ui.widgets.card import Cards
from desktop.ui.widgets.empty import Empty
from desktop.ui.widgets.parts import column, label, push
from desktop.ui.widgets.past_bar import PastBar
from desktop.ui.widgets.tables import Table

RENEW_AFTER = 1000
"""Milliseconds a change of tasks may wait before they are looked up again."""


class HistoryDialog(Dialog):
    """Asks the database for everything; nothing is held here but the pages that were looked at."""

    def __init__(self, frame: Frame, parent: QWidget | None, shot: str = "") -> None:
        """shot: look at one shot's past alone, to begin with."""
        super().__init__(frame.theme, "History", parent)
        self._frame = frame
        self._desk = frame.services.history
        self._asked = 0
        self.bar = PastBar()
        self.bar.shot.setText(shot)
        self.cards = Cards(frame.theme, (0, 0, 0, 0))
        self.sums = label("", "muted", wrap=True)
        self.model = HistoryModel(frame.theme, frame.formats, self._desk.tasks, self)
        self.table = Table(frame.theme, self.model, COLUMNS, "Past tasks")
        self.items = ItemSumModel(frame.theme, frame.formats, self)
        self.item_table = Table(frame.theme, self.items, ITEM_COLUMNS, "Items of the task")
        self.none_yet = Empty(
            frame.theme, "clock", "No history yet", "Every download is remembered here once there is one."
        )
        clear = push(frame.theme, "Clear the search", "close", "primary", self.bar.clear)
        self.no_match = Empty(
            frame.theme, "filter", "No task is like this", "Search for less, or for other days.", clear
        )
        self.receipt_button = push(frame.theme, "Receipt\N{HORIZONTAL ELLIPSIS}", "plan", "primary", self.open_receipt)
        self.refresh_button = push(frame.theme, "Look again", "refresh", run=self.look)
        self._renewal = Renewal(RENEW_AFTER, self)
        self._stack = QStackedWidget()
        split = QSplitter(Qt.Orientation.Vertical)
        split.setHandleWidth(3)
        split.setChildrenCollapsible(False)
        split.addWidget(self.table)
        split.addWidget(self.item_table)
        split.setSizes([420, 170])
        self._stack.addWidget(split)
        self._stack.addWidget(self.none_yet)
        self._stack.addWidget(self.no_match)
        body = column(self.cards, self.bar, self.sums, spacing=10)
        body.addWidget(self._stack, 1)
        self.lay_out(body, self.refresh_button, self.close_button("Close"), self.receipt_button)
        self.resize(1060, 720)
        self.bar.changed.connect(self.look)
        self.model.arrived.connect(self._arrived)
        self.table.selectionModel().selectionChanged.connect(lambda: self._selected())
        self.receipt_button.setDefault(True)  # once it is in the dialog: for Enter where no row is the current one
        self.table.activated.connect(lambda _index: self.open_receipt())
        self._renewal.due.connect(self.look)
        for signal in (frame.services.tasks.ended, frame.services.tasks.removed):
            signal.connect(self._stale)
        self._selected()
        self.look()
        self.bar.text.setFocus()

    def look(self) -> None:
        """Look up what is wanted now."""
        query = self.bar.query()
        self._asked += 1
        number = self._asked
        self._renewal.asked()
        self.model.show_only(query)

        def tell(sums: Statistics) -> None:
            if number == self._asked:
                self.sums.setText(self._in_words(sums))
                self.sums.setVisible(sums.tasks > 0)

        self._desk.statistics(query, while_there(self, tell), while_there(self, self.cards.tell))

    def open_receipt(self) -> None:
        """Show what became of each file of the selected task."""
        task = self._task()
        if task is not None:
            ReceiptDialog(self._frame, task, self).open()

    def _stale(self, _what: object) -> None:
        self._renewal.soon()

    def _task(self) -> Task | None:
        rows = self.table.selected_rows()
        return self.model.task(rows[0]) if len(rows) == 1 else None

    def _arrived(self, error: ShotDockError | None) -> None:
        self._renewal.answered()
        if error is not None:
            self.cards.tell(error)
        if self.model.rowCount():
            self._stack.setCurrentIndex(0)
            if not self.table.selected_rows():
                self.table.select_rows([0])
            return
        self._stack.setCurrentWidget(self.none_yet if self.bar.query() == Query() else self.no_match)
        self._selected()

    def _selected(self) -> None:
        task = self._task()
        self.receipt_button.setEnabled(task is not None)
        if task is None:
            self.items.fill(())
            return
        number = task.id

        def take(items: tuple[TaskItem, ...]) -> None:
            now = self._task()
            if now is not None and now.id == number:
                self.items.fill(items)

        self._frame.services.tasks.items(number, while_there(self, take))

    def _in_words(self, sums: Statistics) -> str:
        formats, files = self._frame.formats, sums.files
        states = [
            f"{formats.count(count)} {TASK_FACES[state][1]}"
            for state in TaskState
            if (count := sums.states.get(state, 0))
        ]
        fates = [
            f"{formats.count(count)} {word}"
            for count, word in (
                (files.downloaded, "downloaded"),
                (files.resumed, "resumed"),
                (files.skipped, "skipped"),
                (files.overwritten, "overwritten"),
                (files.kept_both, "kept both"),
                (files.failed, "failed"),
            )
            if count
        ]
        took = formats.left(sums.seconds)
        rate = formats.speed(sums.rate)
        moved = f"{formats.size(sums.bytes.transferred)} moved"
        if sums.seconds:
            moved += f" in {took}" + (f" ({rate})" if rate else "")
        return words(
            (
                words((formats.counted(sums.tasks, "task"), words(states)), ": "),
                words((formats.counted(files.planned, "file"), words(fates)), ": "),
                moved,
                f"{formats.size(sums.bytes.reused)} were here already" if sums.bytes.reused else "",
            ),
            "  \N{MIDDLE DOT}  ",
        )
