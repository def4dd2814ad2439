"""Remove tasks from the list, and if wanted what they brought from the disk."""

from collections.abc import Sequence

from PySide6.QtWidgets import QCheckBox, QWidget

from desktop.core.task import Task
from desktop.ui.dialogs.base import Dialog
from desktop.ui.tab import Frame
from desktop.ui.widgets.parts import column, label, push


class DeleteTasksDialog(Dialog):
    """Says what goes and what stays before anything does."""

    def __init__(self, frame: Frame, tasks: Sequence[Task], parent: QWidget | None) -> None:
        super().__init__(frame.theme, "Remove tasks", parent)
        self._frame = frame
        self._ids = tuple(task.id for task in tasks)
        self._bytes = sum(task.bytes.transferred + task.bytes.reused for task in tasks)
        names = column(spacing=2)
        for task in tasks[:5]:
            names.addWidget(label(task.name, "strong"))
        if len(tasks) > 5:
            names.addWidget(label(f"and {len(tasks) - 5} more", "muted"))
        self.files = QCheckBox("Also delete the files they downloaded")
        self._effect = label("", "muted", wrap=True)
        self.remove_button = push(frame.theme, "Remove", "trash", "danger", self._remove)
        self.files.toggled.connect(lambda _on: self._say())
        counted = frame.formats.counted(len(tasks), "task")
        close = self.close_button()
        self.lay_out(
            column(names, 4, self.files, self._effect, None, spacing=8),
            close,
            self.remove_button,
            head=f"Remove {counted} from the list?",
        )
        self.setMinimumWidth(440)
        close.setFocus()  # a key pressed too early must not delete files
        self._say()

    def _say(self) -> None:
        if self.files.isChecked():
            size = self._frame.formats.size(self._bytes)
            self._effect.setText(f"Deletes up to {size} from the disk. This cannot be undone.")
        else:
            self._effect.setText("Their files stay where they are. Tasks that run are stopped first.")

    def _remove(self) -> None:
        self._frame.services.tasks.delete(self._ids, self.files.isChecked())
        self.accept()
