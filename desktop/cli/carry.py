"""Carry a task to its end under a command's eyes, and answer as CLI.md says."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QTimer

from desktop.cli import status
from desktop.cli.answer import TRANSFER_SHAPE, error_rows, item_row, print_outcome, told_name
from desktop.cli.output import Output
from desktop.cli.progress import Meter
from desktop.cli.session import Answer, Session, session
from desktop.core.errors import NotFound, ShotDockError, VersionNotAvailable, Wait
from desktop.core.plan import NAMED, ItemState, Plan
from desktop.core.schedule import Turn, waiting_words
from desktop.core.task import Bytes, Counts, FileResult, Progress, Task, TaskFile, TaskItem, TaskState
from desktop.logs import set_up
from desktop.places import Places
from desktop.store.owner import alive, describe

UNDER_WAY = (TaskState.WAITING, TaskState.RUNNING)
FOLLOWING = 1000
"""Milliseconds between two looks at a task that another ShotDock carries."""


@contextmanager
def engine(serving: bool = False) -> Iterator[Session]:
    """Run a command's block with the engine at hand; the engine's log goes to the log file, not to the terminal.

    serving: the command stays, and does what is due meanwhile.
    """
    places = Places.find()
    with session(places, set_up(places, console=None), serving) as run:
        yield run


class Transfer:
    """One task, from its start to its end.

    Times are monotonic seconds. The latest figures of the task arrive by signal even while the engine shuts down,
    so `report` is called after the session has ended.
    """

    def __init__(self, run: Session, output: Output, began: float) -> None:
        self._run, self._output, self._began = run, output, began
        self._meter = Meter(output)
        self._task: Task | None = None
        self._told: dict[int, Task] = {}
        self._refused: ShotDockError | None = None
        self._before = Counts()
        self._before_bytes = Bytes()
        self._items: tuple[TaskItem, ...] = ()
        self._failed: tuple[TaskFile, ...] = ()
        self._plan: Plan | None = None
        self._warnings: tuple[str, ...] = ()
        self._reuse = 0
        self._done = 0
        self._ran = False
        run.services.tasks.changed.connect(self._on_changed)
        run.services.tasks.progressed.connect(self._on_progressed)
        run.services.tasks.refused.connect(self._on_refused)

    def take(self, plan: Plan, warnings: Sequence[str]) -> None:
        """Take the plan to carry. The caller had better forget it: once saved it is let go, and it may be large."""
        self._plan = plan
        self._warnings = tuple(warnings)
        self._reuse = plan.totals().reused

    def submit(
        self,
        by: Callable[[Plan, Callable[[Task], None]], None] | None = None,
        turn: Turn = Turn(),
    ) -> None:
        """Make the plan a task and carry it. by: what makes it one, if not the queue itself. turn: of the queue's."""
        plan, self._plan = self._plan, None
        assert plan is not None, "no plan was taken"
        self._refused = None
        answer = Answer[Task](self._run)
        self._run.services.tasks.refused.connect(answer.failed)
        (by or partial(self._run.services.tasks.submit, turn=turn))(plan, answer.then)
        del plan
        # Signals may have told more of the task by now than the answer knows.
        self._task = self._latest(answer.of(None))
        self._carry()

    def again(self, task: Task, *, retry: bool) -> None:
        """Carry an earlier task on; with retry, fetch its failed files again."""
        tasks = self._run.services.tasks
        self._before, self._before_bytes = task.files, task.bytes
        self._task = replace(task, state=TaskState.WAITING)
        if retry and task.state is not TaskState.WAITING:
            tasks.retry((task.id,))
        # Whatever clock or hours it waited for: it is wanted now, and this command would wait for them in silence.
        tasks.run_now((task.id,))
        self._carry()

    def follow(self, before: Task, now: Task) -> None:
        """Wait for the end of a task that another ShotDock carries.

        before, now: the task before it was asked to go on, and since. Raises NotFound if the task or whoever carries
        it is gone, Wait if it is put off, Interrupted.
        """
        tasks = self._run.services.tasks
        self._before, self._before_bytes = before.files, before.bytes
        known: Task | None = now

        def heard(listed: tuple[Task, ...]) -> None:
            nonlocal known
            known = next((task for task in listed if task.id == now.id), None)

        def goes_on() -> bool:
            return known is not None and known.state in UNDER_WAY and not known.put_off and alive(known.owner)

        looking = QTimer()
        looking.timeout.connect(tasks.load)
        looking.start(FOLLOWING)
        tasks.listed.connect(heard)
        try:
            self._run.until(lambda: not goes_on(), tasks.listed)
        finally:
            tasks.listed.disconnect(heard)
            looking.stop()
        self._run.check()
        if known is None:
            raise NotFound(title=f"Task {now.id} was deleted.", cause="Another ShotDock did so, or its window.")
        if known.put_off and known.state in UNDER_WAY:
            raise Wait(title=f"Task {now.id} was put off.", cause=waiting_words(known.turn, time.time()))
        if known.state in UNDER_WAY:
            raise NotFound(
                title=f"Nobody carries task {now.id} any more.",
                cause=f"It was left by {describe(before.owner)}.",
                suggestion=f"Take it on with: shotdock tasks run {now.id}",
            )
        self._task = known
        self._details()

    def look(self, task: Task) -> None:
        """Take a task that has nothing left to do."""
        self._before, self._before_bytes = task.files, task.bytes
        self._task = task
        self._details()

    def _carry(self) -> None:
        tasks = self._run.services.tasks
        self._run.until(
            lambda: self._ended or self._put_back or self._refused is not None, tasks.changed, tasks.refused
        )
        self._meter.clear()
        if self._refused is not None and not self._ended:
            raise self._refused
        self._details()

    def _details(self) -> None:
        task_id = self.task.id
        tasks = self._run.services.tasks
        # Thousands of items are read for those who look at them: the answer, and whether any shot has the version.
        if self._output.json or self.task.version_strategy in NAMED:
            items = Answer[tuple[TaskItem, ...]](self._run, anyway=True)
            tasks.items(task_id, items.then)
            self._items = items.of(None)
        failed = Answer[tuple[TaskFile, ...]](self._run, anyway=True)
        tasks.files(task_id, failed.then, results=(FileResult.FAILED,))
        self._failed = failed.of(None)

    @property
    def task(self) -> Task:
        """Return the task as last heard of."""
        assert self._task is not None, "nothing was submitted"
        return self._task

    @property
    def _ended(self) -> bool:
        return self._task is not None and self._task.state not in UNDER_WAY

    @property
    def _put_back(self) -> bool:
        """True once somebody had the task, which ran, wait for the clock: this command would wait in silence."""
        task = self._task
        return self._ran and task is not None and task.state is TaskState.WAITING and task.turn.scheduled

    def _on_changed(self, tasks: tuple[Task, ...]) -> None:
        self._told.update({task.id: task for task in tasks})
        if self._task is not None:
            self._task = self._latest(self._task)
            self._ran = self._ran or self._task.state is TaskState.RUNNING

    def _on_refused(self, error: ShotDockError) -> None:
        self._refused = error

    def _latest(self, task: Task) -> Task:
        return self._told.get(task.id, task)

    def _on_progressed(self, progress: tuple[Progress, ...]) -> None:
        for figures in progress:
            if self._task is not None and figures.task_id == self._task.id:
                self._done = figures.done
                self._meter.transfer(figures)

    def report(self, more: Mapping[str, object] | None = None) -> int:
        """Print how it went and return the exit status. more: what else the JSON object tells."""
        task = self.task
        files, sizes = _since(task.files, self._before), _bytes_since(task.bytes, self._before_bytes)
        if task.state is TaskState.INTERRUPTED:
            # The database counts whole files; what crossed of unfinished ones is known from the last figures only.
            reuse = self._reuse + self._before_bytes.transferred + self._before_bytes.reused
            sizes = replace(sizes, transferred=max(sizes.transferred, self._done - reuse))
        seconds = round(time.monotonic() - self._began, 3)
        errors = error_rows(self._failed)
        result = "cancelled" if task.state in UNDER_WAY else task.outcome
        unknown = self._unknown_version(task)
        if unknown is not None:
            errors, result = [unknown.as_dict()], "failed"
        if result == "done" and not files.downloaded:
            result = "up-to-date"
        names = [None] if unknown is not None else map(told_name, self._failed)
        for row, name in zip(errors, names, strict=True):
            self._output.error_row(row, name)
        if task.error and not errors:
            self._output.warn(task.error)
        self._output.answer(
            {
                "status": result,
                "task": task.id,
                "files": files.as_dict(),
                "bytes": sizes.as_dict(),
                "seconds": seconds,
                # A filter that matches nothing is a warning, no shot.
                "items": [item_row(item) for item in self._items if item.key or not task.connection],
                "errors": errors,
                "warnings": list(self._warnings),
                **(more or {}),
            }
        )
        print_outcome(self._output, result, files, sizes, seconds, task.destination)
        if result == "cancelled":
            waits = waiting_words(task.turn, time.time()) if task.state is TaskState.WAITING else ""
            self._output.remark(f"{waits} Continue with: shotdock tasks run {task.id}".strip())
            return status.INTERRUPTED
        if unknown is not None:
            return status.USAGE
        if files.failed or task.state is TaskState.FAILED:
            return status.status_of_failures(errors, bool(files.downloaded or files.skipped))
        return status.DONE

    def _unknown_version(self, task: Task) -> VersionNotAvailable | None:
        """Return an error if not a single shot has the version that was asked for."""
        if task.version_strategy not in NAMED or not self._items:
            return None
        if any(item.state is not ItemState.SKIPPED or item.key is None for item in self._items):
            return None
        return VersionNotAvailable(
            title=f"No shot has the version {task.specific_version or 'asked for'}.",
            cause=f"{self._items[0].label}: {self._items[0].error_message}",
            suggestion="Choose a version the shots have, or leave --version out for each shot's latest.",
        )


def nothing_to_do(output: Output, began: float, warnings: Sequence[str]) -> int:
    """Answer for a plan without a single file or item."""
    answer = {**TRANSFER_SHAPE, "status": "up-to-date", "seconds": round(time.monotonic() - began, 3)}
    output.answer({**answer, "warnings": list(warnings)})
    output.summary("Nothing to do.")
    return status.DONE


def _since(now: Counts, before: Counts) -> Counts:
    """Return what this run did: an earlier run's arrivals are not counted again; failed files stand as they are."""
    over = before.downloaded + before.skipped
    return Counts(
        planned=now.planned - over,
        downloaded=now.downloaded - before.downloaded,
        resumed=now.resumed - before.resumed,
        skipped=now.skipped - before.skipped,
        overwritten=now.overwritten - before.overwritten,
        kept_both=now.kept_both - before.kept_both,
        failed=now.failed,
    )


def _bytes_since(now: Bytes, before: Bytes) -> Bytes:
    # planned is what the whole task moves; of it, what earlier runs moved is not this run's any more.
    return Bytes(
        planned=max(0, now.planned - before.transferred),
        transferred=now.transferred - before.transferred,
        reused=now.reused - before.reused,
    )
