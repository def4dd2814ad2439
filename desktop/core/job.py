"""A long-running job of a server, as far as it is known here, and how that moves."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from desktop.core.errors import UsageError
from desktop.core.hours import clock
from desktop.core.redaction import HIDDEN


class JobState(StrEnum):
    """What the server last said of a job; the words of CLI.md."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    EXPIRED = "expired"
    NOT_FOUND = "not-found"
    INCOMPLETE = "incomplete"

    @property
    def over(self) -> bool:
        """True if the job will not get any further."""
        return self is not JobState.RUNNING


class Content(StrEnum):
    """What a downloaded artifact is, which decides what can be done with it here."""

    FILE = "file"
    TABLE = "table"
    RESULTS = "results"
    """A ZIP of models with previews and quality.json, which is checked and unpacked."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A downloadable output of a job.

    name: as the server calls it, e.g. "blend". title: for people. bytes: its size, None if untold. file_name: what it
    is called on disk, one safe component. site, path: where it lies; in the path no signature, see `Sites.shelter`.
    """

    name: str
    title: str
    available: bool
    bytes: int | None = None
    file_name: str = ""
    content: Content = Content.FILE
    site: str = ""
    path: str = ""


class Outcome(StrEnum):
    """What became of an artifact that was fetched."""

    UNDER_WAY = "under-way"
    HERE = "here"
    """The file is on disk and there is no more to do with it."""
    CHECKING = "checking"
    """It is on disk; what follows (check, quality gate, unpacking) is under way, or was when the program ended."""
    UNPACKED = "unpacked"
    HELD = "held"
    """It is incomplete or its quality too low, so it was not unpacked; a person may still ask for it."""
    BROKEN = "broken"
    """It is not what it should be, or could not be unpacked; the note says why."""
    MISSED = "missed"
    """The transfer did not bring it."""


@dataclass(frozen=True, slots=True)
class Download:
    """An artifact that was fetched, or is being fetched, by a task. Remembered across restarts.

    artifact: its name. task: the id of the task. path: the file on disk, where it is or will be. folder: what it was
    unpacked to. note: why, in words, or "".
    """

    id: int
    artifact: str
    task: int
    path: Path
    content: Content = Content.FILE
    outcome: Outcome = Outcome.UNDER_WAY
    folder: Path | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it is remembered. Times are seconds since the epoch.

    id: ours. server: a connection's name or the URL of the API, no secret in it. kind: a registered kind's name.
    remote_id: the server's. parameters: what it was started with here, e.g. {"rows": 100, "format": "csv"}.
    progress: 0 to 100, or None. message: the server's words or ours, e.g. "Session files not found". missing: what
    incomplete results lack. expires: until when the server keeps the results. follow: the folder its artifacts are
    fetched to by themselves once it is done, or None. downloads: the newest last.

    Known of this run of the program only: trouble: why the server could not be asked lately, as a row of CLI.md's
    `errors`, or None; the state is then what was last heard. looking: it is being asked right now. next_look: when it
    is asked again, or None.
    """

    id: int
    server: str
    kind: str
    remote_id: str
    state: JobState = JobState.RUNNING
    progress: float | None = None
    message: str = ""
    artifacts: tuple[Artifact, ...] = ()
    missing: tuple[str, ...] = ()
    expires: float | None = None
    added: float = 0.0
    heard: float | None = None
    parameters: dict[str, object] = field(default_factory=dict)
    follow: Path | None = None
    downloads: tuple[Download, ...] = ()
    trouble: dict[str, object] | None = None
    looking: bool = False
    next_look: float | None = None

    def artifact(self, name: str) -> Artifact | None:
        """Return the artifact of this name, or None."""
        return next((artifact for artifact in self.artifacts if artifact.name == name), None)

    def download(self, name: str) -> Download | None:
        """Return the latest download of an artifact, or None."""
        return next((download for download in reversed(self.downloads) if download.artifact == name), None)

    @property
    def available(self) -> tuple[Artifact, ...]:
        """Return the artifacts that can be fetched now."""
        return tuple(artifact for artifact in self.artifacts if artifact.available)


@dataclass(frozen=True, slots=True)
class Report:
    """What one look at the server said of a job."""

    state: JobState
    progress: float | None = None
    message: str = ""
    artifacts: tuple[Artifact, ...] = ()
    missing: tuple[str, ...] = ()
    expires: float | None = None


def heard(job: Job, report: Report, now: float) -> Job:
    """Return the job after the server was asked; the one place where a job's state moves.

    Each look tells the whole state anew: a job may run again, and results that had expired may be made again. A size
    that is known already is not forgotten because this look did not tell it.
    """
    known = {artifact.name: artifact for artifact in job.artifacts}
    return replace(
        job,
        state=report.state,
        progress=report.progress,
        message=report.message,
        artifacts=tuple(_completed(artifact, known.get(artifact.name)) for artifact in report.artifacts),
        missing=report.missing,
        expires=report.expires if report.expires is not None else job.expires,
        heard=now,
        trouble=None,
    )


def troubled(job: Job, trouble: dict[str, object]) -> Job:
    """Return the job after the server could not be asked: the state stays what was last heard."""
    return replace(job, trouble=trouble)


def _completed(artifact: Artifact, known: Artifact | None) -> Artifact:
    if known is None or artifact.path != known.path or artifact.site != known.site:
        return artifact
    return replace(
        artifact,
        bytes=artifact.bytes if artifact.bytes is not None else known.bytes,
        file_name=artifact.file_name or known.file_name,
    )


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the form that starts a job. least, most: of a whole number; choices: of a text that has them."""

    name: str
    title: str
    default: object
    explanation: str = ""
    least: int | None = None
    most: int | None = None
    choices: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class KindInfo:
    """A kind of job as people see it. fields: the form to start one, () if that is not done from here."""

    name: str
    title: str
    explanation: str
    fields: tuple[Field, ...] = ()


class Light(StrEnum):
    """How a measured value stands against its thresholds."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


@dataclass(frozen=True, slots=True)
class Measure:
    """One number of a model's quality.json.

    name: keys joined with ".". light: None if no threshold is about it. rule: the thresholds in words, or "".
    """

    name: str
    value: float
    light: Light | None = None
    rule: str = ""


@dataclass(frozen=True, slots=True)
class ModelResult:
    """One model of a reconstruction's results, on disk.

    complete: it has a mesh that is not empty. previews, files: whole local paths, () while it is not unpacked. remark:
    what is wrong with it, or "".
    """

    name: str
    complete: bool
    previews: tuple[Path, ...] = ()
    files: tuple[Path, ...] = ()
    measures: tuple[Measure, ...] = ()
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """The first rows of a downloaded table. cut: there are more rows than these."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    cut: bool = False


def check_wait(job: Job, artifacts: Iterable[Artifact], when: float, now: float) -> None:
    """Raise UsageError for artifacts that cannot be fetched as late as `when`, as far as the server has told.

    when, now: seconds since the epoch.
    """
    if when <= now:
        return
    if job.expires is not None and when >= job.expires:
        raise UsageError(
            title=f"The server keeps the results of {job.remote_id} until {clock(job.expires, now)} only.",
            cause=f"At {clock(when, now)} there would be nothing to fetch any more.",
            suggestion="Fetch them now, or at an earlier time.",
        )
    for artifact in artifacts:
        # The secret of a link is in memory alone: what would be kept leads nowhere.
        if HIDDEN in artifact.path.partition("?")[2]:
            raise UsageError(
                title=f"{artifact.title} of {job.remote_id} cannot wait.",
                cause="The server's link to it is signed: it is good for a short time, and is not kept.",
                suggestion="Fetch it now.",
            )
