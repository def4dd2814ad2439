"""A finished video as the gallery server tells of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Video:
    """One video of a gallery.

    project_name: as the server spells it, or "". file_name: what the file is called on disk. created: seconds since
    the epoch, UTC, or None. bytes, seconds: size and duration, None if untold. thumbnail: what to ask the gallery for
    to see it, or "". available: whether the server had a link to its file when it listed it; without one it may
    still be served by another way.
    """

    id: str
    project_name: str
    file_name: str
    created: float | None = None
    bytes: int | None = None
    seconds: float | None = None
    thumbnail: str = ""
    available: bool = True
