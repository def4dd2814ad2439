"""A web server's finished videos: their list, their links, their names and the plan to bring them."""

from typing import TYPE_CHECKING

from desktop.transfer.ports import Site

if TYPE_CHECKING:
    from desktop.studio.gallery.client import Client
    from desktop.transfer.sources.http import HttpSource


def open_client(site: Site, base: str) -> "Client":
    """Return a client of the gallery below base; what it speaks HTTP with is imported when the first one is used."""
    from desktop.studio.gallery.client import Client

    return Client(site, base)


def open_source(site: Site) -> "HttpSource":
    """Return a source that fetches small files, such as pictures, from the site and from where its links lead."""
    from desktop.transfer.sources.http import HttpSource

    return HttpSource(site)
