"""A small MP4 file around a film's frames, its index first, so that playing can begin before all of it is here.

The boxes are those of ISO/IEC 14496-12 and, for H.264, 14496-15.
"""

import struct
from typing import BinaryIO

from desktop.demo.video import Film

TICKS = 1000  # of the whole film's clock, a second
MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def write_mp4(film: Film, file: BinaryIO) -> None:
    """Write the film; its frames are made twice, as their sizes stand before them and they need not fit in memory."""
    sizes = [4 + len(unit) for unit in film.units()]
    kind = _box(b"ftyp", b"isom", struct.pack(">I", 0x200), b"isomiso2avc1mp41")
    # The index says where the frames begin, and is as long whatever it says.
    begin = len(kind) + len(_index(film, sizes, 0)) + 8
    file.write(kind + _index(film, sizes, begin) + struct.pack(">I", 8 + sum(sizes)) + b"mdat")
    for unit in film.units():
        file.write(struct.pack(">I", len(unit)))
        file.write(unit)


def _index(film: Film, sizes: list[int], begin: int) -> bytes:
    length = film.frames * TICKS // film.rate
    movie = struct.pack(">IIIIIH10x", 0, 0, TICKS, length, 0x10000, 0x100) + MATRIX + struct.pack(">24xI", 2)
    track = (
        struct.pack(">IIIII16x", 0, 0, 1, 0, length) + MATRIX + struct.pack(">II", film.width << 16, film.height << 16)
    )
    media = struct.pack(">IIIIHH", 0, 0, film.rate, film.frames, 0x55C4, 0)  # 0x55C4: language undetermined
    handler = struct.pack(">4x4s12x", b"vide") + b"ShotDock\0"
    here = _box(b"dinf", _full(b"dref", 0, struct.pack(">I", 1), _full(b"url ", 1)))
    facts = _box(b"minf", _full(b"vmhd", 1, bytes(8)), here, _samples(film, sizes, begin))
    body = _box(b"mdia", _full(b"mdhd", 0, media), _full(b"hdlr", 0, handler), facts)
    return _box(b"moov", _full(b"mvhd", 0, movie), _box(b"trak", _full(b"tkhd", 3, track), body))


def _samples(film: Film, sizes: list[int], begin: int) -> bytes:
    """Return the table of samples: one chunk of frames of one length, and which of them stand on their own."""
    keys, count = film.key_frames(), len(sizes)
    return _box(
        b"stbl",
        _full(b"stsd", 0, struct.pack(">I", 1), _entry(film)),
        _full(b"stts", 0, struct.pack(">III", 1, count, 1)),
        _full(b"stss", 0, struct.pack(f">I{len(keys)}I", len(keys), *(key + 1 for key in keys))),
        _full(b"stsc", 0, struct.pack(">IIII", 1, 1, count, 1)),
        _full(b"stsz", 0, struct.pack(f">II{count}I", 0, count, *sizes)),
        _full(b"stco", 0, struct.pack(">II", 1, begin)),
    )


def _entry(film: Film) -> bytes:
    sequence, picture = film.parameter_sets()
    settings = bytes((1, *sequence[1:4], 0xFF, 0xE1))  # lengths of 4 bytes, one sequence parameter set
    settings += struct.pack(">H", len(sequence)) + sequence + struct.pack(">BH", 1, len(picture)) + picture
    # 72 dots an inch, one frame a sample, no compressor's name, 24 bits deep.
    look = struct.pack(">6xH16xHHII4xH32xHh", 1, film.width, film.height, 0x480000, 0x480000, 1, 24, -1)
    return _box(b"avc1", look, _box(b"avcC", settings))


def _full(kind: bytes, flags: int, *parts: bytes) -> bytes:
    return _box(kind, struct.pack(">I", flags), *parts)


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + kind + body
