"""HTTP/1.1 on the wire: requests out, answers in, each read as far as its own framing says and not a byte further.

http.client reads the head through the mail parser and the body through a small buffer, which cost more than all
the rest of a small file and slowed a large one. An answer that is not plainly framed is not guessed at.
"""

import errno
import re
import socket
import ssl
from collections.abc import Mapping
from functools import lru_cache

_LONGEST_HEAD = 1 << 16
"""Bytes of an answer's status line and headers together, and of its trailers."""
_LONGEST_LINE = 1 << 10
"""Bytes of the line before a chunk."""
_MOST_FIELDS = 256
_MOST_INTERIM = 16
"""Answers of the kind "100 Continue" before the one that counts."""

_END = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(r"HTTP/1\.([0-9]) ([1-9][0-9]{2})(?: (.*))?", re.ASCII)
SIZE = re.compile(r"[0-9]{1,18}")
"""A number of bytes as headers tell it. Longer ones are lies that the database, or even Python, refuses to take."""
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;.*)?")


class Garbled(Exception):
    """What came is not HTTP, or ended in the middle; its words are ours and quote nothing."""


class Surplus(Exception):
    """More came than the answer announced."""


class Stream:
    """A socket and what was read from it too early. For one thread.

    torn: whether it ended under TLS without a goodbye, as one does that somebody else than the server cut.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._buffer = bytearray(_LONGEST_HEAD)
        self._view = memoryview(self._buffer)
        self._at = self._end = 0
        self.torn = False

    @property
    def pending(self) -> bool:
        """Tell whether bytes came that nobody has read."""
        return self._at < self._end

    def send(self, request: bytes) -> None:
        """Send a request, all that came before having been read."""
        self._at = self._end = 0
        self._sock.sendall(request)

    def head(self) -> str:
        """Return a head without the empty line that ends it; raise Garbled, ConnectionResetError if none came."""
        looked = self._at
        while (found := _END.search(self._buffer, looked, self._end)) is None:
            looked = max(self._at, self._end - 3)
            if self._end == len(self._buffer):
                raise Garbled("Its headers are too long.")
            got = self._sock.recv_into(self._view[self._end :])
            if not got and self._end == self._at:
                raise ConnectionResetError(errno.ECONNRESET, "The server hung up without an answer")
            if not got:
                raise Garbled("Its headers ended in the middle.")
            self._end += got
        head = self._buffer[self._at : found.start()].decode("latin-1")
        self._at = found.end()
        return head

    def line(self) -> bytes:
        """Return the next line without its end; raise Garbled."""
        while (at := self._buffer.find(b"\n", self._at, self._end)) < 0:
            if self._end - self._at > _LONGEST_LINE:
                raise Garbled("A line of its chunks is too long.")
            self._view[: self._end - self._at] = self._view[self._at : self._end]
            self._at, self._end = 0, self._end - self._at
            got = self._sock.recv_into(self._view[self._end :])
            if not got:
                raise Garbled("Its chunks ended in the middle.")
            self._end += got
        line = bytes(self._view[self._at : at])
        self._at = at + 1
        return line.removesuffix(b"\r")

    def readinto(self, view: memoryview) -> int:
        """Read what there is, or the next bytes to come; 0 once the server has hung up."""
        if self._at == self._end:
            try:
                return self._sock.recv_into(view)
            except ssl.SSLEOFError:
                self.torn = True
                return 0
        count = min(len(view), self._end - self._at)
        view[:count] = self._view[self._at : self._at + count]
        self._at += count
        return count


class Message:
    """An answer: its head, and its body to be read from the stream it came on.

    status, reason: of the status line. chunked: whether the body comes in chunks. done: whether all of it was read.
    will_close: whether the connection ends with it.
    """

    __slots__ = ("_fields", "_left", "_stream", "chunked", "done", "reason", "status", "will_close")

    def __init__(self, stream: Stream, method: str) -> None:
        """Read the head; raise Garbled, OSError."""
        self._stream = stream
        for _ in range(_MOST_INTERIM):
            minor = self._read_head(stream.head())
            if self.status >= 200:
                break
        else:
            raise Garbled("It never came to an answer.")
        coding, length = self._fields.get("transfer-encoding"), self._fields.get("content-length")
        if coding is not None and coding.lower() != "chunked":
            raise Garbled("Its body is wrapped in a way nobody asked for.")
        self.chunked = coding is not None
        self._left: int | None = None
        """Bytes to come, of the chunk if there are chunks; None if only the connection's end will tell."""
        if method == "HEAD" or self.status in (204, 304):
            self.chunked, self._left = False, 0
        elif self.chunked:
            self._left = 0
        elif length is not None and SIZE.fullmatch(length):
            self._left = int(length)
        options = self._fields.get("connection", "").lower()
        kept = "close" not in options if minor else "keep-alive" in options
        # Two ways of telling where it ends are one too many to trust what comes behind it.
        self.will_close = not kept or self._left is None or (self.chunked and length is not None)
        self.done = self._left == 0 and not self.chunked

    def header(self, name: str, default: str = "") -> str:
        """Return a field's value, several of them joined by commas. name: in lower case."""
        return self._fields.get(name, default)

    def readinto(self, view: memoryview) -> int:
        """Read some of the body; 0 at its end, or where the connection ended before it (`done` tells).

        Raises Surplus if more than was announced is seen to have come, Garbled for chunks that are none, OSError.
        """
        if self.done:
            return 0
        if self.chunked:
            return self._read_chunk(view)
        if self._left is None:
            got = self._stream.readinto(view)
            self.done = not (got or self._stream.torn)
            return got
        # One byte more than announced is looked for: it costs nothing here.
        got = self._stream.readinto(view[: self._left + 1])
        if got > self._left:
            raise Surplus
        self._left -= got
        self.done = not self._left
        return got

    def _read_chunk(self, view: memoryview) -> int:
        if not self._left:
            found = _CHUNK.fullmatch(self._stream.line())
            if found is None:
                raise Garbled("Its chunks do not say how long they are.")
            self._left = int(found[1], 16)
            if not self._left:
                self._skip_trailers()
                return 0
        got = self._stream.readinto(view[: self._left])
        if not got:
            raise Garbled("Its chunks ended in the middle.")
        self._left -= got
        if not self._left and self._stream.line():
            raise Garbled("A chunk is longer than it said.")
        return got

    def _skip_trailers(self) -> None:
        size = 0
        while line := self._stream.line():
            size += len(line)
            if size > _LONGEST_HEAD:
                raise Garbled("Its trailers are too long.")
        self.done = True

    def _read_head(self, head: str) -> int:
        """Take a head in; return the minor version."""
        first, *lines = head.split("\n")
        found = _STATUS.fullmatch(first.removesuffix("\r"))
        if found is None:
            raise Garbled("Its answer is not HTTP.")
        if len(lines) > _MOST_FIELDS:
            raise Garbled("It sent too many headers.")
        self.status, self.reason = int(found[2]), (found[3] or "").strip()
        self._fields = fields = dict[str, str]()
        name = ""
        for line in lines:
            if line[0] in " \t" and name:
                fields[name] = f"{fields[name]} {line.strip()}"  # a folded line, as mail has them
                continue
            told, colon, value = line.partition(":")
            name = _field(told) if colon else ""
            if not name:
                raise Garbled("Its headers are not HTTP.")
            value = value.strip(" \t\r")
            fields[name] = f"{fields[name]}, {value}" if name in fields else value
        return int(found[1])


@lru_cache(maxsize=_MOST_FIELDS)
def _field(name: str) -> str:
    """Return a field's name in lower case, "" for what is none; a server names the same ones with every file."""
    return name.lower() if _NAME.fullmatch(name) else ""


def request(method: str, target: str, host: str, headers: Mapping[str, str]) -> bytes:
    """Return a request as it is sent. Raises ValueError for a line break where none may be: it would forge a header."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", *(f"{name}: {value}" for name, value in headers.items())]
    text = "\r\n".join(lines)
    if text.count("\n") > len(lines) - 1 or text.count("\r") > len(lines) - 1 or "\0" in text:
        raise ValueError("a line break in a request's header")
    return f"{text}\r\n\r\n".encode("latin-1")
