"""The folders below a destination: made once, safely, and made durable with what is put into them."""

import os
import threading
from contextlib import suppress
from pathlib import Path

from desktop.core.errors import HostileName, TargetUnwritable
from desktop.core.media import Entry
from desktop.transfer.disk import HOLDS, disk, hold, reach, sync_folder, which
from desktop.transfer.names import Below, shown
from desktop.transfer.partfile import Adopted, PartIndex


def swapped(folder: str) -> HostileName:
    """Return the error for a folder in whose place something else is."""
    return HostileName(
        title="A folder of the destination is not where it was.",
        cause=f"Something else was put in the place of {shown(folder)} while files were on their way.",
        suggestion="Ask who else writes there, then resume.",
        path=shown(folder),
    )


class Folders:
    """Makes folders below one destination; thread-safe."""

    def __init__(self, destination: Path) -> None:
        self._destination = str(destination)
        self._inside = self._destination.rstrip(os.sep) + os.sep
        self._below: Below | None = None
        self._device = 0
        self._made: set[str] = set()
        self._known: dict[str, tuple[int, int]] = {}
        """Device and inode of each, found inside the destination."""
        self._unsynced: set[str] = set()
        self._vouched: set[str] = set()
        self._lock = threading.Lock()
        self._syncing = threading.Lock()
        self._parts = PartIndex()
        self.fresh: set[str] = set()
        """Folders made by this run: nothing that was not brought by it, or only just now by others, is in them."""

    def check(self, folder: str, target: str) -> None:
        """Raise HostileName if the target's folder is not the destination or below it."""
        if folder not in self._made and folder != self._destination and not folder.startswith(self._inside):
            raise HostileName(
                title="A file would land outside the destination.",
                cause=f"{shown(target)} is not below {shown(self._destination)}.",
                suggestion="Choose another destination, or rename the file on the server.",
                path=shown(target),
            )

    def ensure(self, folder: str) -> None:
        """Make the folder and its parents; raise HostileName if a link leads out of the destination."""
        if folder in self._made:
            return
        with self._lock:
            if folder not in self._made:
                self._make(folder)

    def renew(self, folder: str) -> None:
        """Make a folder again that someone removed; raise TargetUnwritable if the destination itself is gone."""
        with self._lock:
            self._made.clear()
            if self._below is not None:
                self._below.forget()
            self._make(folder)

    def hold(self, folder: str) -> int | None:
        """Open a folder that was ensured, to make names in; None on systems that look nothing up in one.

        Another account may put a link in a shared folder's place at any moment: what is opened is what was found when
        it was ensured. Raises HostileName, OSError.
        """
        if not HOLDS:
            return None
        fd = self._hold(folder)
        if fd is None:
            self.renew(folder)
            fd = self._hold(folder)
        if fd is None:
            raise swapped(folder)
        return fd

    def look(self, folder: str, target: str) -> None:
        """Look whether a target's folder, which was ensured, is still what bears its name; raise ShotDockError."""
        with disk(target):
            if HOLDS and not self._stays(folder):
                self.renew(folder)
                if not self._stays(folder):
                    raise swapped(folder)

    def adopt(self, target: str, token: str, file: Entry) -> Adopted | None:
        """Take over a dead run's part of the target; see `PartIndex.adopt`."""
        with self._lock:
            return self._parts.adopt(target, token, file)

    def confirm(self, folder: str, target: str) -> None:
        """Bring to its end what an earlier run may have left at a target that is whole; raise ShotDockError.

        It was killed before it had removed its part (see `PartIndex.tidy`) or before the file's name was durable, or
        the disk refused to make it so.
        """
        with self._lock, disk(target):
            self._parts.tidy(target)
        self._vouch(folder)

    def sync(self, folders: set[str]) -> None:
        """Make the names in the folders durable, and those of folders made since the last call."""
        for folder in folders:
            self._sync(folder)
        # One at a time: whoever comes meanwhile may have put something into one of these.
        with self._syncing:
            with self._lock:
                above, self._unsynced = self._unsynced, set()
            try:
                while above:
                    self._sync(above.pop())
            finally:
                with self._lock:
                    self._unsynced |= above

    def _sync(self, folder: str) -> None:
        with disk(folder), suppress(FileNotFoundError):  # removed by someone since: no name in it is left to keep
            sync_folder(folder)

    def _vouch(self, folder: str) -> None:
        """Make the names durable that are in a folder already, and the way to it, once a run."""
        unsure, path = set[str](), folder
        while path not in self._vouched and path not in unsure and len(path) >= len(self._destination):
            unsure.add(path)
            path = os.path.dirname(path)  # for each of thousands of files
        if unsure:
            # The destination may have been made by that run, too.
            above = {path} if os.access(path, os.W_OK) else set()
            self.sync(unsure | above)
            self._vouched |= unsure

    def _hold(self, folder: str) -> int | None:
        try:
            fd = hold(folder)
        except FileNotFoundError:
            return None
        if which(fd) == self._known.get(folder):
            return fd
        os.close(fd)
        return None

    def _stays(self, folder: str) -> bool:
        try:
            facts = os.stat(folder)
        except FileNotFoundError:
            return False
        return (facts.st_dev, facts.st_ino) == self._known.get(folder)

    def _make(self, folder: str) -> None:
        if self._below is None:
            self._start()
        self._check_device()
        assert self._below is not None
        relative = os.path.relpath(folder, self._destination).replace(os.sep, "/")
        if relative != ".":
            # The name stands for any file in it: what is checked is the folder, links on the way followed.
            self._below.path(f"{relative}/x")
            with disk(folder):
                self._mkdir(folder)
        if HOLDS:
            with disk(folder):
                self._known[folder] = reach(self._below.real("" if relative == "." else relative))
        self._made.add(folder)

    def _start(self) -> None:
        with disk(self._destination):
            missing = []
            path = Path(self._destination)
            while not path.exists():
                missing.append(path)
                path = path.parent
            for path in reversed(missing):
                path.mkdir(exist_ok=True)
                self._unsynced.add(str(path.parent))
            self._device = os.stat(self._destination).st_dev
        if not os.path.isdir(self._destination):
            raise TargetUnwritable(
                title="The destination is not a folder.",
                cause=f"{shown(self._destination)} is a file.",
                suggestion="Choose another destination.",
                path=shown(self._destination),
            )
        self._below = Below(Path(self._destination))

    def _check_device(self) -> None:
        """Refuse to fill the empty folder that an unmounted share leaves behind."""
        try:
            there = os.stat(self._destination).st_dev == self._device
        except OSError:
            there = False
        if not there:
            raise TargetUnwritable(
                title="The destination is gone.",
                cause=f"{shown(self._destination)} was removed or unmounted while files were on their way.",
                suggestion="Connect the disk or share again, then resume.",
                path=shown(self._destination),
            )

    def _mkdir(self, folder: str) -> None:
        parent = os.path.dirname(folder)
        try:
            os.mkdir(folder)
        except FileNotFoundError:
            self._mkdir(parent)
            os.mkdir(folder)
        except FileExistsError:
            if not os.path.isdir(folder):
                raise TargetUnwritable(
                    title=f"{shown(os.path.basename(folder))} cannot be made a folder.",
                    cause="A file of that name is in its place.",
                    suggestion="Move that file away, or choose another destination.",
                    path=shown(folder),
                ) from None
            return
        self._parts.fresh(folder)
        self.fresh.add(folder)
        self._unsynced.add(parent)
