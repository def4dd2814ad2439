"""What a ZIP from a server holds, looked through before a byte of it is unpacked.

`zipfile` reads the directory and the entries. What it lets through is refused here: a directory too large to read,
ends that contradict each other, entries that share bytes or that promise more than is plausible, links, devices,
encrypted entries, names that lead elsewhere or that some file system takes for one. (CVE-2024-0450, CVE-2025-8291;
D. Fifield, "A better zip bomb", 2019.)
"""

import re
import stat
import struct
import zipfile
from dataclasses import dataclass
from typing import BinaryIO

from desktop.core.errors import HostileName, NameTooLong
from desktop.studio.jobs.archive_ends import ASK, Limits, damaged, find_directory, reading, refused
from desktop.transfer.names import fold, relative_target, shown

_LOCAL = struct.Struct("<4s5H3L2H")
_DESCRIPTOR, _ENCRYPTED = 1 << 3, 1 << 0 | 1 << 6 | 1 << 13
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DRIVE = re.compile(r"[A-Za-z]:")


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive. target: where it goes, below the folder that is unpacked to, divided by "/"."""

    target: str
    info: zipfile.ZipInfo


@dataclass(frozen=True, slots=True)
class Listing:
    """What an archive holds, harmless as far as can be told beforehand. folders: each behind the one it lies in."""

    archive: zipfile.ZipFile
    files: tuple[Member, ...]
    folders: tuple[str, ...]

    @property
    def size(self) -> int:
        """Bytes of all files, unpacked."""
        return sum(member.info.file_size for member in self.files)


def list_archive(stream: BinaryIO, name: str, limits: Limits) -> Listing:
    """Return what the ZIP in an open, seekable file holds. name: what it is called in errors.

    Raises NotTheFile if it is no ZIP, BadArchive if it is damaged or not to be trusted, HostileName, NameTooLong.
    """
    with reading(name):
        size = stream.seek(0, 2)
        start, count = find_directory(stream, size, name, limits)
        archive = zipfile.ZipFile(stream)
        infos = archive.infolist()
        if len(infos) != count:
            raise damaged(name, f"Its end tells of {count:,} entries, its directory of {len(infos):,}.")
        _refuse_bomb(infos, size, name, limits)
        _refuse_overlaps(stream, infos, start, name)
    tree = _Tree(name, limits)
    for info in infos:
        _refuse_kind(info, name)
        tree.add(info)
    return Listing(archive, tuple(tree.files), tuple(tree.folders))


def _refuse_bomb(infos: list[zipfile.ZipInfo], size: int, name: str, limits: Limits) -> None:
    total = sum(info.file_size for info in infos)
    if total > limits.size:
        raise refused(name, f"It would become {total:,} bytes; {limits.size:,} are plausible.")
    for stored, unpacked, what in [
        (size, total, "It"),
        *((info.compress_size, info.file_size, shown(info.orig_filename)) for info in infos),
    ]:
        if unpacked > limits.small and unpacked > stored * limits.ratio:
            raise refused(name, f"{what} would grow from {stored:,} to {unpacked:,} bytes.")


def _refuse_overlaps(stream: BinaryIO, infos: list[zipfile.ZipInfo], end: int, name: str) -> None:
    """Refuse entries that share bytes, or that their own header and the directory describe differently."""
    free = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset < free:
            raise refused(name, f"{shown(info.orig_filename)} shares bytes with another entry.")
        if info.header_offset >= end:  # ZIP64 tells places that no file has, nor any seek takes
            raise damaged(name, f"{shown(info.orig_filename)} is not where the directory says.")
        stream.seek(info.header_offset)
        header = stream.read(_LOCAL.size)
        mark, _, flags, method, _, _, crc, stored, unpacked, length, extra = _LOCAL.unpack(header)
        if mark != b"PK\x03\x04":
            raise damaged(name, f"{shown(info.orig_filename)} is not where the directory says.")
        local = (method, flags & _ENCRYPTED)
        central = (info.compress_type, info.flag_bits & _ENCRYPTED)
        sizes = zip((crc, stored, unpacked), (info.CRC, info.compress_size, info.file_size), strict=True)
        known = all(told in (0xFFFFFFFF, meant) for told, meant in sizes) or flags & info.flag_bits & _DESCRIPTOR
        if local != central or not known:
            raise refused(name, f"{shown(info.orig_filename)} is described in two ways.")
        free = info.header_offset + _LOCAL.size + length + extra + info.compress_size
        if free > end:
            raise damaged(name, f"{shown(info.orig_filename)} is cut short.")


def _refuse_kind(info: zipfile.ZipInfo, name: str) -> None:
    """Refuse what is neither a plain file nor a folder, and what cannot be read."""
    path, kind = shown(info.orig_filename), stat.S_IFMT(info.external_attr >> 16)
    folder = info.orig_filename.endswith("/")
    if kind not in (0, stat.S_IFDIR if folder else stat.S_IFREG) or (folder and info.file_size):
        what = "a link" if kind == stat.S_IFLNK else "neither a file nor a folder"
        raise refused(name, f"{path} is {what}.")
    if info.flag_bits & _ENCRYPTED:
        raise refused(name, f"{path} is encrypted.")
    if info.compress_type not in _METHODS:
        raise refused(name, f"{path} is packed in a way ShotDock cannot read ({info.compress_type}).")


class _Tree:
    """The paths of an archive, each checked; no two of them one on any file system."""

    def __init__(self, name: str, limits: Limits) -> None:
        self._name = name
        self._limits = limits
        self._seen: dict[str, tuple[str, bool]] = {}
        self.files: list[Member] = []
        self.folders: list[str] = []

    def add(self, info: zipfile.ZipInfo) -> None:
        """Take an entry and the folders above it; raise HostileName, NameTooLong, BadArchive."""
        raw = info.orig_filename
        folder = raw.endswith("/")
        try:
            target = relative_target(raw.removesuffix("/").split("/"))
        except (HostileName, NameTooLong) as error:
            raise type(error)(
                f"{self._name} holds a name that is refused: {shown(raw[:200])!r}.", error.cause, ASK, self._name
            ) from error
        if _DRIVE.match(raw):
            raise HostileName(
                f"{self._name} holds a name that is refused: {shown(raw)!r}.", "It names a drive.", ASK, self._name
            )
        parts = target.split("/")
        if len(parts) - 1 > self._limits.depth:
            raise refused(self._name, f"{shown(raw)} lies {len(parts) - 1} folders deep.")
        for depth in range(1, len(parts)):
            self._enter("/".join(parts[:depth]), folder=True)
        if not self._enter(target, folder):
            raise refused(self._name, f"{shown(raw)} is in it twice.")
        if not folder:
            self.files.append(Member(target, info))

    def _enter(self, path: str, folder: bool) -> bool:
        """Note a path and return True; False for a file seen before. Refuse what some system takes for another."""
        key = fold(path)
        other = self._seen.get(key)
        if other is None:
            self._seen[key] = path, folder
            if folder:
                self.folders.append(path)
            return True
        if other != (path, folder):
            raise refused(self._name, f"{shown(other[0])} and {shown(path)} would be one here.")
        return folder
