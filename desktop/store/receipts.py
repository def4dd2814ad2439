"""What tasks brought below a folder, the newest receipt of every path.

The receipts of a folder are gathered into a table of this connection alone: to check them may take hours, in which a
query that is not read to its end would keep everybody else from writing.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from desktop.core.task import FileResult, TaskState
from desktop.core.verify import Known, Noted
from desktop.store.access import Access, loaded, stored
from desktop.store.tables import TaskRow

_PAGE = 1000
_ARRIVED = ", ".join(f"'{result.value}'" for result in FileResult if result.arrived)
_TABLE = """
    CREATE TEMP TABLE IF NOT EXISTS noted (
        path BLOB NOT NULL PRIMARY KEY, size INTEGER, mtime REAL, precision REAL, sha256 TEXT, task INTEGER,
        arrived REAL, file INTEGER
    ) WITHOUT ROWID
"""
# Names may be kept as bytes, so all of them are compared as bytes. Before arrivals had a time of their own, what
# is known is when the task ended.
_GATHER = f"""
    INSERT INTO noted
    SELECT CAST(:lead || substr(CAST(file.local_path AS BLOB), length(:under) + 1) AS BLOB), file.size, file.mtime,
        file.precision, file.sha256, task.id, coalesce(file.arrived, task.finished, task.touched), file.id
    FROM task CROSS JOIN item ON item.task_id = task.id CROSS JOIN file ON file.item_id = item.id
    WHERE task.destination = :destination AND file.result IN ({_ARRIVED})
        AND substr(CAST(file.local_path AS BLOB), 1, length(:under)) = :under
    ON CONFLICT (path) DO UPDATE SET size = excluded.size, mtime = excluded.mtime, precision = excluded.precision,
        sha256 = excluded.sha256, task = excluded.task, arrived = excluded.arrived, file = excluded.file
    WHERE (excluded.arrived, excluded.file) > (noted.arrived, noted.file)
"""
_RUNNING = f"""
    SELECT count(*) FROM task WHERE destination = ? AND state = '{TaskState.RUNNING.value}'
"""
_SELECT = f"""
    SELECT path, size, mtime, precision, sha256, task FROM noted WHERE path > :after ORDER BY path LIMIT {_PAGE}
"""


class Spot(NamedTuple):
    """Where a task's destination meets the folder. destination: as the task has it.

    lead: the way down from the folder to the destination, or "". under: the way down from the destination to the
    folder, or "". Either ends with a slash.
    """

    destination: str
    lead: str = ""
    under: str = ""


class Receipts:
    """Looks up what came. One folder at a time."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def destinations(self) -> tuple[str, ...]:
        """Return the destination of every task there is, each once."""
        return tuple(loaded(path) for (path,) in self._access.rows(TaskRow.select(TaskRow.destination).distinct()))

    def gather(self, spots: Iterable[Spot]) -> Known:
        """Gather the newest receipt of every path at these spots; return how much there is to check."""
        running = False
        self._access.change(_TABLE)
        self._access.change("DELETE FROM noted")
        for spot in spots:
            destination = stored(spot.destination)
            lead, under = (way.encode("utf-8", "surrogatepass") for way in (spot.lead, spot.under))
            self._access.change(_GATHER, destination=destination, lead=lead, under=under)
            running = running or bool(self._access.value(_RUNNING, destination))
        totals = "SELECT count(*), count(sha256), coalesce(sum(iif(sha256 IS NULL, 0, size)), 0) FROM noted"
        [(files, hashed, size)] = self._access.every(totals)
        return Known(files, hashed, size, running)

    def noted(self) -> Iterator[Noted]:
        """Yield what was gathered, by path."""
        after = b""
        while page := self._access.every(_SELECT, after=after):
            for path, size, mtime, precision, sha256, task in page:
                yield Noted(loaded(path), size, mtime, precision, sha256 or "", task)
            after = page[-1][0]
