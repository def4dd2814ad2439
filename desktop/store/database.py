"""Open the database and hand out its parts; refuse what cannot be trusted before anything is written."""

import errno
import os
import sqlite3
import tempfile
from pathlib import Path
from types import TracebackType

from desktop.core.errors import TargetUnwritable, UsageError
from desktop.places import private_folder
from desktop.store.access import OLDEST_SQLITE, Access, damaged
from desktop.store.connections import Connections
from desktop.store.events import Events
from desktop.store.history import History
from desktop.store.jobs import Jobs
from desktop.store.migrate import check_age, create, migrate
from desktop.store.receipts import Receipts
from desktop.store.recent import Recent
from desktop.store.routines import Routines
from desktop.store.structures import Structures
from desktop.store.tasks import Tasks
from desktop.store.wishes import Wishes

CHECKED_SIZE = 16_000_000
"""Bytes up to which a database is checked page by page at each start (about 5 ms a MB); a larger one only
after a crash. Whatever a check misses is still told as damage when it is read, never as an empty list."""


class Store:
    """The open database. For one thread at a time; several processes may have it open at once."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self.connections = Connections(access)
        self.structures = Structures(access)
        self.tasks = Tasks(access)
        self.events = Events(access)
        self.recent = Recent(access)
        self.history = History(access)
        self.receipts = Receipts(access)
        self.routines = Routines(access)
        self.jobs = Jobs(access)
        self.wishes = Wishes(access)

    @classmethod
    def open(cls, path: Path) -> "Store":
        """Open the database at path, created (0600, in a folder of 0700) or migrated if need be.

        Raises NewerDatabase and DatabaseDamaged, the file being untouched; DatabaseBusy if another program
        holds it for five seconds; TargetUnwritable; UsageError for a SQLite that cannot do what is asked of it.
        """
        check_sqlite()
        try:
            private_folder(path.parent)
            if not path.exists():
                _create(path)
            crashed = _has_hot_journal(path)
            size = path.stat().st_size
            _check_writable(path)
        except OSError as error:
            raise TargetUnwritable(
                title="The database cannot be opened.",
                cause=f"{error.strerror or error}.",
                suggestion=f"Make {path.parent} and the file writable, or name another folder in SHOTDOCK_HOME.",
                path=str(path),
            ) from error
        if size == 0:
            # A new database appears whole (see _create): an empty file lost its content.
            raise damaged(path, "The file is empty.")
        access = Access(path)
        try:
            access.connect()
            check_age(access)
            if crashed or size <= CHECKED_SIZE:
                check(access)
            access.value("PRAGMA journal_mode = truncate")
            migrate(access)
        except BaseException:
            access.close()
            raise
        return cls(access)

    def stamp(self) -> int:
        """Return a number that is another once another process, or another connection, has written anything."""
        stamp: int = self._access.value("PRAGMA data_version")
        return stamp

    def close(self) -> None:
        """Close the database; safe to call twice."""
        self._access.close()

    def check(self) -> None:
        """Read every page of the database; raise DatabaseDamaged if one is not as it has to be."""
        check(self._access)

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def check_sqlite() -> None:
    """Raise UsageError unless Python's SQLite is new enough: it would fail at the first result to be recorded."""
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise UsageError(
            title="This Python's SQLite is too old.",
            cause=f"It is {sqlite3.sqlite_version}.",
            suggestion=f"Install a Python whose SQLite is {'.'.join(map(str, OLDEST_SQLITE))} or newer.",
        )


def check(access: Access) -> None:
    """Raise DatabaseDamaged, with SQLite's first complaint, unless every page and row is well formed."""
    answer = access.value("PRAGMA quick_check(1)")
    if answer != "ok":
        raise damaged(access.path, f"SQLite says: {answer}.")


def _create(path: Path) -> None:
    """Make a new database beside its place and put it there whole, unless another process was faster."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)  # mode 0600
    os.close(descriptor)
    fresh = Path(name)
    try:
        access = Access(fresh)
        access.connect()
        try:
            create(access)
        finally:
            access.close()
        _publish(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)
        fresh.with_name(fresh.name + "-journal").unlink(missing_ok=True)


def _publish(fresh: Path, path: Path) -> None:
    """Give the file its name without ever replacing one that is there."""
    try:
        path.hardlink_to(fresh)
    except FileExistsError:
        return
    except OSError:
        # No hard links on this file system: the moment between look and rename is the first start's only.
        if not path.exists():
            fresh.rename(path)


def _check_writable(path: Path) -> None:
    """Raise PermissionError for a file SQLite would open and then refuse to write in the middle of a task.

    Asked, not tried: closing a descriptor of the file would drop the locks of this process's other connections.
    """
    if not os.access(path, os.R_OK | os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def _has_hot_journal(path: Path) -> bool:
    """Tell whether an earlier process ended in the middle of a write (TRUNCATE leaves an empty journal behind)."""
    try:
        return path.with_name(path.name + "-journal").stat().st_size > 0
    except FileNotFoundError:
        return False
