"""Every command of the window by name, with its keys: menus, palette and shortcut help read this."""

from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from desktop.ui.theme import Theme


class Commands(QObject):
    """The window's actions, grouped, in the order they were added."""

    def __init__(self, window: QWidget, theme: Theme) -> None:
        super().__init__(window)
        self._window, self._theme = window, theme
        self._groups: dict[str, list[QAction]] = {}
        self._named: dict[str, QAction] = {}

    def add(
        self,
        name: str,
        title: str,
        run: Callable[[], None],
        *,
        keys: str = "",
        icon: str = "",
        group: str = "Window",
        within: QWidget | None = None,
    ) -> QAction:
        """Register a command. within: the widget whose focus its keys need; the whole window if None."""
        action = QAction(title, within or self._window)
        if icon:
            self._theme.dress(action, icon)
        if keys:
            action.setShortcut(QKeySequence(keys))
            context = Qt.ShortcutContext.WidgetWithChildrenShortcut if within else Qt.ShortcutContext.WindowShortcut
            action.setShortcutContext(context)
            action.setToolTip(f"{title}  ({QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)})")
        action.triggered.connect(lambda: run())
        (within or self._window).addAction(action)
        self._groups.setdefault(group, []).append(action)
        self._named[name] = action
        return action

    def allow_only(self, group: str, among: Iterable[str]) -> None:
        """Let the commands of one group be used and those of the others not: each may have the same keys."""
        for one in among:
            for action in self._groups.get(one, ()):
                action.setEnabled(one == group)

    def get(self, name: str) -> QAction:
        """Return a command's action by its name."""
        return self._named[name]

    def groups(self) -> dict[str, tuple[QAction, ...]]:
        """Return every command by group."""
        return {group: tuple(actions) for group, actions in self._groups.items()}
