"""Long-running jobs of servers: their kinds, and what is made of their results."""

from typing import TYPE_CHECKING

from desktop.transfer.ports import Site

if TYPE_CHECKING:
    from desktop.studio.web import Web


def open_web(site: Site, base: str) -> "Web":
    """Return a conversation with the API below base; the HTTP library is imported when the first one is used."""
    from desktop.studio.web import Web

    return Web(site, base)
