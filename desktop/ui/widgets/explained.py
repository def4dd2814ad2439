"""A combo whose current choice is explained in one line under it."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QWidget

from desktop.ui.formats import plain
from desktop.ui.widgets.parts import column, label, row
from desktop.ui.widgets.short_box import REMARK, ShortBox
from desktop.work.services import Choice


class Explained(QWidget):
    """`changed` carries the chosen name. The first choice is the recommended one and says so."""

    changed = Signal(str)

    def __init__(self, name: str, choices: Sequence[Choice], beside: Sequence[QWidget] = ()) -> None:
        super().__init__()
        self._choices = {choice.name: choice for choice in choices}
        self.box = ShortBox()
        self.box.setAccessibleName(name)
        # A long title gives way in a narrow window, instead of keeping the window wide.
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.box.setMinimumContentsLength(4)
        for number, choice in enumerate(choices):
            self.box.addItem(f"{choice.title}{REMARK}" if number == 0 else choice.title, choice.name)
            self.box.setItemData(number, choice.explanation, Qt.ItemDataRole.ToolTipRole)
        self._words = label("", "faint", wrap=True)
        self._words.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        line = row(self.box, *beside, spacing=6)
        line.setStretch(0, 1)
        self.setLayout(column(line, self._words, spacing=3))
        self.box.currentIndexChanged.connect(self._tell)
        self._explain()

    def showEvent(self, event: QShowEvent) -> None:
        """Keep room for two lines, so that nothing moves when another choice has more to say."""
        super().showEvent(event)
        self._words.setMinimumHeight(self._words.fontMetrics().lineSpacing() * 2)

    def name(self) -> str:
        """Return the chosen name."""
        return str(self.box.currentData())

    def choose(self, name: str) -> None:
        """Choose by name; a name that is not offered changes nothing."""
        number = self.box.findData(name)
        if number >= 0:
            self.box.setCurrentIndex(number)

    def _tell(self) -> None:
        self._explain()
        self.changed.emit(self.name())

    def _explain(self) -> None:
        choice = self._choices.get(self.name())
        text = choice.explanation if choice else ""
        self._words.setText(text.replace(" (recommended)", ""))
        self.box.setToolTip(plain(text))
        self.box.setAccessibleDescription(text)
