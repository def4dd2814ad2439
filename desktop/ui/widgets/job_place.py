"""Where a job's results go below the destination: project and shot, if any, and the folder that makes."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from desktop.core.errors import ShotDockError
from desktop.ui.formats import plain
from desktop.ui.widgets.parts import Elided, column, row, set_role

Place = Callable[[str, str], Path | None]
"""Returns the folder for a project and a shot, None if there is no job; raises ShotDockError for a hostile name."""


class JobPlace(QWidget):
    """`changed`: another project or shot."""

    changed = Signal()

    def __init__(self, place: Place) -> None:
        super().__init__()
        self._place = place
        self.project = _line("Project")
        self.shot = _line("Shot")
        self._words = Elided(role="faint")
        self.setLayout(column(row(self.project, self.shot, spacing=6), self._words, spacing=3))
        for line in (self.project, self.shot):
            line.textChanged.connect(lambda _text: self._changed())

    def folder(self) -> Path | None:
        """Return where results go, None if that cannot be told."""
        try:
            return self._place(self.project.text().strip(), self.shot.text().strip())
        except ShotDockError:
            return None

    def tell(self, root: Path) -> None:
        """Show where results go. root: the destination, which is shown beside this."""
        try:
            folder = self._place(self.project.text().strip(), self.shot.text().strip())
        except ShotDockError as error:
            self._words.show_text(error.title)
            set_role(self._words, "warn")
            return
        set_role(self._words, "faint")
        self._words.show_text("" if folder is None else f"{ELLIPSIS}/{folder.relative_to(root).as_posix()}")
        if folder is not None:
            self._words.setToolTip(plain(str(folder)))

    def _changed(self) -> None:
        self.changed.emit()


ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"


def _line(name: str) -> QLineEdit:
    made = QLineEdit()
    made.setAccessibleName(name)
    made.setPlaceholderText(f"{name}, if any")
    return made
