"""Bring a database file to today's schema: a backup first, then one transaction a step."""

import contextlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from desktop.core.errors import NewerDatabase
from desktop.store.access import Access, damaged, spoken
from desktop.store.migrations import MIGRATIONS, Step

APPLICATION = 0x53444F4B
"""SQLite's application_id of our files ("SDOK"): another program's database is not touched."""


def schema_of(access: Access) -> int:
    """Return the number of the file's schema; raise DatabaseDamaged if it is no database of ShotDock's."""
    application = access.value("PRAGMA application_id")
    if application != APPLICATION:
        raise damaged(access.path, f"It is a database, but not ShotDock's (application id {application:#x}).")
    return int(access.value("PRAGMA user_version"))


def check_age(access: Access, steps: Sequence[Step] = MIGRATIONS) -> None:
    """Raise NewerDatabase if the file's schema is newer than this program. Reads only."""
    schema = schema_of(access)
    if schema > len(steps):
        raise NewerDatabase(
            title="The database was written by a newer ShotDock; it was not touched.",
            cause=f"Its schema is number {schema}, this ShotDock knows up to {len(steps)}.",
            suggestion="Start the newer ShotDock, or give this one a folder of its own with SHOTDOCK_HOME.",
            path=str(access.path),
        )


def create(access: Access, steps: Sequence[Step] = MIGRATIONS) -> None:
    """Make an empty file a database of today's schema."""
    with access.writing():
        access.db.execute_sql(f"PRAGMA application_id = {APPLICATION}")
        for step in steps:
            step(access.db)
        access.db.execute_sql(f"PRAGMA user_version = {len(steps)}")


def migrate(access: Access, steps: Sequence[Step] = MIGRATIONS) -> None:
    """Run the steps the file has not seen, each in a transaction after a backup `<name>.before-<schema>`.

    A step that fails leaves the file as it was before that step. Two processes may do this at once: each step
    looks again once it holds the write lock.
    """
    while schema_of(access) < len(steps):
        # Steps rebuild tables, as SQLite's ALTER asks for; references are checked as a whole before the commit.
        access.db.execute_sql("PRAGMA foreign_keys = 0")
        try:
            with access.writing():
                schema = schema_of(access)
                if schema < len(steps):
                    back_up(access.path, access.path.with_name(f"{access.path.name}.before-{schema + 1}"))
                    steps[schema](access.db)
                    _check_references(access)
                    access.db.execute_sql(f"PRAGMA user_version = {schema + 1}")
        finally:
            access.db.execute_sql("PRAGMA foreign_keys = 1")


def back_up(database: Path, backup: Path) -> None:
    """Copy the database to `backup` (0600) with SQLite's own means, whole or not at all."""
    fresh = backup.with_name(backup.name + ".new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    try:
        with (
            spoken(database),
            contextlib.closing(sqlite3.connect(database)) as source,
            contextlib.closing(sqlite3.connect(fresh)) as target,
        ):
            source.backup(target)
        fresh.replace(backup)
    finally:
        fresh.unlink(missing_ok=True)


def _check_references(access: Access) -> None:
    broken = access.db.execute_sql("PRAGMA foreign_key_check").fetchone()
    if broken:
        raise damaged(access.path, f"A row of {broken[0]} refers to one of {broken[2]} that is not there.")
