"""The settings: used and saved as soon as they are changed."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLabel, QLineEdit, QScrollArea, QSpinBox, QWidget

from desktop.core.errors import UsageError
from desktop.ui.dialogs.base import Dialog
from desktop.ui.dialogs.notifications import NotificationsDialog
from desktop.ui.tab import Frame
from desktop.ui.widgets.card import Cards
from desktop.ui.widgets.explained import Explained
from desktop.ui.widgets.parts import column, label, push, spin

MEGABYTE = 1_000_000
SCROLL_BAR = 14
THEMES = (("dark", "Dark"), ("light", "Light"), ("system", "As the system"))
LEVELS = (("INFO", "What happens"), ("DEBUG", "Everything, to find a fault"), ("WARNING", "Warnings and errors only"))


class SettingsDialog(Dialog):
    """Shows the settings; those the studio has fixed cannot be changed and say so."""

    def __init__(self, frame: Frame, parent: QWidget | None) -> None:
        super().__init__(frame.theme, "Settings", parent)
        self._frame = frame
        self._box = frame.services.settings
        value, choices = self._box.value, frame.services.choices
        self.cards = Cards(frame.theme)
        self.theme_box = _combo("Theme", THEMES, value.theme)
        self.tasks = _spin("Tasks at once per server", 1, 16, value.tasks_at_once)
        self.tasks.setToolTip("Further tasks to the same server wait for their turn; those to other servers do not.")
        self.lanes = _spin("Lanes per server", 0, 64, value.parallel or 0, "automatic")
        self.lanes.setToolTip("How many files, or parts of a large one, come from a server at the same time")
        self.limit = _spin("Speed limit in MB/s", 0, 100_000, (value.limit_rate or 0) // MEGABYTE, "no limit", " MB/s")
        self.verify = QCheckBox("Check every file again after the download")
        self.verify.setChecked(value.verify)
        self.versions = Explained("Versions of a new task", choices.versions)
        self.versions.choose(value.version_strategy)
        self.conflicts = Explained("If a file exists", choices.conflicts)
        self.conflicts.choose(value.conflict)
        self.order = Explained("Order of a new task's files", choices.orders)
        self.order.choose(value.order)
        self.folder = _line("Folder of a job's results", value.results_folder)
        self.folder.setToolTip("Below the destination; {project}, {shot}, {kind} and {job} are filled in")
        self.quality = _line("Quality thresholds", _spelled(value.quality))
        self.quality.setToolTip("Of each number in quality.json the last good and the last bearable value")
        self.history = _spin("Days that ended tasks are kept", 0, 36_500, value.history_days, "for ever", " days")
        self.history.setToolTip("Older tasks leave the history when ShotDock starts; their files stay.")
        self.told_button = push(frame.theme, "Who is told\N{HORIZONTAL ELLIPSIS}", "bell", run=self._notifications)
        self.level = _combo("What the log keeps", LEVELS, value.log_level)
        form = QFormLayout()
        form.setHorizontalSpacing(18)
        form.setVerticalSpacing(10)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        lines: tuple[tuple[str, QWidget | None], ...] = (
            ("LOOK", None),
            ("Theme", self.theme_box),
            ("TRANSFERS", None),
            ("Tasks at once per server", self.tasks),
            ("Lanes per server", self.lanes),
            ("Speed limit", self.limit),
            ("", self.verify),
            ("NEW TASKS", None),
            ("Versions", self.versions),
            ("If a file exists", self.conflicts),
            ("Order of files", self.order),
            ("JOBS", None),
            ("Results go to", self.folder),
            ("Quality", self.quality),
            ("HISTORY", None),
            ("Keep ended tasks", self.history),
            ("NOTIFICATIONS", None),
            ("When a task ends", self.told_button),
            ("LOG", None),
            ("Keep", self.level),
        )
        for words, widget in lines:
            _add(form, words, widget)
        inner = QWidget()
        inner.setObjectName("page")
        form.setContentsMargins(0, 0, SCROLL_BAR, 0)
        inner.setLayout(form)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        body = column(self.cards, spacing=0)
        body.addWidget(scroll, 1)
        self.lay_out(body, self.close_button("Close"), text="Changes are used at once.")
        self.setMinimumWidth(560)
        # As tall as all of it, unless the screen is not.
        whole = inner.sizeHint().height() + self.sizeHint().height() - scroll.sizeHint().height()
        self.resize(560 + SCROLL_BAR, min(whole, self.screen().availableGeometry().height() * 9 // 10))
        self.theme_box.currentIndexChanged.connect(lambda: self._set("theme", self.theme_box.currentData()))
        self.tasks.valueChanged.connect(lambda number: self._set("tasks_at_once", number))
        self.lanes.valueChanged.connect(lambda number: self._set("parallel", number or None))
        self.limit.valueChanged.connect(lambda number: self._set("limit_rate", number * MEGABYTE or None))
        self.verify.toggled.connect(lambda on: self._set("verify", on))
        self.versions.changed.connect(lambda name: self._set("version_strategy", name))
        self.conflicts.changed.connect(lambda name: self._set("conflict", name))
        self.order.changed.connect(lambda name: self._set("order", name))
        self.folder.editingFinished.connect(lambda: self._set("results_folder", self.folder.text().strip()))
        self.quality.editingFinished.connect(lambda: self._set("quality", _read(self.quality.text())))
        self.level.currentIndexChanged.connect(lambda: self._set("log_level", self.level.currentData()))
        self.history.valueChanged.connect(lambda days: self._set("history_days", days))
        fields: dict[str, QWidget] = {
            "theme": self.theme_box,
            "tasks_at_once": self.tasks,
            "parallel": self.lanes,
            "limit_rate": self.limit,
            "verify": self.verify,
            "version_strategy": self.versions,
            "conflict": self.conflicts,
            "order": self.order,
            "results_folder": self.folder,
            "quality": self.quality,
            "history_days": self.history,
            "log_level": self.level,
        }
        for key, field in fields.items():
            if key in value.locked:
                field.setEnabled(False)
                field.setToolTip("Fixed by the studio")

    def _notifications(self) -> None:
        NotificationsDialog(self._frame, self).open()

    def _set(self, key: str, value: object) -> None:
        try:
            self._box.update(**{key: value})
            self.cards.clear()
        except UsageError as error:
            self.cards.tell(error)


def _add(form: QFormLayout, words: str, widget: QWidget | None) -> None:
    if widget is None:
        head = label(words, "section")
        head.setContentsMargins(0, 10 if form.rowCount() else 0, 0, 0)
        form.addRow(head)
        return
    name: QLabel = label(words, "muted")
    name.setContentsMargins(0, 6, 0, 0)
    form.addRow(name, widget)


def _line(name: str, value: str) -> QLineEdit:
    line = QLineEdit(value)
    line.setAccessibleName(name)
    line.setCursorPosition(0)
    return line


def _spelled(rules: Sequence[tuple[str, float, float]]) -> str:
    """Return thresholds as they are written here: `psnr 24 20, ssim 0.85 0.7`."""
    return ", ".join(f"{name} {green:g} {amber:g}" for name, green, amber in rules)


def _read(text: str) -> tuple[tuple[object, ...], ...]:
    """Return what is written as the setting takes it; what is no number stays text, to be complained about."""
    return tuple(_rule(part.split()) for part in text.split(",") if part.strip())


def _rule(parts: Sequence[str]) -> tuple[object, ...]:
    name, *numbers = parts
    try:
        return (name, *(float(number) for number in numbers))
    except ValueError:
        return (name, *numbers)


def _combo(name: str, choices: tuple[tuple[str, str], ...], value: str) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    for key, words in choices:
        box.addItem(words, key)
    box.setCurrentIndex(max(0, box.findData(value)))
    return box


def _spin(name: str, least: int, most: int, value: int, zero: str = "", unit: str = "") -> QSpinBox:
    box = spin(name, least, most)
    box.setSuffix(unit)
    if zero:
        box.setSpecialValueText(zero)
    box.setValue(value)
    box.setKeyboardTracking(False)
    box.setMaximumWidth(160)
    return box
