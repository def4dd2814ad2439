"""What the demo studio's web servers answer with: ranges and validators, and one function for all requests."""

import hashlib
import hmac
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from email.utils import formatdate
from functools import partial
from http import HTTPStatus
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, BinaryIO, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from desktop.demo.listener import Seen, Server, break_off

IDLE_SECONDS = 30
LONGEST_BODY = 1 << 16  # bytes of a request
RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked: the path without query, still quoted, and the query decoded."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Message
    body: bytes


class Body(Protocol):
    """Bytes that are made as they go out. tag: changes with them, for an ETag."""

    @property
    def size(self) -> int:
        """Return how many bytes there are."""

    @property
    def tag(self) -> str:
        """Return a word for these bytes alone."""

    def chunks(self, start: int, stop: int) -> Iterator[bytes]:
        """Yield the bytes from start to stop, exclusive."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What to say. content: bytes, a file, or bytes in the making; tagged: bytes with a strong ETag, as all else has;
    ranges: a range asked for is given; cut: bytes of the body after which the line breaks, None for never.
    """

    status: HTTPStatus = HTTPStatus.OK
    content: bytes | Path | Body = b""
    type: str = "application/octet-stream"
    headers: Mapping[str, str] = field(default_factory=dict)
    tagged: bool = False
    ranges: bool = True
    cut: int | None = None


def as_json(value: object, status: HTTPStatus = HTTPStatus.OK, headers: Mapping[str, str] | None = None) -> Answer:
    """Return an answer in JSON."""
    return Answer(status, json.dumps(value, ensure_ascii=False).encode(), "application/json", headers or {})


class Handler(BaseHTTPRequestHandler):
    """What all handlers share: the log, and content with one byte range, strong ETag and If-Range (RFC 9110)."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True  # the head goes out before the body, which must not wait for its receipt

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Note the request; called before its answer goes out, so that whoever got an answer finds it in the log."""
        headers = getattr(self, "headers", None)
        if headers is not None and isinstance(self.server, Server):
            credentials = "Authorization" in headers or "Cookie" in headers
            self.server.seen.append(Seen(self.command, self.path, int(code), headers.get("Range"), credentials))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class calls it so
        """Say nothing: standard error belongs to the program."""

    def send_file(self, file: BinaryIO, answer: Answer) -> None:
        """Send what was asked for of an open file; `answer` gives type, headers and faults."""
        facts = os.fstat(file.fileno())
        etag, modified = f"{facts.st_size:x}-{facts.st_mtime_ns:x}", formatdate(facts.st_mtime, usegmt=True)
        self.send_range(
            lambda begin, end: self.connection.sendfile(file, begin, end - begin), facts.st_size, etag, modified, answer
        )

    def send_range(
        self, copy: Callable[[int, int], object], size: int, tag: str, modified: str | None, answer: Answer
    ) -> None:
        """Send the range asked for, or all of it. copy: sends the bytes from one place to another, exclusive."""
        etag = f'"{tag}"'
        begin, end, status = self._range(size, etag, modified) if answer.ranges else (0, size, answer.status)
        self.send_response(status)
        head = {"ETag": etag, "Content-Type": answer.type, **answer.headers}
        if answer.ranges:
            head["Accept-Ranges"] = "bytes"
        if modified:
            head["Last-Modified"] = modified
        if status is HTTPStatus.PARTIAL_CONTENT:
            head["Content-Range"] = f"bytes {begin}-{end - 1}/{size}"
        elif status is HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            head["Content-Range"] = f"bytes */{size}"
        head["Content-Length"] = str(end - begin)
        for name, value in head.items():
            self.send_header(name, value)
        self.end_headers()
        left = end - begin if answer.cut is None else min(end - begin, answer.cut)
        if self.command != "HEAD" and left:
            copy(begin, begin + left)
        if answer.cut is not None and left < end - begin:
            break_off(self.connection)
            self.close_connection = True

    def _range(self, size: int, etag: str, modified: str | None) -> tuple[int, int, HTTPStatus]:
        """Return first byte, end and status: 206 for one range that fits, 416 for one that does not, else 200."""
        whole = (0, size, HTTPStatus.OK)
        wanted = RANGE.fullmatch(self.headers.get("Range", "").replace(" ", ""))
        if wanted is None or not any(wanted.groups()):
            return whole
        if self.headers.get("If-Range", etag) not in (etag, modified):
            return whole
        first, last = wanted.groups()
        begin = int(first) if first else max(0, size - int(last))
        end = min(size, int(last) + 1) if first and last else size
        if begin >= size or (first and last and int(last) < begin):
            return 0, 0, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
        return begin, end, HTTPStatus.PARTIAL_CONTENT


class Answering(Handler):
    """Gives every request to one function and sends what that answers."""

    def __init__(self, *args: Any, answer: Callable[[Request], Answer]) -> None:
        self._answer = answer
        super().__init__(*args)

    def do_GET(self) -> None:
        """Answer."""
        length = self.headers.get("Content-Length", "")
        body = self.rfile.read(min(LONGEST_BODY, int(length))) if length.isdecimal() else b""
        parts = urlsplit(self.path)
        asked = Request(self.command, parts.path, dict(parse_qsl(parts.query)), self.headers, body)
        self._send(self._answer(asked))

    def do_HEAD(self) -> None:
        """Answer without a body."""
        self.do_GET()

    def do_POST(self) -> None:
        """Answer."""
        self.do_GET()

    def _send(self, answer: Answer) -> None:
        content = answer.content
        if isinstance(content, Path):
            with content.open("rb") as file:
                self.send_file(file, answer)
        elif not isinstance(content, bytes):
            self.send_range(partial(self._write, content), content.size, content.tag, None, answer)
        elif answer.tagged:
            tag = hashlib.sha256(content).hexdigest()[:32]
            self.send_range(lambda begin, end: self.wfile.write(content[begin:end]), len(content), tag, None, answer)
        else:
            self.send_response(answer.status)
            size = str(len(content))
            for name, value in {"Content-Type": answer.type, **answer.headers, "Content-Length": size}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

    def _write(self, body: Body, begin: int, end: int) -> None:
        for chunk in body.chunks(begin, end):
            self.wfile.write(chunk)


def knows(asked: Request, token: str) -> bool:
    """Tell whether a request bears the token, as bearer or as the cookie `session`."""
    kind, _, given = asked.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer":
        cookie = SimpleCookie(asked.headers.get("Cookie", "")).get("session")
        given = cookie.value if cookie else ""
    return hmac.compare_digest(given.encode(), token.encode())


def plain(path: str) -> str:
    """Return a request's path as people read it."""
    return unquote(path)
