"""A finished video as the gallery server tells of it."""

from collections.abc import Iterable
from dataclasses import dataclass

PREFIX = "gallery:"
"""How the site of a gallery's files is named, before the name of the web server that lists them."""


@dataclass(frozen=True, slots=True)
class Video:
    """One video of a gallery.

    project_name: as the server spells it, or "". file_name: what the file is called on disk. created: seconds since
    the epoch, UTC, or None. bytes, seconds: size and duration, None if untold. thumbnail: where its picture is, its
    signature left out, or "". available: whether the server had a link to its file when it listed it; without one it
    may still be served by another way.
    """

    id: str
    project_name: str
    file_name: str
    created: float | None = None
    bytes: int | None = None
    seconds: float | None = None
    thumbnail: str = ""
    available: bool = True


def server_of(site: str) -> str:
    """Return the name of the server a site's files are asked of: a gallery's files have a site of their own."""
    return site.removeprefix(PREFIX)


def origin(connection: str, sites: Iterable[str]) -> str:
    """Return where files come from in words: their connection, or else the server of their sites."""
    servers = {server_of(site) for site in sites}
    return connection or (servers.pop() if len(servers) == 1 else f"{len(servers)} servers" if servers else "")
