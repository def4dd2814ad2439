"""The open database file: read it, write it in one transaction, hear its errors in words."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import chain, islice
from pathlib import Path
from typing import Any

import peewee

from desktop.core.errors import DatabaseBusy, DatabaseDamaged, DiskFull, ShotDockError, TargetUnwritable

OLDEST_SQLITE = (3, 33)
"""Results are recorded by UPDATE ... FROM."""

PATIENCE = 5.0
"""Seconds to wait for another program's write to end."""

_CHUNK = 500
_VALUES = 999
"""Values in one `IN (...)`, and in one statement at all: SQLite builds take at least 999 parameters."""


class Access:
    """One connection to one database file. For one thread at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # The network homes of studios rule WAL out (shared memory), and SQLite before 3.51.3 can lose pages in it.
        # TRUNCATE and FULL make a commit durable everywhere; batches keep it cheap (see the queue).
        # Any: peewee's own type hints leave the calls used here untyped.
        self.db: Any = peewee.SqliteDatabase(
            str(path),
            pragmas={
                "busy_timeout": int(PATIENCE * 1000),
                "foreign_keys": 1,
                "synchronous": "full",
                "cache_size": -16_000,  # KiB
            },
            timeout=PATIENCE,
            autoconnect=False,
            thread_safe=False,
        )

    def connect(self) -> None:
        """Open the file. The journal mode is set apart, for it may write."""
        with spoken(self.path):
            self.db.connect()

    def close(self) -> None:
        """Close the file; safe to call twice."""
        with spoken(self.path):
            self.db.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Run the block as one transaction that holds the write lock from its start: all of it, or nothing."""
        with spoken(self.path):
            connection = self.db.connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                connection.execute("COMMIT")
            except BaseException:
                # A full disk has SQLite roll back by itself; asking again would hide the reason.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def rows(self, query: peewee.Query) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query as plain tuples; the models' own conversion would cost more than the reading."""
        with spoken(self.path):
            yield from self.db.execute(query)

    def every(self, sql: str, **values: object) -> list[tuple[Any, ...]]:
        """Return all the rows that a statement gives, its values by name."""
        with spoken(self.path):
            found: list[tuple[Any, ...]] = self.db.connection().execute(sql, values).fetchall()
            return found

    def row(self, query: peewee.Query) -> tuple[Any, ...] | None:
        """Return the first row of a query, or None."""
        with spoken(self.path):
            row: tuple[Any, ...] | None = self.db.execute(query).fetchone()
            return row

    def run(self, query: peewee.Query) -> int:
        """Run a changing query inside `writing`; return how many rows it changed."""
        with spoken(self.path):
            changed: int = self.db.execute(query).rowcount
            return changed

    def insert(self, model: type[peewee.Model], row: dict[str, object]) -> int:
        """Insert one row inside `writing`; return its id."""
        with spoken(self.path):
            number: int = self.db.execute(model.insert(row)).lastrowid
            return number

    def many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run one statement for many rows inside `writing`, as fast as SQLite can."""
        with spoken(self.path):
            self.db.connection().executemany(sql, rows)

    def add(
        self,
        model: type[peewee.Model],
        columns: tuple[str, ...],
        rows: Iterable[Sequence[object]],
        zeros: tuple[str, ...] = (),
    ) -> None:
        """Insert many rows inside `writing`: as many as fit into one statement, at half of what single ones cost.

        zeros: columns that are 0 in all of them.
        """
        rows, most = iter(rows), _VALUES // len(columns)
        with spoken(self.path):
            connection = self.db.connection()
            while some := list(islice(rows, most)):
                connection.execute(_insert_sql(model, columns, zeros, len(some)), list(chain.from_iterable(some)))

    def change(self, sql: str, *values: object, **named: object) -> None:
        """Run one changing statement inside `writing`, its values either in order or by name."""
        with spoken(self.path):
            self.db.connection().execute(sql, named or values)

    def value(self, sql: str, *values: object) -> Any:
        """Return the first value a statement gives, e.g. a pragma's."""
        with spoken(self.path):
            row = self.db.execute_sql(sql, values).fetchone()
            return row[0] if row else None


@cache
def _insert_sql(model: type[peewee.Model], columns: tuple[str, ...], zeros: tuple[str, ...], rows: int) -> str:
    """Return the statement that inserts so many rows of these columns."""
    known = {field.column_name for field in model._meta.sorted_fields}
    wanted = (*columns, *zeros)
    assert set(wanted) <= known, f"{set(wanted) - known} are no columns of {model._meta.table_name}"
    names = ", ".join(f'"{name}"' for name in wanted)
    row = f"({', '.join('?' * len(columns) + '0' * len(zeros))})"
    return f'INSERT INTO "{model._meta.table_name}" ({names}) VALUES {", ".join([row] * rows)}'


def chunks(values: Sequence[int]) -> Iterator[Sequence[int]]:
    """Cut the values so that each part fits into one `IN (...)`."""
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]


def stored(text: str) -> str | bytes:
    """Return the text as the database keeps it.

    A name that is not Unicode (Python spells its bytes as lone surrogates) goes in as bytes: as text it
    would be refused, and a file with such a name is still somebody's file.
    """
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


def loaded(value: str | bytes) -> str:
    """Return a text that `stored` prepared."""
    return value if isinstance(value, str) else value.decode("utf-8", "surrogatepass")


@contextmanager
def spoken(path: Path) -> Iterator[None]:
    """Turn SQLite's errors, wrapped by peewee or not, into words. A broken constraint is a bug and stays one."""
    try:
        yield
    except (peewee.DatabaseError, sqlite3.DatabaseError) as error:
        words = _words(error, path)
        if words is None:
            raise
        raise words from error


def _words(error: Exception, path: Path) -> ShotDockError | None:
    origin = getattr(error, "orig", error)  # peewee keeps SQLite's own error there
    code = getattr(origin, "sqlite_errorcode", None)
    primary = None if code is None else code & 0xFF
    said = str(origin)
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return DatabaseBusy(
            title="The database is busy.",
            cause=f"Another program has held it for more than {PATIENCE:.0f} seconds.",
            suggestion="Close other ShotDock windows, backup or sync programs on this file, then try again.",
            path=str(path),
        )
    if primary in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT) or "decode to UTF-8" in said:
        return damaged(path, f"SQLite says: {said}.")
    if primary == sqlite3.SQLITE_FULL:
        return DiskFull(
            title="The disk with the database is full.",
            cause=f"SQLite says: {said}.",
            suggestion=f"Free some space on the volume of {path.parent}; what was recorded so far is safe.",
            path=str(path),
        )
    unwritable = (
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_AUTH,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_PROTOCOL,
    )
    if primary in unwritable:
        return TargetUnwritable(
            title="The database cannot be written.",
            cause=f"SQLite says: {said} ({getattr(origin, 'sqlite_errorname', 'unknown')}).",
            suggestion=f"Make {path.parent} and the file writable, or name a local folder in SHOTDOCK_HOME.",
            path=str(path),
        )
    return None


def damaged(path: Path, cause: str) -> DatabaseDamaged:
    """Return the error for a database that cannot be trusted, with the way out."""
    backups = sorted(path.parent.glob(f"{path.name}.before-*"), key=lambda file: file.stat().st_mtime)
    way = f"put {backups[-1].name} in its place" if backups else "ShotDock then starts with an empty one"
    return DatabaseDamaged(
        title="The database is damaged; nothing was changed or deleted.",
        cause=cause,
        suggestion=f"Downloaded files are not affected. Move {path} away and keep it; {way}.",
        path=str(path),
    )
