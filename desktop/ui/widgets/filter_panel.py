"""The panel left of the shots: structure tree, departments and states, each with its count."""

from collections import Counter
from collections.abc import Iterable

from PySide6.QtCore import QItemSelectionModel, QSize, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QHeaderView, QLineEdit, QTreeView, QVBoxLayout, QWidget

from desktop.core.media import ShotKey, ShotState
from desktop.ui.colours import Tone
from desktop.ui.formats import SHOT_FACES
from desktop.ui.models.comparison import Scope, Shown
from desktop.ui.models.structure_tree import SCOPE_ROLE, StructureTree
from desktop.ui.tab import Frame
from desktop.ui.widgets.parts import column, in_turn, label, push, row
from desktop.ui.widgets.tables import set_tree

EXPAND_UP_TO = 60
"""Sequences a tree opens by itself; expanding a large tree row by row is slow in Qt."""


class CheckLine(QWidget):
    """A check box with an icon and a count at its right."""

    toggled = Signal()

    def __init__(self, frame: Frame, words: str, icon: str = "", tone: Tone = Tone.TEXT) -> None:
        super().__init__()
        self.box = QCheckBox(words)
        self.box.setChecked(True)
        self.box.setAccessibleName(words)
        self.box.toggled.connect(lambda: self.toggled.emit())
        self.count = label("0", "faint")
        if icon:
            frame.theme.dress(self.box, icon, tone)
            self.box.setIconSize(QSize(15, 15))
        self.setLayout(row(self.box, None, self.count, margins=(12, 2, 12, 2), spacing=6))


class FilterPanel(QWidget):
    """`changed` carries what should be shown; the text of the search field is added by the tab."""

    changed = Signal(object)

    def __init__(self, frame: Frame) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._frame = frame
        self._shots: frozenset[str] = frozenset()
        self._keys: frozenset[ShotKey] = frozenset()
        self.search = QLineEdit()
        self.search.setPlaceholderText("Filter the tree")
        self.search.setAccessibleName("Filter the structure tree")
        self.search.setClearButtonEnabled(True)
        self.tree_model = StructureTree(frame.theme, frame.formats, self)
        self.tree = QTreeView()
        set_tree(self.tree, "Structure: project, sequence, shot")
        self.tree.setModel(self.tree_model)
        self.tree.setHeaderHidden(True)
        self.tree.setSelectionMode(QTreeView.SelectionMode.ExtendedSelection)
        self.tree.setStyleSheet("QTreeView { background: transparent; }")
        head = self.tree.header()
        head.setStretchLastSection(False)
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        head.setSectionResizeMode(1, QHeaderView.ResizeMode.Fixed)
        head.resizeSection(1, 64)
        self.clear_button = push(frame.theme, "Clear filters", kind="link", run=self.clear)
        self._departments: dict[str, CheckLine] = {}
        self._department_box = QVBoxLayout()
        self._department_box.setSpacing(0)
        self._states: dict[ShotState, CheckLine] = {}
        states = QVBoxLayout()
        states.setSpacing(0)
        for state in ShotState:
            icon, words, tone = SHOT_FACES[state]
            line = CheckLine(frame, words, icon, tone)
            line.toggled.connect(self._tell)
            self._states[state] = line
            states.addWidget(line)
        body = column(row(self.search, margins=(10, 10, 10, 6)), spacing=0)
        body.addWidget(self.tree, 1)
        body.addWidget(_section("Departments"))
        body.addLayout(self._department_box)
        body.addWidget(_section("State"))
        body.addLayout(states)
        body.addLayout(row(12, self.clear_button, None, margins=(0, 6, 0, 8)))
        self.setLayout(body)
        self.search.textChanged.connect(self._find)
        self.tree.selectionModel().selectionChanged.connect(lambda: self._tell())
        self.clear_button.setVisible(False)

    def fill(self, keys: Iterable[ShotKey], departments: Iterable[str]) -> None:
        """Show the structure of another comparison; what was selected stays selected where it still is."""
        new = frozenset(keys)
        if new != self._keys:
            self._keys = new
            scopes = set(self._scopes())
            self.tree_model.fill(new)
            self._expand()
            self._select(scopes)
        wanted = tuple(sorted(departments))
        if wanted != tuple(self._departments):
            for line in self._departments.values():
                self._department_box.removeWidget(line)
                line.deleteLater()
            self._departments = {}
            for name in wanted:
                line = CheckLine(self._frame, name, "department", Tone.FAINT)
                line.toggled.connect(self._tell)
                self._departments[name] = line
                self._department_box.addWidget(line)
            boxes = (line.box for line in (*self._departments.values(), *self._states.values()))
            in_turn(self.tree, *boxes)
        self._tell()

    def show_counts(self, counts: tuple[Counter[str], Counter[ShotState]]) -> None:
        """Write the counts beside the check boxes."""
        departments, states = counts
        for name, line in self._departments.items():
            line.count.setText(self._frame.formats.count(departments[name]))
        for state, line in self._states.items():
            line.count.setText(self._frame.formats.count(states[state]))

    def shown(self) -> Shown:
        """Return what should be shown."""
        departments = frozenset(name for name, line in self._departments.items() if line.box.isChecked())
        states = frozenset(state for state, line in self._states.items() if line.box.isChecked())
        return Shown(
            scopes=self._scopes(),
            departments=None if len(departments) == len(self._departments) else departments,
            states=None if len(states) == len(self._states) else states,
            shots=self._shots,
        )

    def show_shots(self, names: frozenset[str]) -> None:
        """Show only shots of these names, lower case; all again if empty."""
        self._shots = names
        self._tell()

    def set_state(self, state: ShotState, shown: bool) -> None:
        """Check or uncheck a state."""
        self._states[state].box.setChecked(shown)

    def set_department(self, name: str, shown: bool) -> None:
        """Check or uncheck a department."""
        self._departments[name].box.setChecked(shown)

    def clear(self) -> None:
        """Show everything."""
        self._shots = frozenset()
        self.tree.clearSelection()
        self.search.clear()
        for line in (*self._departments.values(), *self._states.values()):
            line.box.setChecked(True)
        self._tell()

    def _find(self, text: str) -> None:
        self.tree_model.find(text)
        self._expand()
        self._tell()

    def _expand(self) -> None:
        rows = self.tree_model.rowCount()
        if rows <= EXPAND_UP_TO:
            for number in range(rows):
                self.tree.expand(self.tree_model.index(number, 0))

    def _select(self, scopes: set[Scope]) -> None:
        if not scopes:
            return
        pending = [self.tree_model.index(n, 0) for n in range(self.tree_model.rowCount())]
        while pending:
            index = pending.pop()
            if index.data(SCOPE_ROLE) in scopes:
                flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
                self.tree.selectionModel().select(index, flags)
            pending += [self.tree_model.index(n, 0, index) for n in range(self.tree_model.rowCount(index))]

    def _scopes(self) -> tuple[Scope, ...]:
        return tuple(index.data(SCOPE_ROLE) for index in self.tree.selectionModel().selectedRows())

    def _tell(self) -> None:
        shown = self.shown()
        self.clear_button.setVisible(shown.narrows)
        self.changed.emit(shown)


def _section(words: str) -> QWidget:
    made = label(words.upper(), "section")
    made.setContentsMargins(12, 12, 12, 4)
    return made
