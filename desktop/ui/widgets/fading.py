"""Controls that fade while nobody moves the mouse."""

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, QTimer, QVariantAnimation
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QGraphicsOpacityEffect, QWidget

IDLE_MS = 2000
FADE_MS = 250


class Fading(QObject):
    """Fades widgets out over a ground while it may; in full screen the pointer goes with them.

    Whatever moves the mouse over the ground, or calls `wake`, brings them back at once. A pointer that rests on one of
    the widgets keeps them.
    """

    def __init__(self, ground: QWidget, *faded: QWidget) -> None:
        super().__init__(ground)
        self._ground, self._faded = ground, faded
        self._allowed = self._dismissed = False
        self._last = QPointF(-1, -1)
        self._effects = [QGraphicsOpacityEffect(widget) for widget in faded]
        for widget, effect in zip(faded, self._effects, strict=True):
            # Off while opaque: drawing through an effect costs a copy of the widget with every frame below it.
            effect.setEnabled(False)
            widget.setGraphicsEffect(effect)
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.setInterval(IDLE_MS)
        self._idle.timeout.connect(self._begin)
        self._fade = QVariantAnimation(self)
        self._fade.setStartValue(1.0)
        self._fade.setEndValue(0.0)
        self._fade.setDuration(FADE_MS)
        self._fade.valueChanged.connect(self._draw)
        self._fade.finished.connect(self._gone)
        self.wake()

    def watch(self, *widgets: QWidget) -> None:
        """Wake when the mouse moves over these."""
        for widget in widgets:
            widget.installEventFilter(self)

    def allow(self, allowed: bool) -> None:
        """Let the widgets fade, or keep them."""
        if allowed != self._allowed:
            self._allowed = allowed
            self.wake()

    def dismiss(self) -> None:
        """Take the widgets away at once, until the mouse moves; called again, bring them back."""
        if self._dismissed:
            self._return()
            return
        self._dismissed = True
        self._idle.stop()
        self._fade.stop()
        self._gone()

    def wake(self) -> None:
        """Show the widgets, unless they were dismissed, and wait anew."""
        if self._dismissed:
            return
        self._fade.stop()
        for widget, effect in zip(self._faded, self._effects, strict=True):
            effect.setEnabled(False)
            widget.setVisible(not widget.property("away"))
        self._ground.unsetCursor()
        if self._allowed:
            self._idle.start()
        else:
            self._idle.stop()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Notice the mouse; some systems tell of a move that is none when a widget under the pointer goes."""
        if isinstance(event, QMouseEvent) and event.globalPosition() != self._last:
            self._last = event.globalPosition()
            self._return()
        return super().eventFilter(watched, event)

    def _return(self) -> None:
        self._dismissed = False
        self.wake()

    def _begin(self) -> None:
        if any(widget.underMouse() for widget in self._faded):
            self._idle.start()
        elif self._allowed:
            self._fade.start()

    def _draw(self, opacity: float) -> None:
        for effect in self._effects:
            effect.setEnabled(True)
            effect.setOpacity(opacity)

    def _gone(self) -> None:
        for widget in self._faded:
            widget.hide()  # a pen that taps where they were must not hit what nobody sees
        if self._ground.isFullScreen():
            self._ground.setCursor(Qt.CursorShape.BlankCursor)
