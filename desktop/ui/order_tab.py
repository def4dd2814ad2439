"""A tab that takes orders: a list with the order bar under it, and the page of the plan that comes of it."""

from functools import partial

from PySide6.QtWidgets import QPushButton, QStackedWidget, QWidget

from desktop.core.plan import Plan
from desktop.ui.doors import Doors
from desktop.ui.orders import Orders
from desktop.ui.tab import Frame, Tab
from desktop.ui.widgets.card import Cards
from desktop.ui.widgets.connection_picker import ConnectionPicker
from desktop.ui.widgets.order_bar import OrderBar
from desktop.ui.widgets.parts import column, panel
from desktop.ui.widgets.plan_page import PlanPage

LEAST_HEIGHT = 130
"""Pixels the list keeps when there is much else to show."""


class OrderTab(Tab):
    """What every such tab does the same way. A tab makes the parts named here, then hangs its list."""

    finds = ""
    picker: ConnectionPicker
    bar: OrderBar
    orders: Orders
    plan_page: PlanPage

    def __init__(self, frame: Frame) -> None:
        super().__init__(frame)
        self.doors = Doors(frame, self)
        self.cards = Cards(frame.theme)
        self.pages = QStackedWidget()
        self.body = QStackedWidget()

    def take_focus(self) -> None:
        """Let the keys act on the list or the plan; where there is neither, on the one next thing to do."""
        shown = self.listed() if self.lists() else self.plan_page.tree
        buttons = (button for button in self.findChildren(QPushButton) if button.property("kind") == "primary")
        first = next((button for button in buttons if button.isVisible() and button.isEnabled()), None)
        (shown if shown.isVisible() or first is None else first).setFocus()

    def listed(self) -> QWidget:
        """Return what has the focus when the list is shown."""
        raise NotImplementedError

    def page(self, listing: QWidget, empty: QWidget, *above: QWidget) -> QWidget:
        """Return the list's page: what is above, cards, the list or the empty page as `body` is set, the order bar."""
        self.body.addWidget(listing)
        self.body.addWidget(empty)
        # A card above must take its room from here, not from the window's own size.
        self.body.setMinimumHeight(LEAST_HEIGHT)
        whole = column(*above, self.cards, spacing=0)
        whole.addWidget(self.body, 1)
        whole.addWidget(self.bar)
        return panel(whole, "page")

    def hang(self, listing: QWidget, prefix: str, download: str, plan: str, back: str) -> None:
        """Put the list's page before the plan's, and add the commands of both.

        prefix: what the commands' names begin with; download, plan, back: their titles.
        """
        self.pages.addWidget(listing)
        self.pages.addWidget(self.plan_page)
        self.setLayout(column(self.pages))
        add = partial(self.frame.commands.add, group=self.title)
        add(f"{prefix}download", download, self.download, keys="Ctrl+D", icon="download")
        add(f"{prefix}plan", plan, self.plan, keys="Ctrl+Shift+D", icon="plan")
        add(f"{prefix}run-plan", "Run this plan", self._run_plan, keys="Ctrl+Return", icon="play")
        add(f"{prefix}back", back, self.show_list, keys="Esc", icon="back", within=self.plan_page)
        self.orders.planned.connect(self.show_plan)
        self.orders.ordered.connect(self._queued)
        self.orders.said.connect(self.said)
        self.plan_page.estimate = self.orders.left
        self.plan_page.left.connect(self.show_list)
        self.plan_page.postponed.connect(lambda: self.orders.ask_when(self.plan_page.run))
        self.plan_page.submitted.connect(lambda task: self._queued(task.id))

    def tools(self) -> QWidget | None:
        """Return the picker of the connection."""
        return self.picker

    def searches(self) -> str:
        """Return the search field's hint."""
        return self.finds

    def choose_destination(self) -> None:
        """Ask for a destination folder."""
        self.bar.destination.choose()

    def plan(self) -> None:
        """Make a plan of what is meant and show it."""
        if self.lists():
            self.orders.plan()

    def download(self) -> None:
        """Make a plan of what is meant and run it, unless it needs a look."""
        if self.lists():
            self.orders.download()

    def lists(self) -> bool:
        """Tell whether the list is shown, not a plan."""
        return self.pages.currentIndex() == 0

    def show_plan(self, plan: Plan) -> None:
        """Show a plan on its page."""
        self.plan_page.show_plan(plan)
        self.pages.setCurrentIndex(1)

    def show_list(self) -> None:
        """Leave the plan page."""
        self.pages.setCurrentIndex(0)
        self.listed().setFocus()
        self.orders.count_soon()

    def _run_plan(self) -> None:
        if not self.lists():
            self.plan_page.run()

    def _queued(self, number: int) -> None:
        self.said.emit(f"Task {number} is in the queue")
