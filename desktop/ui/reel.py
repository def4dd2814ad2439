"""One video in the player: fetched, opened, played, stepped through by frame."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from desktop.core.errors import ShotDockError
from desktop.core.gallery import Video
from desktop.ui.colours import Tone
from desktop.ui.delivery import Delivery
from desktop.ui.formats import Formats
from desktop.ui.models.timeline import Timeline
from desktop.ui.playback import Facts, Playback, Still
from desktop.ui.players import PLAYERS
from desktop.ui.videos import VideoProvider


class Reel(QObject):
    """Holds the video that is shown and everything about it.

    Signals: changed (something of what the properties tell), pictured (Still), failed (ShotDockError: it is not shown,
    and `path` tells whether it was fetched at least).
    """

    changed = Signal()
    pictured = Signal(object)
    failed = Signal(object)

    def __init__(self, provider: VideoProvider, formats: Formats, parent: QObject) -> None:
        super().__init__(parent)
        self._delivery = Delivery(provider, formats, self)
        self._delivery.moved.connect(self._fetching)
        self._delivery.arrived.connect(self._ready)
        self._delivery.lost.connect(self._give_up)
        self._playback: Playback | None = None
        self._still: Still | None = None
        self._aim: float | None = None
        self._loudness, self._muted, self._loop = 1.0, False, False
        self._reset()

    def _reset(self) -> None:
        self.path: Path | None = None
        self.facts: Facts | None = None
        self.lost = self.playing = False
        self.line, self.tone = "", Tone.MUTED
        self.fetched: float | None = None
        self._still, self._aim = None, None

    @property
    def fetching(self) -> bool:
        """Tell whether the file is still on its way."""
        return self._delivery.under_way

    @property
    def timeline(self) -> Timeline:
        """Return the video's frames and seconds; one frame as long as nothing is known."""
        return self.facts.timeline if self.facts is not None else Timeline()

    @property
    def number(self) -> int:
        """Return the number of the frame that is shown."""
        return self.timeline.number(self._still.start) if self._still is not None else 0

    @property
    def shows(self) -> bool:
        """Tell whether there is a picture."""
        return self._still is not None

    # One video after another

    def show(self, video: Video) -> None:
        """Fetch a video if need be, and play it."""
        self.close()
        self._reset()
        self._delivery.ask(video)
        if self.fetching:
            self.line = self.line or "asking for the video"
            self.changed.emit()

    def close(self) -> None:
        """Let the video go."""
        self._delivery.cancel()
        if self._playback is not None:
            playback, self._playback = self._playback, None
            playback.close()

    def _fetching(self, words: str, part: float | None) -> None:
        self.line, self.fetched = words, part
        self.changed.emit()

    def _ready(self, path: Path) -> None:
        self.path, self.fetched, self.line = path, None, "opening"
        self.changed.emit()
        try:
            playback = PLAYERS["qt"]()
        except ShotDockError as error:
            self._give_up(error)
            return
        self._playback = playback
        playback.opened.connect(self._opened)
        playback.pictured.connect(self._pictured)
        playback.played.connect(self._played)
        playback.ended.connect(self._ended)
        playback.failed.connect(self._give_up)
        playback.set_volume(self._loudness, self._muted)
        playback.set_loop(self._loop)
        playback.open(path)

    def _give_up(self, error: ShotDockError) -> None:
        self.playing, self.lost, self.fetched = False, True, None
        self.line, self.tone = self._delivery.source if self.path is not None else "not fetched", Tone.MUTED
        self.changed.emit()
        self.failed.emit(error)

    # What the playback tells

    def _opened(self, facts: Facts) -> None:
        self.facts = facts
        size = f", {facts.width} \N{MULTIPLICATION SIGN} {facts.height}" if facts.width else ""
        self.line = f"{self._delivery.source}{size}, {facts.timeline.rate:.5g} fps"
        self.changed.emit()

    def _pictured(self, still: Still) -> None:
        self._still = still
        if self._aim is not None and (self.playing or still.start <= self._aim < still.end):
            self._aim = None
        self.pictured.emit(still)
        self.changed.emit()

    def _played(self, playing: bool) -> None:
        self.playing = playing
        self.changed.emit()

    def _ended(self) -> None:
        self.playing = False
        timeline = self.timeline
        if self._still is not None and self._aim is None and self._still.end < timeline.seconds - 3 / timeline.rate:
            self.line = f"the picture ends at frame {self.number + 1} of {timeline.last + 1}: the file is cut short"
            self.tone = Tone.WARN
        self.changed.emit()

    def say(self, words: str) -> None:
        """Show other words in the line of state, until the video changes."""
        self.line, self.tone = words, Tone.MUTED
        self.changed.emit()

    # What the user does

    def toggle(self) -> None:
        """Play or pause."""
        if self._playback is not None:
            self._aim = None
            if self.playing:
                self._playback.pause()
            else:
                self._playback.play()

    def pause(self) -> None:
        """Hold the frame."""
        if self._playback is not None and self.playing:
            self._playback.pause()

    def play(self) -> None:
        """Go on."""
        if self._playback is not None and not self.playing:
            self._playback.play()

    def go(self, number: int) -> None:
        """Show a frame by its number."""
        self._seek(self.timeline.middle(number))

    def step(self, frames: int) -> None:
        """Hold, and show the frame so many after (before, if negative) the one that is shown or asked for.

        The frame's own times lead, not its number: frames of a video without a steady rate are found too.
        """
        if self._still is None:
            return
        self.pause()
        period = 1 / self.timeline.rate
        if self._aim is not None:
            self._seek(self._aim + frames * period)
        elif frames > 0:
            self._seek(self._still.end + (frames - 0.5) * period)
        else:
            self._seek(self._still.start + (frames + 0.5) * period)

    def jump(self, seconds: float) -> None:
        """Show the frame so many seconds away."""
        at = self._aim if self._aim is not None else self.timeline.middle(self.number)
        self._seek(at + seconds)

    def _seek(self, seconds: float) -> None:
        if self._playback is not None and self._still is not None:
            timeline = self.timeline
            self._aim = min(timeline.middle(timeline.last), max(timeline.middle(0), seconds))
            self._playback.seek(self._aim)

    def set_volume(self, loudness: float, muted: bool) -> None:
        """Set the loudness, 0 to 1, of this video and those to come."""
        self._loudness, self._muted = loudness, muted
        if self._playback is not None:
            self._playback.set_volume(loudness, muted)

    def set_loop(self, loop: bool) -> None:
        """Play in a loop or once, this video and those to come."""
        self._loop = loop
        if self._playback is not None:
            self._playback.set_loop(loop)
