"""What is asked of the history, and what it answers: pages, never everything at once."""

from dataclasses import dataclass

from desktop.core.task import Bytes, Counts, FileResult, Task, TaskFile, TaskState

PAGE = 100
"""Rows of a page, unless somebody asks for more or fewer."""


@dataclass(frozen=True, slots=True)
class Query:
    """Which tasks, files or log lines are wanted; every empty field takes all.

    text: what a name, folder, path or message has to contain. shot: a shot's name, or its start. states: of tasks.
    results: of files. level: the lowest level's name of log lines. task: the number of one task. since, until: seconds
    since the epoch: when the task was made, or the line was written. limit, offset: the page.
    """

    text: str = ""
    shot: str = ""
    states: tuple[TaskState, ...] = ()
    results: tuple[FileResult, ...] = ()
    level: str = ""
    task: int | None = None
    since: float | None = None
    until: float | None = None
    limit: int = PAGE
    offset: int = 0


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file of some task. label: its item's. created: when its task was made, seconds since the epoch."""

    task_id: int
    task: str
    label: str
    created: float
    file: TaskFile


@dataclass(frozen=True, slots=True)
class TaskPage:
    """A page of tasks, the newest first. total: how many there are over all pages."""

    tasks: tuple[Task, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """Sums over the tasks of a query. seconds: how long those that ended took together."""

    tasks: int
    states: dict[TaskState, int]
    files: Counts
    bytes: Bytes
    seconds: float

    @property
    def rate(self) -> float:
        """Return the bytes a second over all that ended, 0 if none did."""
        return self.bytes.transferred / self.seconds if self.seconds else 0.0
