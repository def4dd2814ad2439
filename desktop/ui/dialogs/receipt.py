"""What became of each file of a past task, on the page its plan was on."""

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from desktop.core.task import Task
from desktop.ui.dialogs.base import Dialog
from desktop.ui.hearing import while_there
from desktop.ui.tab import Frame
from desktop.ui.widgets.parts import column
from desktop.ui.widgets.plan_page import PlanPage


class ReceiptDialog(Dialog):
    """The receipt of one task; run again, it is the plan of the next one, and then its receipt."""

    def __init__(self, frame: Frame, task: Task, parent: QWidget | None) -> None:
        super().__init__(frame.theme, f"Receipt of task {task.id}", parent)
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self.page = PlanPage(frame, "Close")
        self.page.left.connect(self.reject)
        self.setLayout(column(self.page, spacing=0))
        self.resize(1060, 680)
        show, refuse = partial(self.page.show_receipt, task), self.page.cards.tell
        frame.services.history.remembered(task.id, while_there(self, show), while_there(self, refuse))
