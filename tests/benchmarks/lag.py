"""A far server: a TCP proxy that holds every byte back for a while, each way, and is no bottleneck itself.

    python -m tests.benchmarks.lag HOST SECONDS LISTEN:TARGET|FIRST-LAST ...

A pair forwards HOST:LISTEN to 127.0.0.1:TARGET; a range of ports (FTP's data connections) is forwarded one to one.
TCP's own greeting is not delayed, everything said on a connection is.
"""

import contextlib
import select
import socket
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.servers.process import ProcessServer

ROOT = Path(__file__).parents[2]
FAR = "127.0.0.2"
HALF_WAY = 0.015
CHUNK = 256 * 1024
UNDER_WAY = 64 << 20
"""Bytes one direction of one connection may have under way: more than any client's window."""


class LagProxy(ProcessServer):
    """The proxy as a process, in front of one port; on 127.0.0.2, where the server's passive ports are free."""

    host = FAR

    def __init__(self, folder: Path, target: int, passive: range = range(0), delay: float = HALF_WAY) -> None:
        super().__init__(folder)
        self._target, self._passive, self._delay = target, passive, delay

    def prepare(self) -> Sequence[str]:
        """Return the command."""
        ways = [f"{self.port}:{self._target}"]
        if self._passive:
            ways.append(f"{self._passive.start}-{self._passive.stop - 1}")
        return [sys.executable, "-m", "tests.benchmarks.lag", self.host, str(self._delay), *ways]

    def environment(self) -> dict[str, str]:
        """Return an environment in which the module is found from any folder."""
        return {**super().environment(), "PYTHONPATH": str(ROOT)}


class _Way:
    """One direction of one connection."""

    def __init__(self, source: socket.socket, target: socket.socket) -> None:
        self.source, self.target = source, target
        self.ready: deque[memoryview] = deque()
        self.held = 0
        self.ended = False  # the source said its last word
        self.closed = False  # and the target was told


class Lag:
    """The proxy's loop: one thread, epoll."""

    def __init__(self, host: str, delay: float) -> None:
        self._host, self._delay = host, delay
        self._epoll = select.epoll()
        self._listening: dict[int, tuple[socket.socket, int]] = {}
        self._reads: dict[int, _Way] = {}
        self._writes: dict[int, _Way] = {}
        self._watched: dict[int, int] = {}
        # The delay is the same for everything: what came first is due first.
        self._held: deque[tuple[float, _Way, bytes]] = deque()

    def listen(self, port: int, target: int) -> None:
        """Forward a port."""
        listener = socket.create_server((self._host, port), backlog=256)
        listener.setblocking(False)
        self._listening[listener.fileno()] = (listener, target)
        self._epoll.register(listener, select.EPOLLIN)

    def serve(self) -> None:
        """Carry bytes until the process is killed."""
        while True:
            patience = max(0.0, self._held[0][0] - time.monotonic()) if self._held else None
            # epoll itself counts whole milliseconds.
            select.select([self._epoll], [], [], patience)
            self._release()
            for number, events in self._epoll.poll(0):
                if number in self._listening:
                    self._take(*self._listening[number])
                    continue
                if events & select.EPOLLOUT and number in self._writes:
                    self._send(self._writes[number])
                if events & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR) and number in self._reads:
                    self._receive(self._reads[number])

    def _take(self, listener: socket.socket, target: int) -> None:
        client, _ = listener.accept()
        try:
            server = socket.create_connection(("127.0.0.1", target))
        except OSError:
            client.close()
            return
        for source, other in ((client, server), (server, client)):
            source.setblocking(False)
            source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            way = _Way(source, other)
            self._reads[source.fileno()] = self._writes[other.fileno()] = way
        for line in (client, server):
            self._watch(line)

    def _receive(self, way: _Way) -> None:
        if way.ended or way.held >= UNDER_WAY:
            return
        try:
            chunk = way.source.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            self._drop(way)
            return
        way.held += len(chunk)
        way.ended = not chunk
        self._held.append((time.monotonic() + self._delay, way, chunk))
        if way.ended or way.held >= UNDER_WAY:
            self._watch(way.source)

    def _release(self) -> None:
        now = time.monotonic()
        while self._held and self._held[0][0] <= now:
            _, way, chunk = self._held.popleft()
            if way.closed:
                continue
            way.ready.append(memoryview(chunk))
            if len(way.ready) == 1:
                self._send(way)

    def _send(self, way: _Way) -> None:
        was_full = way.held >= UNDER_WAY
        try:
            while way.ready:
                chunk = way.ready[0]
                if not chunk:
                    way.closed = True
                    way.target.shutdown(socket.SHUT_WR)
                    break
                sent = way.target.send(chunk)
                way.held -= sent
                if sent < len(chunk):
                    way.ready[0] = chunk[sent:]
                else:
                    way.ready.popleft()
        except BlockingIOError:
            pass
        except OSError:
            self._drop(way)
            return
        if way.closed and self._writes[way.source.fileno()].closed:
            self._drop(way)
            return
        self._watch(way.target)
        if was_full and way.held < UNDER_WAY:
            self._watch(way.source)

    def _watch(self, line: socket.socket) -> None:
        incoming, outgoing = self._reads[line.fileno()], self._writes[line.fileno()]
        events = 0
        if not incoming.ended and incoming.held < UNDER_WAY:
            events |= select.EPOLLIN
        if outgoing.ready and not outgoing.closed:
            events |= select.EPOLLOUT
        before = self._watched.get(line.fileno(), 0)
        if events == before:
            return
        self._watched[line.fileno()] = events
        if not events:
            # Registered without a wish it would still tell of its end, again and again.
            self._epoll.unregister(line)
        elif before:
            self._epoll.modify(line, events)
        else:
            self._epoll.register(line, events)

    def _drop(self, way: _Way) -> None:
        """Forget a connection; what it still held goes with it."""
        for line in (way.source, way.target):
            number = line.fileno()
            for ways in (self._reads, self._writes):
                ways.pop(number).closed = True
            if self._watched.pop(number, 0):
                self._epoll.unregister(line)
            line.close()


def main(host: str, delay: float, ways: Sequence[str]) -> None:
    """Forward the ways until killed."""
    proxy = Lag(host, delay)
    for port, target in _ports(ways):
        proxy.listen(port, target)
    proxy.serve()


def _ports(ways: Sequence[str]) -> Iterator[tuple[int, int]]:
    for way in ways:
        listen, colon, target = way.partition(":")
        if colon:
            yield int(listen), int(target)
        else:
            first, _, last = way.partition("-")
            yield from ((port, port) for port in range(int(first), int(last) + 1))


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main(sys.argv[1], float(sys.argv[2]), sys.argv[3:])
