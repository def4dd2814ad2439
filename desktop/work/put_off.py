"""When a task that came to nothing is tried again: pure policy over how its run ended."""

from dataclasses import replace

from desktop.core.errors import ServerBusy
from desktop.core.schedule import Turn
from desktop.store.database import Store
from desktop.transfer.circuit import SILENT
from desktop.transfer.retry import later
from desktop.work.active import Active
from desktop.work.ends import passing, times
from desktop.work.room import LOOK, TRY, Shortage


def next_look(turn: Turn, short: Shortage, now: float) -> Turn:
    """Return the turn of a task that waits for room on its disk, for as long as it takes.

    What servers did before is over. now: seconds since the epoch.
    """
    # A disk that says it has room, and refused, is one that only a try can tell about.
    wait = LOOK if short.over() is False else TRY
    return replace(turn.untried, not_before=now + wait, waits_for=short.words)


def next_try(store: Store, active: Active, patience: float, now: float) -> Turn | None:
    """Return the turn of a task whose server is away, or whose files failed for passing reasons.

    None if it was tried for long enough. patience: seconds, 0 for none. now: seconds since the epoch.
    """
    task, turn = active.task, active.task.turn
    if task.files.downloaded > active.arrived:
        turn = turn.untried
    since = turn.first_failed or now
    silent = any(isinstance(error, (*SILENT, ServerBusy)) for error in active.run.lost.values())
    wait = later(turn.attempts, now - since, silent, patience)
    if wait is None:
        return None
    return replace(
        turn,
        not_before=now + wait,
        attempts=turn.attempts + 1,
        first_failed=since,
        waits_for=f"{passing(store, task)} Tried {times(turn.attempts + 1)}.",
    )
