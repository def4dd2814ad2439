"""The bar under the shots: the order bar with the choice of versions."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit

from desktop.core.plan import VersionStrategy
from desktop.ui.models.wish import Amount
from desktop.ui.tab import Frame
from desktop.ui.widgets.explained import Explained
from desktop.ui.widgets.order_bar import OrderBar
from desktop.ui.widgets.parts import push


class CreateBar(OrderBar):
    """`tabled`: the custom table is wanted."""

    tabled = Signal()

    def __init__(self, frame: Frame) -> None:
        specific = QLineEdit()
        table = push(frame.theme, "Table\N{HORIZONTAL ELLIPSIS}", run=lambda: self.tabled.emit())
        versions = Explained("Versions", frame.services.choices.versions, (specific, table))
        super().__init__(frame, ("Versions", versions, 4))
        self.specific, self.table_button, self.versions = specific, table, versions
        specific.setPlaceholderText("v005")
        specific.setFixedWidth(72)
        specific.setAccessibleName("Version for all shots")
        table.setToolTip("Choose a version for each shot and department")
        versions.choose(frame.services.settings.value.version_strategy)
        versions.changed.connect(lambda _name: self._strategy_changed())
        specific.textChanged.connect(lambda _text: self.changed.emit())
        self._strategy_changed()

    @property
    def strategy(self) -> VersionStrategy:
        """Return the chosen version strategy."""
        return VersionStrategy(self.versions.name())

    def tell(self, amount: Amount, which: str, left: float | None, all_here: bool) -> None:
        """Show how much it is and which rows are meant; left: seconds it may take, if known. all_here: see `say`."""
        formats = self._formats
        parts = [
            formats.counted(amount.items, "item"),
            formats.counted(amount.files, "file"),
            formats.size(amount.bytes),
        ]
        if left is not None:
            parts.append(f"about {formats.left(left)}")
        self.say(parts, which, amount.items, amount.bytes, all_here)

    def _strategy_changed(self) -> None:
        self.specific.setVisible(self.strategy is VersionStrategy.SPECIFIC)
        self.table_button.setVisible(self.strategy is VersionStrategy.CUSTOM)
        self.changed.emit()
