"""A ring, thicker on one side, as a mesh with normals and texture coordinates, in the formats that people exchange."""

import json
import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from desktop.demo.pictures import Colour, png_of

INNER, OUTER = 0.3, 0.75  # radii of the tube and of the ring
FLOAT, INDEX = 5126, 5123  # component types of glTF: 32-bit floats, unsigned 16-bit integers

Vector = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Mesh:
    """Vertices with a normal and a texture coordinate each, and triangles of their indices."""

    points: Sequence[Vector]
    normals: Sequence[Vector]
    texture: Sequence[Vector]
    triangles: Sequence[tuple[int, int, int]]


def ring(around: int, across: int) -> Mesh:
    """Return the ring of so many segments around it and across its tube."""
    points, normals, texture, triangles = [], [], [], []
    for i in range(around + 1):
        u = 2 * math.pi * i / around
        tube = INNER * (1 + 0.3 * math.cos(u))
        for j in range(across + 1):
            v = 2 * math.pi * j / across
            normal = (math.cos(u) * math.cos(v), math.sin(v), math.sin(u) * math.cos(v))
            normals.append(normal)
            points.append(
                (OUTER * math.cos(u) + tube * normal[0], tube * normal[1], OUTER * math.sin(u) + tube * normal[2])
            )
            texture.append((i / around, j / across))
    for i in range(around):
        for j in range(across):
            a = i * (across + 1) + j
            b = a + across + 1
            triangles += [(a, a + 1, b), (b, a + 1, b + 1)]
    return Mesh(points, normals, texture, triangles)


def obj(mesh: Mesh, material: str) -> bytes:
    """Return a Wavefront OBJ that names its material in `mesh.mtl`."""
    lines = ["mtllib mesh.mtl", "o ring"]
    lines += ("v {:.6f} {:.6f} {:.6f}".format(*point) for point in mesh.points)
    lines += ("vt {:.6f} {:.6f}".format(*place) for place in mesh.texture)
    lines += ("vn {:.6f} {:.6f} {:.6f}".format(*normal) for normal in mesh.normals)
    lines.append(f"usemtl {material}")
    lines += ("f " + " ".join(f"{corner + 1}/{corner + 1}/{corner + 1}" for corner in face) for face in mesh.triangles)
    return "\n".join([*lines, ""]).encode()


def mtl(material: str, colour: Colour) -> bytes:
    """Return the material of an OBJ, with `mesh.png` as its texture."""
    return f"newmtl {material}\nKd {colour[0]:.3f} {colour[1]:.3f} {colour[2]:.3f}\nmap_Kd mesh.png\n".encode()


def ply(mesh: Mesh) -> bytes:
    """Return a PLY in ASCII."""
    lines = ["ply", "format ascii 1.0", f"element vertex {len(mesh.points)}"]
    lines += (f"property float {name}" for name in ("x", "y", "z"))
    lines += [f"element face {len(mesh.triangles)}", "property list uchar int vertex_indices", "end_header"]
    lines += ("{:.6f} {:.6f} {:.6f}".format(*point) for point in mesh.points)
    lines += ("3 {} {} {}".format(*face) for face in mesh.triangles)
    return "\n".join([*lines, ""]).encode()


def glb(mesh: Mesh, colour: Colour) -> bytes:
    """Return a binary glTF 2.0 (https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html)."""
    parts = [_floats(mesh.points), _floats(mesh.normals), _floats(mesh.texture)]
    corners = list(chain.from_iterable(mesh.triangles))
    parts.append(struct.pack(f"<{len(corners)}H", *corners))
    count = len(mesh.points)
    low, high = ([pick(point[axis] for point in mesh.points) for axis in range(3)] for pick in (min, max))
    accessors = [
        {"bufferView": 0, "componentType": FLOAT, "count": count, "type": "VEC3", "min": low, "max": high},
        {"bufferView": 1, "componentType": FLOAT, "count": count, "type": "VEC3"},
        {"bufferView": 2, "componentType": FLOAT, "count": count, "type": "VEC2"},
        {"bufferView": 3, "componentType": INDEX, "count": len(corners), "type": "SCALAR"},
    ]
    starts = [sum(map(len, parts[:index])) for index in range(len(parts))]
    ring_of = {"attributes": {"POSITION": 0, "NORMAL": 1, "TEXCOORD_0": 2}, "indices": 3, "material": 0}
    facts = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [ring_of]}],
        "materials": [{"pbrMetallicRoughness": {"baseColorFactor": [*colour, 1.0]}}],
        "accessors": accessors,
        "bufferViews": [
            {"buffer": 0, "byteOffset": start, "byteLength": len(part)}
            for start, part in zip(starts, parts, strict=True)
        ],
        "buffers": [{"byteLength": sum(map(len, parts))}],
    }
    chunks = _chunk(b"JSON", json.dumps(facts).encode(), b" ") + _chunk(b"BIN\0", b"".join(parts), b"\0")
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def checks(colour: Colour, side: int) -> bytes:
    """Return a texture of two shades in squares, `side` pixels wide and high."""
    dark, light = (bytes(round(255 * c * shade) for c in colour) for shade in (0.5, 1.0))
    eighth = side // 8
    line = b"".join((dark, light)[column % 2] * eighth for column in range(9))
    lines = [line[3 * eighth * (y // eighth % 2) :][: 3 * side] for y in range(side)]
    return png_of(side, side, lines)


def _floats(vectors: Sequence[Vector]) -> bytes:
    values = list(chain.from_iterable(vectors))
    return struct.pack(f"<{len(values)}f", *values)


def _chunk(kind: bytes, data: bytes, pad: bytes) -> bytes:
    padded = data + pad * (-len(data) % 4)
    return struct.pack("<I4s", len(padded), kind) + padded
