"""Output folders as a reconstruction leaves them."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MODELS = ("reconviagen", "nvdiffrec")
PICTURES = [f"previews/{kind}_{view:02}.png" for kind in ("textured", "wireframe") for view in range(6)]
ON_DISK = ["mesh.glb", "mesh.mtl", "mesh.obj", "mesh.ply", "mesh.png", *PICTURES, "quality.json"]
IN_ZIP = sorted(f"{model}/{name.replace('mesh.png', 'texture.png')}" for model in MODELS for name in ON_DISK)


def make_output(folder: Path, models: tuple[str, ...] = MODELS) -> Path:
    """Fill a folder with everything a job can leave, and things that are nobody's business; return it."""
    for model in models:
        for name in ON_DISK:
            path = folder / model / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(f"{model} {name} ".encode() * 97)
        (folder / model / "train.log").write_text("step 1\n")
    (folder / "input").mkdir()
    (folder / "input" / "photo.jpg").write_bytes(b"jpeg")
    return folder


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """Let this process write no file beyond size bytes: the kernel refuses the rest, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
