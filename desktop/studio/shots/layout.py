"""Layouts by name: those ShotDock brings, and a studio's own."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import resources
from desktop.core.errors import UsageError
from desktop.core.paths import at_home
from desktop.studio.shots.layout_file import read_layout
from desktop.studio.shots.naming import Layout, Match, Step

__all__ = ["Checked", "Layout", "Match", "Step", "check_paths", "layout_names", "load_layout"]

BUILT_IN = Path(resources.__file__).parent / "layouts"
SUFFIX = ".toml"


@dataclass(frozen=True, slots=True)
class Checked:
    """One row of `layouts check`: what the layout reads from a path, or the reason why it reads nothing."""

    path: str
    match: Match | None
    reason: str = ""

    def as_dict(self) -> dict[str, object]:
        """Return the row as `layouts check --json` prints it."""
        if self.match is None:
            return {"path": self.path, "matched": False, "reason": self.reason}
        return {
            "path": self.path,
            "matched": True,
            **self.match.key.as_dict(),
            "department": self.match.department,
            "version": self.match.version,
        }


def layout_names(folders: Sequence[Path] = ()) -> tuple[str, ...]:
    """Return the names of the layouts that can be loaded, `default` first.

    folders: a user's or studio's folders of layout files; a layout file itself may stand among them.
    """
    names = {path.stem for path in _files((*folders, BUILT_IN))}
    return ("default", *sorted(names - {"default"}))


def load_layout(name: str, folders: Sequence[Path] = ()) -> Layout:
    """Load a layout by its name or its file. Raise UsageError, naming file and key, or the known names.

    The first of `folders` that has the name wins; those ShotDock brings come last, so that a studio can have its
    own `default`.
    """
    if name.endswith(SUFFIX) or "/" in name or "\\" in name:
        return _load(at_home(name))
    for path in _files((*folders, BUILT_IN)):
        if path.stem == name:
            return _load(path)
    raise UsageError(
        title=f"There is no layout called {name!r}.",
        cause=f"Known: {', '.join(layout_names(folders))}.",
        suggestion="Choose one of these, or give the path of a layout file.",
    )


def check_paths(layout: Layout, paths: Iterable[str], root: str = "") -> list[Checked]:
    """Try a layout on server paths of files; blank lines are left out.

    root: where the connection will point; without it the paths are read as lying below the root already.
    """
    project = PurePosixPath(root).name
    return [_check(layout, line.strip(), root.rstrip("/"), project) for line in paths if line.strip()]


def _check(layout: Layout, path: str, root: str, project: str) -> Checked:
    if root and not path.startswith(f"{root}/"):
        return Checked(path, None, f"does not lie below {root}")
    parts = path[len(root) :].strip("/").split("/")
    if match := layout.match("/".join(parts), project):
        return Checked(path, match)
    steps = layout.start()
    for depth, name in enumerate(parts[:-1]):
        below = layout.down(steps, name)
        if not below:
            return Checked(path, None, f"{name!r} (level {depth + 1}) is none of: {_wanted(steps)}")
        steps = below
    return Checked(path, None, f"the file {parts[-1]!r} is none of: {_wanted(steps)}")


def _wanted(steps: Iterable[Step]) -> str:
    """Return what the layout would take next, as its templates spell it."""
    wanted = []
    for step in steps:
        trail = step.trail
        written = trail.levels[step.index].text if step.index < len(trail.levels) else "..."
        wanted.append(f"{written} ({trail.department})")
    return ", ".join(dict.fromkeys(wanted))


def _files(places: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for place in places:
        if place.suffix == SUFFIX:
            found.append(place)
        elif place.is_dir():
            found += sorted(place.glob(f"*{SUFFIX}"))
    return found


def _load(path: Path) -> Layout:
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise UsageError(
            title="This layout file cannot be read.",
            cause=f"{error.strerror}.",
            suggestion="Check its path and that you may read it.",
            path=str(path),
        ) from None
    except UnicodeDecodeError:
        raise UsageError(
            title="This layout file is not UTF-8 text.",
            cause="TOML files are.",
            suggestion="Save it as UTF-8.",
            path=str(path),
        ) from None
    return read_layout(text, str(path), path.stem)
