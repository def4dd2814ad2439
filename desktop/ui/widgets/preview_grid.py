"""Previews of results as a grid: the textured and the wireframe picture of each view side by side."""

from PySide6.QtCore import QModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyleOptionViewItem, QWidget

from desktop.ui.colours import Tone
from desktop.ui.models.previews import PAIR_ROLE, Pair, Pictures, PreviewModel
from desktop.ui.theme import Theme
from desktop.ui.widgets.cells import Cell, Index

SIDE = 112
"""Pixels of a picture's side in the grid."""
GAP = 4
PAD = 8
CAPTION = 20


class PairCell(Cell):
    """Two pictures and their caption."""

    def __init__(self, theme: Theme, pictures: Pictures, parent: QWidget) -> None:
        super().__init__(theme, parent)
        self._pictures = pictures

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return one size for all."""
        return QSize(2 * SIDE + GAP + 2 * PAD, SIDE + CAPTION + 2 * PAD)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw what is there of the pictures; what is not read yet is a calm field."""
        pair = index.data(PAIR_ROLE)
        if not isinstance(pair, Pair):
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        self.ground(painter, option)
        if option.state & QStyle.StateFlag.State_MouseOver and not option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, self.theme.ground("accent_soft"))
        for number, path in enumerate((pair.textured, pair.wireframe)):
            field = place_of(option.rect, number)
            painter.fillRect(field, self.theme.ground("raised"))
            picture = self._pictures.get(path) if path is not None else None
            if picture is not None and not picture.isNull():
                size = picture.size().scaled(field.size(), Qt.AspectRatioMode.KeepAspectRatio)
                shown = QRect(QPoint(0, 0), size)
                shown.moveCenter(field.center())
                painter.drawPixmap(shown, picture)
            elif path is None or picture is not None:
                painter.setPen(self.theme.colour(Tone.FAINT))
                painter.drawText(field, Qt.AlignmentFlag.AlignCenter, "no picture")
        painter.setPen(self.theme.colour(Tone.MUTED))
        caption = QRect(option.rect.left() + PAD, option.rect.top() + PAD + SIDE, 2 * SIDE + GAP, CAPTION)
        painter.drawText(caption, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, pair.caption)
        painter.restore()


def place_of(rect: QRect, number: int) -> QRect:
    """Return where the first or second picture of an item is."""
    return QRect(rect.left() + PAD + number * (SIDE + GAP), rect.top() + PAD, SIDE, SIDE)


class PreviewGrid(QListView):
    """`enlarged` carries (row, 0 for the textured picture, 1 for the wireframe)."""

    enlarged = Signal(int, int)

    def __init__(self, theme: Theme, model: PreviewModel, pictures: Pictures) -> None:
        super().__init__()
        self.setModel(model)
        self.setItemDelegate(PairCell(theme, pictures, self))
        self.setAccessibleName("Previews")
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setSpacing(2)
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        pictures.arrived.connect(lambda _path: self.viewport().update())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Enlarge the picture under the pointer."""
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and event.button() is Qt.MouseButton.LeftButton:
            second = place_of(self.visualRect(index), 1)
            self.enlarged.emit(index.row(), int(event.position().x() >= second.left()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enlarge the current picture on Enter or Space."""
        index: QModelIndex = self.currentIndex()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and index.isValid():
            self.enlarged.emit(index.row(), 0)
        else:
            super().keyPressEvent(event)
