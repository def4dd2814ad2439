"""A server with its root and layout; never its secrets."""

import ipaddress
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, unquote, urlsplit

from desktop.core.errors import UsageError
from desktop.core.paths import whole_path

DEFAULT_PORTS = {
    "sftp": 22,
    "ftp": 21,
    "ftps": 990,
    "ftpes": 21,
    "http": 80,
    "https": 443,
    "file": None,
}
"""Protocols and their ports. `ftps` is FTP over TLS: implicit on port 990, on any other port whichever of
implicit TLS and AUTH TLS the server speaks; `ftpes` always starts with AUTH TLS. Neither ever goes in clear."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is: protocol, host, port, user. Two equal addresses share one connection budget."""

    protocol: str
    host: str = ""
    port: int | None = None
    user: str | None = None

    @property
    def origin(self) -> str:
        """Return the address as a URL without a path and without secrets, e.g. `sftp://ann@host:2222`."""
        if self.protocol == "file":
            return "file://"
        host = f"[{self.host}]" if ":" in self.host else self.host
        user = f"{quote(self.user, safe='')}@" if self.user else ""
        port = f":{self.port}" if self.port and self.port != DEFAULT_PORTS[self.protocol] else ""
        return f"{self.protocol}://{user}{host}{port}"

    @property
    def encrypted(self) -> bool:
        """Tell whether nobody on the way can read what goes to and fro; a folder of this machine counts as such."""
        return self.protocol not in ("ftp", "http")

    @property
    def bares(self) -> bool:
        """Tell whether logging in sends a password in clear: plain FTP, as somebody. That takes a person's consent."""
        return self.protocol == "ftp" and self.user not in (None, "anonymous")


@dataclass(frozen=True, slots=True)
class Connection:
    """A saved server: its address, the folder its shots lie under, and the layout that reads them.

    identity: path of a private key file, or None. max_connections: the most lanes to open, or None for
    the protocol's own default.
    """

    name: str
    address: Address
    root: str = "/"
    layout: str = "default"
    identity: str | None = None
    max_connections: int | None = None

    @property
    def url(self) -> str:
        """Return the URL the connection was made from, without a password."""
        return self.address.origin + quote(self.root)


@dataclass(frozen=True, slots=True)
class Location:
    """A path on a server, as a URL or plain path names it; the password is kept apart and never printed."""

    address: Address
    path: str
    password: str | None
    query: str = ""

    def __repr__(self) -> str:
        return f"Location({self.address.origin}{self.path})"


def parse_location(text: str) -> Location:
    """Read a URL (`sftp://`, `ftp://`, `ftps://`, `ftpes://`, `http://`, `https://`, `file://`) or a local path.

    Raises UsageError for an unknown scheme, a missing host or a bad port.
    """
    if not text:
        raise _bad_url(text, "It is empty.")
    if "://" not in text:
        return Location(Address("file"), str(whole_path(text)), None)
    # The scheme decides how the rest is read: "#" and "?" are ordinary characters of FTP and SFTP names.
    scheme = text.partition("://")[0].lower()
    web = scheme in ("http", "https")
    try:
        parts = urlsplit(text if web else text.replace("#", "%23").replace("?", "%3F"))
        port = parts.port
    except ValueError:
        # The library's words quote what it stumbled over, which may be a password.
        cause = "Its host or port cannot be read. What is special in a user or password is written as %XX."
        raise _bad_url(text, cause) from None
    if scheme not in DEFAULT_PORTS:
        raise _bad_url(text, f"{scheme}:// is not a protocol ShotDock speaks.")
    if scheme == "file":
        return Location(Address("file"), unquote(parts.path), None)
    host = parts.hostname
    if not host:
        raise _bad_url(text, "It names no host.")
    if not is_host(host):
        raise _bad_url(text, "Its host is no name or address.")
    user = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password is not None else None
    path = parts.path if web else unquote(parts.path)
    address = Address(scheme, host, port or DEFAULT_PORTS[scheme], user)
    return Location(address, path or "/", password, parts.query if web else "")


@lru_cache(maxsize=64)
def is_host(text: str) -> bool:
    """Tell whether a text is a host's name or address, as it may stand in files of known servers.

    Such a file has patterns, lists and marks: `*,x.example` is a name somebody's name server may well have, and a line
    that speaks for every host.
    """
    if ":" not in text:
        return text[:1] not in ("", "-") and all(c in ".-_" or unicodedata.category(c)[0] in "LMN" for c in text)
    address, _, zone = text.partition("%")
    try:
        return ipaddress.ip_address(address).version == 6 and (not zone or is_host(zone.removeprefix("25")))
    except ValueError:
        return False


def parse_connection(
    name: str,
    url: str,
    layout: str = "default",
    identity: str | None = None,
    max_connections: int | None = None,
) -> tuple[Connection, str | None]:
    """Read a connection from its URL; return it and the password the URL carried, if any."""
    location = parse_location(url)
    root = location.path.rstrip("/") or "/"
    connection = Connection(name, location.address, root, layout, identity, max_connections)
    return connection, location.password


def _bad_url(text: str, cause: str) -> UsageError:
    shown = text.rpartition("@")[2] if "@" in text else text
    return UsageError(
        title="This address cannot be read.",
        cause=cause,
        suggestion="Write it as sftp://user@host:port/path (also ftp, ftps, ftpes, http, https).",
        path=shown,
    )
