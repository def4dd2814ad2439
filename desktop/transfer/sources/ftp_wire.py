"""An FTP session with its data connections; where the server permits, the next one is prepared while one flows."""

import ftplib
import socket
import ssl
import time
from io import BytesIO
from typing import NoReturn

from desktop.core.media import Entry, told_size
from desktop.transfer.ports import FAR, Site
from desktop.transfer.sources.ftp_control import LAST_WORD, Control
from desktop.transfer.sources.ftp_errors import OutOfStep, checked, garbled, no_goodbye, unsupported
from desktop.transfer.sources.ftp_listing import parse_time
from desktop.transfer.tls import sever
from desktop.transfer.walk import LONGEST, endless

LONGEST_LISTING = 256 << 20
"""Bytes of the longest listing that is read; LONGEST names of two hundred and fifty letters."""
FRESH = 10.0
"""Seconds for which a port named ahead is trusted; firewalls forget the ports they saw announced."""
_BLOCK = 1 << 18
_UNKNOWN_COMMAND = ("500", "501", "502", "504")


class Wire(Control):
    """A session that transfers. Used by one thread; only `sever` may be called from another.

    ahead: whether EPSV for the next transfer may be sent behind the command of this one, if the server is known to
    bear it. astray: it did not; the session's replies are no longer to be trusted, and the next has to do without.
    """

    def __init__(self, site: Site, ahead: bool = True) -> None:
        super().__init__(site)
        self.astray = False
        self._permitted = ahead
        self._data: socket.socket | None = None
        self._dialled = False
        self._port_owed = False
        self._next: tuple[int, float] | None = None
        self.rest_ignored = False
        """Whether the server has shown that it begins where it likes, whatever offset it took."""
        self._offset_left = False
        """Whether the server may still have an offset in mind that was meant for a file it refused."""

    def hang_up(self) -> None:
        """Close the sockets without a word; only the thread that uses the wire may."""
        self.drop_data()
        super().hang_up()

    def sever(self) -> None:
        """Break both connections from any thread."""
        super().sever()
        sever(self._data)

    def settle(self) -> None:
        """Read the replies still owed: on a transfer that was left, then on the EPSV behind it. Raise OutOfStep."""
        super().settle()
        if not self._port_owed:
            return
        self._port_owed = False
        try:
            reply = self._within(LAST_WORD)
        except TimeoutError:
            self._stray()
        if reply.startswith("229"):
            self._next = self._named(reply), time.monotonic()
        elif reply[0] in "45":
            # It may refuse it now and take it in its turn.
            self.can.ahead = False
        else:
            self._stray()

    def suspect(self) -> bool:
        """Note that a data connection broke; tell whether the command sent ahead may be what broke it."""
        if self._port_owed:
            self.astray = True
            self.alive = False
        return self.astray

    def _stray(self) -> NoReturn:
        self.astray = True
        self.alive = False
        raise OutOfStep

    # --- data connections

    def begin(self, command: str, start: int = 0, ahead: bool = False) -> tuple[socket.socket | None, str, int]:
        """Start a transfer; return its data connection, the server's reply and the byte it really starts at.

        The connection is None if the reply is a refusal. start: bytes to leave out; a server that cannot
        starts at 0. ahead: another transfer is likely to follow, so the server is asked for its port already.
        Raises the library's and the socket's exceptions, and OutOfStep before any byte came.
        """
        checked(command)
        start = 0 if self.rest_ignored else start
        commands = [f"REST {start}", command] if start or self._offset_left else [command]
        port, early = self._port()
        if self._dialled and self.can.batches:
            near = self.distance < FAR
            if near:
                # A server that finds the connection there need not be woken for it.
                self._dial_named(port, early)
            self._port_owed = ahead and self._permitted and self.can.ahead and self.can.epsv
            self._send(*commands, *(("EPSV",) if self._port_owed else ()))
            # The server waits for the connection anyway: asking first saves a round trip.
            replies = [self.answer() for _ in commands] if near else self._dial_asked(port, len(commands), early)
        else:
            self._dial_first(port)
            replies = self.ask(*commands)
        if start and replies[0][0] != "3":
            self.can.rest = False
            start = 0
        reply = replies[-1]
        if reply[0] == "2":
            # Some servers say 200 before they say 150.
            reply = self.answer()
        data = self._data
        self._offset_left = False
        if reply[0] != "1" or data is None:
            self.drop_data()
            self._offset_left = bool(start)
            if early and reply.startswith("425"):
                self._stray()
            return None, reply, start
        if self._guard is not None:
            session = self._control.session if isinstance(self._control, ssl.SSLSocket) else None
            try:
                self._data = data = self._guard.secure(data, session, goodbye=True)
            except OSError:
                # A port may be named twice in a row: the server then meets the connection it refused a file to.
                if early:
                    self._stray()
                raise
        return data, reply, start

    def _port(self) -> tuple[int, bool]:
        """Return the port for the next data connection, and whether it was asked for ahead."""
        self.settle()
        named, self._next = self._next, None
        if named is not None and time.monotonic() - named[1] < FRESH:
            return named[0], True
        return self._passive(), False

    def _passive(self) -> int:
        if self.can.epsv:
            reply = self._answered("229", "EPSV")
            if reply.startswith("229"):
                return self._named(reply)
            self.can.epsv = False
        reply = self._answered("227", "PASV")
        if not reply.startswith("227"):
            raise unsupported(self.place, "It offers no passive data connections.", reply)
        # The host in the reply is never believed: it could send us anywhere, and behind a router it is wrong.
        return int(ftplib.parse227(reply)[1])

    def _answered(self, hoped: str, command: str) -> str:
        """Return the reply hoped for, or a refusal; any other is a second word on something that was asked before."""
        reply = self.ask(command)[0]
        if not reply.startswith((hoped, "4", "5")):
            raise garbled(self.place, reply)
        return reply

    def _named(self, reply: str) -> int:
        return int(ftplib.parse229(reply, self._peer)[1])

    def _dial_first(self, port: int) -> None:
        """Dial before the server is asked for anything."""
        try:
            self._dial(port)
        except OSError:
            if self._dialled or not self.can.epsv:
                raise
            # A firewall that reads PASV may not know EPSV; once is enough to find out.
            self.can.epsv = False
            self._dial(self._passive())
        self._dialled = True

    def _dial_named(self, port: int, early: bool) -> None:
        """Dial where the server listens, before it is told what to send. early: it named the port ahead."""
        try:
            self._dial(port)
        except OSError:
            if early:
                self._stray()
            raise

    def _dial_asked(self, port: int, count: int, early: bool) -> list[str]:
        """Dial where the server was told to send, and return its replies to the count commands it got for that."""
        try:
            self._dial(port)
        except OSError:
            # A server that refuses a file may stop listening before we come: then the refusal is what counts.
            try:
                replies = [self._within(LAST_WORD) for _ in range(count)]
            except TimeoutError:
                replies = [""]
            if replies[-1][:1] not in ("4", "5"):
                # A server may stop listening for a file when it hears the EPSV behind it.
                if early or self.suspect():
                    self._stray()
                raise
            return replies
        return [self.answer() for _ in range(count)]

    def _dial(self, port: int) -> None:
        data = self._data = socket.socket(self.af)
        try:
            data.settimeout(self.site.connect_timeout)
            data.connect((self._peer[0], port, *self._scope))
            self.check_severed()
            data.settimeout(self.site.timeout)
        except OSError:
            self.drop_data()
            raise

    def drop_data(self) -> None:
        """Close the data connection, with or without the file's end."""
        if self._data is not None:
            self._data.close()
            self._data = None

    def end(self) -> None:
        """Close the data connection, which has ended, in the way the server expects."""
        if self._data is not None:
            part(self._data)
            self.drop_data()

    def finish(self) -> str:
        """Close the data connection, if it is not closed yet, and return the server's report on the transfer."""
        self.end()
        reply = self._within(LAST_WORD)
        if reply.startswith("229"):
            # It answered what was sent ahead first: this is no word on the transfer.
            self.suspect()
        return reply

    def listing(self, command: str) -> tuple[bytes, str]:
        """Return what a listing command lists and the server's report; nothing and the refusal if it refuses.

        Under TLS an end without goodbye is none. The report does not make up for it: whoever cuts a line can also tell
        the server that everything arrived.
        """
        data, reply, _ = self.begin(command, ahead=True)
        if data is None:
            return b"", reply
        folder, listed, lines = command.partition(" ")[2], BytesIO(), 0
        try:
            while block := data.recv(_BLOCK):
                listed.write(block)
                lines += block.count(b"\n")
                if lines > LONGEST:
                    self.hang_up()
                    raise endless(folder)
                if listed.tell() > LONGEST_LISTING:
                    self.hang_up()
                    raise unsupported(self.place, f"A listing goes on after {listed.tell():,} bytes.", reply)
            reply = self.finish()
        except (ConnectionError, ssl.SSLEOFError) as error:
            if not self.suspect():
                if isinstance(error, ssl.SSLEOFError):
                    raise no_goodbye(self.place, folder) from error
                raise
        if self.astray:
            raise OutOfStep
        return listed.getvalue(), reply

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
                size = told_size(value)
            elif reply.startswith("213"):
                mtime = parse_time(value)
            elif reply[0] not in "45":
                raise garbled(self.place, reply)
        return Entry(path, size=size, mtime=mtime)


def part(data: socket.socket) -> None:
    """Say goodbye on a data connection under TLS; some servers wait for it before they report success."""
    if isinstance(data, ssl.SSLSocket):
        try:
            data.unwrap().close()
        except (OSError, ValueError):
            # Many servers just close. Whether all bytes came is judged by the size, and of a listing before.
            data.close()
