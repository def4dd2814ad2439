"""The players; loaded when the first video is opened, so that the window's start does not pay for QtMultimedia."""

from desktop.core.registry import Registry
from desktop.ui.playback import Playback, cannot_play
from desktop.ui.players import noise

PLAYERS: Registry[type[Playback]] = Registry("player")
"""Loading one raises Unsupported where its libraries are missing."""


@PLAYERS.lazy("qt")
def _qt() -> type[Playback]:
    noise.mute_categories()  # before the import: looking for sound libraries is said then
    try:
        from desktop.ui.players.qt import QtPlayback
    except ImportError as error:
        raise cannot_play(str(error)) from error
    return QtPlayback
