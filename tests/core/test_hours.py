"""Hours of the week: read, spelled, and found on the clock, also on the days it is changed."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.core.errors import UsageError
from desktop.core.hours import Hours, clock, opening, parse_hours, stretch, take_hours

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()


def shown(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, BERLIN):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("22:00-06:00", "22:00-06:00"),
        ("22:00 - 6:00", "22:00-06:00"),
        ("mon-fri 09:00-18:00", "09:00-18:00 mon-fri"),
        ("09:00-18:00 weekdays", "09:00-18:00 mon-fri"),
        ("Friday, sat 00:00-24:00", "00:00-24:00 fri,sat"),
        ("20:00-00:00 sat-mon", "20:00-24:00 mon,sat,sun"),
        ("08:00-09:00 daily", "08:00-09:00"),
        ("08:00-09:00 mon,wed-fri", "08:00-09:00 mon,wed-fri"),
    ],
)
def test_hours_are_read_and_spelled(text: str, spelled: str) -> None:
    assert str(parse_hours(text)) == spelled
    assert parse_hours(spelled) == parse_hours(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("22:00-22:00", "never opens"),
        ("24:00-00:00", "never opens"),
        ("24:00-06:00", "nothing opens"),
        ("25:00-06:00", "no time of the day"),
        ("10:75-11:00", "no time of the day"),
        ("at night", "no times"),
        ("", "no times"),
        ("22:00-06:00 someday", "neither a time nor a day"),
        ("monkey 22:00-06:00", "no day of the week"),
        ("22:00-06:00 mon-", "neither a time nor a day"),
    ],
)
def test_hours_that_cannot_be_are_refused_in_words(text: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_hours(text)
    assert why in caught.value.cause


def test_hours_without_a_day_are_refused() -> None:
    with pytest.raises(UsageError, match="cannot be used as hours"):
        Hours(60, 120, ())


def test_what_follows_hours_is_left_to_others() -> None:
    assert take_hours("mon-fri 09:00-18:00 250M office hours")[1] == "250M office hours"
    assert take_hours("09:00-18:00 sat 250M")[1] == "250M"


@pytest.mark.parametrize(
    ("hours", "now", "opens", "closes"),
    [
        ("22:00-06:00", "2026-11-28 12:00", "2026-11-28 22:00", "2026-11-29 06:00"),
        ("22:00-06:00", "2026-11-28 23:00", "2026-11-28 22:00", "2026-11-29 06:00"),
        ("22:00-06:00", "2026-11-28 05:59", "2026-11-27 22:00", "2026-11-28 06:00"),
        ("22:00-06:00", "2026-11-28 06:00", "2026-11-28 22:00", "2026-11-29 06:00"),
        # Friday's night lasts into Saturday, and there is none from Saturday on.
        ("22:00-06:00 mon-fri", "2026-11-28 03:00", "2026-11-27 22:00", "2026-11-28 06:00"),
        ("22:00-06:00 mon-fri", "2026-11-28 06:30", "2026-11-30 22:00", "2026-12-01 06:00"),
        ("00:00-24:00 sun", "2026-11-28 12:00", "2026-11-29 00:00", "2026-11-30 00:00"),
        # The clocks go forward: the night is an hour shorter, its ends stay where they are on the wall.
        ("22:00-06:00", "2026-03-29 01:00", "2026-03-28 22:00", "2026-03-29 06:00"),
        # They go back: an hour longer.
        ("22:00-06:00", "2026-10-25 05:30", "2026-10-24 22:00", "2026-10-25 06:00"),
        # Hours of which the change leaves nothing are passed over.
        ("02:30-03:10 sun", "2026-03-28 12:00", "2026-04-05 02:30", "2026-04-05 03:10"),
    ],
)
def test_hours_come_by_the_clock_on_the_wall(hours: str, now: str, opens: str, closes: str) -> None:
    found = stretch(parse_hours(hours), at(now), BERLIN)
    assert tuple(map(shown, found)) == (opens, closes)
    assert opening(parse_hours(hours), at(now), BERLIN) == max(at(now), found[0])


def test_a_night_in_which_the_clocks_change_has_its_real_length() -> None:
    nights = {
        day: stretch(parse_hours("22:00-06:00"), at(f"{day} 23:00"), BERLIN) for day in ("2026-03-28", "2026-10-24")
    }
    assert [(closes - opens) / 3600 for opens, closes in nights.values()] == [7, 9]


@given(
    st.integers(0, 1439),
    st.integers(1, 1440),
    st.sets(st.integers(0, 6), min_size=1),
    st.floats(1_577_836_800, 2_000_000_000),
)
def test_hours_always_come_again(opens: int, closes: int, days: set[int], now: float) -> None:
    if opens == closes:
        return
    first, last = stretch(Hours(opens, closes, tuple(sorted(days))), now, BERLIN)
    assert first < last
    assert now < last
    assert first - now < 15 * 86400


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ("2026-11-28 22:00", "22:00"),
        ("2026-11-29 06:00", "tomorrow 06:00"),
        ("2026-11-30 06:00", "Mon 06:00"),
        ("2026-12-24 18:00", "2026-12-24 18:00"),
        ("2026-11-27 18:00", "2026-11-27 18:00"),
    ],
)
def test_a_moment_is_said_as_people_say_it(when: str, words: str) -> None:
    assert clock(at(when), at("2026-11-28 12:00"), BERLIN) == words
