"""What the demo's scene sessions produce: scenes, scripts and rendered pictures."""

import hashlib
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

from desktop.demo.content import Size
from desktop.demo.jobs.zips import zipped
from desktop.demo.pictures import png
from desktop.demo.web import Answer

SCENE_BYTES = {Size.SMALL: 200_000, Size.FULL: 20_000_000}
PICTURE = {Size.SMALL: (32, 18), Size.FULL: (640, 360)}


@dataclass(frozen=True, slots=True)
class Produced:
    """A file of a session. name: as the server tells it. after: seconds of the session until it is there."""

    name: str
    type: str
    make: Callable[[str, Size], bytes]
    after: float = 0.0

    def answer(self, seed: str, size: Size) -> Answer:
        """Return the file as an answer; equal seeds make equal bytes."""
        name = f'filename="{self.name}"' if self.name.isascii() else f"filename*=UTF-8''{quote(self.name)}"
        headers = {"Content-Disposition": f"attachment; {name}"}
        return Answer(content=_made(self.make, seed, size), type=self.type, headers=headers, tagged=True)


@lru_cache(8)
def _made(make: Callable[[str, Size], bytes], seed: str, size: Size) -> bytes:
    return make(seed, size)


def blend(seed: str, size: Size) -> bytes:
    """Return a Blender file with one block of data that means nothing: header, block, end."""
    data = hashlib.shake_256(seed.encode()).digest(SCENE_BYTES[size])
    block = struct.pack("<4siQii", b"DATA", len(data), 1, 0, 1)
    return b"BLENDER-v404" + block + data + struct.pack("<4siQii", b"ENDB", 0, 0, 0, 0)


def script(seed: str, size: Size) -> bytes:
    """Return a script for Blender."""
    return f'"""Builds {seed} ({size})."""\n\nimport bpy\n\nbpy.ops.mesh.primitive_monkey_add()\n'.encode()


def scripts(seed: str, size: Size) -> bytes:
    """Return several scripts as one archive."""
    return zipped({f"{name}.py": script(f"{seed} {name}", size) for name in ("build", "light", "render")})


def render(seed: str, size: Size) -> bytes:
    """Return a rendered picture."""
    red, green, blue = hashlib.sha256(seed.encode()).digest()[:3]
    return png(*PICTURE[size], (red / 255, green / 255, blue / 255))


def renders(seed: str, size: Size) -> bytes:
    """Return several pictures as one archive."""
    return zipped({f"frame_{frame:04}.png": render(f"{seed} {frame}", size) for frame in range(1, 6)})
