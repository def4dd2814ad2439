"""Options that say when a task's turn comes, and what a command answers that only schedules."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import click

from desktop.cli.answer import TRANSFER_SHAPE, routine_row, stamp
from desktop.cli.output import Output
from desktop.cli.session import Answer, Session
from desktop.core.errors import ShotDockError, UsageError
from desktop.core.hours import Hours, clock, parse_hours
from desktop.core.plan import Plan, Request
from desktop.core.routine import Routine, check_kept
from desktop.core.schedule import After, Priority, Repeat, Schedule, Turn, in_words, parse_moment, parse_repeat
from desktop.core.task import Task
from desktop.work.library import PlainSource
from desktop.work.sites import Door

F = TypeVar("F", bound=Callable[..., Any])

LEVELS = tuple(level.word for level in sorted(Priority, reverse=True))
SERVED = "It runs while a ShotDock does: the window, or: shotdock tasks serve"


class _Words(click.ParamType[Any]):
    """A value that is read by one of core's readers; what it refuses is wrong usage."""

    def __init__(self, name: str, read: Callable[[str], object]) -> None:
        self.name, self._read = name, read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read the value."""
        if not isinstance(value, str):
            return value
        try:
            return self._read(value)
        except UsageError as error:
            self.fail(f"{error.title} {error.cause} {error.suggestion}", param, ctx)


def _moment(text: str) -> float:
    return parse_moment(text, time.time())


_START = click.option(
    "--start-at",
    type=_Words("moment", _moment),
    metavar="WHEN",
    help="Start later: 22:00, 'tomorrow 02:00', '2026-12-24 18:00' or +90m. The command only makes the task; it runs "
    "while the window is open or `shotdock tasks serve` runs.",
)
_WINDOW = click.option(
    "--window",
    type=_Words("hours", parse_hours),
    metavar="HOURS",
    help="Run only at these local hours, e.g. 22:00-06:00 or '09:00-18:00 mon-fri'; pause when they end.",
)
_AFTER = click.option(
    "--after",
    type=click.Choice([after.value for after in After]),
    default=After.NOTHING.value,
    help="What follows its end: nothing, a notification, or the end of ShotDock.",
)
_REPEAT = click.option(
    "--repeat",
    type=_Words("repeat", parse_repeat),
    metavar="EVERY",
    help="Again and again: daily, 6h, 2d, weekly. Every run is planned anew against the server.",
)
_PRIORITY = click.option(
    "--priority", type=click.Choice(LEVELS), default=Priority.NORMAL.word, help="How soon its turn comes."
)


def when(command: F) -> F:
    """Add the options that say when one task may run."""
    for option in (_AFTER, _WINDOW, _START):
        command = option(command)
    return command


def schedule(command: F) -> F:
    """Add the options that say when something is brought, and how often."""
    for option in (_AFTER, _PRIORITY, _REPEAT, _WINDOW, _START):
        command = option(command)
    return command


def once(command: F) -> F:
    """Add the options that say when what cannot repeat is brought, and how soon."""
    for option in (_AFTER, _PRIORITY, _WINDOW, _START):
        command = option(command)
    return command


def level(word: str) -> Priority:
    """Return the priority of a word."""
    return Priority[word.upper()]


def make(start_at: float | None, window: Hours | None, repeat: Repeat | None, after: str) -> Schedule:
    """Return the schedule of the options."""
    return Schedule(start_at, window, repeat, After(after))


def turn_of(wanted: Schedule, priority: str) -> Turn:
    """Return the turn of a task that is made now."""
    return Turn(level(priority), not_before=wanted.start_at, window=wanted.window, after=wanted.after)


def check_later(wanted: Schedule, token_stdin: bool, *addresses: str) -> None:
    """Refuse what has to log in later by what this command forgets at its end; raise UsageError.

    addresses: of servers and sources, as they were written.
    """
    if not wanted:
        return
    check_kept(addresses)
    if token_stdin:
        raise UsageError(
            title="A token from standard input is forgotten when the command ends, and nobody could log in later.",
            suggestion="Keep it with the server: shotdock connections add NAME URL --password-stdin",
        )


def submit_later(
    run: Session,
    output: Output,
    plan: Plan,
    turn: Turn,
    warnings: Sequence[str],
    by: Callable[[Plan, Callable[[Task], None]], None] | None = None,
) -> int:
    """Make the plan a task that waits for its time, and say so. by: what makes it one, if not the queue itself."""
    answer = Answer[Task](run)
    tasks = run.services.tasks
    run.all_tasks()  # by then whatever was asked before has been refused, if it was
    tasks.refused.connect(answer.failed)
    (by or partial(tasks.submit, turn=turn))(plan, answer.then)
    task = answer.of(None)
    now = time.time()
    start = task.turn.due(now)
    files = {**task.files.as_dict()}
    output.answer(
        {
            **TRANSFER_SHAPE,
            "status": "scheduled",
            "task": task.id,
            "files": files,
            "bytes": task.bytes.as_dict(),
            "start": stamp(start),
            "warnings": list(warnings),
        }
    )
    output.summary(f"Task {task.id} starts at {clock(start, now)}. {SERVED}")
    return 0


def add_routine(
    run: Session,
    output: Output,
    request: Request,
    wanted: Schedule,
    priority: str,
    sources: Sequence[PlainSource] = (),
    door: Door = Door(),
    videos: Sequence[str] | None = None,
) -> int:
    """Make a routine of the wish, and say when it runs."""
    answer = Answer[Routine](run)
    routines = run.services.routines
    routines.refused.connect(answer.failed)
    routines.add(request, wanted, answer.then, sources=sources, door=door, videos=videos, priority=level(priority))
    routine = answer.of(None)
    now = time.time()
    output.answer({**TRANSFER_SHAPE, "status": "scheduled", "routine": routine_row(routine)})
    words = in_words(Schedule(None, wanted.window, wanted.repeat, wanted.after), now)
    output.summary(f"Routine {routine.id}: {words}, next {clock(routine.due, now)}. {SERVED}")
    return 0


def obey(run: Session, command: Callable[[], None]) -> tuple[Task, ...]:
    """Give the queue a command and return every task as it is then; raise what the queue refused."""
    refused: list[ShotDockError] = []
    run.services.tasks.refused.connect(refused.append)
    command()
    tasks = run.all_tasks()
    run.services.tasks.refused.disconnect(refused.append)
    if refused:
        raise refused[0]
    return tasks
