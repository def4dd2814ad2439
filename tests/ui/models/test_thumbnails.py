"""Pictures of videos: asked for when in sight, none too many, kept within bounds."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QBuffer, QSize, Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from desktop.core.gallery import Video
from desktop.demo.gallery.gallery import Gallery
from desktop.ui.models.thumbnails import Thumbnails, decode
from desktop.work.services import Services

WAIT = 20_000
SIGHT = QSize(64, 36)


@pytest.fixture
def videos(gallery: Gallery, services: Services, qtbot: QtBot) -> tuple[Video, ...]:
    """The gallery's list, with pictures: the links to them are known once it was asked for."""
    found: list[tuple[Video, ...]] = []
    services.gallery.remember_token(
        gallery.url, gallery.token, False, lambda: None, lambda error: pytest.fail(str(error))
    )
    services.gallery.videos(gallery.url, found.append, lambda error: pytest.fail(str(error)))
    qtbot.waitUntil(lambda: bool(found), timeout=WAIT)
    return tuple(video for video in found[0] if video.thumbnail)


@pytest.fixture
def thumbnails(services: Services, gallery: Gallery) -> Iterator[Thumbnails]:
    made = Thumbnails(services.gallery, most=5 * 64 * 36 * 4)
    made.follow(gallery.url)
    yield made
    made.stop()


def test_what_is_in_sight_is_fetched_and_no_more(
    thumbnails: Thumbnails, videos: tuple[Video, ...], gallery: Gallery, qtbot: QtBot
) -> None:
    thumbnails.want(videos[:3], SIGHT)
    qtbot.waitUntil(lambda: all(thumbnails.get(video.id) for video in videos[:3]), timeout=WAIT)
    picture = thumbnails.get(videos[0].id)
    assert picture is not None and picture.size() == SIGHT
    assert not thumbnails._works and thumbnails.get(videos[3].id) is None
    assert sum("/thumbnails/" in seen.path for seen in gallery.storage.seen) == 3


def test_what_scrolled_away_is_not_waited_for(thumbnails: Thumbnails, videos: tuple[Video, ...], qtbot: QtBot) -> None:
    thumbnails.want(videos[:20], SIGHT)
    thumbnails.want(videos[20:22], SIGHT)
    assert thumbnails._works.keys() == {video.id for video in videos[20:22]}
    qtbot.waitUntil(lambda: all(thumbnails.get(video.id) for video in videos[20:22]), timeout=WAIT)


def test_no_more_is_kept_than_is_allowed_and_what_was_wanted_last_stays(
    thumbnails: Thumbnails, videos: tuple[Video, ...], qtbot: QtBot
) -> None:
    for first in range(0, 12, 3):
        thumbnails.want(videos[first : first + 3], SIGHT)
        qtbot.waitUntil(lambda: not thumbnails._works, timeout=WAIT)
    assert thumbnails._bytes == 5 * 64 * 36 * 4
    assert all(thumbnails.get(video.id) for video in videos[9:12])
    assert thumbnails.get(videos[0].id) is None


def test_a_picture_of_another_size_is_shown_until_it_is_there_in_this_one(
    thumbnails: Thumbnails, videos: tuple[Video, ...], qtbot: QtBot
) -> None:
    first = videos[0].id
    thumbnails.want(videos[:1], SIGHT)
    qtbot.waitUntil(lambda: thumbnails.get(first) is not None, timeout=WAIT)
    thumbnails.want(videos[:1], SIGHT / 2)
    small = thumbnails.get(first)
    assert small is not None and small.size() == SIGHT
    qtbot.waitUntil(lambda: (now := thumbnails.get(first)) is not None and now.size() == SIGHT / 2, timeout=WAIT)
    assert thumbnails._bytes == 32 * 18 * 4


def test_a_picture_that_is_away_is_asked_for_once_until_the_list_is_refreshed(
    thumbnails: Thumbnails, videos: tuple[Video, ...], gallery: Gallery, qtbot: QtBot
) -> None:
    gallery.stop()
    thumbnails.want(videos[:1], SIGHT)
    qtbot.waitUntil(lambda: not thumbnails._works, timeout=WAIT)
    thumbnails.want(videos[:1], SIGHT)
    assert not thumbnails._works
    gallery.start()
    thumbnails.try_again()
    thumbnails.want(videos[:1], SIGHT)
    qtbot.waitUntil(lambda: thumbnails.get(videos[0].id) is not None, timeout=WAIT)


def test_a_picture_keeps_its_shape_and_is_never_blown_up() -> None:
    assert decode(png(400, 226), QSize(160, 90)).size() == QSize(160, 90)
    assert decode(png(400, 400), QSize(160, 90)).size() == QSize(90, 90)
    assert decode(png(40, 20), QSize(160, 90)).size() == QSize(40, 20)
    assert decode(b"<html>", QSize(160, 90)).isNull()


def png(width: int, height: int) -> bytes:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # the stub says bytes, the call wants text
    return bytes(buffer.data().data())
