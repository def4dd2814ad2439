"""The small parts everything is laid out with: labels, buttons, rows and columns."""

from collections.abc import Callable
from itertools import pairwise

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from desktop.ui.colours import Tone
from desktop.ui.formats import plain, upright
from desktop.ui.theme import Theme

Thing = QWidget | QLayout | int | None
"""What a row or column takes: a widget, a layout, a gap in pixels, or None for a stretch."""


def label(text: str = "", role: str = "", wrap: bool = False) -> QLabel:
    """Return a label; role names a look of the style sheet (title, head, muted, faint, ...)."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    if role:
        made.setProperty("role", role)
    made.setWordWrap(wrap)
    return made


class Paragraph(QLabel):
    """Wrapped words of a fixed width that is always tall enough for all of them."""

    def __init__(self, text: str, width: int, role: str = "muted") -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)
        self.setWordWrap(True)
        self.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self.setFixedWidth(width)
        self.show_text(text)

    def show_text(self, text: str) -> None:
        """Show other words."""
        self.setText(text)
        self.ensurePolished()
        self.setFixedHeight(max(0, self.heightForWidth(self.width())))


class Push(QPushButton):
    """A push button that keeps its icon off its words, which no style sheet can."""

    def setText(self, text: str) -> None:
        """Show the words and tell them to a screen reader."""
        self.setAccessibleName(text)
        super().setText(f"\N{NO-BREAK SPACE}{text}" if not self.icon().isNull() else text)


def set_role(made: QLabel, role: str) -> None:
    """Give a label another look."""
    if made.property("role") != role:
        made.setProperty("role", role)
        made.style().unpolish(made)
        made.style().polish(made)


def mark_wrong(line: QLineEdit, complaint: str) -> None:
    """Mark a field whose text is refused, and tell a screen reader why; "" if nothing is wrong."""
    line.setAccessibleDescription(complaint)
    if bool(line.property("wrong")) != bool(complaint):
        line.setProperty("wrong", bool(complaint))
        line.style().unpolish(line)
        line.style().polish(line)


def push(
    theme: Theme, text: str, icon: str = "", kind: str = "", run: Callable[[], object] | None = None
) -> QPushButton:
    """Return a push button; kind: "primary" for the one next thing to do, "danger", "link" or ""."""
    button = Push()
    button.setProperty("kind", kind)
    button.setCursor(Qt.CursorShape.PointingHandCursor if kind == "link" else Qt.CursorShape.ArrowCursor)
    if icon:
        tone = {"primary": Tone.ON_ACCENT, "danger": Tone.BAD}.get(kind, Tone.TEXT)
        theme.dress(button, icon, tone)
    button.setText(upright(text))
    if run is not None:
        button.clicked.connect(lambda: run())
    return button


def tool(
    theme: Theme, icon: str, name: str, run: Callable[[], object] | None = None, kind: str = "", checkable: bool = False
) -> QToolButton:
    """Return an icon button; its name is its tool tip and what a screen reader says."""
    button = QToolButton()
    theme.dress(button, icon)
    button.setIconSize(QSize(16, 16))
    button.setToolTip(name)
    button.setAccessibleName(name)
    button.setProperty("kind", kind)
    button.setCheckable(checkable)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    if run is not None:
        button.clicked.connect(lambda: run())
    return button


def spin(name: str, least: int, most: int) -> QSpinBox:
    """Return a field for a whole number."""
    box = QSpinBox()
    box.setAccessibleName(name)
    box.setRange(least, most)
    # A style sheet's padding does not reach the text field inside.
    box.lineEdit().setTextMargins(6, 0, 0, 0)
    return box


def row(*things: Thing, margins: tuple[int, int, int, int] = (0, 0, 0, 0), spacing: int = 8) -> QHBoxLayout:
    """Lay things out from left to right."""
    layout = QHBoxLayout()
    _fill(layout, things, margins, spacing)
    return layout


def column(*things: Thing, margins: tuple[int, int, int, int] = (0, 0, 0, 0), spacing: int = 8) -> QVBoxLayout:
    """Lay things out from top to bottom."""
    layout = QVBoxLayout()
    _fill(layout, things, margins, spacing)
    return layout


def panel(layout: QLayout, name: str = "panel") -> QWidget:
    """Return a widget around a layout; its name gives it its ground in the style sheet."""
    made = QWidget()
    made.setObjectName(name)
    made.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    made.setLayout(layout)
    return made


def in_turn(*widgets: QWidget) -> None:
    """Let the tabulator go through widgets in this order."""
    for before, after in pairwise(widgets):
        QWidget.setTabOrder(before, after)


def rule(vertical: bool = False) -> QFrame:
    """Return a thin separating line."""
    line = QFrame()
    line.setObjectName("ruleV" if vertical else "rule")
    return line


def _fill(
    layout: QHBoxLayout | QVBoxLayout, things: tuple[Thing, ...], margins: tuple[int, int, int, int], spacing: int
) -> None:
    layout.setContentsMargins(*margins)
    layout.setSpacing(spacing)
    for thing in things:
        if thing is None:
            layout.addStretch(1)
        elif isinstance(thing, int):
            layout.addSpacing(thing)
        elif isinstance(thing, QLayout):
            layout.addLayout(thing)
        else:
            layout.addWidget(thing)


class Mark(QWidget):
    """An icon that stands by itself and follows the theme."""

    def __init__(self, theme: Theme, icon: str, tone: Tone = Tone.TEXT, size: int = 16) -> None:
        super().__init__()
        self._theme, self._icon, self._tone = theme, icon, tone
        self.setFixedSize(size, size)

    def show_icon(self, icon: str, tone: Tone) -> None:
        """Show another icon."""
        if (icon, tone) != (self._icon, self._tone):
            self._icon, self._tone = icon, tone
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the icon over the whole widget."""
        painter = QPainter(self)
        self._theme.icon(self._icon, self._tone).paint(painter, QRect(0, 0, self.width(), self.height()))
        painter.end()


class Elided(QLabel):
    """A label that shortens its text in the middle to the room it has, and shows all of it on hover."""

    def __init__(self, text: str = "", role: str = "", mode: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle) -> None:
        super().__init__()
        self._whole, self._mode = text, mode
        if role:
            self.setProperty("role", role)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setMinimumWidth(40)

    def show_text(self, text: str) -> None:
        """Show another text."""
        self._whole = text
        self.setToolTip(plain(text))
        self.setAccessibleName(text)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shorten the text to the new width."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self.setText(self.fontMetrics().elidedText(self._whole, self._mode, max(0, self.width() - 2)))
