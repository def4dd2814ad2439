"""The SSH transport under SFTP: a Transport whose channel data bypasses paramiko's pipes.

paramiko copies a channel's data through a pipe between two threads, 32 KiB at a time. Here the transport
thread hands every piece of channel data to one receiver as it comes, and the socket is read in large gulps.
"""

import contextlib
import errno
import io
import logging
import socket
import struct
import time
from collections.abc import Iterator, Sequence
from typing import Protocol

import paramiko
from paramiko.common import (
    MSG_CHANNEL_CLOSE,
    MSG_CHANNEL_DATA,
    MSG_CHANNEL_EOF,
    MSG_CHANNEL_EXTENDED_DATA,
    MSG_CHANNEL_REQUEST,
    MSG_CHANNEL_WINDOW_ADJUST,
)
from paramiko.packet import NeedRekeyException, Packetizer

from desktop.core.errors import ConnectionLost, ShotDockError, TimedOut
from desktop.transfer.sources.sftp_faults import busy

WINDOW = 64 * 1024 * 1024
"""Bytes the server may send before it hears that we took some; far more than is ever asked for at once."""
ADJUST_AFTER = 8 * 1024 * 1024
"""Bytes taken before the server is told so: seldom enough to cost nothing, early enough never to stall it."""
PACKET = 256 * 1024
"""The largest SSH packet we take; servers with smaller ones send smaller ones."""
GULP = 1024 * 1024
"""Bytes asked from the socket at once."""

CIPHERS = (
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "aes128-ctr",
    "aes192-ctr",
    "aes256-ctr",
)
"""Fastest first: GCM needs no separate MAC. Nothing with CBC, 3DES or RC4."""
MACS = (
    "hmac-sha2-256-etm@openssh.com",
    "hmac-sha2-512-etm@openssh.com",
    "hmac-sha2-256",
    "hmac-sha2-512",
)
HOST_KEYS = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
)

# Whatever paramiko would log reaches us as an exception too, and is told in our own words; its records would
# only add tracebacks to the log, and at DEBUG the details of the login.
LOG_CHANNEL = "shotdock.ssh"
logging.getLogger(LOG_CHANNEL).setLevel(logging.CRITICAL + 1)


class Receiver(Protocol):
    """Who gets a channel's data, on the transport thread."""

    def receive(self, data: memoryview) -> None:
        """Take the next bytes; they are the caller's again after the call."""

    def hung_up(self, cause: Exception | None) -> None:
        """Hear that no more bytes will come, and why, if that is known."""


class Packets(Packetizer):
    """paramiko's packet layer, reading the socket in gulps instead of twice a packet."""

    # RFC 4344 allows 2**32 blocks of 16 bytes (64 GiB) under one AES key; paramiko's 512 MiB would stop every
    # large transfer for a round of key exchange. A server that wants new keys sooner asks, and gets them.
    REKEY_BYTES = 1 << 35
    REKEY_PACKETS = 1 << 31

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self._sock = sock
        self._gulp = bytearray(GULP)
        self._view = memoryview(self._gulp)
        self._start = 0
        self._stop = 0
        self.greeting = b""
        """The first bytes of the server, kept to tell who answers if it is no SSH server."""

    def close(self) -> None:
        """Close the socket; also end the handshake's timer, which would outlive it."""
        self.complete_handshake()
        super().close()

    def read_all(self, n: int, check_rekey: bool = False) -> bytes:
        """Return exactly n bytes; raise EOFError when the server hangs up first."""
        start = self._start
        if n <= self._stop - start:
            self._start = start + n
            return bytes(self._view[start : start + n])
        out = bytearray(self._view[start : self._stop])
        self._start = self._stop = 0
        while len(out) < n:
            self._fill(check_rekey and not out)
            take = min(n - len(out), self._stop)
            out += self._view[:take]
            self._start = take
        return bytes(out)

    def _fill(self, may_rekey: bool) -> None:
        """Read what the socket has into the empty gulp, waiting for the first byte."""
        while True:
            if self.handshake_timed_out():
                raise EOFError
            try:
                self._stop = self._sock.recv_into(self._gulp)
            except TimeoutError:
                pass
            except OSError as error:
                if self.closed:
                    raise EOFError from error
                if error.errno != errno.EAGAIN:
                    raise
            else:
                self._start = 0
                if not self._stop:
                    raise EOFError
                return
            if self.closed:
                raise EOFError
            if may_rekey and self.need_rekey():
                raise NeedRekeyException

    def readline(self, timeout: float) -> str:
        """Return the next line of the greeting; raise TimeoutError or EOFError, and refuse endless ones."""
        until = time.monotonic() + timeout
        line = bytearray()
        while not line.endswith(b"\n"):
            if time.monotonic() > until:
                raise TimeoutError
            line += self._byte(until)
            if len(line) > 8192:
                raise EOFError
        self.greeting += line
        return line.decode("utf-8", "replace").rstrip("\r\n")

    def _byte(self, until: float) -> bytes:
        while self._start == self._stop:
            try:
                self._stop = self._sock.recv_into(self._gulp)
            except TimeoutError:
                if time.monotonic() > until:
                    raise
                continue
            self._start = 0
            if not self._stop:
                raise EOFError
        self._start += 1
        return bytes(self._view[self._start - 1 : self._start])


class Line(paramiko.Transport):
    """A client's SSH transport with one channel, whose data goes straight to a receiver."""

    _preferred_ciphers = CIPHERS
    _preferred_macs = MACS

    preferred_keys: Sequence[str] = HOST_KEYS
    """Host key types in the order to ask for; no certificates, which nothing here could check."""

    def __init__(self, sock: socket.socket, timeout: float) -> None:
        # The handlers run on the transport thread, which starts in start_client: all is set before.
        self.receiver: Receiver | None = None
        self._taken = 0
        self._told = 0
        super().__init__(sock, WINDOW, PACKET, packetizer_class=Packets)
        self.set_log_channel(LOG_CHANNEL)
        self._socket = sock
        self.banner_timeout = timeout
        self.handshake_timeout = timeout
        self.auth_timeout = timeout
        self.clear_to_send_timeout = timeout
        self._channel_handler_table = {
            **paramiko.Transport._channel_handler_table,  # type: ignore[attr-defined]
            MSG_CHANNEL_DATA: self._data,
            MSG_CHANNEL_EXTENDED_DATA: self._noise,
            MSG_CHANNEL_EOF: self._ended,
            MSG_CHANNEL_CLOSE: self._closed_by_server,
        }

    def run(self) -> None:
        """Serve the line until it ends, then tell the receiver."""
        try:
            super().run()
        finally:
            if self.receiver:
                self.receiver.hung_up(self.saved_exception)

    def open_sftp(self, timeout: float, receiver: Receiver) -> paramiko.Channel:
        """Open the one channel and start SFTP on it; raise paramiko's exceptions.

        Whether the server has SFTP shows by its answer to the first request, or by the end of the channel.
        """
        channel = self.open_session(WINDOW, PACKET, timeout)
        channel.settimeout(timeout)
        self.receiver = receiver
        # paramiko would wait for the answer here; the first request may as well be on its way meanwhile.
        message = paramiko.Message(struct.pack(">BI", MSG_CHANNEL_REQUEST, channel.remote_chanid))
        message.packet.seek(0, io.SEEK_END)
        message.add_string("subsystem")
        message.add_boolean(True)
        message.add_string("sftp")
        self._send_user_message(message)  # type: ignore[attr-defined]
        return channel

    def adjust(self, channel: paramiko.Channel) -> None:
        """Tell the server how much was taken, if it is worth a message. Never from the transport thread."""
        taken = self._taken - self._told
        if taken >= ADJUST_AFTER:
            self._told += taken
            message = paramiko.Message(struct.pack(">BII", MSG_CHANNEL_WINDOW_ADJUST, channel.remote_chanid, taken))
            self._send_user_message(message)  # type: ignore[attr-defined]

    def hang_up(self) -> None:
        """Break the line at once, from any thread; wait for nothing."""
        with contextlib.suppress(OSError):
            # Wakes a transport thread that waits for bytes; close alone would leave it waiting.
            self._socket.shutdown(socket.SHUT_RDWR)
        self.close()
        self.packetizer.close()  # a line that was never started has nobody else to close its socket

    def _data(self, _channel: paramiko.Channel, message: paramiko.Message) -> None:
        length = message.get_int()
        rest = message.packet.getbuffer()[message.packet.tell() :]
        self._taken += length
        if self.receiver:
            self.receiver.receive(rest[:length])

    def _noise(self, _channel: paramiko.Channel, message: paramiko.Message) -> None:
        message.get_int()
        self._taken += message.get_int()

    def _ended(self, channel: paramiko.Channel, message: paramiko.Message) -> None:
        channel._handle_eof(message)  # type: ignore[attr-defined]
        self._hung_up()

    def _closed_by_server(self, channel: paramiko.Channel, message: paramiko.Message) -> None:
        channel._handle_close(message)  # type: ignore[attr-defined]
        self._hung_up()

    def _hung_up(self) -> None:
        if self.receiver:
            self.receiver.hung_up(None)


@contextlib.contextmanager
def ssh_errors(host: str) -> Iterator[None]:
    """Turn what paramiko and the socket raise on a logged-in line into ConnectionLost, TimedOut or ServerBusy."""
    try:
        yield
    except ShotDockError:
        raise
    except TimeoutError as error:
        raise silence(host) from error
    except paramiko.ChannelException as error:
        raise busy(host, f"it allows no further session on a connection ({error.text or error.code})") from error
    except (paramiko.SSHException, EOFError, OSError) as error:
        raise lost(host, error) from error


def lost(host: str, error: Exception | None) -> ConnectionLost:
    """Return the error for a line that broke."""
    said = f" ({error})" if error and str(error) else ""
    return ConnectionLost(
        title="The connection to the server was lost.",
        cause=f"{host} hung up or the network broke{said}.",
        suggestion="ShotDock connects again and continues from the bytes already here.",
        path=host,
    )


def silence(host: str, seconds: float | None = None) -> TimedOut:
    """Return the error for a server that says nothing any more."""
    return TimedOut(
        title="The server stopped answering.",
        cause=f"No byte came from {host} for {seconds:.0f} s." if seconds else f"{host} takes no requests any more.",
        suggestion="ShotDock connects again and continues from the bytes already here.",
        path=host,
    )
