"""Tasks as the window and the command line see them: ask at once, hear later."""

from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, Signal, Slot

from desktop.core.errors import ShotDockError
from desktop.core.plan import Plan
from desktop.core.task import FileResult, LogLine, Task, TaskFile, TaskItem
from desktop.store.database import Store
from desktop.work.background import Desk, Mailbox, ignore
from desktop.work.queue import Queue


class TaskDesk(QObject):
    """The transfer queue's face on the window's thread; every call returns at once.

    Signals: listed (tuple of every Task, once), changed (tuple of Task whose state or counts moved), removed
    (tuple of task ids), progressed (tuple of Progress, five times a second while something runs), interrupted
    (tuple of Task that an earlier process left unfinished), refused (ShotDockError: why something that was asked
    for was not done, such as pausing a task that another ShotDock runs).
    """

    listed = Signal(object)
    changed = Signal(object)
    removed = Signal(object)
    progressed = Signal(object)
    interrupted = Signal(object)
    refused = Signal(object)

    def __init__(self, desk: Desk, answers: Mailbox, store: Store, queue: Queue) -> None:
        super().__init__()
        self._desk, self._answers, self._store, self._queue = desk, answers, store, queue
        queue.changed.connect(self._on_changed)
        queue.removed.connect(self._on_removed)
        queue.progressed.connect(self._on_progressed)
        queue.interrupted.connect(self._on_interrupted)

    def load(self) -> None:
        """Ask for every task; the answer is the signal `listed`."""
        self._ask(self._store.tasks.all, lambda tasks: self.listed.emit(tuple(tasks)))

    def submit(self, plan: Plan, then: Callable[[Task], None] | None = None, start: bool = True) -> None:
        """Make the plan a task and, with start, queue it."""
        self._ask(lambda: self._queue.submit(plan, start), then or ignore)

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

    def log(self, task_id: int, then: Callable[[tuple[LogLine, ...]], None]) -> None:
        """Ask for a task's log."""
        self._ask(lambda: tuple(self._store.events.of(task_id)), then)

    def _tell(self, verb: Callable[[Iterable[int]], None], ids: Iterable[int]) -> None:
        chosen = tuple(ids)
        self._ask(lambda: verb(chosen), ignore)

    def _ask(self, question: Callable[[], object], then: Callable[..., None]) -> None:
        post = self._answers.post

        def run() -> None:
            try:
                answer = question()
            except ShotDockError as error:
                reason = error
                post(lambda: self.refused.emit(reason))
                return
            post(lambda: then(answer))

        self._desk.mailbox.post(run)

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
