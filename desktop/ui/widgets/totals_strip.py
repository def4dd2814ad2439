"""A plan's totals per action: icon, word, count and size, side by side."""

from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from desktop.core.plan import Action, Totals
from desktop.core.task import Counts
from desktop.ui.colours import Tone
from desktop.ui.formats import ACTION_FACES, Formats
from desktop.ui.theme import Theme
from desktop.ui.widgets.parts import Mark, column, label, row


class _Total(QWidget):
    def __init__(self, theme: Theme, icon: str, word: str, tone: Tone) -> None:
        super().__init__()
        self._count = label("0", "number")
        self._size = label("", "faint")
        self._word: QLabel = label(word, "muted")
        top = row(Mark(theme, icon, tone, 15), self._count, self._word, spacing=5)
        self.setLayout(column(top, self._size, spacing=1))

    def tell(self, count: str, size: str) -> None:
        """Show a count and a size."""
        self._count.setText(count)
        self._size.setText(size)


class TotalsStrip(QWidget):
    """Shows the actions that occur; the others are not there."""

    def __init__(self, theme: Theme, formats: Formats) -> None:
        super().__init__()
        self._formats = formats
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(20)
        self._parts: dict[Action, _Total] = {}
        for action, (icon, word, tone) in ACTION_FACES.items():
            part = _Total(theme, icon, word, tone)
            self._parts[action] = part
            line.addWidget(part)
            part.hide()
        self._done = _Total(theme, "done", "downloaded", Tone.GOOD)
        self._skipped = _Total(theme, "skip", "skipped", Tone.FAINT)
        self._failed = _Total(theme, "failed", "failed", Tone.BAD)
        for part in (self._done, self._skipped, self._failed):
            line.addWidget(part)
            part.hide()
        line.addStretch(1)

    def tell_plan(self, totals: Totals) -> None:
        """Show what will happen."""
        for action, part in self._parts.items():
            count = totals.files[action]
            part.setVisible(count > 0)
            part.tell(self._formats.count(count), self._formats.size(totals.bytes[action]))
        for part in (self._done, self._skipped, self._failed):
            part.hide()

    def tell_result(self, counts: Counts, transferred: int) -> None:
        """Show what happened."""
        for part in self._parts.values():
            part.hide()
        self._done.tell(self._formats.count(counts.downloaded), self._formats.size(transferred))
        self._skipped.tell(self._formats.count(counts.skipped), "")
        self._failed.tell(self._formats.count(counts.failed), "")
        self._done.show()
        self._skipped.setVisible(counts.skipped > 0)
        self._failed.setVisible(counts.failed > 0)
