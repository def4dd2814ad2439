"""What of the past is wanted: a text, a shot, a state, a stretch of days."""

from datetime import datetime, timedelta

from PySide6.QtCore import QDate, Signal
from PySide6.QtWidgets import QComboBox, QDateEdit, QLineEdit, QWidget

from desktop.core.history import Query
from desktop.core.task import TaskState
from desktop.ui.formats import TASK_FACES
from desktop.ui.renewal import Renewal
from desktop.ui.widgets.parts import label, row

TYPED = 200
"""Milliseconds after the last letter until it is searched for."""

DAYS = (("Any time", None), ("Today", 0), ("The last 7 days", 6), ("The last 30 days", 29), ("Between two days", -1))
BETWEEN = -1


class PastBar(QWidget):
    """`changed`: something else is wanted now, see `query`."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.text = _field("Find by name, connection or folder")
        self.shot = _field("Shot")
        self.shot.setMaximumWidth(140)
        self.state = QComboBox()
        self.state.setAccessibleName("State")
        self.state.addItem("Any state", None)
        for state in TaskState:
            self.state.addItem(TASK_FACES[state][1].capitalize(), state)
        self.days = QComboBox()
        self.days.setAccessibleName("When")
        for words, days in DAYS:
            self.days.addItem(words, days)
        self.first, self.last = _day("First day"), _day("Last day")
        self._dash = label("\N{EN DASH}", "muted")
        self._typing = Renewal(TYPED, self)
        line = row(self.text, self.shot, self.state, self.days, self.first, self._dash, self.last, spacing=8)
        line.setStretch(0, 1)
        self.setLayout(line)
        for field in (self.text, self.shot):
            field.textChanged.connect(lambda _text: self._typing.soon())
        self._typing.due.connect(self.changed)
        self.state.currentIndexChanged.connect(lambda: self.changed.emit())
        self.days.currentIndexChanged.connect(lambda: self._days_chosen())
        for day in (self.first, self.last):
            day.dateChanged.connect(lambda _date: self.changed.emit())
        self._show_days()

    def query(self) -> Query:
        """Return what is wanted, without a page."""
        since, until = self._span()
        state = self.state.currentData()
        return Query(
            text=self.text.text().strip(),
            shot=self.shot.text().strip(),
            states=() if state is None else (TaskState(state),),
            since=since,
            until=until,
        )

    def clear(self) -> None:
        """Want everything again."""
        for field in (self.text, self.shot):
            field.clear()
        for box in (self.state, self.days):
            box.setCurrentIndex(0)
        self.text.setFocus()

    def _span(self) -> tuple[float | None, float | None]:
        days = self.days.currentData()
        if days is None:
            return None, None
        today = datetime.now().replace(hour=0, minute=0, second=0, microsecond=0)
        if days != BETWEEN:
            return (today - timedelta(days=days)).timestamp(), None
        first, last = sorted((_midnight(self.first), _midnight(self.last)))
        return first.timestamp(), (last + timedelta(days=1)).timestamp()

    def _days_chosen(self) -> None:
        self._show_days()
        self.changed.emit()

    def _show_days(self) -> None:
        for widget in (self.first, self._dash, self.last):
            widget.setVisible(self.days.currentData() == BETWEEN)


def _field(words: str) -> QLineEdit:
    field = QLineEdit()
    field.setPlaceholderText(words)
    field.setAccessibleName(words)
    field.setClearButtonEnabled(True)
    return field


def _day(name: str) -> QDateEdit:
    made = QDateEdit(QDate.currentDate())
    made.setAccessibleName(name)
    made.setCalendarPopup(True)
    return made


def _midnight(day: QDateEdit) -> datetime:
    date = day.date()
    return datetime(date.year(), date.month(), date.day())
