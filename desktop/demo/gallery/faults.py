"""What can go wrong with a gallery, on request."""

from dataclasses import dataclass

from desktop.demo.faults import Faults
from desktop.demo.web import Answer

LOGIN_PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in to go on.</body></html>\n"


@dataclass
class GalleryFaults(Faults):
    """More switches. unlinked: the list gives `file_url` null for every video. refusing: storage refuses every link,
    and the API gives the bytes itself. elsewhere: redirects go to storage by the name localhost. page: storage answers
    an HTML page with status 200.
    """

    unlinked: bool = False
    refusing: bool = False
    elsewhere: bool = False
    page: bool = False

    def of_storage(self) -> Answer | None:
        """Return what storage answers to a good link instead of the video."""
        return Answer(content=LOGIN_PAGE, type="text/html; charset=utf-8") if self.page else None
