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


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing to do with a task. rate: of LIMIT, bytes/s or None. schedule: of SCHEDULE; its repeat is not told."""

    verb: Verb
    rate: int | None = None
    schedule: Schedule = Schedule()
