"""One FTP control connection: login, what the server can do, commands in batches, data connections."""

import ftplib
import re
import socket
import ssl
from collections import deque
from dataclasses import dataclass

from desktop.core.errors import Unreachable
from desktop.core.media import Entry
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
    unreachable,
    unsupported,
)
from desktop.transfer.sources.ftp_listing import parse_time
from desktop.transfer.tls import Guard, sever

LAST_WORD = 15.0
"""Seconds to wait for the server's report after the last byte."""
LONGEST_LISTING = 256 << 20
"""Bytes of the longest listing that is read; about two million names."""
_BLOCK = 1 << 18
_SILENCE = 1.0
# Servers known to lose commands that come before they have answered the one before (lftp keeps the same list).
_ONE_BY_ONE = re.compile(r"icrosoft FTP Service|MadGoat|MikroTik", re.I)
# Names go over a Telnet connection, where the byte 255 has to be sent twice (RFC 959); these do not know that.
_NO_TELNET = re.compile(r"vsFTPd|pyftpdlib|Pure-FTPd", re.I)
_UNKNOWN_COMMAND = ("500", "501", "502", "504")


@dataclass(slots=True)
class Abilities:
    """What the server says, or has shown, it can do. rest: start at a byte. batches: take commands ahead.

    telnet: the byte 255 is sent twice.
    """

    mlst: bool = False
    rest: bool = True
    size: bool = True
    mdtm: bool = True
    epsv: bool = True
    utf8: bool = False
    batches: bool = True
    telnet: bool = False


class Wire(ftplib.FTP):
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
        self._owed = 0
        self._data: socket.socket | None = None
        self._dialled = False

    # --- coming and going

    def open(self) -> None:
        """Connect, secure the line and log in; raise as `Source.connect` does."""
        with converted(self.place):
            try:
                self._reach()
            except ssl.SSLCertVerificationError as error:
                if self._guard is None:
                    raise
                self._guard.doubts(error)
                self.hang_up()
                self._reach()
            self._log_in()
        self._control.settimeout(self.site.timeout)
        self.alive = True

    def hang_up(self) -> None:
        """Close the sockets without a word; only the thread that uses the wire may."""
        self.alive = False
        if self._data is not None:
            self._data.close()
        self.close()

    def sever(self) -> None:
        """Break both connections from any thread."""
        sever(self._data)
        sever(self.sock)

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
        # A new file also forgets whatever was sent in clear after the server agreed to encrypt.
        self._listen()
        if not explicit:
            self._greet()

    def _dial_control(self) -> None:
        address = (self.site.address.host, self.port)
        try:
            self.sock = socket.create_connection(address, self.site.connect_timeout)
        except OSError as error:
            raise unreachable(error, self.place) from error
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # The control connection is silent while a large file flows; routers forget silent connections.
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self.af = self.sock.family
        self._owed = 0
        self._listen()

    def _listen(self) -> None:
        self.file = self._control.makefile("r", encoding="utf-8", errors="surrogateescape", newline="\n")

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

    def _log_in(self) -> None:
        user = self.site.address.user or "anonymous"
        password = self.site.login.password
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
        told, typed = self.ask("FEAT", "TYPE I")
        if typed[0] != "2":
            raise unsupported(self.place, "It has no binary transfers (TYPE I).", typed)
        if told[0] == "2":
            features = {line.strip().upper() for line in told.splitlines()[1:-1]}
            words = {feature.partition(" ")[0] for feature in features}
            self.can.mlst = "MLST" in words
            self.can.rest = "REST STREAM" in features
            self.can.utf8 = "UTF8" in words
        if self.can.utf8:
            self.ask("OPTS UTF8 ON")

    # --- commands

    def _send(self, *lines: str) -> None:
        """Send command lines at once; names go out as the bytes they came as."""
        data = "".join(f"{checked(line)}\r\n" for line in lines).encode("utf-8", "surrogateescape")
        self._control.sendall(data.replace(b"\xff", b"\xff\xff") if self.can.telnet else data)

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
        control = self._control
        control.settimeout(min(seconds, self.site.timeout))
        try:
            return self.answer()
        finally:
            control.settimeout(self.site.timeout)

    # --- data connections

    def begin(self, command: str, start: int = 0) -> tuple[socket.socket | None, str, int]:
        """Start a transfer; return its data connection, the server's reply and the byte it really starts at.

        The connection is None if the reply is a refusal. start: bytes to leave out; a server that cannot
        starts at 0. Raises the library's and the socket's exceptions.
        """
        checked(command)
        commands = [f"REST {start}", command] if start else [command]
        port = self._passive()
        if self._dialled and self.can.batches:
            # The server waits for the connection anyway: asking first saves a round trip.
            self._send(*commands)
            data = self._dial_data(port)
            replies = [self.answer() for _ in commands]
        else:
            data = self._dial_data(port)
            replies = self.ask(*commands)
        if start and replies[0][0] != "3":
            self.can.rest = False
            start = 0
        reply = replies[-1]
        if reply[0] == "2":
            # Some servers say 200 before they say 150.
            reply = self.answer()
        if reply[0] != "1":
            self.drop_data()
            return None, reply, start
        if self._guard is not None:
            session = self._control.session if isinstance(self._control, ssl.SSLSocket) else None
            self._data = data = self._guard.secure(data, session)
        return data, reply, start

    def _passive(self) -> int:
        if self.can.epsv:
            reply = self.ask("EPSV")[0]
            if reply.startswith("229"):
                return int(ftplib.parse229(reply, self._control.getpeername())[1])
            self.can.epsv = False
        reply = self.ask("PASV")[0]
        if not reply.startswith("227"):
            raise unsupported(self.place, "It offers no passive data connections.", reply)
        # The host in the reply is never believed: it could send us anywhere, and behind a router it is wrong.
        return int(ftplib.parse227(reply)[1])

    def _dial_data(self, port: int) -> socket.socket:
        host = self._control.getpeername()[0]
        try:
            data = socket.create_connection((host, port), self.site.connect_timeout)
        except OSError:
            if self._dialled or not self.can.epsv:
                raise
            # A firewall that reads PASV may not know EPSV; once is enough to find out.
            self.can.epsv = False
            return self._dial_data(self._passive())
        data.settimeout(self.site.timeout)
        self._data = data
        self._dialled = True
        return data

    def drop_data(self) -> None:
        """Close the data connection, with or without the file's end."""
        if self._data is not None:
            self._data.close()
            self._data = None

    def finish(self, data: socket.socket) -> str:
        """Close a data connection that has ended and return the server's report on it."""
        part(data)
        self.drop_data()
        return self._within(LAST_WORD)

    def listing(self, command: str) -> tuple[bytes, str]:
        """Return what a listing command lists and the server's report; nothing and the refusal if it refuses."""
        data, reply, _ = self.begin(command)
        if data is None:
            return b"", reply
        blocks: deque[bytes] = deque()
        length = 0
        while block := data.recv(_BLOCK):
            blocks.append(block)
            length += len(block)
            if length > LONGEST_LISTING:
                self.hang_up()
                raise unsupported(self.place, f"A listing goes on after {length:,} bytes.", reply)
        return b"".join(blocks), self.finish(data)

    # --- facts of one file

    def facts(self, path: str) -> Entry:
        """Return size and mtime of a file as far as SIZE and MDTM tell them."""
        commands = [f"{verb} {path}" for verb, can in (("SIZE", self.can.size), ("MDTM", self.can.mdtm)) if can]
        size: int | None = None
        mtime: float | None = None
        for command, reply in zip(commands, self.ask(*commands), strict=True):
            value = reply[4:].strip()
            if reply.startswith(_UNKNOWN_COMMAND):
                if command.startswith("SIZE"):
                    self.can.size = False
                else:
                    self.can.mdtm = False
            elif reply.startswith("213") and command.startswith("SIZE"):
                size = int(value) if value.isdecimal() else None
            elif reply.startswith("213"):
                mtime = parse_time(value)
        return Entry(path, size=size, mtime=mtime)


def part(data: socket.socket) -> None:
    """Say goodbye on a data connection under TLS; some servers wait for it before they report success."""
    if isinstance(data, ssl.SSLSocket):
        try:
            data.unwrap().close()
        except (OSError, ValueError):
            # Many servers just close. Whether all bytes came is judged by the size and the server's reply.
            data.close()
