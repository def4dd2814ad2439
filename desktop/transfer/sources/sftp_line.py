"""The SSH transport under SFTP: a Transport whose channel data bypasses paramiko's pipes.

paramiko copies a channel's data through a pipe between two threads, 32 KiB at a time. Here the transport
thread hands every piece of channel data to one receiver as it comes, and the socket is read in large gulps.
"""

import contextlib
import io
import logging
import socket
import struct
import threading
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
    MSG_SERVICE_ACCEPT,
    MSG_SERVICE_REQUEST,
)

from desktop.core.errors import ConnectionLost, ShotDockError, TimedOut
from desktop.transfer.sources.sftp_faults import busy
from desktop.transfer.sources.sftp_packets import PACKET, Packets

WINDOW = 64 * 1024 * 1024
"""Bytes the server may send before it hears that we took some; as much as is ever asked for at once."""
ADJUST_AFTER = 8 * 1024 * 1024
"""Bytes taken before the server is told so: seldom enough to cost nothing, early enough never to stall it."""

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
KEX = tuple(name for name in paramiko.Transport._preferred_kex if not name.endswith("sha1"))  # type: ignore[attr-defined]  # not in the stubs
"""The library's own choice, which grows with it, but never with SHA-1."""
KEYS = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
)
"""Kinds of host keys and of users' keys; plain `ssh-rsa` signs with SHA-1."""

# Whatever paramiko would log reaches us as an exception too, and is told in our own words; its records would
# only add tracebacks to the log, and at DEBUG the details of the login.
LOG_CHANNEL = "shotdock.ssh"
logging.getLogger(LOG_CHANNEL).setLevel(logging.CRITICAL + 1)
_data_head = struct.Struct(">BII").unpack_from


class Receiver(Protocol):
    """Who gets a channel's data, on the transport thread."""

    def receive(self, data: memoryview) -> None:
        """Take the next bytes; they are the caller's again after the call."""

    def hung_up(self, cause: Exception | None) -> None:
        """Hear that no more bytes will come, and why, if that is known."""


class Line(paramiko.Transport):
    """A client's SSH transport with one channel, whose data goes straight to a receiver."""

    _preferred_ciphers = CIPHERS
    _preferred_macs = MACS
    _preferred_kex = KEX
    _preferred_pubkeys = KEYS

    preferred_keys: Sequence[str] = KEYS
    """Host key types in the order to ask for; no certificates, which nothing here could check."""

    def __init__(self, sock: socket.socket, timeout: float) -> None:
        # The handlers run on the transport thread, which starts in start_client: all is set before.
        self.receiver: Receiver | None = None
        self._taken = 0
        self._told = 0
        self._channel_number = -1
        self._may_log_in = threading.Event()
        self.distance = 0.0
        """Seconds there and back, as long as the server took to let a login begin."""
        super().__init__(sock, WINDOW, PACKET, packetizer_class=Packets)
        self.set_log_channel(LOG_CHANNEL)
        self._socket = sock
        self.banner_timeout = timeout
        self.handshake_timeout = timeout
        self.auth_timeout = timeout
        self.clear_to_send_timeout = timeout
        self._handler_table[MSG_SERVICE_ACCEPT] = self._welcome  # type: ignore[attr-defined]  # not in the stubs
        self._channel_handler_table = {
            **paramiko.Transport._channel_handler_table,  # type: ignore[attr-defined]  # not in the stubs
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
            self._may_log_in.set()
            if self.receiver:
                self.receiver.hung_up(self.saved_exception)

    def ask_to_log_in(self) -> None:
        """Tell the server that a login follows: once a line, as the standard has it.

        paramiko says so before every attempt, which costs a round trip each, and servers written in Go hang up.
        """
        began = time.monotonic()
        super()._send_message(_service("ssh-userauth", MSG_SERVICE_REQUEST))  # type: ignore[misc]  # not in the stubs
        if not self._may_log_in.wait(self.auth_timeout):
            raise TimeoutError(f"no answer within {self.auth_timeout:.0f} s")
        self.distance = time.monotonic() - began

    def _send_message(self, message: paramiko.Message) -> None:
        if message.asbytes()[0] == MSG_SERVICE_REQUEST and self.auth_handler:
            # Answered already. What paramiko does with the answer, it does here and now: it sends the attempt.
            self.auth_handler._parse_service_accept(_service("ssh-userauth"))  # type: ignore[attr-defined]  # not in the stubs
            return
        super()._send_message(message)  # type: ignore[misc]  # not in the stubs

    def _welcome(self, _message: paramiko.Message) -> None:
        self._may_log_in.set()

    def open_sftp(self, timeout: float, receiver: Receiver) -> paramiko.Channel:
        """Open the one channel and start SFTP on it; raise paramiko's exceptions.

        Whether the server has SFTP shows by its answer to the first request, or by the end of the channel.
        """
        channel = self.open_session(WINDOW, PACKET, timeout)
        channel.settimeout(timeout)
        self.receiver = receiver
        self._channel_number = channel.chanid
        packets = self.packetizer
        assert isinstance(packets, Packets)
        packets.taker = self._take
        # paramiko would wait for the answer here; the first request may as well be on its way meanwhile.
        message = paramiko.Message(struct.pack(">BI", MSG_CHANNEL_REQUEST, channel.remote_chanid))
        message.packet.seek(0, io.SEEK_END)
        message.add_string("subsystem")
        message.add_boolean(True)
        message.add_string("sftp")
        self._send_user_message(message)  # type: ignore[attr-defined]  # not in the stubs
        return channel

    def settled(self) -> None:
        """Note that the session has begun: nobody waits for our acknowledgements any more."""
        packets = self.packetizer
        assert isinstance(packets, Packets)
        packets.prompt = False

    def adjust(self, channel: paramiko.Channel) -> None:
        """Tell the server how much was taken, if it is worth a message. Never from the transport thread."""
        taken = self._taken - self._told
        if taken >= ADJUST_AFTER:
            self._told += taken
            message = paramiko.Message(struct.pack(">BII", MSG_CHANNEL_WINDOW_ADJUST, channel.remote_chanid, taken))
            self._send_user_message(message)  # type: ignore[attr-defined]  # not in the stubs

    def hang_up(self) -> None:
        """Break the line at once, from any thread; wait for nothing."""
        with contextlib.suppress(OSError):
            # Wakes a transport thread that waits for bytes; close alone would leave it waiting.
            self._socket.shutdown(socket.SHUT_RDWR)
        self.close()
        self.packetizer.close()  # a line that was never started has nobody else to close its socket

    def _take(self, payload: memoryview) -> bool:
        """Take channel data as it was decrypted; leave to paramiko what is not plainly that."""
        if self._expected_packet or self.receiver is None or len(payload) < 9:  # type: ignore[attr-defined]  # not in the stubs
            return False
        _, number, length = _data_head(payload)
        if number != self._channel_number or length != len(payload) - 9:
            return False
        self._taken += length
        self.receiver.receive(payload[9:])
        return True

    def _data(self, _channel: paramiko.Channel, message: paramiko.Message) -> None:
        data = _rest(message)
        self._taken += len(data)
        if self.receiver:
            self.receiver.receive(data)

    def _noise(self, _channel: paramiko.Channel, message: paramiko.Message) -> None:
        message.get_int()
        self._taken += len(_rest(message))

    def _ended(self, channel: paramiko.Channel, message: paramiko.Message) -> None:
        channel._handle_eof(message)  # type: ignore[attr-defined]  # not in the stubs
        self._hung_up()

    def _closed_by_server(self, channel: paramiko.Channel, message: paramiko.Message) -> None:
        channel._handle_close(message)  # type: ignore[attr-defined]  # not in the stubs
        self._hung_up()

    def _hung_up(self) -> None:
        if self.receiver:
            self.receiver.hung_up(None)


def _rest(message: paramiko.Message) -> memoryview:
    """Return the string a message goes on with, as much of it as there is, whatever length it claims."""
    length = message.get_int()
    start = message.packet.tell()
    # The very bytes the packet was made of: `getbuffer` would copy them, and lock the packet.
    return memoryview(message.packet.getvalue())[start : start + length]


def _service(name: str, kind: int | None = None) -> paramiko.Message:
    """Return a message about a service, ready to be sent if it has a kind, to be read if it has none."""
    message = paramiko.Message()
    if kind is not None:
        message.add_byte(bytes([kind]))
    message.add_string(name)
    if kind is None:
        message.rewind()
    return message


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
