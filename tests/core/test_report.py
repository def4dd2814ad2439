"""A report tells a TD what they need, and nobody a secret."""

from dataclasses import replace
from datetime import UTC

from desktop.core.causes import causes
from desktop.core.redaction import register_secret
from desktop.core.report import LINES, report
from desktop.core.schedule import Turn
from desktop.core.task import Counts, LogLine, TaskState
from tests.core.test_causes import lost
from tests.core.test_task import task

VERSIONS = {"ShotDock": "1.2.3", "Python": "3.11.7"}


def test_a_report_has_it_all() -> None:
    failed = replace(
        task(TaskState.FAILED, Counts(planned=9, downloaded=1, failed=8)), error="The line broke.", finished=60.0
    )
    found = causes([*(lost(n, "The line broke.") for n in range(7)), lost(9, "Full.", "disk-full")])
    text = report(failed, found, VERSIONS, [LogLine(50.0, "ERROR", "It broke.", 1)], 61.0, UTC)
    for words in (
        "task: 1 t",
        "state: failed (partial)",
        "files: 9 planned, 1 downloaded, 8 failed",
        "finished: 1970-01-01 00:01:00",
        "7 files: The line broke.",
        "  No byte for 30 s.",
        "  - f0",
        "  - and 2 more",
        "1 file: Full.",
        "ShotDock: 1.2.3",
        "1970-01-01 00:00:50 ERROR It broke.",
    ):
        assert words in text.splitlines()


def test_a_report_has_no_secret_in_it() -> None:
    register_secret("tok-4711-secret")
    lines = [
        LogLine(1.0, "INFO", "GET https://ann:hunter2@cdn.example/a?X-Amz-Signature=abcdef01 tok-4711-secret", 1),
    ]
    text = report(task(), (), VERSIONS, lines, 61.0, UTC)
    assert not [secret for secret in ("hunter2", "abcdef01", "tok-4711") if secret in text]


def test_a_report_ends_with_the_last_lines() -> None:
    lines = [LogLine(float(n), "INFO", f"line {n}.", 1) for n in range(500)]
    text = report(task(), (), VERSIONS, lines, 61.0, UTC)
    assert text.endswith("line 499.\n")
    assert text.count(" INFO ") == LINES


def test_how_often_it_was_tried_is_counted() -> None:
    tried = replace(task(TaskState.FAILED), turn=Turn(attempts=4, first_failed=1.0))
    (cause,) = causes([lost(1, "Gone.", "unreachable")], tried)
    assert (cause.tried.startswith("Tried 5 times"), cause.retryable, cause.files) == (True, True, ("f1",))
    (never,) = causes([lost(1, "There is none.", "not-found")], tried)
    assert never.tried.startswith("Tried once")


def test_no_word_of_a_server_steers_whoever_pastes_a_report() -> None:
    lines = [LogLine(1.0, "INFO", "no\x1b[2J", 1)]
    text = report(replace(task(), name="a\u202eb\x07"), (), VERSIONS, lines, 61.0, UTC)
    assert "task: 1 a\\u202eb\\x07" in text and text.endswith("no\\x1b[2J\n")
