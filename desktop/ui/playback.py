"""What plays one video: the player dialog's idea of it, free of QtMultimedia, which is dear to import."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from desktop.core.errors import NotTheFile, ShotDockError, Unsupported
from desktop.ui.models.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Facts:
    """What a file says of itself.

    codec: the picture's, "" if unknown. width, height: pixels, 0 if unknown. silent: why there is no sound, or "".
    """

    timeline: Timeline
    codec: str
    width: int
    height: int
    silent: str


@dataclass(frozen=True, slots=True)
class Still:
    """One decoded frame. start, end: seconds from the beginning. draw: converts it; dear, so only for what is shown."""

    start: float
    end: float
    draw: Callable[[], QImage]


class Playback(QObject):
    """Plays one file, with the picture handed out frame by frame.

    Signals: opened (Facts), pictured (Still: the frame to show now), played (bool: whether it runs), ended (the last
    frame was shown), failed (ShotDockError: it will never show anything).
    """

    opened = Signal(object)
    pictured = Signal(object)
    played = Signal(bool)
    ended = Signal()
    failed = Signal(object)

    def open(self, path: Path) -> None:
        """Begin to play a whole file of this machine; the file is read on other threads."""
        raise NotImplementedError

    def play(self) -> None:
        """Play, from the beginning if the end was reached."""
        raise NotImplementedError

    def pause(self) -> None:
        """Hold the frame that is shown."""
        raise NotImplementedError

    def seek(self, seconds: float) -> None:
        """Show the frame at a time; of seeks that come faster than frames only the last one counts."""
        raise NotImplementedError

    def set_volume(self, loudness: float, muted: bool) -> None:
        """Set the loudness as the ear judges it, 0 to 1."""
        raise NotImplementedError

    def set_loop(self, loop: bool) -> None:
        """Begin again at the end, or stop there."""
        raise NotImplementedError

    def close(self) -> None:
        """Stop, tell nothing more and go away; may be called once."""
        raise NotImplementedError


def cannot_play(cause: str) -> ShotDockError:
    """Return the words for a machine on which nothing can be played."""
    return Unsupported(
        title="ShotDock cannot play videos on this machine.",
        cause=cause,
        suggestion="The system's own player may. `shotdock doctor` names what is missing.",
    )


def cannot_show(codec: str, words: str = "") -> ShotDockError:
    """Return the words for a picture that no decoder here can read; words: what the library says of it."""
    return Unsupported(
        title=f"This player cannot show {codec} video." if codec else "This player cannot show this video's codec.",
        cause=words or "The file was opened, but not one frame came out of it.",
        suggestion="The file itself is fine: open it in the system's player, or download it.",
    )


def not_a_video(path: Path, words: str) -> ShotDockError:
    """Return the words for a file that cannot be opened as a video; words: what the library says of it."""
    return NotTheFile(
        title="This file cannot be read as a video.",
        cause=f"It is damaged, cut short, or something else under a video's name. {words}".strip(),
        suggestion="Download it again; if that does not help, it is broken on the server too.",
        path=str(path),
    )


def no_picture(path: Path) -> ShotDockError:
    """Return the words for a file without a picture."""
    return NotTheFile(
        title="There is no picture in this file.",
        cause="It holds sound only, or a picture in a form this player does not know.",
        suggestion="The system's own player may know it.",
        path=str(path),
    )
