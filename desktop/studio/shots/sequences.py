"""Frame sequences among a version's files: their ranges, gaps and suspicious frames."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from desktop.core.media import Entry

IMAGES = ("exr", "dpx", "tif", "tiff", "png", "jpg", "jpeg", "tga", "cin", "hdr", "sgi", "rgb", "pic", "iff", "rat")
"""Suffixes of files that come as frames; anything else with a number is a take or a version."""
LONGEST = 200_000
"""Frames from the first to the last: beyond, the numbers are dates or hashes (two hours are 172,800 at 24 fps)."""
SUSPICIOUS = 0.2
"""A frame smaller than this part of the middle one in size is likely black, cut off or not rendered."""

_FRAME = re.compile(rf"(?P<head>.*?)(?<!\d)-?(?P<digits>\d{{1,9}})\.(?:{'|'.join(IMAGES)})", re.IGNORECASE | re.DOTALL)
_VERSION_HEAD = re.compile(r"(?:^|[^A-Za-z])[vV]$")
_SINGLE_HEAD = re.compile(r"[._]$")


@dataclass(frozen=True, slots=True)
class FrameSequence:
    """Frames that belong together. folder: its path on the server. pattern: `beauty_v003.####.exr`, one # a digit.

    frames, missing, suspicious: frame numbers, ascending.
    """

    folder: str
    pattern: str
    frames: tuple[int, ...]
    missing: tuple[int, ...] = ()
    suspicious: tuple[int, ...] = ()

    @property
    def first(self) -> int:
        """Return the first frame."""
        return self.frames[0]

    @property
    def last(self) -> int:
        """Return the last frame."""
        return self.frames[-1]

    @property
    def range(self) -> str:
        """Return e.g. `1001-1096`, or `1001` for a single frame."""
        return _range(self.first, self.last)

    @property
    def text(self) -> str:
        """Return e.g. `beauty_v003.####.exr 1001-1096 (3 missing)`."""
        return f"{self.pattern} {self.range}{_gaps(len(self.missing))}"


def group(files: Iterable[Entry]) -> list[FrameSequence]:
    """Return the frame sequences among files, by folder and pattern; files that are no frames are left out."""
    found = [made for _, made in _found({file.path: file.size for file in files})]
    return sorted(found, key=lambda made: (made.folder, made.pattern))


def frame_files(paths: Iterable[str]) -> Iterator[list[str]]:
    """Yield the paths of each frame sequence among paths, its frames ascending."""
    for sequence, made in _found(dict.fromkeys(paths)):
        yield [sequence.frame(frame) for frame in made.frames]


def summary(sequences: Sequence[FrameSequence]) -> str:
    """Return the sequences' frames in few words: `1001-1096 (3 missing)`, `1001-1096, 4 sequences (3 missing)`."""
    if not sequences:
        return ""
    ranges = list(dict.fromkeys(sequence.range for sequence in sequences))
    text = ranges[0] if len(ranges) == 1 else _range(min(s.first for s in sequences), max(s.last for s in sequences))
    count = f", {len(sequences)} sequences" if len(sequences) > 1 else ""
    return f"{text}{count}{_gaps(sum(len(sequence.missing) for sequence in sequences))}"


def missing(sequences: Iterable[FrameSequence]) -> tuple[int, ...]:
    """Return the frame numbers that are missing in any of the sequences."""
    return tuple(sorted({frame for sequence in sequences for frame in sequence.missing}))


def frame_ranges(frames: Iterable[int]) -> str:
    """Return frames as ranges: `1043-1045,1050`."""
    return str(_fileseq().framesToFrameRange(frames))


def shorter(sequences: Sequence[FrameSequence], label: str, before: Sequence[FrameSequence], old: str) -> str:
    """Return in words where sequences of version `label` lack frames that those of version `old` had, or ""."""
    known = {_unversioned(s, old): s for s in before}
    notes = []
    for sequence in sequences:
        earlier = known.get(_unversioned(sequence, label))
        if earlier is not None and (sequence.first > earlier.first or sequence.last < earlier.last):
            notes.append(f"{sequence.pattern} has {sequence.range}, {old} had {earlier.range}")
    return "; ".join(notes)


def _is_frame(name: str) -> bool:
    found = _FRAME.fullmatch(name)
    return found is not None and not _VERSION_HEAD.search(found["head"])


def _found(sizes: Mapping[str, int | None]) -> Iterator[tuple[Any, FrameSequence]]:
    """Yield each sequence among paths, as the library has it and as we do. sizes: path -> bytes or None."""
    frames = [path for path in sizes if _is_frame(path.rpartition("/")[2])]
    fileseq = _fileseq()
    for sequence in fileseq.findSequencesInList(frames, pad_style=fileseq.constants.PAD_STYLE_HASH1):
        made = _sequence(sequence, sizes)
        if made is not None:
            yield sequence, made


def _sequence(found: Any, sizes: Mapping[str, int | None]) -> FrameSequence | None:
    frames = tuple(sorted(int(frame) for frame in found.frameSet() or ()))
    head = found.basename()
    if not frames or frames[-1] - frames[0] >= LONGEST or (len(frames) == 1 and not _SINGLE_HEAD.search(head)):
        return None
    have = set(frames)
    gaps = tuple(frame for frame in range(frames[0], frames[-1] + 1) if frame not in have)
    weights = {frame: size for frame in frames if (size := sizes.get(found.frame(frame))) is not None}
    usual = sorted(weights.values())[len(weights) // 2] if weights else 0
    small = tuple(frame for frame, size in weights.items() if size < usual * SUSPICIOUS)
    pattern = f"{head}{'#' * max(1, found.zfill())}{found.extension()}"
    return FrameSequence(found.dirname().rstrip("/"), pattern, frames, gaps, small)


def _unversioned(sequence: FrameSequence, label: str) -> str:
    """Return the pattern without its version, to find the same sequence in another version."""
    return sequence.pattern.replace(label, "")


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


def _gaps(count: int) -> str:
    return f" ({count} missing)" if count else ""


def _fileseq() -> ModuleType:
    """Load the library of sequences: 40 ms that a command without frames does not pay."""
    import fileseq

    return fileseq
