"""Cells that a plain table does not draw: a path in two tones, a version to choose, a progress bar."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPalette, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from desktop.ui.colours import Tone
from desktop.ui.models.columns import RIGHT, Bar
from desktop.ui.theme import Theme

Index = QModelIndex | QPersistentModelIndex
LEFT_TO_RIGHT, END = "\N{LEFT-TO-RIGHT ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"
"""Around a text of a mirrored window: the words are English, and `3.0 of 55.4 MB` must not read from its end."""
PAD = 8
"""Pixels between a cell's edge and its text."""


class Cell(QStyledItemDelegate):
    """Draws the ground every cell has; the others draw on top of it."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        """Leave out the focus frame of single cells, and let a selected row keep its colours: they mean something."""
        super().initStyleOption(option, index)
        option.state &= ~QStyle.StateFlag.State_HasFocus
        option.palette.setBrush(QPalette.ColorRole.HighlightedText, option.palette.brush(QPalette.ColorRole.Text))
        if option.direction is Qt.LayoutDirection.RightToLeft and option.text:
            option.text = f"{LEFT_TO_RIGHT}{option.text}{END}"

    def ground(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        """Fill the cell of a selected row, and have what is drawn on it read from left to right."""
        painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, option.palette.highlight())


class PathCell(Cell):
    """What comes before a name in a fainter tone, then the name."""

    def __init__(self, theme: Theme, parent: QWidget, role: int) -> None:
        super().__init__(theme, parent)
        self._role = role

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw the two parts; the first gives way if there is no room for both, then the end of the name does.

        Names of one show differ in their first letters.
        """
        parts = index.data(self._role)
        if not parts:
            super().paint(painter, option, index)
            return
        before, name = parts
        self.ground(painter, option)
        rect = option.rect.adjusted(PAD, 0, -PAD, 0)
        metrics = option.fontMetrics
        width = metrics.horizontalAdvance(name)
        painter.save()
        painter.setFont(option.font)
        room = rect.width() - width
        shown = metrics.elidedText(before, Qt.TextElideMode.ElideMiddle, room) if before and room > 12 else ""
        if option.direction is Qt.LayoutDirection.RightToLeft and room > 0:
            rect.setLeft(rect.right() - width - metrics.horizontalAdvance(shown))
        if shown:
            painter.setPen(self.theme.colour(Tone.FAINT))
            painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter, shown)
            rect.setLeft(rect.left() + metrics.horizontalAdvance(shown))
        painter.setPen(self.theme.colour(Tone.TEXT))
        text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, rect.width())
        painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter, text)
        painter.restore()


class ChoiceCell(Cell):
    """A text with a small arrow: it can be clicked to choose another."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw the text, and the arrow beside it."""
        super().paint(painter, option, index)
        rect = option.rect
        size = 10
        box = QRect(rect.right() - size - PAD, rect.center().y() - size // 2 + 1, size, size)
        self.theme.icon("chevron-down", Tone.FAINT).paint(painter, box)


class BarCell(Cell):
    """A thin bar with its percentage beside it; where there is no bar, words."""

    def __init__(self, theme: Theme, parent: QWidget, role: int) -> None:
        super().__init__(theme, parent)
        self._role = role

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw the bar of the cell's role, or the cell's words if it has none."""
        bar = index.data(self._role)
        if not isinstance(bar, Bar):
            super().paint(painter, option, index)
            return
        self.ground(painter, option)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        words_width = option.fontMetrics.horizontalAdvance("100 %") + 6
        rect = option.rect.adjusted(PAD, 0, -PAD - words_width, 0)
        track = QRectF(rect.left(), rect.center().y() - 2, rect.width(), 5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.theme.ground("line_strong"))
        painter.drawRoundedRect(track, 2.5, 2.5)
        if bar.fraction:
            filled = QRectF(track)
            filled.setWidth(max(5.0, track.width() * min(1.0, bar.fraction)))
            painter.setBrush(self.theme.colour(bar.tone))
            painter.drawRoundedRect(filled, 2.5, 2.5)
        painter.setPen(QPen(self.theme.colour(Tone.TEXT)))
        painter.setFont(option.font)
        words = QRect(rect.right() + 4, option.rect.top(), words_width, option.rect.height())
        painter.drawText(words, RIGHT, bar.words)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Ask for enough room to see movement."""
        return QSize(140, option.rect.height())
