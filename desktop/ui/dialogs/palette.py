"""Every command by name: type a few letters, press Enter."""

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QFrame, QHeaderView, QLineEdit, QTreeWidget, QTreeWidgetItem, QWidget

from desktop.ui.colours import Tone
from desktop.ui.commands import Commands
from desktop.ui.theme import Theme
from desktop.ui.widgets.parts import column


class Palette(QFrame):
    """A small window at the top of the window; it closes when it loses the focus."""

    def __init__(self, theme: Theme, commands: Commands, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("popup")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._actions = [action for group in commands.groups().values() for action in group]
        self._theme = theme
        self.search = QLineEdit()
        self.search.setPlaceholderText("What do you want to do?")
        self.search.setAccessibleName("Find a command")
        self.list = QTreeWidget()
        self.list.setColumnCount(2)
        self.list.setHeaderHidden(True)
        self.list.setRootIsDecorated(False)
        self.list.setIconSize(QSize(16, 16))
        self.list.header().setStretchLastSection(False)
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.list.setAccessibleName("Commands")
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setStyleSheet("QTreeWidget { background: transparent; } QTreeWidget::item { padding: 5px 6px; }")
        self.setLayout(column(self.search, self.list, margins=(10, 10, 10, 10), spacing=8))
        self.setFixedSize(520, 380)
        self.search.textChanged.connect(self._fill)
        self.search.returnPressed.connect(self._run)
        self.list.itemClicked.connect(lambda _item, _column: self._run())
        self.search.installEventFilter(self)
        self._fill("")
        over = parent.mapToGlobal(parent.rect().topLeft())
        self.move(over.x() + (parent.width() - self.width()) // 2, over.y() + 60)
        self.search.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the arrow keys move in the list while the field keeps the focus."""
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
            count = self.list.topLevelItemCount()
            if step is not None and count:
                self._go((self.list.currentIndex().row() + step) % count)
                return True
        return super().eventFilter(watched, event)

    def _fill(self, text: str) -> None:
        self.list.clear()
        words = text.lower().split()
        for action in self._actions:
            if action.isEnabled() and all(word in action.text().lower() for word in words):
                keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
                item = QTreeWidgetItem([action.text(), keys])
                item.setIcon(0, action.icon())
                item.setForeground(1, self._theme.colour(Tone.MUTED))
                item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                item.setData(0, Qt.ItemDataRole.UserRole, action)
                self.list.addTopLevelItem(item)
        self._go(0)

    def _go(self, number: int) -> None:
        self.list.setCurrentIndex(self.list.model().index(number, 0))

    def _run(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            action: QAction = item.data(0, Qt.ItemDataRole.UserRole)
            self.close()
            action.trigger()
