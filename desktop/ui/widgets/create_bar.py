"""The bar under the shots: where to, which versions, what about existing files, how much that is - and go."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from desktop.core.plan import VersionStrategy
from desktop.ui.models.wish import Amount
from desktop.ui.tab import Frame
from desktop.ui.widgets.destination_field import DestinationField
from desktop.ui.widgets.explained import Explained
from desktop.ui.widgets.parts import Elided, column, label, panel, push, row


class CreateBar(QWidget):
    """Signals: planned, ordered (its buttons), tabled (the custom table is wanted), changed (a choice is another)."""

    planned = Signal()
    ordered = Signal()
    tabled = Signal()
    changed = Signal()

    def __init__(self, frame: Frame) -> None:
        super().__init__()
        self._formats = frame.formats
        choices, settings = frame.services.choices, frame.services.settings.value
        self.destination = DestinationField(frame)
        self.specific = QLineEdit()
        self.specific.setPlaceholderText("v005")
        self.specific.setFixedWidth(72)
        self.specific.setAccessibleName("Version for all shots")
        self.table_button = push(frame.theme, "Table\N{HORIZONTAL ELLIPSIS}", run=self.tabled.emit)
        self.table_button.setToolTip("Choose a version for each shot and department")
        self.versions = Explained("Versions", choices.versions, (self.specific, self.table_button))
        self.conflicts = Explained("If a file exists", choices.conflicts)
        self.versions.choose(settings.version_strategy)
        self.conflicts.choose(settings.conflict)
        self.plan_button = push(frame.theme, "Plan\N{HORIZONTAL ELLIPSIS}", "plan", run=self.planned.emit)
        self.plan_button.setToolTip("See what will happen to each file, before anything does  (Ctrl+Shift+D)")
        self.order_button = push(frame.theme, "Download", "download", "primary", self.ordered.emit)
        self.order_button.setToolTip("Download without looking at the plan first  (Ctrl+D)")
        self._amount = label("", "number")
        self._which = Elided(role="faint")
        fields = row(
            _field("Download to", self.destination),
            _field("Versions", self.versions),
            _field("If a file exists", self.conflicts),
            spacing=16,
        )
        for number, share in enumerate((5, 4, 4)):
            fields.setStretch(number, share)
        words = column(self._amount, self._which, spacing=1)
        foot = row(words, self.plan_button, self.order_button, spacing=8)
        foot.setStretch(0, 1)
        self.setLayout(column(panel(column(fields, foot, margins=(14, 10, 14, 11), spacing=8), "bar")))
        self.versions.changed.connect(lambda _name: self._strategy_changed())
        self.conflicts.changed.connect(lambda _name: self.changed.emit())
        self.specific.textChanged.connect(lambda _text: self.changed.emit())
        self._strategy_changed()

    @property
    def strategy(self) -> VersionStrategy:
        """Return the chosen version strategy."""
        return VersionStrategy(self.versions.name())

    def tell(self, amount: Amount, which: str, left: float | None) -> None:
        """Show how much it is and which rows are meant; left: seconds it may take, if known."""
        formats = self._formats
        if amount.items:
            parts = [
                formats.counted(amount.items, "item"),
                formats.counted(amount.files, "file"),
                formats.size(amount.bytes),
            ]
            if left is not None:
                parts.append(f"about {formats.left(left)}")
            self._amount.setText("   \N{MIDDLE DOT}   ".join(parts))
        else:
            self._amount.setText("Nothing to download")
        self._which.show_text(which)
        self.order_button.setText(f"Download {formats.count(amount.items)}" if amount.items else "Download")
        for button in (self.plan_button, self.order_button):
            button.setEnabled(amount.items > 0)

    def busy(self, planning: bool) -> None:
        """Show that a plan is being made."""
        for button in (self.plan_button, self.order_button):
            button.setEnabled(not planning)
        self.plan_button.setText("Planning\N{HORIZONTAL ELLIPSIS}" if planning else "Plan\N{HORIZONTAL ELLIPSIS}")

    def _strategy_changed(self) -> None:
        self.specific.setVisible(self.strategy is VersionStrategy.SPECIFIC)
        self.table_button.setVisible(self.strategy is VersionStrategy.CUSTOM)
        self.changed.emit()


def _field(name: str, widget: QWidget) -> QWidget:
    made = QWidget()
    made.setLayout(column(label(name, "section"), widget, None, spacing=4))
    return made
