"""Which limit holds now, and in which words."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from desktop.core.errors import UsageError
from desktop.core.timetable import FOR_GOOD, Rule, limit_now, parse_rule

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = parse_rule("mon-fri 09:00-18:00 250M office hours")
LUNCH = parse_rule("12:00-13:00 off")


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()


def shown(moment: float | None) -> str:
    return "" if moment is None else f"{datetime.fromtimestamp(moment, BERLIN):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("usual", "rules", "now", "rate", "words", "until"),
    [
        (None, (), "2026-11-27 10:00", None, "no limit", ""),
        (800_000, (), "2026-11-27 10:00", 800_000, "limit 800 kB/s", ""),
        (None, (OFFICE,), "2026-11-27 10:00", 250_000_000, "office hours 250 MB/s", "2026-11-27 18:00"),
        (None, (OFFICE,), "2026-11-27 18:00", None, "no limit", "2026-11-30 09:00"),
        (80_000_000, (OFFICE,), "2026-11-28 10:00", 80_000_000, "limit 80 MB/s", "2026-11-30 09:00"),
        # The first rule whose hours it is decides; another's end is when to look again.
        (80_000_000, (LUNCH, OFFICE), "2026-11-27 12:30", None, "no limit (12:00-13:00)", "2026-11-27 13:00"),
        (80_000_000, (OFFICE, LUNCH), "2026-11-27 12:30", 250_000_000, "office hours 250 MB/s", "2026-11-27 13:00"),
    ],
)
def test_one_limit_holds(
    usual: int | None, rules: tuple[Rule, ...], now: str, rate: int | None, words: str, until: str
) -> None:
    limit = limit_now(usual, rules, 0.0, at(now), BERLIN)
    assert (limit.rate, limit.words, shown(limit.until)) == (rate, words, until)


def test_limits_can_be_off_for_a_while_or_for_good() -> None:
    now, later = at("2026-11-27 10:00"), at("2026-11-27 11:00")
    limit = limit_now(None, (OFFICE,), later, now, BERLIN)
    assert (limit.rate, limit.words, limit.until) == (None, "limits off until 11:00", later)
    assert limit_now(None, (OFFICE,), later, later, BERLIN).rule is OFFICE
    assert limit_now(None, (OFFICE,), FOR_GOOD, now, BERLIN).words == "limits off"
    assert limit_now(None, (), later, now, BERLIN).words == "no limit"


@pytest.mark.parametrize("text", ["mon-fri 09:00-18:00 250M office hours", "12:00-13:00 off", "22:00-06:00 sat 1500"])
def test_a_rule_is_read_as_it_is_spelled(text: str) -> None:
    assert parse_rule(str(parse_rule(text))) == parse_rule(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("09:00-18:00", "how many bytes"),
        ("09:00-18:00 fast", "not a number"),
        ("250M", "no times"),
        ("09:00-09:00 250M", "never opens"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_in_words(text: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_rule(text)
    assert why in caught.value.cause
