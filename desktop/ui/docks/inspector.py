"""The inspector: what became of the selected task - result, files, activity, log."""

from functools import partial

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QComboBox, QLineEdit, QListView, QStackedWidget, QTabWidget, QWidget

from desktop.core.gallery import origin
from desktop.core.task import FileResult, LogLine, Progress, Task, TaskFile, TaskItem, TaskState
from desktop.ui.colours import Tone
from desktop.ui.dialogs.receipt import ReceiptDialog
from desktop.ui.docks.activity import Activity
from desktop.ui.docks.causes import TaskCauses
from desktop.ui.docks.hand_over import HandOver
from desktop.ui.formats import RESULT_FACES, all_here, task_face, words
from desktop.ui.hearing import while_there
from desktop.ui.models.local_files import path_of
from desktop.ui.models.task_files import COLUMNS, TaskFileModel
from desktop.ui.models.task_items import TaskItemModel
from desktop.ui.renewal import Renewal
from desktop.ui.tab import Frame
from desktop.ui.widgets.empty import Empty
from desktop.ui.widgets.item_cell import ItemCell
from desktop.ui.widgets.log_view import LogView
from desktop.ui.widgets.parts import Elided, Mark, column, panel, push, row, tool
from desktop.ui.widgets.tables import Table

MOST_ITEMS = 50
"""Selected items whose files are asked for."""

LABEL_WIDTH = 200
"""Pixels an item's name may take on the button that takes its filter away."""

RENEW_AFTER = 700
"""Milliseconds a change may wait before the rows are asked for again: many changes become one question."""


class InspectorDock(QWidget):
    """Asks for the rows of one task, and again when it changes."""

    def __init__(self, frame: Frame) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._frame = frame
        self._task: Task | None = None
        self._origin = ""
        self._files: tuple[TaskFile, ...] = ()
        self._mark = Mark(frame.theme, "waiting", Tone.MUTED, 18)
        self._name = Elided(role="strong")
        self._state = Elided(role="muted", mode=Qt.TextElideMode.ElideRight)
        self._where = Elided(role="faint")
        self.open_folder = tool(frame.theme, "folder", "Open the destination folder", self._open)
        self.open_receipt = tool(frame.theme, "plan", "Receipt: what became of each file", self._receipt)
        self.items = TaskItemModel(frame.theme, frame.formats, self)
        self.item_list = QListView()
        self.item_list.setAccessibleName("Items of the task")
        self.item_list.setModel(self.items)
        self.item_list.setUniformItemSizes(True)
        self.item_list.setItemDelegate(ItemCell(frame.theme, self.item_list, self.items))
        self.file_model = TaskFileModel(frame.theme, frame.formats, self)
        self.file_table = Table(frame.theme, self.file_model, COLUMNS, "Files of the task")
        HandOver(
            frame.commands, self.file_table, "file", lambda: self.file_model.paths(self.file_table.selected_rows())
        )
        frame.commands.add(
            "item-files",
            "Show the item's files",
            self._files_of_current,
            keys="Right",
            icon="list",
            group="A transfer's items",
            within=self.item_list,
        )
        HandOver(frame.commands, self.item_list, "item", lambda: self.items.paths(self._item_rows()))
        self.result_box = QComboBox()
        self.result_box.setAccessibleName("Which files")
        self.result_box.addItem("All files", None)
        for result in FileResult:
            self.result_box.addItem(RESULT_FACES[result][1].capitalize(), result)
        self.file_find = QLineEdit()
        self.file_find.setPlaceholderText("Find files")
        self.file_find.setAccessibleName("Find files")
        self.file_find.setClearButtonEnabled(True)
        self.item_button = push(frame.theme, "", "close", run=lambda: self._files_of(None))
        self.item_button.setToolTip("Show the files of every item again")
        self.item_button.hide()
        self._item: int | None = None
        self.activity = Activity(frame)
        self.log = LogView(frame.theme, frame.formats, "Log of the task")
        self.log.table.setColumnHidden(1, True)
        self.log.table.setColumnHidden(2, True)
        self.causes = TaskCauses(frame)
        self._renewal = Renewal(RENEW_AFTER, self)
        self._build()
        self._wire()

    def _build(self) -> None:
        frame = self._frame
        head = row(
            self._mark,
            column(self._name, self._state, self._where, spacing=1),
            self.open_receipt,
            self.open_folder,
            spacing=6,
        )
        head.setStretch(1, 1)
        head.setContentsMargins(12, 10, 8, 10)
        result = QWidget()
        body = column(self.causes, spacing=0)
        body.addWidget(self.item_list, 1)
        result.setLayout(body)
        files = QWidget()
        tools = row(self.result_box, self.file_find, margins=(8, 6, 8, 6), spacing=6)
        of_item = row(self.item_button, None, margins=(8, 0, 8, 6))
        file_body = column(tools, of_item, spacing=0)
        file_body.addWidget(self.file_table, 1)
        files.setLayout(file_body)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName("Parts of the task")
        self.tabs.tabBar().setAccessibleName("Parts of the task")
        for widget, name in ((result, "Result"), (files, "Files"), (self.activity, "Activity"), (self.log, "Log")):
            self.tabs.addTab(widget, name)
        task = QWidget()
        whole = column(panel(head), spacing=0)
        whole.addWidget(self.tabs, 1)
        task.setLayout(whole)
        self._stack = QStackedWidget()
        words_of = "Select a transfer to see its items, files and log."
        empty = Empty(frame.theme, "inspector", "Nothing selected", words_of, small=True)
        self._stack.addWidget(empty)
        self._stack.addWidget(task)
        self.setLayout(column(self._stack))

    def _wire(self) -> None:
        tasks = self._frame.services.tasks
        tasks.changed.connect(self._changed)
        tasks.removed.connect(self._removed)
        tasks.progressed.connect(self._progressed)
        self._renewal.due.connect(self._ask)
        self.tabs.currentChanged.connect(lambda _number: self._ask())
        self.result_box.currentIndexChanged.connect(lambda: self._filter_files())
        self.file_find.textChanged.connect(lambda _text: self._filter_files())
        self.item_list.selectionModel().selectionChanged.connect(lambda: self._know_items())
        self.item_list.activated.connect(lambda index: self._files_of(self.items.item(index.row())))

    def show_task(self, task: Task | None) -> None:
        """Look at a task; None for nothing."""
        same = task is not None and self._task is not None and task.id == self._task.id
        self._task = task
        self._stack.setCurrentIndex(0 if task is None else 1)
        if task is None:
            return
        self.file_model.root = task.destination
        if not same:
            self._origin = task.connection
            self.items.fill(())
            self._files_of(None)
            self.file_model.fill(())
            self.log.model.clear()
            self.activity.show_task(task)
            self.causes.show_task(task)
        self._tell(task)
        self._ask()

    def open_items(self) -> None:
        """Go to the items of the task; the right arrow there goes to an item's files."""
        self.tabs.setCurrentIndex(0)
        self.item_list.setFocus()

    def _tell(self, task: Task) -> None:
        if task.state is not TaskState.RUNNING:
            self.file_model.advance(frozenset())
            self.items.advance({})
        icon, word, tone = task_face(task)
        formats, counts = self._frame.formats, task.files
        self._mark.show_icon(icon, tone)
        self._name.show_text(task.name)
        here, done = all_here(task), formats.count(counts.downloaded)
        parts = (
            word,
            formats.counted(counts.planned, "file") if here else f"{done} of {formats.counted(counts.wanted, 'file')}",
            f"{formats.count(counts.skipped)} skipped" if counts.skipped and not here else "",
            f"{formats.count(counts.failed)} failed" if counts.failed else "",
        )
        self._state.show_text(words(parts, " \N{MIDDLE DOT} "))
        self._where.show_text(words((self._origin, str(task.destination)), " \N{RIGHTWARDS ARROW} "))

    def _ask(self) -> None:
        if self._task is None:
            return
        number, tasks = self._task.id, self._frame.services.tasks
        self._renewal.asked()
        self.causes.ask(self._task)
        if self.tabs.currentIndex() == 1:
            tasks.files(number, while_there(self, partial(self._take_files, number)))
        if self.tabs.currentIndex() in (2, 3):
            tasks.log(number, while_there(self, partial(self._take_log, number)))
        # The last question: they are answered in the order they were asked.
        tasks.items(number, while_there(self, partial(self._take_items, number)))

    def _is(self, number: int) -> bool:
        return self._task is not None and self._task.id == number

    def _take_items(self, number: int, items: tuple[TaskItem, ...]) -> None:
        self._renewal.answered()
        task = self._task
        if task is not None and task.id == number:
            self.items.renew(items)
            self._origin = origin(task.connection, (item.site for item in items))
            self._tell(task)
            self._know_items()

    def _item_rows(self) -> list[int]:
        return sorted(index.row() for index in self.item_list.selectionModel().selectedIndexes())

    def _know_items(self) -> None:
        """Ask which files of the selected items are here, so that a drag can begin at once."""
        if self._task is None:
            return
        number, root = self._task.id, self._task.destination

        def know(item: int, files: tuple[TaskFile, ...]) -> None:
            if self._is(number):
                self.items.know(item, [path for file in files if (path := path_of(root, file)) is not None])

        for place in self._item_rows()[:MOST_ITEMS]:
            item = self.items.item(place).id
            self._frame.services.tasks.files(number, while_there(self, partial(know, item)), item)

    def _take_files(self, number: int, files: tuple[TaskFile, ...]) -> None:
        if self._is(number):
            self.file_model.fill(files)

    def _take_log(self, number: int, lines: tuple[LogLine, ...]) -> None:
        if self._is(number):
            self.log.model.renew(lines)
            self.activity.show_lines(lines)

    def _changed(self, tasks: tuple[Task, ...]) -> None:
        for task in tasks:
            if self._is(task.id):
                self._task = task
                self._tell(task)
                self._renewal.soon()

    def _removed(self, ids: tuple[int, ...]) -> None:
        if self._task is not None and self._task.id in ids:
            self.show_task(None)

    def _progressed(self, progresses: tuple[Progress, ...]) -> None:
        for progress in progresses:
            if self._is(progress.task_id):
                self.items.advance(progress.items)
                self.file_model.advance(progress.stalled)
                self.activity.advance(progress)
                if self.tabs.currentIndex() in (2, 3):
                    self._renewal.soon()  # its log grows while it runs

    def _filter_files(self) -> None:
        self.file_model.show_only(self.result_box.currentData(), self.file_find.text().strip(), self._item)

    def _files_of_current(self) -> None:
        index = self.item_list.currentIndex()
        if index.isValid():
            self._files_of(self.items.item(index.row()))

    def _files_of(self, item: TaskItem | None) -> None:
        """Show the files of one item, or of all."""
        self._item = item.id if item is not None else None
        self.item_button.setVisible(item is not None)
        room = self.item_button.fontMetrics()
        label = item.label if item is not None else ""
        self.item_button.setText(room.elidedText(label, Qt.TextElideMode.ElideMiddle, LABEL_WIDTH))
        self._filter_files()
        if item is not None:
            self.tabs.setCurrentIndex(1)
            self.file_table.setFocus()

    def _receipt(self) -> None:
        if self._task is not None:
            ReceiptDialog(self._frame, self._task, self).open()

    def _open(self) -> None:
        if self._task is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._task.destination)))
