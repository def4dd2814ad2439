"""The heart: states move only along the table of legal moves."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.core.plan import VersionStrategy
from desktop.core.task import MOVES, Counts, FileResult, Task, TaskEvent, TaskState, advance, allowed

NOTHING = Counts()


def task(state: TaskState = TaskState.WAITING, files: Counts = NOTHING) -> Task:
    return Task(1, "ab12cd34", "t", "VEGA", Path("/d"), VersionStrategy.LATEST, "skip", state=state, files=files)


@given(st.lists(st.sampled_from(TaskEvent), max_size=30))
def test_any_walk_stays_in_the_table(events: list[TaskEvent]) -> None:
    now = task()
    for event in events:
        if allowed(now.state, event):
            after = advance(now, event, 1.0, "why")
            assert after.state is MOVES[now.state, event]
            now = after
        else:
            with pytest.raises(ValueError, match="cannot"):
                advance(now, event, 1.0)


def test_every_state_can_be_reached_and_left() -> None:
    reached = {TaskState.WAITING}
    while more := {after for (before, _), after in MOVES.items() if before in reached} - reached:
        reached |= more
    assert reached == set(TaskState)
    assert {before for before, _ in MOVES} == set(TaskState)


def test_times_and_errors_follow_the_events() -> None:
    running = advance(task(), TaskEvent.START, 10.0)
    assert (running.started, running.finished) == (10.0, None)
    failed = advance(running, TaskEvent.FAIL, 20.0, "The disk is full.")
    assert (failed.finished, failed.error) == (20.0, "The disk is full.")
    again = advance(advance(failed, TaskEvent.RETRY, 30.0), TaskEvent.START, 31.0)
    assert (again.started, again.finished, again.error) == (10.0, None, "")


@pytest.mark.parametrize(
    ("state", "files", "word"),
    [
        (TaskState.DONE, Counts(planned=2, downloaded=2), "done"),
        (TaskState.DONE, Counts(planned=2, skipped=2), "up-to-date"),
        (TaskState.DONE, Counts(), "up-to-date"),
        (TaskState.FAILED, Counts(planned=2, downloaded=1, failed=1), "partial"),
        (TaskState.FAILED, Counts(planned=2, failed=2), "failed"),
        (TaskState.FAILED, Counts(), "failed"),
        (TaskState.CANCELLED, Counts(planned=2, downloaded=1), "cancelled"),
        (TaskState.INTERRUPTED, Counts(planned=2), "cancelled"),
    ],
)
def test_the_outcome_is_one_honest_word(state: TaskState, files: Counts, word: str) -> None:
    assert task(state, files).outcome == word


def test_counts_put_a_file_in_its_own_row_and_in_downloaded() -> None:
    counts = Counts(planned=4)
    for result, resumed in [
        (FileResult.OVERWRITTEN, False),
        (FileResult.KEPT_BOTH, True),
        (FileResult.SKIPPED, False),
        (FileResult.FAILED, False),
    ]:
        counts = counts.with_result(result, resumed)
    assert counts == Counts(planned=4, downloaded=2, resumed=1, skipped=1, overwritten=1, kept_both=1, failed=1)
    assert (counts + counts).downloaded == 4
