"""Talk to a server's JSON API: the one place where sessions of the gallery's and the jobs' clients are made.

A session believes whom transfers believe (system store or pin), sends credentials to its own server alone, never
follows it elsewhere, and can be broken off from another thread.
"""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

import desktop
from desktop.core.connection import DEFAULT_PORTS
from desktop.core.errors import NotTheFile, ShotDockError, Stopped
from desktop.studio.web_errors import answer_error, converted
from desktop.transfer.dial import dial
from desktop.transfer.pins import place_of, read_pins
from desktop.transfer.ports import Site
from desktop.transfer.tls import pinning_context, sever, verifying_context

MOST_BYTES = 64 << 20
"""The longest answer of an API that is read."""
MOST_REDIRECTS = 3
_PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class WebAnswer:
    """What a server answered. data: its JSON, or None if it sent none. body: its bytes, bounded."""

    status: int
    data: Any
    body: bytes
    headers: dict[str, str]
    """Names in lower case."""


class Web:
    """A conversation with one server's API. Used by one thread; `close` may be called from any."""

    def __init__(self, site: Site, base: str) -> None:
        """site: which server, as whom. base: the path the API lies under, percent-encoded, e.g. "/studio" or ""."""
        address = site.address
        self._site = site
        self._port = address.port or DEFAULT_PORTS[address.protocol] or 80
        self.place = place_of(address.host, self._port)
        self._root = base
        self.base = f"{address.origin.replace(f'{address.user}@', '') if address.user else address.origin}{base}"
        self._sockets = _Sockets()
        self._closed = False
        self._session = self._make_session()

    def get(self, path: str, query: dict[str, str] | None = None, *, most: int = MOST_BYTES) -> WebAnswer:
        """Ask for a path below the base and return the answer, whatever its status.

        most: bytes of an answer that are read; a longer one is an error. Raises Unreachable, TimedOut,
        ConnectionLost, HostKeyUnknown, HostKeyChanged, NotTheFile for a redirect elsewhere, Stopped once closed.
        """
        return self._ask("GET", self.base + path, most, params=query)

    def head(self, path: str) -> WebAnswer:
        """Ask for a path's headers alone; see `get`."""
        return self._ask("HEAD", self.base + path, MOST_BYTES)

    def peek(self, path: str) -> WebAnswer:
        """Ask for a file's first byte: its headers tell size and name, and the body of a refusal tells why.

        A redirect to another server is returned as it is: to follow it is the transfer's business, without our login.
        Not HEAD: many APIs do not know it, and it never says why. See `get`.
        """
        return self._ask("GET", self.base + path, MOST_BYTES, peeking=True)

    def error(self, answer: WebAnswer, path: str) -> ShotDockError:
        """Return what an answer means that is not the one wanted."""
        return answer_error(answer.status, answer.headers, answer.body, answer.data, self.place, self._root + path)

    def post(self, path: str, data: object) -> WebAnswer:
        """Send JSON to a path below the base and return the answer, whatever its status; see `get`."""
        return self._ask("POST", self.base + path, MOST_BYTES, json=data)

    def json(self, path: str, query: dict[str, str] | None = None) -> Any:
        """Return the JSON at a path; raise what another answer than 200 with JSON means, e.g. LoginFailed, NotFound."""
        answer = self.get(path, query)
        if answer.status != 200 or answer.data is None:
            raise self.error(answer, path)
        return answer.data

    def close(self) -> None:
        """Break off whatever goes on here, from any thread."""
        self._closed = True
        self._sockets.sever()
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, method: str, url: str, most: int, peeking: bool = False, **what: Any) -> WebAnswer:
        headers = self._site.login.headers(self._site.address.user)
        if peeking:
            headers["Range"] = "bytes=0-0"
        for _ in range(MOST_REDIRECTS + 1):
            with self._breakable(), converted(self._site, self.place):
                timeouts = (self._site.connect_timeout, self._site.timeout)
                reply = self._session.request(
                    method, url, headers=headers, timeout=timeouts, stream=True, allow_redirects=False, **what
                )
                with reply:
                    # A server that takes no ranges would send all of it: what is there is not read.
                    body = b"" if peeking and reply.ok else b"".join(self._pieces(reply, most))
            if not reply.is_redirect or (peeking and self._leads_away(url, reply)):
                told = {name.lower(): value for name, value in reply.headers.items()}
                return WebAnswer(reply.status_code, _data(told, body), body, told)
            url = self._followed(url, reply.headers.get("location", ""))
        raise self._strange(f"There were more than {MOST_REDIRECTS} redirects in a row.")

    def _pieces(self, reply: requests.Response, most: int) -> Iterator[bytes]:
        size = 0
        for piece in reply.iter_content(_PIECE):
            size += len(piece)
            if size > most:
                raise self._strange(f"It is longer than {most:,} bytes.")
            yield piece

    def _leads_away(self, url: str, reply: requests.Response) -> bool:
        return urlsplit(urljoin(url, reply.headers.get("location", "")))[:2] != urlsplit(url)[:2]

    def _followed(self, url: str, location: str) -> str:
        """Return where a redirect leads, if it stays on this server."""
        try:
            there = urljoin(url, location)
            host = urlsplit(there).hostname
        except ValueError:
            raise self._strange("It redirects to something that is no address.") from None
        if urlsplit(there)[:2] != urlsplit(url)[:2]:
            raise self._strange(f"It sends us to {host or 'nowhere'}, as login pages do.")
        return there

    def _strange(self, cause: str) -> NotTheFile:
        return NotTheFile(
            title=f"{self.place} does not answer as this API should.",
            cause=cause,
            suggestion="Check the server's address; a login or a proxy may stand in the way.",
            path=self.place,
        )

    @contextmanager
    def _breakable(self) -> Iterator[None]:
        """Raise Stopped if the conversation was broken off from here, whatever that looked like."""
        try:
            if self._closed:
                raise Stopped
            yield
        except ShotDockError:
            if self._closed:
                raise Stopped from None
            raise

    def _make_session(self) -> requests.Session:
        session = _Session()
        # Neither .netrc nor a proxy of the environment: transfers go straight, and so do questions about them.
        session.trust_env = False
        session.headers["User-Agent"] = f"ShotDock/{desktop.__version__}"
        session.headers["Accept"] = "application/json, */*;q=0.5"
        adapter = _Adapter(self._site, self.place, self._sockets)
        # With a pin the certificate is compared with it, and with nothing else.
        session.verify = not adapter.pinned
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        return session


class _Session(requests.Session):
    """Leaves redirects to us: even where they are not to be followed, requests reads them, whatever they hold."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Return None: there is nowhere to go."""
        return None


class _Sockets:
    """The open sockets of a conversation, to be broken off from any thread; one that comes too late is broken at once.

    Those that are closed are forgotten: a conversation may last for days.
    """

    def __init__(self) -> None:
        self._known: set[socket.socket] = set()
        self._severed = False

    @property
    def severed(self) -> bool:
        """Tell whether sockets are broken off."""
        return self._severed

    def note(self, sock: socket.socket) -> socket.socket:
        """Know one more socket, and return it."""
        self._known.difference_update([other for other in self._known if other.fileno() < 0])
        self._known.add(sock)
        if self._severed:
            sever(sock)
        return sock

    def sever(self) -> None:
        """Break every socket off, those to come too."""
        self._severed = True
        for sock in tuple(self._known):
            sever(sock)


class _Adapter(HTTPAdapter):
    """Makes connections that trust as transfers do, and whose sockets are known, so that they can be broken off."""

    def __init__(self, site: Site, place: str, sockets: "_Sockets") -> None:
        self._pin = read_pins(site.trust.certificates).get(place)
        self._known, self._connect_timeout = sockets, site.connect_timeout
        super().__init__()

    @property
    def pinned(self) -> bool:
        """Tell whether the server's one certificate is known."""
        return self._pin is not None

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Leave it to our context whom to believe: requests would add a bundle of authorities of its own."""
        conn.cert_reqs = "CERT_NONE" if self._pin else "CERT_REQUIRED"

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools with our connections and, for TLS, our context."""
        super().init_poolmanager(*args, assert_fingerprint=self._pin, **kwargs)
        known, patience = self._known, self._connect_timeout
        # Reading the system's store takes a while: not before there is TLS to be spoken.
        context = cache(pinning_context if self._pin else verifying_context)

        def reach(host: str, port: int) -> socket.socket:
            return dial(host.strip("[]"), port, patience, lambda: known.severed)

        class Plain(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                return reach(self.host, self.port)

            def connect(self) -> None:
                super().connect()
                known.note(self.sock)

        class Secure(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                sock = reach(self.host, self.port)
                # A handshake takes the socket over; by this one it can be broken off.
                self._handle = known.note(sock.dup())
                return sock

            def connect(self) -> None:
                self.ssl_context = context()
                try:
                    super().connect()
                    known.note(self.sock)
                finally:
                    if (handle := getattr(self, "_handle", None)) is not None:
                        handle.close()

        class Pool(HTTPConnectionPool):
            ConnectionCls = Plain

        class SecurePool(HTTPSConnectionPool):
            ConnectionCls = Secure

        self.poolmanager.pool_classes_by_scheme = {"http": Pool, "https": SecurePool}


def _data(headers: dict[str, str], body: bytes) -> Any:
    if "json" not in headers.get("content-type", "").lower():
        return None
    with suppress(ValueError, RecursionError):
        return json.loads(body)
    return None
