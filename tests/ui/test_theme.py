"""Every word can be read, every icon is there."""

import re
from itertools import product
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QIcon
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from desktop.ui.colours import DARK, LIGHT, Colours, Tone
from desktop.ui.theme import Theme

ROOT = Path(__file__).parents[2]
GROUNDS = ("window", "panel", "base")


def luminance(colour: str) -> float:
    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.03928 else float(((part + 0.055) / 1.055) ** 2.4)

    one = QColor(colour)
    return 0.2126 * linear(one.redF()) + 0.7152 * linear(one.greenF()) + 0.0722 * linear(one.blueF())


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("colours", "ground"), list(product((DARK, LIGHT), GROUNDS)))
def test_words_stand_out_from_their_ground(colours: Colours, ground: str) -> None:
    for tone in Tone:
        if tone not in (Tone.ACCENT, Tone.ON_ACCENT):
            assert contrast(colours.of(tone), getattr(colours, ground)) >= 4.0, (tone, ground)
    for tone in (Tone.TEXT, Tone.MUTED):
        assert contrast(colours.of(tone), getattr(colours, ground)) >= 4.5, (tone, ground)


@pytest.mark.parametrize("colours", [DARK, LIGHT])
def test_the_one_next_thing_to_do_can_be_read(colours: Colours) -> None:
    assert contrast(colours.on_accent, colours.accent) >= 4.0
    assert contrast(colours.text, colours.selection) >= 4.5


def test_the_dark_greys_have_no_hue() -> None:
    for ground in (*GROUNDS, "raised", "hover", "line", "text", "muted", "faint"):
        colour = QColor(getattr(DARK, ground))
        assert colour.red() == colour.green() == colour.blue(), ground


def test_every_icon_named_in_the_sources_exists(theme: Theme) -> None:
    named: set[str] = set()
    pattern = r'(?:icon=|Mark\(\w+(?:\.theme)?, |Empty\(\s*\w+(?:\.theme)?,\s*|say\()"([a-z-]+)"'
    for path in (ROOT / "desktop/ui").rglob("*.py"):
        named |= set(re.findall(pattern, path.read_text("utf-8")))
    assert len(named) > 20
    for name in named:
        assert not theme.icon(name).isNull(), name


def test_switching_recolours_what_is_there(theme: Theme, qtbot: QtBot) -> None:
    button = QPushButton()
    label = QLabel("words")
    qtbot.addWidget(button)
    qtbot.addWidget(label)
    theme.dress(button, "new")

    def grey() -> int:
        image = button.icon().pixmap(32, 32, QIcon.Mode.Normal).toImage()
        return max(
            image.pixelColor(x, y).lightness()
            for x in range(32)
            for y in range(32)
            if image.pixelColor(x, y).alpha() > 200
        )

    dark = grey()
    with qtbot.waitSignal(theme.changed):
        theme.use("light")
    assert grey() < dark
    assert theme.colours is LIGHT


def test_an_icon_is_drawn_once(theme: Theme) -> None:
    assert theme.icon("new", Tone.GOOD) is theme.icon("new", Tone.GOOD)
