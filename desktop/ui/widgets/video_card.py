"""How a video is drawn as a card: the picture first, its name under it, its state as icon, word and colour."""

from enum import Enum, auto

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from desktop.core.gallery import Video
from desktop.ui.colours import Tone
from desktop.ui.formats import Formats
from desktop.ui.models.columns import Index
from desktop.ui.models.gallery import DURATION, SIZE, GalleryModel, face, name_of
from desktop.ui.models.gallery_states import Standing, VideoState
from desktop.ui.models.thumbnails import ROUNDING, Thumbnails
from desktop.ui.theme import Theme

GAP = 12
"""Pixels between two cards."""
PAD = 6
"""Pixels between a card's edge and its picture."""
PLAY, FETCH = 46, 30
"""Sizes of the two buttons over a picture."""
VEIL = QColor(0, 0, 0, 150)
VEIL_STRONG = QColor(0, 0, 0, 200)
WHITE = QColor("#ffffff")
BLACK = QColor("#0e0e0e")


class Hit(Enum):
    """What of a card is under the pointer."""

    CARD = auto()
    PLAY = auto()
    FETCH = auto()


def picture_rect(card: QRect) -> QRect:
    """Return where a card of this place has its picture: 16:9, as wide as the card allows."""
    width = card.width() - 2 * PAD
    return QRect(card.left() + PAD, card.top() + PAD, width, width * 9 // 16)


def play_rect(card: QRect) -> QRect:
    """Return where the play button of a card is."""
    box = QRect(0, 0, PLAY, PLAY)
    box.moveCenter(picture_rect(card).center())
    return box


def fetch_rect(card: QRect, right_to_left: bool = False) -> QRect:
    """Return where the download button of a card is."""
    picture = picture_rect(card)
    left = picture.left() + 8 if right_to_left else picture.right() - FETCH - 7
    return QRect(left, picture.bottom() - FETCH - 7, FETCH, FETCH)


class VideoCard(QStyledItemDelegate):
    """Draws the cards; every card is as large as the view's cells allow. pressed: what the mouse holds down."""

    def __init__(
        self, theme: Theme, formats: Formats, model: GalleryModel, thumbnails: Thumbnails, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._theme, self._formats, self._model, self._thumbnails = theme, formats, model, thumbnails
        self._name_font, self._small_font = theme.font(bold=True), theme.font(-0.5)
        self._name_metrics, self._small_metrics = QFontMetrics(self._name_font), QFontMetrics(self._small_font)
        self.width = 220
        self.hovered: tuple[int, Hit] | None = None

    def card_size(self) -> QSize:
        """Return the size of every card at the present width."""
        picture = (self.width - 2 * PAD) * 9 // 16
        text = self._name_metrics.height() + self._small_metrics.height() + 14
        return QSize(self.width, PAD + picture + text)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return the size of every card."""
        return self.card_size()

    def hit(self, card: QRect, at: QPoint, standing: Standing, right_to_left: bool) -> Hit:
        """Return what of a card a point means."""
        if (play_rect(card).center() - at).manhattanLength() <= PLAY * 0.7:
            return Hit.PLAY
        if can_fetch(standing) and fetch_rect(card, right_to_left).contains(at):
            return Hit.FETCH
        return Hit.CARD

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw a card."""
        row = index.row()
        video, standing = self._model.rows()[row], self._model.standing(row)
        right_to_left = option.direction is Qt.LayoutDirection.RightToLeft
        card = option.rect
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        self._ground(painter, option, card)
        picture = picture_rect(card)
        self._picture(painter, picture, video)
        self._words(painter, card, picture, video, option.direction)
        self._badge(painter, picture, standing, right_to_left)
        hit = self.hovered[1] if self.hovered and self.hovered[0] == row else None
        if hit is not None:
            self._buttons(painter, card, standing, hit, right_to_left)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self._theme.colour(Tone.ACCENT), 2))
            painter.drawRoundedRect(QRectF(card).adjusted(1, 1, -1, -1), 6, 6)
        elif option.state & QStyle.StateFlag.State_HasFocus:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self._theme.colour(Tone.FAINT), 1))
            painter.drawRoundedRect(QRectF(card).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.restore()

    def paint_blank(self, painter: QPainter, card: QRect) -> None:
        """Draw the place of a card that is not known yet."""
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.ground("panel"))
        painter.drawRoundedRect(QRectF(card), 6, 6)
        picture = picture_rect(card)
        painter.fillRect(picture, self._theme.ground("line"))
        for number, share in enumerate((0.62, 0.4)):
            bar = QRect(picture.left(), picture.bottom() + 12 + number * 18, int(picture.width() * share), 8)
            painter.fillRect(bar, self._theme.ground("line"))

    def _ground(self, painter: QPainter, option: QStyleOptionViewItem, card: QRect) -> None:
        selected = option.state & QStyle.StateFlag.State_Selected
        hovered = option.state & QStyle.StateFlag.State_MouseOver
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.ground("selection" if selected else "hover" if hovered else "panel"))
        painter.drawRoundedRect(QRectF(card), 6, 6)

    def _picture(self, painter: QPainter, picture: QRect, video: Video) -> None:
        pixmap = self._thumbnails.get(video.id)
        if pixmap is None:
            painter.fillRect(picture, self._theme.ground("line"))
            box = QRect(0, 0, 28, 28)
            box.moveCenter(picture.center())
            self._theme.icon("film", Tone.FAINT).paint(painter, box)
            return
        painter.fillRect(picture, BLACK)
        size = pixmap.size().scaled(picture.size(), Qt.AspectRatioMode.KeepAspectRatio)
        # What is 16:9 but for a rounded pixel fills its place: a hairline beside it would be seen.
        rounded = picture.width() - size.width() + picture.height() - size.height() < ROUNDING
        place = QRect(QPoint(), picture.size() if rounded else size)
        place.moveCenter(picture.center())
        painter.drawPixmap(place, pixmap)

    def _words(
        self, painter: QPainter, card: QRect, picture: QRect, video: Video, direction: Qt.LayoutDirection
    ) -> None:
        line = QRect(card.left() + PAD + 2, picture.bottom() + 5, picture.width() - 4, self._name_metrics.height())
        near = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeading
        painter.setLayoutDirection(direction)
        self._line(painter, line, near, name_of(video), self._name_font, self._name_metrics, Tone.TEXT)
        line = QRect(line.left(), line.bottom() + 3, line.width(), self._small_metrics.height())
        text = self._model.text
        figures = f"{text(video, DURATION)}  \N{MIDDLE DOT}  {text(video, SIZE)}"
        self._line(painter, line, near, figures, self._small_font, self._small_metrics, Tone.MUTED)
        taken = self._small_metrics.horizontalAdvance(figures) + 12
        room = (
            line.adjusted(0, 0, -taken, 0)
            if direction is Qt.LayoutDirection.RightToLeft
            else line.adjusted(taken, 0, 0, 0)
        )
        date = self._formats.day(video.created)
        if self._small_metrics.horizontalAdvance(date) <= room.width():
            far = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignTrailing
            self._line(painter, room, far, date, self._small_font, self._small_metrics, Tone.FAINT)

    def _line(
        self,
        painter: QPainter,
        line: QRect,
        side: Qt.AlignmentFlag,
        text: str,
        font: QFont,
        metrics: QFontMetrics,
        tone: Tone,
    ) -> None:
        painter.setFont(font)
        painter.setPen(self._theme.colour(tone))
        side = QStyle.visualAlignment(painter.layoutDirection(), side) | Qt.AlignmentFlag.AlignAbsolute
        painter.drawText(line, side, metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, line.width()))

    def _badge(self, painter: QPainter, picture: QRect, standing: Standing, right_to_left: bool) -> None:
        """Draw the state over the picture; what merely lies on the server needs no word."""
        if standing.state is VideoState.REMOTE:
            return
        icon, word, tone = face(standing)
        width = self._small_metrics.horizontalAdvance(word) + 34
        chip = QRect(picture.left() + 7, picture.top() + 7, width, 22)
        if right_to_left:
            chip.moveRight(picture.right() - 7)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.ground("panel"))
        painter.drawRoundedRect(QRectF(chip), 4, 4)
        box = QRect(chip.left() + 7, chip.top() + 4, 14, 14)
        words = chip.adjusted(27, 0, -4, 0)
        if right_to_left:
            box.moveRight(chip.right() - 7)
            words = chip.adjusted(4, 0, -27, 0)
        if standing.state in (VideoState.RUNNING, VideoState.PAUSED) and standing.fraction is not None:
            self._ring(painter, QRectF(box).adjusted(1, 1, -1, -1), standing.fraction, tone)
        else:
            self._theme.icon(icon, tone).paint(painter, box)
        painter.setPen(self._theme.colour(tone))
        painter.setFont(self._small_font)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeading, word)

    def _ring(self, painter: QPainter, box: QRectF, fraction: float, tone: Tone) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self._theme.ground("line_strong"), 2.5))
        painter.drawEllipse(box)
        pen = QPen(self._theme.colour(tone), 2.5)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.drawArc(box, 90 * 16, -int(fraction * 360 * 16))

    def _buttons(self, painter: QPainter, card: QRect, standing: Standing, hit: Hit, right_to_left: bool) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        play = play_rect(card)
        painter.setBrush(self._theme.colour(Tone.ACCENT) if hit is Hit.PLAY else VEIL)
        painter.drawEllipse(play)
        centre = QRectF(play).center()
        painter.setBrush(WHITE)
        painter.drawPolygon([centre + QPoint(-6, -9), centre + QPoint(-6, 9), centre + QPoint(10, 0)])
        if can_fetch(standing):
            box = fetch_rect(card, right_to_left)
            painter.setBrush(self._theme.colour(Tone.ACCENT) if hit is Hit.FETCH else VEIL_STRONG)
            painter.drawRoundedRect(QRectF(box), 5, 5)
            self._theme.icon("download", Tone.ON_ACCENT).paint(painter, box.adjusted(7, 7, -7, -7))


def can_fetch(standing: Standing) -> bool:
    """Tell whether a download of a video makes sense: not if it is here or on its way."""
    return standing.state in (VideoState.REMOTE, VideoState.FAILED)
