"""Fields for hours of the week: on which days, from when to when."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from desktop.core.errors import UsageError
from desktop.core.hours import EVERY_DAY, Hours, days_in_words, parse_hours
from desktop.ui.widgets.parts import label, mark_wrong, row

DAYS = (("daily", "Every day"), ("mon-fri", "Weekdays"), ("sat,sun", "Weekend"))


def complaint(error: UsageError) -> str:
    """Return in one line what is wrong with a field."""
    return f"{error.cause or error.title} {error.suggestion}".strip()


class HoursEdit(QWidget):
    """`changed`: other hours. Days are chosen or written (`mon,wed-fri`), times written."""

    changed = Signal()

    def __init__(self, hours: Hours) -> None:
        super().__init__()
        self.days, self.named = QComboBox(), QLineEdit()
        self.days.setEditable(True)
        self.days.setLineEdit(self.named)
        self.days.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.days.setAccessibleName("Days")
        for written, words in DAYS:
            self.days.addItem(words, written)
        written = "daily" if hours.days == EVERY_DAY else days_in_words(hours.days)
        found = self.days.findData(written)
        if found >= 0:
            self.days.setCurrentIndex(found)
        else:
            self.days.setEditText(written)
        self.days.setFixedWidth(132)
        span = str(hours).split()[0]
        self.opens, self.closes = (
            _time(name, text) for name, text in zip(("From", "To"), span.split("-"), strict=True)
        )
        self.setLayout(row(self.days, self.opens, label("\N{EN DASH}", "muted"), self.closes, spacing=6))
        self.days.editTextChanged.connect(lambda _text: self.changed.emit())
        for line in (self.opens, self.closes):
            line.textChanged.connect(lambda _text: self.changed.emit())

    def hours(self) -> Hours:
        """Return the hours; raise UsageError, having marked the fields that are wrong."""
        text = self.days.currentText().strip()
        days = {words: written for written, words in DAYS}.get(text, text)
        named, times = [self.named], [self.opens, self.closes]
        for line in (*named, *times):
            mark_wrong(line, "")
        wrong = named
        try:
            if not days:
                raise UsageError("No day is chosen.", "Without a day it never opens.", "Write e.g. mon,wed-fri.")
            parse_hours(f"{days} 00:00-24:00")
            wrong = times
            return parse_hours(f"{self.opens.text()}-{self.closes.text()} {days}")
        except UsageError as error:
            for line in wrong:
                mark_wrong(line, complaint(error))
            raise


def _time(name: str, text: str) -> QLineEdit:
    line = QLineEdit(text)
    line.setAccessibleName(name)
    line.setFixedWidth(64)
    return line
