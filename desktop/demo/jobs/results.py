"""A reconstruction's output folder as the ZIP that its server gives."""

from pathlib import Path

from desktop.demo.jobs.zips import zipped
from desktop.demo.web import Body


def packed(folder: Path) -> Body | bytes | list[str]:
    """Return the results of an output folder, or what is missing of them."""
    models = sorted(path for path in folder.iterdir() if path.is_dir())
    meshes = ("mesh.glb", "mesh.obj")
    missing = [
        f"{model.name}/{' or '.join(meshes)}" for model in models if not any((model / m).exists() for m in meshes)
    ]
    if missing:
        return missing
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return zipped(
        {path.relative_to(folder).as_posix().replace("mesh.png", "texture.png"): path.read_bytes() for path in files}
    )
