"""A TCP proxy that counts, delays and cuts: a bad line between a client and a real server."""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

CHUNK = 256 * 1024
SECOND_HOST = "127.0.0.2"


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
class _Line:
    number: int
    data: bool
    client: asyncio.StreamWriter
    server: asyncio.StreamWriter


class Proxy:
    """A proxy to one port, run in a thread of its own; a context manager.

    passive_ports: FTP passive ports, forwarded one to one; then the proxy listens on 127.0.0.2 (Linux), where
    the same numbers are free. delay: seconds added in each direction. cuts: see Cut; the list may change while
    it runs. connections, data_connections: how many came. received: bytes sent on to clients. sent: bytes sent
    on to the server.
    """

    def __init__(
        self,
        port: int,
        *,
        passive_ports: Sequence[int] = (),
        delay: float = 0.0,
        cuts: Sequence[Cut] = (),
    ) -> None:
        self.host = SECOND_HOST if passive_ports else "127.0.0.1"
        self.port = 0
        self.delay = delay
        self.cuts = list(cuts)
        self.connections = 0
        self.data_connections = 0
        self.received = 0
        self.sent = 0
        self._target = port
        self._passive = tuple(passive_ports)
        self._lines: list[_Line] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._servers: list[asyncio.Server] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="proxy", daemon=True)
        self._listening: asyncio.Event | None = None

    def start(self) -> Self:
        """Listen."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        return self

    def stop(self) -> None:
        """Drop every line and free the ports; safe to call twice."""
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)

    def cut_all(self, how: How = How.RST) -> int:
        """Cut every line that is up now; return how many."""
        return asyncio.run_coroutine_threadsafe(self._cut_all(how), self._loop).result(10)

    def refuse(self) -> None:
        """Stop listening: new connections are refused from now on; lines that are up stay."""
        asyncio.run_coroutine_threadsafe(self._refuse(), self._loop).result(10)

    def accept(self) -> None:
        """Listen again on the same ports."""
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()

    async def _listen(self) -> None:
        main = await asyncio.start_server(lambda r, w: self._carry(r, w, self._target, False), self.host, self.port)
        self.port = main.sockets[0].getsockname()[1]
        self._servers = [main]
        for port in self._passive:
            self._servers.append(await self._listen_passive(port))

    async def _listen_passive(self, port: int) -> asyncio.Server:
        return await asyncio.start_server(lambda r, w: self._carry(r, w, port, True), self.host, port)

    async def _refuse(self) -> None:
        for server in self._servers:
            server.close()
        self._servers = []

    async def _close(self) -> None:
        await self._refuse()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _cut_all(self, how: How) -> int:
        lines = list(self._lines)
        for line in lines:
            self._end(line, how)
        return len(lines)

    async def _carry(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter, port: int, data: bool) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        if data:
            self.data_connections += 1
        else:
            self.connections += 1
        number = self.data_connections if data else self.connections
        server: asyncio.StreamWriter | None = None
        try:
            upstream, server = await asyncio.open_connection("127.0.0.1", port, limit=CHUNK)
            line = _Line(number, data, client, server)
            self._lines.append(line)
            await asyncio.gather(self._up(line, reader), self._down(line, upstream))
        except (OSError, asyncio.CancelledError):
            # The line's end is the point of the exercise; both sides are closed below.
            pass
        finally:
            self._lines = [line for line in self._lines if line.client is not client]
            for side in (client, server):
                if side is not None:
                    side.transport.abort()
            self._tasks.discard(task)

    async def _up(self, line: _Line, reader: asyncio.StreamReader) -> None:
        async for chunk in self._delayed(reader):
            if line in self._lines:
                self.sent += len(chunk)
                line.server.write(chunk)
                await line.server.drain()
        if line in self._lines:
            line.server.write_eof()

    async def _down(self, line: _Line, reader: asyncio.StreamReader) -> None:
        passed = 0
        async for chunk in self._delayed(reader):
            cut = next((c for c in self.cuts if (c.connection, c.data) == (line.number, line.data)), None)
            part = chunk if cut is None else chunk[: max(0, cut.after - passed)]
            if line in self._lines and part:
                passed += len(part)
                self.received += len(part)
                line.client.write(part)
                await line.client.drain()
            if cut is not None and passed >= cut.after:
                self._end(line, cut.how)
        if line in self._lines:
            line.client.write_eof()

    async def _delayed(self, reader: asyncio.StreamReader) -> "_Chunks":
        raise NotImplementedError

    def _end(self, line: _Line, how: How) -> None:
        if line not in self._lines:
            return
        self._lines.remove(line)
        if how is How.RST:
            sock = line.client.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            line.client.transport.abort()
            line.server.transport.abort()
        elif how is How.FIN:
            with contextlib.suppress(OSError):
                line.client.write_eof()
            line.server.transport.abort()
