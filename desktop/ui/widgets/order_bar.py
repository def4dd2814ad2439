"""The bar under a tab's list: where to, what about existing files, how much that is - and go."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from desktop.ui.tab import Frame
from desktop.ui.widgets.destination_field import DestinationField
from desktop.ui.widgets.explained import Explained
from desktop.ui.widgets.parts import Elided, column, label, panel, push, row

Field = tuple[str, QWidget, int]
"""A field of the bar: its title, its widget, its share of the width."""


class OrderBar(QWidget):
    """Signals: planned, postponed, ordered (its buttons), changed (a choice is another)."""

    planned = Signal()
    postponed = Signal()
    ordered = Signal()
    changed = Signal()

    def __init__(self, frame: Frame, *more: Field) -> None:
        """more: the tab's own fields, between the destination and what to do about existing files."""
        super().__init__()
        self._formats = frame.formats
        self.destination = DestinationField(frame)
        self.conflicts = Explained("If a file exists", frame.services.choices.conflicts)
        self.conflicts.choose(frame.services.settings.value.conflict)
        self.plan_button = push(frame.theme, "Plan\N{HORIZONTAL ELLIPSIS}", "plan", run=self.planned.emit)
        self.plan_button.setToolTip("See what will happen to each file, before anything does  (Ctrl+Shift+D)")
        self.later_button = push(frame.theme, "Later\N{HORIZONTAL ELLIPSIS}", "clock", run=self.postponed.emit)
        self.later_button.setToolTip("Download at another time, at certain hours only, or again and again")
        self.order_button = push(frame.theme, "Download", "download", "primary", self.ordered.emit)
        self.order_button.setToolTip("Download without looking at the plan first  (Ctrl+D)")
        self._buttons = (self.plan_button, self.later_button, self.order_button)
        self._amount = Elided(role="number", mode=Qt.TextElideMode.ElideRight)
        self._which = Elided(role="faint")
        fields = row(spacing=16)
        for title, widget, share in (
            ("Download to", self.destination, 5),
            *more,
            ("If a file exists", self.conflicts, 4),
        ):
            fields.addWidget(_field(title, widget), share)
        words = column(self._amount, self._which, spacing=1)
        foot = row(words, self.plan_button, self.later_button, self.order_button, spacing=8)
        foot.setStretch(0, 1)
        self.setLayout(column(panel(column(fields, foot, margins=(14, 10, 14, 11), spacing=8), "bar")))
        self.conflicts.changed.connect(lambda _name: self.changed.emit())

    def say(self, parts: Sequence[str], which: str, count: int, size: int, all_here: bool = False) -> None:
        """Show how much it is, which rows are meant, and of how many things and bytes an order would be.

        all_here: there is nothing to do because everything is here or on its way.
        """
        nothing = "All up to date" if all_here else "Nothing to download"
        self._amount.show_text("  \N{MIDDLE DOT}  ".join(parts) if count else nothing)
        self._which.show_text(which)
        self.destination.need(size)
        self.order_button.setText(f"Download {self._formats.count(count)}" if count else "Download")
        for button in self._buttons:
            button.setEnabled(count > 0)

    def busy(self, planning: bool) -> None:
        """Show that a plan is being made."""
        for button in self._buttons:
            button.setEnabled(not planning)
        self.plan_button.setText("Planning\N{HORIZONTAL ELLIPSIS}" if planning else "Plan\N{HORIZONTAL ELLIPSIS}")


def _field(name: str, widget: QWidget) -> QWidget:
    made = QWidget()
    made.setLayout(column(label(name, "section"), widget, None, spacing=4))
    return made
