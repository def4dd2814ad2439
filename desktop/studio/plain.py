"""A plain transfer, without a layout: single files, and folders with everything below them.

A folder's tree is kept below `DEST/<folder name>/`, as `cp -r` does; a file goes to `DEST/<name>`. A web address gives
its last component as the name; what a server says in its headers never names a file.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from urllib.parse import unquote

from desktop.core.errors import LoginFailed, NotAllowed, ShotDockError, Stop, Stopped, Truncated, UsageError
from desktop.core.media import Entry, EntryKind
from desktop.core.plan import Plan, PlannedFile, PlannedItem, Request
from desktop.studio.closed import closed_folders
from desktop.studio.disk import Disk, folded
from desktop.studio.fates import Fates, blocked
from desktop.studio.shots.order import ranked
from desktop.transfer.names import local_name, relative_target, shown
from desktop.transfer.ports import Source


@dataclass(frozen=True, slots=True)
class Expanded:
    """One source of a plain transfer, looked up.

    site: where it is. path: as asked for. name: where it goes below the destination, components divided by "/"; ""
    for a folder whose contents go into the destination itself. folder: whether it is one. files: with web addresses
    the path carries the query. troubles: what cannot be fetched, and why. links: links left out.
    """

    site: str
    path: str
    name: str
    folder: bool = False
    files: tuple[Entry, ...] = ()
    troubles: tuple[tuple[Entry, ShotDockError], ...] = ()
    links: int = 0


def expand(
    source: Source,
    site: str,
    path: str,
    query: str,
    name: str | None,
    stopped: Callable[[], bool],
    here: Disk | None = None,
    ask: bool = True,
) -> Expanded:
    """Return the files of a path: itself, or everything below it; links and devices are left out.

    source: connected. path, query: of a web address percent-encoded. name: where it goes, or None for its own name.
    ask: whether to ask a web server for each file's size and time beforehand; without, they are asked for only where
    something of that name is `here`, in the destination, already. What is not there, or may not be read, is told in
    `troubles`, so that other sources still come. Raises UsageError for an address that names no file, Stopped, and
    what breaks the connection.
    """
    unknown = unasked(site, path, query, name, web=not source.features.listing)
    where, full = unknown.name, unknown.files[0].path
    if stopped():
        raise Stopped
    if not source.features.listing and not ask and not _something_here(here, where):
        return unknown
    try:
        found = source.stat(full)
    except Truncated:
        # A web server stumbles over one file (HTTP 500): the transfer tries it again, the others come meanwhile.
        return unknown
    except (Stop, LoginFailed) as error:
        # On the web each file is asked for anew, so a login one of them wants says nothing of the others.
        # A query may be a signature, and asking again needs another.
        return Expanded(site, path, where, troubles=((Entry(path), error),))
    if found.kind is not EntryKind.FOLDER:
        file = Entry(full, EntryKind.FILE, found.size, found.mtime, found.precision, found.etag)
        return Expanded(site, path, where, files=(file,))
    return _tree(source, site, path.rstrip("/"), where, stopped)


def unasked(site: str, path: str, query: str, name: str | None, web: bool = True) -> Expanded:
    """Return a path as one file of which nothing is known, as `expand` does where the server cannot be asked.

    web: whether it is on a web server. Raises UsageError for a web address that names no file.
    """
    where = name if name else _own_name(path, site, web)
    if web and not where:
        raise UsageError(
            title="This address names no file.",
            cause=f"{site}{path} ends with a slash; a web server has no folders to list.",
            suggestion="Add the file's name, or give it one in a list with -i.",
            path=f"{site}{path}",
        )
    return Expanded(site, path, where, files=(Entry(f"{path}?{query}" if query else path),))


def plan_plain(expanded: Sequence[Expanded], request: Request, lists: Sequence[str] = ()) -> Plan:
    """Return the plan of a plain transfer, an item for each source, in order. Nothing is touched.

    lists: of each source the list it stands in, or "": the files that one list names on one server are one item.
    Raises UsageError for an unknown conflict strategy.
    """
    fates = Fates(request.destination, request.conflict)
    batches: dict[object, list[Expanded]] = {}
    for place, found in enumerate(expanded):
        listed = lists[place] if lists and not found.folder else ""
        batches.setdefault((found.site, listed) if listed else place, []).append(found)
    items = []
    for batch in batches.values():
        files: list[PlannedFile] = []
        for found in batch:
            files += [fates.decide(one, partial(_target, found, one), _journaled(found, one)) for one in found.files]
            files += [blocked(entry, error) for entry, error in found.troubles]
        planned = ranked(files, request.options.order)
        message = _left_out(sum(found.links for found in batch))
        first = batch[0]
        label = shown(first.path) or "/" if len(batch) == 1 else f"{len(batch):,} files of {first.site}"
        items.append(PlannedItem(first.site, label, planned, state=fates.state(planned), message=message))
    return Plan(request, tuple(items), fates.free())


def _tree(source: Source, site: str, root: str, where: str, stopped: Callable[[], bool]) -> Expanded:
    files: dict[str, Entry] = {}
    refused: dict[str, tuple[Entry, ShotDockError]] = {}
    empty: list[str] = []
    links = 0

    def enter(folder: Entry) -> bool:
        if folder.path in refused:
            return False
        try:
            relative_target(_below(root, folder))
        except Stop as error:
            # Its name may lead anywhere: such a folder is told of, never entered.
            refused[folder.path] = folder, error
            return False
        return True

    for folder in source.walk(root or "/", enter, stopped):
        if stopped():
            raise Stopped
        if not folder.entries:
            empty.append(folder.path)
        above = len(folder.path.rstrip("/")) + 1
        for entry in folder.entries:
            if entry.kind is EntryKind.FILE:
                files[entry.path] = entry
            elif entry.kind is EntryKind.FOLDER:
                try:
                    local_name(entry.path[above:])
                except Stop as error:
                    refused[entry.path] = entry, error
            links += entry.kind is EntryKind.LINK
    closed = [(Entry(path, EntryKind.FOLDER), _closed(path)) for path in closed_folders(source, empty, stopped)]
    ordered = tuple(files[path] for path in sorted(files))
    return Expanded(site, root, where, True, ordered, (*refused.values(), *closed), links)


def _target(found: Expanded, file: Entry) -> str:
    parts = found.name.split("/") if found.name else []
    if found.folder:
        parts += _below(found.path, file)
    return relative_target(parts)


def _below(root: str, entry: Entry) -> list[str]:
    return entry.path[len(root) :].removeprefix("/").split("/")


def _left_out(links: int) -> str:
    if not links:
        return ""
    return "1 link was left out" if links == 1 else f"{links:,} links were left out"


def _journaled(found: Expanded, file: Entry) -> Entry:
    """Return the file as a journal of its part spells it: a query changes with every signature."""
    web = found.site.startswith(("http://", "https://"))
    return replace(file, path=file.path.partition("?")[0]) if web and "?" in file.path else file


def _own_name(path: str, site: str, web: bool) -> str:
    """Return the path's last component; "" if it has none, or is the folder above or itself."""
    if web:
        return unquote(path.rpartition("/")[2])
    if site.startswith("file:") and os.sep != "/":
        path = path.replace(os.sep, "/")
    name = path.rstrip("/").rpartition("/")[2]
    return "" if name in (".", "..") else name


def _something_here(here: Disk | None, where: str) -> bool:
    """Tell whether the destination has the file already, or part files that may be of it."""
    if here is None:
        return False
    try:
        folder, _, name = relative_target(where.split("/")).rpartition("/")
    except Stop:
        return False
    listing = here.folder(folder)
    return listing.parts or folded(name) in listing.files


def _closed(path: str) -> NotAllowed:
    return NotAllowed(f"You may not read {shown(path)}.", "The server denies it.", "Ask its owner for access.", path)
