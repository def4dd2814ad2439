"""Web servers in the connection manager: the fields they need, and how their secrets are spelled."""

import pytest

from desktop.core.connection import Address, Connection
from desktop.ui.dialogs.connections import ConnectionsDialog
from desktop.ui.main_window import MainWindow

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # what the offscreen platform cannot

SERVER = Connection("VEGA gallery", Address("https", "gallery.vega.example", 8443), "/studio")


@pytest.mark.parametrize(
    ("kind", "typed", "secret", "user"),
    [
        ("none", "", None, None),
        ("token", " c0de ", "c0de", None),
        ("token", "Bearer c0de", "c0de", None),
        ("cookie", "session=c0de", "Cookie: session=c0de", None),
        ("cookie", "Cookie: session=c0de", "Cookie: session=c0de", None),
        ("user", "pass", "pass", "ann"),
    ],
)
def test_a_web_servers_login_is_spelled_as_it_is_kept(
    window: MainWindow, kind: str, typed: str, secret: str | None, user: str | None
) -> None:
    dialog = ConnectionsDialog(window.frame, "", window)
    form = dialog.form
    form.show_connection(SERVER)
    form.kind.choose(kind)
    form.user.setText("ann")
    form.password.setText(typed)
    assert form.secret() == secret
    assert form.connection() == Connection(SERVER.name, Address("https", "gallery.vega.example", 8443, user), "/studio")
    dialog.close()


def test_a_web_server_is_not_asked_what_only_shots_need(window: MainWindow) -> None:
    dialog = ConnectionsDialog(window.frame, "", window)
    dialog.show()
    form = dialog.form
    form.show_connection(SERVER)
    assert form.kind.isVisible() and form.password.isVisible()
    assert not form.layout_box.isVisible() and not form.identity.isVisible() and not form.user.isVisible()
    form.kind.choose("none")
    assert not form.password.isVisible()
    form.show_connection(Connection("VEGA", Address("sftp", "files.vega.example", 22), "/shows"))
    assert form.layout_box.isVisible() and form.user.isVisible() and not form.kind.isVisible()
    dialog.close()


def test_a_pasted_web_address_with_a_user_logs_in_by_it(window: MainWindow) -> None:
    dialog = ConnectionsDialog(window.frame, "", window)
    dialog.form.name.setText("VEGA")
    dialog.form.host.setText("https://ann:secret@gallery.vega.example/studio")
    made = dialog.form.connection()
    assert (made.address.protocol, made.address.user, made.root) == ("https", "ann", "/studio")
    assert dialog.form.secret() == "secret"
    dialog.close()
