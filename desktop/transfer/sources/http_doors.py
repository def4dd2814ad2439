"""The doors to a file on a web server: a link elsewhere, a fresh one, the server's own path."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TypeVar

from desktop.core.errors import Ask, NotFound, Retry, ShotDockError, Stop
from desktop.transfer.ports import Links
from desktop.transfer.sources.http_wire import Wire

T = TypeVar("T")


class Doors:
    """Where the files of one site may be asked for. Used by one thread; only `sever` may be called from another."""

    def __init__(self, wire: Wire, links: Links | None) -> None:
        self._wire, self._links = wire, links

    @property
    def linked(self) -> bool:
        """Tell whether files may lie elsewhere."""
        return self._links is not None

    def sever(self) -> None:
        """Break off whatever goes on, from any thread."""
        self._wire.sever()
        if self._links is not None:
            self._links.close()

    def first(self, path: str, ask: Callable[[str | None], T]) -> T:
        """Return what asking at the first door gives that opens. ask: takes a URL, or None for the path itself.

        Raises what the last one raised; a server that is busy is not asked at its other doors.
        """
        if self._links is None:
            return ask(None)
        refused: ShotDockError | None = None
        for at in self._all(path, self._links):
            try:
                opened = ask(at)
            except (Stop, Ask, Retry) as error:
                refused = error
                continue
            if at is not None:
                self._links.did(path, at)
            return opened
        assert refused is not None, "the path itself is always asked for"
        raise _gone(refused, path) if isinstance(refused, NotFound) else refused

    def _all(self, path: str, links: Links) -> Iterator[str | None]:
        """Yield the doors, a fresh link only once the first did not do."""
        known = self._link(links, path, None)
        if known is not None:
            yield known
            fresh = self._link(links, path, known)
            if fresh is not None:
                yield fresh
                links.vain(path)
        yield None

    def _link(self, links: Links, path: str, refused: str | None) -> str | None:
        """Return a link; None if the server cannot tell one just now, for it may serve the path all the same."""
        with suppress(Stop, Ask, Retry):
            return links.link(path, refused)
        return None


def _gone(error: NotFound, path: str) -> NotFound:
    return NotFound(
        "The file is gone from the server.",
        f"Neither its link, nor a fresh one, nor the server itself has it. {error.cause}",
        "Retry it later; if it stays away, ask whoever runs the server to make it again.",
        path,
    )
