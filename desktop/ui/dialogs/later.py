"""When something is to be brought: start at, at which hours only, again and again, what follows; judged while typed."""

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLabel, QLineEdit, QWidget

from desktop.core.errors import UsageError
from desktop.core.hours import Hours
from desktop.core.schedule import After, Repeat, Schedule, parse_moment, parse_repeat
from desktop.ui.dialogs.base import Dialog
from desktop.ui.models.later_words import sentence
from desktop.ui.tab import Frame
from desktop.ui.widgets.hours_edit import HoursEdit, complaint
from desktop.ui.widgets.parts import column, label, mark_wrong, push, row, set_role

NIGHT = Hours(22 * 60, 6 * 60)
AFTER = ((After.NOTHING, "Nothing"), (After.NOTIFY, "Tell me"), (After.QUIT, "Close ShotDock"))
HOW_OFTEN = (("once", "Once"), ("d", "Every so many days"), ("h", "Every so many hours"))
T = TypeVar("T")


class LaterDialog(Dialog):
    """`taken` carries the Schedule."""

    taken = Signal(object)

    def __init__(
        self,
        frame: Frame,
        what: str,
        parent: QWidget | None,
        *,
        repeats: bool = True,
        kept: Schedule = Schedule(),
        check: Callable[[Schedule], None] = lambda _schedule: None,
    ) -> None:
        """Begin with a schedule, `kept`.

        what: what it is about, in words. repeats: it may be brought again and again. check: raises UsageError for a
        schedule that is one and will not do all the same.
        """
        super().__init__(frame.theme, "Later", parent)
        self._now, self._check, self._spell = frame.services.tasks.now, check, frame.formats.ahead
        self._only_repeats = kept.repeat is not None
        self.start = QLineEdit()
        self.start.setAccessibleName("Start at")
        self.start.setPlaceholderText("as soon as there is room")
        self.only = QCheckBox("Only at certain hours")
        self.only.setChecked(kept.window is not None)
        self.hours = HoursEdit(kept.window or NIGHT)
        self.often = QComboBox()
        self.often.setAccessibleName("Repeat")
        for unit, words in HOW_OFTEN:
            if (repeats or unit == "once") and not (self._only_repeats and unit == "once"):
                self.often.addItem(words, unit)
        self.every = QLineEdit("1")
        self.every.setAccessibleName("How many days or hours")
        self.every.setFixedWidth(52)
        if kept.repeat is not None:
            self.often.setCurrentIndex(self.often.findData("h" if kept.repeat.hours else "d"))
            self.every.setText(str(kept.repeat.hours or kept.repeat.days))
        self.after = QComboBox()
        self.after.setAccessibleName("After the end")
        for after, words in AFTER:
            self.after.addItem(words, after.value)
        self.after.setCurrentIndex(self.after.findData(kept.after.value))
        self.start_words, self.hours_words, self.repeat_words = (label("", "faint", wrap=True) for _ in range(3))
        self.preview = label("", "strong", wrap=True)
        self.preview.setAccessibleName("What will happen")
        self.take_button = push(
            frame.theme, "Save" if self._only_repeats else "Schedule", "clock", "primary", self.take
        )
        self._lay_out(what, repeats)
        for signal in (self.start.textChanged, self.only.toggled, self.every.textChanged):
            signal.connect(lambda _value: self.judge())
        for box in (self.often, self.after):
            box.currentIndexChanged.connect(lambda _number: self.judge())
        self.hours.changed.connect(self.judge)
        self.judge()
        self.start.setFocus()

    def _lay_out(self, what: str, repeats: bool) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(14)
        form.setVerticalSpacing(12)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        lines = [
            ("Start at", column(self.start, self.start_words, spacing=3)),
            ("Hours", column(self.only, row(self.hours, None), self.hours_words, spacing=5)),
            ("Repeat", column(row(self.often, self.every, None), self.repeat_words, spacing=3)),
            ("After the end", row(self.after, None)),
        ]
        for words, layout in lines:
            if words == "Repeat" and not repeats:
                continue
            name = label(words, "muted")
            name.setContentsMargins(0, 5, 0, 0)
            form.addRow(name, layout)
        if not repeats:
            for widget in (self.often, self.every, self.repeat_words):
                widget.setParent(self)
                widget.hide()
        self.lay_out(column(form, self.preview, None, spacing=14), self.close_button(), self.take_button, text=what)
        self.take_button.setDefault(True)
        self.setMinimumWidth(520)

    def take(self) -> None:
        """Hand the schedule over, if nothing is wrong with it."""
        schedule = self.judge()
        if schedule is not None:
            self.taken.emit(schedule)
            self.accept()

    def judge(self) -> Schedule | None:
        """Return the schedule, or None; say under each field what it is for or what is wrong with it."""
        once = self.often.currentData() == "once"
        self.every.setVisible(not once)
        self.hours.setEnabled(self.only.isChecked())
        wrong: list[QLabel] = []
        start = _read(
            self._start, self.start_words, "22:00, tomorrow 02:00, 2026-12-24 18:00 or +90m", wrong, self.start
        )
        window = _read(
            self._window, self.hours_words, "It pauses when they end and goes on when they come again.", wrong
        )
        repeat = _read(
            self._repeat,
            self.repeat_words,
            "" if once else "Each time it is looked up anew what is new.",
            wrong,
            self.every,
        )
        self.take_button.setEnabled(not wrong)
        set_role(self.preview, "bad" if wrong else "strong")
        if wrong:
            self.preview.setText("It can be scheduled once the marked fields are right.")
            self.make_room()
            return None
        schedule = Schedule(start, window, repeat, After(self.after.currentData()))
        try:
            self._check(schedule)
            self.preview.setText(sentence(schedule, self._now(), self._spell))
        except UsageError as error:
            self.take_button.setEnabled(False)
            set_role(self.preview, "bad")
            self.preview.setText(f"{error.title} {error.cause} {error.suggestion}")
            self.make_room()
            return None
        self.make_room()
        return schedule

    def _start(self) -> float | None:
        text = self.start.text().strip()
        return parse_moment(text, self._now()) if text else None

    def _window(self) -> Hours | None:
        return self.hours.hours() if self.only.isChecked() else None

    def _repeat(self) -> Repeat | None:
        unit = self.often.currentData()
        return None if unit == "once" else parse_repeat(f"{self.every.text().strip()}{unit}")


def _read(
    read: Callable[[], T | None], words: QLabel, hint: str, wrong: list[QLabel], line: QLineEdit | None = None
) -> T | None:
    """Read a field; say what is wrong with it, or what it is for."""
    try:
        value = read()
    except UsageError as error:
        said = complaint(error)
        wrong.append(words)
        value = None
    else:
        said = ""
    if line is not None:
        mark_wrong(line, said)
    words.setText(said or hint)
    words.setVisible(bool(said or hint))
    set_role(words, "bad" if said else "faint")
    return value
