"""Schema 4: what a file that arrived hashed to as it lay on the disk, and when it arrived."""

from typing import Any

_SCHEMA = (
    "ALTER TABLE file ADD COLUMN sha256 TEXT CHECK (length(sha256) = 64)",
    "ALTER TABLE file ADD COLUMN arrived REAL",
)


def up(db: Any) -> None:
    """Add the columns; of what arrived before, nothing more is known."""
    for statement in _SCHEMA:
        db.execute_sql(statement)
