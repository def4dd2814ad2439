"""The player: a video as large as the window, dark, everything by key."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QSettings, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from desktop.core.errors import HostKeyUnknown, ShotDockError
from desktop.core.gallery import Video
from desktop.ui.colours import Tone
from desktop.ui.dialogs.dark_window import DarkWindow
from desktop.ui.dialogs.player_keys import add_keys, show_icon
from desktop.ui.formats import Formats
from desktop.ui.models.gallery import name_of
from desktop.ui.opening import show
from desktop.ui.reel import Reel
from desktop.ui.theme import Theme
from desktop.ui.videos import VideoProvider
from desktop.ui.widgets.card import CHECK, Act
from desktop.ui.widgets.fading import Fading
from desktop.ui.widgets.notice import Notice
from desktop.ui.widgets.parts import label, panel, row
from desktop.ui.widgets.player_bar import PlayerBar
from desktop.ui.widgets.screen import Screen

FIRST_VOLUME = 80
LOUDER = 5
"""Percent of the volume an arrow key changes."""


class PlayerDialog(DarkWindow):
    """Plays the videos of a list one by one.

    memory: where volume, mute, loop and the dialog's place are remembered, as "player/..."; the window's own file.
    Signals: download (Video: the user wants it in the destination folder), turned (Video: another one is shown),
    doubted (HostKeyUnknown: the user wants to judge the certificate of where the video lies).
    """

    download = Signal(object)
    turned = Signal(object)
    doubted = Signal(object)

    def __init__(
        self,
        theme: Theme,
        formats: Formats,
        videos: tuple[Video, ...],
        index: int,
        provider: VideoProvider,
        memory: QSettings,
        parent: QWidget | None,
    ) -> None:
        super().__init__(theme, "Player", memory, parent)
        self.videos, self.index = videos, index
        self.reel = Reel(provider, formats, self)
        self.picture, self.notice = Screen(), Notice(theme)
        self.keys = add_keys(self, theme, {name: partial(self._run, run) for name, run in self._runs().items()})
        self.bar = PlayerBar(self.keys)
        self.title = label("", "head")
        self._head = panel(row(self.title, None, margins=(18, 14, 18, 22)), "playerTitle")
        self._lay_over()
        self.fading = Fading(self, self.bar, self._head)
        self.fading.watch(self, self.picture, self.bar)
        self._goes_on = False
        self._wire()
        self._recall()
        self.show_video(index)

    def _runs(self) -> dict[str, Callable[[], None]]:
        reel = self.reel
        return {
            "play": reel.toggle,
            "previous": partial(self.turn, -1),
            "next": partial(self.turn, 1),
            "frame-back": partial(reel.step, -1),
            "frame-forward": partial(reel.step, 1),
            "second-back": partial(reel.jump, -1.0),
            "second-forward": partial(reel.jump, 1.0),
            "first": lambda: reel.go(0),
            "last": self._last,
            "loop": self._sound,
            "mute": self._sound,
            "louder": partial(self._louder, LOUDER),
            "softer": partial(self._louder, -LOUDER),
            "download": lambda: self.download.emit(self.video),
            "controls": lambda: self.fading.dismiss(),
            "full-screen": self.toggle_full_screen,
        }

    def _lay_over(self) -> None:
        whole = QGridLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.picture, 0, 0)
        whole.addWidget(self.notice, 0, 0, Qt.AlignmentFlag.AlignCenter)
        whole.addWidget(self._head, 0, 0, Qt.AlignmentFlag.AlignTop)
        whole.addWidget(self.bar, 0, 0, Qt.AlignmentFlag.AlignBottom)
        self.picture.keep_clear(self.bar.sizeHint().height())
        self._head.setProperty("away", True)
        self._head.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def _wire(self) -> None:
        reel, seek = self.reel, self.bar.seek
        self.filled.connect(self._filled)
        reel.changed.connect(self._changed)
        reel.pictured.connect(self.picture.show_still)
        reel.failed.connect(self._failed)
        seek.asked.connect(reel.go)
        seek.sliderPressed.connect(self._hold)
        seek.sliderReleased.connect(self._let_go)
        self.bar.volume.asked.connect(self._volume_asked)
        self.picture.clicked.connect(self.keys["play"].trigger)
        self.picture.twice.connect(self.toggle_full_screen)

    # Which video

    @property
    def video(self) -> Video:
        """Return the video that is shown."""
        return self.videos[self.index]

    def turn(self, by: int) -> None:
        """Go to another video of the list."""
        index = self.index + by
        if 0 <= index < len(self.videos):
            self.show_video(index)
            self.turned.emit(self.video)

    def show_video(self, index: int) -> None:
        """Show one of the videos."""
        self.index = index
        name = name_of(self.video)
        self.setWindowTitle(name)
        self.title.setText(f"{name}   {index + 1} of {len(self.videos)}" if len(self.videos) > 1 else name)
        self.keys["previous"].setEnabled(index > 0)
        self.keys["next"].setEnabled(index + 1 < len(self.videos))
        self.picture.clear()
        self.notice.hide()
        self.reel.show(self.video)

    def try_again(self) -> None:
        """Begin anew with the video that is shown."""
        self.show_video(self.index)

    def say(self, video: Video, words: str) -> None:
        """Show words about a video, such as what became of its download, if it is the one shown."""
        if video.id == self.video.id:
            self.reel.say(words)

    # What happens

    def _changed(self) -> None:
        reel, keys = self.reel, self.keys
        if reel.fetching:
            self.notice.wait(self.video.file_name, reel.line, reel.fetched)
        elif not reel.lost:
            self.notice.hide()
        for name in ("play", "frame-back", "frame-forward", "second-back", "second-forward", "first", "last"):
            keys[name].setEnabled(reel.shows)
        show_icon(keys["play"], self.theme, "pause" if reel.playing else "play")
        silent = reel.facts.silent if reel.facts is not None else ""
        keys["mute"].setEnabled(not silent)
        self.bar.volume.setEnabled(not silent)
        self.bar.volume.setToolTip(silent or "Volume  (Up, Down)")
        self.bar.show_reel(reel)
        self.fading.allow(reel.playing and reel.shows)

    def _failed(self, error: ShotDockError) -> None:
        again: Act = ("Try again", self.try_again)
        outside: Act = ("Open in the system player", self._open_outside)
        acts = (outside, again) if self.reel.path is not None else (again,)
        if isinstance(error, HostKeyUnknown):
            acts = ((CHECK, lambda: self.doubted.emit(error)), *acts)
        self.notice.tell("warning", Tone.WARN, error.title, f"{error.cause}\n{error.suggestion}".strip(), *acts)

    def _open_outside(self) -> None:
        path = self.reel.path
        if path is not None and not show(path):
            self.reel.say("this system has no player for it")

    # What the user does

    def _run(self, run: Callable[[], None]) -> None:
        self.fading.wake()
        run()

    def _last(self) -> None:
        self.reel.pause()
        self.reel.go(self.reel.timeline.last)

    def _hold(self) -> None:
        self._goes_on = self.reel.playing
        self.reel.pause()

    def _let_go(self) -> None:
        if self._goes_on:
            self.reel.play()

    def _louder(self, percent: int) -> None:
        volume = self.bar.volume
        if volume.isEnabled():
            volume.setValue(volume.value() + percent)
            self._volume_asked()

    def _volume_asked(self) -> None:
        self.keys["mute"].setChecked(False)
        self._sound()

    def _sound(self) -> None:
        muted = self.keys["mute"].isChecked()
        show_icon(self.keys["mute"], self.theme, "muted" if muted else "volume")
        self.reel.set_volume(self.bar.volume.value() / 100, muted)
        self.reel.set_loop(self.keys["loop"].isChecked())

    def _filled(self, full: bool) -> None:
        show_icon(self.keys["full-screen"], self.theme, "leave-full-screen" if full else "full-screen")
        self._head.setProperty("away", not full)  # a window has its own title
        self.fading.wake()

    # Coming and going

    def _recall(self) -> None:
        value = self.memory.value
        volume = value("player/volume", FIRST_VOLUME, type=int)
        self.bar.volume.setValue(volume if isinstance(volume, int) else FIRST_VOLUME)
        for name in ("mute", "loop"):
            self.keys[name].setChecked(bool(value(f"player/{name}", False, type=bool)))
        self._sound()

    def done(self, result: int) -> None:
        """Remember, stop fetching and playing, close."""
        self.memory.setValue("player/volume", self.bar.volume.value())
        for name in ("mute", "loop"):
            self.memory.setValue(f"player/{name}", self.keys[name].isChecked())
        self.reel.close()
        super().done(result)
