"""The shot tab: pick a connection, see what is new, choose, plan, download."""

import re
import time

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QSplitter, QWidget

from desktop.core.errors import ShotDockError
from desktop.core.media import Compared, ScanProgress
from desktop.core.plan import VersionStrategy
from desktop.core.task import ENDED, Task, TaskState
from desktop.ui.dialogs.custom_versions import CustomVersionsDialog
from desktop.ui.dialogs.history import HistoryDialog
from desktop.ui.formats import task_face
from desktop.ui.models.comparison import ComparisonModel, Shown
from desktop.ui.models.session import Phase, ShotSession, progress_words
from desktop.ui.order_tab import OrderTab
from desktop.ui.tab import Frame
from desktop.ui.tabs.shots_empty import ShotsEmpty
from desktop.ui.tabs.shots_orders import ShotOrders
from desktop.ui.widgets.card import Act
from desktop.ui.widgets.comparison_view import ComparisonView
from desktop.ui.widgets.connection_picker import ConnectionPicker
from desktop.ui.widgets.create_bar import CreateBar
from desktop.ui.widgets.filter_panel import FilterPanel
from desktop.ui.widgets.plan_page import PlanPage

AGE_EVERY = 30_000
"""Milliseconds between two looks at how old the picture of the server is."""

LIVE = (TaskState.RUNNING, TaskState.WAITING)


class ShotsTab(OrderTab):
    """Wires session, panels and pages; every decision is made in a model or in its helpers."""

    title = "Shots"
    icon = "shots"
    finds = "Find shots"
    bar: CreateBar
    orders: ShotOrders

    def __init__(self, frame: Frame) -> None:
        super().__init__(frame)
        self.session = ShotSession(frame.services.library, self)
        self.session.destination = frame.destination.path
        self.model = ComparisonModel(frame.theme, frame.formats, self)
        self.picker = ConnectionPicker(frame)
        self.filters = FilterPanel(frame)
        self.view = ComparisonView(frame.theme, self.model)
        self.bar = CreateBar(frame)
        self.orders = ShotOrders(frame, self.session, self.model, self.view, self.bar)
        self.plan_page = PlanPage(frame)
        self.empty = ShotsEmpty(frame.theme, frame.start_demo is not None)
        self._text = ""
        self._states: dict[int, TaskState] = {}
        self._clock = QTimer(self)
        self._clock.setInterval(AGE_EVERY)
        self._build()
        self._add_commands()
        self._wire()
        self._phased()

    def start(self) -> None:
        """Open the first connection."""
        self._clock.start()
        if self.picker.name():
            self.session.open(self.picker.name())

    def listed(self) -> QWidget:
        """Return the table of shots."""
        return self.view

    def stop(self) -> None:
        """Give up a scan that is under way."""
        self.session.stop()

    def search(self, text: str) -> None:
        """Show only rows that match."""
        self._text = text.strip()
        self._show(self.filters.shown())

    # Building

    def _build(self) -> None:
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setObjectName("shotsSplitter")
        self.splitter.setHandleWidth(3)
        self.splitter.setChildrenCollapsible(False)
        self.filters.setMinimumWidth(170)
        self.splitter.addWidget(self.filters)
        self.splitter.addWidget(self.page(self.view, self.empty))
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([216, 1000])
        self.hang(self.splitter, "", "Download the selection", "Plan the selection", "Back to the shots")

    def _add_commands(self) -> None:
        add = self.frame.commands.add
        add("rescan", "Rescan the server", self.session.rescan, keys="F5", icon="refresh", group="Shots")
        add("later", "Download the selection later", self.postpone, keys="Ctrl+Shift+L", icon="clock", group="Shots")
        add("custom", "Choose versions in a table", self.custom, icon="edit", group="Shots")
        add("clear-filters", "Clear the filters", self.filters.clear, icon="filter", group="Shots")
        add("connections", "Manage connections", self.manage, icon="server", group="Shots")
        add("stop-scan", "Stop the scan", self.session.stop_scan, icon="close", group="Shots")
        add("compare", "Compare with the disk again", self.session.compare, icon="disk", group="Shots")
        add("shot-history", "History of the shot", self.history, icon="clock", group="Shots")
        for name in ("download", "plan", "shot-history"):
            self.view.addAction(self.frame.commands.get(name))

    def _wire(self) -> None:
        frame, session = self.frame, self.session
        self._clock.timeout.connect(lambda: self.picker.tell(session.scanning, self._age()))
        self.picker.picked.connect(session.open)
        self.picker.rescanned.connect(session.rescan)
        self.picker.managed.connect(self.manage)
        session.phased.connect(self._phased)
        session.compared.connect(self._compared)
        session.progressed.connect(self._scan_progressed)
        session.failed.connect(self._failed)
        self.doors.opened.connect(self._use)
        self.doors.trusted.connect(self._rescan)
        self.doors.failed.connect(lambda error: self._failed(error, "demo"))
        self.filters.changed.connect(self._show)
        self.model.counted.connect(self._count_filters)
        self.model.chosen.connect(self._custom_chosen)
        self.view.picked.connect(self.orders.count_soon)
        self.view.picked.connect(self._name_history)
        self.view.named.connect(self.select_named)
        self.view.opened.connect(self.plan)
        self.bar.tabled.connect(self.custom)
        self.orders.failed.connect(lambda error: self._failed(error, "plan"))
        self.empty.act.connect(self._act)
        frame.destination.changed.connect(lambda _path: self._destination_changed())
        frame.services.tasks.changed.connect(self._tasks_changed)
        frame.services.tasks.removed.connect(self._tasks_removed)

    # What the user does

    def postpone(self) -> None:
        """Ask when the selection is to be brought, and how often."""
        if self.lists() and self.bar.later_button.isEnabled():
            self.orders.postpone()

    def custom(self) -> None:
        """Open the table of versions."""
        self.bar.versions.choose(VersionStrategy.CUSTOM)
        rows = self.view.chosen() or list(self.model.rows())
        if rows:
            dialog = CustomVersionsDialog(self.frame, rows, self.model.custom, self)
            dialog.taken.connect(self.model.replace_custom)
            dialog.open()

    def history(self) -> None:
        """Open the history, of the selected shot alone if it is one."""
        HistoryDialog(self.frame, self, self._one_shot()).open()

    def manage(self) -> None:
        """Open the connection manager."""
        self.doors.manage(self.picker.name())

    def select_named(self, text: str) -> None:
        """Select the shots a text names, one or many a line, in any case."""
        names = {word.lower() for word in re.split(r"[\s,;]+", text) if word}
        count = self.view.select_shots(names)
        counted = self.frame.formats.counted(count, "row")
        self.said.emit(f"{counted} selected by name" if count else "No shot here has one of these names")

    # What happens

    def _one_shot(self) -> str:
        shots = {row.key.shot for row in self.view.chosen()}
        return shots.pop() if len(shots) == 1 else ""

    def _name_history(self) -> None:
        self.frame.commands.get("shot-history").setText(f"History of {self._one_shot() or 'every shot'}")

    def _use(self, name: str) -> None:
        self.picker.refresh()
        if self.picker.name() == name:
            self.session.open(name)
        else:
            self.picker.pick(name)

    def _show(self, shown: Shown) -> None:
        self.model.show_only(Shown(self._text, shown.scopes, shown.departments, shown.states, shown.shots))
        self._table_or_empty()
        self.orders.count_soon()

    def _compared(self, rows: list[Compared]) -> None:
        self.model.fill(rows)
        self.filters.fill((row.key for row in rows), {row.department for row in rows})
        self._count_filters()
        self._table_or_empty()
        self.orders.count_soon()

    def _count_filters(self) -> None:
        self.filters.show_counts(self.model.counts())

    def _phased(self) -> None:
        session = self.session
        self.picker.tell(session.scanning, self._age())
        if not session.connection:
            self.linked.emit("", "none")
        elif session.scanning:
            self.linked.emit(f"{session.connection}: reading the tree", "busy")
        elif session.offline:
            self.linked.emit(f"{session.connection}: not connected", "offline")
        else:
            words = f"{session.connection} connected" if session.fresh else session.connection
            self.linked.emit(words + self.picker.seal(), "online")
            if session.fresh and session.structure is not None:
                self.said.emit(f"{self.frame.formats.counted(session.structure.shots, 'shot')} on {session.connection}")
        if not session.offline:
            self.cards.clear()
        self._table_or_empty()

    def _age(self) -> str:
        structure = self.session.structure
        if structure is None:
            return ""
        ago = self.frame.formats.ago(structure.scanned_at, time.time())
        return f"offline, seen {ago}" if self.session.offline else f"scanned {ago}"

    def _table_or_empty(self) -> None:
        ready = self.session.phase is Phase.READY
        nothing_matches = ready and bool(self.model.everything()) and not self.model.rows()
        self.body.setCurrentIndex(0 if ready and not nothing_matches else 1)
        self.bar.setVisible(ready)
        self.filters.setVisible(ready)
        if not ready or nothing_matches:
            # A card that asks something has the next thing to do, or tries again itself.
            self.empty.scan_button.setVisible(not self.cards.titles())
            self.empty.show_for(self.session.phase, self.session.connection, nothing_matches)

    def _scan_progressed(self, progress: ScanProgress) -> None:
        words = progress_words(progress)
        self.empty.show_progress(words)
        self.said.emit(f"Reading {self.session.connection}: {words}")

    def _failed(self, error: ShotDockError, doing: str) -> None:
        acts: list[Act] = list(self.doors.acts(error, self.picker.name()))
        note = ""
        if doing == "scan":
            self.said.emit(error.title)
            acts.append(("Try again", self._rescan))
            if self.session.structure is not None:
                seen = self.frame.formats.moment(self.session.structure.scanned_at)
                note = f"You see what the server had when it was last read: {seen}."
        elif doing == "compare":
            acts.append(("Try again", self.session.compare))
        self.cards.tell(error, *acts, note=note)
        self._table_or_empty()

    def _rescan(self) -> None:
        self.cards.clear()
        self.session.rescan()

    def _custom_chosen(self) -> None:
        if self.model.custom and self.bar.strategy is not VersionStrategy.CUSTOM:
            self.bar.versions.choose(VersionStrategy.CUSTOM)
        self.orders.count_soon()

    def _destination_changed(self) -> None:
        self.session.compare_with(self.frame.destination.path)
        self.frame.services.settings.remember(self.frame.destination.path)

    def _tasks_changed(self, tasks: tuple[Task, ...]) -> None:
        for task in tasks:
            before = self._states.get(task.id)
            self._states[task.id] = task.state
            # What a task brought changes the comparison; once, when it is over, not with every file.
            if task.state in ENDED and before in LIVE:
                self.said.emit(f"{task.name}: {task_face(task)[1]}")
            if task.state in ENDED and before not in ENDED and task.connection == self.session.connection:
                self.session.compare()

    def _tasks_removed(self, ids: tuple[int, ...]) -> None:
        for task_id in ids:
            self._states.pop(task_id, None)

    def _act(self, what: str) -> None:
        if what == "scan":
            self._rescan()
        elif what == "stop":
            self.session.stop_scan()
        elif what == "clear":
            self.frame.commands.get("clear-search").trigger()
            self.filters.clear()
        elif what == "connect":
            self.manage()
        elif what == "demo":
            self.empty.show_starting()
            self.doors.start_demo()
