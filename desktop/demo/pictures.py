"""Pictures as real viewers open them: uncompressed half-float EXR, small PNG, and a point cache."""

import math
import struct
import zlib
from array import array
from collections.abc import Sequence

LEVELS = 16  # steps of light from the top of a frame to its bottom
BIG_ENDIAN = array("H", [1]).tobytes() == b"\x00\x01"

Colour = tuple[float, float, float]
"""Red, green, blue; linear light."""

Rows = tuple[tuple[bytes, bytes, bytes], ...]
"""For each level of light the blue, green and red half floats of a line two frames wide."""


def exr_rows(width: int, colour: Colour, gain: float) -> Rows:
    """Return the lines frames of one version are cut from; `width` in pixels."""
    wave = [0.35 + 0.65 * math.sin(math.pi * x / width) ** 2 for x in range(width)]
    red, green, blue = colour
    rows = []
    for level in range(1, LEVELS + 1):
        light = gain * level / LEVELS
        lines = [struct.pack(f"<{width}e", *(c * light * w for w in wave)) * 2 for c in (blue, green, red)]
        rows.append((lines[0], lines[1], lines[2]))
    return tuple(rows)


def exr(rows: Rows, width: int, height: int, shift: int) -> bytes:
    """Return an OpenEXR scan-line file (version 2, no compression, half B G R); the picture is moved by `shift`.

    The format: https://openexr.com/en/latest/OpenEXRFileLayout.html
    """
    window = struct.pack("<4i", 0, 0, width - 1, height - 1)
    # Per channel: type 1 (half), pLinear 0 and 3 reserved bytes, sampling 1 by 1.
    channels = b"".join(name + b"\0" + struct.pack("<iiii", 1, 0, 1, 1) for name in (b"B", b"G", b"R")) + b"\0"
    head = b"".join(
        (
            struct.pack("<ii", 20000630, 2),
            _attribute(b"channels", b"chlist", channels),
            _attribute(b"compression", b"compression", b"\0"),
            _attribute(b"dataWindow", b"box2i", window),
            _attribute(b"displayWindow", b"box2i", window),
            _attribute(b"lineOrder", b"lineOrder", b"\0"),
            _attribute(b"pixelAspectRatio", b"float", struct.pack("<f", 1.0)),
            _attribute(b"screenWindowCenter", b"v2f", struct.pack("<2f", 0.0, 0.0)),
            _attribute(b"screenWindowWidth", b"float", struct.pack("<f", 1.0)),
            b"\0",
        )
    )
    line_bytes = 8 + 6 * width
    first = len(head) + 8 * height
    offsets = struct.pack(f"<{height}Q", *(first + y * line_bytes for y in range(height)))
    begin = 2 * (shift % width)
    end = begin + 2 * width
    lines = []
    for y in range(height):
        blue, green, red = rows[y * LEVELS // height]
        lines.append(struct.pack("<ii", y, 6 * width))
        lines += (blue[begin:end], green[begin:end], red[begin:end])
    return b"".join((head, offsets, *lines))


def png(width: int, height: int, colour: Colour) -> bytes:
    """Return an 8-bit RGB PNG: the colour, darker towards the bottom."""
    lines = []
    for y in range(height):
        light = 255 * (1.0 - 0.7 * y / height)
        lines.append(bytes(min(255, int(c * light)) for c in colour) * width)
    return png_of(width, height, lines)


def png_of(width: int, height: int, lines: Sequence[bytes]) -> bytes:
    """Return an 8-bit RGB PNG of `lines`, three bytes a pixel."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"".join(b"\0" + line for line in lines), 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def point_cache(points: int, samples: int, radius: float) -> bytes:
    """Return a PC2 point cache: a ring of `points` that turns by one point a sample."""
    ring = array("f")
    for index in range(points):
        angle = 2 * math.pi * index / points
        ring.extend((radius * math.cos(angle), math.sin(7 * angle), radius * math.sin(angle)))
    if BIG_ENDIAN:
        ring.byteswap()
    turned = ring.tobytes() * 2
    size = 12 * points
    head = b"POINTCACHE2\0" + struct.pack("<iiffi", 1, points, 1001.0, 1.0, samples)
    starts = (12 * (sample % points) for sample in range(samples))
    return head + b"".join(turned[start : start + size] for start in starts)


def _attribute(name: bytes, kind: bytes, value: bytes) -> bytes:
    return name + b"\0" + kind + b"\0" + struct.pack("<i", len(value)) + value
