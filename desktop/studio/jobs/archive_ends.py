"""Where a ZIP from a server ends and its directory begins, how much it may hold, and what is said of a bad one."""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from desktop.core.errors import BadArchive, NotTheFile
from desktop.studio.jobs.contents import unreadable

ASK = "Ask whoever made the archive what it is for."
_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_COMMENT = 0xFFFF


@dataclass(frozen=True, slots=True)
class Limits:
    """How much an archive may hold.

    size: bytes of all its files. entries: files and folders. depth: folders above a file. ratio: how many bytes one
    stored byte may become, in an entry or archive of more than `small` bytes unpacked; text seldom reaches 20, deflate
    ends at 1032. directory: bytes of the archive's table of contents.
    """

    size: int = 64 << 30
    entries: int = 10_000
    depth: int = 32
    ratio: int = 200
    small: int = 16 << 20
    directory: int = 8 << 20


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn what zipfile and zlib raise into errors of ours. name: the archive's."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, struct.error, UnicodeDecodeError) as error:
        raise damaged(name, f"{error}.") from error
    except (NotImplementedError, RuntimeError, zipfile.LargeZipFile) as error:
        raise refused(name, f"It cannot be read: {error}.") from error
    except OSError as error:
        raise unreadable(name, Path(name), error) from error


def find_directory(stream: BinaryIO, size: int, name: str, limits: Limits) -> tuple[int, int]:
    """Return where the directory begins, and its number of entries, by ends that agree with each other."""
    stream.seek(0)
    if stream.read(2) != b"PK":
        raise NotTheFile(
            title=f"{name} is no ZIP.",
            cause="It does not begin as one: it may be an error page that was saved in its place.",
            suggestion="Download it again; open it in a text editor to see what it says.",
            path=name,
        )
    base = max(0, size - _END.size - _COMMENT)
    stream.seek(base)
    tail = stream.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise damaged(name, f"It has no end: of the whole, {size:,} bytes are here.")
    _, disk, first, here, count, length, start, comment = _END.unpack_from(tail, at)
    end = base + at
    if end + _END.size + comment != size:
        raise damaged(name, "There is something behind its end, or its end is cut.")
    told = [count, here, length, start]
    stream.seek(max(0, end - _LOCATOR.size - _END64.size))
    before = stream.read(_LOCATOR.size + _END64.size)
    if before[-_LOCATOR.size :].startswith(b"PK\x06\x07") and len(before) == _LOCATOR.size + _END64.size:
        end -= len(before)
        _, _, where, disks = _LOCATOR.unpack_from(before, _END64.size)
        mark, rest, _, _, disk, first, *large = _END64.unpack_from(before)
        here, count, length, start = large
        classic = zip(told, (count, here, length, start), (0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF), strict=True)
        agree = all(short in (long, top) for short, long, top in classic)
        if mark != b"PK\x06\x06" or rest != _END64.size - 12 or where != end or disks > 1 or not agree:
            raise refused(name, "Its two ends contradict each other.")
    if disk or first or here != count:
        raise refused(name, "It is one part of several.")
    if start + length != end:
        raise damaged(name, "Its directory is not where its end says.")
    if count > limits.entries or length > limits.directory:
        raise refused(name, f"It has {count:,} entries; {limits.entries:,} are plausible.")
    return start, count


def damaged(name: str, cause: str) -> BadArchive:
    """Return the error for an archive that is not as it was made."""
    return BadArchive(f"{name} is damaged.", cause, "Download it again; nothing of it was unpacked.", name)


def refused(name: str, cause: str) -> BadArchive:
    """Return the error for an archive that nobody should unpack."""
    return BadArchive(f"{name} is not unpacked.", cause, f"{ASK} Nothing was touched.", name)
