"""The history is found by shot, name, date and state, a page at a time."""

from dataclasses import replace

import pytest

from desktop.core.history import Query
from desktop.core.plan import Action
from desktop.core.task import FileResult, LogLine, Task, TaskEvent, TaskState, advance
from desktop.store.database import Store
from desktop.store.tasks import FileOutcome
from tests.store.samples import SHOT, item, plan

DAY = 86_400.0
R = FileResult


def made(store: Store, number: int, shot: str, event: TaskEvent = TaskEvent.FINISH) -> Task:
    """Return a task about a shot that was made at day `number` and ended ten seconds later."""
    label = f"VEGA/SQ01/{shot}"
    wanted = plan(item(label, [Action.DOWNLOAD] * 3, key=replace(SHOT, shot=shot)))
    task = store.tasks.create(wanted, f"aaaa{number:04}", f"Task {number}", number * DAY)
    task = advance(task, TaskEvent.START, number * DAY)
    store.tasks.save(task)
    files = store.tasks.files(task.id)
    failed = event is TaskEvent.FAIL
    store.tasks.record(
        task.id,
        [
            FileOutcome(file.id, R.FAILED if failed else R.DOWNLOADED, transferred=0 if failed else 1000)
            for file in files
        ],
    )
    store.tasks.save(advance(store.tasks.get(task.id), event, number * DAY + 10))
    store.events.add([LogLine(number * DAY, "ERROR" if failed else "INFO", f"{shot} ended.", task.id, label)])
    return store.tasks.get(task.id)


@pytest.fixture
def three(store: Store) -> list[Task]:
    return [made(store, 1, "SH010"), made(store, 2, "SH020", TaskEvent.FAIL), made(store, 3, "SH011")]


def found(store: Store, query: Query) -> list[str]:
    return [task.name for task in store.history.tasks(query).tasks]


def test_tasks_are_found(store: Store, three: list[Task]) -> None:
    assert found(store, Query()) == ["Task 3", "Task 2", "Task 1"]
    assert found(store, Query(text="task 2")) == ["Task 2"]
    assert found(store, Query(text="/sh01")) == ["Task 3", "Task 1"]
    assert found(store, Query(shot="SH010")) == ["Task 1"]
    assert found(store, Query(shot="sh01")) == ["Task 3", "Task 1"]
    assert found(store, Query(states=(TaskState.FAILED, TaskState.CANCELLED))) == ["Task 2"]
    assert found(store, Query(since=2 * DAY)) == ["Task 3", "Task 2"]
    assert found(store, Query(since=2 * DAY, until=3 * DAY)) == ["Task 2"]
    assert found(store, Query(task=2)) == ["Task 2"]
    assert found(store, Query(task=2, text="task 3")) == []
    assert found(store, Query(text="%")) == []
    assert found(store, Query(text="Task_1")) == []


def test_pages_are_pages(store: Store, three: list[Task]) -> None:
    first = store.history.tasks(Query(limit=2))
    assert ([task.name for task in first.tasks], first.total) == (["Task 3", "Task 2"], 3)
    assert found(store, Query(limit=2, offset=2)) == ["Task 1"]


def test_files_are_found_over_all_tasks(store: Store, three: list[Task]) -> None:
    files = store.history.files(Query(text="1002.exr"))
    assert [(one.task_id, one.file.result) for one in files] == [(3, R.DOWNLOADED), (2, R.FAILED), (1, R.DOWNLOADED)]
    assert files[0].task == "Task 3"
    assert files[0].label == "VEGA/SQ01/SH011"
    assert files[0].file == store.tasks.files(3)[1]
    assert len(store.history.files(Query(results=(R.FAILED,)))) == 3
    assert len(store.history.files(Query(shot="SH010", limit=2))) == 2
    assert [one.task_id for one in store.history.files(Query(task=2, limit=1, offset=2))] == [2]
    assert store.history.files(Query(since=4 * DAY)) == ()


def test_lines_are_found(store: Store, three: list[Task]) -> None:
    assert [line.message for line in store.history.lines(Query())] == ["SH011 ended.", "SH020 ended.", "SH010 ended."]
    assert [line.task_id for line in store.history.lines(Query(level="WARNING"))] == [2]
    assert [line.task_id for line in store.history.lines(Query(text="sh011"))] == [3]
    assert [line.task_id for line in store.history.lines(Query(task=1))] == [1]
    assert [line.task_id for line in store.history.lines(Query(since=2 * DAY, until=3 * DAY))] == [2]
    assert [line.task_id for line in store.history.lines(Query(limit=1, offset=1))] == [2]


def test_sums(store: Store, three: list[Task]) -> None:
    sums = store.history.statistics(Query())
    assert (sums.tasks, sums.states) == (3, {TaskState.DONE: 2, TaskState.FAILED: 1})
    assert (sums.files.planned, sums.files.downloaded, sums.files.failed) == (9, 6, 3)
    assert (sums.bytes.transferred, sums.seconds, sums.rate) == (6000, 30.0, 200.0)
    assert store.history.statistics(Query(text="nothing")).tasks == 0


def test_only_what_has_ended_is_old(store: Store, three: list[Task]) -> None:
    waiting = store.tasks.create(plan(), "bbbb0001", "Waiting", 1.0)
    paused = store.tasks.create(plan(), "bbbb0002", "Paused", 1.0)
    store.tasks.save(advance(paused, TaskEvent.PAUSE, 2.0))
    old = store.history.ended_before(3 * DAY, 100)
    assert [task.name for task in old] == ["Task 1", "Task 2"]
    assert waiting.name not in [task.name for task in old]
    assert [task.name for task in store.history.ended_before(9 * DAY, 1)] == ["Task 1"]
