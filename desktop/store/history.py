"""The history: tasks, files and log lines found by shot, name, date and state, a page at a time."""

import logging
from typing import Any

from peewee import fn

from desktop.core.history import FoundFile, Query, Statistics, TaskPage
from desktop.core.task import ENDED, LogLine, Task, TaskState
from desktop.store.access import Access, loaded
from desktop.store.tables import WISH, EventRow, FileRow, ItemRow, TaskRow
from desktop.store.task_rows import COUNTERS, counters_of, file_columns, file_of, select_tasks, task_of


class History:
    """Looks back. Letters' case is ignored for ASCII letters."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def tasks(self, query: Query) -> TaskPage:
        """Return a page of tasks, the newest first."""
        wanted = _tasks(query)
        rows = select_tasks().where(*wanted).order_by(TaskRow.created.desc(), TaskRow.id.desc())
        found = self._access.rows(rows.limit(query.limit).offset(query.offset))
        total = self._access.row(TaskRow.select(fn.COUNT(TaskRow.id)).where(*wanted))
        assert total is not None, "a count is always a row"
        return TaskPage(tuple(task_of(row) for row in found), total[0])

    def files(self, query: Query) -> tuple[FoundFile, ...]:
        """Return a page of files, those of the newest task first."""
        wanted = [*_when(query), *_in_states(query)]
        if query.task is not None:
            wanted.append(TaskRow.id == query.task)
        if query.shot:
            wanted.append(ItemRow.shot.startswith(query.shot))
        if query.results:
            wanted.append(FileRow.result.in_([result.value for result in query.results]))
        if query.text:
            wanted.append(FileRow.local_path.contains(query.text) | FileRow.remote_path.contains(query.text))
        rows = (
            FileRow.select(TaskRow.id, TaskRow.name, ItemRow.label, TaskRow.created, *file_columns())
            .join(ItemRow)
            .join(TaskRow)
            .where(*wanted)
            .order_by(TaskRow.id.desc(), FileRow.id)
            .limit(query.limit)
            .offset(query.offset)
        )
        return tuple(
            FoundFile(number, loaded(name), loaded(label), created, file_of(tuple(row)))
            for number, name, label, created, *row in self._access.rows(rows)
        )

    def lines(self, query: Query) -> tuple[LogLine, ...]:
        """Return a page of log lines, the newest first."""
        wanted = [EventRow.level != WISH]
        if query.task is not None:
            wanted.append(EventRow.task == query.task)
        if query.since is not None:
            wanted.append(EventRow.time >= query.since)
        if query.until is not None:
            wanted.append(EventRow.time < query.until)
        if query.level:
            numbers = logging.getLevelNamesMapping()
            least = numbers[query.level.upper()]
            wanted.append(EventRow.level.in_([name for name, number in numbers.items() if number >= least]))
        if query.text:
            wanted.append(EventRow.message.contains(query.text) | EventRow.item.contains(query.text))
        rows = EventRow.select(EventRow.time, EventRow.level, EventRow.message, EventRow.task, EventRow.item)
        rows = rows.where(*wanted).order_by(EventRow.id.desc()).limit(query.limit).offset(query.offset)
        return tuple(
            LogLine(time, level, loaded(message), task, loaded(item))
            for time, level, message, task, item in self._access.rows(rows)
        )

    def statistics(self, query: Query) -> Statistics:
        """Return sums over the tasks of a query, whatever its page."""
        took = fn.SUM(TaskRow.finished - TaskRow.started)
        sums = (fn.SUM(getattr(TaskRow, name)) for name in COUNTERS)
        rows = TaskRow.select(TaskRow.state, fn.COUNT(TaskRow.id), took, *sums).where(*_tasks(query))
        states: dict[TaskState, int] = {}
        seconds, totals = 0.0, [0] * len(COUNTERS)
        for state, count, lasted, *counted in self._access.rows(rows.group_by(TaskRow.state)):
            states[TaskState(state)] = count
            seconds += lasted or 0.0
            totals = [*map(sum, zip(totals, counted, strict=True))]
        counts, sizes = counters_of(tuple(totals))
        return Statistics(sum(states.values()), states, counts, sizes, seconds)

    def ended_before(self, moment: float, limit: int) -> tuple[Task, ...]:
        """Return tasks that ended before the moment, the oldest first; never one that is unfinished."""
        old = (TaskRow.finished < moment) & TaskRow.state.in_([state.value for state in ENDED])
        return tuple(task_of(row) for row in self._access.rows(select_tasks().where(old).limit(limit)))


def _tasks(query: Query) -> list[Any]:
    wanted = [TaskRow.id > 0, *_when(query), *_in_states(query)]
    if query.task is not None:
        wanted.append(TaskRow.id == query.task)
    if query.shot:
        theirs = ItemRow.select(ItemRow.task).where(ItemRow.shot.startswith(query.shot))
        wanted.append(TaskRow.id.in_(theirs))
    if query.text:
        text = query.text
        theirs = ItemRow.select(ItemRow.task).where(ItemRow.label.contains(text))
        named = TaskRow.name.contains(text) | TaskRow.connection.contains(text) | TaskRow.destination.contains(text)
        wanted.append(named | TaskRow.id.in_(theirs))
    return wanted


def _when(query: Query) -> list[Any]:
    wanted = []
    if query.since is not None:
        wanted.append(TaskRow.created >= query.since)
    if query.until is not None:
        wanted.append(TaskRow.created < query.until)
    return wanted


def _in_states(query: Query) -> list[Any]:
    return [TaskRow.state.in_([state.value for state in query.states])] if query.states else []
