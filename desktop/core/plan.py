"""A request, and the frozen plan of files it becomes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from desktop.core.media import ShotKey


class VersionStrategy(StrEnum):
    """Which version of each shot x department to fetch."""

    LATEST = "latest"
    SPECIFIC = "specific"
    ALL = "all"
    CUSTOM = "custom"


NAMED = (VersionStrategy.SPECIFIC, VersionStrategy.CUSTOM)
"""Those that ask for versions by name: where not one is there, nothing is up to date."""

VERSION_EXPLANATIONS = {
    VersionStrategy.LATEST: "Each shot its own latest whole version (recommended).",
    VersionStrategy.SPECIFIC: "One version for all; a shot without it is skipped with a warning.",
    VersionStrategy.ALL: "Every version, each in its own folder.",
    VersionStrategy.CUSTOM: "Choose a version for each shot and department in a table.",
}


class Order(StrEnum):
    """Which files of a task come first."""

    LISTED = "listed"
    FRAMES_FIRST = "frames-first"


ORDER_EXPLANATIONS = {
    Order.LISTED: "Shot after shot, as listed (recommended).",
    Order.FRAMES_FIRST: "Of every sequence the first, middle and last frame before all else, to judge them early.",
}


class Action(StrEnum):
    """What a plan means to do with one file."""

    DOWNLOAD = "download"
    RESUME = "resume"
    UPDATE = "update"
    SKIP = "skip"
    KEEP_BOTH = "keep-both"
    BLOCKED = "blocked"

    @property
    def transfers(self) -> bool:
        """True if bytes will cross the network."""
        return self in (Action.DOWNLOAD, Action.RESUME, Action.UPDATE, Action.KEEP_BOTH)


@dataclass(frozen=True, slots=True)
class Filters:
    """Which shots a request takes; every empty field takes all. Values are shell globs, letters' case ignored.

    rows: a shot's whole label and a department each, as they are spelled: of a shot only the departments named with it.
    """

    project: tuple[str, ...] = ()
    episode: tuple[str, ...] = ()
    sequence: tuple[str, ...] = ()
    shot: tuple[str, ...] = ()
    department: tuple[str, ...] = ()
    rows: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Options:
    """How a task is to run. parallel: lanes, or None for the setting. limit_rate: bytes/s, or None.

    order: what the plan goes by; of a saved task only the order of its files tells of it.
    """

    parallel: int | None = None
    segments: int | None = None
    limit_rate: int | None = None
    verify: bool = False
    order: Order = Order.LISTED


CustomVersions = dict[tuple[str, str], str]
"""(shot label or shot name, department) -> version label, or "" to leave the row out."""


@dataclass(frozen=True, slots=True)
class Request:
    """What an artist asked for. destination: an absolute local folder. conflict: a conflict strategy's name."""

    connection: str
    destination: Path
    filters: Filters = Filters()
    version_strategy: VersionStrategy = VersionStrategy.LATEST
    specific_version: str | None = None
    custom: CustomVersions = field(default_factory=dict)
    conflict: str = "skip"
    options: Options = Options()
    name: str = ""


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """One file's fate, decided in the plan and judged again at the moment of commit.

    source: path on the server. target: path below the destination, "/"-separated, every component made safe.
    size: bytes or None if unknown. mtime: seconds since the epoch or None. reuse: bytes a part file of an
    earlier run already holds. reason: why this action. kind: an error's kind if the action is BLOCKED.
    rank: files of a lower one come first, over all items of the plan.
    """

    source: str
    target: str
    size: int | None
    mtime: float | None
    action: Action
    reason: str = ""
    etag: str | None = None
    precision: float = 1.0
    reuse: int = 0
    kind: str = ""
    rank: int = 0


class ItemState(StrEnum):
    """How an item of a task stands."""

    PLANNED = "planned"
    RUNNING = "running"
    DONE = "done"
    UP_TO_DATE = "up-to-date"
    SKIPPED = "skipped"
    PARTIAL = "partial"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class PlannedItem:
    """One shot x department x version of a plan, or one source of a plain transfer (then key is None).

    site: where its files are: a connection's name, or an origin such as `sftp://ann@host`. state SKIPPED with
    a message: nothing of it will be fetched, and why. message: a warning in words, or "".
    """

    site: str
    label: str
    files: tuple[PlannedFile, ...]
    key: ShotKey | None = None
    department: str = ""
    selected_version: str | None = None
    available_versions: tuple[str, ...] = ()
    latest_version: str | None = None
    local_version: str | None = None
    state: ItemState = ItemState.PLANNED
    message: str = ""


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts and bytes of a plan, per action; bytes to move and bytes already here."""

    files: dict[Action, int]
    bytes: dict[Action, int]
    to_transfer: int
    reused: int

    @property
    def transfers(self) -> int:
        """Return how many files will cross the network."""
        return sum(count for action, count in self.files.items() if action.transfers)


@dataclass(frozen=True, slots=True)
class Plan:
    """Exactly what a task will do. free: bytes free on the target's volume, or None if it cannot be told."""

    request: Request
    items: tuple[PlannedItem, ...]
    free: int | None = None

    def files(self) -> Iterator[tuple[PlannedItem, PlannedFile]]:
        """Yield every file with its item, as listed."""
        for item in self.items:
            for file in item.files:
                yield item, file

    def totals(self) -> Totals:
        """Count the plan's files and bytes per action."""
        files = dict.fromkeys(Action, 0)
        sizes = dict.fromkeys(Action, 0)
        reused = 0
        for _, file in self.files():
            files[file.action] += 1
            sizes[file.action] += file.size or 0
            reused += file.reuse
        moving = sum(size for action, size in sizes.items() if action.transfers)
        return Totals(files, sizes, max(0, moving - reused), reused)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return the items' messages, e.g. "SH020 anim: Version v005 not available, available: v001, v002"."""
        return tuple(f"{item.label}: {item.message}" for item in self.items if item.message)
