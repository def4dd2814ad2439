"""From selected shots to a task: what is wished, how much that is, the plan of it."""

from collections.abc import Callable
from dataclasses import replace

from desktop.core.media import ShotState
from desktop.core.plan import Filters, Plan, Request, VersionStrategy
from desktop.ui.models.comparison import ComparisonModel
from desktop.ui.models.session import ShotSession
from desktop.ui.models.wish import Wish, amount, request, task_name, trimmed, wanted
from desktop.ui.orders import Again, Orders
from desktop.ui.tab import Frame
from desktop.ui.widgets.comparison_view import ComparisonView
from desktop.ui.widgets.create_bar import CreateBar
from desktop.work.background import Failed, Work

HERE = (ShotState.UP_TO_DATE, ShotState.LOCAL_NEWER)


class ShotOrders(Orders):
    """Orders of shots."""

    def __init__(
        self, frame: Frame, session: ShotSession, model: ComparisonModel, view: ComparisonView, bar: CreateBar
    ) -> None:
        super().__init__(frame, bar)
        self._session = session
        self._model, self._view, self._bar = model, view, bar

    def wish(self) -> Wish:
        """Return what the selection and the bar ask for."""
        strategy = self._bar.strategy
        rows = wanted(self._view.chosen(), self._model.rows(), strategy)
        return Wish(rows, strategy, self._bar.specific.text().strip(), self._bar.conflicts.name())

    def tell(self) -> None:
        """Say in the bar how much is meant."""
        wish = self.wish()
        total = amount(wish, self._model.custom)
        rows = self._model.rows()
        here = bool(rows) and not wish.rows and all(row.state in HERE for row in rows)
        self._bar.tell(total, self._which(wish), self.left(total.bytes), here)

    def ask(self, then: Callable[[Plan], None], failed: Failed) -> Work | None:
        """Ask for a plan of exactly the rows that are meant."""
        wish, session = self.wish(), self._session
        if session.structure is None or not wish.rows:
            return None
        asked = self._request(wish, task_name(wish, session.connection))
        return self.frame.services.library.plan(asked, trimmed(session.structure, wish.rows), then, failed)

    def routine(self) -> Again | None:
        """Return the selected rows as a wish; without a selection, everything there will be."""
        wish, session = self.wish(), self._session
        chosen = self._view.chosen()
        if session.structure is None:
            return None
        if not chosen:
            return Again(self._request(wish, f"{session.connection} {wish.strategy.value}"))
        rows = tuple((row.key.label, row.department) for row in chosen)
        request = self._request(wish, task_name(wish, session.connection))
        return Again(replace(request, filters=Filters(rows=rows)))

    def meaning(self) -> str:
        """Say what is meant, once and again and again."""
        chosen = self._view.chosen()
        if not chosen:
            return f"{self._which(self.wish())}. What repeats brings whatever {self._session.connection} has by then."
        counted = self.frame.formats.counted(len(chosen), "selected row")
        return f"{counted.capitalize()}. What repeats brings whatever is new of them by then."

    def _request(self, wish: Wish, name: str) -> Request:
        options = self.frame.services.settings.value.options
        custom, where = self._model.custom, self.frame.destination.path
        return request(wish, self._session.connection, where, custom, name, options)

    def taken(self) -> None:
        """Let the selection go."""
        self._view.clearSelection()

    def _which(self, wish: Wish) -> str:
        formats = self.frame.formats
        selected = len(self._view.selected_rows())
        shown = len(self._model.rows())
        if selected:
            return f"{formats.counted(selected, 'row')} selected of {formats.count(shown)} shown"
        if wish.strategy is VersionStrategy.LATEST and not wish.rows:
            return f"Nothing is new, updated or incomplete in {formats.counted(shown, 'row')} shown"
        if wish.strategy is VersionStrategy.LATEST:
            return f"Everything new, updated or incomplete of {formats.counted(shown, 'row')} shown"
        return f"Nothing selected: all {formats.counted(shown, 'row')} shown"
