"""The videos as cards, and as a list: two views of one model with one selection."""

from collections.abc import Iterator

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCursor, QHelpEvent, QKeyEvent, QMouseEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QToolTip

from desktop.core.gallery import Video
from desktop.ui.formats import Formats
from desktop.ui.models.gallery import GalleryModel
from desktop.ui.models.thumbnails import Thumbnails
from desktop.ui.theme import Theme
from desktop.ui.widgets.video_card import GAP, Hit, VideoCard, picture_rect

LEAST_WIDTH = 226
"""Pixels a cell has at least; what is left over is shared by all."""
WANT_AFTER = 60
"""Milliseconds the view has to rest before the pictures in sight are asked for."""


class GalleryGrid(QListView):
    """Signals: played, fetched (rows of cards whose buttons were pressed), dragged (cards are taken out)."""

    played = Signal(int)
    fetched = Signal(int)
    dragged = Signal()

    def __init__(self, theme: Theme, formats: Formats, model: GalleryModel, thumbnails: Thumbnails) -> None:
        super().__init__()
        self._model, self._thumbnails = model, thumbnails
        self.card = VideoCard(theme, formats, model, thumbnails, self)
        self._held: tuple[int, Hit] | None = None
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(WANT_AFTER)
        self._rest.timeout.connect(self._want)
        self.setAccessibleName("Videos")
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setLayoutMode(QListView.LayoutMode.SinglePass)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionRectVisible(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setViewportMargins(0, GAP // 2, 0, 0)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setMouseTracking(True)
        self.setItemDelegate(self.card)
        self.setModel(model)
        self.setModelColumn(0)
        thumbnails.arrived.connect(self._arrived)
        model.modelReset.connect(self._moved_on)
        self.verticalScrollBar().valueChanged.connect(lambda _value: self._moved_on())
        theme.changed.connect(self.viewport().update)

    def in_sight(self, pages: int = 0) -> list[Video]:
        """Return the videos in sight, then those of so many pages below and above; counted, not asked of the model."""
        rows, grid = self._model.rows(), self.gridSize()
        if not rows or grid.isEmpty():
            return []
        across = max(1, self.viewport().width() // grid.width())
        top = self.verticalScrollBar().value()
        first = top // grid.height() * across
        last = (-(-(top + self.viewport().height()) // grid.height())) * across
        page = (last - first) * pages
        return [*rows[first:last], *rows[last : last + page], *rows[max(0, first - page) : first]]

    def want_soon(self) -> None:
        """Ask for the pictures in sight that are not here, once the view rests."""
        self._rest.start()

    def blank_cards(self, room: QSize) -> Iterator[QRect]:
        """Yield where cards would be if there were enough of them to fill a room."""
        cell = room.width() // max(1, room.width() // LEAST_WIDTH)
        self.card.width = cell - GAP
        size = self.card.card_size()
        for top in range(GAP // 2, room.height(), size.height() + GAP):
            for left in range(GAP // 2, room.width() - size.width(), cell):
                yield QRect(QPoint(left, top), size)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the width among as many cards as fit."""
        width = self.viewport().width()
        cell = width // max(1, width // LEAST_WIDTH)
        self.card.width = cell - GAP
        self.setGridSize(QSize(cell, self.card.card_size().height() + GAP))
        super().resizeEvent(event)
        self._rest.start()

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for the pictures in sight."""
        super().showEvent(event)
        self._rest.start()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Play what is current; the rest is Qt's."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            if self.currentIndex().isValid():
                self.played.emit(self.currentIndex().row())
            return
        super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Hold a card's button down, or select."""
        self._held = self._hit(event.position().toPoint()) if event.button() is Qt.MouseButton.LeftButton else None
        if self._held is None or self._held[1] is Hit.CARD:
            self._held = None
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show which button the pointer is over."""
        self._hover(self._hit(event.position().toPoint()))
        if self._held is None:
            super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Do what the button that was held says, if the pointer is still on it."""
        held, self._held = self._held, None
        if held is None:
            super().mouseReleaseEvent(event)
        elif self._hit(event.position().toPoint()) == held:
            (self.played if held[1] is Hit.PLAY else self.fetched).emit(held[0])

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Play; the second click of two on a button is a click on it."""
        hit = self._hit(event.position().toPoint())
        if hit is not None and hit[1] is Hit.CARD and event.button() is Qt.MouseButton.LeftButton:
            self.played.emit(hit[0])
        elif hit is not None:
            self._held = hit

    def leaveEvent(self, event: QEvent) -> None:
        """Hide the buttons."""
        self._hover(None)
        super().leaveEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        """Say what a button does when the pointer rests on it."""
        if isinstance(event, QHelpEvent):
            hit = self._hit(event.pos())
            words = {Hit.PLAY: "Play  (Space)", Hit.FETCH: "Download  (Ctrl+D)"}.get(hit[1]) if hit else None
            if words:
                QToolTip.showText(event.globalPos(), words, self.viewport())
                return True
        return super().viewportEvent(event)

    def startDrag(self, supported: Qt.DropAction) -> None:
        """Leave what is dragged, and where to, to the tab."""
        self.dragged.emit()

    def _hit(self, at: QPoint) -> tuple[int, Hit] | None:
        index = self.indexAt(at)
        if not index.isValid():
            return None
        standing = self._model.standing(index.row())
        return index.row(), self.card.hit(self.visualRect(index), at, standing, self.isRightToLeft())

    def _hover(self, hit: tuple[int, Hit] | None) -> None:
        if hit != self.card.hovered:
            for old in (self.card.hovered, hit):
                if old is not None:
                    self.update(self._model.index(old[0], 0))
            self.card.hovered = hit
            over = hit is not None and hit[1] is not Hit.CARD
            self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)

    def _moved_on(self) -> None:
        """Note that other cards are in sight, and another one under the pointer."""
        self._rest.start()
        under = self.viewport().underMouse()
        self._hover(self._hit(self.viewport().mapFromGlobal(QCursor.pos())) if under else None)

    def _want(self) -> None:
        if self.isVisible():
            size = picture_rect(QRect(QPoint(), self.card.card_size())).size()
            self._thumbnails.want(self.in_sight(pages=1), size * self.devicePixelRatioF())

    def _arrived(self, video: str) -> None:
        row = self._model.row_of(video)
        if row >= 0:
            self.update(self._model.index(row, 0))
