"""Names from a server, made safe for any local file system.

One portable policy on every system, so that a folder filled on Linux can be copied to Windows and a second run
finds the same files. A component is refused if it could lead elsewhere, and otherwise mapped so that it can be
mapped back: what Windows, macOS or a shell cannot bear becomes `%XX` (the byte in hexadecimal, as URLs and
WinSCP spell it), a literal `%` becomes `%25` only where it would be read as such an escape. So is the dot that begins
a name of our own work: no server may plant the beginning of another's file.
"""

import os
import re
import stat
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from desktop.core.errors import HostileName, NameTooLong

NAME_MAX = 255
"""Bytes (UTF-8) a component may have: the least that NTFS, APFS, ext4, XFS and SMB servers agree on."""
PATH_MAX = 4000
"""Bytes (UTF-8) a target below its destination may have."""

_UNSAFE = re.compile(r'[\x01-\x1f\x7f<>:"|?*\udc80-\udcff]|%(?=[0-9A-Fa-f]{2})')
_LONE = re.compile(r"[\ud800-\udc7f\udd00-\udfff]")
_IGNORED = re.compile(r"[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³]) *(?:\.|$)", re.IGNORECASE)
"""Device names, which Windows opens as devices whatever suffix follows
(https://learn.microsoft.com/windows/win32/fileio/naming-a-file)."""
_OURS = re.compile(
    r"\..*\.(?:part(?:\.journal)?(?:\.new)?|[0-9a-f]{16}\.(?:extract|old|dead))", re.IGNORECASE | re.DOTALL
)
"""What our work under way is called (`partfile`, `studio.jobs.swap`): a file a server calls so would be taken for the
beginning of another's, or be removed with what a crash left."""


@lru_cache(maxsize=1024)  # folders' names come with each of their files
def local_name(component: str) -> str:
    """Return one component of a server's path as a local name, different for different components.

    Raises HostileName for "", ".", "..", a separator of any system, NUL or broken Unicode, NameTooLong for a
    result over NAME_MAX bytes.
    """
    if component in ("", ".", "..") or "/" in component or "\\" in component or "\0" in component:
        raise _hostile(component, "It would lead out of its folder, or names no file at all.")
    if component.isalnum() and component.isascii() and len(component) > len("conout$"):
        safe = component
    else:
        if _LONE.search(component):
            raise _hostile(component, "It is not valid Unicode.")
        safe = _UNSAFE.sub(_escape, component)
        if safe[-1] in ". ":
            safe = f"{safe[:-1]}%{ord(safe[-1]):02X}"
        if _RESERVED.match(safe) or (safe[0] == "." and _OURS.fullmatch(safe)):
            safe = f"%{ord(safe[0]):02X}{safe[1:]}"
    if len(safe) * 4 > NAME_MAX and (length := len(safe.encode())) > NAME_MAX:
        raise NameTooLong(
            title=f"The name {shown(component[:40])}... is too long.",
            cause=f"It needs {length} bytes here, {NAME_MAX} are possible.",
            suggestion="Rename the file on the server.",
            path=shown(component),
        )
    return safe


def relative_target(parts: Sequence[str]) -> str:
    """Return a target below the destination from the server's components, joined with "/".

    Raises HostileName and NameTooLong as `local_name` does, HostileName if there are no parts.
    """
    if not parts:
        raise _hostile("", "It names no file at all.")
    target = "/".join(map(local_name, parts))
    if len(target) * 4 > PATH_MAX and (length := len(target.encode())) > PATH_MAX:
        raise NameTooLong(
            title=f"The path of {shown(parts[-1])} is too long.",
            cause=f"It needs {length} bytes below the destination, {PATH_MAX} are possible.",
            suggestion="Fetch a folder further down.",
            path=shown("/".join(parts)),
        )
    return target


def fold(target: str) -> str:
    """Return a key that is equal for any two names some file system takes for one.

    Wider than any single file system: letters' case, composed and decomposed accents, ligatures, and the code
    points HFS+ ignores.
    """
    if target.isascii():
        return target.lower()
    seen = _IGNORED.sub("", unicodedata.normalize("NFKD", target).casefold())
    return unicodedata.normalize("NFKC", seen).casefold()


def shown(name: str) -> str:
    """Return a name as it may be shown: control and direction-changing characters, and bad bytes, escaped."""
    if name.isascii() and name.isprintable():
        return name
    return "".join(c if c == " " or (c.isprintable() and not _turns(c)) else ascii(c)[1:-1] for c in name)


class Below:
    """Paths below one root, each checked, every folder on the way looked at only once.

    A folder that is replaced by a link between the look and the use is not caught here: whoever writes holds it open
    (`transfer.folders`).
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._real = os.path.realpath(root)
        self._prefix = os.path.join(root, "")
        self._known: dict[str, tuple[str, bool]] = {"": self._look(self._real)}

    def path(self, relative: str) -> str:
        """Return root / relative; raise HostileName if that is not below root, symbolic links followed."""
        folder, _, name = relative.rpartition("/")
        _check(name, relative)
        real, there = self._folder(folder, relative)
        if there:
            self._refuse_link_outside(f"{real}{os.sep}{name}", relative)
        return self._prefix + (relative if os.sep == "/" else relative.replace("/", os.sep))

    def real(self, folder: str) -> str:
        """Return where a folder below the root, or the root (""), really is; raise HostileName as `path` does."""
        return self._folder(folder, folder)[0]

    def forget(self) -> None:
        """Look at every folder anew; the root stays where it was."""
        self._known = {"": self._look(self._real)}

    def _folder(self, folder: str, relative: str) -> tuple[str, bool]:
        known = self._known.get(folder)
        if known is None:
            for component in folder.split("/"):
                _check(component, relative)
            real = os.path.realpath(os.path.join(self._real, folder))
            self._refuse_outside(real, folder)
            known = self._known[folder] = self._look(real)
        return known

    @staticmethod
    def _look(real: str) -> tuple[str, bool]:
        """Return a folder and whether it is there; in one that is not, no name can be a link."""
        return real, os.path.isdir(real)

    def _refuse_link_outside(self, path: str, relative: str) -> None:
        try:
            link = stat.S_ISLNK(os.lstat(path).st_mode)
        except (OSError, ValueError):
            return  # nothing there to follow; whoever opens it learns why
        if link:
            self._refuse_outside(os.path.realpath(path), relative)

    def _refuse_outside(self, real: str, relative: str) -> None:
        try:
            inside = os.path.commonpath((self._real, real)) == self._real
        except ValueError:  # pragma: no cover  # another drive, on Windows
            inside = False
        if not inside:
            raise HostileName(
                title="A link in the destination leads out of it.",
                cause=f"{shown(relative)} would end up in {shown(real)}.",
                suggestion="Put a folder in the link's place, or choose the folder it leads to as the destination.",
                path=shown(relative),
            )


def _check(component: str, relative: str) -> None:
    """Refuse what `local_name` would never give: no component of our own making fails this."""
    if component in ("", ".", "..") or "\\" in component or "\0" in component or "/" in component:
        raise _hostile(relative, "It would lead out of the destination, or names no file at all.")
    if os.name == "nt" and ":" in component:
        raise _hostile(relative, "It names a drive or a hidden stream.")


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"%{code - 0xDC00 if code > 0xDC00 else code:02X}"


def _turns(character: str) -> bool:
    return unicodedata.bidirectional(character) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")


def _hostile(name: str, cause: str) -> HostileName:
    return HostileName(
        title=f"The name {shown(name)!r} is refused.",
        cause=cause,
        suggestion="Rename it on the server, or ask whoever runs it what it is for.",
        path=shown(name),
    )
