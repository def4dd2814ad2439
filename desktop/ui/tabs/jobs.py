"""The jobs tab: long-running server jobs followed, looked at, fetched."""

import time
from collections.abc import Iterable
from functools import partial

from PySide6.QtCore import QPoint, QSettings, Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QHideEvent, QShowEvent
from PySide6.QtWidgets import QSplitter, QStackedWidget, QWidget

from desktop.core.errors import ShotDockError
from desktop.core.job import Job
from desktop.core.task import Progress, Task
from desktop.ui.models.job_list import JobListModel
from desktop.ui.models.job_words import face_of, standing
from desktop.ui.order_tab import OrderTab
from desktop.ui.tab import Frame
from desktop.ui.tabs.jobs_empty import JobsEmpty
from desktop.ui.tabs.jobs_hands import WHAT, JobHands
from desktop.ui.tabs.jobs_orders import JobOrders
from desktop.ui.widgets.connection_picker import ConnectionPicker
from desktop.ui.widgets.empty import Empty
from desktop.ui.widgets.job_detail import JobDetail
from desktop.ui.widgets.job_list import dropped_text
from desktop.ui.widgets.job_place import JobPlace
from desktop.ui.widgets.job_side import JobSide
from desktop.ui.widgets.order_bar import OrderBar
from desktop.ui.widgets.plan_page import PlanPage

TICK = 1000
"""Milliseconds between two steps of the countdowns, while somebody looks."""


class JobsTab(OrderTab):
    """Wires desk, list, detail and pages; every decision is made in a model or in its helpers."""

    title = "Jobs"
    icon = "jobs"
    finds = "Find jobs"
    orders: JobOrders

    def __init__(self, frame: Frame) -> None:
        super().__init__(frame)
        self._desk = frame.services.jobs
        self.picker = ConnectionPicker(frame, web=True)
        self.picker.box.setToolTip("The server that pasted ids and new exports belong to")
        self.model = JobListModel(frame.theme, frame.formats, self._desk.kinds, time.time, self)
        self.side = JobSide(frame.theme, frame.formats, self.model)
        self.view = self.side.view
        self.place = JobPlace(lambda project, shot: self.orders.place_for(project, shot))
        self.bar = OrderBar(frame, ("Project and shot", self.place, 4))
        self.orders = JobOrders(frame, self.view, self.bar, self.place, self._show_detail)
        self.hands = JobHands(frame, self.view, self.orders, self.doors, self.picker.name, self)
        self.detail = JobDetail(frame, self.hands.acts)
        self.plan_page = PlanPage(frame, "Back to the jobs", self.orders.hand_in_shown)
        self.empty = JobsEmpty(frame.theme, frame.start_demo is not None)
        self._listed = False
        self._watching = False
        self._starting = False
        self._progress: dict[int, Progress] = {}
        self.setAcceptDrops(True)
        self._clock = QTimer(self)
        self._clock.setInterval(TICK)
        self._build()
        self._add_commands()
        self._wire()
        self._show_body()

    def showEvent(self, event: QShowEvent) -> None:
        """Watch the jobs: those that are over are asked after too, their results may expire."""
        super().showEvent(event)
        if not event.spontaneous() and not self._watching:
            self._watching = True
            self._desk.watch()
            self._clock.start()
            self._tick()

    def hideEvent(self, event: QHideEvent) -> None:
        """Watch no longer."""
        super().hideEvent(event)
        if not event.spontaneous():
            self._look_away()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take text and web addresses anywhere on the tab; a folder is the window's own business."""
        if dropped_text(event.mimeData()):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
        else:
            event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:
        """Follow the jobs whose ids or addresses are dropped."""
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.hands.paste(dropped_text(event.mimeData()))

    def listed(self) -> QWidget:
        """Return the list of jobs."""
        return self.view

    def stop(self) -> None:
        """Give up what is under way."""
        self._look_away()
        self.detail.results.close_down()
        self.hands.stop()

    def recall(self, kept: QSettings) -> None:
        """Take up server, project and shot of the last time."""
        self.picker.pick(str(kept.value("jobs/server", "")) or self.hands.likely_server(self.picker.names()))
        self.place.project.setText(str(kept.value("jobs/project", "")))
        self.place.shot.setText(str(kept.value("jobs/shot", "")))
        self.hands.kind = str(kept.value("jobs/kind", ""))

    def keep(self, kept: QSettings) -> None:
        """Put down server, project and shot for the next time."""
        kept.setValue("jobs/server", self.picker.name())
        kept.setValue("jobs/project", self.place.project.text())
        kept.setValue("jobs/shot", self.place.shot.text())
        kept.setValue("jobs/kind", self.hands.kind)

    def search(self, text: str) -> None:
        """Show only jobs that match."""
        current = self.view.current()
        self.model.show_only(text)
        self.view.settle(current)
        self._show_body()

    # Building

    def _build(self) -> None:
        theme = self.frame.theme
        self.blank = Empty(theme, "jobs", "Select a job", "Its files, previews and log are shown here.", small=True)
        self.right = QStackedWidget()
        self.right.addWidget(self.detail)
        self.right.addWidget(self.blank)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(3)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self.side)
        self.splitter.addWidget(self.right)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([336, 900])
        page = self.page(self.splitter, self.empty)
        self.hang(page, "jobs-", "Download what the jobs have", "Plan the download", "Back to the jobs")

    def _add_commands(self) -> None:
        add, hands = partial(self.frame.commands.add, group=self.title), self.hands
        add("jobs-refresh", "Ask after the jobs", self.refresh, keys="F5", icon="refresh")
        add("jobs-add", "Add a job by id or address", hands.add, keys="Ctrl+N", icon="plus")
        add("jobs-paste", "Paste ids or addresses of jobs", self.paste, keys="Ctrl+V", icon="plus")
        add("jobs-start", "Start an export", hands.start, keys="Ctrl+Shift+N", icon="play")
        add("jobs-folder", "Open the results' folder", hands.open_folder, keys="Ctrl+E", icon="folder")
        add("jobs-copy", "Copy report", hands.copy_report, keys="Ctrl+Shift+C", icon="copy")
        add("jobs-pack", "Package a folder as ZIP", hands.pack, icon="jobs")
        add("jobs-connect", "Connect to a server of jobs", partial(self.doors.connect_web, WHAT), icon="server")
        add("jobs-remove", "Follow no longer", hands.remove, keys="Del", icon="trash", within=self.view)
        add("jobs-preview", "Look at the results", self.detail.preview, keys="Space", icon="gallery", within=self.view)

    def _wire(self) -> None:
        desk, detail, hands = self._desk, self.detail, self.hands
        desk.listed.connect(self._take_all)
        desk.changed.connect(self._changed)
        desk.removed.connect(self._removed)
        self._clock.timeout.connect(self._tick)
        self.side.adding.connect(lambda: hands.add())
        self.side.starting.connect(hands.start)
        self.view.picked.connect(self._picked)
        self.view.opened.connect(hands.open_folder)
        self.view.asked.connect(hands.open_menu)
        detail.refreshed.connect(self.refresh)
        detail.restarted.connect(hands.start_again)
        detail.copied.connect(hands.copy_report)
        detail.folder_wanted.connect(hands.open_folder)
        detail.menu_wanted.connect(lambda button: hands.open_menu(button.mapToGlobal(QPoint(0, button.height()))))
        detail.results.enlarged.connect(hands.enlarge)
        detail.artifacts.fetched.connect(self._fetch)
        detail.artifacts.opened.connect(hands.open_folder)
        detail.artifacts.unpacked.connect(hands.unpack)
        hands.said.connect(self.said)
        hands.added.connect(self._added)
        hands.failed.connect(self._failed)
        self.orders.failed.connect(self._failed)
        self.picker.picked.connect(lambda _name: self._show_body())
        self.picker.rescanned.connect(lambda: desk.refresh([job.id for job in desk.all()]))
        self.picker.added.connect(partial(self.doors.connect_web, WHAT))
        self.picker.managed.connect(lambda: self.doors.manage(self.picker.name()))
        self.doors.opened.connect(self._use)
        self.doors.trusted.connect(lambda: desk.refresh([job.id for job in desk.all()]))
        self.doors.failed.connect(self._demo_failed)
        self.empty.act.connect(self._act)
        self.frame.services.tasks.progressed.connect(self._progressed)
        self.frame.services.tasks.changed.connect(self._tasks_changed)

    # What the user does

    def refresh(self) -> None:
        """Ask after the selected jobs, or after all."""
        self.cards.clear()
        self.detail.show_asking()
        self.hands.refresh()

    def paste(self) -> None:
        """Follow the jobs whose ids or addresses are on the clipboard."""
        text = QGuiApplication.clipboard().text().strip()
        if text:
            self.hands.paste(text)

    # What happens

    def _take_all(self, jobs: tuple[Job, ...]) -> None:
        self._listed = True
        self.model.fill(jobs)
        self.view.settle(None)
        self._show_body()

    def _changed(self, jobs: Iterable[Job]) -> None:
        for job in jobs:
            before = self.model.get(job.id)
            if before is not None and before.heard is not None and before.state is not job.state:
                self.said.emit(f"{job.remote_id}: {face_of(job)[1]}")
        self.model.put(jobs)
        current = self.view.current()
        if current is not None and any(job.id == current.id for job in jobs):
            self._show_detail()
            self.orders.count_soon()
        elif current is None:
            self.view.settle(None)
        self._show_body()

    def _removed(self, ids: tuple[int, ...]) -> None:
        self.model.drop(ids)
        self.view.settle(self.view.current())
        self._picked()
        self._show_body()

    def _added(self, job: Job) -> None:
        self.model.put((job,))
        self._show_body()
        self.view.select((job.id,))
        self.view.setFocus()

    def _picked(self) -> None:
        self._show_detail()
        self.orders.count_soon()

    def _show_detail(self) -> None:
        job = self.view.current()
        self.right.setCurrentWidget(self.detail if job is not None else self.blank)
        if job is not None:
            asked = [name for job_id, name in self.orders.asked if job_id == job.id]
            self.detail.show_job(job, self._progress, asked)

    def _show_body(self) -> None:
        self.side.count()
        there = self.model.rowCount() > 0
        self.body.setCurrentIndex(0 if there else 1)
        self.bar.setVisible(there)
        if not there:
            self._show_empty()
        self._tell_link()

    def _show_empty(self) -> None:
        if self.model.everything():
            self.empty.show_no_match()
        elif self._starting:
            self.empty.show_starting()
        elif not self._listed:
            self.empty.show_loading()
        elif self.picker.name():
            self.empty.show_empty()
        else:
            self.empty.show_none()

    def _tell_link(self) -> None:
        words, state, age = standing(self.model.everything(), self.picker.name(), self.frame.formats, time.time())
        self.picker.tell(False, age)
        self.linked.emit(words, state)

    def _tick(self) -> None:
        self.model.tick()
        self.detail.tick()
        self._tell_link()

    def _look_away(self) -> None:
        if self._watching:
            self._watching = False
            self._desk.unwatch()
            self._clock.stop()

    def _fetch(self, artifact: str) -> None:
        job = self.view.current()
        if job is not None:
            self.orders.fetch(job, (artifact,))

    def _progressed(self, progresses: tuple[Progress, ...]) -> None:
        self._progress.update((progress.task_id, progress) for progress in progresses)
        job = self.view.current()
        tasks = {download.task for download in job.downloads} if job is not None else set()
        if any(progress.task_id in tasks for progress in progresses):
            self._show_detail()

    def _tasks_changed(self, tasks: tuple[Task, ...]) -> None:
        for task in tasks:
            if task.finished is not None:
                self._progress.pop(task.id, None)

    def _failed(self, error: ShotDockError) -> None:
        self.said.emit(error.title)
        self.cards.tell(error)

    def _demo_failed(self, error: ShotDockError) -> None:
        self._starting = False
        self.cards.tell(error)
        self._show_body()

    def _use(self, name: str) -> None:
        self._starting = False
        self.picker.refresh()
        self.picker.pick(name if self.picker.box.findData(name) >= 0 else self.hands.likely_server(self.picker.names()))
        self.hands.adopt(name)
        self._show_body()

    def _act(self, what: str) -> None:
        if what == "clear":
            self.frame.commands.get("clear-search").trigger()
        elif what == "connect":
            self.doors.connect_web(WHAT)
        elif what == "add":
            self.hands.add()
        elif what == "start":
            self.hands.start()
        elif what == "demo":
            self._starting = True
            self.empty.show_starting()
            self.doors.start_demo()
