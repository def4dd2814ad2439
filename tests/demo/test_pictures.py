"""The demo's pictures and caches are what their formats say."""

import struct
import zlib

from desktop.demo.pictures import exr, exr_rows, png, point_cache


def test_an_exr_frame_holds_its_lines() -> None:
    width, height = 32, 18
    rows = exr_rows(width, (0.5, 0.25, 1.0), 1.0)
    data = exr(rows, width, height, 0)
    assert struct.unpack_from("<ii", data) == (20000630, 2)
    table = data.index(b"screenWindowWidth\0") + len(b"screenWindowWidth\0float\0") + 4 + 4 + 1
    offsets = struct.unpack_from(f"<{height}Q", data, table)
    for y, offset in enumerate(offsets):
        line, size = struct.unpack_from("<ii", data, offset)
        assert (line, size) == (y, 3 * 2 * width)
    assert offsets[0] == table + 8 * height
    assert offsets[-1] + 8 + 6 * width == len(data)
    blue, green, red = (
        struct.unpack_from("<e", data, offsets[-1] + 8 + 2 * width * channel)[0] for channel in range(3)
    )
    assert blue > red > green


def test_an_exr_frame_moves() -> None:
    rows = exr_rows(32, (0.5, 0.25, 1.0), 1.0)
    assert exr(rows, 32, 18, 3) != exr(rows, 32, 18, 0) == exr(rows, 32, 18, 32)


def test_a_png_has_right_checksums() -> None:
    data = png(8, 4, (1.0, 0.5, 0.0))
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    chunks, at = {}, 8
    while at < len(data):
        size = struct.unpack_from(">I", data, at)[0]
        body = data[at + 4 : at + 8 + size]
        assert struct.unpack_from(">I", data, at + 8 + size)[0] == zlib.crc32(body)
        chunks[body[:4]] = body[4:]
        at += 12 + size
    assert list(chunks) == [b"IHDR", b"IDAT", b"IEND"]
    assert len(zlib.decompress(chunks[b"IDAT"])) == 4 * (1 + 3 * 8)


def test_a_point_cache_has_its_points_in_every_sample() -> None:
    data = point_cache(10, 3, 2.0)
    assert struct.unpack_from("<12siiffi", data) == (b"POINTCACHE2\0", 1, 10, 1001.0, 1.0, 3)
    points = struct.unpack_from("<90f", data, 32)
    assert len(data) == 32 + 4 * 90
    assert points[0] == 2.0
    assert points[30:33] == points[3:6]
