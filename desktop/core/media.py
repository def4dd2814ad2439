"""Shots, versions and the remote files they are made of."""

from dataclasses import dataclass, field
from enum import StrEnum

LARGEST_FILE = 1 << 44
"""Bytes: 16 TiB, more than any file here. A larger number is a lie, and half a million such lies still add up to what
the database takes."""


def told_size(digits: str) -> int | None:
    """Read a number of bytes as a server tells it; None for what is no number, and for what no file has."""
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > 18:
        return None
    return believable(int(digits))


def believable(size: int | None) -> int | None:
    """Return a file's size as a server tells it, or None, unknown, for one that no file has."""
    return size if size is not None and size <= LARGEST_FILE else None


class EntryKind(StrEnum):
    """What a name in a listing stands for."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a listing, as the server told it.

    path: absolute, "/"-separated, spelled so that sending it back names the same file. size: bytes, or None
    if unknown. mtime: seconds since the epoch, UTC, or None. precision: seconds by which mtime may be off.
    etag: a strong validator, or None.
    """

    path: str
    kind: EntryKind = EntryKind.FILE
    size: int | None = None
    mtime: float | None = None
    precision: float = 1.0
    etag: str | None = None

    @property
    def name(self) -> str:
        """Return the last component of the path."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Folder:
    """One listed folder: its path and its entries, in the server's order."""

    path: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, order=True)
class ShotKey:
    """What names a shot: project, episode, sequence, shot. Levels a layout does not have are ""."""

    project: str
    episode: str
    sequence: str
    shot: str

    @property
    def label(self) -> str:
        """Return e.g. `VEGA/SQ01/SH010`, leaving absent levels out."""
        return "/".join(part for part in (self.project, self.episode, self.sequence, self.shot) if part)

    def as_dict(self) -> dict[str, str | None]:
        """Return the four levels as CLI.md's rows spell them: an absent level is None."""
        return {
            "project": self.project or None,
            "episode": self.episode or None,
            "sequence": self.sequence or None,
            "shot": self.shot,
        }


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a shot's department: its label (`v010`), number (10) and files.

    uploading: the server was still writing it when it was last seen.
    """

    label: str
    number: int
    files: tuple[Entry, ...]
    uploading: bool = False

    @property
    def bytes(self) -> int:
        """Return the total size in bytes of the files whose size is known."""
        return sum(file.size or 0 for file in self.files)


@dataclass(frozen=True, slots=True)
class Publication:
    """What one department has published of one shot: its versions, lowest number first.

    path: the shot's folder on the server.
    """

    key: ShotKey
    department: str
    path: str
    versions: tuple[Version, ...]

    @property
    def latest(self) -> Version | None:
        """Return the highest version that is whole; one still uploading never counts as latest."""
        return next((version for version in reversed(self.versions) if not version.uploading), None)

    def version(self, label: str) -> Version | None:
        """Return the version called `label`, compared by number (`v5` finds `v005`), or None."""
        digits = label.lower().lstrip("v")
        if not digits.isdecimal():
            return None
        return next((v for v in self.versions if v.number == int(digits)), None)


@dataclass(frozen=True, slots=True)
class Structure:
    """A connection's scanned tree. scanned_at: seconds since the epoch."""

    connection: str
    root: str
    layout: str
    scanned_at: float
    publications: tuple[Publication, ...]

    @property
    def shots(self) -> int:
        """Return the number of distinct shots."""
        return len({publication.key for publication in self.publications})

    @property
    def versions(self) -> int:
        """Return the number of versions over all publications."""
        return sum(len(publication.versions) for publication in self.publications)

    @property
    def files(self) -> int:
        """Return the number of files over all versions."""
        return sum(len(v.files) for p in self.publications for v in p.versions)

    @property
    def bytes(self) -> int:
        """Return the bytes over all versions."""
        return sum(v.bytes for p in self.publications for v in p.versions)


class ShotState(StrEnum):
    """How a department of a shot stands: remote against local."""

    NEW = "new"
    UPDATE = "update"
    UP_TO_DATE = "up-to-date"
    LOCAL_NEWER = "local-newer"
    INCOMPLETE = "incomplete"
    STILL_UPLOADING = "still-uploading"


@dataclass(frozen=True, slots=True)
class Compared:
    """One row of a comparison: a shot x department, remote against local.

    frames: the latest version's frame sequences, e.g. `1001-1096 (3 missing)`, or "". missing: frame numbers
    of the gaps on the server. files, bytes: of the latest version. local_files: how many of them are here
    and whole. reason: why the state is what it is, in words.
    """

    publication: Publication
    available_versions: tuple[str, ...]
    latest_version: str | None
    local_versions: tuple[str, ...]
    local_version: str | None
    state: ShotState
    files: int
    bytes: int
    local_files: int = 0
    frames: str = ""
    missing: tuple[int, ...] = ()
    changed: float | None = None
    reason: str = ""

    @property
    def key(self) -> ShotKey:
        """Return the shot's key."""
        return self.publication.key

    @property
    def department(self) -> str:
        """Return the department."""
        return self.publication.department

    def as_dict(self) -> dict[str, object]:
        """Return the row as CLI.md's `compare` spells it."""
        return {
            **self.key.as_dict(),
            "department": self.department,
            "available_versions": list(self.available_versions),
            "latest_version": self.latest_version,
            "local_version": self.local_version,
            "state": self.state.value,
            "files": self.files,
            "bytes": self.bytes,
            "frames": self.frames,
            "missing": list(self.missing),
            "reason": self.reason,
        }


@dataclass(slots=True)
class ScanProgress:
    """Counters a scan bumps and a timer reads; nothing else writes them."""

    folders: int = 0
    files: int = 0
    shots: int = 0
    path: str = ""
    skipped: list[str] = field(default_factory=list)
