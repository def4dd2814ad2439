"""Ask a gallery's API for its list."""

from typing import Self

from desktop.core.errors import NotFound, NotTheFile, RootMissing
from desktop.studio.gallery.listing import Listing, read_listing
from desktop.studio.web import Web
from desktop.transfer.ports import Site

_LIST = "/api/downloads"


class Client:
    """One gallery's API. Used by one thread; `close` may be called from any."""

    def __init__(self, site: Site, base: str) -> None:
        """site: the web server, as whom. base: the path the API lies under, percent-encoded, e.g. "/studio" or ""."""
        self._web = Web(site, base)
        self._path = f"{base}{_LIST}"
        self._url = f"{site.address.protocol}://{site.address.origin.rpartition('@')[2].rpartition('/')[2]}{self._path}"

    def listing(self) -> Listing:
        """Return the list as it is now.

        Raises RootMissing where there is no gallery, NotTheFile for an answer that is no list, and what `Web.json`
        raises.
        """
        try:
            data = self._web.json(_LIST)
        except NotFound as error:
            raise RootMissing(
                title=f"There is no gallery at {self._web.place}{self._path}.",
                cause=error.cause,
                suggestion="Check the server's address: the gallery's API lies below it.",
                path=self._path,
            ) from error
        listing = read_listing(data, self._url)
        if listing is None:
            raise NotTheFile(
                title=f"{self._web.place} does not answer as a gallery should.",
                cause="Its answer is JSON, but no list of videos.",
                suggestion="Check the server's address.",
                path=self._web.place,
            )
        return listing

    def close(self) -> None:
        """Break off whatever goes on here, from any thread."""
        self._web.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
