"""The colours of the window: neutral greys, one accent, and one colour for each meaning."""

from dataclasses import dataclass
from enum import StrEnum


class Tone(StrEnum):
    """What a colour means; every icon, word and bar takes its colour by tone."""

    TEXT = "text"
    MUTED = "muted"
    FAINT = "faint"
    ACCENT = "accent"
    ON_ACCENT = "on_accent"
    GOOD = "good"
    INFO = "info"
    WARN = "warn"
    BAD = "bad"
    LOCAL = "local"


@dataclass(frozen=True, slots=True)
class Colours:
    """One theme's colours as `#rrggbb`. Text on every ground it is used on has a contrast of at least 4.5:1.

    window: behind everything. panel: docks and side panels. base: tables and fields. raised: buttons.
    """

    dark: bool
    window: str
    panel: str
    base: str
    raised: str
    hover: str
    pressed: str
    line: str
    line_strong: str
    selection: str
    text: str
    muted: str
    faint: str
    accent: str
    accent_hover: str
    accent_soft: str
    on_accent: str
    good: str
    info: str
    warn: str
    bad: str
    bad_soft: str
    warn_soft: str
    bad_line: str
    warn_line: str
    accent_line: str
    local: str

    def of(self, tone: Tone) -> str:
        """Return the tone's colour."""
        colour: str = getattr(self, tone.value)
        return colour


# The greys of the dark theme have no hue at all: they lie beside pictures that are being graded.
DARK = Colours(
    dark=True,
    window="#1b1b1b",
    panel="#232323",
    base="#1f1f1f",
    raised="#333333",
    hover="#3d3d3d",
    pressed="#2a2a2a",
    line="#303030",
    line_strong="#454545",
    selection="#2d4257",
    text="#dedede",
    muted="#a3a3a3",
    faint="#858585",
    accent="#2f7dd1",
    accent_hover="#3f8ce0",
    accent_soft="#223040",
    on_accent="#ffffff",
    good="#6dbf7b",
    info="#6fb1f2",
    warn="#e3ae4c",
    bad="#ef7f73",
    bad_soft="#322524",
    warn_soft="#2f2a1e",
    bad_line="#6e3a35",
    warn_line="#64522a",
    accent_line="#2f5682",
    local="#b79cec",
)

LIGHT = Colours(
    dark=False,
    window="#e9e9e9",
    panel="#f4f4f4",
    base="#ffffff",
    raised="#ffffff",
    hover="#ececec",
    pressed="#dedede",
    line="#dcdcdc",
    line_strong="#c2c2c2",
    selection="#d3e4f6",
    text="#202020",
    muted="#5c5c5c",
    faint="#707070",
    accent="#1f6bbd",
    accent_hover="#2a79cd",
    accent_soft="#e1edf9",
    on_accent="#ffffff",
    good="#1e7a36",
    info="#1a66b3",
    warn="#8a5c00",
    bad="#b83227",
    bad_soft="#fae7e5",
    warn_soft="#fbf4e2",
    bad_line="#e5b3ae",
    warn_line="#e2cb95",
    accent_line="#a9cbec",
    local="#6a46b8",
)
