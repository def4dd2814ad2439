"""The SSH packet layer under SFTP: reads the socket in gulps, opens packets where they lie, seldom changes keys."""

import errno
import socket
import struct
import time
from collections.abc import Callable

import paramiko
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from paramiko.common import MSG_CHANNEL_DATA
from paramiko.packet import NeedRekeyException, Packetizer

from desktop.transfer.buffers import pages

GULP = 1024 * 1024
"""Bytes asked from the socket at once."""
PACKET = 256 * 1024
"""The largest payload of an SSH packet we take; servers with smaller ones send smaller ones."""
_LONGEST = PACKET + 4096
"""What a packet's head and padding may add to its payload, and more."""
_TAG = 16
_QUICK_ACK: int | None = getattr(socket, "TCP_QUICKACK", None)
_length = struct.Struct(">I").unpack_from

Taker = Callable[[memoryview], bool]
"""Gets a packet's payload, which is overwritten after the call; returns whether it took it."""


class Packets(Packetizer):
    """paramiko's packet layer without its copies: under GCM only the socket, the cipher and the disk move a byte.

    paramiko copies every packet five times on its way out of the cipher. Here the socket fills one buffer, and
    whole packets are decrypted out of it into another one, where their data is handed on.
    """

    # RFC 4344 allows 2**32 blocks of 16 bytes (64 GiB) under one AES key; paramiko's 512 MiB would stop every
    # large transfer for a round of key exchange. A server that wants new keys sooner asks, and gets them.
    REKEY_BYTES = 1 << 35
    REKEY_PACKETS = 1 << 31

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self._sock = sock
        self._gulp = pages(GULP + _LONGEST)
        self._start = 0
        self._stop = 0
        self._plain = pages(_LONGEST)
        self._engine: AESGCM | None = None
        self._nonce = (b"", 0)
        self._received = 0
        self._sequence = 0
        self.taker: Taker | None = None
        """Who is offered channel data before it becomes a message."""
        self.prompt = True
        """Whether what comes is acknowledged at once: a server that waits for that before its next small packet, as
        OpenSSH does until a session has begun, would else lose 40 ms at every login."""
        self.greeting = b""
        """The first bytes of the server, kept to tell who answers if it is no SSH server."""

    def close(self) -> None:
        """Close the socket; also end the handshake's timer, which would outlive it."""
        self.complete_handshake()
        super().close()

    # --- packets

    def set_inbound_cipher(  # type: ignore[override]  # paramiko's own signature, which its stubs lag behind
        self,
        block_engine: object,
        block_size: int,
        mac_engine: object,
        mac_size: int,
        mac_key: bytes | None,
        etm: bool = False,
        aead: bool = False,
        iv_in: bytes | None = None,
    ) -> None:
        """Use new keys for what comes from now on. A server never leaves GCM again: it would have to want less."""
        super().set_inbound_cipher(block_engine, block_size, mac_engine, mac_size, mac_key, etm, aead, iv_in)  # type: ignore[arg-type]  # the stub wants a key, which GCM has not
        self._received = 0
        self._engine = block_engine if isinstance(block_engine, AESGCM) else None
        if iv_in is not None:
            # RFC 5647: four fixed bytes and a counter.
            self._nonce = iv_in[:4], int.from_bytes(iv_in[4:], "big")

    def reset_seqno_in(self) -> None:
        """Count packets from 0 again, after a strict key exchange."""
        super().reset_seqno_in()
        self._sequence = 0

    def read_message(self) -> tuple[int, paramiko.Message]:
        """Return the next message that the taker does not take; its kind and content.

        Raises SSHException for a damaged packet, NeedRekeyException when it is time for new keys, EOFError.
        """
        if self._engine is None:
            self._sequence += 1
            return super().read_message()
        while True:
            payload = self._open_packet(self._engine)
            sequence, self._sequence = self._sequence, (self._sequence + 1) & 0xFFFFFFFF
            if payload[0] != MSG_CHANNEL_DATA or self.taker is None or not self.taker(payload):
                message = paramiko.Message(bytes(payload[1:]))
                message.seqno = sequence
                return payload[0], message
            if self.need_rekey():
                raise NeedRekeyException

    def _open_packet(self, engine: AESGCM) -> memoryview:
        """Return the payload of the next packet, decrypted (RFC 5647): the length is in clear, a tag follows."""
        self._want(4, may_rekey=True)
        start = self._start
        length: int = _length(self._gulp, start)[0]
        if not 2 <= length <= _LONGEST:
            raise paramiko.SSHException(f"a packet claims to be {length} bytes long")
        size = 4 + length + _TAG
        self._want(size)
        start = self._start
        fixed, count = self._nonce
        plain = self._plain[:length]
        try:
            engine.decrypt_into(
                fixed + count.to_bytes(8, "big"),
                self._gulp[start + 4 : start + size],
                self._gulp[start : start + 4],
                plain,
            )
        except InvalidTag as error:
            raise paramiko.SSHException("a packet was damaged on its way") from error
        self._nonce = fixed, (count + 1) & 0xFFFFFFFFFFFFFFFF
        self._start = start + size
        self._count(size)
        end = length - plain[0]
        if end < 2:
            raise paramiko.SSHException("a packet has nothing in it")
        return plain[1:end]

    def _count(self, size: int) -> None:
        """Ask for new keys once the old ones have seen enough; a server that goes on without them is given up."""
        self._received += size
        if self._received >= self.REKEY_BYTES:
            if not self.need_rekey():
                self._trigger_rekey()  # type: ignore[attr-defined]  # not in the stubs
            elif self._received >= 2 * self.REKEY_BYTES:
                raise paramiko.SSHException("the server ignores that new keys are due")

    # --- bytes

    def _want(self, count: int, may_rekey: bool = False) -> None:
        """Have so many bytes lie in one piece in the gulp."""
        while self._stop - self._start < count:
            if len(self._gulp) - self._stop < _LONGEST or self._start == self._stop:
                # Both ends of the move may overlap, which a view minds; a bytearray would not.
                self._gulp[: self._stop - self._start] = self._gulp[self._start : self._stop]
                self._start, self._stop = 0, self._stop - self._start
            self._fill(may_rekey and self._start == self._stop)

    def read_all(self, n: int, check_rekey: bool = False) -> bytes:
        """Return exactly n bytes; raise EOFError when the server hangs up first, SSHException for more than a packet.

        Without GCM the library asks for as many as a packet's head says, up to 4 GiB, and before anybody is logged in.
        """
        if n > _LONGEST:
            raise paramiko.SSHException(f"a packet claims to go on for {n} bytes")
        out = bytearray()
        while len(out) < n:
            if self._start == self._stop:
                self._start = self._stop = 0
                self._fill(check_rekey and not out)
            take = min(n - len(out), self._stop - self._start)
            out += self._gulp[self._start : self._start + take]
            self._start += take
        return bytes(out)

    def _fill(self, may_rekey: bool) -> None:
        """Read what the socket has behind what lies in the gulp, waiting for the first byte."""
        while True:
            if self.handshake_timed_out():
                raise EOFError
            try:
                got = self._sock.recv_into(self._gulp[self._stop :], min(GULP, len(self._gulp) - self._stop))
            except TimeoutError:
                pass
            except OSError as error:
                if self.closed:
                    raise EOFError from error
                if error.errno != errno.EAGAIN:
                    raise
            else:
                self._stop += got
                if not got:
                    raise EOFError
                if self.prompt and _QUICK_ACK is not None:
                    self._sock.setsockopt(socket.IPPROTO_TCP, _QUICK_ACK, 1)
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
            self._start = self._stop = 0
            try:
                self._stop = self._sock.recv_into(self._gulp[:GULP])
            except TimeoutError:
                if time.monotonic() > until:
                    raise
                continue
            if not self._stop:
                raise EOFError
        self._start += 1
        return bytes(self._gulp[self._start - 1 : self._start])
