"""The history as the window and the command line see it: pages, sums, receipts; every call returns at once."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject

from desktop.core import receipt
from desktop.core.again import LEFT, remembered
from desktop.core.errors import TargetUnwritable, UsageError
from desktop.core.history import FoundFile, Query, Statistics, TaskPage
from desktop.core.plan import Plan
from desktop.core.task import LogLine, Task, TaskFile
from desktop.store.database import Store
from desktop.studio.again import plan_again
from desktop.work.background import Background, Desk, Failed, Mailbox, ask

Rows = tuple[dict[str, object], ...]


class HistoryDesk(QObject):
    """Looks back over every task. `failed` hears why something could not be looked up or written."""

    def __init__(self, parts: tuple[Desk, Mailbox, Store], background: Background) -> None:
        super().__init__()
        self._desk, self._answers, self._store = parts
        self._background = background

    def tasks(self, query: Query, then: Callable[[TaskPage], None], failed: Failed) -> None:
        """Ask for a page of tasks by text, shot, state and date, the newest first."""
        self._ask(lambda: self._store.history.tasks(query), then, failed)

    def files(self, query: Query, then: Callable[[tuple[FoundFile, ...]], None], failed: Failed) -> None:
        """Ask for a page of files over all tasks by text, shot, result and date."""
        self._ask(lambda: self._store.history.files(query), then, failed)

    def lines(self, query: Query, then: Callable[[tuple[LogLine, ...]], None], failed: Failed) -> None:
        """Ask for a page of log lines by task, level, text and date, the newest first."""
        self._ask(lambda: self._store.history.lines(query), then, failed)

    def statistics(self, query: Query, then: Callable[[Statistics], None], failed: Failed) -> None:
        """Ask for sums over the tasks of a query."""
        self._ask(lambda: self._store.history.statistics(query), then, failed)

    def receipt(self, task_id: int, then: Callable[[Rows], None], failed: Failed) -> None:
        """Ask for the result of every file of a task, as rows by `core.receipt.COLUMNS`."""
        self._ask(lambda: self._receipt(task_id)[1], then, failed)

    def export(self, task_id: int, path: Path, then: Callable[[], None], failed: Failed) -> None:
        """Write a task's receipt to a .csv or .json file, whole or not at all; the file may exist."""
        if path.suffix.lower() not in (".csv", ".json"):
            failed(UsageError(title="A receipt is written as .csv or .json.", path=str(path)))
            return

        def write(found: tuple[Task, Rows]) -> None:
            self._background.run(lambda _work: _write(path, *found), lambda _none: then(), failed)

        self._ask(lambda: self._receipt(task_id), write, failed)

    def remembered(self, task_id: int, then: Callable[[Plan, tuple[TaskFile, ...]], None], failed: Failed) -> None:
        """Ask for the plan a task was, and what became of its files."""

        def recall() -> tuple[Plan, tuple[TaskFile, ...]]:
            tasks = self._store.tasks
            files = tasks.files(task_id)
            return remembered(tasks.get(task_id), tasks.items(task_id), files), files

        self._ask(recall, lambda found: then(*found), failed)

    def again(
        self,
        task_id: int,
        then: Callable[[Plan], None],
        failed: Failed,
        destination: Path | None = None,
        left: bool = False,
    ) -> None:
        """Ask for a plan of a task's files against what is here now; the server is not asked what else there is.

        destination: where they are to go, if not where they went. left: only of what did not come.
        """

        def recall() -> Plan:
            tasks = self._store.tasks
            files = tasks.files(task_id, results=LEFT if left else None)
            return remembered(tasks.get(task_id), tasks.items(task_id), files, destination)

        def decide(plan: Plan) -> None:
            self._background.run(lambda work: plan_again(plan, work.stopped), then, failed)

        self._ask(recall, decide, failed)

    def _receipt(self, task_id: int) -> tuple[Task, Rows]:
        tasks = self._store.tasks
        task = tasks.get(task_id)
        return task, tuple(receipt.rows(task, tasks.items(task_id), tasks.files(task_id)))

    def _ask(self, question: Callable[[], object], then: Callable[..., None], failed: Failed) -> None:
        ask(self._desk, self._answers, question, then, failed)


def _write(path: Path, task: Task, rows: Rows) -> None:
    fresh = path.with_name(f".{path.name}.new")
    try:
        try:
            # What bears the name is a crash's, or somebody's link to where only we may write.
            fresh.unlink(missing_ok=True)
            # A name that is no Unicode is spelled out, never a reason to have no receipt.
            with fresh.open("x", encoding="utf-8", errors="backslashreplace", newline="") as stream:
                if path.suffix.lower() == ".csv":
                    receipt.write_csv(rows, stream)
                else:
                    receipt.write_json(task, rows, stream)
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)
    except OSError as error:
        raise TargetUnwritable(
            title="The receipt cannot be written.",
            cause=f"{error.strerror or error}.",
            suggestion="Choose another folder.",
            path=str(path),
        ) from error
