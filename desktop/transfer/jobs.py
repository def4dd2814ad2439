"""What a run is asked to bring, and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from desktop.core.errors import ShotDockError
from desktop.core.media import Entry
from desktop.core.task import FileResult


@dataclass(frozen=True, slots=True)
class Job:
    """One file to bring. target: an absolute path below the run's destination. query: an HTTP query string.

    hash: what the bytes must hash to, as `sha256:hex` or hex digits, or None.
    """

    id: int
    site: str
    file: Entry
    target: Path | str
    query: str = ""
    hash: str | None = None


@dataclass(frozen=True, slots=True)
class JobDone:
    """How a job ended. transferred: bytes that crossed the network in this run. reused: bytes of an earlier one.

    sha256: hex digits of a file that was read back, as the disk holds it, or "". facts: the file as it came, if what
    was planned does not say so.
    """

    id: int
    result: FileResult
    resumed: bool = False
    transferred: int = 0
    reused: int = 0
    reason: str = ""
    error: ShotDockError | None = None
    sha256: str = ""
    facts: Entry | None = None


@dataclass(frozen=True, slots=True)
class RunCounters:
    """Live figures. per_job: job id -> bytes on disk, of the files under way only. current: their names here.

    short: of those, the jobs of files that still miss bytes.
    """

    transferred: int
    reused: int
    files_done: int
    per_job: Mapping[int, int] | None
    current: tuple[str, ...]
    lanes: int
    short: tuple[int, ...] = ()
