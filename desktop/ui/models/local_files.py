"""Files that are on this machine: as URLs to drag away, and as the path of a sequence to paste elsewhere."""

import re
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData, QUrl

from desktop.core.task import FileResult, TaskFile

HERE = (FileResult.DOWNLOADED, FileResult.OVERWRITTEN, FileResult.KEPT_BOTH, FileResult.SKIPPED)
"""Results after which the whole file is on the disk."""

FRAME_STYLES = ("%04d", "####", "$F4")
"""How programs spell the frame number of a sequence: Nuke and the like, Maya and RV, Houdini."""

_FRAME = re.compile(r"(.*[._])(\d+)(\.[A-Za-z0-9]+)")


def path_of(root: Path, file: TaskFile) -> Path | None:
    """Return where a file of a task is, or None if it is not there; nothing is looked up on the disk."""
    return root / file.target if file.result in HERE else None


def as_mime(paths: Sequence[Path]) -> QMimeData | None:
    """Return paths as other programs take them when they are dropped or pasted; None for no paths."""
    if not paths:
        return None
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    data.setText("\n".join(str(path) for path in paths))
    return data


def sequence_path(paths: Sequence[Path], style: str) -> str:
    """Return the first sequence among paths with its frame number spelled in a style, or the first path as it is.

    style: one of FRAME_STYLES; its length follows the digits of the frames. Returns "" for no paths.
    """
    seen: set[tuple[Path, str, int, str]] = set()
    for path in paths:
        found = _FRAME.fullmatch(path.name)
        if found is None:
            continue
        head, digits, tail = found.groups()
        key = (path.parent, head, len(digits), tail)
        if key in seen:
            return str(path.with_name(head + _frame(style, len(digits)) + tail))
        seen.add(key)
    return str(paths[0]) if paths else ""


def _frame(style: str, digits: int) -> str:
    if style == "####":
        return "#" * digits
    return f"$F{digits}" if style.startswith("$") else f"%0{digits}d"
