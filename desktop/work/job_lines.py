"""Conversations with job servers, kept between two questions, so that not each one shakes hands anew."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from desktop.studio.jobs import open_web
from desktop.transfer.ports import Site
from desktop.work.background import Work
from desktop.work.sites import Server, Sites

if TYPE_CHECKING:
    from desktop.studio.web import Web


class Lines:
    """Conversations nobody uses just now, by server. Used from any thread."""

    def __init__(self, sites: Sites) -> None:
        self._sites = sites
        self._lock = threading.Lock()
        self._idle: dict[Server, list[tuple[Site, Web]]] = {}
        self._closed = False

    @contextmanager
    def line(self, work: Work, server: Server) -> Iterator["Web"]:
        """Return a conversation with the server for the block; a cancel of the work breaks it off.

        One that was begun as somebody else, or trusting others than would be now, is not used again.
        """
        site = self._sites.site(server.site)
        web = self._take(server, site) or open_web(site, server.base)
        work.on_cancel(web.close)
        try:
            yield web
        except BaseException:
            web.close()
            raise
        # Whoever cancels from here on does not mean the conversation, which may be another's at once.
        work.done()
        if work.stopped():
            web.close()
        else:
            self._give(server, site, web)

    def close(self) -> None:
        """Hang up; what is in use is hung up when it is given back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, {}
        for lines in idle.values():
            for _, web in lines:
                web.close()

    def _take(self, server: Server, site: Site) -> "Web | None":
        with self._lock:
            lines = self._idle.pop(server, [])
            fit = [web for begun, web in lines if begun == site]
            if len(fit) > 1:
                self._idle[server] = [(site, web) for web in fit[1:]]
        for begun, web in lines:
            if begun != site:
                web.close()
        return fit[0] if fit else None

    def _give(self, server: Server, site: Site, web: "Web") -> None:
        with self._lock:
            if not self._closed:
                self._idle.setdefault(server, []).append((site, web))
                return
        web.close()
