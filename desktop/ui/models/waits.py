"""Why a task waits, in the few words a row has room for; and the line of those that wait, as a hand moves it."""

from collections.abc import Callable, Collection, Iterable, Sequence

from desktop.core.hours import clock, same_day
from desktop.core.schedule import Priority, Turn
from desktop.core.task import Task, TaskState


def why(turn: Turn, now: float, place: int, spell: Callable[[float, float], str] = clock) -> str:
    """Return why a task waits. place: how many would start before it, of those that may start now.

    spell: writes a moment to come, given now.
    """
    due = turn.due(now)
    if due <= now:
        words = f"{ordinal(place + 1)} in turn" if place else "next in turn"
        return words if turn.priority is Priority.NORMAL else f"{words}, {turn.priority.word} priority"
    when = spell(due, now)
    if turn.attempts:
        return f"tries again at {when}: {turn.waits_for}"
    if turn.waits_for:
        return f"looks again at {when}: {turn.waits_for}"
    if turn.window is not None and turn.not_before is None:
        return f"waits for its hours: {turn.window}"
    return f"starts at {when}" if same_day(due, now) else f"starts {when}"


def ordinal(number: int) -> str:
    """Return `1st`, `2nd`, `3rd`, `11th`."""
    last = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{last}"


def places(tasks: Iterable[Task], now: float) -> dict[int, int]:
    """Return of each waiting task that may start now how many go before it."""
    ready = [task for task in tasks if task.state is TaskState.WAITING and task.turn.due(now) <= now]
    return {task.id: place for place, task in enumerate(sorted(ready, key=rank))}


def rank(task: Task) -> tuple[int, float]:
    """Order those that wait as the queue takes them."""
    return -task.turn.priority, task.turn.position


def step(line: Sequence[int], chosen: Collection[int], down: bool) -> tuple[tuple[int, ...], int | None] | None:
    """Return whom to put before whom so that the chosen of a line go one place up or down, or None if they cannot."""
    block = tuple(number for number in line if number in chosen)
    if not block:
        return None
    rest = [number for number in line if number not in chosen]
    edge = line.index(block[-1] if down else block[0])
    place = sum(number not in chosen for number in line[:edge]) + (1 if down else -1)
    if not 0 <= place <= len(rest):
        return None
    return block, rest[place] if place < len(rest) else None
