"""The start of the window, and the demo studio beside it."""

import json
import subprocess
import sys

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from desktop.app import DEMO_NAME, DemoProcess, read_demo
from desktop.core.errors import ShotDockError
from desktop.ui.tab import Demo

URLS = {"sftp": "sftp://artist:f00d@127.0.0.1:4022/shows", "host_key": "[127.0.0.1]:4022 ssh-ed25519 AAAA"}


def test_the_studios_line_gives_a_connection_its_password_and_its_key() -> None:
    demo = read_demo(json.dumps(URLS) + "\n")
    assert (demo.connection.name, demo.connection.root, demo.password) == (DEMO_NAME, "/shows", "f00d")
    assert demo.connection.address.port == 4022
    assert demo.host_key is not None and demo.host_key.key == URLS["host_key"]
    assert "f00d" not in repr(demo.connection)


def test_the_studios_web_servers_come_with_their_tokens() -> None:
    web = {"gallery": "http://127.0.0.1:4080/studio", "gallery_token": "c0de", "jobs": "http://127.0.0.1:4081"}
    demo = read_demo(json.dumps(URLS | web))
    assert [(one.name, one.root, token) for one, token in demo.web] == [
        ("demo-gallery", "/studio", "c0de"),
        ("demo-jobs", "/", None),
    ]


@pytest.mark.parametrize("line", ["", "not json", "{}", '{"sftp": "gopher://x/"}'])
def test_another_line_is_refused(line: str) -> None:
    with pytest.raises((ValueError, KeyError, ShotDockError)):
        read_demo(line)


@pytest.mark.slow
def test_the_demo_studio_runs_in_a_process_of_its_own(qtbot: QtBot) -> None:
    owner = QObject()
    process = DemoProcess(owner)
    told: list[Demo] = []
    failed: list[ShotDockError] = []
    process.start(told.append, failed.append)
    qtbot.waitUntil(lambda: bool(told or failed), timeout=60_000)
    process.stop()
    assert not failed
    assert told[0].connection.address.protocol == "sftp"


WINDOW = """
import sys
from PySide6.QtCore import QTimer
from desktop.app import application, open_window

app = application()
QTimer.singleShot(0, lambda: print("open", flush=True))
sys.exit(open_window())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to send")
def test_a_window_that_is_asked_to_end_ends_in_peace() -> None:
    window = subprocess.Popen([sys.executable, "-c", WINDOW], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert window.stdout is not None
    assert window.stdout.readline().strip() == "open"
    window.terminate()
    _, words = window.communicate(timeout=60)
    assert window.returncode == 0
    assert "Traceback" not in words
