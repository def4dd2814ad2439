"""The SSH packet layer under SFTP: reads the socket in gulps, and changes keys only when they are used up."""

import errno
import socket
import time

from paramiko.packet import NeedRekeyException, Packetizer

GULP = 1024 * 1024
"""Bytes asked from the socket at once."""


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
