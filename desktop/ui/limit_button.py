"""Which limit holds now, in the status bar, and a menu that takes it off for a while or changes it."""

from datetime import datetime, timedelta
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QToolButton

from desktop.core.errors import UsageError
from desktop.core.hours import moment
from desktop.core.timetable import FOR_GOOD, Limit, limit_now
from desktop.core.units import format_rate
from desktop.ui.tab import Frame

PRESETS = (1_000_000, 5_000_000, 20_000_000, 50_000_000, 100_000_000, 250_000_000, None)
"""Usual limits to choose from, bytes/s."""
HOUR = 3600.0


class LimitButton(QToolButton):
    """`refused` carries why a limit cannot be changed."""

    refused = Signal(object)

    def __init__(self, frame: Frame) -> None:
        super().__init__()
        self._frame, self._box = frame, frame.services.settings
        self._tasks = frame.services.tasks
        self.setProperty("kind", "quiet")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.limits = QMenu(self)
        self.limits.aboutToShow.connect(self.fill)
        self.setMenu(self.limits)
        self._tasks.limited.connect(self.tell)
        # The queue hears of other settings a little later; the words need not wait for that.
        self._box.changed.connect(self.tell)
        frame.commands.add("limits", "Speed limits", self.showMenu, icon="speed", group="Transfers")
        self.tell()

    def tell(self) -> None:
        """Say which limit holds, by the clock of the user's locale."""
        limit = self._now()
        words = f"limit: {limit.words}" if limit.rule is not None and limit.rate is not None else limit.words
        self.setText(words)
        until = (
            f", until {self._frame.formats.ahead(limit.until, self._tasks.now())} at least"
            if limit.until is not None
            else ""
        )
        self.setToolTip(f"{words}{until}. Click for other limits.")
        self.setAccessibleName(f"Speed limit: {words}")

    def fill(self) -> None:
        """Make the menu anew: what it offers depends on what holds."""
        self.limits.clear()
        now, value, add = self._tasks.now(), self._box.value, self.limits.addAction
        if value.limits_off_until > now:
            add("Back to the rules", partial(self._set, limits_off_until=0.0))
            self.limits.addSeparator()
        midnight = moment(datetime.fromtimestamp(now).date() + timedelta(days=1), 0)
        add("No limit for 1 hour", partial(self._set, limits_off_until=now + HOUR))
        add("No limit until tomorrow", partial(self._set, limits_off_until=midnight))
        add("No limit until I say so", partial(self._set, limits_off_until=FOR_GOOD))
        self.limits.addSeparator()
        usual = QMenu("Usual limit", self.limits)
        for rate in dict.fromkeys((*PRESETS[:-1], value.limit_rate, None)):
            action = usual.addAction(format_rate(rate), partial(self._set, limit_rate=rate))
            action.setCheckable(True)
            action.setChecked(rate == value.limit_rate)
        self.limits.addMenu(usual)
        add("Edit timetable\N{HORIZONTAL ELLIPSIS}", self._frame.commands.get("timetable").trigger)

    def _now(self) -> Limit:
        value = self._box.value
        off_until, now, spell = value.limits_off_until, self._tasks.now(), self._frame.formats.ahead
        return limit_now(value.limit_rate, value.limit_rules, off_until, now, spell=spell)

    def _set(self, **changes: object) -> None:
        try:
            self._box.update(**changes)
        except UsageError as error:
            self.refused.emit(error)
