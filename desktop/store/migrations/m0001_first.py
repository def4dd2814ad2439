"""Schema 1: connections, structures, tasks with items, files and logs, recent destinations."""

from typing import Any

_TASK_STATES = "'waiting', 'running', 'paused', 'interrupted', 'done', 'failed', 'cancelled'"
_ITEM_STATES = "'planned', 'running', 'done', 'up-to-date', 'skipped', 'partial', 'failed'"
_ACTIONS = "'download', 'resume', 'update', 'skip', 'keep-both', 'blocked'"
_RESULTS = "'pending', 'downloaded', 'overwritten', 'kept-both', 'skipped', 'failed'"
_STRATEGIES = "'latest', 'specific', 'all', 'custom'"

_COUNTERS = """
    file_count INTEGER NOT NULL CHECK (file_count >= 0),
    files_downloaded INTEGER NOT NULL CHECK (files_downloaded >= 0),
    files_resumed INTEGER NOT NULL CHECK (files_resumed BETWEEN 0 AND files_downloaded),
    files_skipped INTEGER NOT NULL CHECK (files_skipped >= 0),
    files_overwritten INTEGER NOT NULL CHECK (files_overwritten BETWEEN 0 AND files_downloaded),
    files_kept_both INTEGER NOT NULL CHECK (files_kept_both BETWEEN 0 AND files_downloaded),
    files_failed INTEGER NOT NULL CHECK (files_failed >= 0),
    planned_size INTEGER NOT NULL CHECK (planned_size >= 0),
    downloaded_size INTEGER NOT NULL CHECK (downloaded_size >= 0),
    reused_size INTEGER NOT NULL CHECK (reused_size >= 0),
    CHECK (files_downloaded + files_skipped + files_failed <= file_count)
"""

_SCHEMA = (
    """
    CREATE TABLE connection (
        name TEXT NOT NULL PRIMARY KEY,
        protocol TEXT NOT NULL,
        host TEXT NOT NULL,
        port INTEGER,
        user TEXT,
        root TEXT NOT NULL,
        layout TEXT NOT NULL,
        identity TEXT,
        max_connections INTEGER CHECK (max_connections > 0)
    )
    """,
    """
    CREATE TABLE structure (
        connection TEXT NOT NULL PRIMARY KEY,
        root TEXT NOT NULL,
        layout TEXT NOT NULL,
        scanned_at REAL NOT NULL
    )
    """,
    """
    CREATE TABLE publication (
        connection TEXT NOT NULL REFERENCES structure (connection) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        project TEXT NOT NULL,
        episode TEXT NOT NULL,
        sequence TEXT NOT NULL,
        shot TEXT NOT NULL,
        department TEXT NOT NULL,
        path TEXT NOT NULL,
        content BLOB NOT NULL,
        PRIMARY KEY (connection, position)
    )
    """,
    f"""
    CREATE TABLE task (
        id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
        token TEXT NOT NULL UNIQUE CHECK (length(token) = 8),
        name TEXT NOT NULL,
        connection TEXT NOT NULL,
        destination TEXT NOT NULL,
        version_strategy TEXT NOT NULL CHECK (version_strategy IN ({_STRATEGIES})),
        specific_version TEXT,
        conflict_strategy TEXT NOT NULL,
        parallel INTEGER CHECK (parallel > 0),
        segments INTEGER CHECK (segments > 0),
        limit_rate INTEGER CHECK (limit_rate > 0),
        verify INTEGER NOT NULL CHECK (verify IN (0, 1)),
        state TEXT NOT NULL CHECK (state IN ({_TASK_STATES})),
        created REAL NOT NULL,
        started REAL,
        finished REAL,
        touched REAL NOT NULL,
        owner TEXT NOT NULL CHECK (owner = '' OR state IN ('waiting', 'running')),
        error TEXT NOT NULL,
        {_COUNTERS}
    )
    """,
    f"""
    CREATE TABLE item (
        id INTEGER NOT NULL PRIMARY KEY,
        task_id INTEGER NOT NULL REFERENCES task (id) ON DELETE CASCADE,
        site TEXT NOT NULL,
        label TEXT NOT NULL,
        project TEXT,
        episode TEXT,
        sequence TEXT,
        shot TEXT,
        department TEXT NOT NULL,
        selected_version TEXT,
        available_versions TEXT NOT NULL,
        latest_version TEXT,
        local_version TEXT,
        state TEXT NOT NULL CHECK (state IN ({_ITEM_STATES})),
        error_message TEXT NOT NULL,
        warning TEXT NOT NULL,
        {_COUNTERS}
    )
    """,
    "CREATE INDEX item_task ON item (task_id)",
    f"""
    CREATE TABLE file (
        id INTEGER NOT NULL PRIMARY KEY,
        item_id INTEGER NOT NULL REFERENCES item (id) ON DELETE CASCADE,
        remote_path TEXT NOT NULL,
        local_path TEXT NOT NULL,
        size INTEGER CHECK (size >= 0),
        mtime REAL,
        precision REAL NOT NULL,
        etag TEXT,
        action TEXT NOT NULL CHECK (action IN ({_ACTIONS})),
        result TEXT NOT NULL CHECK (result IN ({_RESULTS})),
        resumed INTEGER NOT NULL CHECK (resumed IN (0, 1)),
        transferred INTEGER NOT NULL CHECK (transferred >= 0),
        reused INTEGER NOT NULL CHECK (reused >= 0),
        reason TEXT NOT NULL,
        error TEXT
    )
    """,
    "CREATE INDEX file_item ON file (item_id)",
    """
    CREATE TABLE event (
        id INTEGER NOT NULL PRIMARY KEY,
        task_id INTEGER NOT NULL REFERENCES task (id) ON DELETE CASCADE,
        time REAL NOT NULL,
        level TEXT NOT NULL,
        item TEXT NOT NULL,
        message TEXT NOT NULL
    )
    """,
    "CREATE INDEX event_task ON event (task_id)",
    """
    CREATE TABLE destination (
        path TEXT NOT NULL PRIMARY KEY,
        used REAL NOT NULL
    )
    """,
)


def up(db: Any) -> None:
    """Create the first tables."""
    for statement in _SCHEMA:
        db.execute_sql(statement)
