"""Tasks as the window and the command line see them: ask at once, hear later."""

from collections.abc import Callable, Iterable
from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from desktop.core.causes import Cause, causes
from desktop.core.errors import ShotDockError
from desktop.core.plan import Plan
from desktop.core.report import report
from desktop.core.schedule import Priority, Schedule, Turn
from desktop.core.task import FileResult, LogLine, Task, TaskFile, TaskItem
from desktop.core.timetable import Limit
from desktop.core.wish import Wish
from desktop.store.database import Store
from desktop.work.background import Desk, Failed, Mailbox, ask, ignore
from desktop.work.queue import Queue
from desktop.work.versions import versions


class TaskDesk(QObject):
    """The transfer queue's face on the window's thread; every call returns at once.

    Signals:
    - listed (tuple of every Task, once); changed (tuple of Task: new ones, and those whose state, counts, turn or limit
      moved); removed (tuple of task ids); progressed (tuple of Progress, five times a second while something runs).
    - interrupted (tuple of Task that a process left unfinished that is gone); missed (tuple of Task whose start has
      passed while no ShotDock ran; they are INTERRUPTED): offer to `resume` them.
    - ended (Task that is done or failed; one that is put off to be tried again later is not); quit_wanted (a task that
      was to be the last thing done has ended and nothing else runs: close the window).
    - limited (Limit that holds now, for the status bar; see also `limit`).
    - refused (ShotDockError: why something that was asked for was not done, such as removing files that cannot be
      removed; of many tasks, the others are served all the same; or why what arrives cannot be recorded now).

    Pausing, cancelling, limiting, scheduling, starting and deleting a task that another ShotDock runs is asked of that
    one, which obeys within seconds; what others do with their tasks is `changed` or `removed` within seconds, too.

    The timetable is the setting limit_rules; limits are off for a while with
    `settings.update(limits_off_until=moment)`, for good with `core.timetable.FOR_GOOD`, on again with 0. Beside this
    desk: `routines` (what repeats), `history` (search, sums, receipts), `notify` (who is told).

    What a task waits for is in its `turn`; `core.schedule.waiting_words(task.turn, now)` says it, "" if only for room.
    """

    listed = Signal(object)
    changed = Signal(object)
    removed = Signal(object)
    progressed = Signal(object)
    interrupted = Signal(object)
    missed = Signal(object)
    ended = Signal(object)
    limited = Signal(object)
    quit_wanted = Signal()
    refused = Signal(object)

    def __init__(self, desk: Desk, answers: Mailbox, store: Store, queue: Queue) -> None:
        super().__init__()
        self._desk, self._answers, self._store, self._queue = desk, answers, store, queue
        queue.changed.connect(self._on_changed)
        queue.removed.connect(self._on_removed)
        queue.progressed.connect(self._on_progressed)
        queue.interrupted.connect(self._on_interrupted)
        queue.missed.connect(self._on_missed)
        queue.ended.connect(self._on_ended)
        queue.limited.connect(self._on_limited)
        queue.troubled.connect(self._refuse)
        queue.quit_wanted.connect(self._on_quit_wanted)
        self._limit = queue.limit

    @property
    def limit(self) -> Limit:
        """Return the limit over all tasks that holds now, with the words for it."""
        return self._limit

    def now(self) -> float:
        """Return the moment by the clock tasks start by, seconds since the epoch."""
        return self._queue.now()

    def load(self) -> None:
        """Ask for every task; the answer is the signal `listed`."""
        self._ask(self._queue.all, lambda tasks: self.listed.emit(tasks))

    def submit(
        self,
        plan: Plan,
        then: Callable[[Task], None] | None = None,
        start: bool = True,
        turn: Turn = Turn(),
        failed: Failed | None = None,
    ) -> None:
        """Make the plan a task and, with start, queue it.

        turn: its priority, and not_before, window and after of a schedule; a repeat is a routine (see `routines`).
        failed: hears why it was not done, in the place of `refused`.
        """
        question = partial(self._queue.submit, plan, start, turn)
        ask(self._desk, self._answers, question, then or ignore, failed or self._refuse)

    def pause(self, ids: Iterable[int]) -> None:
        """Stop these tasks so that they can be resumed."""
        self._tell(self._queue.pause, ids)

    def resume(self, ids: Iterable[int]) -> None:
        """Queue these paused, interrupted, failed or cancelled tasks again."""
        self._tell(self._queue.resume, ids)

    def cancel(self, ids: Iterable[int]) -> None:
        """Stop these tasks; nothing more is written."""
        self._tell(self._queue.cancel, ids)

    def retry(self, ids: Iterable[int]) -> None:
        """Fetch the failed files of these tasks again."""
        self._tell(self._queue.retry, ids)

    def run_now(self, ids: Iterable[int]) -> None:
        """Start these tasks at once, past every limit of how many run, whatever they wait for."""
        self._tell(self._queue.run_now, ids)

    def move(self, ids: Iterable[int], before: int | None) -> None:
        """Put waiting tasks, in this order, right before another waiting one, or last (None): what a drag means.

        They get the priority of their new place. Those that do not wait stay where they are.
        """
        chosen = tuple(ids)
        self._ask(lambda: self._queue.move(chosen, before), ignore)

    def set_priority(self, ids: Iterable[int], priority: Priority) -> None:
        """Let these tasks go sooner or later than others; of equals who came first goes first."""
        self._tell(lambda ids: self._queue.set_priority(ids, priority), ids)

    def set_limit(self, ids: Iterable[int], rate: int | None) -> None:
        """Give these tasks a limit of their own, bytes/s or None; it holds at once, also for what runs."""
        self._tell(lambda ids: self._queue.set_limit(ids, rate), ids)

    def schedule(self, ids: Iterable[int], schedule: Schedule) -> None:
        """Have these unfinished tasks start later, or only at certain hours; an empty schedule: as soon as may be.

        Of a running task the hours count from now on: it stops when they end. Its repeat is not looked at.
        """
        self._tell(lambda ids: self._queue.schedule(ids, schedule), ids)

    def wish(self, task: Task, wish: Wish, then: Callable[[int], None]) -> None:
        """Ask the other ShotDock that runs the task to do something with it; the answer is the wish's number.

        It hears of it at its next look at the clock, within seconds; see `wished`.
        """
        self._ask(lambda: self._store.wishes.leave(task, wish), then)

    def wished(self, number: int, then: Callable[[str | None], None]) -> None:
        """Ask what came of a wish: "" once it was obeyed, why it cannot be, or None as long as it is to be."""
        self._ask(lambda: self._store.wishes.answer(number), then)

    def look(self) -> None:
        """Have the queue look at the clock now, e.g. after the computer slept."""
        self._ask(self._queue.look, ignore)

    def delete(self, ids: Iterable[int], with_files: bool = False) -> None:
        """Forget these tasks; with_files, remove what they brought from the disk too."""
        chosen = tuple(ids)
        self._ask(lambda: self._queue.delete(chosen, with_files), ignore)

    def pause_all(self) -> None:
        """Pause everything that runs or waits."""
        self._ask(lambda: self._queue.pause(tuple(task.id for task in self._store.tasks.all())), ignore)

    def items(self, task_id: int, then: Callable[[tuple[TaskItem, ...]], None]) -> None:
        """Ask for a task's items."""
        self._ask(lambda: tuple(self._store.tasks.items(task_id)), then)

    def files(
        self,
        task_id: int,
        then: Callable[[tuple[TaskFile, ...]], None],
        item_id: int | None = None,
        results: Iterable[FileResult] | None = None,
    ) -> None:
        """Ask for the files of a task, or of one of its items: all, or those with certain results."""
        self._ask(lambda: self._store.tasks.files(task_id, item_id, results), then)

    def causes(self, task_id: int, then: Callable[[tuple[Cause, ...]], None]) -> None:
        """Ask why files of a task failed: one cause for all that failed alike, the commonest first."""
        self._ask(lambda: self._causes(self._store.tasks.get(task_id)), then)

    def report(self, task_id: int, then: Callable[[str], None]) -> None:
        """Ask for a text about a task to send to a TD: facts, causes, versions, the end of the log; no secrets."""

        def compose() -> str:
            task = self._store.tasks.get(task_id)
            lines = self._store.events.of(task_id)
            return report(task, self._causes(task), versions(), lines, self._queue.now())

        self._ask(compose, then)

    def _causes(self, task: Task) -> tuple[Cause, ...]:
        # While a task is tried again, what failed before is under way; while it is put off, it is what it waits for.
        tasks = self._store.tasks
        found = tasks.failures(task.id) if task.put_off else tasks.files(task.id, results=(FileResult.FAILED,))
        return causes(found, task)

    def log(self, task_id: int, then: Callable[[tuple[LogLine, ...]], None]) -> None:
        """Ask for a task's log."""
        self._ask(lambda: tuple(self._store.events.of(task_id)), then)

    def _tell(self, verb: Callable[[Iterable[int]], None], ids: Iterable[int]) -> None:
        # One by one: who refuses one of many does not hold up the others.
        for task_id in ids:
            self._ask(partial(verb, (task_id,)), ignore)

    def _ask(self, question: Callable[[], object], then: Callable[..., None]) -> None:
        ask(self._desk, self._answers, question, then, self._refuse)

    @Slot(object)
    def _refuse(self, error: ShotDockError) -> None:
        self.refused.emit(error)

    # Bound methods of a QObject, so that Qt queues the queue's signals to the thread of this one.
    @Slot(object)
    def _on_changed(self, tasks: tuple[Task, ...]) -> None:
        self.changed.emit(tasks)

    @Slot(object)
    def _on_removed(self, ids: tuple[int, ...]) -> None:
        self.removed.emit(ids)

    @Slot(object)
    def _on_progressed(self, progress: object) -> None:
        self.progressed.emit(progress)

    @Slot(object)
    def _on_interrupted(self, tasks: tuple[Task, ...]) -> None:
        self.interrupted.emit(tasks)

    @Slot(object)
    def _on_missed(self, tasks: tuple[Task, ...]) -> None:
        self.missed.emit(tasks)

    @Slot(object)
    def _on_ended(self, task: Task) -> None:
        self.ended.emit(task)

    @Slot(object)
    def _on_limited(self, limit: Limit) -> None:
        self._limit = limit
        self.limited.emit(limit)

    @Slot()
    def _on_quit_wanted(self) -> None:
        # After whatever those who heard that the task has ended asked about it.
        self._ask(lambda: None, lambda _none: self.quit_wanted.emit())
