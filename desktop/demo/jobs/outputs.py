"""The output folders that the demo's reconstructions leave, as their server names the files."""

import json
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from desktop.demo.content import BEGIN, Size
from desktop.demo.jobs.meshes import checks, glb, mtl, obj, ply, ring
from desktop.demo.jobs.previews import textured, wireframe
from desktop.demo.pictures import Colour

VIEWS = 6
PIXELS = {Size.SMALL: 64, Size.FULL: 256}


@dataclass(frozen=True, slots=True)
class Model:
    """What one method made. around, across: segments of its mesh; score: how good it is, 0 to 1."""

    name: str
    colour: Colour
    around: int
    across: int
    score: float
    material: bool = True
    mesh: bool = True


GOOD = (
    Model("reconviagen", (0.90, 0.60, 0.30), 24, 12, 0.91),
    Model("nvdiffrec", (0.40, 0.65, 0.90), 32, 16, 0.87, material=False),
)
POOR = (
    Model("reconviagen", (0.90, 0.60, 0.30), 7, 5, 0.34),
    Model("nvdiffrec", (0.40, 0.65, 0.90), 9, 4, 0.28, material=False),
)
HALF = (GOOD[0], Model("nvdiffrec", (0.40, 0.65, 0.90), 32, 16, 0.87, mesh=False))
"""One model has a point cloud, but no mesh."""


def write_outputs(folder: Path, models: tuple[Model, ...], size: Size) -> None:
    """Write the files of every model, the same every time, and as old as all that the studio has."""
    for model in models:
        for name, data in _files(model, size):
            path = folder / model.name / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            os.utime(path, (BEGIN, BEGIN))


@lru_cache
def _files(model: Model, size: Size) -> tuple[tuple[str, bytes], ...]:
    return tuple(_made(model, PIXELS[size]))


def _made(model: Model, side: int) -> Iterator[tuple[str, bytes]]:
    mesh = ring(model.around, model.across)
    yield "mesh.ply", ply(mesh)
    if model.mesh:
        yield "mesh.obj", obj(mesh, model.name)
        yield "mesh.glb", glb(mesh, model.colour)
    if model.material:
        yield "mesh.mtl", mtl(model.name, model.colour)
    yield "mesh.png", checks(model.colour, 2 * side)
    for view in range(VIEWS):
        turn = 2 * math.pi * view / VIEWS
        yield f"previews/textured_{view:02}.png", textured(mesh, turn, side, model.colour)
        yield f"previews/wireframe_{view:02}.png", wireframe(mesh, turn, side)
    metrics = {
        "overall_score": model.score,
        "psnr": round(12 + 20 * model.score, 2),
        "ssim": round(0.3 + 0.68 * model.score, 3),
        "lpips": round(0.6 - 0.55 * model.score, 3),
        "vertices": len(mesh.points),
        "faces": len(mesh.triangles),
        "watertight": model.score > 0.5,
        "texture_resolution": 2 * side,
    }
    yield "quality.json", json.dumps({"model": model.name, "metrics": metrics}, indent=2).encode()
