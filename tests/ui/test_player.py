"""The player dialog: real frames, every key, every way to fail."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPoint, QPointF, QSettings, Qt, QUrl, Slot
from PySide6.QtGui import QColor, QDesktopServices, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from desktop.core.errors import NotFound
from desktop.core.gallery import Video
from desktop.ui.dialogs.player import PlayerDialog
from desktop.ui.dialogs.player_keys import KEYS
from desktop.ui.formats import Formats
from desktop.ui.playback import Still
from desktop.ui.theme import Theme
from desktop.ui.widgets.screen import Screen
from desktop.ui.widgets.seek_slider import SeekSlider
from tests.ui.films import FRAMES, Shelf, shown_frame, write_cut, write_film, write_silent_codec

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # what the offscreen platform cannot

WAIT = 20_000
LAST = FRAMES - 1
Key = Qt.Key
Open = Callable[..., PlayerDialog]


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    folder = tmp_path / "shelf"
    folder.mkdir()
    for name in ("one.mp4", "two.mp4"):
        write_film(folder / name)
    return Shelf(folder)


@pytest.fixture
def open_player(theme: Theme, formats: Formats, shelf: Shelf, tmp_path: Path, qtbot: QtBot) -> Iterator[Open]:
    """Return a function that opens the player on videos by their names."""
    dialogs: list[PlayerDialog] = []

    def make(*names: str, index: int = 0) -> PlayerDialog:
        videos = tuple(Video(name, name.removesuffix(".mp4"), name) for name in names or ("one.mp4", "two.mp4"))
        memory = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
        dialog = PlayerDialog(theme, formats, videos, index, shelf, memory, None)
        dialogs.append(dialog)
        with qtbot.waitActive(dialog, timeout=WAIT):
            dialog.show()
        return dialog

    yield make
    for dialog in dialogs:
        if isValid(dialog):
            dialog.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


@pytest.fixture
def player(open_player: Open, qtbot: QtBot) -> PlayerDialog:
    """The player, paused on a frame of a film that is on disk."""
    dialog = open_player()
    qtbot.waitUntil(lambda: dialog.reel.shows and dialog.reel.playing, timeout=WAIT)
    press(dialog, Key.Key_Space)
    qtbot.waitUntil(lambda: not dialog.reel.playing, timeout=WAIT)
    return dialog


def press(dialog: PlayerDialog, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(dialog, key, modifier)


def frame_in(dialog: PlayerDialog) -> int:
    """Return the number of the frame a person sees in the dialog."""
    return shown_frame(dialog.picture.grab(dialog.picture.area().toRect()).toImage())


def wait_for_frame(dialog: PlayerDialog, number: int, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: frame_in(dialog) == number == dialog.reel.number, timeout=WAIT)


def button(dialog: PlayerDialog, words: str) -> QPushButton:
    return next(one for one in dialog.notice.findChildren(QPushButton) if one.accessibleName() == words)


def test_real_frames_are_shown_one_after_the_other(open_player: Open, qtbot: QtBot) -> None:
    dialog = open_player()
    seen: set[int] = set()

    def several() -> bool:
        seen.add(frame_in(dialog))
        return len(seen - {-1}) > 5

    qtbot.waitUntil(several, timeout=WAIT)
    assert dialog.bar.state._whole.startswith("on disk")
    assert not dialog.notice.isVisible()
    assert dialog.grab().toImage().pixelColor(2, 2) == QColor("black")  # beside a film that is wider than the dialog


def test_the_arrows_step_by_one_frame(player: PlayerDialog, qtbot: QtBot) -> None:
    press(player, Key.Key_Home)
    wait_for_frame(player, 0, qtbot)
    for number in (1, 2, 3):
        press(player, Key.Key_Right)
        wait_for_frame(player, number, qtbot)
    for _ in range(5):
        press(player, Key.Key_Right)
    wait_for_frame(player, 8, qtbot)
    press(player, Key.Key_Left)
    wait_for_frame(player, 7, qtbot)
    press(player, Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    wait_for_frame(player, 31, qtbot)
    press(player, Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    wait_for_frame(player, 7, qtbot)
    press(player, Key.Key_End)
    wait_for_frame(player, LAST, qtbot)
    assert player.bar.frame.text() == f"frame {FRAMES} of {FRAMES}"
    press(player, Key.Key_Right)
    press(player, Key.Key_Left)
    wait_for_frame(player, LAST - 1, qtbot)


def test_a_step_pauses_and_space_plays_on_and_again(player: PlayerDialog, qtbot: QtBot) -> None:
    press(player, Key.Key_Space)
    qtbot.waitUntil(lambda: player.reel.playing, timeout=WAIT)
    press(player, Key.Key_Right)
    qtbot.waitUntil(lambda: not player.reel.playing, timeout=WAIT)
    press(player, Key.Key_Space)
    qtbot.waitUntil(lambda: player.reel.number == LAST and not player.reel.playing, timeout=WAIT)
    assert frame_in(player) == LAST
    press(player, Key.Key_Left)
    wait_for_frame(player, LAST - 1, qtbot)
    press(player, Key.Key_End)
    press(player, Key.Key_Space)
    qtbot.waitUntil(lambda: not player.reel.playing, timeout=WAIT)
    press(player, Key.Key_Space)
    qtbot.waitUntil(lambda: player.reel.playing and player.reel.number < LAST // 2, timeout=WAIT)


def test_a_click_on_the_slider_goes_there(player: PlayerDialog, qtbot: QtBot) -> None:
    slider = player.bar.seek
    there = QPoint(slider.width() // 4, slider.height() // 2)
    assert slider.value_at(there.x()) == pytest.approx(LAST / 4, abs=1)
    QTest.mouseClick(slider, Qt.MouseButton.LeftButton, pos=there)
    wait_for_frame(player, slider.value_at(there.x()), qtbot)


def test_dragging_holds_a_running_film_and_lets_it_go_on(player: PlayerDialog, qtbot: QtBot) -> None:
    press(player, Key.Key_L)
    press(player, Key.Key_Space)
    qtbot.waitUntil(lambda: player.reel.playing, timeout=WAIT)
    slider = player.bar.seek
    left = Qt.MouseButton.LeftButton
    QTest.mousePress(slider, left, pos=QPoint(slider.width() // 2, 5))
    qtbot.waitUntil(lambda: not player.reel.playing, timeout=WAIT)
    QTest.mouseMove(slider, QPoint(slider.width() // 3, 5))
    wait_for_frame(player, slider.value_at(slider.width() // 3), qtbot)
    QTest.mouseRelease(slider, left, pos=QPoint(slider.width() // 3, 5))
    qtbot.waitUntil(lambda: player.reel.playing, timeout=WAIT)


def test_a_loop_begins_again(player: PlayerDialog, qtbot: QtBot) -> None:
    press(player, Key.Key_L)
    press(player, Key.Key_End)
    wait_for_frame(player, LAST, qtbot)
    press(player, Key.Key_Space)
    qtbot.waitUntil(lambda: 0 < player.reel.number < LAST // 2 and player.reel.playing, timeout=WAIT)


def test_keys_of_the_list_and_of_the_download(player: PlayerDialog, shelf: Shelf, qtbot: QtBot) -> None:
    turned: list[Video] = []
    wanted: list[Video] = []
    player.turned.connect(turned.append)
    player.download.connect(wanted.append)
    press(player, Key.Key_P)
    assert player.index == 0 and not turned
    press(player, Key.Key_N)
    assert player.windowTitle() == "two"
    press(player, Key.Key_D)
    press(player, Key.Key_N)
    press(player, Key.Key_P)
    assert [video.id for video in turned] == ["two.mp4", "one.mp4"]
    assert [video.id for video in wanted] == ["two.mp4"]
    player.say(player.videos[1], "not about this one")
    player.say(player.video, "downloading")
    assert player.bar.state._whole == "downloading"
    qtbot.waitUntil(lambda: player.reel.shows, timeout=WAIT)


def test_volume_mute_and_loop_are_remembered(player: PlayerDialog, open_player: Open, qtbot: QtBot) -> None:
    before = player.bar.volume.value()
    player.bar.volume.setEnabled(True)  # a machine without sound has nothing to make louder
    press(player, Key.Key_Down)
    press(player, Key.Key_Down)
    press(player, Key.Key_Up)
    assert player.bar.volume.value() == before - 5
    player.keys["mute"].setEnabled(True)
    press(player, Key.Key_M)
    press(player, Key.Key_L)
    press(player, Key.Key_Escape)
    assert not player.isVisible()
    other = open_player()
    assert other.bar.volume.value() == before - 5
    assert other.keys["mute"].isChecked() and other.keys["loop"].isChecked()


@pytest.mark.parametrize("key", [Key.Key_F, Key.Key_F11])
def test_escape_leaves_full_screen_before_it_closes(player: PlayerDialog, key: Qt.Key) -> None:
    assert not player._head.isVisible()
    press(player, key)
    assert player.isFullScreen() and player._head.isVisible()
    press(player, Key.Key_Escape)
    assert player.isVisible() and not player.isFullScreen() and not player._head.isVisible()
    press(player, Key.Key_Escape)
    assert not player.isVisible()


def test_a_click_pauses_and_a_double_click_only_fills_the_screen(player: PlayerDialog, qtbot: QtBot) -> None:
    left = Qt.MouseButton.LeftButton
    QTest.mouseClick(player.picture, left)
    qtbot.waitUntil(lambda: player.reel.playing, timeout=WAIT)
    QTest.mouseClick(player.picture, left)
    QTest.mouseDClick(player.picture, left)
    assert player.isFullScreen()
    qtbot.waitUntil(lambda: player.reel.playing, timeout=WAIT)


def test_controls_fade_while_playing_and_come_back(player: PlayerDialog, qtbot: QtBot) -> None:
    press(player, Key.Key_L)
    press(player, Key.Key_F)
    press(player, Key.Key_Space)
    qtbot.waitUntil(lambda: not player.bar.isVisible(), timeout=WAIT)
    assert player.cursor().shape() is Qt.CursorShape.BlankCursor
    QTest.mouseMove(player.picture, QPoint(50, 60))
    qtbot.waitUntil(player.bar.isVisible, timeout=WAIT)
    assert player.cursor().shape() is not Qt.CursorShape.BlankCursor
    qtbot.waitUntil(lambda: not player.bar.isVisible(), timeout=WAIT)
    press(player, Key.Key_Space)
    assert player.bar.isVisible()
    qtbot.waitUntil(lambda: not player.reel.playing, timeout=WAIT)
    assert not player.fading._idle.isActive()


def test_controls_can_be_put_away_to_step_through_the_whole_picture(player: PlayerDialog, qtbot: QtBot) -> None:
    press(player, Key.Key_H)
    assert not player.bar.isVisible()
    press(player, Key.Key_Home)
    press(player, Key.Key_Right)
    wait_for_frame(player, 1, qtbot)
    assert not player.bar.isVisible()
    press(player, Key.Key_H)
    assert player.bar.isVisible()
    press(player, Key.Key_H)
    QTest.mouseMove(player.picture, QPoint(70, 80))
    qtbot.waitUntil(player.bar.isVisible, timeout=WAIT)


def test_in_a_narrow_window_nothing_is_squeezed(player: PlayerDialog, qtbot: QtBot) -> None:
    player.resize(player.minimumSize())
    bar = player.bar
    qtbot.waitUntil(
        lambda: all(part.width() >= part.sizeHint().width() for part in (bar.clock, bar.frame, bar.seek)), timeout=WAIT
    )
    assert not bar.volume.isVisible() and bar.minimumSizeHint().width() <= player.width()
    player.resize(1280, 800)
    qtbot.waitUntil(lambda: bar.state.isVisible() and bar.volume.isVisible(), timeout=WAIT)


def test_every_button_names_its_keys_and_every_control_itself(player: PlayerDialog) -> None:
    for key in KEYS:
        tip = player.keys[key.name].toolTip()
        assert tip.startswith(key.title) and "(" in tip
    assert player.bar.volume.toolTip() and player.bar.volume.accessibleName()
    assert player.bar.seek.accessibleName()


# What may go wrong


class Desktop(QObject):
    """Stands in for the system's programs."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []

    @Slot(QUrl)
    def open(self, url: QUrl) -> None:
        self.opened.append(url.toLocalFile())


@pytest.fixture
def desktop(qapp: object) -> Iterator[Desktop]:
    made = Desktop()
    QDesktopServices.setUrlHandler("file", made, "open")  # type: ignore[arg-type]  # the stub says bytes, the call wants text
    yield made
    QDesktopServices.unsetUrlHandler("file")


def test_a_codec_it_cannot_show_is_named_and_opened_elsewhere(
    open_player: Open, shelf: Shelf, desktop: Desktop, qtbot: QtBot
) -> None:
    path = write_silent_codec(shelf.folder / "av1.mp4")
    dialog = open_player("av1.mp4")
    qtbot.waitUntil(dialog.notice.isVisible, timeout=WAIT)
    assert "AV1" in dialog.notice.title.text()
    assert dialog.focusWidget() is button(dialog, "Open in the system player")
    press(dialog, Key.Key_Right)  # moves nothing, and does no harm
    QTest.keyClick(button(dialog, "Open in the system player"), Key.Key_Space)
    assert [Path(name) for name in desktop.opened] == [path]


def test_a_broken_file_is_told_and_can_be_tried_again(open_player: Open, shelf: Shelf, qtbot: QtBot) -> None:
    path = shelf.folder / "broken.mp4"
    path.write_bytes(bytes(range(256)) * 100)
    dialog = open_player("broken.mp4")
    qtbot.waitUntil(dialog.notice.isVisible, timeout=WAIT)
    assert "cannot be read" in dialog.notice.title.text()
    write_film(path)
    button(dialog, "Try again").click()
    qtbot.waitUntil(lambda: dialog.reel.shows and not dialog.notice.isVisible(), timeout=WAIT)


def test_a_film_cut_short_says_where_it_ends(open_player: Open, shelf: Shelf, qtbot: QtBot) -> None:
    write_cut(shelf.folder / "cut.mp4")
    dialog = open_player("cut.mp4")
    qtbot.waitUntil(lambda: "the file is cut short" in dialog.reel.line, timeout=WAIT)
    assert f"frame {dialog.reel.number + 1} of {FRAMES}" in dialog.reel.line
    assert frame_in(dialog) == dialog.reel.number


def test_without_multimedia_the_player_opens_and_the_system_plays(
    open_player: Open, shelf: Shelf, desktop: Desktop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "desktop.ui.players.qt", None)  # the import system's sign for "cannot be found"
    dialog = open_player()
    assert dialog.notice.title.text() == "ShotDock cannot play videos on this machine."
    button(dialog, "Open in the system player").click()
    assert [Path(name) for name in desktop.opened] == [shelf.folder / "one.mp4"]
    press(dialog, Key.Key_N)
    assert dialog.notice.isVisible()
    press(dialog, Key.Key_Escape)
    assert not dialog.isVisible()


# A video that has to be fetched


def test_fetching_is_told_in_figures_and_then_plays(open_player: Open, shelf: Shelf, qtbot: QtBot) -> None:
    dialog = open_player("far.mp4")
    asked = shelf.asked[-1]
    assert dialog.notice.isVisible()
    asked.progress(65_000_000, None)
    assert dialog.reel.line == "fetching, 65.0 MB so far"
    asked.progress(65_000_000, 151_000_000)
    assert dialog.reel.line == "fetching 43 % of 151.0 MB"
    assert dialog.notice.text.text() == dialog.reel.line
    press(dialog, Key.Key_Space)  # nothing to play yet
    asked.ready(write_film(shelf.folder / "elsewhere.mp4"))
    qtbot.waitUntil(lambda: frame_in(dialog) > 2, timeout=WAIT)
    assert not dialog.notice.isVisible()
    assert dialog.reel.line.startswith("fetched")


def test_a_fetch_that_fails_can_be_tried_again(open_player: Open, shelf: Shelf, qtbot: QtBot) -> None:
    dialog = open_player("far.mp4")
    shelf.asked[-1].failed(NotFound("The video is not on the server any more.", "404", "Ask for it."))
    assert dialog.notice.title.text() == "The video is not on the server any more."
    write_film(shelf.folder / "far.mp4")
    button(dialog, "Try again").click()
    qtbot.waitUntil(lambda: dialog.reel.shows, timeout=WAIT)


def test_turning_and_closing_cancel_the_fetch_and_late_answers_change_nothing(
    open_player: Open, shelf: Shelf, qtbot: QtBot
) -> None:
    dialog = open_player("far.mp4", "one.mp4", "away.mp4")
    far = shelf.asked[-1]
    press(dialog, Key.Key_N)
    assert far.cancelled
    far.progress(1, 2)
    far.failed(NotFound("late"))
    far.ready(shelf.folder / "two.mp4")
    qtbot.waitUntil(lambda: dialog.reel.shows, timeout=WAIT)
    assert dialog.reel.path == shelf.folder / "one.mp4"
    assert not dialog.notice.isVisible()
    press(dialog, Key.Key_N)
    dialog.close()
    assert shelf.asked[-1].video.id == "away.mp4" and shelf.asked[-1].cancelled


# The parts


@pytest.mark.parametrize(
    ("size", "area"),
    [
        ((1280, 800), (0, 0, 1280, 720)),  # above the controls, where there is room
        ((1280, 720), (0, 0, 1280, 720)),  # under them, where there is none
        ((1280, 1000), (0, 140, 1280, 720)),  # in the middle, where they do not reach
        ((2000, 720), (360, 0, 1280, 720)),
        ((640, 800), (0, 220, 640, 360)),
    ],
)
def test_the_picture_keeps_its_shape_and_out_of_the_controls_way(
    qtbot: QtBot, size: tuple[int, int], area: tuple[int, int, int, int]
) -> None:
    image = QImage(1920, 1080, QImage.Format.Format_RGB32)
    image.fill(QColor("red"))
    screen = Screen()
    qtbot.addWidget(screen)
    screen.resize(*size)
    screen.keep_clear(84)
    screen.show_still(Still(0.0, 1.0, lambda: image))
    assert screen.area().toRect().getRect() == area
    picture = screen.grab().toImage()
    assert picture.pixelColor(screen.area().center().toPoint()) == QColor("red")
    outside = [
        point
        for point in (QPoint(0, 0), QPoint(size[0] - 1, size[1] - 1))
        if not screen.area().contains(QPointF(point))
    ]
    assert all(picture.pixelColor(point) == QColor("black") for point in outside)


def test_a_slider_asks_for_every_value_and_never_when_it_is_moved_by_the_program(qtbot: QtBot) -> None:
    slider = SeekSlider("Position", 100, str)
    qtbot.addWidget(slider)
    slider.resize(320, 24)
    asked: list[int] = []
    slider.asked.connect(asked.append)
    slider.show_value(40)
    assert slider.value() == 40 and not asked
    QTest.mousePress(slider, Qt.MouseButton.LeftButton, pos=QPoint(0, 5))
    slider.show_value(70)
    QTest.mouseMove(slider, QPoint(319, 5))
    QTest.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=QPoint(319, 5))
    assert asked[0] == 0 and asked[-1] == 100 == slider.value()
