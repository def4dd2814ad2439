"""Pictures of videos: asked for when in sight, decoded off the window's thread, kept within bounds."""

from collections import OrderedDict
from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QBuffer, QByteArray, QObject, QSize, Qt, Signal, SignalInstance, Slot
from PySide6.QtGui import QImage, QImageReader, QPixmap

from desktop.core.errors import HostKeyUnknown, ShotDockError
from desktop.core.gallery import Video
from desktop.work.background import Work
from desktop.work.gallery import GalleryDesk
from desktop.work.pool import Pool

MOST_BYTES = 128 << 20
"""Bytes of decoded pictures that are kept."""
ROUNDING = 3
"""Pixels that sides may lack to count as rounded."""


def _decode(key: tuple[str, str], data: bytes, size: QSize, tell: SignalInstance) -> None:
    tell.emit((key, decode(data, size)))


def decode(data: bytes, most: QSize) -> QImage:
    """Return the picture, no larger than so many pixels, its sides' ratio kept; a null one if it cannot be read.

    One that is of their shape but for a rounded pixel gets exactly as many: it is drawn without being scaled again.
    """
    buffer = QBuffer()
    buffer.setData(QByteArray(data))
    buffer.open(QBuffer.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer)
    reader.setDecideFormatFromContent(True)
    reader.setAutoTransform(True)
    size = reader.size()
    if size.isValid() and (size.width() > most.width() or size.height() > most.height()):
        fitting = size.scaled(most, Qt.AspectRatioMode.KeepAspectRatio)
        missing = most.width() - fitting.width() + most.height() - fitting.height()
        reader.setScaledSize(most if missing < ROUNDING else fitting)
    return reader.read().convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)


class Thumbnails(QObject):
    """The pictures of one gallery at a time.

    Signals: arrived (id of a video whose picture is there now), doubted (HostKeyUnknown: nobody vouches for where the
    pictures lie; told once, until they are tried again).
    """

    arrived = Signal(str)
    doubted = Signal(object)
    _decoded = Signal(object)

    def __init__(self, gallery: GalleryDesk, parent: QObject | None = None, most: int = MOST_BYTES) -> None:
        """most: bytes of decoded pictures to keep."""
        super().__init__(parent)
        self._gallery = gallery
        self._most = most
        self._server = ""
        self._kept: OrderedDict[str, QPixmap] = OrderedDict()
        self._bytes = 0
        self._works: dict[str, Work] = {}
        self._lost: set[str] = set()
        self._stale: set[str] = set()
        self._doubted: set[str] = set()
        self._size = QSize(320, 180)
        self._pool = Pool(2, self)
        self._decoded.connect(self._take)

    def get(self, video: str) -> QPixmap | None:
        """Return a video's picture if it is here."""
        return self._kept.get(video)

    def follow(self, server: str) -> None:
        """Begin with another gallery."""
        self.stop()
        self._server = server
        self._kept.clear()
        self._bytes = 0
        self.try_again()
        self._stale.clear()

    def try_again(self) -> None:
        """Ask for the pictures that could not be had once more, when they are wanted next."""
        self._lost.clear()
        self._doubted.clear()

    def want(self, videos: Sequence[Video], size: QSize) -> None:
        """Have these videos' pictures and no others, those in sight first; size: the most pixels they are shown in."""
        if size != self._size:
            # What was made for another size is shown until it is there in this one.
            self._size, self._stale = size, set(self._kept)
        wanted = {video.id for video in videos}
        for gone in self._works.keys() - wanted:
            self._works.pop(gone).cancel()
        for video in videos:
            if video.id in self._kept:
                self._kept.move_to_end(video.id)
        # The gallery answers the latest question first.
        for video in reversed(videos):
            missing = video.id not in self._kept or video.id in self._stale
            if missing and video.thumbnail and video.id not in self._works and video.id not in self._lost:
                self._works[video.id] = self._gallery.thumbnail(
                    self._server, video, partial(self._got, video.id), partial(self._failed, video.id)
                )

    def stop(self) -> None:
        """Ask for nothing more."""
        for work in self._works.values():
            work.cancel()
        self._works.clear()
        self._pool.clear()
        self._pool.wait()

    def _got(self, video: str, data: bytes) -> None:
        self._pool.start(partial(_decode, (self._server, video), data, self._size, self._decoded))

    def _failed(self, video: str, error: ShotDockError) -> None:
        # A card without a picture says all there is to say, but for what a person can help.
        self._works.pop(video, None)
        self._lost.add(video)
        if isinstance(error, HostKeyUnknown) and error.host not in self._doubted:
            self._doubted.add(error.host)
            self.doubted.emit(error)

    @Slot(object)
    def _take(self, answer: tuple[tuple[str, str], QImage]) -> None:
        (server, video), image = answer
        if server != self._server:
            return
        self._works.pop(video, None)
        self._stale.discard(video)
        if image.isNull():
            self._lost.add(video)
            return
        old = self._kept.pop(video, None)
        self._bytes += _weigh(image.width(), image.height()) - (_weigh(old.width(), old.height()) if old else 0)
        self._kept[video] = QPixmap.fromImage(image)
        while self._bytes > self._most and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= _weigh(oldest.width(), oldest.height())
        self.arrived.emit(video)


def _weigh(width: int, height: int) -> int:
    return width * height * 4
