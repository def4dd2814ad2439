"""From a selection to a task, as every tab does it: count it, plan it, look at the plan or run it."""

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.core.errors import ShotDockError
from desktop.core.plan import Action, Plan, Request
from desktop.core.routine import Routine
from desktop.core.schedule import Schedule, Turn
from desktop.core.task import Progress, Task
from desktop.ui.dialogs.later import LaterDialog
from desktop.ui.tab import Frame
from desktop.ui.widgets.order_bar import OrderBar
from desktop.work.background import Failed, Work

COUNT_AFTER = 60
"""Milliseconds a selection has to rest before its totals are counted."""


class Again(NamedTuple):
    """What is to be brought again and again. videos: ids of a gallery's, () for all of it; None for shots."""

    request: Request
    videos: tuple[str, ...] | None = None


Ask = Callable[[Callable[[Plan], None], Failed], Work | None]
"""Asks for a plan; returns None if there is nothing to plan."""


class Orders(QObject):
    """Signals: planned (a plan to look at), ordered (a task's number), failed (why there is no plan), said (words).

    A tab's own orders say how much is meant (`tell`), ask for a plan of it (`ask`) and let go of it (`taken`).
    """

    planned = Signal(object)
    ordered = Signal(object)
    failed = Signal(object)
    said = Signal(str)

    def __init__(self, frame: Frame, bar: OrderBar) -> None:
        super().__init__(bar)
        self.frame, self._order_bar = frame, bar
        self._speed = 0.0
        self._planning: Work | None = None
        self._waiting: deque[tuple[Ask, Turn]] = deque()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(COUNT_AFTER)
        self._timer.timeout.connect(self.count)
        bar.planned.connect(self.plan)
        bar.ordered.connect(self.download)
        bar.postponed.connect(self.postpone)
        bar.changed.connect(self.count_soon)
        frame.services.tasks.progressed.connect(self._progressed)

    def plan(self) -> None:
        """Make a plan of what is meant, to look at."""
        self._make(self.ask, self.planned.emit)

    def download(self) -> None:
        """Make a plan of what is meant and run it, unless it needs a look."""
        self.bring(Turn())

    def bring(self, turn: Turn) -> None:
        """Make a plan of what is meant and run it when its turn comes, unless it needs a look."""
        self._make(self.ask, lambda plan: self._run_or_show(plan, self.taken, turn))

    def download_by(self, ask: Ask, turn: Turn = Turn()) -> None:
        """Run the plan that `ask` asks for, whatever is selected; after those that are being made already."""
        if self._planning is None:
            self._make(ask, lambda plan: self._run_or_show(plan, lambda: None, turn))
        else:
            self._waiting.append((ask, turn))

    def postpone(self) -> None:
        """Ask when what is meant is to be brought."""
        wish = self.routine()
        window = self._order_bar.window()
        dialog = LaterDialog(self.frame, self.meaning(), window, repeats=wish is not None, check=self.check)
        dialog.taken.connect(lambda schedule: self._schedule(schedule, wish))
        dialog.open()

    def ask_when(self, run: Callable[[Turn], None]) -> None:
        """Ask when a plan that was looked at is to be run."""
        window, words = self._order_bar.window(), "Runs this plan, once."
        dialog = LaterDialog(self.frame, words, window, repeats=False, check=self.check_shown)
        dialog.taken.connect(lambda schedule: run(_turn(schedule)))
        dialog.open()

    def routine(self) -> Again | None:
        """Return what is meant as a wish that can be planned anew every time, or None."""
        return None

    def meaning(self) -> str:
        """Say what is meant."""
        return ""

    def check(self, schedule: Schedule) -> None:
        """Raise UsageError if what is meant cannot be brought as late as that."""

    def check_shown(self, schedule: Schedule) -> None:
        """Raise UsageError if the plan that is looked at cannot be run as late as that."""

    def count_soon(self) -> None:
        """Count once the selection rests."""
        self._timer.start()

    def count(self) -> None:
        """Count what a download would bring and say it."""
        if self._planning is None:
            self.tell()
            # What is all here now may have something new by the next run.
            bar = self._order_bar
            bar.later_button.setEnabled(bar.order_button.isEnabled() or self.routine() is not None)

    def left(self, size: int) -> float | None:
        """Return how many seconds so many bytes may take, if that can be guessed."""
        return max(1.0, size / self._speed) if self._speed > 0 and size else None

    def tell(self) -> None:
        """Say in the bar how much is meant."""
        raise NotImplementedError

    def ask(self, then: Callable[[Plan], None], failed: Failed) -> Work | None:
        """Ask for a plan of what is meant; None if nothing is."""
        raise NotImplementedError

    def taken(self) -> None:
        """Let go of what was meant: it is in the queue now."""

    def hand_in(self, plan: Plan, then: Callable[[Task], None], turn: Turn = Turn()) -> None:
        """Make a plan a task of the queue, and remember its folder."""
        self.frame.services.settings.remember(plan.request.destination)
        self.frame.services.tasks.submit(plan, then, turn=turn)

    def _schedule(self, schedule: Schedule, wish: Again | None) -> None:
        if schedule.repeat is None:
            self.bring(_turn(schedule))
        elif wish is not None:
            request, videos = wish
            self.frame.services.settings.remember(request.destination)
            self.frame.services.routines.add(request, schedule, self._kept, videos=videos)
            self.taken()

    def _kept(self, routine: Routine) -> None:
        self.said.emit(f"{routine.name} repeats now")

    def _make(self, ask: Ask, then: Callable[[Plan], None]) -> None:
        if self._planning is not None:
            return

        def planned(plan: Plan) -> None:
            self._planning = None
            then(plan)
            self._rest()

        def failed(error: ShotDockError) -> None:
            self._planning = None
            self.failed.emit(error)
            self._rest()

        self._planning = ask(planned, failed)
        if self._planning is not None:
            self._order_bar.busy(True)
        else:
            self.said.emit("There is nothing to download")

    def _rest(self) -> None:
        self._order_bar.busy(False)
        self.count()
        # The next one is planned once this one is handed in: it has to know whose names are taken.
        if self._waiting and self._planning is None:
            self.download_by(*self._waiting.popleft())

    def _run_or_show(self, plan: Plan, taken: Callable[[], None], turn: Turn) -> None:
        totals = plan.totals()
        short = plan.free is not None and totals.to_transfer > plan.free
        if short or totals.files[Action.BLOCKED] or not totals.transfers:
            self.planned.emit(plan)
            return
        self.hand_in(plan, lambda task: self.ordered.emit(task.id), turn)
        taken()

    def _progressed(self, progresses: tuple[Progress, ...]) -> None:
        if speed := sum(progress.steady for progress in progresses):
            self._speed = speed


def _turn(schedule: Schedule) -> Turn:
    return Turn(not_before=schedule.start_at, window=schedule.window, after=schedule.after)
