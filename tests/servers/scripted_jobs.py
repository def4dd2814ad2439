"""A job server that says whatever a test wants, for what no honest server says."""

import json
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus

from desktop.core.connection import Address
from desktop.demo.listener import HOST, Listener
from desktop.demo.web import Answer, Answering, Request
from desktop.transfer.ports import Login, Site

BASE = "/farm"


class ScriptedJobs:
    """Answers by path (below the base, with its query); what it has no answer for is FastAPI's 404."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[Request] = []
        self.api = Listener("scripted-jobs", partial(Answering, answer=self._answer))

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.api.port}{BASE}"

    @property
    def site(self) -> Site:
        return Site(Address("http", HOST, self.api.port), Login(token="letmein"))

    def stop(self) -> None:
        self.api.stop()

    def say(
        self,
        path: str,
        body: object,
        status: int = 200,
        kind: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Answer a path. body: bytes as they are, text in UTF-8, anything else as JSON."""
        if isinstance(body, bytes | str):
            content = body if isinstance(body, bytes) else body.encode()
        else:
            content = json.dumps(body).encode()
        self.answers[path] = Answer(HTTPStatus(status), content, kind, headers or {}, tagged=status == 200)

    def _answer(self, asked: Request) -> Answer:
        self.asked.append(asked)
        path = asked.path.removeprefix(BASE)
        if asked.query:
            path += "?" + "&".join(f"{key}={value}" for key, value in asked.query.items())
        if path in self.answers:
            return self.answers[path]
        return self.answers.get("*", Answer(HTTPStatus.NOT_FOUND, b'{"detail":"Not Found"}', "application/json"))
