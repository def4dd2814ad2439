"""The status bar: speed, the limit in force, lanes, room on the disk, and the connection's state."""

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QStatusBar, QWidget

from desktop.core.task import Progress, Task, TaskState
from desktop.ui.colours import Tone
from desktop.ui.free_space import Room
from desktop.ui.limit_button import LimitButton
from desktop.ui.tab import Frame
from desktop.ui.widgets.parts import Elided, Mark, label, row, rule

SAID_FOR = 12_000
"""Milliseconds a sentence stays: longer, and it would speak of what is long over."""

LINK_FACES = {
    "none": ("plug", Tone.FAINT),
    "online": ("up-to-date", Tone.GOOD),
    "busy": ("refresh", Tone.INFO),
    "offline": ("offline", Tone.WARN),
}


class StatusLine(QStatusBar):
    """Words at the left come and go; the figures at the right stay in their places."""

    def __init__(self, frame: Frame) -> None:
        super().__init__()
        self._formats = frame.formats
        self.setSizeGripEnabled(False)
        self._speed = label("idle")
        self.limit = LimitButton(frame)
        self._lanes = label("")
        self._disk = label("")
        self._link = label("")
        self._link_mark = Mark(frame.theme, "plug", Tone.FAINT, 14)
        self._speed.setMinimumWidth(72)
        self._said = Elided(role="muted", mode=Qt.TextElideMode.ElideRight)
        self._said.setContentsMargins(12, 0, 0, 0)
        self._hush = QTimer(self)
        self._hush.setSingleShot(True)
        self._hush.setInterval(SAID_FOR)
        self._hush.timeout.connect(lambda: self._said.show_text(""))
        self.addWidget(self._said, 1)
        for icon, words in (("speed", self._speed), ("", self.limit), ("lanes", self._lanes), ("disk", self._disk)):
            words.setProperty("role", "muted")
            self._put(Mark(frame.theme, icon, Tone.FAINT, 14) if icon else None, words)
        self._put(self._link_mark, self._link, last=True)
        frame.services.tasks.progressed.connect(self._progressed)
        frame.services.tasks.changed.connect(self._changed)
        frame.destination.measured.connect(self._measured)
        self._running: set[int] = set()
        self.rest()
        self.show_link("", "none")

    def say(self, words: str) -> None:
        """Show a sentence for a while."""
        self._said.show_text(words)
        self._hush.start()

    def rest(self) -> None:
        """Show that nothing runs."""
        self._speed.setText("idle")
        self._lanes.setText("no lanes")

    def show_link(self, words: str, state: str) -> None:
        """Show the connection's state: none, online, busy or offline."""
        icon, tone = LINK_FACES[state]
        self._link_mark.show_icon(icon, tone)
        self._link.setText(words or "no connection")

    def _changed(self, tasks: tuple[Task, ...]) -> None:
        for task in tasks:
            if task.state is TaskState.RUNNING:
                self._running.add(task.id)
            else:
                self._running.discard(task.id)
        if not self._running:
            self.rest()

    def _progressed(self, progresses: tuple[Progress, ...]) -> None:
        speed = sum(progress.speed for progress in progresses)
        lanes = sum(progress.lanes for progress in progresses)
        self._speed.setText(self._formats.speed(speed) or "idle")
        self._lanes.setText(self._formats.counted(lanes, "lane"))

    def _measured(self, room: Room) -> None:
        self._disk.setText(f"{self._formats.size(room.free)} free" if room.free is not None else "disk unknown")

    def _put(self, mark: Mark | None, words: QWidget, last: bool = False) -> None:
        holder = QWidget()
        line = row(spacing=6, margins=(8, 0, 10, 0))
        if mark is not None:
            line.addWidget(mark)
        line.addWidget(words)
        holder.setLayout(line)
        self.addPermanentWidget(holder)
        if not last:
            divider = rule(vertical=True)
            divider.setFixedHeight(14)
            self.addPermanentWidget(divider)
