"""From a selection to a task: what is wished, how much that is, the plan, the order."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.core.errors import ShotDockError
from desktop.core.plan import Action, Plan, VersionStrategy
from desktop.core.task import Progress
from desktop.ui.models.comparison import ComparisonModel
from desktop.ui.models.session import ShotSession
from desktop.ui.models.wish import Wish, amount, request, task_name, trimmed, wanted
from desktop.ui.tab import Frame
from desktop.ui.widgets.comparison_view import ComparisonView
from desktop.ui.widgets.create_bar import CreateBar
from desktop.work.background import Work

COUNT_AFTER = 60
"""Milliseconds a selection has to rest before its totals are counted."""


class ShotOrders(QObject):
    """Signals: planned (a plan to look at), ordered (a task's number), failed (why there is no plan)."""

    planned = Signal(object)
    ordered = Signal(object)
    failed = Signal(object)

    def __init__(
        self, frame: Frame, session: ShotSession, model: ComparisonModel, view: ComparisonView, bar: CreateBar
    ) -> None:
        super().__init__(bar)
        self._frame, self._session = frame, session
        self._model, self._view, self._bar = model, view, bar
        self._speed = 0.0
        self._planning: Work | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(COUNT_AFTER)
        self._timer.timeout.connect(self.count)
        bar.planned.connect(self.plan)
        bar.ordered.connect(self.download)
        bar.changed.connect(self.count_soon)
        frame.services.tasks.progressed.connect(self._progressed)

    def wish(self) -> Wish:
        """Return what the selection and the bar ask for."""
        strategy = self._bar.strategy
        rows = wanted(self._view.chosen(), self._model.rows(), strategy)
        return Wish(rows, strategy, self._bar.specific.text().strip(), self._bar.conflicts.name())

    def plan(self) -> None:
        """Make a plan of the wish, to look at."""
        self._make(self.planned.emit)

    def download(self) -> None:
        """Make a plan of the wish and run it, unless it needs a look."""
        self._make(self._run_or_show)

    def count_soon(self) -> None:
        """Count once the selection rests."""
        self._timer.start()

    def count(self) -> None:
        """Count what a download would bring and say it."""
        if self._planning is not None:
            return
        wish = self.wish()
        total = amount(wish, self._model.custom)
        left = max(1.0, total.bytes / self._speed) if self._speed > 0 and total.bytes else None
        self._bar.tell(total, self._which(wish), left)

    def _make(self, then: Callable[[Plan], None]) -> None:
        wish, session = self.wish(), self._session
        if session.structure is None or not wish.rows or self._planning is not None:
            return
        name = task_name(wish, session.connection)
        options = self._frame.services.settings.value.options
        asked = request(wish, session.connection, self._frame.destination.path, self._model.custom, name, options)
        structure = trimmed(session.structure, wish.rows)
        self._bar.busy(True)

        def planned(plan: Plan) -> None:
            self._rest()
            then(plan)

        def failed(error: ShotDockError) -> None:
            self._rest()
            self.failed.emit(error)

        self._planning = self._frame.services.library.plan(asked, structure, planned, failed)

    def _rest(self) -> None:
        self._planning = None
        self._bar.busy(False)
        self.count()

    def _run_or_show(self, plan: Plan) -> None:
        totals = plan.totals()
        short = plan.free is not None and totals.to_transfer > plan.free
        if short or totals.files[Action.BLOCKED] or not totals.transfers:
            self.planned.emit(plan)
            return
        self._frame.services.settings.remember(plan.request.destination)
        self._frame.services.tasks.submit(plan, lambda task: self.ordered.emit(task.id))
        self._view.clearSelection()

    def _progressed(self, progresses: tuple[Progress, ...]) -> None:
        speed = sum(progress.speed for progress in progresses)
        if speed > 0:
            self._speed = speed

    def _which(self, wish: Wish) -> str:
        formats = self._frame.formats
        selected = len(self._view.selected_rows())
        shown = len(self._model.rows())
        if selected:
            return f"{formats.counted(selected, 'row')} selected of {formats.count(shown)} shown"
        if wish.strategy is VersionStrategy.LATEST and not wish.rows:
            return f"Nothing is new, updated or incomplete in {formats.counted(shown, 'row')} shown"
        if wish.strategy is VersionStrategy.LATEST:
            return f"Nothing selected: everything new, updated or incomplete of {formats.counted(shown, 'row')} shown"
        return f"Nothing selected: all {formats.counted(shown, 'row')} shown"
