"""The server of the demo studio's jobs, and what a script may do to them."""

import secrets
import shutil
from functools import partial
from http import HTTPStatus
from pathlib import Path

from desktop.demo.content import Size
from desktop.demo.faults import Faults
from desktop.demo.jobs.clock import Clock
from desktop.demo.jobs.exports import Exports
from desktop.demo.jobs.reconstructions import Reconstructions
from desktop.demo.jobs.scenes import Scenes
from desktop.demo.listener import HOST, Listener
from desktop.demo.web import Answer, Answering, Request, as_json, knows

BASE = "/work"


class Jobs:
    """All three kinds of jobs behind one base URL and one token, listening until `stop`.

    api: the listener, whose `seen` tells every request. clock: what the jobs run by. faults: what goes wrong. The jobs
    go on while nobody listens.
    """

    def __init__(self, folder: Path, size: Size) -> None:
        self.token = secrets.token_hex(16)
        self.clock = Clock()
        self.faults = Faults()
        shutil.rmtree(folder, ignore_errors=True)
        self.scenes = Scenes(self.clock, size)
        self.exports = Exports(self.clock)
        self.reconstructions = Reconstructions(self.clock, folder, size)
        self.api = Listener("demo-jobs", partial(Answering, answer=self._answer))

    @property
    def url(self) -> str:
        """Return the base URL."""
        return f"http://{HOST}:{self.api.port}{BASE}"

    def start(self) -> None:
        """Listen again, on the same port."""
        self.api.start()

    def stop(self) -> None:
        """Hang up on everybody and free the port; safe to call twice."""
        self.api.stop()

    def _answer(self, asked: Request) -> Answer:
        if (fault := self.faults.of_api()) is not None:
            return fault
        if not knows(asked, self.token):
            return as_json({"detail": "Not authenticated"}, HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": "Bearer"})
        if asked.path.startswith(f"{BASE}/"):
            path = asked.path.removeprefix(BASE)
            for kind in (self.scenes, self.exports, self.reconstructions):
                answer = kind.answer(asked, path, self.url)
                if answer is not None:
                    return self.faults.spoil(answer) if answer.tagged else answer
        return as_json({"detail": "Not Found"}, HTTPStatus.NOT_FOUND)
