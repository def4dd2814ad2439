import pytest
from PySide6.QtCore import QLocale

from desktop.ui.formats import Formats, untagged

ENGLISH = Formats(QLocale("en_US"))
GERMAN = Formats(QLocale("de_DE"))


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (0, "0 B"), (999, "999 B"), (1500, "1.5 KB"), (18_200_000_000, "18.2 GB"), (5 << 40, "5.5 TB")],
)
def test_sizes(value: int | None, text: str) -> None:
    assert ENGLISH.size(value) == text


def test_numbers_follow_the_locale() -> None:
    assert ENGLISH.counted(12_345, "file") == "12,345 files"
    assert GERMAN.counted(12_345, "file") == "12.345 files"
    assert GERMAN.size(1_500_000) == "1,5 MB"
    assert ENGLISH.counted(1, "file") == "1 file"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (0.2, "0 s"),
        (59, "59 s"),
        (61, "1 min"),
        (3599, "1 h 00 min"),
        (3900, "1 h 05 min"),
        (900_000, "10 days"),
    ],
)
def test_time_left(seconds: float | None, text: str) -> None:
    assert ENGLISH.left(seconds) == text


@pytest.mark.parametrize(
    ("age", "text"),
    [(3, "just now"), (720, "12 min ago"), (7300, "2 h ago"), (86400 * 3, "3 days ago"), (-5, "just now")],
)
def test_ages(age: int, text: str) -> None:
    assert ENGLISH.ago(1_000_000, 1_000_000 + age) == text


def test_no_speed_no_words() -> None:
    assert ENGLISH.speed(0.4) == ""
    assert ENGLISH.speed(212_000_000) == "212.0 MB/s"


def test_a_message_beside_the_tray_has_no_tags() -> None:
    told = untagged("<a href='http://evil.example'>shot</a> & <img src='file:///x'>")
    assert "<" not in told and ">" not in told
    assert untagged("VEGA: done & dusted") == "VEGA: done & dusted"
