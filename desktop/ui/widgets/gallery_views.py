"""The gallery's two views on one model: cards or list, with one selection that lasts through sorting and refreshing."""

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractItemView, QStackedWidget, QWidget

from desktop.core.gallery import Video
from desktop.ui.formats import Formats
from desktop.ui.models.gallery import COLUMNS, GalleryModel
from desktop.ui.models.thumbnails import Thumbnails
from desktop.ui.theme import Theme
from desktop.ui.widgets.gallery_grid import GalleryGrid
from desktop.ui.widgets.tables import Table


class GalleryList(Table):
    """The list: its columns sort by numbers where they show numbers. played: a row; dragged: rows are taken out."""

    played = Signal(int)
    dragged = Signal()

    def __init__(self, theme: Theme, model: GalleryModel) -> None:
        super().__init__(theme, model, COLUMNS, "Videos")
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.horizontalHeader().setSortIndicator(*model.sorted_by)
        self.setSortingEnabled(True)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.doubleClicked.connect(lambda index: self.played.emit(index.row()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Play what is current; the rest is Qt's."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            if self.currentIndex().isValid():
                self.played.emit(self.currentIndex().row())
            return
        super().keyPressEvent(event)

    def startDrag(self, supported: Qt.DropAction) -> None:
        """Leave what is dragged, and where to, to the tab."""
        self.dragged.emit()


class Blank(QWidget):
    """The places of cards while nothing is known of them yet."""

    def __init__(self, grid: GalleryGrid) -> None:
        super().__init__()
        self._grid = grid
        self.setAccessibleName("The videos are being asked for")

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw them as the grid would."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for card in self._grid.blank_cards(self.size()):
            self._grid.card.paint_blank(painter, card)
        painter.end()


class GalleryViews(QStackedWidget):
    """Signals: picked (the selection is another), played, fetched (a row), dragged, asked (menu at a global point)."""

    picked = Signal()
    played = Signal(int)
    fetched = Signal(int)
    dragged = Signal()
    asked = Signal(QPoint)

    def __init__(self, theme: Theme, formats: Formats, model: GalleryModel, thumbnails: Thumbnails) -> None:
        super().__init__()
        self._model = model
        self._kept: set[str] = set()
        self._current = ""
        self._places = (0, 0)
        self.grid = GalleryGrid(theme, formats, model, thumbnails)
        self.list = GalleryList(theme, model)
        own = self.grid.selectionModel()
        self.grid.setSelectionModel(self.list.selectionModel())
        own.deleteLater()
        self.blank = Blank(self.grid)
        for page in (self.grid, self.list, self.blank):
            self.addWidget(page)
        for view in (self.grid, self.list):
            view.played.connect(self.played)
            view.dragged.connect(self.dragged)
            view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            view.customContextMenuRequested.connect(
                lambda at, view=view: self.asked.emit(view.viewport().mapToGlobal(at))
            )
        self.grid.fetched.connect(self.fetched)
        model.modelAboutToBeReset.connect(self._keep)
        model.modelReset.connect(self._restore)
        self.list.selectionModel().selectionChanged.connect(lambda: self.picked.emit())
        self.as_cards = True

    @property
    def shown(self) -> QAbstractItemView:
        """Return the view in use."""
        return self.grid if self.as_cards else self.list

    def show_cards(self, cards: bool) -> None:
        """Show the cards or the list; what is selected and current is so in the other, too."""
        self.as_cards = cards
        if self.current() >= 0:
            self.look_at(self.current())  # a list of cards knows the first column alone
        self.setCurrentWidget(self.shown)

    def show_blank(self) -> None:
        """Show that the videos are not known yet."""
        self.setCurrentWidget(self.blank)

    def show_videos(self) -> None:
        """Show the view in use."""
        self.setCurrentWidget(self.shown)

    def show_sorting(self) -> None:
        """Show in the list's header what the rows are sorted by."""
        header = self.list.horizontalHeader()
        with QSignalBlocker(header):
            header.setSortIndicator(*self._model.sorted_by)

    def chosen(self) -> list[Video]:
        """Return the selected videos, in order."""
        rows = self._model.rows()
        return [rows[number] for number in self.list.selected_rows()]

    def look_at(self, row: int) -> None:
        """Make a row the current one and bring it in sight; what is selected stays so."""
        index = self._model.index(row, 0)
        self.list.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)
        self.shown.scrollTo(index)

    def current(self) -> int:
        """Return the current row, or -1."""
        index: QModelIndex = self.list.currentIndex()
        return index.row() if index.isValid() else -1

    def _keep(self) -> None:
        self._kept = {video.id for video in self.chosen()}
        rows, current = self._model.rows(), self.current()
        self._current = rows[current].id if 0 <= current < len(rows) else ""
        self._places = (self.grid.verticalScrollBar().value(), self.list.verticalScrollBar().value())

    def _restore(self) -> None:
        rows = sorted(row for row in map(self._model.row_of, self._kept) if row >= 0)
        # Both lay out what they have got only now: before, there is nothing to scroll to; and once is enough.
        self.grid.doItemsLayout()
        self.list.doItemsLayout()
        if self._current and (row := self._model.row_of(self._current)) >= 0:
            self.look_at(row)
        self.list.select_rows(rows)
        self.grid.verticalScrollBar().setValue(self._places[0])
        self.list.verticalScrollBar().setValue(self._places[1])
        self.picked.emit()
