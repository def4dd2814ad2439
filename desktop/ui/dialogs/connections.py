"""The connection manager: the list at the left, one connection at the right; add, edit, test, trust, remove."""

from PySide6.QtCore import QSignalBlocker, QSize, Qt
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QScrollArea, QWidget

from desktop.core.connection import Connection
from desktop.core.errors import UsageError
from desktop.ui.colours import Tone
from desktop.ui.dialogs.connection_form import ConnectionForm
from desktop.ui.dialogs.questions import ask_consent
from desktop.ui.dialogs.tested import TestedDialog
from desktop.ui.formats import plain
from desktop.ui.tab import Frame
from desktop.ui.widgets.card import Card
from desktop.ui.widgets.connection_picker import NOT_ENCRYPTED
from desktop.ui.widgets.parts import column, label, panel, row, tool
from desktop.ui.widgets.tables import ROW_HEIGHT

NEW = "New connection"


class ConnectionsDialog(TestedDialog):
    """`used`: the name of the connection to go on with."""

    passed_words = "The connection works."
    trust_words = "Check the fingerprint\N{HORIZONTAL ELLIPSIS}"

    def __init__(self, frame: Frame, picked: str, parent: QWidget | None) -> None:
        super().__init__(frame, "Connections", parent, 14)
        self.list = QListWidget()
        self.list.setAccessibleName("Connections")
        self.list.setIconSize(QSize(16, 16))
        self.form = ConnectionForm(frame)
        self.add_button = tool(frame.theme, "plus", "Add a connection", self.add, kind="button")
        self.remove_button = tool(frame.theme, "trash", "Remove this connection", self._ask_remove, kind="button")
        head = label("CONNECTIONS", "section")
        head.setContentsMargins(12, 14, 0, 8)
        left = column(
            head, self.list, row(self.add_button, self.remove_button, None, margins=(8, 6, 8, 8), spacing=6), spacing=0
        )
        side = panel(left)
        side.setFixedWidth(240)
        inner = QWidget()
        right = column(self.cards, self.form, None, margins=(20, 18, 20, 12), spacing=0)
        inner.setLayout(right)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(inner)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        middle = row(side, scroll, spacing=0)
        middle.setStretch(1, 1)
        foot = panel(
            row(self.test_button, None, self.close_button("Close"), self.save_button, margins=(20, 12, 20, 12)), "bar"
        )
        body = column(middle, spacing=0)
        body.setStretch(0, 1)
        body.addWidget(foot)
        self.setLayout(body)
        self.save_button.setDefault(True)
        self.resize(830, 560)
        self.list.currentItemChanged.connect(lambda _now, _before: self._picked())
        self.form.changed.connect(self._typed)
        self._desk.changed.connect(self._refresh)
        self._refresh(picked)
        if not self._desk.all():
            self.add()

    def add(self) -> None:
        """Begin a new connection."""
        self.list.setCurrentRow(-1)
        self.cards.clear()
        self.form.show_connection(None)
        self.form.name.setFocus()
        self.remove_button.setEnabled(False)

    def ask_secret(self) -> None:
        """Let the password be typed next."""
        self.form.password.setFocus()
        self.form.password.selectAll()

    def secret_given(self) -> str | None:
        """Return the password that was typed, or None."""
        return self.form.secret()

    def save(self) -> None:
        """Save, and go on with this connection."""
        connection = self.read()
        if connection is None:
            return
        if (asked := self._desk.consent_wanted(connection.address)) is not None:
            # Whatever password it will be, typed here, kept or asked for later: it is not sent before this is settled.
            ask_consent(self._frame, asked, self, self.save)
            return
        self.save_button.setEnabled(False)
        secret, name = self.secret_given(), connection.name
        keep = secret if self.form.keep.isChecked() else None

        def saved() -> None:
            if secret is not None and keep is None:
                self._desk.remember_password(name, secret, False, lambda: self._saved(name), self._save_failed)
            else:
                self._saved(name)

        self._desk.save(connection, keep, saved, lambda error: self._kept_for_now(name, error))

    def read(self) -> Connection | None:
        """Return the connection as it is written here, or None after telling what is wrong."""
        try:
            return self.form.connection()
        except UsageError as error:
            self.cards.tell(error)
            return None

    def _ask_remove(self) -> None:
        name = self._name()
        card = Card(
            self.theme,
            f"Remove \N{LEFT DOUBLE QUOTATION MARK}{name}\N{RIGHT DOUBLE QUOTATION MARK}?",
            "Its password and its cached structure are forgotten. Nothing on the server or on your disk is touched.",
            acts=(("Remove it", lambda: self._desk.remove(name, self.cards.clear, self.cards.tell)),),
            tone=Tone.WARN,
        )
        self.cards.put(card)

    def _name(self) -> str:
        item = self.list.currentItem()
        return str(item.data(Qt.ItemDataRole.UserRole)) if item else ""

    def _picked(self) -> None:
        name = self._name()
        found = next((c for c in self._desk.all() if c.name == name), None)
        self.remove_button.setEnabled(found is not None)
        if found is not None:
            self.cards.clear()
            self.form.show_connection(found)

    def _typed(self) -> None:
        self.save_button.setEnabled(True)

    def _refresh(self, picked: str = "") -> None:
        wanted = picked or self._name()
        with QSignalBlocker(self.list):
            self.list.clear()
            for connection in self._desk.all():
                encrypted = connection.address.encrypted
                icon = self.theme.icon("server", Tone.MUTED) if encrypted else self.theme.icon("warning", Tone.WARN)
                item = QListWidgetItem(icon, connection.name if encrypted else f"{connection.name}  ({NOT_ENCRYPTED})")
                item.setData(Qt.ItemDataRole.UserRole, connection.name)
                item.setToolTip(plain(connection.url))
                item.setSizeHint(QSize(0, ROW_HEIGHT))  # as wide as the list: what is longer is shortened, not scrolled
                self.list.addItem(item)
        for number in range(self.list.count()):
            if self.list.item(number).data(Qt.ItemDataRole.UserRole) == wanted:
                self.list.setCurrentRow(number)
        self._picked()
