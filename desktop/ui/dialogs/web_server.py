"""A web server in one small dialog: its name, its address, how to log in, a test."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QFormLayout, QLabel, QLineEdit, QWidget

from desktop.core.connection import Connection, parse_connection
from desktop.core.errors import UsageError
from desktop.ui.dialogs.tested import TestedDialog
from desktop.ui.tab import Frame
from desktop.ui.widgets.login_kind import COOKIE, NONE, TOKEN, LoginKind
from desktop.ui.widgets.parts import column, label
from desktop.work.sites import WEB


class WebServerDialog(TestedDialog):
    """`used`: the name of the server to go on with."""

    def __init__(self, frame: Frame, title: str, known: Connection | None, parent: QWidget | None) -> None:
        """known: the server to change, None for a new one."""
        super().__init__(frame, title, parent, 12)
        self._known = known
        self.name = _line("Name", "VEGA gallery")
        self.address = _line("Address", "https://gallery.studio.example/studio")
        self.kind = LoginKind(NONE, TOKEN, COOKIE)
        self.secret = _line("Token or cookie", "")
        self.secret.setEchoMode(QLineEdit.EchoMode.Password)
        self.keep = QCheckBox("Keep it in the system's keyring")
        self.keep.setChecked(True)
        self._form = QFormLayout()
        self._form.setHorizontalSpacing(14)
        self._form.setVerticalSpacing(9)
        self._form.setLabelAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for words, widget in (
            ("Name", self.name),
            ("Address", self.address),
            ("Login", self.kind),
            ("Token", self.secret),
            ("", self.keep),
        ):
            self._form.addRow(label(words, "muted"), widget)
        body = column(self.cards, self._form, None, spacing=0)
        self.lay_out(body, self.test_button, self.close_button(), self.save_button)
        self.save_button.setDefault(True)
        self.setMinimumWidth(520)
        self.kind.currentIndexChanged.connect(lambda _number: self._show_fields())
        if known is not None:
            self.name.setText(known.name)
            self.name.setReadOnly(True)
            self.address.setText(known.url.rstrip("/"))
            self.kind.choose(TOKEN)
            self.secret.setPlaceholderText("unchanged")
        self._show_fields()

    def ask_secret(self) -> None:
        """Let the secret be typed next."""
        if self.kind.kind() == NONE:
            self.kind.choose(TOKEN)
        self.secret.setFocus()

    def secret_given(self) -> str | None:
        """Return the secret that was typed, or None."""
        return self.kind.spelled(self.secret.text())

    def save(self) -> None:
        """Save, and go on with this server."""
        connection = self.read()
        if connection is None:
            return
        self.save_button.setEnabled(False)
        secret, name = self.secret_given(), connection.name

        def save() -> None:
            kept = secret if self.keep.isChecked() else None
            self._desk.save(connection, kept, lambda: self._saved(name), lambda error: self._kept_for_now(name, error))

        if secret is None:
            save()
        else:
            # Known before the connection is: whoever hears of it first asks with it.
            self._desk.remember_password(name, secret, False, save, self._save_failed)

    def read(self) -> Connection | None:
        """Return what the fields say; tell what is missing."""
        name, text = self.name.text().strip(), self.address.text().strip()
        try:
            if not name:
                raise UsageError("The server needs a name.", suggestion="Write a short name, such as the show's.")
            connection, password = parse_connection(name, text if "://" in text else f"https://{text}")
            if connection.address.protocol not in WEB:
                raise UsageError(
                    "This is not a web server's address.", suggestion="Write it as https://host/path.", path=text
                )
            taken = self._known is None and any(c.name == name for c in self._desk.all())
            if taken:
                raise UsageError(f"There is a connection called {name} already.", suggestion="Choose another name.")
        except UsageError as error:
            self.cards.tell(error)
            return None
        if password and not self.secret.text():
            self.secret.setText(password)
        return connection

    def _show_fields(self) -> None:
        for widget in (self.secret, self.keep):
            self._form.setRowVisible(widget, self.kind.kind() != NONE)
        words = self._form.labelForField(self.secret)
        if isinstance(words, QLabel):
            words.setText("Cookie" if self.kind.kind() == COOKIE else "Token")
        if self._known is None:
            self.secret.setPlaceholderText(self.kind.hint())


def _line(name: str, hint: str) -> QLineEdit:
    made = QLineEdit()
    made.setAccessibleName(name)
    made.setPlaceholderText(hint)
    return made
