"""Handing over what arrived: open it, show its folder, copy its path, drag it into another program."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractItemView

from desktop.ui.commands import Commands
from desktop.ui.models.local_files import FRAME_STYLES, as_mime, sequence_path
from desktop.ui.opening import show

Paths = Callable[[], list[Path]]


class HandOver:
    """The commands of one view; `paths` tells which local files its selection means."""

    def __init__(self, commands: Commands, view: QAbstractItemView, name: str, paths: Paths) -> None:
        """name: one word that tells these commands from those of another view, e.g. "file"."""
        self._paths = paths
        view.setDragEnabled(True)
        view.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        add = partial(commands.add, group=f"A transfer's {name}s", within=view)
        add(f"open-{name}", f"Open the {name}", self.open, keys="Space", icon="play")
        add(f"show-{name}", f"Show the {name}'s folder", self.show_folder, keys="Return", icon="folder")
        add(f"copy-{name}", f"Copy the {name}'s files", self.copy, keys="Ctrl+C", icon="copy")
        for style in FRAME_STYLES:
            add(
                f"copy-{name}-{style}",
                f"Copy the {name}'s path with {style}",
                partial(self.copy_path, style),
                icon="copy",
            )
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    def open(self) -> None:
        """Open the first file with the program the system has for it; what would be run is shown in its folder."""
        self._open(self._paths()[:1])

    def show_folder(self) -> None:
        """Open the folder the first file is in."""
        self._open([path.parent for path in self._paths()[:1]])

    def copy(self) -> None:
        """Copy the files, for a file manager as URLs and for a text field as paths."""
        data = as_mime(self._paths())
        if data is not None:
            QGuiApplication.clipboard().setMimeData(data)

    def copy_path(self, style: str) -> None:
        """Copy the sequence's path with its frame number spelled in a style."""
        text = sequence_path(self._paths(), style)
        if text:
            QGuiApplication.clipboard().setText(text)

    def _open(self, paths: list[Path]) -> None:
        for path in paths:
            show(path)
