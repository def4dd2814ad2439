"""Which versions of a shot are under a destination, whoever brought them there."""

from collections.abc import Iterator
from dataclasses import dataclass

from desktop.core.errors import HostileName, NameTooLong
from desktop.core.media import Entry, Publication
from desktop.studio.disk import Disk
from desktop.studio.shots.naming import Layout
from desktop.studio.shots.templates import VERSION, Trail
from desktop.studio.shots.uploading import ordinary
from desktop.transfer.names import relative_target


@dataclass(frozen=True, slots=True, order=True)
class LocalVersion:
    """A version that has at least one file here."""

    number: int
    label: str


class Places:
    """Where a structure's files go under a destination: the server's tree, or the layout's local template.

    root: the connection's root. project: the project's name where no level of the layout tells it.
    """

    def __init__(self, layout: Layout, root: str) -> None:
        self._layout = layout
        self._root = root.rstrip("/")
        self._project = self._root.rpartition("/")[2]

    def target(self, file: Entry) -> str:
        """Return a file's path under the destination. Raise HostileName, NameTooLong."""
        relative = file.path[len(self._root) + 1 :]
        if not self._layout.local:
            return relative_target(relative.split("/"))
        match = self._layout.match(relative, self._project)
        return relative_target(self._layout.local_parts(match) if match else relative.split("/"))


def local_versions(layout: Layout, disk: Disk, publication: Publication) -> tuple[LocalVersion, ...]:
    """Return the versions of a publication that lie under the disk's root, lowest first."""
    rule = layout.versions.get(publication.department)
    if rule is None:
        return ()  # the layout has changed since the scan
    try:
        trails = layout.local_trails(publication.key, publication.department)
    except (HostileName, NameTooLong):
        return ()  # no folder here can bear such a name
    found = {label for trail in trails for label in _labels(disk, trail, 0, "", "")}
    return tuple(sorted(LocalVersion(number, label) for label in found if (number := rule.number(label)) is not None))


def _labels(disk: Disk, trail: Trail, index: int, folder: str, label: str) -> Iterator[str]:
    """Yield the version labels below a folder that stands at a level of the trail."""
    if index == len(trail.levels):
        if _holds_a_file(disk, folder):
            yield label
        return
    level = trail.levels[index]
    prefix = f"{folder}/" if folder else ""
    names_files = not trail.deep and index == len(trail.levels) - 1
    if level.literal is not None and not names_files:
        yield from _labels(disk, trail, index + 1, prefix + level.literal, label)
        return
    listing = disk.folder(folder)
    if names_files:
        for name in listing.files:
            if ordinary(name) and (given := level.match(name)) is not None:
                yield given.get(VERSION, label)
        return
    for name in listing.folders.values():
        if ordinary(name) and (given := level.match(name)) is not None:
            yield from _labels(disk, trail, index + 1, prefix + name, given.get(VERSION, label))


def _holds_a_file(disk: Disk, folder: str) -> bool:
    listing = disk.folder(folder)
    if any(map(ordinary, listing.files)):
        return True
    return any(_holds_a_file(disk, f"{folder}/{name}") for name in listing.folders.values() if ordinary(name))
