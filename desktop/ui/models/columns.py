"""Columns declared in one place: title, width, side and, for a header, the words behind it."""

from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt

from desktop.ui.colours import Tone
from desktop.ui.formats import upright

Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
NO_PARENT = QModelIndex()
"""The invalid index: the parent of everything at the top. Never changed."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: title, width in pixels (0 takes the rest), tip, right for numbers.

    gives_way: where there is no room for all, columns with a low number go first; 0 stays.
    """

    title: str
    width: int
    tip: str = ""
    right: bool = False
    gives_way: int = 0

    def header(self, role: int) -> object:
        """Answer `headerData` for this column."""
        if role == Role.DisplayRole:
            return upright(self.title)
        if role == Role.ToolTipRole:
            return self.tip or None
        if role == Role.TextAlignmentRole:
            return RIGHT if self.right else LEFT
        return None


@dataclass(frozen=True, slots=True)
class Bar:
    """A progress bar: fraction from 0 to 1 or None for "not known yet", its words and tone."""

    fraction: float | None
    words: str
    tone: Tone
