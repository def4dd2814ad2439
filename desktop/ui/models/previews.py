"""The previews of results: pairs of pictures of one view, read and decoded off the window's thread."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QAbstractListModel, QObject, QSize, Qt, Signal, SignalInstance, Slot
from PySide6.QtGui import QImage, QPixmap

from desktop.core.job import ModelResult
from desktop.ui.models.columns import NO_PARENT, Index, Role
from desktop.ui.models.thumbnails import decode
from desktop.work.pool import Pool

PAIR_ROLE = Qt.ItemDataRole.UserRole + 1
"""The Pair of a row."""
LARGEST = 64 << 20
"""Bytes of a picture's file that are read."""

_NAME = re.compile(r"(textured|wireframe)_(\d+)")


@dataclass(frozen=True, slots=True)
class Pair:
    """One view of a model. view: from 1."""

    model: str
    view: int
    textured: Path | None
    wireframe: Path | None

    @property
    def pictures(self) -> tuple[tuple[str, Path], ...]:
        """Return what there is to look at: a caption and its file each."""
        both = (("textured", self.textured), ("wireframe", self.wireframe))
        return tuple((f"{self.caption}, {kind}", path) for kind, path in both if path is not None)

    @property
    def caption(self) -> str:
        """Return which view it is, in words."""
        return f"{self.model}, view {self.view}"


def pairs_of(models: Sequence[ModelResult]) -> tuple[Pair, ...]:
    """Return the pairs of pictures of all models, view by view."""
    found: dict[tuple[str, int], dict[str, Path]] = {}
    for model in models:
        for path in model.previews:
            name = _NAME.fullmatch(path.stem)
            if name is not None:
                found.setdefault((model.name, int(name[2])), {})[name[1]] = path
    return tuple(
        Pair(model, view + 1, kinds.get("textured"), kinds.get("wireframe"))
        for (model, view), kinds in sorted(
            found.items(), key=lambda item: ([m.name for m in models].index(item[0][0]), item[0][1])
        )
    )


def _load(key: tuple[int, Path], most: QSize, tell: SignalInstance) -> None:
    """Read, decode and tell; a picture that cannot be read is a null one."""
    try:
        with key[1].open("rb") as stream:
            image = decode(stream.read(LARGEST), most)
    except OSError:
        image = QImage()
    tell.emit((key, image))


class Pictures(QObject):
    """Pictures by their path. `arrived` carries the path of one that is there now, or cannot be had."""

    arrived = Signal(object)
    _loaded = Signal(object)

    def __init__(self, most: QSize, parent: QObject | None = None) -> None:
        """most: pixels a picture is decoded to at most."""
        super().__init__(parent)
        self._most = most
        self._generation = 0
        self._kept: dict[Path, QPixmap] = {}
        self._asked: set[Path] = set()
        self._pool = Pool(2, self)
        self._loaded.connect(self._take)

    def get(self, path: Path) -> QPixmap | None:
        """Return a picture if it is here, else ask for it; a null one cannot be had."""
        picture = self._kept.get(path)
        if picture is None and path not in self._asked:
            self._asked.add(path)
            self._pool.start(partial(_load, (self._generation, path), self._most, self._loaded))
        return picture

    def clear(self) -> None:
        """Forget every picture: their files may be others."""
        self._generation += 1
        self._kept.clear()
        self._asked.clear()
        self._pool.clear()

    def stop(self) -> None:
        """Ask for nothing more, and wait for what is being read."""
        self.clear()
        self._pool.wait()

    @Slot(object)
    def _take(self, answer: tuple[tuple[int, Path], QImage]) -> None:
        (generation, path), image = answer
        if generation == self._generation:
            self._kept[path] = QPixmap.fromImage(image)
            self.arrived.emit(path)


class PreviewModel(QAbstractListModel):
    """A row a pair of pictures."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[Pair, ...] = ()

    def fill(self, pairs: tuple[Pair, ...]) -> None:
        """Show these pairs."""
        self.beginResetModel()
        self._rows = pairs
        self.endResetModel()

    def rows(self) -> tuple[Pair, ...]:
        """Return the pairs."""
        return self._rows

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        """Return the number of pairs."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Role.DisplayRole) -> object:
        """Return a pair or its caption."""
        pair = self._rows[index.row()]
        if role == PAIR_ROLE:
            return pair
        if role in (Role.DisplayRole, Role.AccessibleTextRole):
            return pair.caption
        return None
