"""Sizes, rates and durations, as people write and read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.core.errors import UsageError
from desktop.core.units import format_bytes, format_duration, format_left, format_rate, parse_rate


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("250M", 250_000_000),
        ("1.5m", 1_500_000),
        ("800k", 800_000),
        ("800 KB/s", 800_000),
        ("2G", 2_000_000_000),
        ("1T", 1_000_000_000_000),
        ("1MiB/s", 1 << 20),
        ("64Ki", 65_536),
        ("500000", 500_000),
        (" 12 b ", 12),
        (".5k", 500),
        ("1", 1),
        ("0", None),
        ("0M", None),
        ("off", None),
        ("Unlimited", None),
    ],
)
def test_rates_are_read(text: str, rate: int | None) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize(
    "text", ["fast", "", "M", "-1M", "1,5M", "1e6", "nan", "inf", "5 apples", "10i", "0.5", "1 M B", "٣M", "9" * 30]
)
def test_what_is_no_rate_is_refused_in_words(text: str) -> None:
    with pytest.raises(UsageError, match="not a transfer rate") as caught:
        parse_rate(text)
    assert "800k" in caught.value.suggestion


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (12, "12 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (3_100_000_000, "3.1 GB"),
        (9_960, "10 kB"),
        (250_000_000, "250 MB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (5e15, "5.0 PB"),
        (5e18, "5000 PB"),
    ],
)
def test_sizes_have_three_digits_at_most(size: float, text: str) -> None:
    assert format_bytes(size) == text


@given(st.integers(1, 10**15))
def test_a_written_rate_is_read_back(rate: int) -> None:
    read = parse_rate(format_rate(rate))
    assert read is not None
    assert abs(read - rate) <= rate * 0.06


def test_no_limit_is_said_in_words() -> None:
    assert format_rate(None) == "no limit"
    assert format_rate(48_000_000) == "48 MB/s"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0 s"),
        (0.4, "0 s"),
        (8, "8 s"),
        (119.4, "119 s"),
        (120, "2 min"),
        (3569, "59 min"),
        (3571, "1 h 00 min"),
        (3900, "1 h 05 min"),
        (47 * 3600 + 3569, "47 h 59 min"),
        (76 * 3600, "3 d 4 h"),
    ],
)
def test_durations_have_two_units_at_most(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


def test_time_left() -> None:
    assert format_left(125.0) == "2 min left"
    assert format_left(None) == ""
