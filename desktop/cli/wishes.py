"""What is wanted of tasks, whoever runs them: done here, or asked of the ShotDock that has them."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QTimer

from desktop.cli import schedule
from desktop.cli.carry import UNDER_WAY
from desktop.cli.session import Answer, Session
from desktop.core.errors import NotAllowed
from desktop.core.task import Task
from desktop.core.wish import Verb, Wish
from desktop.store.owner import alive, describe

PATIENCE = 15_000
"""Milliseconds another ShotDock is waited for: it looks every five seconds, and its disk may be slow."""
LOOK = 100
"""Milliseconds between two looks at whether it has obeyed."""


def elsewhere(task: Task) -> bool:
    """Tell whether another living process answers for the task, as it is told once this one's engine has started."""
    # Tasks whose process is gone were marked interrupted when the engine started.
    # One that waits for the clock and that nobody answers for is free.
    return task.state in UNDER_WAY and not (task.turn.scheduled and (not task.owner or not alive(task.owner)))


def grant(run: Session, task_ids: Sequence[int], wish: Wish) -> tuple[Task, ...]:
    """Have the wish done for these tasks and return them as they are then; raises as `have` does."""
    have(run, task_ids, wish)
    return tuple(run.task(task_id) for task_id in dict.fromkeys(task_ids))


def have(run: Session, task_ids: Sequence[int], wish: Wish) -> None:
    """Have the wish done for these tasks.

    Raises UsageError, nothing being done, if there is no such task; NotAllowed, after the others were served, for one
    whose owner does not answer or cannot do it.
    """
    asked: dict[int, Task] = {}
    mine = []
    for task in [run.task(task_id) for task_id in dict.fromkeys(task_ids)]:
        if elsewhere(task):
            asked[_leave(run, task, wish)] = task
        else:
            mine.append(task.id)
    if mine:
        schedule.obey(run, lambda: _do(run, mine, wish))
    if asked:
        _wait(run, asked)


def _do(run: Session, ids: Sequence[int], wish: Wish) -> None:
    tasks = run.services.tasks
    match wish.verb:
        case Verb.CANCEL:
            tasks.cancel(ids)
        case Verb.PAUSE:
            tasks.pause(ids)
        case Verb.LIMIT:
            tasks.set_limit(ids, wish.rate)
        case Verb.SCHEDULE:
            tasks.schedule(ids, wish.schedule)
        case Verb.RUN:
            tasks.run_now(ids)
        case Verb.DELETE:
            tasks.delete(ids, wish.files)


def _leave(run: Session, task: Task, wish: Wish) -> int:
    answer = Answer[int](run)
    tasks = run.services.tasks
    tasks.refused.connect(answer.failed)
    try:
        tasks.wish(task, wish, answer.then)
        return answer.of(None)
    finally:
        tasks.refused.disconnect(answer.failed)


def _wait(run: Session, asked: dict[int, Task]) -> None:
    """Wait until these wishes, by number, have been obeyed; raise NotAllowed if one is not in time, or cannot be."""
    answer = Answer[None](run)
    waiting = set(asked)

    refused: list[NotAllowed] = []

    def heard(number: int, said: str | None) -> None:
        if said is None or number not in waiting:
            return
        waiting.discard(number)
        if said:
            task = asked[number]
            title = f"Task {task.id} belongs to {describe(task.owner)}, which could not do what was asked."
            refused.append(NotAllowed(title, said))
        if not waiting:
            answer.failed(refused[0]) if refused else answer.then(None)

    def look() -> None:
        for number in tuple(waiting):
            run.services.tasks.wished(number, partial(heard, number))

    def give_up() -> None:
        task = asked[min(waiting)]
        answer.failed(
            NotAllowed(
                title=f"Task {task.id} belongs to another ShotDock, which was told and has not answered.",
                cause=f"It is {describe(task.owner)}.",
                suggestion="It obeys once it goes on; if it hangs, end it. See: shotdock tasks list",
            )
        )

    looking, patience = QTimer(), QTimer()
    looking.timeout.connect(look)
    patience.setSingleShot(True)
    patience.timeout.connect(give_up)
    looking.start(LOOK)
    patience.start(PATIENCE)
    try:
        answer.of(None)
    finally:
        looking.stop()
        patience.stop()
