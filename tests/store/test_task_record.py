"""Results move a file's row and the counters above it, and never out of step."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desktop.core.errors import ConnectionLost, NotFound, TimedOut
from desktop.core.media import Entry
from desktop.core.plan import Action, ItemState, Options
from desktop.core.redaction import register_secret
from desktop.core.task import Bytes, Counts, FileResult, Task, TaskEvent, TaskState, advance
from desktop.store.database import Store
from desktop.store.task_states import item_state
from desktop.store.tasks import FileOutcome
from tests.store.samples import TOKEN, file, item, plan

LOST = ConnectionLost("The line broke.", "After 400 of 1000 bytes.", "It is tried again.", "/projects/a").as_dict()


def start(store: Store, actions: Iterable[Action] = (Action.DOWNLOAD,) * 3) -> Task:
    task = store.tasks.create(plan(item(actions=tuple(actions))), TOKEN, "x", 1.0)
    store.tasks.save(advance(task, TaskEvent.START, 2.0))
    return store.tasks.get(task.id)


def done(file_id: int, transferred: int = 1000, reused: int = 0) -> FileOutcome:
    return FileOutcome(file_id, FileResult.DOWNLOADED, bool(reused), transferred, reused)


def failed(file_id: int, error: dict[str, object] | None = None) -> FileOutcome:
    return FileOutcome(file_id, FileResult.FAILED, transferred=400, error=error or LOST)


def test_outcomes_count_in_file_item_and_task(store: Store) -> None:
    task = start(store, (Action.DOWNLOAD,) * 6)
    ids = [each.id for each in store.tasks.files(task.id)]
    fresh = store.tasks.record(
        task.id,
        [
            done(ids[0]),
            done(ids[1], transferred=300, reused=700),
            FileOutcome(ids[2], FileResult.OVERWRITTEN, transferred=1000, reason="The server's is newer."),
            FileOutcome(ids[3], FileResult.KEPT_BOTH, resumed=True, transferred=600, reused=400),
            FileOutcome(ids[4], FileResult.SKIPPED, reason="It came from elsewhere meanwhile."),
        ],
    )
    expected = Counts(planned=6, downloaded=4, resumed=2, skipped=1, overwritten=1, kept_both=1)
    assert fresh == store.tasks.get(task.id)
    assert (fresh.files, fresh.bytes) == (expected, Bytes(6000, 2900, 1100))
    (kept,) = store.tasks.items(task.id)
    assert (kept.files, kept.bytes, kept.state) == (expected, Bytes(6000, 2900, 1100), ItemState.RUNNING)
    files = store.tasks.files(task.id)
    assert [each.result.value for each in files] == [
        "downloaded",
        "downloaded",
        "overwritten",
        "kept-both",
        "skipped",
        "pending",
    ]
    assert [each.resumed for each in files] == [False, True, False, True, False, False]
    assert [each.transferred for each in files] == [1000, 300, 1000, 600, 0, 0]
    assert (files[0].reason, files[2].reason) == ("New.", "The server's is newer.")
    fresh = store.tasks.record(task.id, [done(ids[5])])
    assert store.tasks.items(task.id)[0].state is ItemState.DONE
    assert fresh.files.downloaded == 5


def test_a_hash_and_other_facts_are_noted_and_taken_back_with_the_result(store: Store) -> None:
    task = start(store)
    ids = [each.id for each in store.tasks.files(task.id)]
    facts = Entry("/projects/a", size=1500, mtime=1.8e9 + 0.25, precision=1.0, etag=None)
    bare = Entry("/projects/b", size=1000)
    fresh = store.tasks.record(
        task.id,
        [
            replace(done(ids[0], transferred=2500), sha256="a1" * 32, facts=facts),
            replace(done(ids[1]), sha256="b2" * 32),
            replace(done(ids[2]), facts=bare),
        ],
    )
    assert fresh.bytes == Bytes(3500, 4500, 0), "what is planned is what there was to bring"
    first, second, third = store.tasks.files(task.id)
    assert (first.sha256, first.size, first.mtime, first.precision, first.etag) == (
        "a1" * 32,
        1500,
        1.8e9 + 0.25,
        1.0,
        None,
    )
    assert (second.sha256, second.size, second.mtime, second.precision, second.etag) == (
        "b2" * 32,
        1000,
        1.7e9,
        2.0,
        '"e1"',
    )
    assert (third.sha256, third.size, third.mtime) == ("", 1000, None)
    store.tasks.record(task.id, [failed(ids[0]), done(ids[1])])
    assert [each.sha256 for each in store.tasks.files(task.id)] == ["", "", ""]


def test_a_hash_is_noted_for_no_other_tasks_file(store: Store) -> None:
    task = start(store)
    other = store.tasks.create(plan(), "k3v9x2qb", "x", 1.0)
    [first, *_] = store.tasks.files(other.id)
    store.tasks.record(task.id, [replace(done(first.id), sha256="a1" * 32)])
    assert store.tasks.files(other.id)[0].sha256 == ""


def test_the_task_comes_back_with_its_own_state_and_owner(store: Store) -> None:
    task = start(store)
    fresh = store.tasks.record(task.id, [])
    assert (fresh.state, fresh.owner, fresh.started) == (TaskState.RUNNING, task.owner, 2.0)


@pytest.mark.parametrize(
    ("results", "state"),
    [
        ("ddd", ItemState.DONE),
        ("dss", ItemState.DONE),
        ("sss", ItemState.UP_TO_DATE),
        ("ddf", ItemState.PARTIAL),
        ("ssf", ItemState.PARTIAL),
        ("fff", ItemState.FAILED),
        ("dd", ItemState.RUNNING),
        ("f", ItemState.RUNNING),
    ],
)
def test_an_items_state_follows_from_its_files(store: Store, results: str, state: ItemState) -> None:
    task = start(store)
    kinds = {"d": FileResult.DOWNLOADED, "s": FileResult.SKIPPED, "f": FileResult.FAILED}
    files = store.tasks.files(task.id)
    store.tasks.record(task.id, [FileOutcome(f.id, kinds[r]) for f, r in zip(files, results, strict=False)])
    assert store.tasks.items(task.id)[0].state is state


def test_an_item_at_rest_does_not_run() -> None:
    assert item_state(Counts(planned=3, downloaded=1), running=False) is ItemState.PARTIAL
    assert item_state(Counts(planned=3, failed=1), running=False) is ItemState.PLANNED
    assert item_state(Counts(planned=3), running=False) is ItemState.PLANNED


def test_pausing_stops_the_items_and_resuming_starts_them(store: Store) -> None:
    task = store.tasks.create(plan(item("a"), item("b"), item("c", [Action.SKIP])), TOKEN, "x", 1.0)
    task = advance(task, TaskEvent.START, 2.0)
    store.tasks.save(task)
    files = store.tasks.files(task.id)
    store.tasks.record(task.id, [done(files[0].id), failed(files[3].id)])
    assert [each.state.value for each in store.tasks.items(task.id)] == ["running", "running", "up-to-date"]
    store.tasks.save(advance(task, TaskEvent.PAUSE, 3.0))
    assert [each.state.value for each in store.tasks.items(task.id)] == ["partial", "planned", "up-to-date"]
    late = store.tasks.record(task.id, [done(files[1].id)])
    assert late.state is TaskState.PAUSED
    assert [each.state.value for each in store.tasks.items(task.id)] == ["partial", "planned", "up-to-date"]
    task = advance(store.tasks.get(task.id), TaskEvent.RESUME, 4.0)
    store.tasks.save(task)
    store.tasks.save(advance(store.tasks.get(task.id), TaskEvent.START, 5.0))
    store.tasks.record(task.id, [done(files[2].id)])
    assert [each.state.value for each in store.tasks.items(task.id)] == ["done", "planned", "up-to-date"]


def test_recording_twice_counts_once_and_the_last_word_holds(store: Store) -> None:
    task = start(store)
    first, second, _ = (each.id for each in store.tasks.files(task.id))
    store.tasks.record(task.id, [failed(first), done(first)])
    fresh = store.tasks.record(task.id, [done(first), done(second)])
    assert (fresh.files, fresh.bytes) == (Counts(planned=3, downloaded=2), Bytes(3000, 2000, 0))


def test_files_of_other_tasks_are_passed_over(store: Store) -> None:
    task = start(store)
    other = store.tasks.create(plan(), "k3v9x2qb", "y", 1.0)
    fresh = store.tasks.record(task.id, [done(store.tasks.files(other.id)[0].id), done(4711)])
    assert fresh.files == Counts(planned=3)
    assert store.tasks.get(other.id) == other


def test_a_deleted_task_takes_no_results(store: Store) -> None:
    task = start(store)
    files = store.tasks.files(task.id)
    store.tasks.delete([task.id])
    with pytest.raises(NotFound):
        store.tasks.record(task.id, [done(files[0].id)])


def test_a_failure_is_kept_in_words(store: Store) -> None:
    task = start(store)
    files = store.tasks.files(task.id)
    later = TimedOut("No byte came.", "For 30 seconds.").as_dict()
    store.tasks.record(task.id, [failed(files[0].id)])
    store.tasks.record(task.id, [failed(files[1].id, later)])
    assert store.tasks.files(task.id)[0].error == LOST
    assert store.tasks.items(task.id)[0].error_message == "The line broke. After 400 of 1000 bytes."


def test_an_unknown_size_is_known_once_the_file_came(store: Store) -> None:
    planned = replace(item(), files=(file("a", size=None), file("b", size=50)))
    task = store.tasks.create(plan(planned), TOKEN, "x", 1.0)
    assert task.bytes == Bytes(planned=50)
    first, _ = store.tasks.files(task.id)
    fresh = store.tasks.record(task.id, [done(first.id, transferred=60, reused=40)])
    assert fresh.bytes == Bytes(150, 60, 40)
    assert store.tasks.files(task.id)[0].size == 100
    again = store.tasks.record(task.id, [done(first.id, transferred=60, reused=40)])
    assert again.bytes == fresh.bytes


def test_failed_files_are_pending_again(store: Store) -> None:
    task = start(store, (Action.DOWNLOAD, Action.DOWNLOAD, Action.DOWNLOAD, Action.BLOCKED, Action.SKIP))
    files = store.tasks.files(task.id)
    refused = {**LOST, "retryable": False}
    store.tasks.record(task.id, [done(files[0].id), failed(files[1].id), failed(files[2].id, refused)])
    fresh = store.tasks.reset_failed(task.id)
    assert fresh.files == Counts(planned=5, downloaded=1, skipped=1, failed=1)
    assert fresh.bytes == Bytes(3000, 1000, 0)
    assert [each.id for each in store.tasks.pending(task.id)] == [files[1].id, files[2].id]
    assert all(each.error is None for each in store.tasks.pending(task.id))
    assert store.tasks.reset_failed(task.id) == fresh


def test_only_what_may_succeed_is_pending_again_if_so_wished(store: Store) -> None:
    task = start(store)
    files = store.tasks.files(task.id)
    store.tasks.record(task.id, [failed(files[0].id), failed(files[1].id, {**LOST, "retryable": False})])
    fresh = store.tasks.reset_failed(task.id, retryable_only=True)
    assert fresh.files == Counts(planned=3, failed=1)
    assert [each.id for each in store.tasks.pending(task.id)] == [files[0].id, files[2].id]


def test_trying_again_brings_the_plans_own_warning_back(store: Store) -> None:
    task = store.tasks.create(plan(item(message="2 frames are missing.")), TOKEN, "x", 1.0)
    files = store.tasks.files(task.id)
    store.tasks.record(task.id, [failed(files[0].id)])
    assert store.tasks.items(task.id)[0].error_message.startswith("The line broke.")
    store.tasks.reset_failed(task.id)
    assert store.tasks.items(task.id)[0].error_message == "2 frames are missing."
    store.tasks.record(task.id, [failed(files[1].id, TimedOut("No byte came.").as_dict())])
    assert store.tasks.items(task.id)[0].error_message == "No byte came."


def test_nothing_is_pending_in_a_task_that_is_done(store: Store) -> None:
    task = start(store)
    fresh = store.tasks.record(task.id, [done(each.id) for each in store.tasks.files(task.id)])
    assert store.tasks.reset_failed(task.id) == fresh
    assert store.tasks.pending(task.id) == ()


def test_saving_moves_state_and_times_and_leaves_the_counters(store: Store) -> None:
    task = start(store)
    (first, *_) = store.tasks.files(task.id)
    store.tasks.record(task.id, [done(first.id)])
    ended = advance(replace(task, name="Tuesday", options=Options(parallel=1)), TaskEvent.FAIL, 9.0, "The line broke.")
    store.tasks.save(ended)
    kept = store.tasks.get(task.id)
    assert kept == replace(ended, files=Counts(planned=3, downloaded=1), bytes=Bytes(3000, 1000, 0))
    assert (kept.state, kept.finished, kept.error, kept.owner) == (TaskState.FAILED, 9.0, "The line broke.", "")


def test_secrets_do_not_reach_the_database(store: Store, path: Path) -> None:
    register_secret("hunter2-sentinel")
    planned = item(message="https://s3.example/a?X-Amz-Signature=5eed5eed", actions=[Action.DOWNLOAD])
    task = store.tasks.create(plan(planned), TOKEN, "x", 1.0)
    (only,) = store.tasks.files(task.id)
    error = {**LOST, "title": "ftp://ann:s3same@host/a broke.", "cause": "Login hunter2-sentinel."}
    store.tasks.record(task.id, [replace(failed(only.id, error), reason="?token=t0psecret")])
    store.tasks.save(replace(store.tasks.get(task.id), error="Authorization: Basic dTpwYXNz"))
    content = path.read_bytes()
    for secret in (b"hunter2", b"5eed5eed", b"s3same", b"t0psecret", b"dTpwYXNz"):
        assert secret not in content
    assert b"ann:***@host" in content


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    batches=st.lists(
        st.lists(
            st.builds(
                FileOutcome,
                st.integers(0, 7),
                st.sampled_from(FileResult),
                st.booleans(),
                st.integers(0, 2000),
                st.integers(0, 2000),
            ),
            max_size=6,
        ),
        max_size=6,
    )
)
def test_counters_are_what_a_recount_gives(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[FileOutcome]]
) -> None:
    """Whatever comes in whatever order, the running counters equal the rows counted anew."""
    with Store.open(tmp_path_factory.mktemp("walk") / "shotdock.db") as store:
        actions = (Action.DOWNLOAD, Action.DOWNLOAD, Action.SKIP, Action.BLOCKED)
        task = store.tasks.create(plan(item("a", actions), item("b", actions)), TOKEN, "x", 1.0)
        ids = [each.id for each in store.tasks.files(task.id)]
        for batch in batches:
            task = store.tasks.record(task.id, [replace(outcome, file_id=ids[outcome.file_id]) for outcome in batch])
        files = store.tasks.files(task.id)
        for each in store.tasks.items(task.id):
            counts = Counts(planned=4)
            for row in (row for row in files if row.item_id == each.id):
                counts = counts.with_result(row.result, row.resumed)
            assert each.files == counts
            assert each.state is item_state(counts, running=False) or each.state is ItemState.PLANNED
        assert sum((each.files for each in store.tasks.items(task.id)), Counts()) == task.files
        assert task.bytes.transferred == sum(row.transferred for row in files)


@pytest.mark.parametrize("count", [10, 1000])
def test_a_batch_costs_as_many_steps_whatever_its_files(path: Path, count: int) -> None:
    # Every statement, and every commit's wait for the disk, is counted by SQLite itself.
    with Store.open(path) as store:
        task = start(store, (Action.DOWNLOAD,) * count)
        outcomes = [done(each.id) for each in store.tasks.pending(task.id)]
        statements: list[str] = []
        store._access.db.connection().set_trace_callback(statements.append)
        fresh = store.tasks.record(task.id, outcomes)
        store._access.db.connection().set_trace_callback(None)
    assert fresh.files.downloaded == count
    assert statements.count("COMMIT") == 1
    assert len(statements) <= 12


def test_what_came_from_a_site_and_what_is_still_to_come(store: Store) -> None:
    first = start(store)
    ids = [each.id for each in store.tasks.files(first.id)]
    store.tasks.record(first.id, [done(ids[0]), failed(ids[1])])
    sources = [each.source for each in store.tasks.files(first.id)]
    second = store.tasks.create(plan(item(actions=(Action.DOWNLOAD, Action.SKIP))), "other000", "y", 5.0)
    known = store.tasks.brought("vega")
    # The newest task's files come first; what is skipped or failed is nobody's.
    assert [(one.source, one.arrived) for one in known] == [
        (sources[0], False),
        (sources[2], False),
        (sources[0], True),
    ]
    assert known[-1].path == first.destination / store.tasks.files(first.id)[0].target
    assert known[-1].size == 1000
    store.tasks.save(advance(second, TaskEvent.CANCEL, 6.0))
    store.tasks.save(advance(store.tasks.get(first.id), TaskEvent.CANCEL, 6.0))
    assert [one.source for one in store.tasks.brought("vega")] == [sources[0]]
    assert store.tasks.brought("elsewhere") == ()


def test_a_skipped_item_stays_skipped_whatever_is_heard_of_its_files(store: Store) -> None:
    task = store.tasks.create(plan(item(state=ItemState.SKIPPED, message="Not wanted.")), TOKEN, "x", 1.0)
    first, *_ = store.tasks.files(task.id)
    fresh = store.tasks.record(task.id, [done(first.id)])
    (kept,) = store.tasks.items(task.id)
    assert (kept.state, kept.files.downloaded, fresh.files.downloaded) == (ItemState.SKIPPED, 1, 1)


def test_a_failure_without_an_error_leaves_the_item_without_words(store: Store) -> None:
    task = start(store)
    first, *_ = store.tasks.files(task.id)
    store.tasks.record(task.id, [FileOutcome(first.id, FileResult.FAILED, reason="It never came.")])
    (kept,) = store.tasks.items(task.id)
    again, *_ = store.tasks.files(task.id)
    assert (kept.files.failed, kept.error_message) == (1, "")
    assert (again.reason, again.error) == ("It never came.", None)
