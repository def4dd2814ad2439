"""Finished videos: a server's list of them, their pictures, what to fetch, what is here, and something to play."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QObject

from desktop.core.gallery import Video
from desktop.core.plan import Plan, Request
from desktop.places import Places
from desktop.store.database import Store
from desktop.work.background import Background, Desk, Failed, Mailbox, Work
from desktop.work.sites import Sites


class GalleryDesk(QObject):
    """The galleries of web servers; every call returns at once, answers come on the thread that asked.

    server: a saved connection's name, or the URL the gallery's API lies under. Its links are kept in memory, so that
    transfers use them; what is wrong with a server (UsageError, NotFound for a name) goes to `failed` like the rest.
    """

    def __init__(
        self, parts: tuple[Desk, Mailbox, Store], background: Background, sites: Sites, places: Places
    ) -> None:
        super().__init__()
        self._desk, self._answers, self._store = parts
        self._background, self._sites, self._places = background, sites, places

    def videos(self, server: str, then: Callable[[tuple[Video, ...]], None], failed: Failed) -> Work:
        """Ask for the list, in the server's order.

        failed: Unreachable, LoginFailed, NotAllowed, HostKeyUnknown (ask, `connections.trust`, ask again), NotTheFile
        for an answer that is no gallery's.
        """
        raise NotImplementedError

    def thumbnail(self, server: str, video: Video, then: Callable[[bytes], None], failed: Failed) -> Work:
        """Ask for a video's picture, as encoded bytes (JPEG, PNG ...), from the disk if it was seen before.

        Of many that wait the latest asked for comes first; cancel those that scrolled away. failed: NotFound if
        there is none, NotTheFile for what is no picture or larger than 8 MB.
        """
        raise NotImplementedError

    def plan(
        self, server: str, videos: Sequence[Video], request: Request, then: Callable[[Plan], None], failed: Failed
    ) -> Work:
        """Plan to fetch these videos, an item for each; nothing is touched. `services.tasks.submit` runs the plan.

        request: destination, conflict, options and name count; its connection is filled in here.
        """
        raise NotImplementedError

    def whereabouts(
        self,
        server: str,
        videos: Sequence[Video],
        destination: Path | None,
        then: Callable[[Mapping[str, Path]], None],
    ) -> Work:
        """Ask which of these videos lie whole on this machine: video id -> file.

        Known are those that a task brought here, anywhere, if they are still there with the size they came in; and
        those in `destination` under the video's own name with the size the list tells.
        """
        raise NotImplementedError

    def watch(
        self,
        server: str,
        video: Video,
        then: Callable[[Path], None],
        progress: Callable[[int, int | None], None],
        failed: Failed,
    ) -> Work:
        """Bring a video for the player: the file on disk if it is here, else fetched into a bounded cache.

        progress: (bytes here, bytes in all or None), about five times a second. Cancelled, it goes on from the byte
        reached when asked for again. No task is made of it.
        """
        raise NotImplementedError

    def remember_token(
        self, server: str, token: str, keep: bool, then: Callable[[], None], failed: Failed
    ) -> None:
        """Use the token for this server from now on; with keep, put it in the keyring too.

        token: a bearer token, or a whole line `Cookie: name=value`. Without a keyring `failed` gets NoSecretStore, and
        the token serves for this run of the program all the same.
        """
        raise NotImplementedError
