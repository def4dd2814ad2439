"""Start at, only within hours, again and again: moments worked out from facts, odd wishes refused in words."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.core.errors import UsageError
from desktop.core.hours import parse_hours
from desktop.core.schedule import (
    After,
    Repeat,
    Schedule,
    Turn,
    first_run,
    in_words,
    next_run,
    parse_moment,
    parse_repeat,
    waiting_words,
)

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = parse_hours("22:00-06:00")


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()


def shown(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, BERLIN):%Y-%m-%d %H:%M}"


NOON = at("2026-11-28 12:00")


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("daily", "every day"),
        ("nightly", "every day"),
        ("every day", "every day"),
        ("2d", "every 2 days"),
        ("weekly", "every 7 days"),
        ("hourly", "every hour"),
        ("6h", "every 6 hours"),
        ("every 12 hours", "every 12 hours"),
    ],
)
def test_a_repeat_is_read_and_spelled(text: str, spelled: str) -> None:
    assert str(parse_repeat(text)) == spelled
    assert parse_repeat(spelled) == parse_repeat(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("0h", "without end"),
        ("every 0 hours", "without end"),
        ("0 days", "without end"),
        ("-6h", "no number"),
        ("sometimes", "no number"),
        ("", "no number"),
        ("9999d", "366 days"),
        ("9" * 400 + "h", "366 days"),
        ("9" * 5000 + "d", "366 days"),
    ],
)
def test_a_repeat_that_cannot_be_is_refused_in_words(text: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_repeat(text)
    assert why in caught.value.cause


@pytest.mark.parametrize("odd", [(0, 0), (6, 1), (-1, 0), (0, 400)])
def test_no_other_way_leads_to_such_a_repeat(odd: tuple[int, int]) -> None:
    with pytest.raises(UsageError):
        Repeat(*odd)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("22:00", "2026-11-28 22:00"),
        ("06:00", "2026-11-29 06:00"),
        ("today 23:30", "2026-11-28 23:30"),
        ("tomorrow 02:00", "2026-11-29 02:00"),
        ("2026-12-24 18:00", "2026-12-24 18:00"),
        ("2026-12-24T18:00+01:00", "2026-12-24 18:00"),
        ("+90m", "2026-11-28 13:30"),
        ("in 2 hours", "2026-11-28 14:00"),
        ("+1d", "2026-11-29 12:00"),
    ],
)
def test_a_moment_is_read(text: str, moment: str) -> None:
    assert shown(parse_moment(text, NOON, BERLIN)) == moment


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2026-11-01 22:00", "has passed"),
        ("today 06:00", "has passed"),
        ("+99999999999d", "ten years"),
        ("+" + "9" * 400 + "m", "ten years"),
        ("in " + "9" * 5000 + " days", "ten years"),
        ("9999-12-31 23:59", "ten years"),
        ("tonight", "neither a time"),
        ("25:00", "neither a time"),
        ("", "neither a time"),
    ],
)
def test_a_moment_that_cannot_be_is_refused_in_words(text: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_moment(text, NOON, BERLIN)
    assert why in caught.value.cause


def test_a_start_outside_the_window_waits_for_it() -> None:
    assert shown(first_run(Schedule(window=NIGHT), NOON, BERLIN)) == "2026-11-28 22:00"
    assert shown(first_run(Schedule(at("2026-11-30 09:00"), NIGHT), NOON, BERLIN)) == "2026-11-30 22:00"
    assert shown(first_run(Schedule(at("2026-11-30 23:00"), NIGHT), NOON, BERLIN)) == "2026-11-30 23:00"
    assert first_run(Schedule(), NOON, BERLIN) == NOON


@pytest.mark.parametrize(
    ("repeat", "due", "now", "then", "missed"),
    [
        (Repeat(days=1), "2026-11-28 02:00", "2026-11-28 02:00", "2026-11-29 02:00", 0),
        (Repeat(days=1), "2026-11-28 02:00", "2026-11-28 09:00", "2026-11-29 02:00", 0),
        (Repeat(days=1), "2026-11-28 02:00", "2026-12-01 09:00", "2026-12-02 02:00", 3),
        (Repeat(days=7), "2026-11-28 02:00", "2026-11-29 09:00", "2026-12-05 02:00", 0),
        (Repeat(hours=6), "2026-11-28 02:00", "2026-11-28 09:00", "2026-11-28 14:00", 1),
        # Over both changes of the clocks the time of the day stays.
        (Repeat(days=1), "2026-03-28 04:00", "2026-03-28 04:00", "2026-03-29 04:00", 0),
        (Repeat(days=1), "2026-10-24 04:00", "2026-10-24 04:00", "2026-10-25 04:00", 0),
        # A time the clocks skip comes after the change, and the day after that at its own again.
        (Repeat(days=1), "2026-03-28 02:30", "2026-03-28 02:30", "2026-03-29 03:30", 0),
        # Hours are hours.
        (Repeat(hours=12), "2026-03-28 22:00", "2026-03-28 22:00", "2026-03-29 11:00", 0),
    ],
)
def test_runs_keep_their_step(repeat: Repeat, due: str, now: str, then: str, missed: int) -> None:
    when, between = next_run(repeat, at(due), at(now), BERLIN)
    assert (shown(when), between) == (then, missed)


def test_a_skipped_time_of_the_day_is_kept_for_the_days_after() -> None:
    first = due = at("2026-03-27 02:30")
    days = []
    for _ in range(3):
        due, _ = next_run(Repeat(days=1), due, due, BERLIN, first)
        days.append(shown(due))
    assert days == ["2026-03-28 02:30", "2026-03-29 03:30", "2026-03-30 02:30"]


@given(
    st.one_of(st.builds(Repeat, hours=st.integers(1, 200)), st.builds(Repeat, days=st.integers(1, 40))),
    st.floats(1_700_000_000, 1_800_000_000),
    st.floats(0, 5_000_000),
)
def test_the_next_run_is_ahead_and_the_only_one(repeat: Repeat, due: float, late: float) -> None:
    then, missed = next_run(repeat, due, due + late, BERLIN)
    assert then > due + late
    assert missed >= 0
    step = repeat.hours * 3600 if repeat.hours else repeat.days * 86400
    assert then - (due + late) <= step + 3601


def test_a_turn_says_when_it_comes_and_why() -> None:
    assert Turn().due(NOON, BERLIN) == NOON
    assert waiting_words(Turn(), NOON, BERLIN) == ""
    assert not Turn().scheduled
    late = Turn(not_before=at("2026-11-29 02:00"))
    assert waiting_words(late, NOON, BERLIN) == "Waits until tomorrow 02:00."
    assert waiting_words(Turn(window=NIGHT), NOON, BERLIN) == "Waits for its hours (22:00-06:00), which begin at 22:00."
    tried = Turn(not_before=NOON + 900, attempts=2, waits_for="render.example does not answer; tried 2 times.")
    assert waiting_words(tried, NOON, BERLIN) == "render.example does not answer; tried 2 times. Next try at 12:15."
    full = Turn(not_before=NOON + 30, waits_for="There is no room left for a.exr.")
    assert waiting_words(full, NOON, BERLIN) == "There is no room left for a.exr. Next look at 12:00."


def test_a_schedule_is_a_sentence() -> None:
    whole = Schedule(at("2026-11-28 22:00"), NIGHT, Repeat(days=1), After.QUIT)
    assert in_words(whole, NOON, BERLIN) == "starts at 22:00, only 22:00-06:00, every day, then quits"
    assert in_words(Schedule(), NOON, BERLIN) == "as soon as there is room"
    assert whole
    assert not Schedule(after=After.NOTIFY)
