"""Scene sessions of the demo studio: files that appear over time, whatever a session's status says."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from desktop.demo.content import Size
from desktop.demo.jobs.clock import Clock
from desktop.demo.jobs.produced import Produced, blend, render, renders, script, scripts
from desktop.demo.web import Answer, Request, as_json

ROUTE = re.compile(r"/api/(session|download)/([^/]+)(?:/(blend|scripts|render))?")
ARTIFACTS = ("blend", "scripts", "render")
BLENDER, PYTHON, PNG, ZIP = "application/x-blender", "text/x-python", "image/png", "application/zip"


@dataclass(frozen=True, slots=True)
class Session:
    """A session. seconds: how long it runs, from when it is first asked for; outcome: its status then.

    broken: asking for its status fails, while its files are given.
    """

    files: Mapping[str, Produced]
    seconds: float = 0.0
    outcome: str = "completed"
    broken: bool = False


SCENE = Produced("robot_walk.blend", BLENDER, blend)
SCRIPT = Produced("build_scene.py", PYTHON, script)
RENDER = Produced("beauty.png", PNG, render)
ALL = {"blend": SCENE, "scripts": SCRIPT, "render": RENDER}

SESSIONS = {
    "scene-finished": Session(ALL),
    "scene-growing": Session(
        {
            "blend": Produced("growing.blend", BLENDER, blend, after=3),
            "scripts": Produced("growing.py", PYTHON, script, after=6),
            "render": Produced("growing.png", PNG, render, after=9),
        },
        seconds=12,
    ),
    "scene-failed": Session({"blend": SCENE, "scripts": SCRIPT}, outcome="failed"),
    "scene-broken": Session(ALL, broken=True),
    "scene-many": Session(
        {
            "blend": Produced("Schlüsselszene – final (2).blend", BLENDER, blend),
            "scripts": Produced("scripts.zip", ZIP, scripts),
            "render": Produced("renders.zip", ZIP, renders),
        }
    ),
    "scene-unsafe": Session({"blend": Produced("../../x.blend", BLENDER, blend)}),
    "scene-empty": Session({}),
}
"""Every session there is, by its id."""


class Scenes:
    """The sessions' routes."""

    def __init__(self, clock: Clock, size: Size) -> None:
        self._clock = clock
        self._size = size
        self._begun: dict[str, float] = {}

    def answer(self, asked: Request, path: str, base: str) -> Answer | None:
        """Answer a request below the base URL; None if it is not about a session."""
        found = ROUTE.fullmatch(path)
        if found is None or (found[1] == "session") == bool(found[3]):
            return None
        known = SESSIONS.get(found[2])
        if known is None:
            return as_json({"detail": "Session not found"}, HTTPStatus.NOT_FOUND)
        now = self._clock.now()
        age = now - self._begun.setdefault(found[2], now)
        there = {kind: file for kind, file in known.files.items() if file.after <= age}
        if not found[3]:
            return _status(found[2], known, there, age, base)
        if found[3] not in there:
            return as_json({"detail": "Session files not found"}, HTTPStatus.NOT_FOUND)
        return there[found[3]].answer(f"{found[2]} {found[3]}", self._size)


def _status(name: str, session: Session, there: Mapping[str, Produced], age: float, base: str) -> Answer:
    if session.broken:
        return as_json({"detail": "Internal Server Error"}, HTTPStatus.INTERNAL_SERVER_ERROR)
    return as_json(
        {
            "status": session.outcome if age >= session.seconds else "running",
            "download_urls": {
                kind: f"{base}/api/download/{name}/{kind}" if kind in there else None for kind in ARTIFACTS
            },
            "download_available": {kind: kind in there for kind in ARTIFACTS},
        }
    )
