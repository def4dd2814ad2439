"""A task's activity: the last minute's speed, what is under way, and the moments of its life."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from desktop.core.task import LogLine, Progress, Task
from desktop.ui.colours import Tone
from desktop.ui.formats import LEVEL_TONES, plain
from desktop.ui.tab import Frame
from desktop.ui.widgets.parts import Elided, column, label
from desktop.ui.widgets.speed_graph import SpeedGraph

SHOWN_LINES = 200


class Activity(QWidget):
    """Follows one task."""

    def __init__(self, frame: Frame) -> None:
        super().__init__()
        self._frame = frame
        self._graph = SpeedGraph(frame.theme, frame.formats)
        self._now = Elided(role="muted")
        self._lanes = label("", "faint")
        self.events = QListWidget()
        self.events.setAccessibleName("Moments of the task")
        self.events.setUniformItemSizes(True)
        self.events.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.events.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        head = column(
            label("SPEED", "section"), self._graph, self._now, self._lanes, margins=(12, 10, 12, 10), spacing=4
        )
        moments = label("MOMENTS", "section")
        moments.setContentsMargins(12, 4, 0, 4)
        body = column(head, moments, spacing=0)
        body.addWidget(self.events, 1)
        self.setLayout(body)

    def show_task(self, task: Task) -> None:
        """Begin to follow another task."""
        self._graph.clear()
        self._now.show_text("")
        self._lanes.setText("")
        self.events.clear()

    def advance(self, progress: Progress) -> None:
        """Take a reading."""
        self._graph.add(progress.speed)
        self._now.show_text(", ".join(name.rpartition("/")[2] for name in progress.current[:3]))
        lanes = self._frame.formats.counted(progress.lanes, "lane")
        left = self._frame.formats.left(progress.left)
        parts = (self._frame.formats.speed(progress.speed), lanes, f"{left} left" if left else progress.phase)
        self._lanes.setText("  \N{MIDDLE DOT}  ".join(part for part in parts if part))

    def show_lines(self, lines: Sequence[LogLine]) -> None:
        """Show the moments, the newest first: the lines that are about the task and not about one item."""
        self.events.clear()
        moments = [line for line in lines if not line.item or line.level not in ("DEBUG", "INFO")]
        for line in reversed(moments[-SHOWN_LINES:]):
            item = QListWidgetItem(f"{self._frame.formats.clock(line.time)}   {line.message}")
            item.setForeground(self._frame.theme.colour(LEVEL_TONES.get(line.level, Tone.MUTED)))
            item.setToolTip(plain(line.message))
            self.events.addItem(item)
