"""How much of the free space a plan takes, as a bar and in words."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from desktop.ui.colours import Tone
from desktop.ui.formats import Formats
from desktop.ui.theme import Theme
from desktop.ui.widgets.parts import column, label, set_role

TIGHT = 0.9
"""Share of the free space from which the bar warns."""


class _Bar(QWidget):
    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.share = 0.0
        self.setFixedHeight(6)

    def sizeHint(self) -> QSize:
        """Ask for a wide, thin strip."""
        return QSize(220, 6)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the track and what the plan takes of it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        whole = QRectF(0, 0, self.width(), self.height())
        painter.setBrush(self._theme.ground("line_strong"))
        painter.drawRoundedRect(whole, 3, 3)
        if self.share > 0:
            tone = Tone.BAD if self.share > 1 else Tone.WARN if self.share > TIGHT else Tone.ACCENT
            painter.setBrush(self._theme.colour(tone))
            painter.drawRoundedRect(QRectF(0, 0, max(6.0, whole.width() * min(1.0, self.share)), 6), 3, 3)
        painter.end()


class RoomBar(QWidget):
    """A bar of the target's free space with the words under it."""

    def __init__(self, theme: Theme, formats: Formats) -> None:
        super().__init__()
        self._formats = formats
        self._bar = _Bar(theme)
        self._words = label("", "muted")
        self.setLayout(column(self._words, self._bar, spacing=5))

    def tell(self, needed: int, free: int | None) -> bool:
        """Show needed against free bytes; return True if it fits, as far as that can be told."""
        size = self._formats.size
        if free is None:
            self._bar.share = 0.0
            self._words.setText(f"{size(needed)} to fetch; free space unknown")
            fits = True
        else:
            self._bar.share = needed / free if free else 2.0
            fits = needed <= free
            self._words.setText(
                f"{size(needed)} of {size(free)} free" if fits else f"Not enough room: {size(needed - free)} too much"
            )
        set_role(self._words, "muted" if fits else "bad")
        self.setAccessibleName(self._words.text())
        self._bar.update()
        return fits
