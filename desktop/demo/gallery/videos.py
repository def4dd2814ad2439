"""The finished videos of the demo studio, the same every time."""

import colorsys
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from desktop.demo.content import BEGIN, DAY, HOUR, Size
from desktop.demo.video import Film

FIRST_ID = 101
FRAMES = {Size.SMALL: (96, 54), Size.FULL: (320, 180)}
"""Width and height in pixels."""

LARGE = 199
"""The video of 150 MB."""

PROJECTS = (
    "VEGA Teaser",
    "VEGA Trailer 2",
    "Moon Base 7",
    "Moon-Base 7",  # folds to the same file name as the one before
    "Größenwahn – Szene 3",
    "東京ナイト",
    None,
    "Lost Reel",  # its file is gone
    "Harbour Lights",  # not linked
    "Café del Mar",  # given by the API itself
    "No Picture Yet",  # without a thumbnail
    "VEGA/SQ010/SH010",
    "VEGA/SQ010/SH020",
    "VEGA/SQ020/SH080",
    "VEGA/SQ020/SH110",
    "VEGA/SQ030/SH150",
    "Smoke & Mirrors",
    "50% Grey",
    "What? #2",
    "Ночной поезд",
    "Año Nuevo",
    "../../etc",
    "CON",
    "a very long working title that nobody ever got round to replacing by the one the client had signed off in spring",
    "Glacier",
    "Desert+Rain",
    "Paper Birds",
    "Tin Robot",
    "Salt Road",
    "Night Market",
    "Low Tide",
    "Last Train Home",
)

GONE, UNLINKED, DIRECT, PLAIN = (
    FIRST_ID + PROJECTS.index(project) for project in ("Lost Reel", "Harbour Lights", "Café del Mar", "No Picture Yet")
)
"""The videos whose file is gone, that the list does not link, that the API gives itself, without a thumbnail."""


@dataclass(frozen=True, slots=True)
class Video:
    """One video. created: seconds since the epoch; linked: the list bears its URL; direct: the API gives its bytes."""

    id: int
    project: str | None
    created: int
    film: Film
    thumbnail: bool = True
    linked: bool = True
    direct: bool = False

    @property
    def seconds(self) -> float:
        """Return how long it plays."""
        return self.film.frames / self.film.rate

    @property
    def key(self) -> str:
        """Return its quoted path in storage."""
        return f"/bucket/finals/{self.id}/{quote(self.project or 'untitled', safe='')}.mp4"

    @property
    def told(self) -> str:
        """Return when it was made, in ISO 8601."""
        return datetime.fromtimestamp(self.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def videos(size: Size) -> list[Video]:
    """Return the gallery's videos, the oldest first; in the full size the large one, too."""
    width, height = FRAMES[size]
    found = []
    for index, project in enumerate(PROJECTS):
        red, green, blue = colorsys.hsv_to_rgb(index * 0.381 % 1.0, 0.6, 0.9)
        number = FIRST_ID + index
        film = Film(width, height, 24 + index * 7 % 19 * 12, (red, green, blue))
        found.append(
            Video(
                number,
                project,
                BEGIN + 40 * DAY + index * 7 * HOUR,
                film,
                thumbnail=number != PLAIN,
                linked=number != UNLINKED,
                direct=number == DIRECT,
            )
        )
    return found + [large()] * (size is Size.FULL)


def large() -> Video:
    """Return the video of 150 MB: every frame is a whole picture."""
    film = Film(1280, 720, 108, (0.3, 0.7, 0.9), key_every=1)
    return Video(LARGE, "VEGA Final Grade", BEGIN + 60 * DAY, film)
