"""A job in words: how it stands, what happens next, until when its results are kept, what lies on this machine."""

from collections.abc import Sequence
from dataclasses import dataclass

from desktop.core.job import Artifact, Download, Job, JobState, KindInfo, Light, Outcome
from desktop.core.task import Progress
from desktop.ui.colours import Tone
from desktop.ui.formats import Face, Formats, words

SOON = 3600.0
"""Seconds before the end of its keeping when a result is worth a warning."""

JOB_FACES: dict[JobState, Face] = {
    JobState.RUNNING: ("running", "running", Tone.INFO),
    JobState.DONE: ("done", "done", Tone.GOOD),
    JobState.FAILED: ("failed", "failed", Tone.BAD),
    JobState.EXPIRED: ("clock", "expired", Tone.WARN),
    JobState.NOT_FOUND: ("blocked", "not found", Tone.BAD),
    JobState.INCOMPLETE: ("incomplete", "incomplete", Tone.WARN),
}
NEW_FACE: Face = ("waiting", "asking", Tone.MUTED)
SILENT_FACE: Face = ("offline", "unknown", Tone.WARN)

_TROUBLES = {
    "login-failed": "login needed",
    "not-allowed": "not allowed",
    "host-key-unknown": "certificate unknown",
    "host-key-changed": "certificate changed",
}

KIND_ICONS = {"scene": "kind-scene", "export": "kind-table", "reconstruction": "kind-mesh"}
"""Icons of kinds; one that is not here has the one all jobs have."""

LIGHT_FACES: dict[Light | None, Face] = {
    Light.GREEN: ("done", "good", Tone.GOOD),
    Light.AMBER: ("warning", "bearable", Tone.WARN),
    Light.RED: ("failed", "poor", Tone.BAD),
    None: ("minus", "not judged", Tone.FAINT),
}

LOCAL_FACES: dict[Outcome, Face] = {
    Outcome.UNDER_WAY: ("download", "downloading", Tone.INFO),
    Outcome.HERE: ("disk", "on disk", Tone.GOOD),
    Outcome.CHECKING: ("running", "checking", Tone.INFO),
    Outcome.UNPACKED: ("disk", "unpacked", Tone.GOOD),
    Outcome.HELD: ("warning", "held back", Tone.WARN),
    Outcome.BROKEN: ("failed", "not usable", Tone.BAD),
    Outcome.MISSED: ("failed", "did not arrive", Tone.BAD),
}

_WORST_FIRST = (
    Outcome.BROKEN,
    Outcome.MISSED,
    Outcome.HELD,
    Outcome.UNDER_WAY,
    Outcome.CHECKING,
    Outcome.UNPACKED,
    Outcome.HERE,
)

_NEXT: dict[JobState, str] = {
    JobState.RUNNING: "Nothing to do here: ShotDock follows it, also after a restart.",
    JobState.DONE: "Download what you need.",
    JobState.FAILED: "Nothing more will come of this job. Run it again, or ask whoever runs the server.",
    JobState.EXPIRED: "The server has removed its results: run the job again. What you fetched before is still yours.",
    JobState.NOT_FOUND: "Check the id, and which server the job runs on.",
    JobState.INCOMPLETE: "The server gives nothing out while something is missing. Run the job again.",
}


@dataclass(frozen=True, slots=True)
class Note:
    """A short remark and its tone."""

    words: str
    tone: Tone = Tone.FAINT
    icon: str = ""


@dataclass(frozen=True, slots=True)
class ArtifactFace:
    """How an artifact looks. act: "fetch", "open", "unpack" or "" for nothing; why: what a button that is shut says."""

    face: Face
    words: str
    button: str
    act: str
    why: str = ""
    fraction: float | None = None
    again: bool = False


def face_of(job: Job) -> Face:
    """Return icon, word and tone of a job's state."""
    if job.heard is None:
        return NEW_FACE if job.trouble is None else SILENT_FACE
    return JOB_FACES[job.state]


def kind_icon(job: Job) -> str:
    """Return the icon of a job's kind."""
    return KIND_ICONS.get(job.kind, "jobs")


def kind_title(job: Job, kinds: tuple[KindInfo, ...]) -> str:
    """Return what kind of job it is, for people."""
    return next((kind.title for kind in kinds if kind.name == job.kind), job.kind)


def note_of(job: Job, now: float, formats: Formats) -> Note:
    """Return what the list says beside a job: when it is asked again, how long its results are kept."""
    if job.trouble is not None:
        seen = f"seen {formats.ago(job.heard, now)}" if job.heard is not None else ""
        what = _TROUBLES.get(str(job.trouble.get("kind", "")), "no answer")
        return Note(words((what, seen)), Tone.WARN, "offline")
    if job.looking:
        return Note("asking\N{HORIZONTAL ELLIPSIS}", Tone.MUTED)
    if job.heard is None or job.state is JobState.RUNNING:
        return Note(asks_again(job, now, formats), Tone.FAINT)
    if job.state is JobState.DONE:
        return kept_until(job, now, formats)
    if job.state is JobState.INCOMPLETE and job.missing:
        return Note(f"{formats.counted(len(job.missing), 'item')} missing", Tone.WARN)
    return Note(f"asked {formats.ago(job.heard, now)}")


def asks_again(job: Job, now: float, formats: Formats) -> str:
    """Return in how long the server is asked again, "" if it is not."""
    if job.looking:
        return "asking now"
    if job.next_look is None:
        return ""
    return f"asks again in {formats.left(max(1.0, job.next_look - now))}"


def kept_until(job: Job, now: float, formats: Formats) -> Note:
    """Return until when the server keeps the results."""
    if job.expires is None:
        return Note("")
    left = job.expires - now
    if left <= 0:
        return Note(f"kept until {formats.day(job.expires)}", Tone.WARN, "clock")
    if left < SOON:
        return Note(f"kept for {formats.left(left)} more", Tone.WARN, "clock")
    return Note(f"results kept until {formats.day(job.expires)}", Tone.MUTED, "clock")


def local_of(job: Job) -> Outcome | None:
    """Return how what was fetched of the job stands here, the worst first; None if nothing was."""
    latest = {download.artifact: download.outcome for download in job.downloads}
    return next((outcome for outcome in _WORST_FIRST if outcome in latest.values()), None)


def next_words(job: Job, now: float, formats: Formats) -> str:
    """Return what happens next, or what to do."""
    if job.trouble is not None:
        again = _sentence(asks_again(job, now, formats))
        if job.heard is None:
            return words(("The server has not said anything of this job yet.", again), " ")
        return words((f"You see what was last known ({formats.moment(job.heard)}).", again), " ")
    if job.heard is None:
        return "The server is being asked for this job."
    parts = [_NEXT[job.state]]
    if job.follow is not None and not job.state.over:
        parts = [f"Once it is done, its results are downloaded to {job.follow} by themselves."]
    if job.state is JobState.RUNNING:
        parts.append(_sentence(asks_again(job, now, formats)))
    if job.available and all(_is_here(job, artifact) for artifact in job.available):
        parts = ["Everything it has is on this machine."]
    if job.state is JobState.DONE and (kept := kept_until(job, now, formats).words):
        parts.append(_sentence(kept))
    return words(parts, " ")


def artifact_face(
    job: Job, artifact: Artifact, progress: Progress | None, asked: bool, formats: Formats
) -> ArtifactFace:
    """Return how an artifact of a job looks. progress: of the task that fetches it. asked: its plan is being made."""
    download = job.download(artifact.name)
    size = formats.size(artifact.bytes) if artifact.bytes is not None else "size not told"
    if asked:
        return ArtifactFace(("download", "asking", Tone.INFO), size, "Asking\N{HORIZONTAL ELLIPSIS}", "")
    if download is not None and download.outcome is not Outcome.MISSED:
        return _fetched(artifact, download, progress, formats)
    if not artifact.available:
        return ArtifactFace(("minus", "not there", Tone.FAINT), "", "Download", "", why_not(job))
    if download is not None:
        return ArtifactFace(LOCAL_FACES[Outcome.MISSED], download.note or size, "Download again", "fetch")
    return ArtifactFace(("done", "ready", Tone.GOOD), size, "Download", "fetch")


def why_not(job: Job) -> str:
    """Return why something of a job cannot be fetched."""
    return {
        JobState.RUNNING: "Not there yet: the job still runs.",
        JobState.DONE: "The job made none.",
        JobState.FAILED: "The job failed before it made one.",
        JobState.EXPIRED: "The server has removed it.",
        JobState.NOT_FOUND: "The server knows no such job.",
        JobState.INCOMPLETE: "Something is missing in it, so the server does not give it out.",
    }[job.state]


def _is_here(job: Job, artifact: Artifact) -> bool:
    download = job.download(artifact.name)
    return download is not None and download.outcome in (Outcome.HERE, Outcome.UNPACKED, Outcome.HELD)


def _fetched(artifact: Artifact, download: Download, progress: Progress | None, formats: Formats) -> ArtifactFace:
    face, outcome = LOCAL_FACES[download.outcome], download.outcome
    if outcome is Outcome.UNDER_WAY:
        told, fraction = "waiting for its turn", 0.0
        if progress is not None and progress.total:
            fraction = progress.done / progress.total
            told = f"{formats.size(progress.done)} of {formats.size(progress.total)}"
        return ArtifactFace(face, told, "Downloading\N{HORIZONTAL ELLIPSIS}", "", "See Transfers below.", fraction)
    if outcome is Outcome.CHECKING:
        text = "Looking through the archive before anything is unpacked"
        return ArtifactFace(face, text, "Checking\N{HORIZONTAL ELLIPSIS}", "")
    if outcome is Outcome.HELD:
        return ArtifactFace(face, "below the quality threshold", "Unpack anyway", "unpack", again=artifact.available)
    if outcome is Outcome.BROKEN:
        shut = "" if artifact.available else "It cannot be fetched again."
        return ArtifactFace(face, download.note, "Download again", "fetch" if artifact.available else "", shut)
    where = download.folder or download.path
    return ArtifactFace(face, str(where), "Open folder", "open", again=artifact.available)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def standing(jobs: Sequence[Job], server: str, formats: Formats, now: float) -> tuple[str, str, str]:
    """Return how a server stands by what its jobs know of it: words and state for the status bar, how old that is."""
    of_server = [job for job in jobs if job.server == server]
    heard = max((job.heard for job in of_server if job.heard is not None), default=None)
    ago = formats.ago(heard, now) if heard is not None else ""
    if not server:
        return "", "none", ""
    if of_server and all(job.trouble is not None for job in of_server):
        return f"{server}: not connected", "offline", f"seen {ago}" if ago else "offline"
    return f"{server} connected" if ago else server, "online", f"asked {ago}" if ago else ""


def report_of(job: Job, kinds: tuple[KindInfo, ...], formats: Formats) -> str:
    """Return what is known of a job as text to send to somebody; there are no secrets in it."""
    lines = [
        f"{kind_title(job, kinds)} {job.remote_id}",
        f"Server: {job.server}",
        f"State: {face_of(job)[1]}" + (f", {job.progress:.0f} %" if job.progress is not None else ""),
        f"Message: {job.message}" if job.message else "",
        f"Last answer: {formats.moment(job.heard)}",
        f"Kept until: {formats.moment(job.expires)}" if job.expires is not None else "",
        f"Started with: {', '.join(f'{k} {v}' for k, v in job.parameters.items())}" if job.parameters else "",
        *(f"Missing: {name}" for name in job.missing),
        *(
            f"{a.title}: {'available' if a.available else 'not available'}, {formats.size(a.bytes)}"
            for a in job.artifacts
        ),
        *(f"Fetched: {d.path} ({LOCAL_FACES[d.outcome][1]}) {d.note}".rstrip() for d in job.downloads),
    ]
    if job.trouble is not None:
        lines.append("Trouble: " + words([str(job.trouble.get(key, "")) for key in ("title", "cause", "kind")], " "))
    return "\n".join(line for line in lines if line)
