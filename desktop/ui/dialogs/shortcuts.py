"""Every shortcut on one page."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QScrollArea, QWidget

from desktop.ui.commands import Commands
from desktop.ui.dialogs.base import Dialog
from desktop.ui.theme import Theme
from desktop.ui.widgets.parts import column, label


class ShortcutsDialog(Dialog):
    """Lists the commands by group with their keys; a field finds one."""

    def __init__(self, theme: Theme, commands: Commands, parent: QWidget | None) -> None:
        super().__init__(theme, "Keyboard shortcuts", parent)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find a command or a key")
        self.search.setAccessibleName("Find a command or a key")
        self.search.setClearButtonEnabled(True)
        self._lines: list[tuple[str, QLabel, QLabel]] = []
        grid = QGridLayout()
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(6)
        number = 0
        for group, actions in commands.groups().items():
            head = label(group.upper(), "section")
            head.setContentsMargins(0, 10 if number else 0, 0, 2)
            grid.addWidget(head, number, 0, 1, 2)
            number += 1
            for action in actions:
                keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
                if keys:
                    number = self._line(grid, number, action.text(), keys)
        number = self._line(grid, number, "Select shots by a pasted list of names", "Ctrl+V")
        grid.setContentsMargins(14, 12, 18, 12)
        grid.setRowStretch(number, 1)
        grid.setColumnStretch(0, 1)
        inner = QWidget()
        inner.setLayout(grid)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        body = column(self.search, scroll, spacing=12)
        body.setStretch(1, 1)
        self.lay_out(body, self.close_button("Close"))
        self.resize(560, 620)
        self.search.textChanged.connect(self._find)

    def _line(self, grid: QGridLayout, number: int, words: str, keys: str) -> int:
        name, shown = label(words), label(keys, "muted")
        shown.setFont(self.theme.mono())
        grid.addWidget(name, number, 0)
        grid.addWidget(shown, number, 1, Qt.AlignmentFlag.AlignRight)
        self._lines.append((f"{words} {keys}".lower(), name, shown))
        return number + 1

    def _find(self, text: str) -> None:
        for hay, name, keys in self._lines:
            found = text.lower() in hay
            name.setVisible(found)
            keys.setVisible(found)
