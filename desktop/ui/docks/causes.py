"""Why files of a task did not come: one card per cause, and what can be done about what is left."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QFileDialog, QGridLayout, QScrollArea, QWidget

from desktop.core.causes import Cause
from desktop.core.hours import Hours
from desktop.core.schedule import Schedule, waiting_words
from desktop.core.task import Task, TaskEvent, TaskState, allowed
from desktop.ui.colours import Tone
from desktop.ui.hearing import while_there
from desktop.ui.tab import Frame
from desktop.ui.widgets.card import Card, Cards
from desktop.ui.widgets.parts import column, panel, push

NIGHT = Hours(22 * 60, 6 * 60)
"""When "tonight" is: what is left may run then, and pauses by day."""

NAMED = 3
"""Files a card names at most."""


class TaskCauses(QWidget):
    """The causes of one task. The buttons act on all that is left of it: they stand above the cards, once."""

    def __init__(self, frame: Frame) -> None:
        super().__init__()
        self._frame = frame
        self._task: Task | None = None
        self._told: tuple[object, ...] = ()
        self.cards = Cards(frame.theme)
        theme = frame.theme
        self.retry_button = push(theme, "Retry now", "retry", run=self.retry)
        self.tonight_button = push(theme, "Tonight", "clock", run=self.tonight)
        self.tonight_button.setToolTip(f"Try what is left again between {str(NIGHT).replace('-', ' and ')}")
        self.elsewhere_button = push(theme, "Other folder\N{HORIZONTAL ELLIPSIS}", "folder", run=self.choose)
        self.elsewhere_button.setToolTip("Fetch what is left into another folder, as a task of its own")
        self.copy_button = push(theme, "Copy report", "copy", run=self.copy)
        self.copy_button.setToolTip("A text to send to a TD: causes, facts and the end of the log, without secrets")
        acts = QGridLayout()
        acts.setContentsMargins(5, 10, 5, 0)
        acts.setSpacing(5)
        buttons = (self.retry_button, self.tonight_button, self.elsewhere_button, self.copy_button)
        for number, button in enumerate(buttons):
            acts.addWidget(button, number // 2, number % 2)
        self._acts = panel(acts)
        holder = QWidget()
        holder.setLayout(column(self.cards, None, spacing=0))
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setWidget(holder)
        self.setLayout(column(self._acts, self._scroll, spacing=0))
        self.hide()

    def show_task(self, task: Task) -> None:
        """Begin to look at another task."""
        self._tell(task, ())

    def ask(self, task: Task) -> None:
        """Look again why files of the task failed."""
        if not (task.files.failed or task.put_off):
            self._tell(task, ())
            return

        def take(causes: tuple[Cause, ...]) -> None:
            if self._task is not None and self._task.id == task.id:
                self._tell(task, causes)

        self._task = task
        self._frame.services.tasks.causes(task.id, while_there(self, take))

    # What the buttons do

    def retry(self) -> None:
        """Fetch what is left now, whatever it waits for."""
        if self._task is not None:
            tasks = self._frame.services.tasks
            again = tasks.run_now if self._task.state is TaskState.WAITING else tasks.retry
            again((self._task.id,))

    def tonight(self) -> None:
        """Fetch what is left by night."""
        if self._task is not None:
            tasks, ids = self._frame.services.tasks, (self._task.id,)
            if self._task.state is not TaskState.WAITING:
                tasks.retry(ids)
            tasks.schedule(ids, Schedule(window=NIGHT))

    def choose(self) -> None:
        """Ask for a folder for what is left."""
        if self._task is None:
            return
        dialog = QFileDialog(self, "A folder for what is left", str(self._task.destination))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: self.fetch_into(Path(path)))
        dialog.open()

    def fetch_into(self, folder: Path) -> None:
        """Fetch what is left into another folder."""
        if self._task is not None:
            services = self._frame.services
            services.history.again(
                self._task.id, services.tasks.submit, while_there(self, self.cards.tell), folder, left=True
            )

    def copy(self) -> None:
        """Put the report into the clipboard, once it is written."""
        if self._task is not None:
            self._frame.services.tasks.report(self._task.id, QGuiApplication.clipboard().setText)

    # What is shown

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the cards to the new width."""
        super().resizeEvent(event)
        self._fit()

    def _tell(self, task: Task, causes: tuple[Cause, ...]) -> None:
        self._task = task
        told = (task.id, task.state, task.turn, causes)
        if told == self._told:
            return  # a card that is being read, or whose button has the focus, stays
        self._told = told
        still = allowed(task.state, TaskEvent.RETRY) or task.state is TaskState.WAITING
        for button in (self.retry_button, self.tonight_button, self.elsewhere_button):
            button.setEnabled(still)
        self.cards.clear()
        for cause in causes:
            self.cards.put(self._card(task, cause))
        self.setVisible(bool(causes))
        self._fit()

    def _card(self, task: Task, cause: Cause) -> Card:
        formats, error = self._frame.formats, cause.error
        title = error.title if cause.count == 1 else f"{formats.counted(cause.count, 'file')}: {error.title}"
        shown = cause.files[:NAMED]
        names = ", ".join(name.rpartition("/")[2] for name in shown)
        more = f" and {formats.count(cause.count - len(shown))} more" if cause.count > len(shown) else ""
        since = task.turn.first_failed
        tried = f"{cause.tried} First failed {formats.moment(since)}." if since is not None else cause.tried
        now = self._frame.services.tasks.now()
        waits = waiting_words(task.turn, now) if cause.retryable and task.state is TaskState.WAITING else ""
        return Card(
            self._frame.theme,
            title,
            error.cause,
            tried,
            waits,
            error.suggestion,
            names + more if cause.count > 1 else error.path,
            tone=Tone.WARN if cause.retryable else Tone.BAD,
            closable=False,
        )

    def _fit(self) -> None:
        """Give the cards the height they need, but never more than half of what there is for all."""
        above = self.parentWidget()
        most = above.height() // 2 if above is not None else self.height()
        needed = self.cards.heightForWidth(self._scroll.width() - 12) + 12
        self._scroll.setFixedHeight(max(0, min(needed, most)))
