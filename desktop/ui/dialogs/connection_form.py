"""The fields of one connection."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFileDialog, QFormLayout, QLineEdit, QWidget

from desktop.core.connection import DEFAULT_PORTS, Address, Connection, parse_connection
from desktop.core.errors import UsageError
from desktop.ui.tab import Frame
from desktop.ui.widgets.login_kind import COOKIE, NONE, TOKEN, USER, LoginKind
from desktop.ui.widgets.parts import label, row, spin, tool
from desktop.work.sites import WEB

PROTOCOLS = (
    ("sftp", "SFTP (over SSH)"),
    ("ftpes", "FTP with TLS (explicit)"),
    ("ftps", "FTPS (implicit or explicit TLS)"),
    ("ftp", "FTP (not encrypted)"),
    ("https", "HTTPS"),
    ("http", "HTTP (not encrypted)"),
    ("file", "Folder on this machine or a mount"),
)


class ConnectionForm(QWidget):
    """Shows and reads a connection; `changed` tells that a field is another. A pasted URL fills all fields."""

    changed = Signal()

    def __init__(self, frame: Frame) -> None:
        super().__init__()
        self._frame = frame
        self._known = False
        self.name = _line("Name", "VEGA studio")
        self.protocol = QComboBox()
        self.protocol.setAccessibleName("Protocol")
        for key, words in PROTOCOLS:
            self.protocol.addItem(words, key)
        self.host = _line("Server", "files.studio.example")
        self.port = spin("Port", 1, 65535)
        self.port.setFixedWidth(90)
        self.kind = LoginKind(NONE, TOKEN, COOKIE, USER)
        self.user = _line("User", "your login")
        self.password = _line("Password", "")
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.keep = QCheckBox("Keep it in the system's keyring")
        self.keep.setChecked(True)
        self.identity = _line("Private key file", "none: the SSH agent and your own keys are tried")
        self.browse_key = tool(frame.theme, "folder", "Browse for a private key", self._choose_key, kind="button")
        self.root = _line("Root folder", "/projects")
        self.browse_root = tool(frame.theme, "folder", "Browse for the root folder", self._choose_root, kind="button")
        self.layout_box = QComboBox()
        self.layout_box.setAccessibleName("Layout")
        self.layout_box.addItems(frame.services.choices.layouts)
        self.lanes = spin("Most lanes at a time", 0, 64)
        self.lanes.setToolTip("How many files, or parts of a large one, come from this server at the same time")
        self.lanes.setSpecialValueText("automatic")
        self.lanes.setFixedWidth(120)
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(14)
        form.setVerticalSpacing(9)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        server = row(self.host, label("Port", "muted"), self.port)
        server.setStretch(0, 1)
        key_line = row(self.identity, self.browse_key, spacing=6)
        root_line = row(self.root, self.browse_root, spacing=6)
        form.addRow(label("Name", "muted"), self.name)
        form.addRow(label("Protocol", "muted"), self.protocol)
        form.addRow(label("Server", "muted"), server)
        form.addRow(label("Login", "muted"), self.kind)
        form.addRow(label("User", "muted"), self.user)
        self._secret_words = label("Password", "muted")
        form.addRow(self._secret_words, self.password)
        form.addRow("", self.keep)
        form.addRow(label("Key file", "muted"), key_line)
        self._root_words = label("Root folder", "muted")
        form.addRow(self._root_words, root_line)
        form.addRow(label("Layout", "muted"), self.layout_box)
        form.addRow(label("Lanes", "muted"), self.lanes)
        self._form = form
        self._server, self._key_line = server, key_line
        self.protocol.currentIndexChanged.connect(self._protocol_changed)
        self.kind.currentIndexChanged.connect(lambda _number: self._kind_changed())
        self.host.textChanged.connect(self._maybe_url)
        for line in (self.name, self.host, self.user, self.password, self.root, self.identity):
            line.textChanged.connect(lambda _text: self.changed.emit())
        self.show_connection(None)

    def show_connection(self, connection: Connection | None) -> None:
        """Show a connection, or the empty form of a new one."""
        shown = connection or Connection("", Address("sftp", "", 22), "/")
        self.name.setText(shown.name)
        self.name.setReadOnly(connection is not None)
        self.protocol.setCurrentIndex(max(0, self.protocol.findData(shown.address.protocol)))
        self.host.setText(shown.address.host)
        self.port.setValue(shown.address.port or DEFAULT_PORTS[shown.address.protocol] or 1)
        # Whether a token is kept is not known before it is needed: to look would wake the keyring.
        self.kind.choose(USER if shown.address.user else TOKEN if connection else NONE)
        self.user.setText(shown.address.user or "")
        self.password.clear()
        self._known = connection is not None
        self.root.setText(shown.root)
        self.identity.setText(shown.identity or "")
        self.layout_box.setCurrentText(shown.layout)
        self.lanes.setValue(shown.max_connections or 0)
        self._show_fields()

    def connection(self) -> Connection:
        """Return what the form says. Raises UsageError naming what is missing."""
        protocol = str(self.protocol.currentData())
        name, host = self.name.text().strip(), self.host.text().strip()
        if not name:
            raise UsageError(title="The connection needs a name.", suggestion="Write a short name, such as the show's.")
        if protocol != "file" and not host:
            raise UsageError(title="The connection needs a server.", suggestion="Write its host name or address.")
        local = protocol == "file"
        port = None if local else self.port.value()
        user = "" if local or (self.web and self.kind.kind() != USER) else self.user.text().strip()
        address = Address(protocol, "" if local else host, port, user or None)
        identity = self.identity.text().strip() if protocol == "sftp" else ""
        root = self.root.text().strip().rstrip("/") or "/"
        return Connection(
            name, address, root, self.layout_box.currentText(), identity or None, self.lanes.value() or None
        )

    def secret(self) -> str | None:
        """Return the password, token or cookie typed, or None to leave it as it is."""
        return self.kind.spelled(self.password.text()) if self.web else self.password.text() or None

    @property
    def web(self) -> bool:
        """True if what the form says is a web server."""
        return self.protocol.currentData() in WEB

    def _maybe_url(self, text: str) -> None:
        if "://" not in text:
            return
        try:
            connection, password = parse_connection(self.name.text(), text)
        except UsageError:
            return  # half typed: it is read when it is whole
        if not connection.address.host and connection.address.protocol != "file":
            return
        self.protocol.setCurrentIndex(max(0, self.protocol.findData(connection.address.protocol)))
        self.port.setValue(connection.address.port or 1)
        self.user.setText(connection.address.user or "")
        if self.web and connection.address.user:
            self.kind.choose(USER)
        self.root.setText(connection.root)
        if password:
            self.password.setText(password)
        self.host.setText(connection.address.host)

    def _protocol_changed(self) -> None:
        port = DEFAULT_PORTS[str(self.protocol.currentData())]
        if port is not None:
            self.port.setValue(port)
        self._show_fields()
        self.changed.emit()

    def _kind_changed(self) -> None:
        self._show_fields()
        self.changed.emit()

    def _show_fields(self) -> None:
        protocol, kind = str(self.protocol.currentData()), self.kind.kind()
        remote, web = protocol != "file", self.web
        form = self._form
        form.setRowVisible(self._server, remote)
        form.setRowVisible(self.kind, web)
        form.setRowVisible(self.user, remote and (not web or kind == USER))
        for widget in (self.password, self.keep):
            form.setRowVisible(widget, remote and (not web or kind != NONE))
        form.setRowVisible(self._key_line, protocol == "sftp")
        form.setRowVisible(self.layout_box, not web)
        self.browse_root.setVisible(not remote)
        secret = {TOKEN: "Token", COOKIE: "Cookie"}.get(kind, "Password") if web else "Password"
        self._secret_words.setText(secret)
        self.password.setAccessibleName(secret)
        self.password.setPlaceholderText("unchanged" if self._known else self.kind.hint() if web else "")
        self._root_words.setText("Path" if web else "Root folder")

    def _choose_key(self) -> None:
        self._ask("Private key", self.identity, QFileDialog.FileMode.ExistingFile)

    def _choose_root(self) -> None:
        self._ask("Root folder", self.root, QFileDialog.FileMode.Directory)

    def _ask(self, title: str, line: QLineEdit, mode: QFileDialog.FileMode) -> None:
        dialog = QFileDialog(self, title, line.text() or str(Path.home()))
        dialog.setFileMode(mode)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(line.setText)
        dialog.open()


def _line(name: str, hint: str) -> QLineEdit:
    made = QLineEdit()
    made.setAccessibleName(name)
    made.setPlaceholderText(hint)
    return made
