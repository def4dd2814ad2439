"""Decide each file's fate for a plan: where it goes, and what becomes of what is there."""

import shutil
from collections.abc import Callable
from pathlib import Path

from desktop.core.errors import ConflictAsked, HostileName, NameTooLong, ShotDockError, TargetUnwritable
from desktop.core.media import Entry
from desktop.core.plan import Action, ItemState, PlannedFile
from desktop.studio.disk import Disk, folded
from desktop.transfer import conflicts  # noqa: F401  the strategies register themselves
from desktop.transfer.names import Below, fold, shown
from desktop.transfer.partfile import PartIndex
from desktop.transfer.ports import CONFLICTS, Decision, Facts

_ACTIONS = {
    Decision.SKIP: Action.SKIP,
    Decision.REPLACE: Action.UPDATE,
    Decision.KEEP_BOTH: Action.KEEP_BOTH,
}


class Fates:
    """The fates of a plan's files, decided one by one; no two files get one target.

    conflict: a conflict strategy's name; raises UsageError if there is none of it.
    """

    def __init__(self, destination: Path, conflict: str) -> None:
        self.disk = Disk(destination)
        self._strategy = CONFLICTS[conflict]
        self._below = Below(destination)
        self._parts = PartIndex()
        self._root = destination
        self._taken: dict[str, Entry] = {}
        self._closed: dict[str, ShotDockError | None] = {}

    def decide(self, file: Entry, place: Callable[[], str], journaled: Entry | None = None) -> PlannedFile:
        """Return a file's fate.

        place: says where below the destination it goes, or raises HostileName, NameTooLong. journaled: the file as
        journals spell it, if that is otherwise.
        """
        try:
            target = place()
            folder, _, name = target.rpartition("/")
            self._refuse_closed(folder)
            first = self._taken.setdefault(fold(target), file)
            if first is not file:
                raise _same_target(first.path)
            listing = self.disk.folder(folder)
            if folded(name) in listing.folders:
                raise _folder_in_the_way(target)
        except (HostileName, NameTooLong, ConflictAsked, TargetUnwritable) as error:
            return blocked(file, error)
        existing = listing.files.get(folded(name))
        if existing is None:
            action, reason = Action.DOWNLOAD, ""
        else:
            verdict = self._strategy(existing, Facts(file.size, file.mtime, file.precision))
            action, reason = _ACTIONS[verdict.decision], verdict.reason
        reuse = 0
        if listing.parts and action is not Action.SKIP:
            reuse = self._parts.reusable(self._root / target, journaled or file)
        elif listing.parts and self._parts.remains(str(self._root / target)):
            # A plan touches nothing: the run, which skips the file just the same, clears that away.
            action, reason = Action.RESUME, f"{reason}; what an earlier run left beside it goes"
            reuse = file.size or 0
        if reuse and action is Action.DOWNLOAD:
            action, reason = Action.RESUME, f"{reuse:,} bytes of it are here from an earlier run"
        return PlannedFile(file.path, target, file.size, file.mtime, action, reason, file.etag, file.precision, reuse)

    def same(self, file: PlannedFile) -> bool:
        """Tell whether a file that is skipped is here already with the server's size."""
        existing = self.disk.facts(file.target) if file.action is Action.SKIP else None
        return existing is not None and None not in (existing.size, file.size) and existing.size == file.size

    def state(self, files: tuple[PlannedFile, ...]) -> ItemState:
        """Return how an item with these files begins: up to date if every one of them is here already."""
        return ItemState.UP_TO_DATE if files and all(map(self.same, files)) else ItemState.PLANNED

    def free(self) -> int | None:
        """Return the bytes free where the destination is or will be, or None if the system does not tell."""
        for folder in (self._root, *self._root.parents):
            try:
                return shutil.disk_usage(folder).free
            except OSError:
                continue  # not there yet, or not ours to see: the folder above is on the same volume
        return None

    def _refuse_closed(self, folder: str) -> None:
        """Raise what speaks against a folder: a link that leads out of the destination, or that it cannot be read."""
        if folder not in self._closed:
            self._closed[folder] = self._objection(folder)
        if (error := self._closed[folder]) is not None:
            raise error

    def _objection(self, folder: str) -> ShotDockError | None:
        try:
            # The name stands for any file in it: what is checked is the folder, links on the way followed.
            self._below.path(f"{folder}/x" if folder else "x")
        except HostileName as error:
            return error
        if cause := self.disk.folder(folder).error:
            return TargetUnwritable(
                title=f"{folder or self._root} cannot be used.",
                cause=f"{cause}.",
                suggestion="Check it and its permissions, or choose another destination.",
                path=str(self._root / folder),
            )
        return None


def blocked(file: Entry, error: ShotDockError) -> PlannedFile:
    """Return the fate of a file that cannot be fetched, and why."""
    reason = " ".join(text for text in (error.title, error.cause) if text)
    # The target of a file that goes nowhere is its name, for people to see.
    return PlannedFile(
        file.path,
        shown(file.name),
        file.size,
        file.mtime,
        Action.BLOCKED,
        reason,
        file.etag,
        file.precision,
        0,
        error.kind,
    )


def _same_target(first: str) -> ConflictAsked:
    return ConflictAsked(
        title="Another file has this target already.",
        cause=f"{shown(first)} goes there; here the two names may be one.",
        suggestion="Rename one of them on the server, or fetch them to two destinations.",
        path=first,
    )


def _folder_in_the_way(target: str) -> ConflictAsked:
    return ConflictAsked(
        title="A folder of this name is in the way.",
        cause=f"{target} is a folder here and a file on the server.",
        suggestion="Move the folder away.",
        path=target,
    )
