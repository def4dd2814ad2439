"""Tasks, their items and files: made, looked at, moved on, claimed by one process at a time."""

import time
from collections.abc import Callable, Collection, Iterable, Sequence

from desktop.core.errors import NotAllowed, NotFound, ShotDockError
from desktop.core.plan import ItemState, Plan
from desktop.core.redaction import redact
from desktop.core.schedule import Priority, Turn
from desktop.core.task import Brought, FileResult, Task, TaskFile, TaskItem, TaskState
from desktop.store import task_record
from desktop.store.access import Access, chunks
from desktop.store.owner import SILENCE, alive, describe, is_elsewhere, this_process
from desktop.store.tables import FileRow, ItemRow, TaskRow
from desktop.store.task_create import insert_plan, last_position
from desktop.store.task_record import FileOutcome as FileOutcome
from desktop.store.task_rows import (
    COUNTERS,
    SELECT_PENDING,
    brought_of,
    counters_of,
    file_of,
    item_of,
    pending_of,
    select_brought,
    select_files,
    select_items,
    select_tasks,
    task_of,
    turn_columns,
)
from desktop.store.task_states import item_state
from desktop.store.wishes import unbind

_ACTIVE = (TaskState.WAITING, TaskState.RUNNING)
_SCHEDULED = TaskRow.not_before.is_null(False) | (TaskRow.hours != "")


class Tasks:
    """The tasks in the database.

    A task that waits or runs has an owner, the process that answers for it: whoever creates it or saves it in
    one of these states. Another process can neither change nor claim it while the owner lives.
    """

    def __init__(self, access: Access) -> None:
        self._access = access

    def create(self, plan: Plan, token: str, name: str, now: float, turn: Turn = Turn()) -> Task:
        """Save the plan as a waiting task of this process, behind all others, in one transaction.

        now: seconds since the epoch. turn: its priority, and when it may start. Every file of the plan counts as
        planned. Files the plan skips are skipped from the start, files it blocks failed; bytes count for the files
        that will move.
        """
        with self._access.writing():
            task_id = insert_plan(self._access, plan, token, name, now, this_process(), turn)
            return self.get(task_id)

    def all(self) -> tuple[Task, ...]:
        """Return every task, the oldest first."""
        return tuple(task_of(row) for row in self._access.rows(select_tasks()))

    def ids(self) -> frozenset[int]:
        """Return the numbers of every task."""
        return frozenset(number for (number,) in self._access.rows(TaskRow.select(TaskRow.id)))

    def get(self, task_id: int) -> Task:
        """Return one task; raise NotFound."""
        row = self._access.row(select_tasks().where(TaskRow.id == task_id))
        if row is None:
            raise NotFound(
                title=f"There is no task {task_id}.",
                cause="It was deleted, or it is in another home folder's database.",
                suggestion="See the known ones with: shotdock tasks list",
            )
        return task_of(row)

    def save(self, task: Task) -> None:
        """Write the task's name, options, state, turn, times, error and owner; the counters are `record`'s.

        Items of a task that no longer runs stop running too. Raises NotFound, and NotAllowed while another
        process that lives answers for the task.
        """
        owner = (task.owner or this_process()) if task.state in _ACTIVE else ""
        with self._access.writing():
            before = self.get(task.id)
            self._check_mine(before)
            if owner not in ("", before.owner):
                unbind(self._access, task.id)
            self._access.run(
                TaskRow.update(
                    name=task.name,
                    parallel=task.options.parallel,
                    segments=task.options.segments,
                    limit_rate=task.options.limit_rate,
                    verify=task.options.verify,
                    state=task.state.value,
                    started=task.started,
                    finished=task.finished,
                    error=redact(task.error),
                    owner=owner,
                    touched=time.time(),
                    **turn_columns(task.turn),
                ).where(TaskRow.id == task.id)
            )
            if task.state is not TaskState.RUNNING:
                self._rest(task.id)

    def withhold(self, ids: Iterable[int]) -> tuple[tuple[Task, ...], tuple[ShotDockError, ...]]:
        """Have tasks be busy here, whatever their state, so that no other process resumes what this one is to delete.

        Return them as they were, for `save` to put back; and for each of the others NotFound, or NotAllowed while
        another process that lives has it. What a process leaves so that dies is interrupted.
        """
        held: list[Task] = []
        refused: list[ShotDockError] = []
        with self._access.writing():
            for task_id in ids:
                try:
                    task = self.get(task_id)
                    self._check_mine(task)
                except (NotAllowed, NotFound) as error:
                    refused.append(error)
                else:
                    mine = {"state": TaskState.RUNNING.value, "owner": this_process(), "touched": time.time()}
                    self._access.run(TaskRow.update(mine).where(TaskRow.id == task_id))
                    held.append(task)
        return tuple(held), tuple(refused)

    def release(self, task_id: int) -> None:
        """Let go of a task that waits for the clock: whoever runs ShotDock then takes it over."""
        with self._access.writing():
            self._check_mine(self.get(task_id))
            mine = (TaskRow.id == task_id) & (TaskRow.state == TaskState.WAITING.value)
            self._access.run(TaskRow.update(owner="").where(mine))

    def scheduled(self, alive: Callable[[str], bool] = alive) -> tuple[Task, ...]:
        """Return the tasks that wait for the clock and that no living process answers for, the oldest first."""
        query = select_tasks().where(TaskRow.state == TaskState.WAITING.value, _SCHEDULED)
        found = [task_of(row) for row in self._access.rows(query)]
        return tuple(task for task in found if self._is_lost(task, alive, time.time()))

    def mine(self) -> tuple[Task, ...]:
        """Return the tasks that this process answers for, the oldest first."""
        return tuple(task_of(row) for row in self._access.rows(select_tasks().where(TaskRow.owner == this_process())))

    def waiting(self) -> tuple[Task, ...]:
        """Return the tasks that wait, whoever answers for them, the oldest first."""
        query = select_tasks().where(TaskRow.state == TaskState.WAITING.value)
        return tuple(task_of(row) for row in self._access.rows(query))

    def news(self, since: float) -> tuple[tuple[Task, ...], float]:
        """Return the tasks that other processes run, or that have ended, touched since then, and the newest touch."""
        newest = float(self._access.value("SELECT MAX(touched) FROM task") or 0)
        query = select_tasks().where(TaskRow.touched > since, TaskRow.owner != this_process())
        return tuple(task_of(row) for row in self._access.rows(query)), newest

    def last_position(self) -> float:
        """Return the position of the last task of the queue."""
        return last_position(self._access)

    def arrange(self, positions: Sequence[tuple[int, float]], priorities: Sequence[tuple[int, Priority]] = ()) -> None:
        """Give waiting tasks, by id, other places in the queue, in one transaction.

        That is anybody's to do: the process that answers for a task looks at its place before it is started.
        """
        change = f"UPDATE task SET {{}} = ? WHERE id = ? AND state = '{TaskState.WAITING.value}'"
        with self._access.writing():
            self._access.many(change.format("position"), [(place, n) for n, place in positions])
            self._access.many(change.format("priority"), [(int(level), n) for n, level in priorities])

    def items(self, task_id: int) -> tuple[TaskItem, ...]:
        """Return a task's items, in the plan's order."""
        return tuple(item_of(row) for row in self._access.rows(select_items(task_id)))

    def sites(self, task_id: int) -> tuple[str, ...]:
        """Return the names of the sites a task's items are on."""
        query = ItemRow.select(ItemRow.site).where(ItemRow.task == task_id).distinct()
        return tuple(site for (site,) in self._access.rows(query))

    def files(
        self,
        task_id: int,
        item_id: int | None = None,
        results: Iterable[FileResult] | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> tuple[TaskFile, ...]:
        """Return a task's files, in the order of transfer: all, an item's, those with certain results, a page."""
        query = select_files(task_id)
        if item_id is not None:
            query = query.where(FileRow.item == item_id)
        if results is not None:
            query = query.where(FileRow.result.in_([result.value for result in results]))
        if limit is not None or offset:
            query = query.limit(-1 if limit is None else limit).offset(offset)
        return tuple(file_of(row) for row in self._access.rows(query))

    def failures(self, task_id: int) -> tuple[TaskFile, ...]:
        """Return the files that failed, and those that failed and are to be tried again, in the order of transfer."""
        query = select_files(task_id).where((FileRow.result == FileResult.FAILED.value) | FileRow.error.is_null(False))
        return tuple(file_of(row) for row in self._access.rows(query))

    def brought(self, kind: str) -> tuple[Brought, ...]:
        """Return what tasks brought from sites whose names begin so, or still mean to bring, the newest first."""
        return tuple(brought_of(row) for row in self._access.rows(select_brought(kind)))

    def pending(self, task_id: int) -> tuple[TaskFile, ...]:
        """Return the files still to be fetched, in the order of transfer; failed ones only after `reset_failed`."""
        return tuple(pending_of(row) for row in self._access.every(SELECT_PENDING, task=task_id))

    def record(self, task_id: int, outcomes: Sequence[FileOutcome]) -> Task:
        """Write how files ended, with the counters and states above them, in one transaction; return the task.

        Raises NotFound if the task was deleted.
        """
        with self._access.writing():
            task_record.record(self._access, task_id, outcomes, time.time())
            return self.get(task_id)

    def reset_failed(self, task_id: int, retryable_only: bool = False, kinds: Collection[str] = ()) -> Task:
        """Make failed files pending again, with the counters above them; return the task.

        retryable_only: those whose error may pass by itself, and those with an error of these kinds; they keep it
        until they have been tried. Files the plan blocked stay failed: only another plan can help them.
        Raises NotFound.
        """
        with self._access.writing():
            task_record.reset_failed(self._access, task_id, retryable_only, time.time(), kinds)
            return self.get(task_id)

    def delete(self, ids: Iterable[int]) -> None:
        """Forget tasks with their items, files and logs; unknown ids are passed over.

        Raises NotAllowed, nothing being deleted, while another process that lives answers for one of them.
        """
        with self._access.writing():
            for part in chunks(tuple(ids)):
                query = select_tasks().where(TaskRow.id.in_(part))
                for task in [task_of(row) for row in self._access.rows(query)]:
                    self._check_mine(task)
                self._access.run(TaskRow.delete().where(TaskRow.id.in_(part)))

    def claim(self, task_id: int, owner: str) -> bool:
        """Take a waiting or running task for the owner, atomically; True if it is the owner's now.

        False if another process that lives has it, or it is in no state to run. Raises NotFound.
        """
        with self._access.writing():
            task = self.get(task_id)
            if task.state not in _ACTIVE or (task.owner != owner and not self._is_lost(task, alive, time.time())):
                return False
            if task.owner != owner:
                unbind(self._access, task_id)
            self._access.run(TaskRow.update(owner=owner, touched=time.time()).where(TaskRow.id == task_id))
            return True

    def live(self) -> None:
        """Give a sign of life for every task this process answers for."""
        mine = (TaskRow.owner == this_process()) & TaskRow.state.in_([state.value for state in _ACTIVE])
        with self._access.writing():
            self._access.run(TaskRow.update(touched=time.time()).where(mine))

    def interrupted(self, alive: Callable[[str], bool] = alive) -> tuple[Task, ...]:
        """Return the waiting and running tasks whose owner is gone; this process answers for them from now on.

        Those that wait for the clock are not among them: see `scheduled`.

        Taking them over is atomic: of two processes that ask at once, one gets each. An owner on another host
        is gone after a day without a sign of life.
        """
        now = time.time()
        if not self._lost(alive, now):  # as nearly always: nobody has to wait for a look
            return ()
        with self._access.writing():
            lost = self._lost(alive, now)
            for task in lost:
                self._access.run(TaskRow.update(owner=this_process(), touched=now).where(TaskRow.id == task.id))
            return lost

    def _lost(self, alive: Callable[[str], bool], now: float) -> tuple[Task, ...]:
        clock = (TaskRow.state == TaskState.WAITING.value) & _SCHEDULED
        query = select_tasks().where(TaskRow.state.in_([state.value for state in _ACTIVE]), ~clock)
        found = [task_of(row) for row in self._access.rows(query)]
        return tuple(task for task in found if self._is_lost(task, alive, now))

    def _is_lost(self, task: Task, alive: Callable[[str], bool], now: float) -> bool:
        if not task.owner or not alive(task.owner):
            return True
        if not is_elsewhere(task.owner):
            return False
        touched: float = self._access.value(f"SELECT touched FROM task WHERE id = {task.id:d}")
        return now - touched > SILENCE

    def _check_mine(self, task: Task) -> None:
        if task.owner == this_process() or self._is_lost(task, alive, time.time()):
            return
        raise NotAllowed(
            title=f"Task {task.id} is run by another ShotDock.",
            cause=f"It belongs to {describe(task.owner)}, which is still at work.",
            suggestion=f"Cancel it first, there or with: shotdock tasks cancel {task.id}",
        )

    def _rest(self, task_id: int) -> None:
        columns = (ItemRow.id, *(getattr(ItemRow, name) for name in COUNTERS))
        query = ItemRow.select(*columns).where(ItemRow.task == task_id, ItemRow.state == ItemState.RUNNING.value)
        states = [
            (item_state(counters_of(tuple(row))[0], running=False).value, n) for n, *row in self._access.rows(query)
        ]
        self._access.many("UPDATE item SET state = ? WHERE id = ?", states)
