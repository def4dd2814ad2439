"""One FTP control connection: login, what the server can do, commands in batches and the replies to them."""

import ftplib
import re
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from desktop.core.errors import Unreachable
from desktop.transfer.consents import not_encrypted
from desktop.transfer.dial import dial
from desktop.transfer.pins import place_of
from desktop.transfer.ports import Site
from desktop.transfer.sources.ftp_errors import (
    checked,
    closing,
    converted,
    crowded,
    garbled,
    login_refused,
    shown,
    unsupported,
)
from desktop.transfer.tls import Guard, sever

LAST_WORD = 15.0
"""Seconds to wait for the server's report after the last byte."""
_SILENCE = 1.0
# Servers known to lose commands that come before they have answered the one before (lftp keeps the same list).
_ONE_BY_ONE = re.compile(r"icrosoft FTP Service|MadGoat|MikroTik", re.I)
# Names go over a Telnet connection, where the byte 255 has to be sent twice (RFC 959); these do not know that.
_NO_TELNET = re.compile(r"vsFTPd|pyftpdlib|Pure-FTPd", re.I)
# Servers known to leave commands that come while a transfer flows until it is over. Others end the transfer for them
# (pyftpdlib), or answer them in between, so that the replies come out of step (Pure-FTPd, ProFTPD before 1.3.8).
_PATIENT = re.compile(r"vsFTPd|ProFTPD (?:1\.3\.(?:[89]|\d\d)|1\.[4-9]|[2-9])")
# vsftpd with a greeting of the studio's own; nobody else has just these.
_VSFTPD = {"EPRT", "EPSV", "MDTM", "PASV", "REST STREAM", "SIZE", "TVFS"}
_VSFTPD_OPTIONS = {"AUTH SSL", "AUTH TLS", "PBSZ", "PROT", "UTF8"}
_HEARD = 1 << 13
LONGEST_REPLY = 1 << 16
"""Letters of the longest reply that is read; some servers greet with a whole page."""


@dataclass(slots=True)
class Abilities:
    """What the server says, or has shown, it can do. rest: start at a byte. batches: take commands ahead.

    ahead: take commands even while a transfer flows, and answer them after it. telnet: the byte 255 is sent twice.
    """

    mlst: bool = False
    rest: bool = True
    size: bool = True
    mdtm: bool = True
    epsv: bool = True
    utf8: bool = False
    batches: bool = True
    ahead: bool = False
    telnet: bool = False


class Control(ftplib.FTP):
    """A logged-in FTP session. Used by one thread; only `sever` may be called from another."""

    def __init__(self, site: Site) -> None:
        super().__init__(encoding="utf-8")
        address = site.address
        self.site = site
        self.port = address.port or (990 if address.protocol == "ftps" else 21)
        self.place = place_of(address.host, self.port)
        self.can = Abilities()
        self.alive = False
        self._guard = None if address.protocol == "ftp" else Guard(address.host, self.port, site.trust)
        self._severed = False
        self._owed = 0
        self._heard = bytearray()
        self._peer: tuple[str, int] = ("", 0)
        self._scope: tuple[int, ...] = ()
        self.distance = 0.0
        """Seconds there and back, as the server answered last at login."""

    # --- coming and going

    def open(self) -> None:
        """Connect, secure the line and log in; raise as `Source.connect` does."""
        if self.site.address.bares and not self.site.trust.in_clear and self.site.login.secret():
            raise not_encrypted(self.site.address)
        with converted(self.place):
            try:
                self._reach()
            except ssl.SSLCertVerificationError as error:
                assert self._guard is not None, "only a guard checks certificates"
                self._guard.doubts(error)
                self.hang_up()
                self._reach()
            self._log_in()
        self._control.settimeout(self.site.timeout)
        self.alive = True

    def hang_up(self) -> None:
        """Close the connection without a word; only the thread that uses it may."""
        self.alive = False
        self.close()

    def sever(self) -> None:
        """Break the connection from any thread, also one that is being dialled."""
        self._severed = True
        if self._guard is not None:
            self._guard.sever()
        sever(self.sock)

    def check_severed(self) -> None:
        """Raise ConnectionAbortedError if the connection was broken off while a socket of it was not there yet."""
        if self._severed:
            raise ConnectionAbortedError("closed here")

    @contextmanager
    def talking(self, path: str) -> Iterator[None]:
        """Turn foreign exceptions about path into our errors; after one the session's replies may be out of step."""
        with converted(self.place, path):
            try:
                yield
            except ftplib.all_errors:
                self.alive = False
                raise

    @property
    def _control(self) -> socket.socket:
        if self.sock is None:
            raise EOFError("The connection was closed.")
        return self.sock

    def _reach(self, explicit: bool | None = None) -> None:
        """Connect and greet; explicit: AUTH TLS (true), TLS from the first byte (false), or find out (None)."""
        self._dial_control()
        if self._guard is None:
            self._greet()
            return
        if explicit is None:
            explicit = self.site.address.protocol == "ftpes" or (self.port != 990 and self._speaks_first())
        if explicit:
            self._greet()
            reply = self.ask("AUTH TLS")[0]
            if reply[0] != "2":
                raise unsupported(self.place, "It refuses to encrypt the connection (AUTH TLS).", reply)
        try:
            self.sock = self._guard.secure(self._control)
        except ssl.SSLError as error:
            # A server that is slow to greet was taken for one that waits for TLS.
            if explicit or error.reason != "WRONG_VERSION_NUMBER" or self.port == 990:
                raise
            self.hang_up()
            self._reach(explicit=True)
            return
        # Whatever was sent in clear after the server agreed to encrypt is forgotten.
        self._heard.clear()
        if not explicit:
            self._greet()

    def _dial_control(self) -> None:
        self.sock = dial(self.site.address.host, self.port, self.site.connect_timeout, lambda: self._severed)
        self.check_severed()
        self.af = self.sock.family
        host, port, *scope = self.sock.getpeername()
        self._peer, self._scope = (host, port), tuple(scope)
        self._owed = 0
        self._heard.clear()

    def _speaks_first(self) -> bool:
        sock = self._control
        sock.settimeout(_SILENCE)
        try:
            sock.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            return False
        finally:
            sock.settimeout(self.site.connect_timeout)
        return True

    def _greet(self) -> None:
        try:
            reply = self.answer()
            while reply.startswith("1"):
                reply = self.answer()
        except (TimeoutError, EOFError) as error:
            raise Unreachable(
                title=f"{self.place} does not answer as an FTP server.",
                cause=str(error) or "It closed the connection without a greeting.",
                suggestion="Check port and protocol (ftp, ftps or ftpes).",
                path=self.place,
            ) from error
        if reply[0] == "4":
            raise crowded(reply, self.place)
        if reply[0] != "2":
            raise Unreachable(
                title=f"{self.place} turned the connection away.",
                cause=f"It says: {shown(reply)}",
                suggestion="Check port and protocol, or ask your administrator.",
                path=self.place,
            )
        self.welcome = reply
        self.can.batches = _ONE_BY_ONE.search(reply) is None
        self.can.telnet = _NO_TELNET.search(reply) is None
        self.can.ahead = _PATIENT.search(reply) is not None

    def _log_in(self) -> None:
        user = self.site.address.user or "anonymous"
        password = self.site.login.secret() if user != "anonymous" else self.site.login.password
        if password is None:
            password = "anonymous@" if user == "anonymous" else ""
        reply = self.ask(f"USER {checked(user)}")[0]
        if reply[0] == "3":
            reply = self.ask(f"PASS {checked(password)}")[0]
        if reply[0] != "2":
            raise login_refused(reply, self.place, user)
        if self._guard is not None:
            for command in ("PBSZ 0", "PROT P"):
                reply = self.ask(command)[0]
            if reply[0] != "2":
                raise unsupported(self.place, "It refuses to encrypt the files (PROT P).", reply)
        began = time.monotonic()
        told, typed = self.ask("FEAT", "TYPE I")
        # Not how long it took to connect: whatever stands in between may have answered that.
        self.distance = time.monotonic() - began
        if typed[0] != "2":
            raise unsupported(self.place, "It has no binary transfers (TYPE I).", typed)
        if told[0] == "2":
            features = {line.strip().upper() for line in told.splitlines()[1:-1]}
            words = {feature.partition(" ")[0] for feature in features}
            self.can.mlst = "MLST" in words
            self.can.rest = "REST STREAM" in features
            self.can.utf8 = "UTF8" in words
            self.can.ahead = self.can.ahead or features - _VSFTPD_OPTIONS == _VSFTPD
        if self.can.utf8:
            self.ask("OPTS UTF8 ON")

    # --- commands

    def _send(self, *lines: str) -> None:
        """Send command lines at once; names go out as the bytes they came as."""
        data = "".join(f"{checked(line)}\r\n" for line in lines).encode("utf-8", "surrogateescape")
        self._control.sendall(data.replace(b"\xff", b"\xff\xff") if self.can.telnet else data)

    def getline(self) -> str:
        """Return the next line of a reply, of the bytes that came; raise EOFError once the server hung up."""
        heard = self._heard
        while (end := heard.find(b"\n")) < 0:
            if len(heard) > self.maxline:
                raise ftplib.error_proto(f"a line of more than {self.maxline} bytes")
            block = self._control.recv(_HEARD)
            if not block:
                raise EOFError
            heard += block
        line = heard[:end].decode("utf-8", "surrogateescape")
        del heard[: end + 1]
        return line.removesuffix("\r")

    def getmultiline(self) -> str:
        """Return the next whole reply, its lines joined; raise error_proto for one without end."""
        lines = [self.getline()]
        code, size = lines[0][:3], 0
        while lines[-1][:3] != code or lines[-1][3:4] == "-":
            lines.append(self.getline())
            size += len(lines[-1])
            if size > LONGEST_REPLY:
                raise ftplib.error_proto(f"a reply of more than {LONGEST_REPLY} letters")
        return "\n".join(lines)

    def answer(self) -> str:
        """Return the next whole reply; raise ServerBusy or ConnectionLost for a 421."""
        reply = self.getmultiline()
        if not reply[:3].isdigit() or reply[0] not in "12345":
            raise garbled(self.place, reply)
        if reply.startswith("421"):
            self.alive = False
            raise closing(reply, self.place)
        return reply

    def ask(self, *commands: str) -> list[str]:
        """Send the commands, all at once if the server takes that, and return their replies, refusals too."""
        self.settle()
        if self.can.batches and len(commands) > 1:
            self._send(*commands)
            return [self.answer() for _ in commands]
        replies = []
        for command in commands:
            self._send(command)
            replies.append(self.answer())
        return replies

    def owe(self) -> None:
        """Note that a transfer was left in the middle: the server's word on it is still to come."""
        self._owed += 1

    def settle(self) -> None:
        """Read the replies still owed, so that the next one answers the next command."""
        while self._owed:
            self._within(LAST_WORD)
            self._owed -= 1

    def _within(self, seconds: float) -> str:
        if b"\n" in self._heard:
            return self.answer()
        control = self._control
        control.settimeout(min(seconds, self.site.timeout))
        try:
            return self.answer()
        finally:
            control.settimeout(self.site.timeout)
