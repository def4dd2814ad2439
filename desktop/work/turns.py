"""The tasks that wait, in the order of their turns."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache

from desktop.core.connection import Address
from desktop.core.hours import Hours, opening
from desktop.core.schedule import Turn
from desktop.core.task import Task
from desktop.work.room import Shortage


@dataclass(frozen=True, slots=True)
class Waiting:
    """A task that waits. servers: where its files are. urgent: it goes now, whatever else runs.

    short: what its disk had no room for; it is not started before there is some.
    """

    task: Task
    servers: frozenset[Address]
    urgent: bool = False
    short: Shortage | None = None


class Turns:
    """The line before the queue's counter: higher priorities first, of equals who came first."""

    def __init__(self) -> None:
        self._waiting: dict[int, Waiting] = {}

    def __contains__(self, task_id: int) -> bool:
        return task_id in self._waiting

    def __iter__(self) -> Iterator[int]:
        return iter(tuple(self._waiting))

    def get(self, task_id: int) -> Waiting | None:
        """Return a task that is in the line, or None."""
        return self._waiting.get(task_id)

    def put(self, waiting: Waiting) -> None:
        """Line a task up."""
        self._waiting[waiting.task.id] = waiting

    def drop(self, task_id: int) -> Waiting | None:
        """Take a task out of the line, if it is in it."""
        return self._waiting.pop(task_id, None)

    def update(self, task: Task) -> None:
        """Take what is new of a task that may be in the line."""
        if (waiting := self._waiting.get(task.id)) is not None:
            self._waiting[task.id] = replace(waiting, task=task)

    def moved_to(self, tasks: Iterable[Task]) -> tuple[Task, ...]:
        """Take the places these tasks have by now; return those who wait here and had another."""
        moved = []
        for task in tasks:
            waiting = self._waiting.get(task.id)
            if waiting is not None and _rank(replace(waiting, task=task)) != _rank(waiting):
                self.update(task)
                moved.append(task)
        return tuple(moved)

    def in_line(self) -> list[Waiting]:
        """Return those who wait, the next one first, whether they may start now or not."""
        return sorted(self._waiting.values(), key=_rank)

    def due(self, now: float) -> list[Waiting]:
        """Return those who may start now, the next one first. now: seconds since the epoch."""

        # Hundreds of tasks share one night, and this is asked ten times a second.
        @cache
        def is_open(window: Hours) -> bool:
            return opening(window, now) <= now

        def may(turn: Turn) -> bool:
            if turn.not_before is not None and turn.not_before > now:
                return False
            return turn.window is None or is_open(turn.window)

        return [waiting for waiting in self.in_line() if may(waiting.task.turn)]

    def next(self, now: float) -> float | None:
        """Return when the next one may start of those who may not yet, or None."""
        later = (waiting.task.turn.due(now) for waiting in self._waiting.values())
        return min((moment for moment in later if moment > now), default=None)

    def moved(self, ids: Collection[int], before: int | None) -> list[Task]:
        """Return the tasks whose turn is another once these, in their order, come right before another, or last.

        They get the priority of their new place. Tasks that do not wait are passed over.
        """
        line = [waiting.task for waiting in self.in_line()]
        chosen = [self._waiting[n].task for n in dict.fromkeys(ids) if n in self._waiting and n != before]
        rest = [task for task in line if task not in chosen]
        place = next((n for n, task in enumerate(rest) if task.id == before), len(rest))
        if chosen and rest:
            # At the end of the line only who has the lowest priority of all waits last.
            level = rest[min(place, len(rest) - 1)].turn.priority
            chosen = [replace(task, turn=replace(task.turn, priority=level)) for task in chosen]
        fresh = [*rest[:place], *chosen, *rest[place:]]
        positions = sorted(task.turn.position for task in line)
        placed = [
            replace(task, turn=replace(task.turn, position=position))
            for task, position in zip(fresh, positions, strict=True)
        ]
        known = {task.id: task for task in line}
        return [task for task in placed if task != known[task.id]]


def _rank(waiting: Waiting) -> tuple[bool, int, float]:
    turn = waiting.task.turn
    return not waiting.urgent, -turn.priority, turn.position


def lined_up(tasks: Iterable[Task]) -> list[Task]:
    """Return tasks in the order in which the queue takes them."""
    return sorted(tasks, key=lambda task: (-task.turn.priority, task.turn.position))
