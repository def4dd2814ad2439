"""Saved connections. Their secrets are in the keyring."""

from typing import Any

from desktop.core.connection import Address, Connection
from desktop.core.errors import NotFound
from desktop.store.access import Access, loaded
from desktop.store.tables import ConnectionRow, StructureRow


class Connections:
    """The connections the user saved, by name."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def all(self) -> tuple[Connection, ...]:
        """Return every saved connection, by name."""
        query = ConnectionRow.select().order_by(ConnectionRow.name)
        return tuple(_connection(row) for row in self._access.rows(query))

    def get(self, name: str) -> Connection:
        """Return one connection; raise NotFound, naming the saved ones."""
        row = self._access.row(ConnectionRow.select().where(ConnectionRow.name == name))
        if row is None:
            raise self._unknown(name)
        return _connection(row)

    def save(self, connection: Connection) -> None:
        """Add the connection, or replace the one of its name.

        A cached structure that another server, root or layout gave is forgotten.
        """
        address = connection.address
        row = {
            "name": connection.name,
            "protocol": address.protocol,
            "host": address.host,
            "port": address.port,
            "user": address.user,
            "root": connection.root,
            "layout": connection.layout,
            "identity": connection.identity,
            "max_connections": connection.max_connections,
        }
        with self._access.writing():
            known = self._access.row(ConnectionRow.select().where(ConnectionRow.name == connection.name))
            before = None if known is None else _connection(known)
            if before and (before.address, before.root, before.layout) != (
                address,
                connection.root,
                connection.layout,
            ):
                self._access.run(StructureRow.delete().where(StructureRow.connection == connection.name))
            self._access.run(ConnectionRow.insert(row).on_conflict_replace())

    def remove(self, name: str) -> None:
        """Forget a connection and its cached structure; raise NotFound. Its tasks stay as history."""
        with self._access.writing():
            if not self._access.run(ConnectionRow.delete().where(ConnectionRow.name == name)):
                raise self._unknown(name)
            self._access.run(StructureRow.delete().where(StructureRow.connection == name))

    def _unknown(self, name: str) -> NotFound:
        known = ", ".join(connection.name for connection in self.all())
        return NotFound(
            title=f"There is no connection called {name!r}.",
            cause=f"Saved: {known}." if known else "None is saved yet.",
            suggestion="Add it with: shotdock connections add NAME URL",
            path=name,
        )


def _connection(row: tuple[Any, ...]) -> Connection:
    name, protocol, host, port, user, root, layout, identity, most = row
    return Connection(
        name,
        Address(protocol, host, port, user),
        loaded(root),
        layout,
        None if identity is None else loaded(identity),
        most,
    )
