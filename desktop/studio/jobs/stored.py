"""A ZIP whose size and every byte of which are settled before it is made.

Files are stored as they are, each behind a header that tells its size and CRC, so

- the length is known at once: an answer over HTTP has its Content-Length, a disk can be asked for room;
- any range can be made without what lies before it: a download that broke off goes on, or comes in segments;
- the same files give the same bytes: no times, no attributes of a platform, always the same order;
- a reader that cannot seek gets along, as a size is never told only behind the data.

For the CRC a file is read once before its header; meshes in the making are seen by that, for both readings have to
agree. `zipfile` writes to what cannot seek as well, but leaves sizes and CRC for behind the data, where many readers do
not find them for stored files, and has to begin at the beginning.

Format: PKWARE's APPNOTE.TXT 6.3, sections 4.3.7 (local header), 4.3.12 (directory), 4.3.14 to 4.3.16 (ends) and 4.5.3
(ZIP64).
"""

import hashlib
import os
import stat
import struct
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate

from zlib_ng.zlib_ng import crc32

from desktop.core.errors import StillUploading
from desktop.studio.jobs.contents import Found, unreadable
from desktop.transfer.names import shown

CHUNK = 1024 * 1024
"""Bytes read and handed out at once."""
_LIMIT = 0xFFFFFFFF
"""The first size or offset that needs ZIP64: this value stands for "look there"."""
_CLASSIC, _ZIP64 = 20, 45
"""Versions of the format needed to read an entry."""
_EPOCH = 1 << 5 | 1
"""The earliest date a ZIP knows, 1980-01-01: the day and the month; the time beside it is 0."""
_LOCAL = struct.Struct("<4s5H3L2H")
_ENTRY = struct.Struct("<4s4B4H3L5H2L")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_END = struct.Struct("<4s4H2LH")


class StoredZip:
    """The ZIP of some files, made anew with every call of `chunks`; nothing of it is kept but the files' CRCs.

    files: with ASCII names, components divided by "/". pulse: called between readings; what it raises ends them.
    """

    def __init__(self, files: Sequence[Found], pulse: Callable[[], None] = lambda: None) -> None:
        self._files = files
        self._pulse = pulse
        self._crcs: dict[int, int] = {}
        lengths = [len(_header(file, 0)) + file.facts.st_size for file in files]
        self._starts = [0, *accumulate(lengths)]
        self.size = self._starts[-1] + len(self._directory([0] * len(files)))

    @property
    def tag(self) -> str:
        """A word that changes with the files' names, sizes or times: good for an ETag."""
        facts = [(file.name, file.facts.st_size, file.facts.st_mtime_ns) for file in self._files]
        return hashlib.sha256(repr(facts).encode()).hexdigest()[:32]

    def chunks(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield the bytes from start to stop (exclusive; None for the end), CHUNK at most at once.

        Raises StillUploading if a file is not what it was when the ZIP was laid out, NotAllowed if it cannot be read.
        """
        stop = self.size if stop is None else min(stop, self.size)
        for index, file in enumerate(self._files):
            low, high = max(start, self._starts[index]), min(stop, self._starts[index + 1])
            if low < high:
                data = self._starts[index + 1] - file.facts.st_size
                if low < data:
                    header = _header(file, self._crc(index))
                    yield header[low - self._starts[index] : high - self._starts[index]]
                if data < high:
                    yield from self._data(index, max(low, data) - data, high - data)
        end = self._starts[-1]
        if max(start, end) < stop:
            directory = self._directory([self._crc(index) for index in range(len(self._files))])
            yield directory[max(start - end, 0) : stop - end]

    def _data(self, index: int, start: int, stop: int) -> Iterator[bytes]:
        """Yield a file's bytes; where all of them are, they have to give the CRC its header told."""
        file = self._files[index]
        crc = 0
        for data in _read(file, start, stop):
            self._pulse()
            crc = crc32(data, crc)
            yield data
        if stop - start == file.facts.st_size and crc != self._crcs.setdefault(index, crc):
            raise _changed(file)

    def _crc(self, index: int) -> int:
        if index not in self._crcs:
            crc = 0
            for data in _read(self._files[index], 0, self._files[index].facts.st_size):
                self._pulse()
                crc = crc32(data, crc)
            self._crcs[index] = crc
        return self._crcs[index]

    def _directory(self, crcs: Sequence[int]) -> bytes:
        start, count = self._starts[-1], len(self._files)
        entries = b"".join(map(_entry, self._files, self._starts, crcs))
        ends = b""
        if max(start, len(entries)) >= _LIMIT:
            versions, disks = (_ZIP64, _ZIP64), (0, 0)
            ends = _END64.pack(
                b"PK\x06\x06", _END64.size - 12, *versions, *disks, count, count, len(entries), start
            ) + _LOCATOR.pack(b"PK\x06\x07", 0, start + len(entries), 1)
        end = _END.pack(b"PK\x05\x06", 0, 0, count, count, min(len(entries), _LIMIT), min(start, _LIMIT), 0)
        return entries + ends + end


def _header(file: Found, crc: int) -> bytes:
    name, size = file.name.encode("ascii"), file.facts.st_size
    # A local header with ZIP64 tells both sizes there, the stored and the original one, which are the same.
    large = struct.pack("<2H2Q", 1, 16, size, size) if size >= _LIMIT else b""
    told = min(size, _LIMIT)
    version = _ZIP64 if large else _CLASSIC
    fixed = _LOCAL.pack(b"PK\x03\x04", version, 0, 0, 0, _EPOCH, crc, told, told, len(name), len(large))
    return fixed + name + large


def _entry(file: Found, start: int, crc: int) -> bytes:
    name, size = file.name.encode("ascii"), file.facts.st_size
    beyond = ([size, size] if size >= _LIMIT else []) + ([start] if start >= _LIMIT else [])
    large = struct.pack(f"<2H{len(beyond)}Q", 1, 8 * len(beyond), *beyond) if beyond else b""
    version = _ZIP64 if beyond else _CLASSIC
    told = min(size, _LIMIT)
    # Made by version 2.0 on system 0: no attributes, so that an unpacker gives the files its own usual ones.
    made = (_CLASSIC, 0, version, 0)
    lengths = (len(name), len(large), 0, 0, 0)
    fixed = _ENTRY.pack(b"PK\x01\x02", *made, 0, 0, 0, _EPOCH, crc, told, told, *lengths, 0, min(start, _LIMIT))
    return fixed + name + large


def _read(file: Found, start: int, stop: int) -> Iterator[bytes]:
    """Yield a file's bytes from start to stop; raise StillUploading unless it is, and stays, what was found."""
    try:
        with file.path.open("rb", buffering=0) as stream:
            _refuse_change(file, stream.fileno())
            stream.seek(start)
            left = stop - start
            while left:
                data = stream.read(min(CHUNK, left))
                if not data:
                    raise _changed(file)
                left -= len(data)
                yield data
            _refuse_change(file, stream.fileno())
    except FileNotFoundError as error:
        raise _changed(file) from error
    except OSError as error:
        raise unreadable(file.name, file.path, error) from error


def _refuse_change(file: Found, fd: int) -> None:
    now = os.fstat(fd)
    same = (now.st_size, now.st_mtime_ns) == (file.facts.st_size, file.facts.st_mtime_ns)
    if not (same and stat.S_ISREG(now.st_mode)):
        raise _changed(file)


def _changed(file: Found) -> StillUploading:
    return StillUploading(
        title=f"{file.name} is still being written.",
        cause=f"It had {file.facts.st_size:,} bytes when packing began, and changed since.",
        suggestion="Wait for the job to end, then pack again.",
        path=shown(str(file.path)),
    )
