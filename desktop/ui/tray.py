"""ShotDock while its window is away: an icon in the tray, messages about ended tasks, and a polite end."""

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QMenu, QSystemTrayIcon, QWidget

from desktop.core.digest import Digest
from desktop.core.task import Task, TaskState
from desktop.ui.colours import Tone
from desktop.ui.dialogs.keep_working import KeepWorkingDialog
from desktop.ui.formats import untagged
from desktop.ui.tab import Frame
from desktop.ui.widgets.card import Card, Cards

COUNTDOWN = 30
"""Seconds between the end of the last task and the end of ShotDock, to be stopped in."""
BUSY = (TaskState.RUNNING, TaskState.WAITING)


class Tray(QObject):
    """Signals: opened (show the window), task_opened (a task's number to show), said (words), left (end ShotDock)."""

    opened = Signal()
    task_opened = Signal(int)
    said = Signal(str)
    left = Signal()

    def __init__(self, frame: Frame, window: QWidget, notices: Cards) -> None:
        super().__init__(window)
        self._frame, self._window, self._notices = frame, window, notices
        self._busy: set[int] = set()
        self._told: int | None = None
        self._leaving = False
        self.icon: QSystemTrayIcon | None = None
        self.seconds = 0
        self._timer = QTimer(self)
        self._timer.setInterval(1000)
        self._timer.timeout.connect(self._count)
        tasks = frame.services.tasks
        tasks.listed.connect(self._note)
        tasks.changed.connect(self._note)
        tasks.removed.connect(lambda ids: self._busy.difference_update(ids))
        tasks.quit_wanted.connect(self.count_down)
        frame.services.notify.told.connect(self.tell)
        if QSystemTrayIcon.isSystemTrayAvailable():
            self.show_icon()

    def show_icon(self) -> None:
        """Put the icon into the tray."""
        icon = QSystemTrayIcon(self._frame.theme.icon("logo", Tone.ACCENT), self)
        menu = QMenu(self._window)
        menu.addAction("Open ShotDock", self.opened.emit)
        menu.addAction("Pause all", self._frame.services.tasks.pause_all)
        menu.addSeparator()
        menu.addAction("Quit", self.leave)
        icon.setContextMenu(menu)
        icon.setToolTip("ShotDock")
        icon.activated.connect(self._activated)
        icon.messageClicked.connect(self._clicked)
        icon.show()
        self.icon = icon

    def holds(self) -> bool:
        """Ask, if closing the window now would stop what could go on in the tray; False if it may just close."""
        if self._leaving or self.icon is None or not self._busy:
            return False
        dialog = KeepWorkingDialog(self._frame, len(self._busy), self._window)
        dialog.kept.connect(self._window.hide)
        dialog.left.connect(self.leave)
        dialog.open()
        return True

    def leave(self) -> None:
        """End ShotDock without another question."""
        self._leaving = True
        self.left.emit()

    def tell(self, message: Digest) -> None:
        """Tell of an ended task: beside the tray, or in the status bar where there is none."""
        self._told = message.task
        if self.icon is None:
            self.said.emit(message.title)
            return
        kind = QSystemTrayIcon.MessageIcon
        self.icon.showMessage(
            untagged(message.title), untagged(message.body), kind.Warning if message.failed else kind.Information
        )

    def count_down(self) -> None:
        """Close in half a minute, unless somebody wants to stay."""
        self.seconds = COUNTDOWN
        self._timer.start()
        title = f"Everything is done: ShotDock closes in {COUNTDOWN} seconds"
        text = "This was asked for with the task that has ended. Nothing is lost if it stays open."
        card = Card(self._frame.theme, title, text, acts=(("Stay open", self.stay),), tone=Tone.ACCENT, icon="clock")
        card.closed.connect(self.stay)
        self._notices.put(card)
        self.opened.emit()

    def stay(self) -> None:
        """Stop the countdown."""
        self._timer.stop()
        self.seconds = 0
        self._notices.drop(f"Everything is done: ShotDock closes in {COUNTDOWN} seconds")
        self.said.emit("ShotDock stays open")

    def _count(self) -> None:
        self.seconds -= 1
        self.said.emit(f"ShotDock closes in {self.seconds} s")
        if self.seconds <= 0:
            self._timer.stop()
            self.leave()

    def _note(self, tasks: tuple[Task, ...]) -> None:
        for task in tasks:
            (self._busy.add if task.state in BUSY else self._busy.discard)(task.id)
        if self.icon is not None:
            counted = self._frame.formats.counted(len(self._busy), "task")
            self.icon.setToolTip(f"ShotDock: {counted} under way or waiting" if self._busy else "ShotDock")

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason is not QSystemTrayIcon.ActivationReason.Context:
            self.opened.emit()

    def _clicked(self) -> None:
        self.opened.emit()
        if self._told is not None:
            self.task_opened.emit(self._told)
