"""Connections as the window and the command line see them: saved, tested, trusted."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from desktop.core.connection import Address, Connection
from desktop.core.errors import (
    HostKeyUnknown,
    KeyLocked,
    LoginFailed,
    NotEncrypted,
    NotFound,
    NotTheFile,
    TargetUnwritable,
    UsageError,
)
from desktop.core.media import EntryKind
from desktop.core.paths import at_home
from desktop.core.redaction import register_secret
from desktop.places import Places
from desktop.store import secrets
from desktop.store.database import Store
from desktop.studio.gallery import open_client
from desktop.transfer.consents import agreed, forget_consent, not_encrypted, remember_consent
from desktop.transfer.pins import remember_pin
from desktop.transfer.ports import Site
from desktop.transfer.sources import open_key
from desktop.transfer.trust import remember_host_key
from desktop.work.background import Background, Desk, Failed, Mailbox, Work, ask, ignore
from desktop.work.sites import WEB, Sites, check_connection


class ConnectionDesk(QObject):
    """The saved connections and those of the studio's site file; `changed` tells that the list is another now."""

    changed = Signal()

    def __init__(
        self,
        parts: tuple[Desk, Mailbox, Store],
        background: Background,
        sites: Sites,
        places: Places,
        studio: Sequence[Connection],
    ) -> None:
        """studio: the connections of the site file, which cannot be changed here."""
        super().__init__()
        self._desk, self._answers, self._store = parts
        self._background, self._sites, self._places = background, sites, places
        self._studio = tuple(studio)
        self._saved: tuple[Connection, ...] = ()

    def load(self, saved: Sequence[Connection]) -> None:
        """Take over the saved connections."""
        self._saved = tuple(saved)
        self._sites.know(self.all())
        self.changed.emit()

    def all(self) -> tuple[Connection, ...]:
        """Return every connection, the user's own before the studio's; an own one hides a studio's namesake."""
        own = {connection.name for connection in self._saved}
        return self._saved + tuple(c for c in self._studio if c.name not in own)

    def get(self, name: str) -> Connection:
        """Return one connection; raise NotFound."""
        return self._sites.connection(name)

    def save(self, connection: Connection, password: str | None, then: Callable[[], None], failed: Failed) -> None:
        """Save the connection, and its password in the keyring.

        Without a keyring the connection is saved, the password is kept for this run of the program, and `failed`
        gets NoSecretStore after all the rest was done.
        """
        before = next((known for known in self._saved if known.name == connection.name), connection)
        try:
            check_connection(connection)
            if before.address != connection.address:
                self._take_back(before)
        except (UsageError, TargetUnwritable) as error:
            failed(error)
            return

        elsewhere = (before.address, before.root, before.layout) != (
            connection.address,
            connection.root,
            connection.layout,
        )

        def keep() -> tuple[Connection, ...]:
            self._store.connections.save(connection)
            if elsewhere:
                self._store.structures.remove(connection.name)
            return tuple(self._store.connections.all())

        def kept(saved: tuple[Connection, ...]) -> None:
            self.load(saved)
            if password is None:
                then()
            else:
                self.remember_password(connection.name, password, True, then, failed)

        ask(self._desk, self._answers, keep, kept, failed)

    def remove(self, name: str, then: Callable[[], None], failed: Failed) -> None:
        """Forget a connection, its cached structure and its password."""
        connection = next((c for c in self._saved if c.name == name), None)
        if connection is None:
            failed(NotFound(title=f"There is no connection called {name!r} of your own.", path=name))
            return
        try:
            self._take_back(connection)
        except TargetUnwritable as error:
            failed(error)
            return

        def forget() -> tuple[Connection, ...]:
            self._store.connections.remove(name)
            return tuple(self._store.connections.all())

        def forgotten(saved: tuple[Connection, ...]) -> None:
            self.load(saved)
            then()

        ask(self._desk, self._answers, forget, forgotten, failed)
        self._sites.forget_password(name)
        others = tuple(known for known in self.all() if known.name != name)
        if not any(known.address == connection.address for known in others):
            self._background.run(lambda _work: secrets.forget(connection.address.origin), ignore, failed)
        if connection.identity and not any(known.identity == connection.identity for known in others):
            key = at_home(connection.identity)
            self._background.run(lambda _work: secrets.forget(str(key)), ignore, failed)

    def remember_password(self, name: str, password: str, keep: bool, then: Callable[[], None], failed: Failed) -> None:
        """Use the password from now on; with keep, put it in the keyring too (NoSecretStore goes to failed)."""
        self._sites.remember_password(name, password)
        if not keep:
            then()
            return
        origin = self._sites.connection(name).address.origin
        self._background.run(lambda _work: secrets.set(origin, password), lambda _none: then(), failed)

    def test(self, connection: Connection, password: str | None, then: Callable[[str], None], failed: Failed) -> Work:
        """Connect, log in and look at the root; `then` gets a sentence saying what was found."""
        return self._background.run(lambda work: self._try(work, connection, password), then, failed)

    def trust(self, error: HostKeyUnknown | NotEncrypted, then: Callable[[], None], failed: Failed) -> None:
        """Remember what the error carries - a host key, a certificate, a consent - so that the next attempt goes on."""
        self._background.run(lambda _work: self._remember(error), lambda _none: then(), failed)

    def agree(self, address: Address) -> bool:
        """Take it that the user, who wrote this address, knows plain FTP; tell whether a password of it goes in clear.

        Raises TargetUnwritable.
        """
        if address.bares:
            remember_consent(self._places.unencrypted, not_encrypted(address).origin)
        return address.bares

    def consent_wanted(self, address: Address) -> NotEncrypted | None:
        """Return the question to ask before a password for the address is used, if there is one."""
        asks = address.bares and not agreed(self._places.unencrypted, address)
        return not_encrypted(address) if asks else None

    def locked(self, key: Path) -> bool:
        """Tell whether the key file takes a passphrase to open; one that is no key at all does not."""
        try:
            open_key(key, None)
        except LoginFailed as error:
            return isinstance(error, KeyLocked)
        return False

    def unlock(self, key: Path, passphrase: str, keep: bool, then: Callable[[], None], failed: Failed) -> None:
        """Open the key file with the passphrase from now on; with keep, put that in the keyring too.

        failed: KeyLocked for one that does not open it, LoginFailed for no such key, NoSecretStore after all the rest.
        """

        def use(_work: Work) -> None:
            open_key(key, passphrase)
            self._sites.remember_passphrase(key, passphrase)
            if keep:
                secrets.set(str(key), passphrase)

        register_secret(passphrase)
        self._background.run(use, lambda _none: then(), failed)

    def _try(self, work: Work, connection: Connection, password: str | None) -> str:
        check_connection(connection)
        known = any(c == connection for c in self.all())
        if known and password is None:
            site = self._sites.site(connection.name)
        else:
            login = self._sites.login(connection, password)
            site = Site(connection.address, login, self._sites.trust(connection.address))
        if connection.address.protocol in WEB:
            return self._try_web(work, connection, site)
        source = self._sites.source(connection.name, site)
        work.on_cancel(source.close)
        try:
            source.connect()
            entries = source.list(connection.root)
        finally:
            source.close()
        folders = sum(entry.kind is EntryKind.FOLDER for entry in entries)
        noun = "folder" if folders == 1 else "folders"
        return f"Connected to {connection.address.origin}: {connection.root} holds {folders} {noun}."

    def _try_web(self, work: Work, connection: Connection, site: Site) -> str:
        """Ask for the gallery; a web server without one is reached all the same, it may have jobs or plain files."""
        where = f"Connected to {connection.address.origin}, a web server"
        client = open_client(site, connection.root.rstrip("/"))
        work.on_cancel(client.close)
        try:
            with client:
                count = len(client.listing().videos)
        except (NotFound, NotTheFile) as error:
            return f"{where}. {error.title} {error.cause}".rstrip()
        return f"{where}: its gallery lists {count:,} {'video' if count == 1 else 'videos'}."

    def _take_back(self, connection: Connection) -> None:
        """Forget the consent to an address that no other connection has; raise TargetUnwritable."""
        address = connection.address
        if address.bares and not any(c.name != connection.name and c.address == address for c in self.all()):
            forget_consent(self._places.unencrypted, address)

    def _remember(self, error: HostKeyUnknown | NotEncrypted) -> None:
        if isinstance(error, NotEncrypted):
            remember_consent(self._places.unencrypted, error.origin)
        elif error.key.count(" "):
            remember_host_key(self._places.known_hosts, error.key)
        else:
            remember_pin(self._places.certificates, error.host, error.key)
