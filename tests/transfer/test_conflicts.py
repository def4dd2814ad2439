"""What every conflict strategy answers, as tables; and the names of backups."""

import time

import pytest

from desktop.transfer.commit import backup_name
from desktop.transfer.conflicts import compare, skip
from desktop.transfer.ports import CONFLICTS, Decision, Facts

T = 1_700_000_000.0
S, R, K = Decision.SKIP, Decision.REPLACE, Decision.KEEP_BOTH

TABLE = [
    # existing, incoming, skip, compare, overwrite, keep_both
    (Facts(5, T), Facts(5, T), S, S, R, K),
    (Facts(5, T), Facts(6, T), S, R, R, K),
    (Facts(5, T), Facts(6, T - 999), S, R, R, K),
    (Facts(5, T), Facts(5, T + 1), S, S, R, K),
    (Facts(5, T), Facts(5, T + 2), S, S, R, K),
    (Facts(5, T), Facts(5, T + 2.1), S, R, R, K),
    (Facts(5, T), Facts(5, T + 59, precision=60), S, S, R, K),
    (Facts(5, T), Facts(5, T + 61, precision=60), S, R, R, K),
    (Facts(5, T, precision=86400), Facts(5, T + 3600), S, S, R, K),
    (Facts(5, T), Facts(5, T - 999), S, S, R, K),
    (Facts(5, T), Facts(None, T + 99), S, R, R, K),
    (Facts(5, T), Facts(None, T), S, S, R, K),
    (Facts(5, T), Facts(5, None), S, S, R, K),
    (Facts(5, T), Facts(6, None), S, R, R, K),
    (Facts(5, T), Facts(None, None), S, S, R, K),
    (Facts(None, None), Facts(5, T), S, S, R, K),
    (Facts(0, T), Facts(5, T), S, R, R, K),
]


@pytest.mark.parametrize("row", TABLE, ids=str)
@pytest.mark.parametrize(("column", "name"), list(enumerate(["skip", "compare", "overwrite", "keep_both"])))
def test_the_table(row: tuple[Facts, Facts, Decision, Decision, Decision, Decision], column: int, name: str) -> None:
    verdict = CONFLICTS[name](row[0], row[1])
    assert verdict.decision is row[2 + column]
    assert verdict.reason


def test_the_recommended_one_comes_first() -> None:
    assert CONFLICTS.names() == ("skip", "compare", "overwrite", "keep_both")
    assert all(part.title and part.explanation for part in CONFLICTS)


def test_reasons_carry_the_numbers() -> None:
    assert "5,000" in skip.skip(Facts(5000, T), Facts(6, T)).reason
    assert "6,000" in compare.compare(Facts(5, T), Facts(6000, T)).reason
    assert "3 days" in compare.compare(Facts(5, T), Facts(5, T + 3 * 86400)).reason


@pytest.mark.parametrize(
    ("name", "count", "expected"),
    [
        ("shot_v003.1001.exr", 1, "shot_v003.1001_backup_{}.exr"),
        ("notes", 1, "notes_backup_{}"),
        (".hidden", 1, ".hidden_backup_{}"),
        ("a.tar.gz", 2, "a.tar_backup_{}_2.gz"),
    ],
)
def test_a_backup_tells_when(name: str, count: int, expected: str) -> None:
    now = time.mktime((2026, 3, 1, 14, 5, 9, 0, 0, -1))
    assert backup_name(name, now, count) == expected.format("20260301_140509")


def test_a_backup_of_a_long_name_still_fits() -> None:
    name = "é" * 125 + ".exr"
    kept = backup_name(name, 0.0)
    assert len(kept.encode()) <= 255
    assert kept.endswith(".exr") and "_backup_" in kept
