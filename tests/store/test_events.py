"""A task's log: in order, filtered, without secrets."""

from pathlib import Path

import pytest

from desktop.core.redaction import register_secret
from desktop.core.task import LogLine
from desktop.store.database import Store
from tests.store.samples import TOKEN, plan


@pytest.fixture
def task_id(store: Store) -> int:
    return store.tasks.create(plan(), TOKEN, "x", 1.0).id


def line(task_id: int | None, message: str, level: str = "INFO", time: float = 1.0, item: str = "") -> LogLine:
    return LogLine(time, level, message, task_id, item)


def test_lines_come_back_in_order(store: Store, task_id: int) -> None:
    lines = [line(task_id, f"line {n}", time=10.0 - n, item="VEGA/SH010") for n in range(5)]
    store.events.add(lines)
    assert store.events.of(task_id) == tuple(lines)
    assert store.events.of(task_id + 1) == ()


def test_lines_are_filtered_by_level_text_and_time(store: Store, task_id: int) -> None:
    lines = [
        line(task_id, "Planned 9 files.", "DEBUG", 1.0),
        line(task_id, "ÄNDERUNG in SH010", "INFO", 2.0),
        line(task_id, "slow", "WARNING", 3.0, item="VEGA/SH020"),
        line(task_id, "The line broke at 100%_", "ERROR", 4.0),
    ]
    store.events.add(lines)
    assert store.events.of(task_id, level="warning") == tuple(lines[2:])
    assert store.events.of(task_id, text="änderung") == (lines[1],)
    assert store.events.of(task_id, text="sh0") == tuple(lines[1:3])
    assert store.events.of(task_id, text="%_") == (lines[3],)
    assert store.events.of(task_id, since=2.0) == tuple(lines[2:])
    assert store.events.of(task_id, level="INFO", text="BROKE", since=2.5) == (lines[3],)


def test_lines_of_no_task_are_the_log_files(store: Store, task_id: int) -> None:
    store.events.add([])
    store.events.add([line(None, "started"), line(task_id + 7, "of a deleted task"), line(task_id, "kept")])
    assert [each.message for each in store.events.of(task_id)] == ["kept"]
    assert store._access.value("SELECT COUNT(*) FROM event") == 1


def test_lines_go_with_their_task(store: Store, task_id: int) -> None:
    store.events.add([line(task_id, "x")])
    store.tasks.delete([task_id])
    assert store._access.value("SELECT COUNT(*) FROM event") == 0


def test_secrets_are_not_kept(store: Store, task_id: int, path: Path) -> None:
    register_secret("sentinel-of-events")
    store.events.add([line(task_id, "GET https://s3.example/a?X-Amz-Signature=abc123abc with sentinel-of-events")])
    (kept,) = store.events.of(task_id)
    assert kept.message == "GET https://s3.example/a?X-Amz-Signature=*** with ***"
    assert b"sentinel-of-events" not in path.read_bytes()
