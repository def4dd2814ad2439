"""What the gallery shows when there are no videos to show: each time the one thing to do next."""

from desktop.core.errors import HostKeyUnknown, LoginFailed, NotAllowed, ShotDockError, Unreachable
from desktop.ui.models.gallery_session import GallerySession, Phase
from desktop.ui.theme import Theme
from desktop.ui.widgets.card import CHECK
from desktop.ui.widgets.empty import Empty, EmptyPages


class GalleryEmpty(EmptyPages):
    """`act` carries what is wanted: demo, connect, login, trust, again or clear."""

    def __init__(self, theme: Theme, demo: bool) -> None:
        super().__init__(theme)
        self._none = Empty(
            theme,
            "gallery",
            "See what is finished",
            "The gallery shows the videos of your studio's server as pictures: play them here, and download the "
            "ones you want, whole and resumed after any interruption."
            + (" The demo studio has a gallery of its own: look around without a server." if demo else ""),
            *self.doors("Connect to a gallery\N{HORIZONTAL ELLIPSIS}", demo),
        )
        self._starting = Empty(
            theme,
            "demo",
            "Starting the demo studio",
            "It makes its shots and videos on this machine; that takes a moment.",
        )
        self._empty = Empty(
            theme,
            "gallery",
            "No videos yet",
            "The server answered, and its gallery is empty. What is finished appears here when you refresh.",
            self.button("Refresh", "refresh", "again", first=True),
        )
        self._login = Empty(
            theme,
            "key",
            "",
            "",
            self.button("Enter a token\N{HORIZONTAL ELLIPSIS}", "key", "login", first=True),
            self.button("Try again", "refresh", "again"),
        )
        self._refused = Empty(
            theme,
            "lock",
            "",
            "",
            self.button("Try again", "refresh", "again", first=True),
            self.button("Log in as somebody else\N{HORIZONTAL ELLIPSIS}", "key", "login"),
        )
        self._trust = Empty(
            theme,
            "lock",
            "",
            "",
            self.button(CHECK, "lock", "trust", first=True),
        )
        self._away = Empty(
            theme,
            "offline",
            "",
            "",
            self.button("Try again", "refresh", "again", first=True),
            self.button("Check the address\N{HORIZONTAL ELLIPSIS}", "server", "login"),
        )
        self._no_match = Empty(
            theme,
            "filter",
            "Nothing matches",
            "No video passes the search field and what is chosen above.",
            self.button("Clear the filter", "close", "clear", first=True),
        )
        pages = (self._none, self._starting, self._empty, self._login)
        for page in (*pages, self._refused, self._trust, self._away, self._no_match):
            self.addWidget(page)

    def show_for(self, session: GallerySession) -> None:
        """Show the page of what the session has come to."""
        if session.phase is Phase.NOTHING:
            self.setCurrentWidget(self._none)
        elif session.error is not None:
            self._show_error(session.error)
        else:
            self.setCurrentWidget(self._empty)

    def show_no_match(self) -> None:
        """Show that the filter leaves nothing."""
        self.setCurrentWidget(self._no_match)

    def show_starting(self) -> None:
        """Show that the demo studio is being made: that takes a few seconds."""
        self.setCurrentWidget(self._starting)

    def _show_error(self, error: ShotDockError) -> None:
        page, icon, more = self._away, "offline", error.suggestion
        if isinstance(error, LoginFailed):
            page, icon, more = self._login, "key", "Your administrator or the server's own page gives you a token."
        elif isinstance(error, NotAllowed):
            page, icon = self._refused, "lock"
            more = "You are logged in, but not let in: ask whoever runs the server to open the gallery for you."
        elif isinstance(error, HostKeyUnknown):
            page, icon = self._trust, "lock"
        elif not isinstance(error, Unreachable):
            icon = "error"
        page.say(icon, error.title, " ".join(part for part in (error.cause, more) if part))
        self.setCurrentWidget(page)
