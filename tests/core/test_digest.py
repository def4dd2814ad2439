"""One message about one task."""

from dataclasses import replace

import pytest

from desktop.core.causes import causes
from desktop.core.digest import digest
from desktop.core.task import Bytes, Counts, TaskState
from tests.core.test_causes import lost
from tests.core.test_task import task


@pytest.mark.parametrize(
    ("state", "files", "title", "line"),
    [
        (TaskState.DONE, Counts(9, 9), "t: done", "9 of 9 files came (3.1 GB) in 90 s."),
        (TaskState.DONE, Counts(1, 1), "t: done", "1 of 1 file came (3.1 GB) in 90 s."),
        (TaskState.DONE, Counts(1, 0, 0, 1), "t: all up to date", "Nothing to do: the file is here."),
        (TaskState.DONE, Counts(9, 7, 0, 2), "t: done", "2 skipped."),
        (TaskState.DONE, Counts(9, 0, 0, 9), "t: all up to date", "Nothing to do: all 9 files are here."),
        (TaskState.FAILED, Counts(9, 7, failed=2), "t: partly failed", "2 failed."),
        (TaskState.FAILED, Counts(9, failed=9), "t: failed", "9 failed."),
    ],
)
def test_a_message_says_how_it_went(state: TaskState, files: Counts, title: str, line: str) -> None:
    over = replace(task(state, files), started=10.0, finished=100.0, bytes=Bytes(0, 3_100_000_000))
    message = digest(over)
    assert message.title == title
    assert line in message.body.splitlines()
    assert message.failed is (state is TaskState.FAILED)


def test_it_gives_the_reasons_and_no_secret() -> None:
    secret = "https://ann:hunter2@cdn.example/a broke."
    found = causes([*(lost(n, secret) for n in range(3)), *(lost(n, f"Cause {n}", f"k{n}") for n in range(10, 20))])
    message = digest(task(TaskState.FAILED, Counts(13, failed=13)), found)
    assert "- 3x https://ann:***@cdn.example/a broke. No byte for 30 s." in message.body
    assert "- and 6 more causes" in message.body
    assert "hunter2" not in message.body
