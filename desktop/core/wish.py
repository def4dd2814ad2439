"""What one ShotDock asks another to do with a task that the other one runs."""

from dataclasses import dataclass
from enum import StrEnum

from desktop.core.schedule import Schedule


class Verb(StrEnum):
    """What can be asked for."""

    CANCEL = "cancel"
    PAUSE = "pause"
    LIMIT = "limit"
    SCHEDULE = "schedule"
    RUN = "run"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing to do with a task.

    rate: of LIMIT, bytes/s or None. schedule: of SCHEDULE; its repeat is not told. files: of DELETE, remove what it
    brought from the disk too.
    """

    verb: Verb
    rate: int | None = None
    schedule: Schedule = Schedule()
    files: bool = False
