"""The player's commands: the keys, and what a button's tool tip says of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from desktop.ui.colours import DARK, Tone
from desktop.ui.commands import Commands
from desktop.ui.theme import Theme


@dataclass(frozen=True, slots=True)
class Key:
    """A command of the player. keys: every one that runs it. icon: of its button, "" if it has none."""

    name: str
    title: str
    keys: tuple[str, ...]
    icon: str = ""
    toggles: bool = False
    repeats: bool = False


KEYS = (
    Key("play", "Play or pause", ("Space", "K"), "play"),
    Key("previous", "Previous video", ("P", "PgUp"), "previous"),
    Key("next", "Next video", ("N", "PgDown"), "next"),
    Key("frame-back", "One frame back", ("Left",), "frame-back", repeats=True),
    Key("frame-forward", "One frame forward", ("Right",), "frame-forward", repeats=True),
    Key("second-back", "One second back", ("Shift+Left",), repeats=True),
    Key("second-forward", "One second forward", ("Shift+Right",), repeats=True),
    Key("first", "First frame", ("Home",)),
    Key("last", "Last frame", ("End",)),
    Key("loop", "Play in a loop", ("L",), "loop", toggles=True),
    Key("mute", "Sound off", ("M",), "volume", toggles=True),
    Key("louder", "Louder", ("Up",), repeats=True),
    Key("softer", "Softer", ("Down",), repeats=True),
    Key("download", "Download", ("D",), "download"),
    Key("controls", "Hide or show the controls", ("H",)),
    Key("full-screen", "Full screen", ("F", "F11"), "full-screen"),
)


def add_keys(dialog: QWidget, theme: Theme, runs: Mapping[str, Callable[[], None]]) -> dict[str, QAction]:
    """Give a dialog the player's commands; runs: what each does, by name."""
    commands = Commands(dialog, theme)
    return {key.name: _add(commands, theme, key, runs[key.name]) for key in KEYS}


def _add(commands: Commands, theme: Theme, key: Key, run: Callable[[], None]) -> QAction:
    action = commands.add(key.name, key.title, run)
    sequences = [QKeySequence(one) for one in key.keys]
    action.setShortcuts(sequences)
    action.setAutoRepeat(key.repeats)
    action.setCheckable(key.toggles)
    shown = ", ".join(one.toString(QKeySequence.SequenceFormat.NativeText) for one in sequences)
    action.setToolTip(f"{key.title}  ({shown})")
    show_icon(action, theme, key.icon)
    return action


def show_icon(action: QAction, theme: Theme, icon: str) -> None:
    """Give an action an icon for a dark ground, whatever theme is in use."""
    if icon:
        action.setIcon(theme.icon(icon, Tone.TEXT, DARK))
