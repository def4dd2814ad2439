"""The SFTP protocol, version 3, as bytes: building requests, reading replies.

After draft-ietf-secsh-filexfer-02, and OpenSSH's PROTOCOL file for `limits@openssh.com`.
"""

import stat
import struct
from dataclasses import dataclass

from desktop.core.errors import ShotDockError
from desktop.core.media import Entry, EntryKind, believable
from desktop.transfer.sources import sftp_faults as faults

INIT, VERSION, OPEN, CLOSE, READ = 1, 2, 3, 4, 5
FSTAT, OPENDIR, READDIR, REALPATH, STAT = 8, 11, 12, 16, 17
STATUS, HANDLE, DATA, NAME, ATTRS = 101, 102, 103, 104, 105
EXTENDED, EXTENDED_REPLY = 200, 201

END = 1
"""The status that ends a file or a listing."""

LIMITS = "limits@openssh.com"
SMALL_READ = 32 * 1024
"""What every server has to answer in one reply."""
LARGE_READ = 255 * 1024
"""The most asked for in one read: OpenSSH's own limit, a packet of 256 KiB less its head."""
LONGEST_PACKET = 4 * 1024 * 1024
"""Longer packets are taken for noise: no server sends a listing that long in one reply."""

_READ_FLAG = 0x00000001
_HAS_SIZE, _HAS_OWNER, _HAS_MODE, _HAS_TIMES, _HAS_EXTENDED = 0x1, 0x2, 0x4, 0x8, 0x80000000
_KINDS = {stat.S_IFREG: EntryKind.FILE, stat.S_IFDIR: EntryKind.FOLDER, stat.S_IFLNK: EntryKind.LINK}
_LONGNAME_KINDS = {ord("-"): EntryKind.FILE, ord("d"): EntryKind.FOLDER, ord("l"): EntryKind.LINK}

_two_ints = struct.Struct(">IBI").pack
_read_tail = struct.Struct(">QI").pack
_int = struct.Struct(">I").unpack_from
_long = struct.Struct(">Q").unpack_from
_times = struct.Struct(">II").unpack_from


def encode_path(path: str) -> bytes:
    """Return a path as the bytes the server listed it with."""
    return path.encode("utf-8", "surrogateescape")


def decode_name(name: bytes) -> str:
    """Return a name as text that `encode_path` turns back into the same bytes."""
    return name.decode("utf-8", "surrogateescape")


def init_packet() -> bytes:
    """Return the greeting: version 3."""
    return struct.pack(">IBI", 5, INIT, 3)


def _packet(kind: int, number: int, *fields: bytes) -> bytes:
    body = b"".join(fields)
    return _two_ints(5 + len(body), kind, number) + body


def _string(text: bytes) -> bytes:
    return struct.pack(">I", len(text)) + text


def path_packet(kind: int, number: int, path: bytes) -> bytes:
    """Return a request that names a path: OPENDIR, REALPATH or STAT."""
    return _packet(kind, number, _string(path))


def open_packet(number: int, path: bytes) -> bytes:
    """Return a request to open a file for reading."""
    return _packet(OPEN, number, _string(path), struct.pack(">II", _READ_FLAG, 0))


def handle_packet(kind: int, number: int, handle: bytes) -> bytes:
    """Return a request that names a handle: CLOSE, FSTAT or READDIR."""
    return _packet(kind, number, _string(handle))


def read_packet(number: int, handle: bytes, offset: int, length: int) -> bytes:
    """Return a request to read length bytes at offset."""
    return _packet(READ, number, _string(handle), _read_tail(offset, length))


def extended_packet(number: int, name: str) -> bytes:
    """Return a request of an extension that takes no arguments."""
    return _packet(EXTENDED, number, _string(name.encode("ascii")))


@dataclass(frozen=True, slots=True)
class Limits:
    """What the server allows: bytes in one read, handles open at once (None: not said)."""

    read: int = SMALL_READ
    handles: int | None = None


class Reply:
    """Reads the fields of one reply in order; what is cut short raises ConnectionLost, the line is out of step."""

    __slots__ = ("_at", "_body")

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    @property
    def left(self) -> int:
        """Return the number of bytes not read yet."""
        return len(self._body) - self._at

    def _take(self, length: int) -> int:
        at = self._at
        if length > len(self._body) - at:
            raise faults.nonsense(f"a reply of {len(self._body)} bytes ends in the middle of a field")
        self._at = at + length
        return at

    def number(self) -> int:
        """Return the next 32-bit number."""
        return int(_int(self._body, self._take(4))[0])

    def big(self) -> int:
        """Return the next 64-bit number."""
        return int(_long(self._body, self._take(8))[0])

    def string(self) -> bytes:
        """Return the next string of bytes."""
        length = self.number()
        at = self._take(length)
        return self._body[at : at + length]

    def entry(self, path: str, longname: bytes = b"") -> Entry:
        """Return the next attributes as an entry; without a mode its kind is guessed from the long name."""
        flags = self.number()
        size = believable(self.big()) if flags & _HAS_SIZE else None
        if flags & _HAS_OWNER:
            self._take(8)
        mode = self.number() if flags & _HAS_MODE else 0
        mtime = float(_times(self._body, self._take(8))[1]) if flags & _HAS_TIMES else None
        if flags & _HAS_EXTENDED:
            for _ in range(self.number()):
                self.string()
                self.string()
        if stat.S_IFMT(mode):
            kind = _KINDS.get(stat.S_IFMT(mode), EntryKind.OTHER)
        else:
            kind = _LONGNAME_KINDS.get(longname[0], EntryKind.OTHER) if longname else EntryKind.FILE
        return Entry(path, kind, size if kind is EntryKind.FILE else None, mtime)

    def names(self, folder: str) -> list[Entry]:
        """Return the entries of a NAME reply below folder, without `.` and `..`."""
        base = folder if folder.endswith("/") else folder + "/"
        entries = []
        for _ in range(self.number()):
            name = self.string()
            longname = self.string()
            entry = self.entry(base + decode_name(name), longname)
            if name not in (b".", b".."):
                entries.append(entry)
        return entries

    def status(self) -> tuple[int, str]:
        """Return a STATUS reply's code and the server's words, which old servers leave out."""
        code = self.number()
        words = self.string().decode("utf-8", "replace") if self.left >= 4 else ""
        return code, words.strip()

    def limits(self) -> Limits:
        """Return the limits of a `limits@openssh.com` reply; 0 stands for not limited."""
        longest, read, _write, handles = self.big(), self.big(), self.big(), self.big()
        sizes = [size for size in (longest - 1024, read) if size > 0]
        return Limits(max(min([*sizes, LARGE_READ]), 1024), handles or None)


def refusal(kind: int, reply: Reply, path: str) -> ShotDockError:
    """Return the error for a reply that is not the one hoped for: the failure it tells, or nonsense."""
    if kind != STATUS:
        return faults.nonsense(f"a reply of kind {kind} where none belongs")
    code, words = reply.status()
    return faults.status_error(code, words, path)
