"""A task's item in a list: name and state, figures under it, a thin progress line while it runs."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFont, QPainter
from PySide6.QtWidgets import QStyleOptionViewItem, QWidget

from desktop.core.plan import ItemState
from desktop.core.task import TaskItem
from desktop.ui.colours import Tone
from desktop.ui.formats import item_face
from desktop.ui.models.task_items import FRACTION_ROLE, ITEM_ROLE, TaskItemModel
from desktop.ui.theme import Theme
from desktop.ui.widgets.cells import Cell

Index = QModelIndex | QPersistentModelIndex
HEIGHT = 46


class ItemCell(Cell):
    """Two lines an item."""

    def __init__(self, theme: Theme, parent: QWidget, model: TaskItemModel) -> None:
        super().__init__(theme, parent)
        self._model = model

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Ask for two lines."""
        return QSize(120, HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw an item."""
        item = index.data(ITEM_ROLE)
        if not isinstance(item, TaskItem):
            return
        self.ground(painter, option)
        icon, word, tone = item_face(item)
        rect: QRect = option.rect.adjusted(12, 5, -12, -5)
        painter.save()
        metrics = option.fontMetrics
        top = QRect(rect.left(), rect.top(), rect.width(), rect.height() // 2)
        width = metrics.horizontalAdvance(word) + 22
        state = QRect(top.right() - width, top.top(), width, top.height())
        self.theme.icon(icon, tone).paint(painter, QRect(state.left(), state.center().y() - 7, 15, 15))
        painter.setFont(option.font)
        painter.setPen(self.theme.colour(tone))
        painter.drawText(state.adjusted(20, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, word)
        name = QRect(top.left(), top.top(), top.width() - width - 8, top.height())
        painter.setPen(self.theme.colour(Tone.TEXT))
        shown = metrics.elidedText(item.label, Qt.TextElideMode.ElideMiddle, name.width())
        painter.drawText(name, Qt.AlignmentFlag.AlignVCenter, shown)
        small = QFont(option.font)
        small.setPointSizeF(small.pointSizeF() - 1)
        painter.setFont(small)
        low = QRect(rect.left(), top.bottom() + 1, rect.width(), rect.height() - top.height())
        warns = bool(item.error_message)
        painter.setPen(self.theme.colour(Tone.WARN if warns else Tone.FAINT))
        words = item.error_message or self._model.figures(item)
        painter.drawText(
            low,
            Qt.AlignmentFlag.AlignVCenter,
            painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, low.width()),
        )
        fraction = index.data(FRACTION_ROLE)
        line = QRect(option.rect.left(), option.rect.bottom() - 1, option.rect.width(), 1)
        painter.fillRect(line, self.theme.ground("line"))
        if item.state is ItemState.RUNNING and fraction:
            line.setWidth(int(line.width() * fraction))
            painter.fillRect(line.adjusted(0, -1, 0, 0), self.theme.colour(Tone.ACCENT))
        painter.restore()
