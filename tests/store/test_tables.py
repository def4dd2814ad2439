"""The tables of the code, the schema of the migrations and the enumerations say the same."""

import sqlite3
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from playhouse.schema_diff import diff_models

from desktop.core.job import Content, Download, Job, JobState, Outcome
from desktop.core.plan import Action, ItemState, VersionStrategy
from desktop.core.routine import Routine
from desktop.core.schedule import After, Repeat
from desktop.core.task import FileResult, TaskState
from desktop.store import tables
from desktop.store.database import Store
from tests.store.samples import TOKEN, plan


def test_the_models_are_the_schema(store: Store) -> None:
    known = {table._meta.table_name: table for table in tables.TABLES}
    found = store._access.db.get_tables()
    assert set(found) - {"sqlite_sequence"} == set(known)
    for name, table in known.items():
        columns = store._access.db.get_columns(name)
        assert [column.name for column in columns] == [field.column_name for field in table._meta.sorted_fields]
        assert {c.name: c.null for c in columns} == {f.column_name: f.null for f in table._meta.sorted_fields}


def test_peewee_finds_no_column_to_add_or_drop(store: Store) -> None:
    difference = diff_models(store._access.db, tables.TABLES)
    assert not difference.create_tables
    assert not difference.add_columns
    assert not difference.drop_columns


@pytest.mark.parametrize(
    ("table", "column", "words"),
    [
        ("task", "state", TaskState),
        ("task", "version_strategy", VersionStrategy),
        ("task", "afterwards", After),
        ("routine", "afterwards", After),
        ("item", "state", ItemState),
        ("file", "action", Action),
        ("file", "result", FileResult),
        ("job", "state", JobState),
        ("download", "content", Content),
        ("download", "outcome", Outcome),
    ],
)
def test_the_schema_takes_every_word_and_no_other(
    store: Store, table: str, column: str, words: Iterable[StrEnum]
) -> None:
    store.tasks.create(plan(), TOKEN, "Monday", 1.0)
    download = Download(0, "results", 1, Path("/work/r.zip"))
    store.jobs.add_downloads(store.jobs.add(Job(0, "farm", "reconstruction", "r-7")).id, [download])
    store.routines.add(Routine(0, "Nightly", plan().request, Repeat(days=1), 1.0))
    connection: Any = store._access.db.connection()
    connection.execute("UPDATE task SET owner = ''")
    for word in words:
        connection.execute(f"UPDATE {table} SET {column} = ?", (word.value,))
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute(f"UPDATE {table} SET {column} = 'perhaps'")


@pytest.mark.parametrize(
    "nonsense",
    [
        "UPDATE task SET files_skipped = 4",
        "UPDATE item SET files_failed = -1",
        "UPDATE item SET files_resumed = 1",
        "UPDATE task SET state = 'paused'",
        "UPDATE task SET token = 'short'",
        "UPDATE file SET item_id = 99",
        "UPDATE file SET size = -1",
    ],
)
def test_the_schema_refuses_nonsense(store: Store, nonsense: str) -> None:
    store.tasks.create(plan(), TOKEN, "Monday", 1.0)
    with pytest.raises(sqlite3.IntegrityError):
        store._access.db.connection().execute(nonsense)


def test_the_columns_bear_the_words_of_the_house() -> None:
    """Others read these names: a rename is a migration, not a slip."""
    names = {field.column_name for field in tables.ItemRow._meta.sorted_fields}
    assert names >= {
        "project",
        "episode",
        "sequence",
        "shot",
        "department",
        "selected_version",
        "available_versions",
        "latest_version",
        "local_version",
        "state",
        "error_message",
        "file_count",
        "downloaded_size",
        "files_skipped",
        "files_overwritten",
        "files_kept_both",
    }
    names = {field.column_name for field in tables.TaskRow._meta.sorted_fields}
    assert names >= {"version_strategy", "specific_version", "conflict_strategy", "state", "destination", "connection"}
    names = {field.column_name for field in tables.FileRow._meta.sorted_fields}
    assert names >= {"remote_path", "local_path", "size", "mtime", "action", "result"}
