"""Routines: what is planned anew and brought again and again. One process at a time makes a run of one."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from desktop.core.errors import NotFound
from desktop.core.hours import parse_hours
from desktop.core.plan import Filters, Options, Order, Request, VersionStrategy
from desktop.core.redaction import redact
from desktop.core.routine import Routine, Source
from desktop.core.schedule import After, Priority, parse_repeat
from desktop.store.access import Access, loaded, stored
from desktop.store.owner import alive, this_process
from desktop.store.tables import RoutineRow

_COLUMNS = tuple(RoutineRow._meta.sorted_fields)
_FILTERS = tuple(Filters.__slots__)


class Routines:
    """The routines in the database."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def add(self, routine: Routine) -> Routine:
        """Save a new routine; return it with its number."""
        with self._access.writing():
            return replace(routine, id=self._access.insert(RoutineRow, _row(routine)))

    def all(self) -> tuple[Routine, ...]:
        """Return every routine, the oldest first."""
        return tuple(_routine(row) for row in self._access.rows(RoutineRow.select(*_COLUMNS).order_by(RoutineRow.id)))

    def get(self, number: int) -> Routine:
        """Return one routine; raise NotFound."""
        row = self._access.row(RoutineRow.select(*_COLUMNS).where(RoutineRow.id == number))
        if row is None:
            raise NotFound(
                title=f"There is no routine {number}.",
                cause="It was deleted, or it is in another home folder's database.",
                suggestion="See the known ones with: shotdock tasks routines",
            )
        return _routine(row)

    def save(self, routine: Routine) -> None:
        """Write all of a routine; one that was deleted stays deleted."""
        with self._access.writing():
            self._access.run(RoutineRow.update(**_row(routine)).where(RoutineRow.id == routine.id))

    def remove(self, number: int) -> None:
        """Forget a routine; the tasks it made stay. Raise NotFound."""
        with self._access.writing():
            self.get(number)
            self._access.run(RoutineRow.delete().where(RoutineRow.id == number))

    def claim(self, routine: Routine, due: float, alive: Callable[[str], bool] = alive) -> Routine | None:
        """Take a run of the routine for this process, atomically, and put its next run at `due`.

        None if another process makes this run, or the routine is another by now.
        """
        with self._access.writing():
            row = self._access.row(RoutineRow.select(*_COLUMNS).where(RoutineRow.id == routine.id))
            known = None if row is None else _routine(row)
            if known is None or known.paused or (known.due, known.next_try) != (routine.due, routine.next_try):
                return None
            if known.owner and alive(known.owner):
                return None
            claimed = replace(known, due=due, next_try=None, owner=this_process())
            self._access.run(RoutineRow.update(**_row(claimed)).where(RoutineRow.id == routine.id))
            return claimed


def _row(routine: Routine) -> dict[str, object]:
    request = routine.request
    wanted = {
        "connection": request.connection,
        "destination": str(request.destination),
        "filters": {name: list(getattr(request.filters, name)) for name in _FILTERS},
        "version_strategy": request.version_strategy.value,
        "specific_version": request.specific_version,
        "custom": [[*key, version] for key, version in request.custom.items()],
        "conflict": request.conflict,
        "parallel": request.options.parallel,
        "segments": request.options.segments,
        "limit_rate": request.options.limit_rate,
        "verify": request.options.verify,
        "order": request.options.order.value,
        "name": request.name,
        "sources": [[source.text, source.name] for source in routine.sources],
        "videos": None if routine.videos is None else list(routine.videos),
        "identity": routine.identity,
        "known_hosts": routine.known_hosts,
        "first": routine.first,
    }
    return {
        "name": stored(routine.name),
        "wanted": json.dumps(wanted),
        "every": str(routine.repeat),
        "hours": "" if routine.window is None else str(routine.window),
        "afterwards": routine.after.value,
        "priority": int(routine.priority),
        "created": routine.created,
        "due": routine.due,
        "next_try": routine.next_try,
        "attempts": routine.attempts,
        "missed": routine.missed,
        "paused": routine.paused,
        "owner": routine.owner,
        "last_run": routine.last_run,
        "last_task": routine.last_task,
        "last_result": redact(routine.last_result),
    }


def _values(kept: list[Any]) -> tuple[Any, ...]:
    """Return a filter's values; rows are pairs, which JSON knows as lists."""
    return tuple(tuple(value) if isinstance(value, list) else value for value in kept)


def _routine(row: tuple[Any, ...]) -> Routine:
    number, name, text, every, hours, after, priority, created, due, next_try, attempts, missed, paused = row[:13]
    owner, last_run, last_task, last_result = row[13:]
    wanted = json.loads(text)
    # What was kept before there were rows, videos and first runs has none of them.
    videos = wanted.get("videos")
    options = Options(
        wanted["parallel"], wanted["segments"], wanted["limit_rate"], wanted["verify"], Order(wanted["order"])
    )
    request = Request(
        connection=wanted["connection"],
        destination=Path(wanted["destination"]),
        filters=Filters(**{name: _values(wanted["filters"].get(name, ())) for name in _FILTERS}),
        version_strategy=VersionStrategy(wanted["version_strategy"]),
        specific_version=wanted["specific_version"],
        custom={(shot, department): version for shot, department, version in wanted["custom"]},
        conflict=wanted["conflict"],
        options=options,
        name=wanted["name"],
    )
    return Routine(
        id=number,
        name=loaded(name),
        request=request,
        repeat=parse_repeat(every),
        due=due,
        sources=tuple(Source(*source) for source in wanted["sources"]),
        videos=None if videos is None else tuple(videos),
        identity=wanted["identity"],
        known_hosts=wanted["known_hosts"],
        window=parse_hours(hours) if hours else None,
        after=After(after),
        priority=Priority(priority),
        created=created,
        next_try=next_try,
        attempts=attempts,
        missed=missed,
        paused=bool(paused),
        owner=owner,
        last_run=last_run,
        last_task=last_task,
        last_result=loaded(last_result),
        first=wanted.get("first"),
    )
