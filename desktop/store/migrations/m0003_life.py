"""Schema 3: a task's place in the queue and when it may start, routines that repeat, history found quickly."""

from typing import Any

_ADDED = (
    "priority INTEGER NOT NULL DEFAULT 0 CHECK (priority BETWEEN -2 AND 2)",
    "position REAL NOT NULL DEFAULT 0",
    "not_before REAL",
    "hours TEXT NOT NULL DEFAULT ''",
    "afterwards TEXT NOT NULL DEFAULT 'nothing' CHECK (afterwards IN ('nothing', 'notify', 'quit'))",
    "waits_for TEXT NOT NULL DEFAULT ''",
    "attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0)",
    "first_failed REAL",
    "routine_id INTEGER",
)

_SCHEMA = (
    *(f"ALTER TABLE task ADD COLUMN {column}" for column in _ADDED),
    # First come, first served: so far the number told who came first.
    "UPDATE task SET position = id",
    """
    CREATE TABLE routine (
        id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        wanted TEXT NOT NULL,
        every TEXT NOT NULL,
        hours TEXT NOT NULL,
        afterwards TEXT NOT NULL CHECK (afterwards IN ('nothing', 'notify', 'quit')),
        priority INTEGER NOT NULL CHECK (priority BETWEEN -2 AND 2),
        created REAL NOT NULL,
        due REAL NOT NULL,
        next_try REAL,
        attempts INTEGER NOT NULL CHECK (attempts >= 0),
        missed INTEGER NOT NULL CHECK (missed >= 0),
        paused INTEGER NOT NULL CHECK (paused IN (0, 1)),
        owner TEXT NOT NULL,
        last_run REAL,
        last_task INTEGER,
        last_result TEXT NOT NULL
    )
    """,
    "CREATE INDEX task_state ON task (state, created)",
    "CREATE INDEX task_created ON task (created)",
    "CREATE INDEX item_shot ON item (shot)",
)


def up(db: Any) -> None:
    """Add the columns, the table and the indices."""
    for statement in _SCHEMA:
        db.execute_sql(statement)
