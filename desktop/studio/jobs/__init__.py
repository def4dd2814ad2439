"""Long-running jobs of servers: their kinds, and what is made of their results."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from desktop.transfer.ports import Site

if TYPE_CHECKING:
    from desktop.studio.jobs.shelf import Shelf
    from desktop.studio.web import Web


def open_web(site: Site, base: str) -> "Web":
    """Return a conversation with the API below base; the HTTP library is imported when the first one is used."""
    from desktop.studio.web import Web

    return Web(site, base)


def open_shelf(rules: Iterable[tuple[str, float, float]]) -> "Shelf":
    """Return what works on fetched artifacts; archives and packers are imported when there is something to work on."""
    from desktop.studio.jobs.shelf import Shelf

    return Shelf(rules)
