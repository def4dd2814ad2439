"""Small real videos, in which every frame tells its number, and a shelf the player takes them from."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtGui import QImage, qGray

from desktop.core.errors import ShotDockError
from desktop.core.gallery import Video
from desktop.demo.mp4 import write_mp4
from desktop.demo.video import BLOCK, Film

FRAMES = 48
FILM = Film(FRAMES * BLOCK, 96, FRAMES, (0.2, 0.4, 0.7), rate=24, key_every=12)
"""Two seconds; the bar at the bottom grows by one block a frame."""
BAR_LINE = (FILM.height // BLOCK - 1) * BLOCK + BLOCK // 2
BAR_GRAY = 190


def write_film(path: Path, film: Film = FILM) -> Path:
    """Write a film that plays."""
    with path.open("wb") as file:
        write_mp4(film, file)
    return path


def write_cut(path: Path) -> Path:
    """Write a film whose second half is missing; its index, at the beginning, still tells of it."""
    data = write_film(path).read_bytes()
    path.write_bytes(data[: len(data) // 2])
    return path


def write_silent_codec(path: Path) -> Path:
    """Write what Qt plays to its end without a frame or an error, as it does any AV1: its decoder finds no picture."""
    data = write_film(path).read_bytes()
    path.write_bytes(data.replace(b"avc1", b"av01").replace(b"avcC", b"free"))
    return path


def write_unknown_codec(path: Path) -> Path:
    """Write a film in a codec nobody knows."""
    data = write_film(path).read_bytes()
    path.write_bytes(data.replace(b"avc1", b"zzzz"))
    return path


def shown_frame(image: QImage) -> int:
    """Return the number of the frame in a picture; -1 if it is none of the film's."""
    if image.isNull():
        return -1
    block = image.width() / FRAMES
    line = round(BAR_LINE * image.height() / FILM.height)
    grays = (qGray(image.pixel(int((column + 0.5) * block), line)) for column in range(FRAMES))
    return sum(gray > BAR_GRAY for gray in grays) - 1


class Asked:
    """One request of the player, answered when the test wants."""

    def __init__(
        self,
        video: Video,
        ready: Callable[[Path], None],
        progress: Callable[[int, int | None], None],
        failed: Callable[[ShotDockError], None],
    ) -> None:
        self.video, self.ready, self.progress, self.failed = video, ready, progress, failed
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class Shelf:
    """Gives the files it has under a video's name at once, as a provider does for what is on disk; else it waits."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[Asked] = []

    def open(
        self,
        video: Video,
        ready: Callable[[Path], None],
        progress: Callable[[int, int | None], None],
        failed: Callable[[ShotDockError], None],
    ) -> Asked:
        asked = Asked(video, ready, progress, failed)
        self.asked.append(asked)
        path = self.folder / video.file_name
        if path.exists():
            ready(path)
        return asked
