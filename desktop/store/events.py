"""The logs of tasks, kept with them."""

import logging
from collections.abc import Sequence

from desktop.core.redaction import redact
from desktop.core.task import LogLine
from desktop.store.access import Access, loaded, stored
from desktop.store.tables import WISH, EventRow

_ADD = """
    INSERT INTO event (task_id, time, level, item, message)
    SELECT ?, ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM task WHERE id = ?)
"""


class Events:
    """Lines of the tasks' logs; a task's lines go when the task is deleted."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def add(self, lines: Sequence[LogLine]) -> None:
        """Keep the lines, in one transaction, without secrets.

        Lines of no task, or of one deleted in the meantime, are left to the log file.
        """
        rows = [
            (
                line.task_id,
                line.time,
                line.level,
                stored(line.item),
                stored(redact(line.message)),
                line.task_id,
            )
            for line in lines
            if line.task_id is not None
        ]
        if rows:
            with self._access.writing():
                self._access.many(_ADD, rows)

    def of(
        self, task_id: int, level: str | None = None, text: str | None = None, since: float = 0.0
    ) -> tuple[LogLine, ...]:
        """Return a task's lines in the order they were added.

        level: the lowest level's name. text: what the message or the item's label has to contain, case
        ignored. since: only lines later than this, seconds since the epoch.
        """
        query = (
            EventRow.select(EventRow.time, EventRow.level, EventRow.message, EventRow.item)
            .where(EventRow.task == task_id, EventRow.time > since, EventRow.level != WISH)
            .order_by(EventRow.id)
        )
        if level is not None:
            numbers = logging.getLevelNamesMapping()
            least = numbers[level.upper()]
            query = query.where(EventRow.level.in_([name for name, number in numbers.items() if number >= least]))
        lines = (
            LogLine(time, name, loaded(message), task_id, loaded(item))
            for time, name, message, item in self._access.rows(query)
        )
        # Not LIKE: SQLite folds the case of ASCII letters only.
        wanted = (text or "").casefold()
        return tuple(line for line in lines if wanted in line.message.casefold() or wanted in line.item.casefold())
