"""The controls below the picture: where it is, what moves it, how loud it is."""

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QToolButton, QWidget

from desktop.ui.models.timeline import Timeline
from desktop.ui.reel import Reel
from desktop.ui.widgets.action_button import ActionButton
from desktop.ui.widgets.parts import Elided, column, label, row, set_role
from desktop.ui.widgets.seek_slider import SeekSlider

ROOMY = 900
"""Pixels of width from which on everything has room, hours and tens of thousands of frames too."""

ROLES = {"muted": "muted", "warn": "warn"}


class PlayerBar(QWidget):
    """The buttons are the dialog's actions, so that a key and a button never differ."""

    def __init__(self, actions: Mapping[str, QAction]) -> None:
        super().__init__()
        self.setObjectName("playerBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._actions = actions
        self._timeline = Timeline()
        self.seek = SeekSlider("Position", 0, self._words_at)
        self.volume = SeekSlider("Volume", 100, lambda value: f"{value} %")
        self.volume.setFixedWidth(96)
        self.clock = label()
        self.frame = label("", "muted")
        self.state = Elided("", "muted", Qt.TextElideMode.ElideRight)
        self.state.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        button = self._button
        line = row(
            *(button(name, 24 if name == "play" else 20) for name in ("play", "previous", "next")),
            8,
            button("frame-back"),
            button("frame-forward"),
            12,
            self.clock,
            10,
            self.frame,
            spacing=2,
        )
        line.addStretch(1)
        line.addSpacing(16)
        line.addWidget(self.state, 8)
        line.addSpacing(16)
        for thing in (button("loop"), button("mute"), self.volume, button("download"), button("full-screen")):
            line.addWidget(thing)
            if thing is self.volume:
                line.addSpacing(10)
        self.setLayout(column(self.seek, line, margins=(16, 18, 16, 10), spacing=6))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window, leave out what can be done or learned without it."""
        super().resizeEvent(event)
        self.state.setVisible(self.width() >= ROOMY)
        self.volume.setVisible(self.width() >= ROOMY)

    def show_reel(self, reel: Reel) -> None:
        """Show where the video is."""
        timeline, number = reel.timeline, reel.number
        if timeline is not self._timeline:
            self._timeline = timeline
            self.seek.setRange(0, timeline.last)
            # What is written must not move the buttons as it counts.
            self.clock.setMinimumWidth(
                self.clock.fontMetrics().horizontalAdvance(f"{timeline.whole()} / {timeline.whole()}")
            )
        self.seek.setEnabled(reel.shows)
        self.seek.show_value(number)
        known = reel.facts is not None and not reel.lost
        self.clock.setText(f"{timeline.clock(number)} / {timeline.whole()}" if known else "")
        self.frame.setText(f"frame {number + 1} of {timeline.last + 1}" if known else "")
        self.state.show_text(reel.line)
        set_role(self.state, ROLES.get(reel.tone.value, "muted"))

    def _words_at(self, number: int) -> str:
        return f"{self._timeline.clock(number)}   frame {number + 1}"

    def _button(self, name: str, size: int = 20) -> QToolButton:
        made = ActionButton(self._actions[name], size)
        made.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # every one has a key, and Space is to play, not to press it
        return made
