"""`shotdock routines`: what is planned anew and brought again and again."""

import time
from collections.abc import Callable, Iterable

import click

from desktop.cli.answer import moment, routine_row
from desktop.cli.carry import engine
from desktop.cli.group import Verbs
from desktop.cli.output import Output
from desktop.cli.session import Answer, Session
from desktop.core.errors import ShotDockError, UsageError
from desktop.core.hours import clock
from desktop.core.routine import Routine

_IDS = click.argument("ids", metavar="ID...", type=int, nargs=-1, required=True)


@click.group("routines", cls=Verbs)
def routines() -> None:
    """List, pause, resume and remove what repeats; `fetch`, `get` and `gallery get` make one with --repeat."""


@routines.command("list", shape={"routines": []})
@click.pass_obj
def list_(output: Output) -> None:
    """List every routine, the oldest first."""
    with engine() as run:
        known = _all(run)
    output.answer({"routines": [routine_row(routine) for routine in known]})
    if not known:
        output.summary("There are none yet.")
        return
    now = time.time()
    output.table(
        ("ID", "EVERY", "NEXT", "LAST", "NAME", "RESULT"),
        (
            (
                routine.id,
                f"{routine.repeat}, {routine.window}" if routine.window else routine.repeat,
                "paused" if routine.paused else clock(routine.next, now),
                moment(routine.last_run) or "-",
                routine.name,
                routine.last_result,
            )
            for routine in known
        ),
    )


@routines.command("pause", shape={"routines": []})
@_IDS
@click.pass_obj
def pause(output: Output, ids: tuple[int, ...]) -> None:
    """Make no runs of these until they are resumed."""
    _change(output, ids, lambda run: run.services.routines.pause)


@routines.command("resume", shape={"routines": []})
@_IDS
@click.pass_obj
def resume(output: Output, ids: tuple[int, ...]) -> None:
    """Make runs of these again, from the next regular one on."""
    _change(output, ids, lambda run: run.services.routines.resume)


@routines.command("remove", shape={"routines": []})
@_IDS
@click.pass_obj
def remove(output: Output, ids: tuple[int, ...]) -> None:
    """Forget these; the tasks they made stay."""
    _change(output, ids, lambda run: run.services.routines.remove)


def _change(output: Output, ids: tuple[int, ...], verb: Callable[[Session], Callable[[Iterable[int]], None]]) -> None:
    with engine() as run:
        known = {routine.id for routine in _all(run)}
        for number in ids:
            if number not in known:
                raise UsageError(title=f"There is no routine {number}.", suggestion="See: shotdock routines list")
        refused: list[ShotDockError] = []
        run.services.routines.refused.connect(refused.append)
        verb(run)(ids)
        _all(run)  # the one its own change tells of
        left = _all(run)
    if refused:
        raise refused[0]
    output.answer({"status": "done", "routines": [routine_row(one) for one in left if one.id in ids]})
    here, now = {one.id: one for one in left}, time.time()
    for number in dict.fromkeys(ids):
        stands = "removed"
        if (one := here.get(number)) is not None:
            stands = "paused" if one.paused else f"due {clock(one.next, now)}"
        output.summary(f"Routine {number} is {stands}.")


def _all(run: Session) -> tuple[Routine, ...]:
    answer = Answer[tuple[Routine, ...]](run)
    desk = run.services.routines
    desk.changed.connect(answer.then)
    desk.load()
    try:
        return answer.of(None)
    finally:
        desk.changed.disconnect(answer.then)
