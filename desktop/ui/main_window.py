"""The window: tabs in the middle, transfers, log and inspector around them."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QByteArray, QPoint, QSettings, Qt
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QMainWindow, QSplitter, QStackedWidget, QWidget

from desktop.core.errors import ShotDockError
from desktop.core.paths import whole_path
from desktop.core.task import Task
from desktop.places import private_file
from desktop.ui.colours import Tone
from desktop.ui.commands import Commands
from desktop.ui.dialogs.history import HistoryDialog
from desktop.ui.dialogs.notifications import NotificationsDialog
from desktop.ui.dialogs.palette import Palette
from desktop.ui.dialogs.routines import RoutinesDialog
from desktop.ui.dialogs.settings import SettingsDialog
from desktop.ui.dialogs.shortcuts import ShortcutsDialog
from desktop.ui.dialogs.timetable import TimetableDialog
from desktop.ui.docks import hang
from desktop.ui.docks.inspector import InspectorDock
from desktop.ui.docks.log import LogDock
from desktop.ui.docks.transfers import TransfersDock
from desktop.ui.focus_ring import FocusRing
from desktop.ui.formats import Formats
from desktop.ui.free_space import Destination
from desktop.ui.hearing import while_there
from desktop.ui.missed import Missed
from desktop.ui.status_line import StatusLine
from desktop.ui.tab import TABS, DemoStarter, Frame, Tab
from desktop.ui.theme import Theme
from desktop.ui.tray import Tray
from desktop.ui.widgets.card import Card, Cards
from desktop.ui.widgets.drop_zone import DropZone, dropped_folder
from desktop.ui.widgets.parts import column
from desktop.ui.widgets.top_bar import TopBar
from desktop.work.services import Services

LAYOUT_VERSION = 1
"""Raised when docks are added or renamed, so that an older layout is not applied to them."""


class MainWindow(QMainWindow):
    """Owns the frame everything inside is given; remembers its layout in `window.ini` beside the settings."""

    def __init__(self, services: Services, theme: Theme, start_demo: DemoStarter | None = None) -> None:
        super().__init__()
        self.setWindowTitle("ShotDock")
        self.setWindowIcon(theme.icon("logo", Tone.ACCENT))
        self.setAcceptDrops(True)
        self.setDockOptions(QMainWindow.DockOption.AllowTabbedDocks | QMainWindow.DockOption.AllowNestedDocks)
        self.commands = Commands(self, theme)
        destination = Destination(_first_destination(services), self)
        self.frame = Frame(services, theme, Formats(), self.commands, destination, start_demo)
        self._services = services
        self._started = False
        self._add_commands()
        self.tabs: list[Tab] = [TABS[name](self.frame) for name in TABS.names()]
        self._links = [("", "none")] * len(self.tabs)
        self.top_bar = TopBar(self.frame, self.tabs)
        self.pages = QStackedWidget()
        for tab in self.tabs:
            self.pages.addWidget(tab)
        self.notices = Cards(theme)
        centre = QWidget()
        body = column(self.notices, spacing=0)
        body.addWidget(self.pages, 1)
        centre.setLayout(body)
        self.setMenuWidget(self.top_bar)  # the one place a window has above its docks, as wide as itself
        self.setCentralWidget(centre)
        self.transfers = TransfersDock(self.frame)
        self.log = LogDock(self.frame)
        self.inspector = InspectorDock(self.frame)
        self.status = StatusLine(self.frame)
        self.setStatusBar(self.status)
        self.drop_zone = DropZone(theme, self)
        self.missed = Missed(self.frame, self.notices)
        self.tray = Tray(self.frame, self, self.notices)
        self._ring = FocusRing(self)
        self._hang_docks()
        self._wire()
        ini = private_file(services.places.settings.parent / "window.ini")
        self._ini = QSettings(str(ini), QSettings.Format.IniFormat)
        self._restore()
        self.show_tab(0)

    # Building

    def _add_commands(self) -> None:
        add = self.commands.add
        for number, name in enumerate(TABS.names()):
            add(
                f"tab-{name}",
                f"Show the {name} tab",
                partial(self.show_tab, number),
                keys=f"Ctrl+{number + 1}",
                icon=name,
            )
        add("find", "Find", self._find, keys="Ctrl+F", icon="search")
        add("clear-search", "Clear the search", lambda: self.top_bar.search.clear(), icon="close")
        add("palette", "Every command by name", self._palette, keys="Ctrl+K", icon="command")
        add("settings", "Settings", self._settings, keys="Ctrl+,", icon="settings")
        add("notifications", "Notifications: who is told", self._notifications, icon="bell")
        add("routines", "What repeats", self._repeating, icon="loop", group="Transfers")
        add("timetable", "Timetable of speed limits", self._timetable, icon="clock", group="Transfers")
        add("shortcuts", "Keyboard shortcuts", self._shortcuts, keys="F1", icon="help")
        add("history", "History of every task", self._history, keys="Ctrl+H", icon="clock")
        add("browse", "Choose the destination folder", self._browse, keys="Ctrl+O", icon="folder")
        for name, keys in (("log", "Ctrl+L"), ("transfers", "Ctrl+T"), ("inspector", "Ctrl+I")):
            add(name, f"Show or hide the {name}", partial(self._toggle, name), keys=keys, icon=name)
        add("theme", "Switch between dark and light", self._switch_theme, icon="frame")
        add("reset", "Put the panels back in their places", self._reset, icon="refresh")
        add("quit", "Close ShotDock", self._quit, keys="Ctrl+Q", icon="close")

    def _hang_docks(self) -> None:
        area = Qt.DockWidgetArea
        self.setCorner(Qt.Corner.BottomRightCorner, area.RightDockWidgetArea)
        self.inspector_dock = hang(self, "inspector", "Inspector", self.inspector, area.RightDockWidgetArea)
        self.transfers_dock = hang(self, "transfers", "Transfers", self.transfers, area.BottomDockWidgetArea)
        self.log_dock = hang(self, "log", "Log", self.log, area.BottomDockWidgetArea)
        self._arrange()

    def _arrange(self) -> None:
        self.tabifyDockWidget(self.transfers_dock, self.log_dock)
        self.transfers_dock.raise_()
        self.resizeDocks([self.inspector_dock], [300], Qt.Orientation.Horizontal)
        self.resizeDocks([self.transfers_dock, self.log_dock], [220, 220], Qt.Orientation.Vertical)

    def _wire(self) -> None:
        tasks = self._services.tasks
        self.top_bar.chosen.connect(self.show_tab)
        self.top_bar.searched.connect(lambda text: self.tabs[self.pages.currentIndex()].search(text))
        self.transfers.selected.connect(self._inspect)
        self.transfers.opened.connect(self._open_task)
        tasks.interrupted.connect(self._interrupted)
        tasks.refused.connect(self._refused)
        self._services.notify.unheard.connect(lambda _name, error: self.notices.tell(error))
        self._services.routines.refused.connect(self._refused)
        self._services.library.refused.connect(self._refused)
        self.status.limit.refused.connect(self._refused)
        self._services.settings.changed.connect(self._settings_changed)
        self.tray.opened.connect(self._come_back)
        self.tray.task_opened.connect(self.transfers.select_task)
        self.tray.said.connect(self.status.say)
        self.tray.left.connect(self._quit)
        self.frame.destination.measured.connect(lambda _room: self.status.update())
        for log in (self.log.view, self.inspector.log):
            log.said.connect(self.status.say)
        for number, tab in enumerate(self.tabs):
            tab.said.connect(self.status.say)
            tab.linked.connect(partial(self._linked, number))

    # What the user does

    def show_tab(self, number: int) -> None:
        """Open a tab; keys that acted on the tab before act on this one."""
        focus = self.focusWidget()
        moves = focus is None or self.pages.isAncestorOf(focus)
        self.pages.setCurrentIndex(number)
        self.top_bar.show_tab(number)
        self.status.show_link(*self._links[number])
        self.commands.allow_only(self.tabs[number].title, (tab.title for tab in self.tabs))
        if moves and self.isVisible():
            self.tabs[number].take_focus()

    def _find(self) -> None:
        self.top_bar.search.setFocus()
        self.top_bar.search.selectAll()

    def _palette(self) -> None:
        Palette(self.frame.theme, self.commands, self).show()

    def _settings(self) -> None:
        SettingsDialog(self.frame, self).open()

    def _history(self) -> None:
        HistoryDialog(self.frame, self).open()

    def _notifications(self) -> None:
        NotificationsDialog(self.frame, self).open()

    def _repeating(self) -> None:
        RoutinesDialog(self.frame, self).open()

    def _timetable(self) -> None:
        TimetableDialog(self.frame, self).open()

    def _shortcuts(self) -> None:
        ShortcutsDialog(self.frame.theme, self.commands, self).open()

    def _browse(self) -> None:
        self.tabs[self.pages.currentIndex()].choose_destination()

    def _toggle(self, name: str) -> None:
        docks = {"log": self.log_dock, "transfers": self.transfers_dock, "inspector": self.inspector_dock}
        dock = docks[name]
        hidden = dock.visibleRegion().isEmpty()
        dock.setVisible(True if hidden else not dock.isVisible())
        if hidden:
            dock.raise_()

    def _quit(self) -> None:
        self.close()

    def _come_back(self) -> None:
        self.show()
        self.raise_()
        self.activateWindow()

    def _switch_theme(self) -> None:
        self._services.settings.update(theme="light" if self.frame.theme.colours.dark else "dark")

    def _reset(self) -> None:
        area = Qt.DockWidgetArea
        for dock, where in (
            (self.inspector_dock, area.RightDockWidgetArea),
            (self.transfers_dock, area.BottomDockWidgetArea),
            (self.log_dock, area.BottomDockWidgetArea),
        ):
            dock.setFloating(False)
            self.addDockWidget(where, dock)
            dock.show()
        self._arrange()

    # What happens

    def _linked(self, number: int, words: str, state: str) -> None:
        self._links[number] = (words, state)
        if number == self.pages.currentIndex():
            self.status.show_link(words, state)

    def _open_task(self) -> None:
        self.inspector_dock.show()
        self.inspector_dock.raise_()
        self.inspector.open_items()

    def _inspect(self, number: int | None) -> None:
        task = self.transfers.model.get(number) if number is not None else None
        self.inspector.show_task(task)
        self.log.follow_task(number)

    def _interrupted(self, tasks: tuple[Task, ...]) -> None:
        if not tasks:
            return
        ids = tuple(task.id for task in tasks)
        counted = "A task was" if len(tasks) == 1 else f"{len(tasks)} tasks were"
        title = f"{counted} interrupted. Resume?"

        def resume() -> None:
            self._services.tasks.resume(ids)
            self.notices.drop(title)

        card = Card(
            self.frame.theme,
            title,
            "What is on the disk is kept: they go on from the byte they had reached.",
            acts=(("Resume", resume), ("Show them", lambda: self.transfers.select_task(ids[0]))),
            tone=Tone.WARN,
            icon="interrupted",
        )
        self.notices.put(card)

    def _refused(self, error: ShotDockError) -> None:
        self.notices.tell(error)

    def _settings_changed(self) -> None:
        self.frame.theme.use(self._services.settings.value.theme)

    # Drag and drop of a destination

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Say what dropping the folder will do."""
        # What is dragged out of this very window is on its way to another program.
        path = dropped_folder(event.mimeData()) if event.source() is None else None
        if path is not None:
            event.setDropAction(Qt.DropAction.LinkAction)
            event.accept()
            self._invite(path, event.position().toPoint())

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Go on taking the folder, wherever on the window."""
        event.setDropAction(Qt.DropAction.LinkAction)
        event.accept()
        if (path := dropped_folder(event.mimeData())) is not None:
            self._invite(path, event.position().toPoint())

    def _invite(self, path: Path, at: QPoint) -> None:
        task = self.transfers.left_at(self.mapToGlobal(at))
        tab = self.tabs[self.pages.currentIndex()]
        words = f"Drop to fetch what is left of {task.name} into {path.name}" if task else tab.drop_words(path)
        self.drop_zone.invite(words, path)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Lift the veil."""
        self.drop_zone.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        """Make the folder the destination, or the one for what is left of the task it is dropped on."""
        self.drop_zone.hide()
        path = dropped_folder(event.mimeData())
        if path is not None:
            event.setDropAction(Qt.DropAction.LinkAction)
            event.accept()
            task = self.transfers.left_at(self.mapToGlobal(event.position().toPoint()))
            if task is None:
                self.use_destination(path)
            else:
                self._fetch_left(task, path)

    def _fetch_left(self, task: Task, path: Path) -> None:
        services, failed = self._services, while_there(self, self.notices.tell)
        services.history.again(task.id, services.tasks.submit, failed, path, left=True)
        self.status.say(f"What is left of {task.name} goes to {path}")

    def use_destination(self, path: Path) -> None:
        """Download into this folder from now on."""
        self.frame.destination.use(path)
        self.status.say(f"Downloads go to {path}")

    # Coming and going

    def showEvent(self, event: QShowEvent) -> None:
        """Begin once the window is there: nothing may delay its first sight."""
        super().showEvent(event)
        if not self._started:
            self._started = True
            self.frame.destination.refresh()
            for tab in self.tabs:
                tab.start()
            self.tabs[self.pages.currentIndex()].take_focus()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the veil over the whole window."""
        super().resizeEvent(event)
        self.drop_zone.setGeometry(self.rect())

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember the layout; while tasks run or wait, ask whether to go on in the tray."""
        if self.tray.holds():
            event.ignore()
            return
        self._ini.setValue("geometry", self.saveGeometry())
        self._ini.setValue("docks", self.saveState(LAYOUT_VERSION))
        for splitter in self.findChildren(QSplitter, "shotsSplitter"):
            self._ini.setValue("splitter", splitter.saveState())
        for tab in self.tabs:
            tab.keep(self._ini)
            tab.stop()
        self._ini.sync()
        self.frame.destination.close()
        super().closeEvent(event)

    def _restore(self) -> None:
        geometry, docks, splitter = (self._ini.value(key) for key in ("geometry", "docks", "splitter"))
        for tab in self.tabs:
            tab.recall(self._ini)
        if not (isinstance(geometry, QByteArray) and self.restoreGeometry(geometry)):
            self.resize(1440, 900)
        if isinstance(docks, QByteArray):
            self.restoreState(docks, LAYOUT_VERSION)
        for found in self.findChildren(QSplitter, "shotsSplitter"):
            if isinstance(splitter, QByteArray):
                found.restoreState(splitter)


def _first_destination(services: Services) -> Path:
    """Return the destination to begin with: the last one used, the setting, or a folder in the home."""
    recent = services.settings.recent()
    if recent:
        return recent[0]
    setting = services.settings.value.destination
    return whole_path(setting or "~/ShotDock")
