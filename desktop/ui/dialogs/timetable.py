"""The timetable of speed limits: at which hours which one holds, the first that fits first."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from desktop.core.errors import UsageError
from desktop.core.hours import Hours
from desktop.core.timetable import Rule, limit_now
from desktop.core.units import format_rate, parse_rate
from desktop.ui.dialogs.base import Dialog
from desktop.ui.tab import Frame
from desktop.ui.widgets.card import Cards
from desktop.ui.widgets.hours_edit import HoursEdit, complaint
from desktop.ui.widgets.parts import column, label, mark_wrong, push, row, tool

FIRST = Rule(Hours(9 * 60, 18 * 60, (0, 1, 2, 3, 4)), 20_000_000, "office hours")


class RuleEdit(QWidget):
    """One rule. Signals: changed, removed."""

    changed = Signal()
    removed = Signal()

    def __init__(self, frame: Frame, rule: Rule) -> None:
        super().__init__()
        self.hours = HoursEdit(rule.hours)
        self.rate = QLineEdit("off" if rule.rate is None else format_rate(rule.rate))
        self.rate.setAccessibleName("Limit")
        self.rate.setFixedWidth(92)
        self.name = QLineEdit(rule.name)
        self.name.setAccessibleName("Name")
        self.name.setPlaceholderText("e.g. office hours")
        self._kept = rule.rate, self.rate.text()
        self.remove_button = tool(frame.theme, "trash", "Remove this rule", self.removed.emit)
        self.words = label("", "bad", wrap=True)
        line = row(self.hours, self.rate, self.name, self.remove_button, spacing=10)
        line.setStretch(2, 1)
        self.setLayout(column(line, self.words, spacing=3))
        self.hours.changed.connect(self.changed)
        for edit in (self.rate, self.name):
            edit.textChanged.connect(lambda _text: self.changed.emit())
        self.rule()

    def rule(self) -> Rule | None:
        """Return the rule, or None after saying what is wrong with it."""
        mark_wrong(self.rate, "")
        try:
            hours = self.hours.hours()
            rate = self._rate()
        except UsageError as error:
            self.words.setText(complaint(error))
            self.words.show()
            return None
        self.words.hide()
        return Rule(hours, rate, " ".join(self.name.text().split()))

    def _rate(self) -> int | None:
        kept, text = self._kept
        if self.rate.text() == text:
            return kept  # written it is rounded
        try:
            return parse_rate(self.rate.text())
        except UsageError as error:
            mark_wrong(self.rate, complaint(error))
            raise


class TimetableDialog(Dialog):
    """Rules can be added, changed and removed; nothing holds before it is saved."""

    def __init__(self, frame: Frame, parent: QWidget | None) -> None:
        super().__init__(frame.theme, "Timetable of speed limits", parent)
        self._frame, self._box = frame, frame.services.settings
        self.cards = Cards(frame.theme, (0, 0, 0, 12))
        self.rules: list[RuleEdit] = []
        self._lines = column(spacing=8)
        self._none = label("No rule yet: the usual limit holds all week.", "muted")
        self._says = label("", "muted", wrap=True)
        self.add_button = push(frame.theme, "Add a rule", "plus", run=lambda: self.add(FIRST).hours.opens.setFocus())
        self.add_button.setAutoDefault(False)  # Enter in a field saves
        self.save_button = push(frame.theme, "Save", "check", "primary", self.save)
        body = column(self.cards, self._none, self._lines, row(self.add_button, None), self._says, None, spacing=12)
        self.lay_out(
            body,
            self.close_button(),
            self.save_button,
            text="Where hours overlap the upper rule holds. Limits are for all transfers together; off means no limit.",
        )
        self.save_button.setDefault(True)  # a button has to be in its dialog before
        self.setMinimumWidth(640)
        for rule in self._box.value.limit_rules:
            self.add(rule)
        self._judge()

    def add(self, rule: Rule) -> RuleEdit:
        """Put a rule at the end."""
        edit = RuleEdit(self._frame, rule)
        edit.changed.connect(self._judge)
        edit.removed.connect(lambda: self._remove(edit))
        self.rules.append(edit)
        self._lines.addWidget(edit)
        self._judge()
        self.make_room()
        return edit

    def save(self) -> None:
        """Use these rules from now on."""
        rules = self._judge()
        if rules is None:
            return
        try:
            self._box.update(limit_rules=rules)
        except UsageError as error:
            self.cards.tell(error)
            self.make_room()
            return
        self.accept()

    def _remove(self, edit: RuleEdit) -> None:
        self.rules.remove(edit)
        self._lines.removeWidget(edit)
        edit.hide()
        edit.deleteLater()
        self.add_button.setFocus()
        self._judge()

    def _judge(self) -> tuple[Rule, ...] | None:
        """Return the rules, or None if one cannot be used; say what would hold now."""
        found = [edit.rule() for edit in self.rules]
        rules = tuple(rule for rule in found if rule is not None)
        fine = len(rules) == len(found)
        self._none.setVisible(not found)
        self.save_button.setEnabled(fine)
        if fine:
            limit = limit_now(self._box.value.limit_rate, rules, 0.0, self._frame.services.tasks.now())
            self._says.setText(f"Now this would be: {limit.words}")
        else:
            self._says.setText("It can be saved once the marked fields are right.")
        self.make_room()
        return rules if fine else None
