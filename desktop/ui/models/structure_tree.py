"""The structure as a tree: project, episode, sequence, shot, with the number of shots below each."""

from collections.abc import Iterable

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, Qt

from desktop.core.media import ShotKey
from desktop.ui.colours import Tone
from desktop.ui.formats import Formats, plain
from desktop.ui.models.columns import NO_PARENT, RIGHT, Index, Role
from desktop.ui.models.comparison import Scope
from desktop.ui.theme import Theme

SCOPE_ROLE = Qt.ItemDataRole.UserRole + 1


class _Node:
    __slots__ = ("children", "name", "number", "parent", "scope", "shots")

    def __init__(self, name: str, scope: Scope, parent: "_Node | None") -> None:
        self.name = name
        self.scope = scope
        self.parent = parent
        self.number = len(parent.children) if parent else 0
        self.children: list[_Node] = []
        self.shots = 0


class StructureTree(QAbstractItemModel):
    """Branches of the structure; levels a layout does not have are left out."""

    def __init__(self, theme: Theme, formats: Formats, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme, self._formats = theme, formats
        self._keys: list[ShotKey] = []
        self._text = ""
        self._root = _Node("", (), None)

    def fill(self, keys: Iterable[ShotKey]) -> None:
        """Show the branches of these shots."""
        self._keys = sorted(set(keys), key=lambda key: (key.project, key.episode, key.sequence, key.shot))
        self._build()

    def find(self, text: str) -> None:
        """Show only branches that have the text in their path."""
        self._text = text.lower()
        self._build()

    @property
    def shots(self) -> int:
        """Return the number of shots shown."""
        return self._root.shots

    def _build(self) -> None:
        self.beginResetModel()
        root = _Node("", (), None)
        nodes: dict[Scope, _Node] = {(): root}
        for key in self._keys:
            if self._text and self._text not in key.label.lower():
                continue
            node = root
            node.shots += 1
            scope: Scope = ()
            for level in (key.project, key.episode, key.sequence, key.shot):
                scope = (*scope, level)
                if not level:
                    continue
                found = nodes.get(scope)
                if found is None:
                    found = _Node(level, scope, node)
                    nodes[scope] = found
                    node.children.append(found)
                found.shots += 1
                node = found
        self._root = root
        self.endResetModel()

    def index(self, row: int, column: int, parent: Index = NO_PARENT) -> QModelIndex:
        """Return the index of a branch."""
        node = self._node(parent)
        if 0 <= row < len(node.children) and 0 <= column < 2:
            return self.createIndex(row, column, node.children[row])
        return QModelIndex()

    def parent(self, index: Index = NO_PARENT) -> QModelIndex:  # type: ignore[override]  # QObject.parent shares the name
        """Return the index of the branch above."""
        node = self._node(index).parent if index.isValid() else None
        if node is None or node.parent is None:
            return QModelIndex()
        return self.createIndex(node.number, 0, node)

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        """Return the number of branches below."""
        return 0 if parent.column() > 0 else len(self._node(parent).children)

    def columnCount(self, parent: Index = NO_PARENT) -> int:
        """Return two: the name and the number of shots."""
        return 2

    def data(self, index: Index, role: int = Role.DisplayRole) -> object:
        """Return a branch's name or the number of its shots."""
        if not index.isValid():
            return None
        node = self._node(index)
        if role == SCOPE_ROLE:
            return node.scope
        if index.column() == 0:
            if role in (Role.DisplayRole, Role.ToolTipRole):
                return plain(node.name) if role == Role.ToolTipRole else node.name
            return None
        if not node.children:
            return None
        if role == Role.DisplayRole:
            return self._formats.count(node.shots)
        if role == Role.TextAlignmentRole:
            return RIGHT
        if role == Role.ForegroundRole:
            return self._theme.colour(Tone.FAINT)
        return None

    def _node(self, index: Index) -> _Node:
        node: _Node = index.internalPointer() if index.isValid() else self._root
        return node
