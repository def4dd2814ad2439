"""What repeats: run it now, turn it off and on, give it other times, forget it."""

from collections.abc import Callable, Iterable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QStackedWidget, QWidget

from desktop.core.errors import ShotDockError
from desktop.core.routine import Routine
from desktop.core.schedule import Schedule
from desktop.ui.dialogs.base import Dialog
from desktop.ui.dialogs.later import LaterDialog
from desktop.ui.models.routines import COLUMNS, RoutineModel
from desktop.ui.tab import Frame
from desktop.ui.widgets.card import Cards
from desktop.ui.widgets.empty import Empty
from desktop.ui.widgets.parts import column, push, row
from desktop.ui.widgets.tables import Table


class RoutinesDialog(Dialog):
    """The list of routines, live; buttons act on all that are selected."""

    def __init__(self, frame: Frame, parent: QWidget | None) -> None:
        super().__init__(frame.theme, "What repeats", parent)
        self._frame, self._desk = frame, frame.services.routines
        self.cards = Cards(frame.theme, (0, 0, 0, 10))
        self.model = RoutineModel(frame.theme, frame.formats, frame.services.tasks.now, self)
        self.table = Table(frame.theme, self.model, COLUMNS, "Routines")
        empty = Empty(frame.theme, "clock", "", "", small=True)
        empty.say("clock", "Nothing repeats yet", "Choose Later\N{HORIZONTAL ELLIPSIS} beside Download, then a repeat.")
        self._stack = QStackedWidget()
        self._stack.addWidget(self.table)
        self._stack.addWidget(empty)
        desk, theme = self._desk, frame.theme
        self.run_button = push(theme, "Run now", "play", run=self._doer(desk.run_now))
        self.off_button = push(theme, "Turn off", "pause", run=self._doer(desk.pause))
        self.on_button = push(theme, "Turn on", "resume", run=self._doer(desk.resume))
        self.edit_button = push(theme, "Edit\N{HORIZONTAL ELLIPSIS}", "edit", run=self.edit)
        self.delete_button = push(theme, "Delete", "trash", "danger", self._doer(desk.remove))
        line = row(self.run_button, self.off_button, self.on_button, self.edit_button, None, self.delete_button)
        body = column(self.cards, spacing=10)
        body.addWidget(self._stack, 1)
        body.addLayout(line)
        text = "Each run is looked up anew on the server. They run while ShotDock does; deleting one keeps its files."
        self.lay_out(body, self.close_button("Close"), text=text)
        self.resize(960, 420)
        for keys, button in (("Return", self.edit_button), ("Del", self.delete_button)):
            action = QAction(button.accessibleName(), self.table)
            action.setShortcut(QKeySequence(keys))
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            action.triggered.connect(button.click)
            self.table.addAction(action)
        self.table.doubleClicked.connect(lambda _index: self.edit())
        self.table.selectionModel().selectionChanged.connect(lambda: self._enable())
        self._desk.changed.connect(self._fill)
        self._desk.refused.connect(self._refused)
        self._fill(())
        self._desk.load()

    def chosen(self) -> list[Routine]:
        """Return the selected routines."""
        return [self.model.routines[number] for number in self.table.selected_rows()]

    def edit(self) -> None:
        """Give the selected routine other times."""
        chosen = self.chosen()
        if len(chosen) != 1:
            return
        routine = chosen[0]
        kept = Schedule(None, routine.window, routine.repeat, routine.after)
        dialog = LaterDialog(self._frame, f"{routine.name}, to {routine.request.destination}", self, kept=kept)
        dialog.taken.connect(lambda schedule: self._desk.reschedule((routine.id,), schedule))
        dialog.open()

    def _doer(self, verb: Callable[[Iterable[int]], None]) -> Callable[[], None]:
        return lambda: verb([routine.id for routine in self.chosen()])

    def _fill(self, routines: tuple[Routine, ...]) -> None:
        fresh = [one.id for one in routines] != [one.id for one in self.model.routines]
        self.model.fill(routines)
        self._stack.setCurrentIndex(0 if routines else 1)
        if fresh and routines:
            self.table.select_rows([0])
            self.table.setFocus()
        self._enable()

    def _enable(self) -> None:
        chosen = self.chosen()
        for button in (self.run_button, self.delete_button):
            button.setEnabled(bool(chosen))
        self.edit_button.setEnabled(len(chosen) == 1)
        self.off_button.setEnabled(any(not one.paused for one in chosen))
        self.on_button.setEnabled(any(one.paused for one in chosen))

    def _refused(self, error: ShotDockError) -> None:
        self.cards.tell(error)
