"""HTTP connections that are kept: one per server met on the way, with redirects followed by our own rules."""

import ipaddress
import logging
import math
import socket
import ssl
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

from desktop.core.connection import DEFAULT_PORTS
from desktop.core.errors import HostileName, NotTheFile, Unreachable
from desktop.transfer.dial import dial
from desktop.transfer.lookup import addresses
from desktop.transfer.pins import place_of
from desktop.transfer.ports import Site
from desktop.transfer.sources.http_errors import bad_redirect, beginning, converted
from desktop.transfer.sources.http_message import Garbled, Message, Stream, Surplus, request
from desktop.transfer.tls import Guard, sever

MOST_REDIRECTS = 10
MOST_KEPT = 8
"""Connections that are kept: a server that leads every file elsewhere would use up all there are."""
_REDIRECTS = (301, 302, 303, 307, 308)
_SMALL = 1 << 16
_PAGE = 4096
"""Bytes of a page that are looked at for what to log of it."""
_AS_IT_IS = "/%:@!$&'()*+,;=-._~"

_SOON = 3.0
"""Seconds a page's first bytes are waited for: for the log's sake, no longer."""

_log = logging.getLogger(__name__)

Origin = tuple[str, str, int]
"""Scheme, host, port."""


@dataclass(slots=True)
class Kept:
    """A kept connection: its socket and the stream of answers on it. used: whether it brought an answer before."""

    origin: Origin
    sock: socket.socket
    stream: Stream
    used: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer and the connection it comes on."""

    message: Message
    kept: Kept


class Wire:
    """The connections of one source. Used by one thread; only `sever` may be called from another."""

    def __init__(self, site: Site, heard: Callable[[float], None]) -> None:
        """Make ready.

        heard: a method, told how many seconds an answer took, whenever one came sooner than all before. Its owner is
        not kept by it, for the owner keeps this.
        """
        address = site.address
        self._site = site
        self._home: Origin = (address.protocol, address.host, address.port or DEFAULT_PORTS[address.protocol] or 80)
        self.place = place_of(*self._home[1:])
        self.timeout = site.timeout
        self._kept: dict[Origin, Kept] = {}
        self._severed = False
        self._guard: Guard | None = None
        self._heard = weakref.WeakMethod(heard)
        self._distance = math.inf
        self._noted = self._path = ""

    def connect(self) -> None:
        """Connect to the site itself; raise Unreachable, HostKeyUnknown, HostKeyChanged."""
        self._connection(self._home)

    def hang_up(self) -> None:
        """Close every connection."""
        while self._kept:
            self._kept.popitem()[1].sock.close()

    def sever(self) -> None:
        """Break every connection from any thread, and have none opened any more."""
        self._severed = True
        for kept in list(self._kept.values()):
            sever(kept.sock)
        if self._guard is not None:
            self._guard.sever()

    def ask(self, method: str, target: str, headers: dict[str, str], at: str | None = None) -> Reply:
        """Ask the site for target (path and query) and return the answer, redirects followed.

        at: another URL to ask in its place, as if the site had redirected there; errors go by the target all the same.
        No credential goes to another host; a redirect out of TLS, or to something that is not HTTP, is refused.
        Raises our errors; the answer may have any status but a redirect's.
        """
        origin, path = self._home, target.partition("?")[0]
        self._path = path
        target = _spelled(target)
        if at is not None:
            origin, target = _followed(origin, target, at, path)
        for _ in range(MOST_REDIRECTS + 1):
            sent = headers | (self._secrets() if origin == self._home else {})
            reply = self._exchange(origin, method, target, sent)
            if reply.message.status not in _REDIRECTS:
                return reply
            location = reply.message.header("location")
            self.finish(reply)
            origin, target = _followed(origin, target, location, path)
        raise bad_redirect(path, f"There were more than {MOST_REDIRECTS} redirects in a row.")

    def finish(self, reply: Reply) -> bytes:
        """Read what is left of an answer nobody wants and return its first bytes; a long one costs the connection."""
        first = bytearray(_SMALL)
        size = 0
        with converted(self.place):
            try:
                while size < _SMALL and (got := reply.message.readinto(memoryview(first)[size:])):
                    size += got
            except Surplus:
                self.drop(reply)
            except (OSError, Garbled):
                # Its rest would answer the next question.
                self.drop(reply)
                raise
        self.settle(reply)
        return bytes(first[:size])

    def note(self, stranger: NotTheFile, reply: Reply, first: bytes = b"") -> None:
        """Log how that begins which came in a file's place; its connection is of no use any more.

        first: what was read of it, else some is read now, should it come soon.
        """
        if not first:
            reply.kept.sock.settimeout(min(_SOON, self.timeout))
            page = bytearray(_PAGE)
            with suppress(OSError, Garbled, Surplus):
                first = bytes(page[: reply.message.readinto(memoryview(page))])
        words = beginning(first[:_PAGE]) or "nothing"
        # One page for a thousand files is one thing to tell.
        if words != self._noted:
            self._noted = words
            kind = beginning(reply.message.header("content-type").encode()) or "no type"
            _log.warning("%s Status %d, %s; it begins: %s", stranger.title, reply.message.status, kind, words)

    def settle(self, reply: Reply) -> None:
        """Keep the connection for the next question if this answer was all that came, and the server keeps it too."""
        if not reply.message.done or reply.message.will_close or reply.kept.stream.pending:
            self.drop(reply)

    def drop(self, reply: Reply) -> None:
        """Close the connection an answer comes on; the next question opens a new one."""
        self._drop(reply.kept)

    def _drop(self, kept: Kept) -> None:
        kept.sock.close()
        if self._kept.get(kept.origin) is kept:
            del self._kept[kept.origin]

    def _exchange(self, origin: Origin, method: str, target: str, headers: dict[str, str]) -> Reply:
        sent = request(method, target, _host(origin), headers)
        kept = self._connection(origin)
        try:
            return self._once(kept, method, sent)
        except (ConnectionError, ssl.SSLEOFError):
            if not kept.used:
                raise
            # A kept connection may have been closed while it rested; the question was not even read.
            return self._once(self._connection(origin), method, sent)

    def _once(self, kept: Kept, method: str, sent: bytes) -> Reply:
        began = time.monotonic()
        try:
            kept.stream.send(sent)
            message = Message(kept.stream, method)
        except BaseException:
            self._drop(kept)
            raise
        kept.used = True
        taken = time.monotonic() - began
        if taken < self._distance:
            self._distance = taken
            if (heard := self._heard()) is not None:
                heard(taken)
        return Reply(message, kept)

    def _connection(self, origin: Origin) -> Kept:
        kept = self._kept.get(origin)
        if kept is not None and not self._is_quiet(kept):
            self._drop(kept)
            kept = None
        if kept is None:
            if len(self._kept) >= MOST_KEPT:
                self._drop(next(iter(self._kept.values())))
            self._check_severed()
            scheme, host, port = origin
            sock: socket.socket = self._dial(host, port)
            if scheme == "https":
                sock = self._secured(sock, host, port)
            sock.settimeout(self.timeout)
            self._kept[origin] = kept = Kept(origin, sock, Stream(sock))
        self._check_severed()
        return kept

    def _is_quiet(self, kept: Kept) -> bool:
        """Tell whether nothing came while a connection rested: its end, or an answer to what nobody asked."""
        kept.sock.settimeout(0)
        try:
            kept.sock.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except OSError:
            pass
        finally:
            kept.sock.settimeout(self.timeout)
        return False

    def _check_severed(self) -> None:
        """Raise ConnectionAbortedError if the connections were broken off here, be it while one was dialled.

        Such a one looks like one that the server closed while it rested: that is replaced, this is not.
        """
        if self._severed:
            raise ConnectionAbortedError("closed here")

    def _dial(self, host: str, port: int) -> socket.socket:
        def look(ip: str) -> None:
            if host != self._home[1] and self._is_private(ip):
                raise bad_redirect(self._path, f"It leads to {ip} ({host}), which only this machine reaches.")

        return dial(host, port, self._site.connect_timeout, lambda: self._severed, look)

    def _is_private(self, ip: str) -> bool:
        """Tell whether an address is one to which no server elsewhere sends us: this machine, or its own network link.

        Names and numbers have many spellings, so that it is the address itself which is looked at.
        """
        there = ipaddress.ip_address(ip)
        there = getattr(there, "ipv4_mapped", None) or there
        if there.is_loopback or there.is_unspecified:
            return not self._home_is_here()
        return there.is_link_local

    def _home_is_here(self) -> bool:
        _, host, port = self._home
        until = time.monotonic() + self._site.connect_timeout
        with suppress(Unreachable):
            found = addresses(host, port, until, lambda: self._severed)
            return any(ipaddress.ip_address(str(address[0])).is_loopback for _, address in found)
        return False

    def _secured(self, sock: socket.socket, host: str, port: int) -> ssl.SSLSocket:
        with converted(place_of(host, port)):
            self._guard = guard = Guard(host, port, self._site.trust)
            if self._severed:
                guard.sever()
            # Where only the connection's end tells the body's, it has to be told apart from one that was cut.
            try:
                return guard.secure(sock, goodbye=True)
            except ssl.SSLCertVerificationError as error:
                guard.doubts(error)
                return guard.secure(self._dial(host, port), goodbye=True)

    def _secrets(self) -> dict[str, str]:
        return self._site.login.headers(self._site.address.user)


def _host(origin: Origin) -> str:
    scheme, host, port = origin
    name = f"[{host}]" if ":" in host else host
    # Signed links are signed for the host as a browser spells it.
    return name if port == DEFAULT_PORTS[scheme] else f"{name}:{port}"


def _spelled(target: str) -> str:
    """Return target fit for a request line: what may not stand there is percent-encoded, the rest stays as it is."""
    if any(char in target for char in "\r\n\0"):
        raise HostileName(
            title="This name cannot be asked for over HTTP.",
            cause="It holds a line break or a null character.",
            suggestion="Rename the file on the server.",
            path=repr(target.partition("?")[0]),
        )
    path, mark, query = target.partition("?")
    return quote(path, safe=_AS_IT_IS, errors="surrogateescape") + mark + quote(query, safe=_AS_IT_IS + "?")


def _followed(origin: Origin, target: str, location: str, path: str) -> tuple[Origin, str]:
    """Return where a redirect leads; raise NotTheFile if we do not go there."""
    scheme, host, _ = origin
    if not location:
        raise bad_redirect(path, "It redirects without saying where to.")
    try:
        spelled = quote(location.encode("latin-1", "replace"), safe=_AS_IT_IS + "?#[]")
        parts = urlsplit(spelled)
        if not parts.scheme or not parts.netloc:  # an absolute one stays as it is, to the letter: it may be signed
            parts = urlsplit(urljoin(f"{scheme}://{_host(origin)}{target}", spelled))
        new_port = parts.port
    except ValueError:
        raise bad_redirect(path, "It redirects to something that is no address.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise bad_redirect(path, f"It redirects to {parts.scheme or 'nothing'}://, which is not HTTP.")
    if scheme == "https" and parts.scheme == "http":
        raise bad_redirect(path, f"It redirects from a secure connection to a plain one at {parts.hostname}.")
    if parts.hostname != host and _is_link_local(parts.hostname):
        raise bad_redirect(
            path, f"It redirects to {parts.hostname}, an address inside this machine's own network link."
        )
    there = (parts.scheme, parts.hostname, new_port or DEFAULT_PORTS[parts.scheme] or 80)
    return there, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _is_link_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_link_local
    except ValueError:
        return False
