"""A database that another program holds for longer than anybody waits, while a task brings its files."""

import sqlite3
from contextlib import closing

from pytestqt.qtbot import QtBot

from desktop.core.plan import Options
from desktop.core.task import TaskState
from tests.work.conftest import Bench


def test_results_wait_until_the_database_is_free_again(bench: Bench, qtbot: QtBot) -> None:
    """What came meanwhile is recorded then; the task neither forgets it nor stands still for ever."""
    path = bench.services.places.database
    bench.services._desk.wait_for(lambda: bench.services._store._access.value("PRAGMA busy_timeout = 50"))
    plan = bench.plan(options=Options(limit_rate=4000))
    task = bench.submit(plan)
    bench.until(task.id, TaskState.RUNNING)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        qtbot.waitUntil(lambda: len(list(bench.destination.rglob("*.ma"))) > 0, timeout=20_000)
        qtbot.waitUntil(lambda: bench.services._queue._held, timeout=20_000)
        other.execute("ROLLBACK")
    ended = bench.until(task.id, TaskState.DONE)
    assert ended.files.downloaded == ended.files.planned == 4
