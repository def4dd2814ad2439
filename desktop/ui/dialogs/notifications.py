"""Who is told when a task ends: the desktop, and services such as mail, Slack, Teams or a webhook."""

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QListWidget, QListWidgetItem, QStackedWidget, QWidget

from desktop.core.errors import ShotDockError
from desktop.ui.colours import Tone
from desktop.ui.dialogs.base import Dialog
from desktop.ui.hearing import while_there
from desktop.ui.tab import Frame
from desktop.ui.widgets.card import Card, Cards
from desktop.ui.widgets.empty import Empty
from desktop.ui.widgets.parts import column, label, push, row

KINDS = (
    ("Mail", "mail", "mailto://user:password@studio.example"),
    ("Slack", "slack", "slack://TokenA/TokenB/TokenC, or the address Slack gave you"),
    ("Teams", "teams", "workflow://host/workflow/signature, or the address Teams gave you"),
    ("Webhook", "hook", "https://host/path"),
    ("Another service", "service", "the address as Apprise writes it"),
)
WEBHOOK = 3
_WEB = {"https": "jsons", "http": "json"}


class NotificationsDialog(Dialog):
    """Everything is used at once. An address goes into the keyring and is never shown again."""

    def __init__(self, frame: Frame, parent: QWidget | None) -> None:
        super().__init__(frame.theme, "Notifications", parent)
        self._desk, self._box = frame.services.notify, frame.services.settings
        value = self._box.value
        self.cards = Cards(frame.theme, (0, 0, 0, 0))
        self.desktop = _check("Tell me on the desktop", value.notify)
        self.errors = _check("Tell of what failed only", value.notify_errors_only)
        self.list = QListWidget()
        self.list.setAccessibleName("Services that are told")
        self.list.setMinimumHeight(120)
        self.list.setIconSize(QSize(16, 16))
        self.test_button = push(frame.theme, "Send test", "bell", run=self.test)
        self.remove_button = push(frame.theme, "Remove", "trash", run=self.remove)
        self.service_errors = _check("Tell it of what failed only", False)
        self.service_errors.setToolTip("Of the selected service; every other one has its own choice")
        words = "Mail, Slack, Teams or a webhook can be told too: add one below."
        self.empty = Empty(frame.theme, "bell", "No service is told", words, small=True)
        self.kind = QComboBox()
        self.kind.setAccessibleName("Kind of service")
        for title, _, _ in KINDS:
            self.kind.addItem(title)
        self.name = _line("Name of the service")
        self.address = _line("Address of the service")
        self.address.setEchoMode(QLineEdit.EchoMode.PasswordEchoOnEdit)
        self.add_button = push(frame.theme, "Add", "plus", "primary", self.add)
        self._build()
        for key, field in (("notify", self.desktop), ("notify_errors_only", self.errors)):
            field.setEnabled(key not in value.locked)
        self.desktop.toggled.connect(lambda on: self._change(lambda: self._box.update(notify=on)))
        self.errors.toggled.connect(lambda on: self._change(lambda: self._desk.tell_errors_only("", on)))
        self.service_errors.clicked.connect(self._tell_errors_only)
        self.kind.currentIndexChanged.connect(lambda: self._show_kind())
        self.list.currentRowChanged.connect(lambda _row: self._enable())
        for line in (self.name, self.address):
            line.textChanged.connect(lambda _text: self._enable())
        if "notify_services" in value.locked:
            for widget in (self.kind, self.name, self.address):
                widget.setEnabled(False)
                widget.setToolTip("Fixed by the studio")
        self.add_button.setDefault(True)  # once it is in the dialog: Enter adds, wherever it is pressed
        self._show_kind()
        self.refresh()

    def _build(self) -> None:
        services = row(self.test_button, self.remove_button, None, self.service_errors, spacing=8)
        listed = QWidget()
        listed.setLayout(column(self.list, services, spacing=8))
        self._stack = QStackedWidget()
        self._stack.addWidget(listed)
        self._stack.addWidget(self.empty)
        new = row(self.kind, self.name, spacing=8)
        new.setStretch(1, 1)
        where = row(self.address, self.add_button, spacing=8)
        where.setStretch(0, 1)
        kept = label("The address is a secret: it is kept in the system's keyring and never shown again.", "faint")
        body = column(
            self.cards,
            label("THIS COMPUTER", "section"),
            self.desktop,
            self.errors,
            6,
            label("SERVICES", "section"),
            self._stack,
            6,
            label("ADD A SERVICE", "section"),
            new,
            where,
            kept,
            spacing=8,
        )
        self.lay_out(body, self.close_button("Close"), text="One message for each task that ends, or cannot go on.")
        self.setMinimumWidth(560)

    # What the user does

    def add(self) -> None:
        """Tell this service from now on."""
        if not self.add_button.isEnabled():
            return
        name = self.name.text().strip()
        self._begin()

        def added() -> None:
            self.address.clear()
            self.name.clear()
            self._show_kind()
            self.refresh(name)
            self._say(f"{name} is told from now on.", "Send a test to see that messages arrive.")

        self._desk.add(name, self._url(), while_there(self, added), while_there(self, self._failed))

    def remove(self) -> None:
        """Tell the selected service no more."""
        if name := self.chosen():
            self._begin()
            self._desk.remove(name, while_there(self, self.refresh), while_there(self, self._failed))

    def test(self) -> None:
        """Send a test message to the selected service, and say what came of it."""
        if name := self.chosen():
            self._begin()
            self.test_button.setText("Sending\N{HORIZONTAL ELLIPSIS}")
            self.test_button.setEnabled(False)
            self._desk.test(name, while_there(self, self._tested), while_there(self, self._failed))

    def chosen(self) -> str:
        """Return the name of the selected service, or ""."""
        item = self.list.currentItem()
        return str(item.data(Qt.ItemDataRole.UserRole)) if item else ""

    # What happens

    def refresh(self, chosen: str = "") -> None:
        """Show the services there are, and what each is once that is known."""
        names = self._desk.services()
        wanted = chosen or self.chosen()
        self.list.clear()
        for name in names:
            item = QListWidgetItem(self.theme.icon("bell", Tone.MUTED), name)
            item.setData(Qt.ItemDataRole.UserRole, name)
            self.list.addItem(item)
        if names:
            self.list.setCurrentRow(names.index(wanted) if wanted in names else 0)
        self._stack.setCurrentIndex(0 if names else 1)
        self._enable()
        if names:
            self._desk.kinds(while_there(self, self._name_kinds), while_there(self, self._failed))

    def _tell_errors_only(self, on: bool) -> None:
        name = self.chosen()
        self._change(lambda: self._desk.tell_errors_only(name, on))
        self.refresh(name)

    def _name_kinds(self, kinds: dict[str, str]) -> None:
        for place in range(self.list.count()):
            item = self.list.item(place)
            name = str(item.data(Qt.ItemDataRole.UserRole))
            if name in kinds:
                parts = [name, kinds[name] or "its address is not known on this computer"]
                parts += ["what failed only"] if self._desk.errors_only(name) else []
                item.setText("  \N{MIDDLE DOT}  ".join(parts))

    def _url(self) -> str:
        """Return the address as it was typed; what a webhook is called in a browser is another word for Apprise."""
        text = self.address.text().strip()
        scheme, colon, rest = text.partition("://")
        if self.kind.currentIndex() == WEBHOOK and scheme.lower() in _WEB:
            return f"{_WEB[scheme.lower()]}{colon}{rest}"
        return text

    def _tested(self, words: str) -> None:
        self._rest()
        self._say(words, "See whether it has arrived.")

    def _failed(self, error: ShotDockError) -> None:
        self._rest()
        self.cards.tell(error)
        self.make_room()

    def _say(self, title: str, words: str) -> None:
        self.cards.put(Card(self.theme, title, words, tone=Tone.ACCENT, icon="up-to-date"))
        self.make_room()

    def _begin(self) -> None:
        self.cards.clear()

    def _rest(self) -> None:
        self.test_button.setText("Send test")
        self._enable()

    def _enable(self) -> None:
        locked = "notify_services" in self._box.value.locked
        name, fixed = self.chosen(), {"notify_errors_only", "notify_errors_services"} & self._box.value.locked
        self.service_errors.setEnabled(bool(name) and not fixed)
        self.service_errors.setChecked(bool(name) and self._desk.errors_only(name))
        self.test_button.setEnabled(bool(self.chosen()))
        self.remove_button.setEnabled(bool(self.chosen()) and not locked)
        self.add_button.setEnabled(bool(self.name.text().strip() and self.address.text().strip()) and not locked)

    def _show_kind(self) -> None:
        _, name, example = KINDS[self.kind.currentIndex()]
        self.address.setPlaceholderText(example)
        if not self.name.isModified() or not self.name.text():
            self.name.setText(_free(name, self._desk.services()))

    def _change(self, change: Callable[[], None]) -> None:
        try:
            change()
            self.cards.clear()
        except ShotDockError as error:
            self.cards.tell(error)


def _free(name: str, taken: tuple[str, ...]) -> str:
    numbered = (name, *(f"{name}-{number}" for number in range(2, len(taken) + 2)))
    return next(one for one in numbered if one not in taken)


def _check(words: str, on: bool) -> QCheckBox:
    box = QCheckBox(words)
    box.setChecked(on)
    return box


def _line(name: str) -> QLineEdit:
    line = QLineEdit()
    line.setAccessibleName(name)
    return line
