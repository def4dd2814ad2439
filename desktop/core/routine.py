"""Something that is planned anew and brought again and again: every night the latest of what there is."""

from collections.abc import Iterable
from dataclasses import dataclass

from desktop.core.errors import UsageError
from desktop.core.hours import Hours
from desktop.core.plan import Request
from desktop.core.redaction import redact
from desktop.core.schedule import After, Priority, Repeat, next_run

PATIENCE = (300.0, 900.0, 1800.0, 3600.0)
"""Seconds after which a run that could not be planned is tried again; then the next regular run is waited for."""


def check_kept(texts: Iterable[str]) -> None:
    """Raise UsageError for an address that carries a secret: what is done later would have to keep it."""
    for text in texts:
        if redact(text) != text:
            raise UsageError(
                title="A source with a secret in it cannot be kept.",
                cause=f"{redact(text)} carries a password or a signature, which anyone could read later.",
                suggestion="Save the server as a connection, which keeps it in the keyring, and write NAME:PATH.",
            )


@dataclass(frozen=True, slots=True)
class Source:
    """One source of a plain transfer that repeats: a URL without secrets, `CONNECTION:PATH` or a local path.

    name: where below the destination, or None for its own.
    """

    text: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Routine:
    """A wish that is planned against the server at every run. Moments are seconds since the epoch.

    sources: of a plain transfer; none for the shots of request.connection. videos: ids of those of the gallery on
    request.connection, a name or URL; () for all it has by then, None for what is no gallery. identity, known_hosts:
    files a plain transfer logs in with and trusts, or "". due: the next run. first: the run that tells at what time of
    the day all of them are, or None if that is `due`. next_try: when a run that could not be
    planned is tried again, or None. missed: runs that nobody made and nobody has been offered yet. owner: the process
    that plans it now, or "". last_task: the last task made of it, or None; last_result: what became of the last run, in
    words.
    """

    id: int
    name: str
    request: Request
    repeat: Repeat
    due: float
    sources: tuple[Source, ...] = ()
    videos: tuple[str, ...] | None = None
    identity: str = ""
    known_hosts: str = ""
    window: Hours | None = None
    after: After = After.NOTHING
    priority: Priority = Priority.NORMAL
    created: float = 0.0
    next_try: float | None = None
    attempts: int = 0
    missed: int = 0
    paused: bool = False
    owner: str = ""
    last_run: float | None = None
    last_task: int | None = None
    last_result: str = ""
    first: float | None = None

    @property
    def next(self) -> float:
        """Return when it is planned next."""
        return self.due if self.next_try is None else min(self.due, self.next_try)

    def run_after(self, now: float) -> tuple[float, int]:
        """Return the first regular run after now, which is not before `due`, and how many lie between."""
        return next_run(self.repeat, self.due, now, first=self.first)
