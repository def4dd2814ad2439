"""Know how to reach every site a task speaks of: saved connections and plain URLs, with their secrets."""

import contextlib
import os
import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path

from desktop.core.connection import DEFAULT_PORTS, Address, Connection, Location, is_host, parse_location
from desktop.core.errors import NoSecretStore, NotFound, ShotDockError, UsageError
from desktop.core.gallery import PREFIX as GALLERY
from desktop.core.gallery import server_of
from desktop.core.paths import at_home
from desktop.core.redaction import redact, register_secret
from desktop.places import Places
from desktop.store import secrets
from desktop.studio.gallery import open_client
from desktop.studio.gallery.links import Gallery, GalleryLinks
from desktop.transfer.budget import HostBudget
from desktop.transfer.consents import agreed
from desktop.transfer.ports import SOURCES, Features, Login, Site, Source, Trust

DEFAULT_BUDGET = 24
"""Connections to one host, over all tasks and scans, when the connection does not say."""

WEB = ("http", "https")

Renewed = Callable[[str, str], None]
"""Hears of a link that was replaced: the server's name, the video's id."""


@dataclass(frozen=True, slots=True)
class Door:
    """What a command line or dialog adds to a plain URL: the key file and whom to trust."""

    identity: Path | None = None
    known_hosts: Path | None = None
    accept_new: bool = False


@dataclass(frozen=True, slots=True)
class Server:
    """A web server with an API. site: its name. base: the path its API lies under, percent-encoded, e.g. "/studio"."""

    site: str
    base: str


@dataclass(frozen=True, slots=True)
class _Guest:
    """A site that is not a saved connection: known for as long as the program runs."""

    address: Address
    password: str | None = field(default=None, repr=False)
    door: Door = Door()


class Sites:
    """Turns a site's name into everything a source needs. Used from any thread.

    A name is a saved connection's, or an origin such as `sftp://ann@host:2222`; with `gallery:` before it, the site of
    the files that this web server's gallery lists.
    """

    def __init__(self, places: Places) -> None:
        self._places = places
        self._lock = threading.Lock()
        self._connections: dict[str, Connection] = {}
        self._passwords: dict[str, str] = {}
        self._passphrases: dict[Path, str] = {}
        self._guests: dict[str, _Guest] = {}
        self._budgets: dict[Address, HostBudget] = {}
        self._parked: dict[str, tuple[Source, Site]] = {}
        self._servers: set[str] = set()
        self._queries: dict[tuple[str, str], str] = {}
        self._galleries: dict[str, Gallery] = {}
        self._renewed: Renewed = lambda _server, _video: None

    def know(self, connections: Iterable[Connection]) -> None:
        """Replace the saved connections."""
        with self._lock:
            self._connections = {connection.name: connection for connection in connections}

    def connection(self, name: str) -> Connection:
        """Return the saved connection; raise NotFound."""
        with self._lock:
            known = dict(self._connections)
        if name not in known:
            raise NotFound(
                title=f"There is no connection called {name!r}.",
                cause=f"Known: {', '.join(known) or 'none yet'}.",
                suggestion="Add it with: shotdock connections add NAME URL",
                path=name,
            )
        return known[name]

    def names(self) -> tuple[str, ...]:
        """Return the names of the saved connections."""
        with self._lock:
            return tuple(self._connections)

    def remember_password(self, name: str, password: str) -> None:
        """Use the password for this site until the program ends."""
        register_secret(password)
        with self._lock:
            self._passwords[name] = password

    def forget_password(self, name: str) -> None:
        """Drop a password remembered for this run of the program."""
        with self._lock:
            self._passwords.pop(name, None)

    def remember_passphrase(self, key: Path, passphrase: str) -> None:
        """Unlock the key file with this until the program ends."""
        register_secret(passphrase)
        with self._lock:
            self._passphrases[key] = passphrase

    def welcome(self, location: Location, door: Door) -> str:
        """Make a plain URL's server known and return its site name."""
        name = location.address.origin
        if location.password:
            register_secret(location.password)
        with self._lock:
            self._guests[name] = _Guest(location.address, location.password, door)
        return name

    def server(self, text: str) -> Server:
        """Return the web server a person means: a saved connection's name, or a URL. Raises UsageError, NotFound."""
        if "://" not in text:
            connection = self.connection(text)
            address, name, path = connection.address, text, connection.root
        else:
            location = parse_location(text)
            address, path = location.address, location.path
            name = self.welcome(location, Door()) if address.protocol in WEB else ""
            with self._lock:
                self._servers.add(name)
        if address.protocol not in WEB:
            raise UsageError(
                title="This is not a web server.",
                cause=f"{address.origin} speaks {address.protocol}; galleries and jobs are asked for over HTTP.",
                suggestion="Write its address as https://host/path, or the name of a connection that has such a one.",
                path=text,
            )
        return Server(name, path.rstrip("/"))

    def site(self, name: str) -> Site:
        """Return all that is needed to open the site."""
        if name.startswith(GALLERY):
            return replace(self.site(self._served(name)), links=self.links(server_of(name)))
        if "://" in name:
            return self._guest_site(name)
        connection = self.connection(name)
        return Site(connection.address, self.login(connection, None), self.trust(connection.address))

    def hear_renewals(self, tell: Renewed) -> None:
        """Tell of every link that was refused and replaced, from whatever thread asked for it."""
        self._renewed = tell

    def links(self, server: str) -> GalleryLinks:
        """Return a new way to ask for the links of a server's galleries; what it learns, all the others know."""
        with self._lock:
            if server not in self._galleries:
                self._galleries[server] = Gallery(
                    lambda base: open_client(self.site(server), base), lambda video: self._renewed(server, video)
                )
            return GalleryLinks(self._galleries[server])

    def _served(self, name: str) -> str:
        """Return the web server behind a gallery's site, which is asked with the token kept for it."""
        server = server_of(name)
        if "://" in server:
            with self._lock:
                self._servers.add(server)
        return server

    def login(self, connection: Connection, password: str | None) -> Login:
        """Return how to log in to the connection, with this password or, if None, with the one known for it."""
        identity = Path(connection.identity) if connection.identity else None
        return self._login(connection.name, connection.address, password, identity)

    def trust(self, address: Address, door: Door = Door()) -> Trust:
        """Return whom to believe: our own known hosts first, then the user's own OpenSSH file."""
        own = door.known_hosts or self._places.known_hosts
        others = () if door.known_hosts else (at_home("~/.ssh/known_hosts"),)
        in_clear = address.bares and agreed(self._places.unencrypted, address)
        return Trust((own, *others), self._places.certificates, door.accept_new, in_clear)

    def _guest_site(self, name: str) -> Site:
        with self._lock:
            guest = self._guests.get(name)
        if guest is None:
            guest = _Guest(parse_location(name).address)
        login = self._login(name, guest.address, guest.password, guest.door.identity)
        return Site(guest.address, login, self.trust(guest.address, guest.door))

    def _login(self, name: str, address: Address, password: str | None, identity: Path | None) -> Login:
        """Return how to log in: with the password given or known, or with the keyring's, if one is ever needed.

        To wake the keyring takes longer than to log in by a key.
        """
        identity = at_home(identity) if identity else None
        with self._lock:
            password = password or self._passwords.get(name)
            passphrase = self._passphrases.get(identity) if identity else None
        password = password if password is not None else _of_environment(password_variable(name))
        if address.protocol in WEB and address.user is None:
            return self._web_login(name, address, password)
        kept = cache(partial(_kept, address.origin))
        if identity is None:
            return Login(password, kept=kept)
        passphrase = passphrase or _of_environment(passphrase_variable(name))
        return Login(
            password, identity, passphrase, kept=kept, kept_passphrase=partial(self._kept_passphrase, identity)
        )

    def _kept_passphrase(self, key: Path) -> str | None:
        """Ask the keyring for a key file's passphrase, for one connection and all that follow."""
        kept = _kept(str(key))
        if kept:
            self.remember_passphrase(key, kept)
        return kept

    def _web_login(self, name: str, address: Address, token: str | None) -> Login:
        """Return how to log in to a web server without a user: by the token given or known, or the keyring's.

        The keyring is not woken for any web address there is, only for the servers we have to do with.
        """
        with self._lock:
            ours = name in self._connections or name in self._servers
        return Login(token=token, kept=cache(partial(_kept, address.origin)) if ours and token is None else None)

    def shelter(self, name: str, path: str) -> str:
        """Return a web path without the secrets in its query, and remember those for this run of the program."""
        query = path.partition("?")[2]
        shown = redact(path) if query else path
        if shown != path:
            with self._lock:
                self._queries[name, shown] = query
        return shown

    def request(self, name: str, path: str) -> tuple[str, str]:
        """Return (path, query) to ask the site for, given the path a task remembers."""
        with self._lock:
            kept = self._queries.get((name, path))
        if kept is None and not name.startswith(("http://", "https://")):
            return path, ""  # of a gallery's site too: its paths are asked for as they are
        place, _, query = path.partition("?")
        return place, query if kept is None else kept

    def source(self, name: str, site: Site | None = None) -> Source:
        """Return a source to connect for the site: the one that was parked, which has only to be used, or a new one.

        One that was opened to another address, as another user or trusting others than would be now is hung up.
        """
        if site is None:
            site = self.site(name)
            with self._lock:
                parked, way = self._parked.pop(name, (None, None))
            if parked is not None and way == site:
                return parked
            if parked is not None:
                parked.close()
        return SOURCES[site.address.protocol](site)

    def park(self, name: str, source: Source, way: Site) -> None:
        """Keep a connected source for who next asks for one of the site: a plan is soon followed by its transfer.

        way: what it was opened with.
        """
        with self._lock:
            before, _ = self._parked.get(name, (None, None))
            self._parked[name] = source, way
        if before is not None:
            before.close()

    def unpark(self, name: str, source: Source) -> None:
        """Hang up a source that nobody has asked for."""
        with self._lock:
            if self._parked.get(name, (None, None))[0] is not source:
                return
            del self._parked[name]
        source.close()

    def vacate(self, name: str) -> None:
        """Hang up every source that is parked at this site's server, whoever it is logged in as."""
        server = _server(self._address(name)[0])
        with self._lock:
            here = [key for key, (_, way) in self._parked.items() if _server(way.address) == server]
            parked = [self._parked.pop(key)[0] for key in here]
        for source in parked:
            source.close()

    def close(self) -> None:
        """Hang up every source that is parked."""
        with self._lock:
            parked, self._parked = tuple(self._parked.values()), {}
        for source, _ in parked:
            source.close()

    def features(self, name: str) -> Features:
        """Return what the site's protocol can do, and what its connection knows if one is parked."""
        with self._lock:
            parked, _ = self._parked.get(name, (None, None))
        if parked is not None:
            return parked.features
        address, _ = self._address(name)
        return SOURCES[address.protocol].features

    def usual_lanes(self, name: str, features: Features) -> int:
        """Return how many connections pay off for the site, within what the connection allows."""
        _, most = self._address(name)
        return min(features.lanes, most) if most else features.lanes

    def budget(self, name: str) -> HostBudget:
        """Return the connection budget of the site's host, shared by every task and scan."""
        address, most = self._address(name)
        server = _server(address)
        with self._lock:
            if server not in self._budgets:
                self._budgets[server] = HostBudget(most or DEFAULT_BUDGET)
            return self._budgets[server]

    def hurry(self, names: Iterable[str]) -> None:
        """Have the servers of these sites asked again at once, should they be known not to answer."""
        for name in names:
            with contextlib.suppress(ShotDockError):
                self.budget(name).circuit.hurry()

    def servers(self, names: Iterable[str]) -> frozenset[Address]:
        """Return the servers of the sites, whoever logs in to them; of a connection that is gone there is none."""
        found = set()
        for name in names:
            with contextlib.suppress(ShotDockError):
                found.add(_server(self._address(name)[0]))
        return frozenset(found)

    def _address(self, name: str) -> tuple[Address, int | None]:
        name = server_of(name)
        if "://" in name:
            return parse_location(name).address, None
        connection = self.connection(name)
        return connection.address, connection.max_connections


def _server(address: Address) -> Address:
    return replace(address, user=None, port=address.port or DEFAULT_PORTS[address.protocol])


def _kept(origin: str) -> str | None:
    try:
        return secrets.get(origin)
    except NoSecretStore:
        return None


def _of_environment(variable: str) -> str | None:
    secret = os.environ.get(variable)
    if secret is not None:
        register_secret(secret)
    return secret


def password_variable(name: str) -> str:
    """Return the environment variable that may carry a connection's password for unattended runs."""
    return "SHOTDOCK_PASSWORD_" + _as_variable(name)


def passphrase_variable(name: str) -> str:
    """Return the environment variable that may carry the passphrase of a connection's key file."""
    return "SHOTDOCK_PASSPHRASE_" + _as_variable(name)


def _as_variable(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "_", name).upper()


def check_connection(connection: Connection) -> None:
    """Refuse a connection whose name or protocol cannot work; raise UsageError."""
    if not connection.name.strip() or not connection.name.isprintable() or set(":/") & set(connection.name):
        raise UsageError(
            title=f"{connection.name!r} cannot be a connection's name.",
            cause="A name is not empty, in one line, and has no ':' or '/' in it.",
            suggestion="Choose a short name, such as VEGA or studio.",
        )
    if connection.address.protocol != "file" and not is_host(connection.address.host):
        raise UsageError(
            title=f"{connection.address.host!r} is no host's name or address.",
            suggestion="Write it as render.studio.example, 10.0.0.1 or fd00::1.",
        )
