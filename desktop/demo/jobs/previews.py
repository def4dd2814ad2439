"""A mesh drawn as a picture, shaded or as wires: what a reconstruction shows of its result."""

import math
from collections.abc import Iterator

from desktop.demo.jobs.meshes import Mesh
from desktop.demo.pictures import Colour, png_of

TILT = 0.6  # radians the view looks down
PAPER = bytes((32, 34, 38))
WIRE = bytes((120, 220, 160))

Point = tuple[float, float, float]


def textured(mesh: Mesh, turn: float, side: int, colour: Colour) -> bytes:
    """Return the mesh as a solid in a PNG of `side` pixels; turn: radians around its axis."""
    lines = [bytearray(PAPER * side) for _ in range(side)]
    points = _seen(mesh, turn, side)
    # From the back to the front, each over what was there.
    for triangle in sorted(mesh.triangles, key=lambda corners: sum(points[corner][2] for corner in corners)):
        a, b, c = (points[corner] for corner in triangle)
        across, down = mesh.texture[triangle[0]]
        shade = 0.45 + 0.25 * (b[2] - a[2] + c[2] - a[2]) / side + (0.35 if int(across * 8 + down * 4) % 2 else 0.1)
        pixel = bytes(max(0, min(255, round(255 * part * shade))) for part in colour)
        for y, left, right in _spans(sorted((a, b, c), key=lambda point: point[1]), side):
            lines[y][3 * left : 3 * right] = pixel * (right - left)
    return png_of(side, side, [bytes(line) for line in lines])


def wireframe(mesh: Mesh, turn: float, side: int) -> bytes:
    """Return the edges of the mesh in a PNG of `side` pixels."""
    lines = [bytearray(PAPER * side) for _ in range(side)]
    points = _seen(mesh, turn, side)
    for a, b, c in mesh.triangles:
        for begin, end in ((points[a], points[b]), (points[a], points[c])):
            steps = max(1, math.ceil(max(abs(end[0] - begin[0]), abs(end[1] - begin[1]))))
            for step in range(steps + 1):
                x = int(begin[0] + (end[0] - begin[0]) * step / steps)
                y = int(begin[1] + (end[1] - begin[1]) * step / steps)
                lines[y][3 * x : 3 * x + 3] = WIRE
    return png_of(side, side, [bytes(line) for line in lines])


def _seen(mesh: Mesh, turn: float, side: int) -> list[Point]:
    """Return where every vertex is in the picture, in pixels, and how near."""
    sine, cosine = math.sin(turn), math.cos(turn)
    low, high = math.sin(TILT), math.cos(TILT)
    scale, middle = 0.42 * side, side / 2
    seen = []
    for x, y, z in mesh.points:
        across, depth = x * cosine + z * sine, z * cosine - x * sine
        seen.append(
            (middle + scale * across, middle - scale * (y * high - depth * low), scale * (y * low + depth * high))
        )
    return seen


def _spans(corners: list[Point], side: int) -> Iterator[tuple[int, int, int]]:
    """Yield line, first and end pixel of a triangle whose corners are sorted from top to bottom."""
    top, middle, bottom = corners
    for y in range(max(0, math.ceil(top[1])), min(side, math.ceil(bottom[1]))):
        upper, lower = (top, middle) if y < middle[1] else (middle, bottom)
        ends = sorted((_at(top, bottom, y), _at(upper, lower, y)))
        yield y, max(0, math.floor(ends[0])), min(side, math.ceil(ends[1]))


def _at(begin: Point, end: Point, y: int) -> float:
    height = end[1] - begin[1]
    return begin[0] + (end[0] - begin[0]) * (y - begin[1]) / height if height else begin[0]
