"""Scan a connection's tree into a structure: which shots, departments, versions and files there are.

A version folder without any file is not a version yet; with nothing but temporary names it is one that is still
uploading. Hidden names and editors' backup copies are left out, links are not followed.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from desktop.core.connection import Connection
from desktop.core.errors import NotFound, RootMissing, Stopped
from desktop.core.media import Entry, EntryKind, Folder, Publication, ScanProgress, ShotKey, Structure, Version
from desktop.studio.closed import closed_folders
from desktop.studio.shots.naming import Layout, Step, shot_key
from desktop.studio.shots.templates import VERSION
from desktop.studio.shots.uploading import LOOKS, RECENT, YOUNG, changed_since, ordinary, unfinished_name
from desktop.studio.shots.versions import version_order
from desktop.transfer.ports import Source

_Name = tuple[ShotKey, str, str]
"""Shot, department and version label."""


def scan(
    source: Source,
    connection: Connection,
    layout: Layout,
    progress: ScanProgress,
    stopped: Callable[[], bool],
    now: float,
    previous: Structure | None = None,
) -> Structure:
    """Return what the layout recognises below the connection's root.

    source: connected. progress: its counters are bumped; folders that may not be read are listed in `skipped`. now:
    seconds since the epoch. previous: the last scan, to see growth. Raises RootMissing, NotAllowed for the root,
    Stopped, and whatever breaks the connection.
    """
    reading = _Reading(connection, layout, progress)
    try:
        for folder in source.walk(connection.root, reading.enter, stopped):
            if stopped():
                raise Stopped
            reading.take(folder)
    except NotFound as error:
        if progress.folders:
            raise
        raise RootMissing(
            title=f"The root folder of {connection.name} does not exist.",
            cause=f"There is no {connection.root} on {connection.address.origin}.",
            suggestion="Correct the connection's URL; its path is where the projects lie.",
            path=connection.root,
        ) from error
    progress.skipped += closed_folders(source, reading.empty, stopped)
    growing = reading.growing(source, stopped, now, previous)
    return Structure(connection.name, connection.root, connection.layout, now, reading.publications(growing))


@dataclass(slots=True)
class _Draft:
    """A version being put together: its files by path, the newest one, and how many leading parts its shot has."""

    number: int
    shot: str
    files: dict[str, Entry] = field(default_factory=dict)
    newest: Entry | None = None
    unfinished: bool = False

    def add(self, entry: Entry) -> None:
        self.files[entry.path] = entry
        if self.newest is None or (entry.mtime or 0) > (self.newest.mtime or 0):
            self.newest = entry

    def suspect(self, now: float) -> bool:
        """Tell whether the newest file is young, as far as the server's clock and precision tell."""
        newest = self.newest
        return newest is not None and newest.mtime is not None and newest.mtime + newest.precision > now - YOUNG


class _Reading:
    """The tree as far as it was read."""

    def __init__(self, connection: Connection, layout: Layout, progress: ScanProgress) -> None:
        self._layout, self._progress = layout, progress
        self._root = connection.root.rstrip("/")
        self._project = PurePosixPath(connection.root).name
        self._places: dict[str, tuple[Step, ...]] = {self._root: layout.start()}
        self._drafts: dict[_Name, _Draft] = {}
        self._keys: dict[tuple[str, ...], ShotKey] = {}
        self._listed: dict[str, float] = {}
        self.empty: list[str] = []

    def enter(self, entry: Entry) -> bool:
        """Tell whether anything the layout knows can lie below a folder, and remember the folder's place."""
        if entry.kind is not EntryKind.FOLDER or not ordinary(entry.name) or not entry.name:
            return False
        # A name with separators in it would have a parent that was never entered: it is told of, and left out.
        steps = self._places.get(entry.path.rpartition("/")[0])
        if steps is None:
            self._progress.skipped.append(entry.path)
        below = self._layout.down(steps, entry.name) if steps else ()
        if below:
            self._places[entry.path] = below
        return bool(below)

    def take(self, folder: Folder) -> None:
        """Sort a listed folder's files into versions."""
        path = folder.path.rstrip("/")
        self._progress.folders += 1
        self._progress.path = folder.path
        if not folder.entries:
            self.empty.append(folder.path)
        steps = self._places.get(path, ())
        if not any(step.index >= len(step.trail.levels) - (not step.trail.deep) for step in steps):
            return
        self._listed[path] = time.monotonic()
        for entry in folder.entries:
            if entry.kind is not EntryKind.FILE:
                continue
            name = entry.name
            finished = name if ordinary(name) else unfinished_name(name)
            draft = self._draft(steps, path, finished) if finished else None
            if draft is None:
                continue
            if finished is name:
                draft.add(entry)
                self._progress.files += 1
            else:
                draft.unfinished = True

    def growing(
        self, source: Source, stopped: Callable[[], bool], now: float, previous: Structure | None
    ) -> set[_Name]:
        """Return the versions that have temporary names, or that a second look finds changed."""
        found = {name for name, draft in self._drafts.items() if draft.unfinished}
        before = _before(previous, now, self._root)
        suspects: dict[str, float] = {}
        for name, draft in self._drafts.items():
            if name in found or draft.newest is None:
                continue
            grew = before is not None and before.get(name) != _measure(draft.files.values())
            if grew or draft.suspect(now):
                folder = draft.newest.path.rpartition("/")[0]
                suspects[folder] = max(suspects.get(folder, 0.0), draft.newest.mtime or 0.0)
        folders = [folder for folder in sorted(suspects, key=lambda f: -suspects[f]) if folder in self._listed][:LOOKS]
        sizes: dict[str, dict[str, int | None]] = {folder: {} for folder in folders}
        if folders:
            for draft in self._drafts.values():
                for path, entry in draft.files.items():
                    if (known := sizes.get(path.rpartition("/")[0])) is not None:
                        known[path] = entry.size
        for folder in folders:
            changed = changed_since(source, folder, sizes[folder], self._listed[folder], stopped)
            for path in sizes[folder] if changed is None else changed:
                name_there = path.rpartition("/")[2]
                if (owner := self._name(self._places[folder], unfinished_name(name_there) or name_there)) is not None:
                    found.add(owner[0])
        return found

    def publications(self, growing: set[_Name]) -> tuple[Publication, ...]:
        """Return what was found, in order."""
        gathered: dict[tuple[ShotKey, str], list[tuple[str, Version]]] = {}
        for name, draft in self._drafts.items():
            key, department, label = name
            files = tuple(draft.files[path] for path in sorted(draft.files))
            if files or draft.unfinished:
                version = Version(label, draft.number, files, name in growing)
                gathered.setdefault((key, department), []).append((draft.shot, version))
        order = {department: place for place, department in enumerate(self._layout.departments)}
        ordered = sorted(gathered.items(), key=lambda item: (item[0][0], order[item[0][1]]))
        return tuple(
            Publication(key, department, versions[0][0], tuple(sorted((v for _, v in versions), key=version_order)))
            for (key, department), versions in ordered
        )

    def _draft(self, steps: tuple[Step, ...], folder: str, name: str) -> _Draft | None:
        found = self._name(steps, name)
        if found is None:
            return None
        owner, step = found
        draft = self._drafts.get(owner)
        if draft is None:
            number = self._layout.versions[owner[1]].number(owner[2]) or 0
            parts = folder[len(self._root) + 1 :].split("/")[: step.trail.shot_depth]
            draft = self._drafts[owner] = _Draft(number, "/".join((self._root, *parts)))
        return draft

    def _name(self, steps: tuple[Step, ...], name: str) -> tuple[_Name, Step] | None:
        """Return whose file a name is."""
        found = self._layout.file(steps, name)
        if found is None:
            return None
        step, fields = found
        return (self._key(fields), step.trail.department, fields[VERSION]), step

    def _key(self, fields: Mapping[str, str]) -> ShotKey:
        """Return the fields' key, the same object for the same shot: a structure holds thousands of them."""
        key = shot_key(fields, self._project)
        known = self._keys.setdefault((key.project, key.episode, key.sequence, key.shot), key)
        self._progress.shots = len(self._keys)
        return known


def _before(previous: Structure | None, now: float, root: str) -> dict[_Name, tuple[int, int]] | None:
    """Return the sizes of a recent scan's versions, or None if there was none."""
    if previous is None or previous.root.rstrip("/") != root or now - previous.scanned_at > RECENT:
        return None
    return {(p.key, p.department, v.label): (len(v.files), v.bytes) for p in previous.publications for v in p.versions}


def _measure(files: Iterable[Entry]) -> tuple[int, int]:
    count = total = 0
    for file in files:
        count += 1
        total += file.size or 0
    return count, total
