"""ZIPs made by hand, as no honest program makes them."""

import struct
import zlib
from dataclasses import dataclass, field
from pathlib import Path

DEFLATED, STORED = 8, 0


@dataclass(slots=True)
class Entry:
    """One entry; what is None follows from the data. local_*: what only the local header says.

    at: where the directory says the entry is. mode: the Unix mode, kind and all.
    """

    name: bytes | str
    data: bytes = b"data"
    method: int = STORED
    flags: int = 0
    mode: int = 0
    size: int | None = None
    crc: int | None = None
    at: int | None = None
    local_name: bytes | None = None
    local_size: int | None = None
    local_method: int | None = None
    extra: bytes = b""
    stored: bytes = field(init=False)

    def __post_init__(self) -> None:
        if isinstance(self.name, str):
            self.name = self.name.encode("utf-8", "surrogatepass")
            self.flags |= 1 << 11
        if self.method == DEFLATED:
            press = zlib.compressobj(9, zlib.DEFLATED, -15)
            self.stored = press.compress(self.data) + press.flush()
        else:
            self.stored = self.data
        self.crc = zlib.crc32(self.data) if self.crc is None else self.crc
        self.size = len(self.data) if self.size is None else self.size

    def local(self) -> bytes:
        name = self.name if self.local_name is None else self.local_name
        size = self.size if self.local_size is None else self.local_size
        method = self.method if self.local_method is None else self.local_method
        lengths = (self.crc, len(self.stored), size, len(name), 0)
        return struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, self.flags, method, 0, 33, *lengths) + bytes(name)  # type: ignore[arg-type]  # bytes by now

    def central(self, at: int) -> bytes:
        at = at if self.at is None else self.at
        sizes = (self.crc, len(self.stored), self.size, len(self.name), len(self.extra), 0, 0, 0, self.mode << 16, at)
        fixed = struct.pack("<4s2H4H3L5H2L", b"PK\x01\x02", 0x0314, 20, self.flags, self.method, 0, 33, *sizes)
        return fixed + bytes(self.name) + self.extra  # type: ignore[arg-type]  # bytes by now


def forge(path: Path, *entries: Entry, count: int | None = None, tail: bytes = b"", prefix: bytes = b"") -> Path:
    """Write a ZIP and return its path. count: what its end says of the entries. tail: behind the end."""
    body, directory = prefix, b""
    for entry in entries:
        directory += entry.central(len(body))
        body += entry.local() + entry.stored
    count = len(entries) if count is None else count
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(directory), len(body), 0)
    path.write_bytes(body + directory + end + tail)
    return path


def end64(path: Path, classic: tuple[int, int, int], count: int, length: int, start: int) -> None:
    """Give a forged ZIP a ZIP64 end that says so, and a classic one that says (count, length, start)."""
    data = path.read_bytes()[:-22]
    large = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, length, start)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, len(data), 1)
    short = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, classic[0], *classic, 0)
    path.write_bytes(data + large + locator + short)
