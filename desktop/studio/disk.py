"""What lies under a destination, each folder read once."""

import os
import stat
import sys
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

from desktop.transfer.ports import Facts

FOLDING = sys.platform in ("win32", "darwin")
"""True where file systems usually take `A.exr` and `a.exr` for one file."""

PART_SUFFIX = ".part"


@dataclass(frozen=True, slots=True)
class Listing:
    """One local folder. files: name -> facts, folders: name -> name as spelled.

    parts: whether part files, or journals of such, lie in it. error: why the folder cannot be read, or "". A
    folder that is not there is an empty one.
    """

    files: dict[str, Facts] = field(default_factory=dict)
    folders: dict[str, str] = field(default_factory=dict)
    parts: bool = False
    error: str = ""


class Disk:
    """A destination's folders, by their path below it; "" is the destination itself."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._base = str(root)
        self._known: dict[str, Listing] = {}

    def folder(self, relative: str) -> Listing:
        """Return what is in a folder; links count as what they lead to."""
        listing = self._known.get(relative)
        if listing is None:
            listing = self._known[relative] = self._read(relative)
        return listing

    def facts(self, relative: str) -> Facts | None:
        """Return a file's facts, or None if there is no file of this name."""
        folder, _, name = relative.rpartition("/")
        return self.folder(folder).files.get(folded(name))

    def _read(self, relative: str) -> Listing:
        # What is not there has nothing below it: a new destination costs one look, not one a folder.
        if relative:
            above, _, name = relative.rpartition("/")
            parent = self.folder(above)
            if folded(name) not in parent.folders:
                blocked = parent.error or (f"{relative} is a file" if folded(name) in parent.files else "")
                return Listing(error=blocked)
        files: dict[str, Facts] = {}
        folders: dict[str, str] = {}
        parts = False
        try:
            with os.scandir(os.path.join(self._base, relative)) as entries:  # noqa: PTH118  a Path a folder costs more
                for entry in entries:
                    name = entry.name
                    key = folded(name)
                    if entry.is_dir():
                        folders[key] = name
                        continue
                    files[key] = _facts(entry)
                    parts = parts or (name.startswith(".") and PART_SUFFIX in name)
        except FileNotFoundError:
            return Listing()
        except OSError as error:
            return Listing(error=f"{relative or self._base}: {error.strerror or error}")
        return Listing(files, folders, parts)


def folded(name: str) -> str:
    """Return the name as this system's file systems compare it."""
    return unicodedata.normalize("NFC", name).casefold() if FOLDING else name


def _facts(entry: "os.DirEntry[str]") -> Facts:
    try:
        seen = entry.stat()
    except OSError:
        return Facts(None, None)  # a link that leads nowhere, or gone meanwhile: something was there
    size = seen.st_size if stat.S_ISREG(seen.st_mode) else None
    return Facts(size, seen.st_mtime_ns / 1e9, precision=1e-6)
