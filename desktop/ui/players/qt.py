"""QtMultimedia plays: the one file that imports it."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, QUrl
from PySide6.QtMultimedia import (
    QAudioOutput,
    QMediaDevices,
    QMediaMetaData,
    QMediaPlayer,
    QVideoFrame,
    QVideoSink,
)

from desktop.core.errors import NotAllowed, ShotDockError
from desktop.ui.models.timeline import USUAL_RATE, Timeline
from desktop.ui.playback import Facts, Playback, Still, cannot_play, cannot_show, no_picture, not_a_video
from desktop.ui.players import noise

NO_PICTURE_MS = 3000
"""How long a file may show nothing, once enough of it is read, before it is held for one that never will.

FFmpeg in Qt's wheels has no AV1 decoder, for one, and Qt plays such a file to its end without a frame or an error.
"""
SEEK_MS = 500
"""How long a seek may take before the next one is not kept waiting any more."""

Status = QMediaPlayer.MediaStatus
State = QMediaPlayer.PlaybackState
Key = QMediaMetaData.Key


class QtPlayback(Playback):
    """Plays a local file through QMediaPlayer into a QVideoSink.

    The file is named by its path rather than handed over as a device of ours: FFmpeg then opens and reads it on
    threads of its own that need neither the window's thread nor Python's lock. Never is it given an address: it would
    take any certificate, and knows nothing of our sessions.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        """Raise Unsupported if Qt finds nothing to play with."""
        super().__init__(parent)
        with noise.to_log():
            self._player = QMediaPlayer(self)
            device = QMediaDevices.defaultAudioOutput()
        if not self._player.isAvailable():
            raise cannot_play("Qt found no multimedia backend: a system library of its FFmpeg plugin is missing.")
        noise.mute_ffmpeg()
        self._sink = QVideoSink(self)
        self._player.setVideoSink(self._sink)
        # Without a device there is no output either: Qt would complain of every file with sound.
        self._output = None if device.isNull() else QAudioOutput(device, self)
        if self._output is not None:
            self._player.setAudioOutput(self._output)
        self._path = Path()
        self._facts: Facts | None = None
        self._closed = self._over = self._seen = self._running = self._loop = False
        self._waiting: float | None = None
        self._seeking = _timer(self, SEEK_MS, self._next_seek)
        self._watchdog = _timer(self, NO_PICTURE_MS, self._nothing_seen)
        self._sink.videoFrameChanged.connect(self._frame)
        self._player.mediaStatusChanged.connect(self._status)
        self._player.playbackStateChanged.connect(self._state)
        self._player.errorOccurred.connect(self._error)

    def open(self, path: Path) -> None:
        """Begin to play a file."""
        self._path = path
        self._player.setSource(QUrl.fromLocalFile(str(path)))
        self._player.play()

    def play(self) -> None:
        """Play."""
        self._player.play()

    def pause(self) -> None:
        """Hold."""
        self._player.pause()

    def seek(self, seconds: float) -> None:
        """Show the frame at a time, once the seek before has shown its own."""
        self._waiting = seconds
        if not self._seeking.isActive():
            self._next_seek()

    def set_volume(self, loudness: float, muted: bool) -> None:
        """Set the loudness; the ear's scale is about the cube root of the amplitude."""
        if self._output is not None:
            self._output.setVolume(loudness**3)
            self._output.setMuted(muted)

    def set_loop(self, loop: bool) -> None:
        """Loop or not."""
        self._loop = loop
        self._player.setLoops(QMediaPlayer.Loops.Infinite if loop else QMediaPlayer.Loops.Once)

    def close(self) -> None:
        """Go away, but not before a file being opened is open.

        Qt waits for that when a player ends; on a network folder that hangs, the window would wait with it.
        """
        self._closed = True
        self._watchdog.stop()
        self._seeking.stop()
        if self._player.mediaStatus() is Status.LoadingMedia:
            self.setParent(None)
            self._player.mediaStatusChanged.connect(lambda _status: self.deleteLater())  # keeps this object alive
        else:
            self._player.stop()
            self.deleteLater()

    def _next_seek(self) -> None:
        self._seeking.stop()
        if self._waiting is None:
            return
        seconds, self._waiting = self._waiting, None
        self._seeking.start()
        self._player.setPosition(max(0, round(seconds * 1000)))
        if self._player.playbackState() is State.StoppedState:
            self._player.pause()  # after its end a player shows nothing until it runs again

    def _frame(self, frame: QVideoFrame) -> None:
        if self._closed or not frame.isValid():
            return
        first, self._seen = not self._seen, True
        self._watchdog.stop()
        start = frame.startTime() / 1e6 if frame.startTime() >= 0 else self._player.position() / 1000
        rate = self._facts.timeline.rate if self._facts is not None else USUAL_RATE
        end = frame.endTime() / 1e6 if frame.endTime() > frame.startTime() else start + 1 / rate
        if first:
            with noise.to_log():
                frame.toImage()
        self.pictured.emit(Still(start, end, frame.toImage))
        if self._seeking.isActive():
            self._next_seek()

    def _status(self, status: QMediaPlayer.MediaStatus) -> None:
        if self._closed:
            return
        if status is Status.LoadedMedia and self._facts is None:
            self._loaded()
        elif status is Status.BufferingMedia:
            self._watchdog.stop()  # a slow disk is no fault of the codec's
        elif status is Status.BufferedMedia and not self._seen:
            self._watchdog.start()
        elif status is Status.EndOfMedia:
            if not self._seen:
                self._nothing_seen()
            elif self._begins_again():
                self._player.play()
            else:
                self.ended.emit()

    def _loaded(self) -> None:
        self._facts = self._read_facts()
        if not self._player.hasVideo():
            self._fail(no_picture(self._path))
            return
        self.opened.emit(self._facts)

    def _read_facts(self) -> Facts:
        tracks = self._player.videoTracks()
        rate = tracks[0].value(Key.VideoFrameRate) if tracks else None
        length = tracks[0].value(Key.Duration) if tracks else None
        codec = tracks[0].stringValue(Key.VideoCodec) if tracks else ""
        silent = "This video has no sound" if not self._player.hasAudio() else ""
        if self._output is None:
            silent = silent or "There is no sound device"
        seconds = (length or self._player.duration()) / 1000
        size = tracks[0].value(Key.Resolution) if tracks else None
        width, height = (size.width(), size.height()) if size is not None else (0, 0)
        timeline = Timeline(rate or USUAL_RATE, seconds)
        return Facts(timeline, "" if codec == "Unspecified" else codec, width, height, silent)

    def _state(self, state: QMediaPlayer.PlaybackState) -> None:
        if not self._closed and not (state is State.StoppedState and self._begins_again()):
            self._running = state is State.PlayingState
            self.played.emit(self._running)

    def _begins_again(self) -> bool:
        """Tell whether a stop is none: Qt loops by itself only if it was told before it had read the whole file."""
        return self._loop and self._running and not self._over

    def _nothing_seen(self) -> None:
        if not self._seen:
            self._fail(cannot_show(self._facts.codec if self._facts is not None else ""))

    def _error(self, error: QMediaPlayer.Error, words: str) -> None:
        if self._closed or self._seen:
            return  # a fault further in is met again as an end that comes early
        if self._facts is not None:
            self._fail(cannot_show(self._facts.codec, words))
        elif error is QMediaPlayer.Error.AccessDeniedError:
            self._fail(NotAllowed("The video may not be read.", words, "Check the file's rights.", str(self._path)))
        else:
            self._fail(not_a_video(self._path, words))

    def _fail(self, error: ShotDockError) -> None:
        if not self._over:
            self._over = True
            self._watchdog.stop()
            self._player.stop()
            self.failed.emit(error)


def _timer(parent: QObject, interval: int, run: Callable[[], None]) -> QTimer:
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(interval)
    timer.timeout.connect(run)
    return timer
