"""A database full of past tasks, as years of work leave it."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from desktop.core.task import FileResult, TaskEvent, advance
from desktop.places import Places
from desktop.store.database import Store
from desktop.store.tasks import FileOutcome
from tests.ui.made import item, plan, planned

KINDS = 100
"""Tasks that are made one by one; the others are copies of them with numbers and days of their own."""

HOUR = 3600.0
DENIED: dict[str, object] = {
    "kind": "not-allowed",
    "title": "The server denies access.",
    "cause": "550: Permission denied.",
    "suggestion": "Ask for access, then retry.",
}


def remember(places: Places, count: int, now: float) -> None:
    """Write tasks that ended, one an hour until now; every ninth failed in part. count: a multiple of KINDS."""
    first = now - count * HOUR
    with Store.open(places.database) as store:
        for number in range(min(count, KINDS)):
            _remember(store, number, first + number * HOUR)
    with closing(sqlite3.connect(places.database)) as database, database:
        for copy in range(1, count // KINDS):
            _copy(database, "task", f"id + {copy * KINDS}", copy, created="+", started="+", finished="+", touched="+")
            _copy(database, "item", f"id + {copy * KINDS * 2}", copy)
            _copy(database, "file", f"id + {copy * KINDS * 6}", copy)


def _remember(store: Store, number: int, made: float) -> None:
    shot, failed = f"SH{number:02d}0", number % 9 == 4
    departments = ("anim", "lighting")
    items = (item(shot, name, *(planned(f"{shot}/{name}/v002/{n}.exr") for n in range(3))) for name in departments)
    wanted = plan(*items)
    name = f"VEGA {shot}" + (" crowd simulation, wide angle, alternate take" if number % 7 == 3 else "")
    wanted = replace(wanted, request=replace(wanted.request, destination=Path("/shows"), name=name))
    task = store.tasks.create(wanted, f"{number:08x}", name, made)
    store.tasks.save(advance(task, TaskEvent.START, made))
    outcomes = []
    for place, file in enumerate(store.tasks.files(task.id)):
        result = FileResult.FAILED if failed and place % 2 else FileResult.DOWNLOADED
        error = DENIED if result is FileResult.FAILED else None
        moved = 0 if error else (number * 7_000_001) % 900_000_000
        outcomes.append(FileOutcome(file.id, result, transferred=moved, error=error))
    store.tasks.record(task.id, outcomes)
    event = TaskEvent.FAIL if failed else TaskEvent.FINISH
    store.tasks.save(advance(store.tasks.get(task.id), event, made + 40 + number * 11 % 900))


def _copy(database: sqlite3.Connection, table: str, key: str, copy: int, **moved: str) -> None:
    changes = {
        "id": key,
        "token": f"printf('%08x', id + {copy * KINDS})",
        "task_id": f"task_id + {copy * KINDS}",
        "item_id": f"item_id + {copy * KINDS * 2}",
        **{name: f"{name} + {copy * KINDS * HOUR}" for name in moved},
    }
    columns = [name for _, name, *_ in database.execute(f"PRAGMA table_info({table})")]
    values = ", ".join(changes.get(name, name) for name in columns)
    most = {"task": 1, "item": 2, "file": 6}[table] * KINDS
    database.execute(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {table} WHERE id <= {most}")
