"""One SFTP session: requests out, replies in, matched by number, with two threads that never wait for each other.

The transport thread cuts the incoming bytes into replies. File data it hands on at once (`Request.land`); every
other reply it puts on a list for the lane thread, which does all the sending. So nothing is ever sent from the
transport thread, which alone can carry a key exchange to its end while senders wait for it.
"""

import struct
import threading
import time
from collections import deque
from collections.abc import Callable

import paramiko

from desktop.core.errors import ConnectionLost, Unsupported
from desktop.transfer.sources import sftp_faults as faults
from desktop.transfer.sources import sftp_wire as wire
from desktop.transfer.sources.sftp_line import Line, lost, silence, ssh_errors

TICK = 0.2
"""Seconds a waiting lane sleeps before it looks whether it was stopped, or the server has gone silent."""
LAST_WORDS = 2.0
"""Seconds the reason of a broken line may lag behind the break."""
_VERSION_NUMBER = -1
_DATA_HEAD = 13
"""Bytes of a data reply before its data: length, kind, number, length of the data."""
_head = struct.Struct(">IBI").unpack_from
_length = struct.Struct(">I").unpack_from


class Request:
    """A request under way. `answered` runs on the lane thread."""

    __slots__ = ()
    direct = False
    """True if file data goes to `land` on the transport thread instead of to `answered`."""

    def land(self, data: memoryview) -> None:
        """Take the next of a reply's file data, on the transport thread; the bytes may change after the call."""
        raise NotImplementedError

    def answered(self, kind: int, body: bytes) -> None:
        """Take a reply of the kind, without its head; for data that went to `land` the body is empty."""
        raise NotImplementedError


class Answer(Request):
    """A request somebody waits for."""

    __slots__ = ("body", "kind")

    def __init__(self) -> None:
        self.kind = 0
        self.body = b""

    def answered(self, kind: int, body: bytes) -> None:
        """Keep the reply."""
        self.kind, self.body = kind, body


class Ignored(Request):
    """A request whose reply changes nothing, like a close."""

    __slots__ = ()

    def answered(self, kind: int, body: bytes) -> None:
        """Let the reply go."""


IGNORED = Ignored()


class _Limits(Request):
    """A question what the server allows."""

    __slots__ = ("_session",)

    def __init__(self, session: "Session") -> None:
        self._session = session

    def answered(self, kind: int, body: bytes) -> None:
        """Take the limits; a server that refuses to tell keeps the ones everybody has."""
        if kind == wire.EXTENDED_REPLY:
            self._session.limits = wire.Reply(body).limits()


class Session:
    """An SFTP session on a logged-in line. One thread uses it; another one feeds it.

    timeout: seconds without a byte, while something is asked, until TimedOut.
    """

    def __init__(self, line: Line, host: str, timeout: float) -> None:
        self._line = line
        self._host = host
        self._timeout = timeout
        self._channel: paramiko.Channel | None = None
        self._pending: dict[int, Request] = {}
        self._answered: deque[tuple[Request, int, bytes]] = deque()
        self._wake = threading.Event()
        self._out: list[bytes] = []
        self._number = 0
        self._buffer = bytearray(wire.SMALL_READ)
        self._filled = 0
        self._landing: Request | None = None
        self._landing_number = 0
        self._to_land = 0
        self._heard = time.monotonic()
        self._receiving = False
        self._over = threading.Event()
        self._cause: Exception | None = None
        self.limits = wire.Limits()
        self.gate = threading.Lock()
        """Held while the transport thread hands data on: whoever takes it knows that nothing is being written."""
        self.patience = 0
        """Replies with data wake the lane only once no more than this many requests are under way."""

    # --- the lane's side

    def start(self) -> None:
        """Open the channel and agree on the protocol; raise Unsupported if the server has no SFTP."""
        greeting = Answer()
        self._pending[_VERSION_NUMBER] = greeting
        self._out.append(wire.init_packet())
        try:
            with ssh_errors(self._host):
                self._channel = self._line.open_sftp(self._timeout, self)
            while not greeting.kind:
                self.step()
        except ConnectionLost as error:
            # What cannot be understood from the start is somebody else's voice, such as a login script's.
            if not self._line.is_active() and not self._receiving:
                raise
            raise _no_sftp(self._host, error.cause) from error
        reply = wire.Reply(greeting.body)
        extensions = set()
        while reply.left:
            extensions.add(reply.string())
            reply.string()
        if wire.LIMITS.encode() in extensions:
            # Nobody waits for this: it is answered before the first file is open.
            self.post(_Limits(self), lambda number: wire.extended_packet(number, wire.LIMITS))

    @property
    def distance(self) -> float:
        """Return the seconds there and back that the login found."""
        return self._line.distance

    @property
    def under_way(self) -> int:
        """Return the number of requests without a reply."""
        return len(self._pending)

    def post(self, request: Request, packet: Callable[[int], bytes]) -> None:
        """Queue a request; `packet` gets its number. It leaves with the next `step`."""
        self._number = number = (self._number + 1) & 0xFFFFFFFF
        if not self._pending:
            # The server was not asked anything, so its silence until now means nothing.
            self._heard = time.monotonic()
        self._pending[number] = request
        self._out.append(packet(number))

    def step(self) -> None:
        """Send what is queued, wait for replies (at most a tick), and pass each to its request.

        Raises ConnectionLost once the line is broken and every reply that came is passed on, and TimedOut for
        a server that owes replies and is silent for too long.
        """
        if self._over.is_set():
            if not self._answered:
                self._check()
        else:
            self.send()
            if not self._answered:
                self._wake.wait(TICK)
        self._wake.clear()
        moved = False
        while self._answered:
            request, kind, body = self._answered.popleft()
            request.answered(kind, body)
            moved = True
        if not moved:
            self._check()

    def ask(self, packet: Callable[[int], bytes]) -> tuple[int, wire.Reply]:
        """Send a request and wait for its reply; return the reply's kind and fields."""
        answer = Answer()
        self.post(answer, packet)
        while not answer.kind:
            self.step()
        return answer.kind, wire.Reply(answer.body)

    def wake(self) -> None:
        """Let a waiting `step` go on; from any thread."""
        self._wake.set()

    def send(self) -> None:
        """Send what is queued, and tell the server how much of its data was taken."""
        channel = self._channel
        assert channel is not None, "a session is started before it is used"
        try:
            with ssh_errors(self._host):
                self._line.adjust(channel)
                if self._out:
                    data = b"".join(self._out)
                    self._out.clear()
                    channel.sendall(data)
        except ConnectionLost:
            # The transport thread knows why the line broke, and is about to say so.
            if self._over.wait(LAST_WORDS):
                self._check()
            raise

    def _check(self) -> None:
        if self._over.is_set():
            if self._receiving and self._cause:
                raise self._cause  # it was raised on our own side of the line, while handing on what came
            raise lost(self._host, self._cause)
        silent = time.monotonic() - self._heard
        if self._pending and not self._receiving and silent > self._timeout:
            raise silence(self._host, silent)

    # --- the transport thread's side

    def receive(self, data: memoryview) -> None:
        """Cut bytes into replies and pass them on."""
        self._receiving = True
        self._heard = time.monotonic()
        urgent = False
        with self.gate:
            while data:
                if self._landing is not None:
                    data = self._land(self._landing, data)
                elif not self._filled and self._lands(data):
                    data = data[_DATA_HEAD:]
                elif not self._filled and len(data) >= 4 and len(data) >= (size := 4 + _length(data)[0]):
                    urgent |= self._reply(data[:size])
                    data = data[size:]
                else:
                    packet, data = self._gather(data)
                    if packet is not None:
                        urgent |= self._reply(packet)
        if self._answered and (urgent or len(self._pending) <= self.patience):
            self._wake.set()
        self._heard = time.monotonic()
        self._receiving = False

    def hung_up(self, cause: Exception | None) -> None:
        """Note that no more replies will come."""
        if not self._over.is_set():
            self._cause = cause
            self._over.set()
        self._wake.set()

    def _lands(self, head: memoryview) -> bool:
        """Tell whether the reply that begins so is file data that goes to its request as it comes."""
        if len(head) < _DATA_HEAD or head[4] != wire.DATA:
            return False
        size, _, number = _head(head)
        request = self._pending.get(number)
        if request is None or not request.direct:
            return False
        if size > wire.LONGEST_PACKET or _length(head, 9)[0] != size - 9:
            raise faults.nonsense("a block of data is not as long as it says")
        self._landing, self._landing_number, self._to_land = request, number, size - 9
        if not self._to_land:
            self._landed(request)
        return True

    def _land(self, request: Request, data: memoryview) -> memoryview:
        """Hand on what has come of a block, however it was cut on its way; return what follows it."""
        part, rest = data[: self._to_land], data[self._to_land :]
        self._to_land -= len(part)
        request.land(part)
        if not self._to_land:
            self._landed(request)
        return rest

    def _landed(self, request: Request) -> None:
        self._landing = None
        del self._pending[self._landing_number]
        self._answered.append((request, wire.DATA, b""))

    def _gather(self, data: memoryview) -> tuple[memoryview | None, memoryview]:
        """Collect a reply that comes in parts; return it once it is whole, and what follows it."""
        data = self._collect(data, 4)
        if self._filled < 4:
            return None, data
        size = 4 + _length(self._buffer)[0]
        if size > wire.LONGEST_PACKET:
            raise faults.nonsense(f"a reply claims to be {size} bytes long")
        if size > len(self._buffer):
            bigger = bytearray(size)
            bigger[: self._filled] = self._buffer[: self._filled]
            self._buffer = bigger
        data = self._collect(data, min(size, _DATA_HEAD))
        if self._filled == _DATA_HEAD and self._lands(memoryview(self._buffer)[:_DATA_HEAD]):
            self._filled = 0
            return None, data
        data = self._collect(data, size)
        if self._filled < size:
            return None, data
        self._filled = 0
        return memoryview(self._buffer)[:size], data

    def _collect(self, data: memoryview, goal: int) -> memoryview:
        """Put data into the buffer until `goal` bytes are there; return what is left of it."""
        take = max(0, min(goal - self._filled, len(data)))
        self._buffer[self._filled : self._filled + take] = data[:take]
        self._filled += take
        return data[take:]

    def _reply(self, packet: memoryview) -> bool:
        """Match one whole reply to its request; tell whether the lane should look at it at once."""
        if len(packet) < 9:
            raise faults.nonsense(f"a reply is {len(packet)} bytes long")
        _, kind, number = _head(packet)
        request = self._pending.pop(_VERSION_NUMBER if kind == wire.VERSION else number, None)
        if request is None:
            return False
        if kind == wire.DATA and request.direct:
            raise faults.nonsense("a block of data is not as long as it says")
        self._answered.append((request, kind, bytes(packet[9:])))
        return True


def _no_sftp(host: str, cause: str) -> Unsupported:
    return Unsupported(
        title="The server offers no SFTP.",
        cause=f"{host} accepted the login but does not start SFTP. {cause}",
        suggestion="Ask whoever runs the server to switch SFTP on for this user.",
        path=host,
    )


def close_quietly(session: Session, handle: bytes) -> None:
    """Queue the close of a handle; its reply is nobody's business."""
    session.post(IGNORED, lambda number: wire.handle_packet(wire.CLOSE, number, handle))
