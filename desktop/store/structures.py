"""Scanned structures, cached so that a known tree opens at once."""

import zlib

from desktop.core.media import Publication, ShotKey, Structure
from desktop.store.access import Access, damaged, loaded, stored
from desktop.store.structure_content import UnknownFormat, pack, unpack
from desktop.store.tables import PublicationRow, StructureRow

_COLUMNS = ("connection", "position", "project", "episode", "sequence", "shot", "department", "path", "content")


Packed = list[tuple[object, ...]]
"""A structure as its rows."""


def packed(structure: Structure) -> Packed:
    """Return the structure's publications as `Structures.save` writes them; any thread may do that work."""
    return [
        (
            structure.connection,
            position,
            stored(publication.key.project),
            stored(publication.key.episode),
            stored(publication.key.sequence),
            stored(publication.key.shot),
            stored(publication.department),
            stored(publication.path),
            pack(publication.versions),
        )
        for position, publication in enumerate(structure.publications)
    ]


class Structures:
    """The last structure of each connection."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def load(self, connection: str, since: float = 0.0) -> Structure | None:
        """Return the structure of the last scan, or None if there is none (or another ShotDock's format keeps it).

        since: seconds since the epoch; one that was scanned earlier is not read at all.
        """
        head = self._access.row(StructureRow.select().where(StructureRow.connection == connection))
        if head is None:
            return None
        name, root, layout, scanned_at = head
        if scanned_at < since:
            return None
        query = (
            PublicationRow.select(
                PublicationRow.project,
                PublicationRow.episode,
                PublicationRow.sequence,
                PublicationRow.shot,
                PublicationRow.department,
                PublicationRow.path,
                PublicationRow.content,
            )
            .where(PublicationRow.connection == connection)
            .order_by(PublicationRow.position)
        )
        # All of them first: an error in between would take the open cursor to the thread on which it is told.
        rows = tuple(self._access.rows(query))
        try:
            publications = tuple(
                Publication(
                    ShotKey(loaded(project), loaded(episode), loaded(sequence), loaded(shot)),
                    loaded(department),
                    loaded(path),
                    unpack(content),
                )
                for project, episode, sequence, shot, department, path, content in rows
            )
        except UnknownFormat:
            return None
        except (zlib.error, ValueError) as error:
            raise damaged(
                self._access.path, f"The cached structure of {connection} cannot be read: {error}."
            ) from error
        return Structure(name, loaded(root), layout, scanned_at, publications)

    def save(self, structure: Structure, rows: Packed | None = None) -> None:
        """Put the structure in the place of the connection's last one. rows: itself, if it is `packed` already."""
        with self._access.writing():
            self._access.run(StructureRow.delete().where(StructureRow.connection == structure.connection))
            self._access.run(
                StructureRow.insert(
                    connection=structure.connection,
                    root=structure.root,
                    layout=structure.layout,
                    scanned_at=structure.scanned_at,
                )
            )
            self._access.add(PublicationRow, _COLUMNS, packed(structure) if rows is None else rows)

    def remove(self, connection: str) -> None:
        """Forget the connection's structure, if there is one."""
        with self._access.writing():
            self._access.run(StructureRow.delete().where(StructureRow.connection == connection))
