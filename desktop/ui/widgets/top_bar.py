"""The bar at the top: tabs, the tab's own tools, the search field, settings."""

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QLineEdit, QStackedWidget, QToolButton, QWidget

from desktop.ui.colours import Tone
from desktop.ui.tab import Frame, Tab
from desktop.ui.widgets.parts import Mark, label, row, tool

ROOMY = 1180
"""Pixels of width from which on everything has room."""


class TopBar(QWidget):
    """Signals: chosen (number of a tab), searched (text)."""

    chosen = Signal(int)
    searched = Signal(str)

    def __init__(self, frame: Frame, tabs: list[Tab]) -> None:
        super().__init__()
        self.setObjectName("topBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._tabs = tabs
        self._texts = [""] * len(tabs)
        self._shown = 0
        group = QButtonGroup(self)
        self.buttons: list[QToolButton] = []
        line = row(margins=(14, 7, 10, 7), spacing=4)
        line.addWidget(Mark(frame.theme, "logo", Tone.ACCENT, 22))
        self._name = label("ShotDock", "head")
        self._name.setContentsMargins(4, 0, 12, 0)
        self._name.setMinimumWidth(1)  # a hidden part must not be what keeps the window wide
        line.addWidget(self._name)
        for number, tab in enumerate(tabs):
            button = QToolButton()
            button.setText(f"\N{NO-BREAK SPACE}{tab.title}")
            button.setAccessibleName(f"{tab.title} tab")
            button.setToolTip(f"{tab.title}  (Ctrl+{number + 1})")
            button.setCheckable(True)
            button.setProperty("kind", "tab")
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setIconSize(QSize(16, 16))
            frame.theme.dress(button, tab.icon)
            button.clicked.connect(lambda _on=False, number=number: self.chosen.emit(number))
            group.addButton(button)
            line.addWidget(button)
            self.buttons.append(button)
        line.addSpacing(18)
        self._tools = QStackedWidget()
        for tab in tabs:
            self._tools.addWidget(tab.tools() or QWidget())
        line.addWidget(self._tools, 1)
        self.search = QLineEdit()
        self.search.setAccessibleName("Search")
        self.search.setClearButtonEnabled(True)
        self.search.setMinimumWidth(142)
        self.search.setMaximumWidth(210)
        self.search.setPlaceholderText("Find shots")
        line.addWidget(self.search)
        line.addSpacing(4)
        commands = frame.commands
        for icon, words, command in (
            ("command", "Every command by name  (Ctrl+K)", "palette"),
            ("settings", "Settings  (Ctrl+,)", "settings"),
            ("help", "Keyboard shortcuts  (F1)", "shortcuts"),
        ):
            line.addWidget(tool(frame.theme, icon, words, lambda c=command: commands.get(c).trigger()))  # type: ignore[misc]  # a default
        self.setLayout(line)
        self.search.textChanged.connect(self.searched)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window the program's name gives way."""
        super().resizeEvent(event)
        self._name.setVisible(event.size().width() >= ROOMY)

    def show_tab(self, number: int) -> None:
        """Show which tab is open, its tools, its search hint and what was searched for in it."""
        self._texts[self._shown], self._shown = self.search.text(), number
        self.buttons[number].setChecked(True)
        self._tools.setCurrentIndex(number)
        hint = self._tabs[number].searches()
        self.search.setVisible(bool(hint))
        self.search.setPlaceholderText(f"{hint}  Ctrl+F")
        with QSignalBlocker(self.search):
            self.search.setText(self._texts[number])
