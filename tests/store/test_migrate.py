"""A database is brought to today's schema step by step, after a backup, or left as it was."""

import multiprocessing
import sqlite3
import stat
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import peewee
import pytest

from desktop.core.errors import DatabaseDamaged, NewerDatabase
from desktop.store.access import Access
from desktop.store.database import Store
from desktop.store.migrate import APPLICATION, check_age, create, migrate, schema_of
from desktop.store.migrations import MIGRATIONS, Step
from tests.store.samples import TOKEN, plan


def notes(db: Any) -> None:
    db.execute_sql("CREATE TABLE note (id INTEGER PRIMARY KEY, task_id INTEGER REFERENCES task (id))")
    db.execute_sql("INSERT INTO note (task_id) SELECT id FROM task")


def stars(db: Any) -> None:
    db.execute_sql("ALTER TABLE note ADD COLUMN stars INTEGER NOT NULL DEFAULT 3")


def stumbles(db: Any) -> None:
    db.execute_sql("DELETE FROM note")
    db.execute_sql("ALTER TABLE nowhere ADD COLUMN stars INTEGER")


def breaks_a_reference(db: Any) -> None:
    db.execute_sql("INSERT INTO note (task_id) VALUES (4711)")


LATER: tuple[Step, ...] = (*MIGRATIONS, notes, stars)
FIRST = len(MIGRATIONS)


@pytest.fixture
def access(path: Path) -> Iterator[Access]:
    """Return the connection to a database of the last shipped schema with one task in it."""
    with Store.open(path) as store:
        store.tasks.create(plan(), TOKEN, "Monday", 1.0)
    opened = Access(path)
    opened.connect()
    yield opened
    opened.close()


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def test_every_step_runs_once_and_leaves_a_backup(access: Access) -> None:
    before = dump(access.path)
    migrate(access, LATER)
    assert schema_of(access) == len(LATER)
    assert access.value("SELECT stars FROM note") == 3
    first, second = (access.path.with_name(f"shotdock.db.before-{FIRST + n}") for n in (1, 2))
    assert dump(first) == before
    with closing(sqlite3.connect(second)) as backup:
        assert backup.execute("PRAGMA user_version").fetchone() == (FIRST + 1,)
        assert backup.execute("SELECT task_id FROM note").fetchall() == [(1,)]
    if sys.platform != "win32":
        assert stat.S_IMODE(first.stat().st_mode) == 0o600
    first.unlink()
    migrate(access, LATER)
    assert not first.exists(), "nothing was left to do"


def test_a_backup_can_be_put_back(access: Access) -> None:
    migrate(access, LATER)
    access.close()
    access.path.with_name(f"shotdock.db.before-{FIRST + 1}").replace(access.path)
    with Store.open(access.path) as store:
        assert [task.name for task in store.tasks.all()] == ["Monday"]


def test_a_step_that_fails_changes_nothing(access: Access) -> None:
    migrate(access, (*MIGRATIONS, notes))
    before = dump(access.path)
    with pytest.raises(peewee.OperationalError, match="nowhere"):
        migrate(access, (*MIGRATIONS, notes, stumbles))
    assert dump(access.path) == before
    assert schema_of(access) == FIRST + 1
    assert access.value("PRAGMA foreign_keys") == 1
    assert dump(access.path.with_name(f"shotdock.db.before-{FIRST + 2}")) == before


def test_a_step_that_breaks_a_reference_is_refused(access: Access) -> None:
    migrate(access, (*MIGRATIONS, notes))
    with pytest.raises(DatabaseDamaged, match="refers to"):
        migrate(access, (*MIGRATIONS, notes, breaks_a_reference))
    assert access.value("SELECT COUNT(*) FROM note") == 1


def test_references_are_watched_again_after_a_migration(access: Access) -> None:
    migrate(access, LATER)
    assert access.value("PRAGMA foreign_keys") == 1


def test_an_older_program_refuses_the_migrated_database(access: Access) -> None:
    migrate(access, LATER)
    with pytest.raises(NewerDatabase):
        check_age(access)


def test_a_new_database_is_made_by_the_same_steps(path: Path, access: Access) -> None:
    migrate(access, LATER)
    fresh = Access(path.with_name("fresh.db"))
    fresh.connect()
    create(fresh, LATER)
    schemas = [
        sorted(row[0] for row in each.db.execute_sql("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall())
        for each in (access, fresh)
    ]
    assert schemas[0] == schemas[1]
    assert (fresh.value("PRAGMA application_id"), schema_of(fresh)) == (APPLICATION, len(LATER))
    fresh.close()


def race(path: str, ready: Any) -> None:
    access = Access(Path(path))
    access.connect()
    ready.wait()
    migrate(access, LATER)
    access.close()


def test_two_processes_migrate_once(access: Access) -> None:
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(3)
    racers = [context.Process(target=race, args=(str(access.path), ready)) for _ in range(3)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert [racer.exitcode for racer in racers] == [0, 0, 0]
    assert access.value("SELECT COUNT(*) FROM note") == 1
    with closing(sqlite3.connect(access.path.with_name(f"shotdock.db.before-{FIRST + 1}"))) as backup:
        assert backup.execute("PRAGMA user_version").fetchone() == (FIRST,)
