"""The window is closed while tasks run or wait: it goes on in the tray, or ends."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from desktop.ui.dialogs.base import Dialog
from desktop.ui.tab import Frame
from desktop.ui.widgets.parts import column, label, push


class KeepWorkingDialog(Dialog):
    """Signals: kept (go on in the tray), left (end ShotDock)."""

    kept = Signal()
    left = Signal()

    def __init__(self, frame: Frame, count: int, parent: QWidget | None) -> None:
        """Ask; count: tasks that run or wait."""
        super().__init__(frame.theme, "Close ShotDock", parent)
        self.keep_button = push(frame.theme, "Keep working in the tray", "transfers", "primary", self._keep)
        self.leave_button = push(frame.theme, "Close ShotDock", run=self._leave)
        counted = frame.formats.counted(count, "task")
        verb = "is" if count == 1 else "are"
        words = (
            "Once closed, ShotDock resumes them when it is opened again, from the byte they reached; what is "
            "scheduled waits until then."
        )
        self.lay_out(
            column(label(words, "muted", wrap=True), None),
            self.close_button(),
            self.leave_button,
            self.keep_button,
            head=f"{counted} {verb} under way or waiting",
        )
        self.keep_button.setDefault(True)
        self.setMinimumWidth(460)

    def _keep(self) -> None:
        self.accept()
        self.kept.emit()

    def _leave(self) -> None:
        self.accept()
        self.left.emit()
