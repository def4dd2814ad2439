from datetime import datetime, timedelta

import pytest
from PySide6.QtCore import QLocale

from desktop.core.schedule import Repeat, Schedule, Turn
from desktop.ui.formats import Formats, untagged
from desktop.ui.models.later_words import sentence
from desktop.ui.models.waits import why

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


@pytest.mark.parametrize(
    ("days", "english", "german"),
    [
        (0, "10:05 PM", "22:05"),
        (1, "tomorrow 10:05 PM", "tomorrow 22:05"),
        (3, "Mon 10:05 PM", "Mon 22:05"),
        (27, "12/24/26 10:05 PM", "24.12.26 22:05"),
    ],
)
def test_what_is_to_come_is_told_by_the_users_clock(days: int, english: str, german: str) -> None:
    friday = datetime(2026, 11, 27)
    now, when = friday.timestamp(), (friday + timedelta(days, hours=22, minutes=5)).timestamp()
    for formats, words in ((ENGLISH, english), (GERMAN, german)):
        told = formats.ahead(when, now)
        assert told.replace("\N{NARROW NO-BREAK SPACE}", " ") == words
        starts = "starts at" if days == 0 else "starts"
        assert why(Turn(not_before=when), now, 0, formats.ahead) == f"{starts} {told}"
        schedule = Schedule(when, None, Repeat(days=1))
        assert sentence(schedule, now, formats.ahead).startswith(f"Every day at {formats.ahead(when, when)}; next: ")
