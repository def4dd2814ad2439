"""A task, the events that move it, and the table of legal moves."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from desktop.core.media import ShotKey
from desktop.core.plan import Action, ItemState, Options, VersionStrategy
from desktop.core.schedule import Turn


class TaskState(StrEnum):
    """Where a task stands in its life."""

    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    INTERRUPTED = "interrupted"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = (TaskState.DONE, TaskState.FAILED, TaskState.CANCELLED)
"""The states of a task that is over: it goes on only if somebody asks."""


class TaskEvent(StrEnum):
    """What can happen to a task."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    FINISH = "finish"
    FAIL = "fail"
    CANCEL = "cancel"
    INTERRUPT = "interrupt"
    RETRY = "retry"
    POSTPONE = "postpone"


_S, _E = TaskState, TaskEvent
MOVES: dict[tuple[TaskState, TaskEvent], TaskState] = {
    (_S.WAITING, _E.START): _S.RUNNING,
    (_S.WAITING, _E.PAUSE): _S.PAUSED,
    (_S.WAITING, _E.CANCEL): _S.CANCELLED,
    (_S.WAITING, _E.INTERRUPT): _S.INTERRUPTED,
    (_S.RUNNING, _E.PAUSE): _S.PAUSED,
    (_S.RUNNING, _E.FINISH): _S.DONE,
    (_S.RUNNING, _E.FAIL): _S.FAILED,
    (_S.RUNNING, _E.CANCEL): _S.CANCELLED,
    (_S.RUNNING, _E.INTERRUPT): _S.INTERRUPTED,
    (_S.RUNNING, _E.POSTPONE): _S.WAITING,
    (_S.PAUSED, _E.RESUME): _S.WAITING,
    (_S.PAUSED, _E.CANCEL): _S.CANCELLED,
    (_S.INTERRUPTED, _E.RESUME): _S.WAITING,
    (_S.INTERRUPTED, _E.CANCEL): _S.CANCELLED,
    (_S.FAILED, _E.RETRY): _S.WAITING,
    (_S.FAILED, _E.RESUME): _S.WAITING,
    (_S.CANCELLED, _E.RETRY): _S.WAITING,
    (_S.CANCELLED, _E.RESUME): _S.WAITING,
    (_S.DONE, _E.RETRY): _S.WAITING,
}
"""Every legal move; anything else is refused."""


class FileResult(StrEnum):
    """How a file of a task ended, or PENDING."""

    PENDING = "pending"
    DOWNLOADED = "downloaded"
    OVERWRITTEN = "overwritten"
    KEPT_BOTH = "kept-both"
    SKIPPED = "skipped"
    FAILED = "failed"

    @property
    def arrived(self) -> bool:
        """True if the whole file came in this task's run."""
        return self in (FileResult.DOWNLOADED, FileResult.OVERWRITTEN, FileResult.KEPT_BOTH)


@dataclass(frozen=True, slots=True)
class Counts:
    """Files by fate, as CLI.md's `files` object spells it.

    `downloaded` counts every file that arrived whole in this run; a resumed, overwritten or kept-both file
    counts there and in its own row.
    """

    planned: int = 0
    downloaded: int = 0
    resumed: int = 0
    skipped: int = 0
    overwritten: int = 0
    kept_both: int = 0
    failed: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, n) + getattr(other, n) for n in self.__slots__))

    @property
    def wanted(self) -> int:
        """Return how many files are to be fetched: all but those that are skipped."""
        return self.planned - self.skipped

    def as_dict(self) -> dict[str, int]:
        """Return the counts by name."""
        return {name: getattr(self, name) for name in self.__slots__}

    def with_result(self, result: FileResult, resumed: bool) -> "Counts":
        """Return the counts after one more file ended."""
        return replace(
            self,
            downloaded=self.downloaded + result.arrived,
            resumed=self.resumed + (result.arrived and resumed),
            skipped=self.skipped + (result is FileResult.SKIPPED),
            overwritten=self.overwritten + (result is FileResult.OVERWRITTEN),
            kept_both=self.kept_both + (result is FileResult.KEPT_BOTH),
            failed=self.failed + (result is FileResult.FAILED),
        )


@dataclass(frozen=True, slots=True)
class Bytes:
    """Bytes by fate: planned to move, moved over the network, found on disk from an earlier run."""

    planned: int = 0
    transferred: int = 0
    reused: int = 0

    def as_dict(self) -> dict[str, int]:
        """Return the bytes by name."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Task:
    """A plan being carried out, as the database remembers it. Times are seconds since the epoch.

    id: the number a person sees. token: eight characters, unique among machines, borne by the task's part
    files. error: in words the first failure, or what it was tried again for, or "". owner: the process that runs it, or
    "". turn: its place in the queue, and when it may start.
    """

    id: int
    token: str
    name: str
    connection: str
    destination: Path
    version_strategy: VersionStrategy
    conflict_strategy: str
    specific_version: str | None = None
    options: Options = Options()
    state: TaskState = TaskState.WAITING
    created: float = 0.0
    started: float | None = None
    finished: float | None = None
    files: Counts = Counts()
    bytes: Bytes = Bytes()
    error: str = ""
    owner: str = ""
    turn: Turn = Turn()

    @property
    def put_off(self) -> bool:
        """True if the task was tried and waits to be tried again: for its server, its files, or room on its disk."""
        return self.state is TaskState.WAITING and (self.turn.attempts > 0 or self.turn.waits_for != "")

    @property
    def outcome(self) -> str:
        """Return the result word of CLI.md: done, up-to-date, partial, failed or cancelled."""
        if self.state in (TaskState.CANCELLED, TaskState.PAUSED, TaskState.INTERRUPTED):
            return "cancelled"
        if self.files.failed:
            return "partial" if self.files.downloaded or self.files.skipped else "failed"
        if self.state is TaskState.FAILED:
            return "failed"
        return "done" if self.files.downloaded else "up-to-date"


@dataclass(frozen=True, slots=True)
class TaskItem:
    """One shot x department x version in a task (or one source of a plain transfer), as remembered."""

    id: int
    task_id: int
    site: str
    label: str
    key: ShotKey | None
    department: str
    selected_version: str | None
    available_versions: tuple[str, ...]
    latest_version: str | None
    local_version: str | None
    state: ItemState
    error_message: str
    files: Counts
    bytes: Bytes


UNVERIFIED = "unverified"
"""What a file is whose size was checked, and its date where one is told, but whose content no hash proves."""
UNVERIFIED_WORDS = "unverified: size and date are as the server told them, no hash proves the content"
READ_BACK_WORDS = "unverified: the disk holds what came, its SHA-256 is noted, but none of the server's proves it"
"""...of a file that was read back: what came is what the disk holds, but nobody told what should have come."""


class TaskFile(NamedTuple):
    """One file of a task, as remembered. target: path below the task's destination.

    sha256: of the file as it was read back from the disk before it got its name, as hex digits, or "".

    A tuple, for 100,000 of them are made at once: a frozen dataclass takes three times as long.
    """

    id: int
    item_id: int
    source: str
    target: str
    size: int | None
    mtime: float | None
    action: Action
    result: FileResult
    etag: str | None = None
    precision: float = 1.0
    resumed: bool = False
    transferred: int = 0
    reason: str = ""
    error: dict[str, object] | None = None
    sha256: str = ""

    @property
    def proof(self) -> str:
        """Return UNVERIFIED for a file that came, "" for any other: no server tells hashes that a plan could bear."""
        return UNVERIFIED if self.result.arrived else ""

    @property
    def proof_words(self) -> str:
        """Return what is proven of a file that came, and what is not, in words; "" for any other."""
        return "" if not self.result.arrived else READ_BACK_WORDS if self.sha256 else UNVERIFIED_WORDS


@dataclass(frozen=True, slots=True)
class Brought:
    """A file that a task brought, or is about to. source: its path on the server. size: bytes or None.

    arrived: whether it came; without, a task that is not over yet means to bring it. site: the server's name.
    """

    source: str
    path: Path
    size: int | None
    arrived: bool
    site: str = ""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a task's log. time: seconds since the epoch. level: a logging level's name."""

    time: float
    level: str
    message: str
    task_id: int | None = None
    item: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """A running task's live figures, read from counters by a timer, never sent per chunk.

    done: bytes on disk of `total`, reused ones included. files_done, files_total: of those the whole task fetches.
    speed: bytes/s over the last seconds. left: seconds, or None. steady: bytes/s over as long as it takes to foretell
    anything by it, 0 if too little came. current: names of the files under way. items: item id -> bytes on disk of
    its files under way. phase: a word for what is going on: "connecting", "downloading", "stalled" (files are under
    way, and for some seconds none got a byte), "waiting", "stopping". stalled: the ids of files that got none.
    """

    task_id: int
    done: int
    total: int
    files_done: int
    files_total: int
    speed: float
    left: float | None
    lanes: int = 0
    phase: str = "downloading"
    current: tuple[str, ...] = ()
    items: dict[int, int] = field(default_factory=dict)
    stalled: frozenset[int] = frozenset()
    steady: float = 0.0


def advance(task: Task, event: TaskEvent, now: float, error: str = "") -> Task:
    """Return the task after the event; the one place where a task's state moves.

    now: seconds since the epoch. error: for FAIL, what went wrong. Raises ValueError for a move that is not
    in MOVES: a bug here, never a user's doing (ask `allowed` first).
    """
    try:
        state = MOVES[task.state, event]
    except KeyError:
        raise ValueError(f"task {task.id} is {task.state} and cannot {event}") from None
    changes: dict[str, object] = {"state": state}
    if event in (TaskEvent.RESUME, TaskEvent.RETRY):
        # Whoever asks for it means now; what was tried before is forgotten.
        changes["turn"] = replace(task.turn.untried, not_before=None)
    if event is TaskEvent.START:
        changes |= {"started": task.started or now, "finished": None, "error": ""}
    elif state in ENDED:
        changes |= {"finished": now, "error": error}
    if state is not TaskState.RUNNING:
        changes["owner"] = ""
    return replace(task, **changes)  # type: ignore[arg-type]  # the keys are fields of Task


def allowed(state: TaskState, event: TaskEvent) -> bool:
    """Tell whether the event is a legal move from the state."""
    return (state, event) in MOVES
