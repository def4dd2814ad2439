"""Wishes about tasks that another process runs: left in the tasks' logs until their owner has obeyed.

A wish is a line of a log that nobody is shown. It is addressed to one process: whoever takes the task over after that
one has died is not bound by what was asked of the dead, nor is a process that let a task go and took it again. One that
cannot be obeyed is addressed to nobody any more, and says why.
"""

import json
import time

from desktop.core.errors import NotAllowed, ShotDockError, UsageError
from desktop.core.hours import parse_hours
from desktop.core.redaction import redact
from desktop.core.schedule import After, Schedule
from desktop.core.task import Task
from desktop.core.wish import Verb, Wish
from desktop.store.access import Access, loaded, stored
from desktop.store.owner import describe, this_process
from desktop.store.tables import WISH, EventRow, TaskRow


class Wishes:
    """What was asked of the processes that run tasks, and not done yet."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def leave(self, task: Task, wish: Wish) -> int:
        """Leave a wish for the process that runs the task; return its number. Raises NotAllowed if it ended by now."""
        with self._access.writing():
            theirs = TaskRow.select(TaskRow.id).where(TaskRow.id == task.id, TaskRow.owner == task.owner)
            if not task.owner or self._access.row(theirs) is None:
                raise NotAllowed(
                    title=f"Task {task.id} has just been let go by {describe(task.owner)}.",
                    suggestion="Ask again.",
                )
            line = {
                "task": task.id,
                "time": time.time(),
                "level": WISH,
                "item": task.owner,
                "message": _written(wish),
            }
            return self._access.insert(EventRow, line)

    def mine(self) -> tuple[tuple[int, int, str, Wish | None], ...]:
        """Return what was asked of this process: number, task's id, who asks in words, wish; the earliest first.

        The wish is None if it is one this program does not know.
        """
        # By the tasks' index: a log may have a million lines, and the tasks of one process are few.
        query = (
            EventRow.select(EventRow.id, EventRow.task, EventRow.message)
            .join(TaskRow)
            .where(TaskRow.owner == this_process(), EventRow.level == WISH, EventRow.item == this_process())
            .order_by(EventRow.id)
        )
        return tuple((number, task, *_read(message)) for number, task, message in self._access.rows(query))

    def done(self, number: int) -> None:
        """Forget a wish: it was obeyed."""
        with self._access.writing():
            self._access.run(EventRow.delete().where(EventRow.id == number, EventRow.level == WISH))

    def refuse(self, number: int, error: ShotDockError) -> None:
        """Note why a wish cannot be obeyed, for whoever waits for it; nobody is asked for it any more."""
        told = {"item": "", "message": stored(redact(str(error)))}
        with self._access.writing():
            self._access.run(EventRow.update(told).where(EventRow.id == number, EventRow.level == WISH))

    def answer(self, number: int) -> str | None:
        """Return what came of a wish: "" once it was obeyed, why it cannot be, or None as long as it is to be."""
        query = EventRow.select(EventRow.item, EventRow.message).where(EventRow.id == number, EventRow.level == WISH)
        owner, message = self._access.row(query) or ("", "")
        return None if owner else loaded(message)


def unbind(access: Access, task_id: int) -> None:
    """Have nobody bound by what was asked of those who had a task before, inside `writing`; who asked hears why."""
    said = f"Task {task_id} was let go before that was heard. Ask again."
    left = (EventRow.task == task_id) & (EventRow.level == WISH) & (EventRow.item != "")
    access.run(EventRow.update({"item": "", "message": said}).where(left))


def _written(wish: Wish) -> str:
    schedule = wish.schedule
    return json.dumps(
        {
            "by": describe(this_process()),
            "verb": wish.verb.value,
            "rate": wish.rate,
            "start_at": schedule.start_at,
            "window": "" if schedule.window is None else str(schedule.window),
            "after": schedule.after.value,
            "files": wish.files,
        }
    )


def _read(message: str) -> tuple[str, Wish | None]:
    try:
        asked = json.loads(message)
        window = parse_hours(asked["window"]) if asked["window"] else None
        schedule = Schedule(asked["start_at"], window, after=After(asked["after"]))
        return asked["by"], Wish(Verb(asked["verb"]), asked["rate"], schedule, asked.get("files", False))
    except (KeyError, ValueError, UsageError):  # a newer ShotDock may share this database
        return "another ShotDock", None
