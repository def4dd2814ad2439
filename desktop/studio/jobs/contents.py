"""What a reconstruction's result ZIP holds, and where each of its files lies in the job's output folder.

    MODEL/mesh.obj  mesh.ply  mesh.glb  mesh.mtl      the mesh in each format
    MODEL/texture.png                                 `mesh.png` in the output folder
    MODEL/previews/textured_00..05.png, wireframe_00..05.png
    MODEL/quality.json

A model is complete if `mesh.glb` or `mesh.obj` is there, whatever its size; results are complete if every model is.
Everything else is optional, and told of where it is absent. That a mesh is empty, as an exporter leaves it that died,
is a question of quality and not of what is there: such results are packed, but not unpacked by themselves
(`results.py`).
"""

import os
import stat
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from desktop.core.errors import IncompleteResultsError, NotAllowed, NotFound
from desktop.transfer.names import shown

MODELS = ("reconviagen", "nvdiffrec")
"""The folders of the two methods a job runs side by side."""
MESHES = ("mesh.glb", "mesh.obj")
"""One of these makes a model complete."""
VIEWS = 6
TEXTURE = "texture.png"
FILES = (
    "mesh.glb",
    "mesh.mtl",
    "mesh.obj",
    "mesh.ply",
    *(f"previews/{kind}_{view:02}.png" for kind in ("textured", "wireframe") for view in range(VIEWS)),
    "quality.json",
    TEXTURE,
)
"""A model's files as the ZIP names them, in its order."""
_NAMES_ON_DISK = {TEXTURE: ("mesh.png", TEXTURE)}
"""Other names a file has in the output folder, the first one found counts; the last makes a result that was unpacked
a folder that can be packed."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file to pack: its name in the ZIP, where it is, and its facts when it was found."""

    name: str
    path: Path
    facts: os.stat_result


@dataclass(frozen=True, slots=True)
class Inventory:
    """What an output folder has. missing: what makes it incomplete. absent: optional files that are not there."""

    files: tuple[Found, ...]
    missing: tuple[str, ...]
    absent: tuple[str, ...]


def take_stock(output_dir: Path, models: Sequence[str] = MODELS) -> Inventory:
    """Return what of the models is in an output folder, in the ZIP's order; links are followed.

    Raises NotAllowed for a folder that cannot be read.
    """
    files = tuple(found for model in sorted(models) for found in _files(output_dir, model))
    names = {found.name for found in files}
    return Inventory(files, missing_of(names, models), tuple(absent_of(names, models)))


def missing_of(names: Collection[str], models: Sequence[str] = MODELS) -> tuple[str, ...]:
    """Return what makes results with these files incomplete; () if nothing does."""
    return tuple(
        f"{model}/{' or '.join(MESHES)}" for model in models if not any(f"{model}/{mesh}" in names for mesh in MESHES)
    )


def absent_of(names: Collection[str], models: Iterable[str] = MODELS) -> Iterator[str]:
    """Yield the optional files that are not among the names.

    A mesh in the other format is no loss, nor is a mesh without materials.
    """
    needless = (*MESHES, "mesh.mtl")
    return (
        name for model in models for file in FILES if file not in needless and (name := f"{model}/{file}") not in names
    )


def incomplete(missing: Sequence[str], path: str) -> IncompleteResultsError:
    """Return the error for results that lack something. path: the folder or ZIP they are in."""
    return IncompleteResultsError(
        title="The results are incomplete.",
        cause=f"Not there: {', '.join(missing)}.",
        suggestion="Let the job end, or run it again; its log tells why a model came to nothing.",
        path=path,
        missing=tuple(missing),
    )


def unreadable(name: str, path: Path, error: OSError) -> NotFound | NotAllowed:
    """Return the error for a file that cannot be opened or read. name: what it is called, if not as on disk."""
    kind = NotFound if isinstance(error, FileNotFoundError) else NotAllowed
    return kind(
        title=f"{shown(name)} cannot be read.",
        cause=f"{error.strerror or error}.",
        suggestion="Check that it is there, its permissions, and its disk.",
        path=shown(str(path)),
    )


def _files(output_dir: Path, model: str) -> Iterator[Found]:
    for file in FILES:
        for name in _NAMES_ON_DISK.get(file, (file,)):
            path = output_dir / model / name
            try:
                facts = path.stat()
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                raise unreadable(f"{model}/{file}", path, error) from error
            if stat.S_ISREG(facts.st_mode):
                yield Found(f"{model}/{file}", path, facts)
                break
