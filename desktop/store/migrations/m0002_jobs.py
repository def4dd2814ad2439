"""Schema 2: long-running jobs of servers, and what was fetched of them."""

from typing import Any

_STATES = "'running', 'done', 'failed', 'expired', 'not-found', 'incomplete'"
_CONTENTS = "'file', 'table', 'results'"
_OUTCOMES = "'under-way', 'here', 'checking', 'unpacked', 'held', 'broken', 'missed'"

_SCHEMA = (
    f"""
    CREATE TABLE job (
        id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
        server TEXT NOT NULL,
        kind TEXT NOT NULL,
        remote_id TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ({_STATES})),
        progress REAL CHECK (progress BETWEEN 0 AND 100),
        message TEXT NOT NULL,
        artifacts TEXT NOT NULL,
        missing TEXT NOT NULL,
        expires REAL,
        added REAL NOT NULL,
        heard REAL,
        parameters TEXT NOT NULL,
        follow TEXT,
        UNIQUE (server, kind, remote_id)
    )
    """,
    f"""
    CREATE TABLE download (
        id INTEGER NOT NULL PRIMARY KEY,
        job_id INTEGER NOT NULL REFERENCES job (id) ON DELETE CASCADE,
        artifact TEXT NOT NULL,
        task INTEGER NOT NULL,
        content TEXT NOT NULL CHECK (content IN ({_CONTENTS})),
        outcome TEXT NOT NULL CHECK (outcome IN ({_OUTCOMES})),
        path TEXT NOT NULL,
        folder TEXT,
        note TEXT NOT NULL,
        owner TEXT NOT NULL CHECK (owner = '' OR outcome = 'checking')
    )
    """,
    "CREATE INDEX download_job ON download (job_id)",
)


def up(db: Any) -> None:
    """Create the tables of jobs."""
    for statement in _SCHEMA:
        db.execute_sql(statement)
