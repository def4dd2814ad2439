"""A TCP proxy that counts, delays and cuts: a bad line between a client and a real server."""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self, TypeVar

CHUNK = 256 * 1024
QUEUED = 256  # chunks under way in one direction: 64 MiB, more than any window here fills
SECOND_HOST = "127.0.0.2"
NO_LINGER = struct.pack("ii", 1, 0)

Answer = TypeVar("Answer")
Chunks = asyncio.Queue[tuple[float, int, bytes]]


class How(StrEnum):
    """How a line ends: RST a reset; FIN a polite end in mid-transfer; HANG nothing comes any more."""

    RST = "rst"
    FIN = "fin"
    HANG = "hang"


@dataclass(frozen=True, slots=True)
class Cut:
    """Cut the n-th connection (from 1) once `after` bytes went from the server to the client.

    data: count FTP data connections (those on passive ports) instead of connections to the main port.
    """

    connection: int
    after: int
    how: How = How.RST
    data: bool = False


@dataclass(frozen=True, slots=True)
class Flip:
    """Have the byte at a place of the n-th connection (see Cut) arrive with another lowest bit."""

    connection: int
    at: int
    data: bool = False


@dataclass(eq=False, slots=True)
class _Line:
    number: int
    data: bool
    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    open: asyncio.Event = field(default_factory=asyncio.Event)  # cleared: the line hangs
    passed: int = 0

    def reset(self) -> None:
        sock = self.client.get_extra_info("socket")
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        self.client.transport.abort()
        self.server.transport.abort()
        self.open.set()  # who was held finds out

    def end(self, how: How) -> None:
        if how is How.HANG:
            self.open.clear()
        elif how is How.RST:
            self.reset()
        else:
            self.client.write_eof()
            self.server.transport.abort()


class Proxy:
    """A proxy to one port of 127.0.0.1, run in a thread of its own; a context manager.

    passive_ports: FTP passive ports, forwarded one to one; then the proxy listens on 127.0.0.2 (Linux), where
    the same numbers are free. delay: seconds added in each direction. cuts: see Cut; the list may change while
    it runs. connections, data_connections: how many came. received: bytes sent on to clients. sent: bytes sent
    on to the server. rounds: how many questions there were one after the other, each asked once an answer to the one
    before was here, on whatever line; with a delay longer than the server takes, the round trips that were waited for.
    """

    def __init__(
        self,
        port: int,
        *,
        passive_ports: Sequence[int] = (),
        delay: float = 0.0,
        cuts: Sequence[Cut] = (),
        flips: Sequence[Flip] = (),
    ) -> None:
        self.host = SECOND_HOST if passive_ports else "127.0.0.1"
        self.port = 0
        self.delay = delay
        self.cuts = list(cuts)
        self.flips = tuple(flips)
        self.connections = 0
        self.data_connections = 0
        self.received = 0
        self.sent = 0
        self.rounds = 0
        self._asked = 0
        self._target = port
        self._passive = tuple(passive_ports)
        self._lines: set[_Line] = set()
        self._ending = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._servers: list[asyncio.Server] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> Self:
        """Listen."""
        loop = self._loop = asyncio.new_event_loop()

        def serve() -> None:
            asyncio.set_event_loop(loop)
            loop.run_forever()
            loop.close()

        self._thread = threading.Thread(target=serve, name="proxy", daemon=True)
        self._thread.start()
        self._call(self._listen())
        return self

    def stop(self) -> None:
        """Drop every line and free the ports; safe to call twice."""
        if self._loop is not None and self._thread is not None:
            self._call(self._close())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)
        self._loop = self._thread = None

    def cut_all(self, how: How = How.RST) -> int:
        """Cut every line that is up now; return how many."""
        return self._call(self._cut_all(how))

    @property
    def up(self) -> int:
        """Return how many lines are up, those that hang among them; each holds two sockets here."""
        return len(self._lines)

    def refuse(self) -> None:
        """Stop listening: new connections are refused from now on; lines that are up stay."""
        self._call(self._refuse())

    def accept(self) -> None:
        """Listen again on the same ports."""
        self._call(self._listen())

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _call(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        assert self._loop is not None, "the proxy is not running"
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        main = await asyncio.start_server(self._taker(self._target, False), self.host, self.port, limit=CHUNK)
        self.port = main.sockets[0].getsockname()[1]
        self._servers = [main]
        for port in self._passive:
            taker = self._taker(port, True)
            self._servers.append(await asyncio.start_server(taker, self.host, port, limit=CHUNK))

    async def _refuse(self) -> None:
        for server in self._servers:
            server.close()
        self._servers = []

    async def _close(self) -> None:
        """Have every line end by itself: whoever is cancelled while he connects loses hold of his socket."""
        self._ending = True
        await self._refuse()
        await self._turns()  # who was let in a moment ago begins
        for line in list(self._lines):
            line.reset()
        await asyncio.gather(*self._tasks)
        await self._turns()  # for the sockets of what was aborted

    async def _turns(self) -> None:
        for _ in range(3):
            await asyncio.sleep(0)

    async def _cut_all(self, how: How) -> int:
        lines = list(self._lines)
        for line in lines:
            line.end(how)
        return len(lines)

    def _taker(
        self, port: int, data: bool
    ) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]:
        async def take(reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
            if data:
                self.data_connections += 1
            else:
                self.connections += 1
            number = self.data_connections if data else self.connections
            task = asyncio.current_task()
            assert task is not None
            self._tasks.add(task)
            try:
                await self._carry(reader, client, port, data, number)
            finally:
                client.transport.abort()  # if the proxy ends before there is a line to end
                self._tasks.discard(task)

        return take

    async def _carry(
        self, reader: asyncio.StreamReader, client: asyncio.StreamWriter, port: int, data: bool, number: int
    ) -> None:
        try:
            upstream, server = await asyncio.open_connection("127.0.0.1", port, limit=CHUNK)
        except OSError:
            client.transport.abort()
            return
        if self._ending:
            client.transport.abort()
            server.transport.abort()
            return
        line = _Line(number, data, client, server)
        line.open.set()
        self._lines.add(line)
        up: Chunks = asyncio.Queue(QUEUED)
        down: Chunks = asyncio.Queue(QUEUED)
        steps = (self._ask(reader, up), self._up(line, up), self._answer(upstream, down), self._down(line, down))
        tasks = [asyncio.ensure_future(step) for step in steps]
        try:
            await asyncio.gather(*tasks)
        except OSError:
            line.reset()
        finally:
            for task in tasks:
                task.cancel()
            self._lines.discard(line)
            for side in (client, server):
                side.close()
                with contextlib.suppress(OSError):
                    await side.wait_closed()

    async def _ask(self, reader: asyncio.StreamReader, chunks: Chunks) -> None:
        await self._fill(reader, chunks, lambda: self.rounds + 1)

    async def _answer(self, reader: asyncio.StreamReader, chunks: Chunks) -> None:
        await self._fill(reader, chunks, lambda: self._asked)

    async def _fill(self, reader: asyncio.StreamReader, chunks: Chunks, rounds: Callable[[], int]) -> None:
        loop = asyncio.get_running_loop()
        while chunk := await reader.read(CHUNK):
            await chunks.put((loop.time() + self.delay, rounds(), chunk))
        await chunks.put((loop.time() + self.delay, 0, b""))

    async def _next(self, line: _Line, chunks: Chunks) -> tuple[int, bytes]:
        due, rounds, chunk = await chunks.get()
        wait = due - asyncio.get_running_loop().time()
        if wait > 0:
            await asyncio.sleep(wait)
        await line.open.wait()
        return rounds, chunk

    async def _up(self, line: _Line, chunks: Chunks) -> None:
        while (told := await self._next(line, chunks))[1]:
            rounds, chunk = told
            self._asked = max(self._asked, rounds)
            self.sent += len(chunk)
            line.server.write(chunk)
            await line.server.drain()
        if not line.server.is_closing():
            line.server.write_eof()

    async def _down(self, line: _Line, chunks: Chunks) -> None:
        while (told := await self._next(line, chunks))[1]:
            rounds, chunk = told
            self.rounds = max(self.rounds, rounds)
            cut = next((cut for cut in self.cuts if (cut.connection, cut.data) == (line.number, line.data)), None)
            for flip in self.flips:
                if (flip.connection, flip.data) == (line.number, line.data):
                    chunk = _flipped(chunk, flip.at - line.passed)
            if cut is not None:
                chunk = chunk[: max(0, cut.after - line.passed)]
            line.passed += len(chunk)
            self.received += len(chunk)
            line.client.write(chunk)
            await line.client.drain()
            if cut is not None and line.passed >= cut.after:
                line.end(cut.how)
                if cut.how is not How.HANG:
                    return
        if not line.client.is_closing():
            line.client.write_eof()


def _flipped(chunk: bytes, place: int) -> bytes:
    """Return the chunk with another bit at a place, if that is in it."""
    if not 0 <= place < len(chunk):
        return chunk
    return chunk[:place] + bytes([chunk[place] ^ 1]) + chunk[place + 1 :]
